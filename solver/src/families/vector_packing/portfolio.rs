//! Which method runs when.

use std::collections::BTreeSet;
use std::ops::Range;

use lessor_models::families::vector_packing::{PRICE_MAX, STEPS_MAX, VectorPackingInstance, bound_while, check};
use rayon::prelude::*;

use crate::support::numbers::{floor, round};
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::contents::{GAIN_MIN, Prices, Wanted, search as contents};
use super::cover::{Covered, cover};
use super::dive::{Dived, dive};
use super::first_fit::{Largest, first_fit};
use super::fit::{Score, fill};
use super::fullest::fullest;
use super::lowered::{Lowered, Pattern};
use super::master::{Aim, Climbed, ERROR_MAX, Master, MasterDual, even};
use super::restricted::worth;
use super::sampled::fill_by_chance;
use super::squeeze::squeeze;
use super::{VectorPackingMethod, VectorPackingOptions};

/// Shaken fillings before anything else, and in each later round, for each score.
const FIRST_FILLINGS: u64 = 30;
const FILLINGS: u64 = 10;

/// Items and looks at types that fillings take together, from which on others wait, and the part of the time after which they
/// are not made.
const ITEMS_AT_A_TIME: u64 = 5_000_000;
const LOOKS_AT_A_TIME: u64 = 300_000_000;
const FILL_SHARE: f64 = 0.25;

/// Fillings of a bin by chance at first, how many more there are each time, and the most; and the most of all bins together.
const SAMPLED: u64 = 128;
const SAMPLED_GROWTH: u64 = 8;
const SAMPLED_MAX: u64 = 65_536;
const SAMPLED_IN_ALL: u64 = 16_000_000;

/// How much a filling is shaken, at most.
const FILLING_NOISE: f64 = 0.3;

/// Dives, and squeezes, that start together from the same state. It is no number of threads, on which the outcome must not
/// depend.
const AT_A_TIME: u64 = 2;

/// How much more each round of dives is shaken than the one before, and the most.
const DIVE_NOISE: f64 = 0.1;
const DIVE_NOISE_MAX: f64 = 0.5;

/// Moves of the first squeeze, how many more each later one has, and items up to which there is one.
const SQUEEZE_MOVES: u64 = 300_000;
const SQUEEZE_GROWTH: u64 = 2;
const SQUEEZE_ITEMS_MAX: usize = 20_000;

/// Nodes of the first program over all columns, and how many more each later one has.
const COVER_NODES: u32 = 50;
const COVER_GROWTH: u32 = 2;

/// A squeeze comes every so many rounds of dives, and so does a program over all columns, which takes longer.
const SQUEEZE_EVERY: u32 = 2;
const COVER_EVERY: u32 = 6;

/// Columns for each type that such a program has at most, the dearest.
const COVER_A_TYPE: usize = 12;

/// Columns among which the fewest bins are looked for, at most, and steps for finding them all.
const ENUMERATED_MAX: usize = 12_000;
const ENUMERATION_STEPS: u64 = 300_000_000;

/// What contents must be worth at least for that: where they may be worth less, there are too many.
const LEAST_MIN: f64 = 0.5;

/// The part of the time after which the first climb to a bound is cut off, and how long the next goes on from there at least.
const CLIMB_SHARE: f64 = 0.4;
const TURN_MIN: f64 = 0.05;

/// The fullest contents for each type that column generation begins with.
const COLUMNS_A_TYPE: usize = 4;

/// Columns kept, the newest first.
const COLUMNS_MAX: usize = 20_000;

/// Steps of the proof that no bin holds more than its capacity, where full bins are soon found or not at all.
const VOLUME_STEPS: u32 = 10_000;

/// Steps of the proof that no bin holds more items than so many: enough for all pairs of two thousand.
const NUMBER_STEPS: u32 = 2_000_000;

/// What a price of one is in the prices that are checked.
const PRICE_ONE: f64 = (1_u64 << 49) as f64;

/// Prices of types and dimensions, and what they prove.
#[derive(Clone, Debug)]
pub(super) struct Dual {
    pub(super) prices: Vec<i64>,
    pub(super) dimension_prices: Vec<u64>,
    pub(super) bound: u128,
}

impl Dual {
    /// What prices prove in exact integers, within so many steps and as long as no stop is raised.
    fn proved(
        checked: &VectorPackingInstance,
        (prices, dimension_prices): (Vec<i64>, Vec<u64>),
        steps_max: u32,
        stop: &Stop,
    ) -> Dual {
        let bound = bound_while(checked, &prices, &dimension_prices, steps_max, &|| !stop.is_raised());
        Dual { prices, dimension_prices, bound }
    }
}

/// What the search has.
#[derive(Debug)]
pub(super) struct Found {
    /// The number of bins and the bin of each item.
    pub(super) best: (usize, Vec<u32>),
    pub(super) dual: Dual,
    /// Fewer bins than this were ruled out by search.
    pub(super) searched: usize,
}

struct Portfolio<'a> {
    checked: &'a VectorPackingInstance,
    instance: &'a Lowered,
    stop: &'a Stop,
    report: &'a mut dyn FnMut(usize, u128),
    random: Random,
    best: (usize, Vec<u32>),
    /// What the bins of the best packing hold.
    patterns: Vec<Pattern>,
    moves: u64,
    dual: Dual,
    columns: Vec<Pattern>,
    nodes: u32,
    /// The prices at which column generation ended.
    fractional: Option<MasterDual>,
    /// Column generation that was cut off, and the part of the time that was over then.
    climbing: Option<(Master<'a>, f64)>,
    /// The contents of bins that its linear program used at the end, and how often.
    optimum: Option<Climbed>,
    /// Fewer bins than this were ruled out by search.
    searched: usize,
}

/// Searches by the method that the options name.
pub(super) fn search(
    checked: &VectorPackingInstance,
    instance: &Lowered,
    options: &VectorPackingOptions,
    stop: &Stop,
    report: &mut dyn FnMut(usize, u128),
) -> Found {
    let dual = std::cmp::max_by_key(number(checked, stop), volume(checked, stop), |dual| dual.bound);
    // Every item in a bin of its own always fits.
    let alone = (0..).take(checked.items().count()).collect::<Vec<u32>>();
    let (best, random) = ((alone.len(), alone), Random::new(options.seed));
    let mut search = Portfolio {
        checked,
        instance,
        stop,
        report,
        random,
        best,
        dual,
        columns: Vec::new(),
        nodes: COVER_NODES,
        fractional: Some(even(instance)),
        climbing: None,
        optimum: None,
        patterns: Vec::new(),
        moves: SQUEEZE_MOVES,
        searched: 0,
    };
    search.run(options);
    Found { best: search.best, dual: search.dual, searched: search.searched }
}

/// The best bound by the sizes in one dimension.
fn volume(checked: &VectorPackingInstance, stop: &Stop) -> Dual {
    let duals = (0..checked.capacities().len()).map(|dimension| {
        let prices = (0..checked.demands().len()).map(|item| checked.sizes(item)[dimension]);
        let prices: Vec<i64> = prices.map(|size| size.clamp(-PRICE_MAX, PRICE_MAX)).collect();
        let mut dimension_prices = vec![0; checked.capacities().len()];
        dimension_prices[dimension] = 1;
        Dual::proved(checked, (prices, dimension_prices), VOLUME_STEPS, stop)
    });
    duals.max_by_key(|dual| dual.bound).expect("there is a dimension")
}

/// The bound by how many items a bin holds at most.
fn number(checked: &VectorPackingInstance, stop: &Stop) -> Dual {
    let (prices, dimension_prices) = (vec![1; checked.demands().len()], vec![0; checked.capacities().len()]);
    Dual::proved(checked, (prices, dimension_prices), NUMBER_STEPS, stop)
}

impl<'a> Portfolio<'a> {
    fn run(&mut self, options: &VectorPackingOptions) {
        for by in [Largest::Greatest, Largest::Summed] {
            let patterns = first_fit(self.instance, &self.instance.demands, by);
            self.take_with_columns(patterns);
        }
        self.tidy();
        self.fill(0..Score::ALL.len() as u64, 0.0);
        self.fill(0..FIRST_FILLINGS * Score::ALL.len() as u64, FILLING_NOISE);
        if options.method == VectorPackingMethod::Auto {
            self.complete();
            self.sample();
            self.squeeze();
        }
        let has_columns = matches!(
            options.method,
            VectorPackingMethod::Auto | VectorPackingMethod::Dive | VectorPackingMethod::Cover
        );
        if has_columns && !self.is_over() {
            self.price();
        }
        if options.method == VectorPackingMethod::Auto {
            self.complete();
        }
        let mut rounds = 0;
        while !self.is_over() && options.rounds_max.is_none_or(|most| rounds < most) {
            self.random.advance();
            let noise = (f64::from(rounds) * DIVE_NOISE).min(DIVE_NOISE_MAX);
            match options.method {
                VectorPackingMethod::Fit => self.fill(0..FILLINGS * Score::ALL.len() as u64, FILLING_NOISE),
                VectorPackingMethod::Squeeze => self.squeeze(),
                VectorPackingMethod::Dive => self.dive(noise),
                VectorPackingMethod::Cover => self.cover(),
                VectorPackingMethod::Auto => {
                    self.dive(noise);
                    if rounds % SQUEEZE_EVERY == SQUEEZE_EVERY - 1 {
                        self.squeeze();
                    }
                    if rounds % COVER_EVERY == COVER_EVERY - 1 && !self.is_over() {
                        self.cover();
                        self.complete();
                    }
                }
            }
            rounds += 1;
            if self.climbing.is_some() && !self.is_over() {
                self.price();
                if options.method == VectorPackingMethod::Auto {
                    self.complete();
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.stop.is_raised() || self.best.0 as u128 <= self.dual.bound || self.best.0 <= self.searched
    }

    /// Takes bins that hold every item and are fewer than the best.
    fn take(&mut self, patterns: &[Pattern]) {
        let Some(places) = self.instance.bins(patterns) else { return };
        let used = places.iter().flatten().max().map_or(0, |&last| last as usize + 1);
        if used >= self.best.0 {
            return;
        }
        let bins = arrange(self.checked, self.instance, &places);
        if let Ok(count) = check(self.checked, &bins)
            && count < self.best.0
        {
            self.best = (count, bins);
            self.patterns = Lowered::patterns(&places, count);
            (self.report)(count, self.dual.bound);
        }
    }

    /// Takes bins that hold every item, and keeps what they hold as columns. Bins that hold the same mostly follow each other.
    fn take_with_columns(&mut self, mut patterns: Vec<Pattern>) {
        self.take(&patterns);
        patterns.dedup();
        self.columns.extend(patterns);
    }

    /// Fills bins again and again, each time shaken otherwise. Where that takes long, a part of the time is left to others.
    fn fill(&mut self, numbers: Range<u64>, noise: f64) {
        let scores = Score::ALL.len() as u64;
        let items = self.best.1.len().max(1) as u64;
        let looks = items.saturating_mul(self.instance.demands.len() as u64).max(1);
        let at_a_time = (LOOKS_AT_A_TIME / looks).min(ITEMS_AT_A_TIME / items).max(scores);
        let mut first = numbers.start;
        while first < numbers.end && !self.is_over() && (first == numbers.start || self.stop.progress() < FILL_SHARE) {
            let next = first.saturating_add(at_a_time).min(numbers.end);
            let (instance, random, stop) = (self.instance, &self.random, self.stop);
            let fillings = (first..next).into_par_iter().map(|number| {
                let score = Score::ALL[usize::try_from(number % scores).expect("it is below a length")];
                let mut random = random.fork(number);
                let noise = noise * random.unit();
                fill(instance, score, noise, &mut random, stop)
            });
            let found: Vec<_> = fillings.collect();
            found.into_iter().flatten().for_each(|patterns| self.take_with_columns(patterns));
            self.tidy();
            first = next;
        }
    }

    /// Fills bins by chance, each time with more to choose from. Where that takes long, a part of the time is left to others.
    fn sample(&mut self) {
        let mut fillings = SAMPLED;
        let fits_in = |fillings: u64, bins: usize| fillings.saturating_mul(bins as u64) <= SAMPLED_IN_ALL;
        while fillings <= SAMPLED_MAX && fits_in(fillings, self.best.0) && !self.is_over() {
            let (instance, random, stop) = (self.instance, &self.random, self.stop);
            let tries = (0..AT_A_TIME).into_par_iter().map(|number| {
                let mut random = random.fork(u64::MAX - fillings - number);
                fill_by_chance(instance, fillings, &mut random, stop)
            });
            let found: Vec<_> = tries.collect();
            found.into_iter().flatten().for_each(|patterns| self.take_with_columns(patterns));
            if self.stop.progress() >= FILL_SHARE {
                break;
            }
            fillings *= SAMPLED_GROWTH;
        }
        self.tidy();
    }

    /// Climbs to the best prices. What time cuts off is taken up again for as long as others had in the meantime.
    fn price(&mut self) {
        let (mut master, until) = match self.climbing.take() {
            Some((master, since)) => {
                let now = self.stop.progress();
                (master, now + (now - since).max(TURN_MIN))
            }
            None => (self.begin_climb(), CLIMB_SHARE),
        };
        let climbed = master.climb(Aim::Bound { known: self.dual.bound, until }, self.stop);
        let is_cut = climbed.as_ref().is_some_and(|climbed| climbed.is_cut);
        if is_cut {
            self.columns.extend(master.columns().cloned());
            self.climbing = Some((master, self.stop.progress()));
        } else {
            self.columns.extend(master.into_columns());
        }
        self.tidy();
        let Some(climbed) = climbed else { return };
        // The proof takes as long as a long pricing; there is no time for it once the stop is raised.
        let promised = floor((climbed.dual.worth - ERROR_MAX).ceil().max(0.0));
        if !self.stop.is_raised() && u128::from(promised) > self.dual.bound {
            let dual = self.prove(&climbed.dual);
            if dual.bound > self.dual.bound {
                self.dual = dual;
            }
        }
        self.fractional = Some(climbed.dual.clone());
        self.optimum = Some(climbed);
    }

    /// Column generation from what is known and the fullest contents; the other columns wait in it.
    fn begin_climb(&mut self) -> Master<'a> {
        let mut known = self.patterns.clone();
        known.dedup();
        let full = fullest(self.instance, self.stop);
        known.extend(full.iter().take(COLUMNS_A_TYPE * self.instance.demands.len()).cloned());
        self.columns.extend(full);
        Master::new(self.instance, known, std::mem::take(&mut self.columns))
    }

    /// Looks for the fewest bins that are not ruled out, among all the contents that so few bins can have; rules them out
    /// where there are none. Contents that are worth less than one by more than the program leaves to so many bins are in
    /// no such packing (enumeration by reduced cost; Baldacci, Christofides & Mingozzi 2008).
    fn complete(&mut self) {
        let Some(dual) = self.fractional.take() else { return };
        while !self.is_over() {
            let target = self.searched.max(usize::try_from(self.dual.bound).unwrap_or(usize::MAX));
            // Any of the bins may be worth a little more than the search could tell.
            let unseen = ERROR_MAX + 2.0 * GAIN_MIN * target as f64;
            let least = 1.0 - (target as f64 - dual.worth).max(0.0) - unseen;
            if least < LEAST_MIN {
                break;
            }
            let prices = Prices { types: &dual.prices, dimensions: &dual.dimension_prices };
            let wanted = Wanted::All(least, ENUMERATED_MAX);
            let all = contents(self.instance, prices, wanted, ENUMERATION_STEPS, self.stop);
            if !all.is_whole {
                break;
            }
            let columns: Vec<Pattern> = all.found.into_iter().map(|(_, pattern)| pattern).collect();
            match cover(self.instance, &columns, (target, self.nodes * 10), self.stop) {
                Covered::Found(packing) => {
                    self.take(&packing);
                    break;
                }
                Covered::Impossible => self.searched = target + 1,
                Covered::Unknown => break,
            }
        }
        self.fractional = Some(dual);
    }

    fn prove(&self, found: &MasterDual) -> Dual {
        let scaled = |price: f64| round(price * PRICE_ONE);
        let of = |item: usize| self.instance.type_of(item).map_or(0, |known| scaled(found.prices[known as usize]));
        let prices: Vec<i64> = (0..self.checked.demands().len()).map(of).collect();
        let dimensions = found.dimension_prices.iter().zip(self.checked.capacities());
        let dimension_prices: Vec<u64> =
            dimensions.map(|(&price, &capacity)| floor(price * PRICE_ONE / (capacity as f64).max(1.0))).collect();
        Dual::proved(self.checked, (prices, dimension_prices), STEPS_MAX, self.stop)
    }

    fn dive(&mut self, noise: f64) {
        let bins_max = self.best.0 - 1;
        let (instance, random, stop) = (self.instance, &self.random, self.stop);
        let from = (&self.columns[..], self.optimum.as_ref());
        let dives = (0..AT_A_TIME).into_par_iter().map(|number| {
            // The first dive of all is not shaken; its twin is.
            let noise = noise + DIVE_NOISE * number as f64;
            dive(instance, from, (bins_max, noise), &mut random.fork(number), stop)
        });
        let found: Vec<Dived> = dives.collect();
        for Dived { packing, columns } in found {
            packing.iter().for_each(|packing| self.take(packing));
            self.columns.extend(columns);
        }
        self.tidy();
    }

    /// Squeezes until that fails.
    fn squeeze(&mut self) {
        while !self.is_over() && self.best.1.len() <= SQUEEZE_ITEMS_MAX {
            self.random.advance();
            let (instance, patterns, moves) = (self.instance, &self.patterns, self.moves);
            let (random, stop) = (&self.random, self.stop);
            let tries = (0..AT_A_TIME)
                .into_par_iter()
                .map(|number| squeeze(instance, patterns, moves, &mut random.fork(number), stop));
            let found: Vec<_> = tries.collect();
            let before = self.best.0;
            found.into_iter().flatten().for_each(|patterns| self.take(&patterns));
            if self.best.0 == before {
                break;
            }
        }
        self.moves = self.moves.saturating_mul(SQUEEZE_GROWTH);
    }

    fn cover(&mut self) {
        let limits = (self.best.0 - 1, self.nodes);
        let mut columns = self.columns.clone();
        if let Some(climbed) = &self.optimum {
            columns.sort_by(|a, b| worth(&climbed.prices, b).total_cmp(&worth(&climbed.prices, a)));
            columns.truncate(COVER_A_TYPE * self.instance.demands.len());
        }
        let covered = cover(self.instance, &columns, limits, self.stop);
        self.nodes = self.nodes.saturating_mul(COVER_GROWTH);
        if let Covered::Found(packing) = covered {
            self.take(&packing);
        }
    }

    /// Drops columns that are there twice, and the oldest where there are too many.
    fn tidy(&mut self) {
        let mut known = BTreeSet::new();
        self.columns.reverse();
        self.columns.retain(|pattern| {
            let is_new = known.len() < COLUMNS_MAX && !known.contains(pattern);
            is_new && known.insert(pattern.clone())
        });
        self.columns.reverse();
    }
}

/// The bin of each item of the instance, from the bins of the items type by type.
fn arrange(checked: &VectorPackingInstance, instance: &Lowered, places: &[Vec<u32>]) -> Vec<u32> {
    let mut next = vec![0; places.len()];
    let bin = |item: usize| {
        let known = instance.type_of(item).expect("items that are there are demanded") as usize;
        next[known] += 1;
        places[known][next[known] - 1]
    };
    checked.items().map(bin).collect()
}
