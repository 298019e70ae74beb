//! What one bin of a set may hold: the patterns that gain most, and all that gain enough.
//!
//! A knapsack of several rows, by depth-first search. What the items that are left gain at most is read from a table: of a knapsack
//! of one row that stands for all, the rows of a bin added up (a surrogate relaxation; Glover 1968), in units so coarse that the
//! table is small (dynamic programming; Bellman 1957). Amounts are rounded down to them.

use crate::support::numbers::floor;
use crate::support::stop::Stop;

use super::bins::{Bins, Pattern, Set};
use super::triples::Triple;

/// Units of a bin: few where any pattern that gains is welcome, many where none must be missed.
pub(super) const COARSE: usize = 1 << 10;
pub(super) const FINE: usize = 1 << 14;
/// Entries of a table, at most.
const ENTRIES_MAX: usize = 1 << 22;

/// Looks between two at the stop.
const LOOK_EVERY: u64 = 1 << 12;

/// An item as the search sees it.
#[derive(Clone, Copy, Debug)]
struct Ranked<'a> {
    item: u32,
    gain: i64,
    /// Units of the row that stands for all.
    units: usize,
    inner: &'a [(u32, u64)],
    alone: u32,
}

/// Patterns that gain more than they must.
#[derive(Clone, Debug, Default)]
pub(super) struct Priced {
    /// No pattern gains more.
    pub(super) limit: i64,
    /// Some, each with what it gains.
    pub(super) found: Vec<(i64, Pattern)>,
}

/// The items of a set in the order in which they are tried, for given gains.
#[derive(Clone, Debug)]
pub(super) struct Pricing<'a> {
    set: &'a Set,
    /// Those that gain come first.
    ranked: Vec<Ranked<'a>>,
    gaining: usize,
    /// Units of a bin.
    units: usize,
    /// What the items that gain, from each on, gain at most in each number of units.
    table: Vec<i64>,
    /// What holding two of three items costs, and of each item by its place the triples that it is in.
    costs: Vec<i64>,
    triples: Vec<Vec<u32>>,
}

impl<'a> Pricing<'a> {
    /// Ranks items by what they gain; those that are not open stay out. O(items x units).
    pub(super) fn new(
        bins: &'a Bins,
        set: &'a Set,
        (gains, triples): (&[i64], &[(Triple, i64)]),
        units: usize,
        is_open: impl Fn(usize) -> bool,
    ) -> Pricing<'a> {
        let open: Vec<usize> = set.items.iter().copied().filter(|&item| is_open(item)).collect();
        let gaining = open.iter().filter(|&&item| gains[item] > 0).count();
        let units = (ENTRIES_MAX / (gaining + 1)).min(units);
        // A row weighs by what all items would take of it: one that hardly binds hardly counts.
        let share = |&(row, amount): &(u32, u64)| amount as f64 / set.capacities[row as usize].max(1) as f64;
        let mut weights = vec![0.0; set.capacities.len()];
        for entry in open.iter().flat_map(|&item| &bins.items[item].inner) {
            weights[entry.0 as usize] += share(entry);
        }
        let all: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let ranked = open.into_iter().map(|at| {
            let item = &bins.items[at];
            let taken = item.inner.iter().map(|entry| weights[entry.0 as usize] * share(entry)).sum::<f64>() / all;
            let taken = taken * units as f64;
            Ranked {
                item: u32::try_from(at).expect("items are fewer than columns"),
                gain: gains[at],
                // A little less, for the noise of floats.
                units: usize::try_from(floor(taken * (1.0 - 1e-9))).expect("no more than units of a bin"),
                inner: &item.inner,
                alone: item.alone,
            }
        });
        let mut ranked: Vec<Ranked<'a>> = ranked.collect();
        let density = |one: &Ranked<'_>| one.gain.max(0) as f64 / (one.units.max(1)) as f64;
        ranked.sort_by(|a, b| density(b).total_cmp(&density(a)).then((b.gain, a.item).cmp(&(a.gain, b.item))));
        let table = table(&ranked[..gaining], units);
        let costs = triples.iter().map(|entry| entry.1).collect();
        let of_item = |one: &Ranked<'_>| {
            let holding = (0_u32..).zip(triples).filter(|(_, (triple, _))| triple.contains(&one.item));
            holding.map(|(at, _)| at).collect()
        };
        let triples = ranked.iter().map(of_item).collect();
        Pricing { set, ranked, gaining, units, table, costs, triples }
    }

    /// What items from a place on gain at most in so many units.
    fn bound(&self, from: usize, units: usize) -> i64 {
        self.table[from.min(self.gaining) * (self.units + 1) + units]
    }

    /// For each item the patterns that begin with it and gain most, where they gain more than so much, in so many steps each.
    pub(super) fn best(&self, floor: i64, steps: u64, stop: &Stop) -> Priced {
        let mut priced = Priced { limit: floor.max(0), found: Vec::new() };
        for first in 0..self.ranked.len() {
            let Ranked { gain, units, .. } = self.ranked[first];
            let most = gain + self.bound(first + 1, self.units - units);
            if most <= floor {
                continue;
            }
            let mut search = Search::new(self, Wanted::Best, floor, steps, stop);
            search.with(first);
            if let Some((gain, pattern)) = search.found.pop() {
                priced.limit = priced.limit.max(gain);
                priced.found.push((gain, pattern));
            }
            if search.is_cut {
                priced.limit = priced.limit.max(most);
            }
            stop.spend(steps - search.steps);
        }
        priced
    }

    /// All patterns that gain at least so much; `None` where they are more than so many, or take more steps.
    pub(super) fn all(&self, least: i64, (most, steps): (usize, u64), stop: &Stop) -> Option<Vec<Pattern>> {
        let mut search = Search::new(self, Wanted::All(most), least - 1, steps, stop);
        search.from(0);
        stop.spend(steps - search.steps);
        (!search.is_cut).then(|| search.found.into_iter().map(|entry| entry.1).collect())
    }
}

/// What a search is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// One that gains most.
    Best,
    /// All, up to so many.
    All(usize),
}

/// A search through the patterns of a bin.
struct Search<'a> {
    pricing: &'a Pricing<'a>,
    wanted: Wanted,
    /// What is no more than this is not sought.
    floor: i64,
    steps: u64,
    stop: &'a Stop,
    left: Vec<u64>,
    units: usize,
    gain: i64,
    chosen: Vec<usize>,
    /// How many items of each triple are chosen.
    held: Vec<u8>,
    found: Vec<(i64, Pattern)>,
    is_cut: bool,
}

impl<'a> Search<'a> {
    fn new(pricing: &'a Pricing<'a>, wanted: Wanted, floor: i64, steps: u64, stop: &'a Stop) -> Search<'a> {
        let left = pricing.set.capacities.clone();
        let (chosen, found) = (Vec::new(), Vec::new());
        let (units, held) = (pricing.units, vec![0; pricing.costs.len()]);
        Search { pricing, wanted, floor, steps, stop, left, units, gain: 0, chosen, held, found, is_cut: false }
    }

    /// Goes through what items from a place on add.
    fn from(&mut self, from: usize) {
        let pricing = self.pricing;
        for at in from..pricing.ranked.len() {
            // Further on items gain less for their room, and at last they lose.
            if self.gain + pricing.bound(at, self.units) <= self.floor || self.is_cut {
                return;
            }
            let Ranked { gain, units, .. } = pricing.ranked[at];
            let left = self.units.checked_sub(units);
            if left.is_some_and(|left| self.gain + gain + pricing.bound(at + 1, left) > self.floor) {
                self.with(at);
            } else if gain <= 0 && self.gain + gain <= self.floor {
                return;
            }
        }
    }

    /// Goes through patterns with an item beside what is chosen, where it fits.
    fn with(&mut self, at: usize) {
        let Ranked { gain, units, inner, alone, .. } = self.pricing.ranked[at];
        let fits = inner.iter().all(|&(row, amount)| amount <= self.left[row as usize])
            && self.chosen.iter().all(|&other| self.pricing.ranked[other].alone != alone);
        if !fits {
            return;
        }
        if self.steps == 0 || (self.steps.is_multiple_of(LOOK_EVERY) && self.stop.is_raised()) {
            self.is_cut = true;
            return;
        }
        self.steps -= 1;
        inner.iter().for_each(|&(row, amount)| self.left[row as usize] -= amount);
        self.units -= units;
        let before = self.gain;
        self.gain += gain;
        for &triple in &self.pricing.triples[at] {
            let held = &mut self.held[triple as usize];
            *held += 1;
            self.gain -= if *held == 2 { self.pricing.costs[triple as usize] } else { 0 };
        }
        self.chosen.push(at);
        if self.gain > self.floor {
            self.take();
        }
        self.from(at + 1);
        self.chosen.pop();
        self.gain = before;
        self.pricing.triples[at].iter().for_each(|&triple| self.held[triple as usize] -= 1);
        self.units += units;
        inner.iter().for_each(|&(row, amount)| self.left[row as usize] += amount);
    }

    fn take(&mut self) {
        let mut pattern: Pattern = self.chosen.iter().map(|&at| self.pricing.ranked[at].item).collect();
        pattern.sort_unstable();
        match self.wanted {
            Wanted::Best => {
                self.found.clear();
                self.floor = self.gain;
            }
            Wanted::All(most) => self.is_cut |= self.found.len() >= most,
        }
        self.found.push((self.gain, pattern));
    }
}

/// For a place among items, then a number of units: what items from there on gain at most in them.
fn table(items: &[Ranked<'_>], units: usize) -> Vec<i64> {
    let width = units + 1;
    let mut table = vec![0; (items.len() + 1) * width];
    for (at, item) in items.iter().enumerate().rev() {
        let (before, after) = table.split_at_mut((at + 1) * width);
        let (row, next) = (&mut before[at * width..], &after[..width]);
        row.copy_from_slice(next);
        for (one, other) in row[item.units..].iter_mut().zip(next) {
            *one = (*one).max(item.gain + other);
        }
    }
    table
}
