//! Column generation (Gilmore & Gomory 1961): a linear program over the contents of bins ([`super::restricted`]), to which
//! pricing adds.

use crate::program::linear::Algorithm;
use crate::support::stop::Stop;

use super::lowered::{Lowered, Pattern};
use super::pricing::{Priced, Pricing};
use super::restricted::{Fractions, Restricted};

/// How much of the prices that prove the most is kept while others are looked for from vertices; those from inside are calm.
const SMOOTHING: f64 = 0.7;

/// Rounds of pricing, at most.
const ROUNDS_MAX: u32 = 10_000;

/// How many times as many rounds there are in a dive where there are too many bins.
const MORE_ROUNDS: u32 = 4;

/// What a linear program of whole numbers may be off by, and the part of its value that one solved from inside may be.
pub(super) const ERROR_MAX: f64 = 1e-6;
const INSIDE_ERROR: f64 = 2e-3;

/// Types up to which a vertex is looked for after the inside.
const VERTEX_TYPES_MAX: usize = 700;

/// Column generation at work.
#[derive(Debug)]
pub(super) struct Master<'a> {
    instance: &'a Lowered,
    program: Restricted<'a>,
    pricing: Pricing,
    /// The prices that prove the most so far.
    dual: MasterDual,
}

/// What a climb is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aim {
    /// A bound: until it is settled in whole bins.
    Bound {
        /// How many bins are known to be needed.
        known: u128,
        /// The part of the time after which the climb is cut off.
        until: f64,
    },
    /// The next fixing of a dive: a few rounds of pricing do, and a few more where there are too many bins.
    Packing {
        /// How many.
        rounds_max: u32,
        /// How many bins are not too many.
        bins_max: f64,
    },
}

/// Where a climb ended.
#[derive(Clone, Debug)]
pub(super) struct Climbed {
    /// What holds all items in the fewest bins, in fractions.
    pub(super) used: Fractions,
    /// How many bins that are, or a little fewer.
    pub(super) bins: f64,
    /// What one more item of each type is worth there.
    pub(super) prices: Vec<f64>,
    /// The prices that prove the most.
    pub(super) dual: MasterDual,
    /// Whether it was time that ended the climb, which may go on from there.
    pub(super) is_cut: bool,
}

/// Prices at which no contents of a bin are worth more than one.
#[derive(Clone, Debug)]
pub(super) struct MasterDual {
    /// Of the types.
    pub(super) prices: Vec<f64>,
    /// Of the dimensions, each for a whole bin.
    pub(super) dimension_prices: Vec<f64>,
    /// What all items are worth: a packing has no fewer bins.
    pub(super) worth: f64,
}

impl<'a> Master<'a> {
    /// With columns to begin with, and others that wait until they are worth something.
    pub(super) fn new(instance: &'a Lowered, columns: Vec<Pattern>, waiting: Vec<Pattern>) -> Master<'a> {
        let program = Restricted::new(instance, columns, waiting);
        Master { instance, program, pricing: Pricing::new(instance), dual: even(instance) }
    }

    pub(super) fn into_columns(self) -> Vec<Pattern> {
        self.program.into_columns()
    }

    /// The columns that the program has, and those that wait.
    pub(super) fn columns(&self) -> impl Iterator<Item = &Pattern> {
        self.program.columns()
    }

    /// Solves and prices in turn, until nothing is gained or the aim is reached; `None` where the stop came first. A program of
    /// many types is solved from inside; where the aim is a bound, a vertex settles it. A climb that was cut off goes on where
    /// it was.
    pub(super) fn climb(&mut self, aim: Aim, stop: &Stop) -> Option<Climbed> {
        let climbed = self.climb_this_way(aim, stop)?;
        let has_vertex =
            self.program.algorithm() == Algorithm::Inside && self.instance.demands.len() <= VERTEX_TYPES_MAX;
        if !has_vertex || matches!(aim, Aim::Packing { .. }) {
            return Some(climbed);
        }
        if climbed.is_cut || aim.is_late(stop) {
            return Some(Climbed { is_cut: true, ..climbed });
        }
        self.program.go_to_vertices(&climbed.prices);
        self.climb_this_way(aim, stop).or(Some(climbed))
    }

    /// For a bound, contents are priced between the prices of a vertex, which jump about, and those that prove the most so
    /// far (Wentges 1997): what is worth more than one there is so at the prices of the program too, and where nothing is,
    /// they prove more.
    fn climb_this_way(&mut self, aim: Aim, stop: &Stop) -> Option<Climbed> {
        let is_inside = self.program.algorithm() == Algorithm::Inside;
        let smoothing = if matches!(aim, Aim::Bound { .. }) && !is_inside { SMOOTHING } else { 0.0 };
        let mut kept = smoothing;
        let mut solution = self.program.solve(stop)?;
        let mut round = 0;
        loop {
            let prices = self.program.prices(&solution);
            // A few rounds of columns that wait come before the first pricing, and are none.
            let dear = self.program.sift(&prices);
            if !dear.is_empty() && !aim.is_late(stop) {
                stop.spend(1);
                self.program.lighten(&prices);
                self.program.add(dear);
                solution = self.program.solve(stop)?;
                continue;
            }
            let between: Vec<f64> =
                prices.iter().zip(&self.dual.prices).map(|(price, best)| kept * best + (1.0 - kept) * price).collect();
            let priced = self.pricing.price(self.instance, &between, stop);
            let scaled = self.scaled(&between, priced.limit);
            let gains = scaled.worth > self.dual.worth + ERROR_MAX;
            if gains {
                self.dual = scaled;
            }
            let is_stuck = priced.patterns.is_empty() && !gains && kept == 0.0;
            let bins = -solution.value * if is_inside { 1.0 - INSIDE_ERROR } else { 1.0 };
            let has_arrived = is_stuck || aim.is_reached((round, &priced), bins, &self.dual) || round >= ROUNDS_MAX;
            if has_arrived || aim.is_late(stop) {
                let (used, dual) = (self.program.used(&solution, ERROR_MAX), self.dual.clone());
                if !has_arrived {
                    // What pricing found last is not lost to a climb that goes on.
                    self.program.add(priced.patterns);
                }
                return Some(Climbed { used, bins, prices, dual, is_cut: !has_arrived });
            }
            stop.spend(1);
            round += 1;
            // Where pricing between finds nothing and proves nothing, for it was cut off, the prices themselves may do.
            kept = if priced.patterns.is_empty() && !gains { 0.0 } else { smoothing };
            if !priced.patterns.is_empty() {
                self.program.lighten(&prices);
                self.program.add(priced.patterns);
                solution = self.program.solve(stop)?;
            }
        }
    }

    /// Prices scaled down until no contents are worth more than one (Farley 1990).
    fn scaled(&self, prices: &[f64], limit: f64) -> MasterDual {
        let scale = 1.0 / limit.max(1.0);
        let scaled = |prices: &[f64]| prices.iter().map(|price| price * scale).collect::<Vec<f64>>();
        MasterDual {
            prices: scaled(prices),
            dimension_prices: scaled(&self.pricing.dimension_prices),
            worth: all(self.instance, prices) * scale,
        }
    }
}

impl Aim {
    /// Whether a round leaves nothing to do: where the program has so many bins, and these prices prove the most.
    fn is_reached(self, (round, priced): (u32, &Priced), bins: f64, dual: &MasterDual) -> bool {
        match self {
            Aim::Bound { known, .. } => {
                let needed = (dual.worth - ERROR_MAX).ceil().max(known as f64);
                needed >= (bins - ERROR_MAX).ceil() || dual.worth > bins - ERROR_MAX
            }
            Aim::Packing { rounds_max, bins_max } => {
                let rounds_max = if bins > bins_max { rounds_max * MORE_ROUNDS } else { rounds_max };
                round >= rounds_max || priced.patterns.is_empty()
            }
        }
    }

    /// Whether there is no more time for it.
    fn is_late(self, stop: &Stop) -> bool {
        stop.is_raised() || matches!(self, Aim::Bound { until, .. } if stop.progress() > until)
    }
}

/// What every dimension proves alone, in equal parts: a type is priced at the mean of its sizes.
pub(super) fn even(instance: &Lowered) -> MasterDual {
    let share = 1.0 / instance.dimensions as f64;
    let mean = |item: usize| instance.fractions(item).iter().sum::<f64>() * share;
    let prices: Vec<f64> = (0..instance.demands.len()).map(mean).collect();
    MasterDual { worth: all(instance, &prices), prices, dimension_prices: vec![share; instance.dimensions] }
}

/// What all items are worth.
fn all(instance: &Lowered, prices: &[f64]) -> f64 {
    prices.iter().zip(&instance.demands).map(|(price, &demand)| price * f64::from(demand)).sum()
}
