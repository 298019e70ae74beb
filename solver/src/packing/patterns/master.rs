//! The linear program over patterns that are known, and the bound that its prices imply.
//!
//! ```text
//! maximize   sum over patterns of worth x  +  sum over columns outside of worth x
//! subject to sum over patterns of a set of x               <= bins of the set
//!            sum of what patterns and columns take x       <= capacity            rows outside of bins
//! ```
//!
//! For any prices `y >= 0` of the rows outside, no packing is worth more than (Lagrange; Dantzig & Wolfe 1960)
//!
//! ```text
//! sum over rows of y capacity  +  sum over sets of bins x (what a pattern gains at most)  +  sum over columns of max(0, gain)
//! ```
//!
//! Prices are rounded first, and all else is in exact integers.

use std::collections::BTreeSet;

use crate::program::linear::{Answer, Column, Growth, LateRow, Program, Resident, Row, Solution};
use crate::support::numbers::{floor, round_wide};
use crate::support::stop::Stop;

use super::bins::{Bins, Item, Pattern};
use super::pricing::{COARSE, FINE, Pricing};
use super::triples::{Triple, broken, holds_two};

/// Bits of a price below the unit.
const SHIFT: u32 = 40;
/// Bits of the greatest gain: sums of as many as fit a bin stay within 63.
const GAIN_BITS: u32 = 44;
/// Simplex iterations of one solve, at most.
const ITERATIONS_MAX: u32 = 50_000;
/// Rounds of pricing, at most, and patterns that a round adds for each item of a set.
const ROUNDS_MAX: usize = 2_000;
const ADDED_EACH: f64 = 0.5;
/// Units of a bin and steps for each item, of a search that need not find all and of one that must not miss any.
const SHORT: (usize, u64) = (COARSE, 500);
const LONG: (usize, u64) = (FINE, 20_000);
/// What prices may be off by, as a part of the greatest worth, and the value as a part of itself.
const NOISE: f64 = 1e-11;
/// How much of the prices that prove the most is kept while patterns are looked for, which those of vertices jump about (Wentges
/// 1997).
const SMOOTHING: f64 = 0.7;
/// Values of columns up to which they are none.
const NOTHING: f64 = 1e-6;
/// Values of columns from which on a dive takes them for whole, each and all at once where there are such, and rounds of pricing
/// between two of its steps.
const WHOLE: f64 = 0.7;
const DIVE_ROUNDS: usize = 3;

/// When a climb ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// The part of its value that the program may be below the bound.
    tolerance: f64,
    /// Whether no pattern may be missed.
    is_thorough: bool,
}

/// Near enough for dives, and as near as it gets.
pub(super) const NEAR: Effort = Effort { tolerance: 1e-4, is_thorough: false };
pub(super) const WHOLLY: Effort = Effort { tolerance: NOISE, is_thorough: true };

/// Prices of rows outside of bins, and what they prove.
#[derive(Clone, Debug)]
pub(super) struct Dual {
    /// What each item gains at the prices, in parts, rounded up.
    pub(super) gains: Vec<i64>,
    /// Of each set, what a pattern gains at most, in the same parts.
    pub(super) limits: Vec<i64>,
    /// The prices of the rows of triples, in parts.
    pub(super) triples: Vec<(Triple, i64)>,
    /// What the program's rows were priced at, those of sets at what a pattern gains at most.
    prices: Vec<f64>,
    /// Bits of a part beyond 2^-40 of a unit.
    part: u32,
    /// The bound, in 2^-40 of a unit.
    bound: i128,
}

impl Dual {
    /// No packing is worth more.
    pub(super) fn bound(&self) -> u128 {
        u128::try_from(self.bound >> SHIFT).unwrap_or(0)
    }

    /// What a pattern gains, in parts.
    pub(super) fn gain(&self, pattern: &Pattern) -> i64 {
        let gain: i64 = pattern.iter().map(|&item| self.gains[item as usize]).sum();
        let held = self.triples.iter().filter(|(triple, _)| holds_two(pattern, triple));
        gain - held.map(|entry| entry.1).sum::<i64>()
    }

    /// What a packing worth more than a floor loses at most, in parts: by what its patterns gain less than the best of their sets.
    pub(super) fn budget(&self, floor: u128) -> Option<i64> {
        let gap = self.bound - i128::try_from(floor).ok()?.checked_mul(1 << SHIFT)?;
        i64::try_from(gap.max(0) >> self.part).ok()
    }
}

/// The program with its patterns.
pub(super) struct Master<'a> {
    bins: &'a Bins,
    worths: &'a [u64],
    outside: Vec<u64>,
    is_open: Vec<bool>,
    program: Resident,
    /// Its patterns in the order of its columns, which come after those outside of bins, and the same in order.
    columns: Vec<Pattern>,
    known: BTreeSet<Pattern>,
    /// How many of its patterns the program does not know yet.
    fresh: usize,
    /// Three items each, of which one pattern at most holds two; the last so many are new.
    triples: Vec<Triple>,
    /// Rows that come after those of triples and fix columns, to be added.
    rows: Vec<LateRow>,
    is_new: bool,
    unit: f64,
}

/// Where column generation ended.
pub(super) struct Climbed {
    pub(super) dual: Dual,
    /// Whether no pattern is missing from the program.
    pub(super) is_whole: bool,
    /// The values of columns in the last solution.
    values: Vec<f64>,
}

impl<'a> Master<'a> {
    /// A program of patterns that are known, and each item alone, where items and all columns are worth so much.
    pub(super) fn new(bins: &'a Bins, (items, columns): (&'a [u64], &[u64]), known: &[Pattern]) -> Option<Master<'a>> {
        let outside = bins.outside.iter().map(|outside| columns[outside.column]).collect();
        Master::with(bins, items, outside, known)
    }

    /// The same program once more, without what is solved.
    pub(super) fn again(&self) -> Option<Master<'a>> {
        let mut again = Master::with(self.bins, self.worths, self.outside.clone(), &self.columns)?;
        again.strengthen(self.triples.clone());
        Some(again)
    }

    fn with(bins: &'a Bins, worths: &'a [u64], outside: Vec<u64>, known: &[Pattern]) -> Option<Master<'a>> {
        let unit = worths.iter().chain(&outside).copied().max().unwrap_or(1).max(1) as f64;
        let mut program = Program::new(Growth::Columns);
        for limit in bins.sets.iter().map(|set| set.count as f64).chain(bins.outer.iter().map(|_| 1.0)) {
            program.row(limit);
        }
        let program = Resident::start(program, ITERATIONS_MAX)?;
        let is_open = |(item, &worth): (&Item, &u64)| {
            let set = &bins.sets[item.set];
            worth > 0
                && item.inner.iter().all(|&(row, amount)| amount <= set.capacities[row as usize])
                && item.outer.iter().all(|&(row, amount)| amount <= bins.outer[row as usize])
        };
        let is_open = bins.items.iter().zip(worths).map(is_open).collect();
        let (rows, columns, none, triples) = (Vec::new(), Vec::new(), BTreeSet::new(), Vec::new());
        let mut master = Master {
            bins,
            worths,
            outside,
            is_open,
            program,
            columns,
            known: none,
            fresh: 0,
            triples,
            rows,
            is_new: true,
            unit,
        };
        let alone = (0_u32..).take(bins.items.len()).map(|item| vec![item]);
        alone.chain(known.iter().cloned()).for_each(|pattern| master.add(pattern));
        Some(master)
    }

    /// Adds rows of triples.
    fn strengthen(&mut self, triples: Vec<Triple>) {
        let first = self.outside.len();
        for triple in triples {
            let known = self.columns[..self.columns.len() - self.fresh].iter().enumerate();
            let holding = known.filter(|(_, pattern)| holds_two(pattern, &triple));
            let entries = holding.map(|(at, _)| (first + at, 1.0)).collect();
            self.rows.push(LateRow { limit: 1.0, entries });
            self.triples.push(triple);
        }
    }

    /// Adds rows of triples that the last solution of a climb breaks; whether there were any.
    pub(super) fn cut(&mut self, climbed: &Climbed) -> bool {
        let first = self.outside.len();
        let used = self.columns.iter().zip(climbed.values.iter().skip(first).copied());
        let used: Vec<(&Pattern, f64)> = used.filter(|entry| entry.1 > NOTHING).collect();
        let found = broken(&used);
        let is_cut = !found.is_empty();
        self.strengthen(found);
        is_cut
    }

    /// Adds a pattern of open items.
    pub(super) fn add(&mut self, mut pattern: Pattern) {
        pattern.retain(|&item| self.is_open[item as usize]);
        if !pattern.is_empty() && self.known.insert(pattern.clone()) {
            self.columns.push(pattern);
            self.fresh += 1;
        }
    }

    /// The patterns that are known.
    pub(super) fn into_known(self) -> Vec<Pattern> {
        self.columns
    }

    /// Some items of a set as a search for patterns takes them.
    pub(super) fn pricing(
        &self,
        set: usize,
        dual: &Dual,
        units: usize,
        is_free: impl Fn(usize) -> bool,
    ) -> Pricing<'a> {
        Pricing::new(self.bins, &self.bins.sets[set], (&dual.gains, &dual.triples), units, |item| {
            self.is_open[item] && is_free(item)
        })
    }

    /// Solves and prices in turn, until nothing is gained or a worth is no less than the bound. `None` where the program fails or
    /// the stop came before anything was proved.
    pub(super) fn climb(&mut self, aim: u128, effort: Effort, stop: &Stop) -> Option<Climbed> {
        let mut best: Option<Dual> = None;
        let (mut values, mut is_whole, mut kept) = (Vec::new(), false, SMOOTHING);
        for _ in 0..ROUNDS_MAX {
            let Some(solution) = self.solve(stop) else { break };
            let near = best.as_ref().filter(|_| kept > 0.0);
            let between =
                near.map_or_else(|| solution.prices.clone(), |best| between(kept, &best.prices, &solution.prices));
            let Some((dual, found)) = self.price(&between, effort.is_thorough, stop) else { break };
            let gains = best.as_ref().is_none_or(|best| dual.bound < best.bound);
            let is_stuck = found.is_empty() && (near.is_none() || !gains);
            if gains {
                best = Some(dual);
            }
            let bound = best.as_ref().map_or(u128::MAX, Dual::bound);
            is_whole =
                (is_stuck && kept == 0.0) || bound as f64 <= solution.value * self.unit * (1.0 + effort.tolerance);
            values = solution.values;
            if is_whole || bound <= aim || stop.is_raised() {
                break;
            }
            // Where prices between find nothing and prove nothing, the prices themselves may do.
            kept = if is_stuck { 0.0 } else { SMOOTHING };
            found.into_iter().for_each(|pattern| self.add(pattern));
        }
        best.map(|dual| Climbed { dual, is_whole, values })
    }

    /// What prices prove, and patterns that gain more than their sets are worth there.
    fn price(&self, prices: &[f64], is_thorough: bool, stop: &Stop) -> Option<(Dual, Vec<Pattern>)> {
        let (counts, outer) = prices.split_at(self.bins.sets.len());
        let (outer, triples) = outer.split_at(self.bins.outer.len());
        let mut dual = self.dual(outer)?;
        for (&triple, &price) in self.triples.iter().zip(triples) {
            let price = self.parts(price, &dual);
            dual.triples.push((triple, price));
            dual.bound += i128::from(price) << dual.part;
        }
        dual.triples.retain(|entry| entry.1 > 0);
        let mut all = Vec::new();
        for (at, set) in self.bins.sets.iter().enumerate() {
            let least = self.parts(counts[at] + NOISE, &dual);
            let search = |(units, steps)| self.pricing(at, &dual, units, |_| true).best(least, steps, stop);
            let mut priced = search(SHORT);
            if is_thorough && priced.found.is_empty() && priced.limit > least.max(0) {
                priced = search(LONG);
            }
            dual.limits.push(priced.limit);
            dual.prices.push(self.worth(priced.limit, &dual));
            dual.bound += (i128::from(priced.limit) << dual.part) * set.count as i128;
            priced.found.retain(|entry| !self.known.contains(&entry.1));
            priced.found.sort_unstable_by(|one, other| other.cmp(one));
            priced.found.dedup();
            let most = floor(ADDED_EACH * set.items.len() as f64).max(1);
            all.extend(priced.found.into_iter().map(|entry| entry.1).take(usize::try_from(most).unwrap_or(1)));
        }
        dual.prices.extend(&prices[self.bins.sets.len()..]);
        Some((dual, all))
    }

    /// Takes what the program has most of for whole, again and again, with a few rounds of pricing in between (Sadykov, Vanderbeck,
    /// Pessoa, Tahiri & Uchoa 2019). The columns of bins that are taken, and those outside; the program is spent.
    ///
    /// The first steps take the second best instead, as many as are to be turned.
    pub(super) fn dive(mut self, mut turned: usize, stop: &Stop) -> (Vec<Pattern>, Vec<usize>) {
        let count = self.outside.len();
        let (mut taken, mut beside): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let mut is_taken = vec![false; self.bins.outer.len()];
        while let Some(solution) = self.priced(DIVE_ROUNDS, stop) {
            let is_in = |column: &usize| {
                column.checked_sub(count).map_or_else(|| beside.contains(column), |at| taken.contains(&at))
            };
            let mut next: Vec<usize> = (0..solution.values.len()).filter(|column| !is_in(column)).collect();
            next.retain(|&column| solution.values[column] > NOTHING);
            next.sort_by(|&a, &b| solution.values[b].total_cmp(&solution.values[a]).then(a.cmp(&b)));
            if next.is_empty() {
                break;
            }
            let mut whole = next.partition_point(|&column| solution.values[column] > WHOLE);
            if whole == 0 {
                if turned > 0 && next.len() > 1 {
                    turned -= 1;
                    next.swap(0, 1);
                }
                whole = 1;
            }
            for &column in &next[..whole] {
                self.rows.push(LateRow { limit: -1.0, entries: vec![(column, -1.0)] });
                let Some(at) = column.checked_sub(count) else {
                    beside.push(column);
                    continue;
                };
                taken.push(at);
                self.columns[at]
                    .iter()
                    .for_each(|&item| is_taken[self.bins.items[item as usize].alone as usize] = true);
            }
            let items = self.is_open.iter_mut().zip(&self.bins.items);
            items.for_each(|(is_open, item)| *is_open &= !is_taken[item.alone as usize]);
        }
        let beside = beside.into_iter().map(|column| self.bins.outside[column].column).collect();
        (taken.into_iter().map(|at| self.columns[at].clone()).collect(), beside)
    }

    /// Solves, with so many rounds of pricing at most; `None` where the program fails.
    fn priced(&mut self, rounds: usize, stop: &Stop) -> Option<Solution> {
        let mut solution = self.solve(stop)?;
        for _ in 0..rounds {
            let Some((_, found)) = self.price(&solution.prices, false, stop) else { break };
            if found.is_empty() {
                break;
            }
            found.into_iter().for_each(|pattern| self.add(pattern));
            solution = self.solve(stop)?;
        }
        Some(solution)
    }

    /// Solves with the patterns that were added.
    fn solve(&mut self, stop: &Stop) -> Option<Solution> {
        let mut columns = Vec::new();
        if std::mem::take(&mut self.is_new) {
            for (outside, &worth) in self.bins.outside.iter().zip(&self.outside) {
                let entries = outside.outer.iter().map(|&entry| self.entry(entry)).collect();
                columns.push(Column { worth: worth as f64 / self.unit, most: 1.0, entries });
            }
        }
        let fresh = self.columns.len() - std::mem::take(&mut self.fresh);
        columns.extend(self.columns[fresh..].iter().map(|pattern| self.column(pattern)));
        let answer = self.program.solve(std::mem::take(&mut self.rows), columns, stop);
        let Answer::Optimal(solution) = answer else { return None };
        stop.spend(solution.iterations * solution.prices.len() as u64);
        Some(solution)
    }

    fn column(&self, pattern: &Pattern) -> Column {
        let set = self.bins.set_of(pattern);
        let worth: f64 = pattern.iter().map(|&item| self.worths[item as usize] as f64).sum();
        let outer = outer_of(self.bins, pattern).into_iter().map(|entry| self.entry(entry));
        let first = self.bins.sets.len() + self.bins.outer.len();
        let held = self.triples.iter().enumerate().filter(|(_, triple)| holds_two(pattern, triple));
        let held = held.map(|(at, _)| (Row(first + at), 1.0));
        let entries = std::iter::once((Row(set), 1.0)).chain(outer).chain(held).collect();
        Column { worth: worth / self.unit, most: f64::INFINITY, entries }
    }

    /// An entry in a row outside of bins, as a share of it.
    fn entry(&self, (row, amount): (u32, u64)) -> (Row, f64) {
        let share = amount as f64 / self.bins.outer[row as usize].max(1) as f64;
        (Row(self.bins.sets.len() + row as usize), share)
    }

    /// What prices of the rows outside prove, without what patterns gain; `None` where they are beyond all reason.
    fn dual(&self, prices: &[f64]) -> Option<Dual> {
        let scaled = |(price, &capacity): (&f64, &u64)| {
            round_wide(price * self.unit / capacity.max(1) as f64 * (1_u64 << SHIFT) as f64).max(0)
        };
        let prices: Vec<i128> = prices.iter().zip(&self.bins.outer).map(scaled).collect();
        let gain = |worth: u64, outer: &[(u32, u64)]| {
            outer.iter().try_fold(i128::from(worth) << SHIFT, |gain, &(row, amount)| {
                gain.checked_sub(prices[row as usize].checked_mul(i128::from(amount))?)
            })
        };
        let items = self.bins.items.iter().zip(self.worths).map(|(item, &worth)| gain(worth, &item.outer));
        let gains: Vec<i128> = items.collect::<Option<_>>()?;
        let mut bound = 0_i128;
        for (&price, &capacity) in prices.iter().zip(&self.bins.outer) {
            bound = bound.checked_add(price.checked_mul(i128::from(capacity))?)?;
        }
        for (outside, &worth) in self.bins.outside.iter().zip(&self.outside) {
            bound = bound.checked_add(gain(worth, &outside.outer)?.max(0))?;
        }
        let greatest = gains.iter().map(|gain| gain.unsigned_abs()).max().unwrap_or(0);
        let part = (u128::BITS - greatest.leading_zeros()).saturating_sub(GAIN_BITS);
        // Rounded up: what patterns gain at most stays a bound.
        let gains = gains.into_iter().map(|gain| i64::try_from(-((-gain) >> part)).unwrap_or(i64::MAX >> 16)).collect();
        (bound < 1 << 124).then_some(Dual {
            gains,
            limits: Vec::new(),
            triples: Vec::new(),
            prices: Vec::new(),
            part,
            bound,
        })
    }

    /// Parts of a dual as a worth of the program.
    fn worth(&self, parts: i64, dual: &Dual) -> f64 {
        (i128::from(parts) << dual.part) as f64 / (1_u64 << SHIFT) as f64 / self.unit
    }

    /// A worth of the program in the parts of a dual.
    fn parts(&self, worth: f64, dual: &Dual) -> i64 {
        i64::try_from(round_wide(worth * self.unit * (1_u64 << SHIFT) as f64) >> dual.part).unwrap_or(i64::MAX)
    }
}

/// Prices between others, of which the first count for some share.
fn between(share: f64, first: &[f64], second: &[f64]) -> Vec<f64> {
    first.iter().zip(second).map(|(first, second)| share * first + (1.0 - share) * second).collect()
}

/// What the items of a pattern take of rows outside of bins, row by row.
pub(super) fn outer_of(bins: &Bins, pattern: &Pattern) -> Vec<(u32, u64)> {
    let mut all: Vec<(u32, u64)> =
        pattern.iter().flat_map(|&item| bins.items[item as usize].outer.iter().copied()).collect();
    all.sort_unstable();
    all.chunk_by(|one, next| one.0 == next.0)
        .map(|of_row| (of_row[0].0, of_row.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.1))))
        .collect()
}
