//! Column generation (Gilmore & Gomory 1961): a linear program over the contents of bins, to which pricing adds.
//!
//! ```text
//! minimize   sum over patterns of x[pattern]
//! subject to sum over patterns of count[pattern, type] x[pattern] >= demand[type]     every type
//!                                                                <= demand[type]     types that make room for others
//! ```
//!
//! A bin may hold fewer than its pattern says, but not fewer of what makes room in it.

use crate::program::{Answer, Column, Growth, Program, Resident, Row, Solution};
use crate::stop::Stop;

use super::lowered::{Lowered, Pattern};
use super::pricing::Pricing;

/// Simplex iterations of one solve, at most.
const ITERATIONS_MAX: u32 = 200_000;

/// How much of the prices that prove the most is kept while others are looked for.
const SMOOTHING: f64 = 0.7;

/// Rounds of pricing, at most.
const ROUNDS_MAX: u32 = 10_000;

/// What a linear program of whole numbers may be off by.
pub(super) const ERROR_MAX: f64 = 1e-6;

/// The program with its columns.
#[derive(Debug)]
pub(super) struct Master {
    program: Resident,
    pub(super) columns: Vec<Pattern>,
    /// Columns that the program does not know yet.
    fresh: usize,
    pricing: Pricing,
    /// The types that make room; each has a second row.
    makers: Vec<usize>,
    /// How many types there are.
    types: usize,
}

/// What a climb is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    /// A bound: until it is settled in whole bins.
    Bound,
    /// The next fixing of a dive: a few rounds of pricing do.
    Packing {
        /// How many.
        rounds_max: u32,
    },
}

/// Contents of bins and how often each is used, which need not be a whole number.
pub(super) type Fractions = Vec<(Pattern, f64)>;

/// Where a climb ended.
#[derive(Clone, Debug)]
pub(super) struct Climbed {
    /// What holds all items in the fewest bins, in fractions.
    pub(super) used: Fractions,
    /// The prices that prove the most.
    pub(super) dual: MasterDual,
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

impl Master {
    /// With columns to begin with, which cover every type. `None` where there is no thread to be had.
    pub(super) fn start(instance: &Lowered, columns: Vec<Pattern>) -> Option<Master> {
        let mut program = Program::new(Growth::Columns);
        for &demand in &instance.demands {
            program.row(-f64::from(demand));
        }
        let makers: Vec<usize> = (0..instance.demands.len()).filter(|&item| instance.makes_room(item)).collect();
        for &item in &makers {
            program.row(f64::from(instance.demands[item]));
        }
        let program = Resident::start(program, ITERATIONS_MAX)?;
        Some(Master {
            program,
            fresh: columns.len(),
            columns,
            pricing: Pricing::new(instance),
            types: instance.demands.len(),
            makers,
        })
    }

    /// Solves and prices in turn, until nothing is gained or the aim is reached; `None` where the stop came first.
    ///
    /// For a bound, contents are priced between the prices of the program, which jump about, and those that prove the most so
    /// far (Wentges 1997): what is worth more than one there is so at the prices of the program too, and where nothing is,
    /// they prove more.
    pub(super) fn climb(&mut self, instance: &Lowered, aim: Aim, stop: &Stop) -> Option<Climbed> {
        let mut dual = even(instance);
        let mut solution = self.solve(stop)?;
        let smoothing = if aim == Aim::Bound { SMOOTHING } else { 0.0 };
        let mut kept = smoothing;
        for round in 0.. {
            let prices = self.prices(instance, &solution);
            let between: Vec<f64> =
                prices.iter().zip(&dual.prices).map(|(price, best)| kept * best + (1.0 - kept) * price).collect();
            let priced = self.pricing.price(instance, &between, stop);
            let scaled = self.scaled(instance, &between, priced.limit);
            let gains = scaled.worth > dual.worth + ERROR_MAX;
            if gains {
                dual = scaled;
            }
            let bins = -solution.value;
            let is_reached = match aim {
                Aim::Bound => {
                    let is_settled = (dual.worth - ERROR_MAX).ceil() >= (bins - ERROR_MAX).ceil();
                    let is_stuck = priced.patterns.is_empty() && !gains && kept == 0.0;
                    is_settled || is_stuck || dual.worth > bins - ERROR_MAX
                }
                Aim::Packing { rounds_max } => round >= rounds_max || priced.patterns.is_empty(),
            };
            if is_reached || stop.is_raised() || round >= ROUNDS_MAX {
                let used = self.columns.iter().cloned().zip(solution.values).filter(|&(_, value)| value > ERROR_MAX);
                return Some(Climbed { used: used.collect(), dual });
            }
            stop.spend(1);
            // Where pricing between finds nothing and proves nothing, for it was cut off, the prices themselves may do.
            kept = if priced.patterns.is_empty() && !gains { 0.0 } else { smoothing };
            if !priced.patterns.is_empty() {
                self.fresh += priced.patterns.len();
                self.columns.extend(priced.patterns);
                solution = self.solve(stop)?;
            }
        }
        None
    }

    /// Prices scaled down until no contents are worth more than one (Farley 1990).
    fn scaled(&self, instance: &Lowered, prices: &[f64], limit: f64) -> MasterDual {
        let scale = 1.0 / limit.max(1.0);
        let scaled = |prices: &[f64]| prices.iter().map(|price| price * scale).collect::<Vec<f64>>();
        let worth: f64 = prices.iter().zip(&instance.demands).map(|(price, &demand)| price * f64::from(demand)).sum();
        MasterDual {
            prices: scaled(prices),
            dimension_prices: scaled(&self.pricing.dimension_prices),
            worth: worth * scale,
        }
    }

    /// What one more item of each type is worth.
    fn prices(&self, instance: &Lowered, solution: &Solution) -> Vec<f64> {
        let (demanded, limited) = solution.prices.split_at(instance.demands.len());
        let mut prices: Vec<f64> = demanded.iter().map(|price| price.max(0.0)).collect();
        self.makers.iter().zip(limited).for_each(|(&item, price)| prices[item] -= price.max(0.0));
        prices
    }

    fn solve(&mut self, stop: &Stop) -> Option<Solution> {
        let fresh = &self.columns[self.columns.len() - self.fresh..];
        let entries = |pattern: &Pattern| -> Vec<(Row, f64)> {
            let second = |item: u32| self.makers.binary_search(&(item as usize)).ok();
            let held = pattern.iter().map(|&(item, count)| (Row(item as usize), -f64::from(count)));
            let limited =
                pattern.iter().filter_map(|&(item, count)| Some((Row(self.types + second(item)?), f64::from(count))));
            held.chain(limited).collect()
        };
        let columns = fresh
            .iter()
            .map(|pattern| Column { worth: -1.0, most: f64::INFINITY, entries: entries(pattern) })
            .collect();
        self.fresh = 0;
        match self.program.solve(vec![], columns, stop) {
            Answer::Optimal(solution) => Some(solution),
            Answer::Infeasible | Answer::Unbounded | Answer::Limited(_) | Answer::Interrupted => None,
        }
    }
}

/// What every dimension proves alone, in equal parts: a type is priced at the mean of its sizes.
pub(super) fn even(instance: &Lowered) -> MasterDual {
    let share = 1.0 / instance.dimensions as f64;
    let mean = |item: usize| instance.fractions(item).iter().sum::<f64>() * share;
    let prices: Vec<f64> = (0..instance.demands.len()).map(mean).collect();
    let worth = prices.iter().zip(&instance.demands).map(|(price, &demand)| price * f64::from(demand)).sum();
    MasterDual { prices, dimension_prices: vec![share; instance.dimensions], worth }
}
