//! Pricing: the contents of one bin that are worth most, a knapsack of several dimensions.
//!
//! Prices of the dimensions (a Lagrangian relaxation of the capacities; Fisher 1981) bound what the rest of a bin can add in
//! constant time for each dimension, and order the types. A depth-first search over the types is exact unless it runs out of
//! nodes; greedy contents around each dear type come along, for a program gains from many columns at a time.

use crate::stop::Stop;

use super::lowered::{Lowered, Pattern, narrow};

/// Steps towards the best prices of the dimensions.
const STEPS: u32 = 60;

/// Contents returned at most.
const PATTERNS_MAX: usize = 40;

/// Greedy contents from which on nothing else is searched for.
const ENOUGH: usize = 8;

/// Steps of a short search and of a long one.
const SHORT_NODES: u64 = 200_000;
const LONG_NODES: u64 = 15_000_000;

/// Steps between two looks at the stop.
const BLOCK: u64 = 4_096;

/// Prices below this are none.
const PRICE_MIN: f64 = 1e-9;

/// What is gained less than this is not.
const GAIN_MIN: f64 = 1e-7;

/// What pricing found.
#[derive(Clone, Debug)]
pub(super) struct Priced {
    /// Contents worth more than one, the dearest first.
    pub(super) patterns: Vec<Pattern>,
    /// What no contents exceed.
    pub(super) limit: f64,
}

/// Prices of the dimensions, kept from one pricing to the next.
#[derive(Clone, Debug)]
pub(super) struct Pricing {
    pub(super) dimension_prices: Vec<f64>,
}

impl Pricing {
    pub(super) fn new(instance: &Lowered) -> Pricing {
        Pricing { dimension_prices: vec![1.0 / instance.dimensions as f64; instance.dimensions] }
    }

    /// Contents of a bin worth more than one at the prices of the types: those that a greedy filling finds, where it finds
    /// many; otherwise also those on the way to the dearest, of a short search or, where nothing is found, of a long one.
    pub(super) fn price(&mut self, instance: &Lowered, prices: &[f64], stop: &Stop) -> Priced {
        self.relax(instance, prices);
        let mut found = self.greedy(instance, prices);
        let mut limit = f64::INFINITY;
        if found.len() < ENOUGH {
            let best = found.first().map_or(1.0, |first| first.0);
            let search = |nodes_max: u64| {
                let mut search = Search::new(instance, prices, &self.dimension_prices, (nodes_max, stop));
                search.least = Least::Rising(best);
                search.run();
                search
            };
            let short = search(SHORT_NODES);
            found.extend_from_slice(&short.found);
            if short.cut == 0.0 {
                limit = short.limit();
            } else if found.is_empty() {
                let long = search(LONG_NODES);
                limit = long.limit();
                found = long.found;
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.dedup();
        found.truncate(PATTERNS_MAX);
        Priced { patterns: found.into_iter().map(|(_, pattern)| pattern).collect(), limit }
    }

    /// Lowers what the dimensions and the types beyond their room are worth together, by subgradient steps.
    fn relax(&mut self, instance: &Lowered, prices: &[f64]) {
        let mosts: Vec<f64> = (0..prices.len())
            .map(|item| f64::from(instance.most(item, instance.capacities(), instance.demands[item])))
            .collect();
        let mut best = (f64::INFINITY, self.dimension_prices.clone());
        let mut current = self.dimension_prices.clone();
        for step in 0..STEPS {
            let mut slope = vec![1.0; instance.dimensions];
            let mut worth: f64 = current.iter().sum();
            for (item, &price) in prices.iter().enumerate() {
                let net = price - dot(&current, instance.fractions(item));
                if net > 0.0 && mosts[item] > 0.0 {
                    worth += net * mosts[item];
                    slope.iter_mut().zip(instance.fractions(item)).for_each(|(s, size)| *s -= size * mosts[item]);
                }
            }
            if worth < best.0 {
                best = (worth, current.clone());
            }
            let norm: f64 = slope.iter().map(|part| part * part).sum();
            if norm < 1e-12 {
                break;
            }
            // The dearest contents are worth about one, so that is what the steps aim at.
            let length = (worth - 1.0).max(0.02) / norm / (1.0 + f64::from(step) / 10.0);
            current.iter_mut().zip(&slope).for_each(|(price, part)| *price = (*price - length * part).max(0.0));
        }
        self.dimension_prices = best.1;
    }

    /// For each of the dearest types, a bin that begins with it and is filled by worth for room.
    fn greedy(&self, instance: &Lowered, prices: &[f64]) -> Vec<(f64, Pattern)> {
        let room_of = |item: usize| dot(&self.dimension_prices, instance.fractions(item)).max(1e-9);
        let mut dense: Vec<usize> = (0..prices.len()).filter(|&item| prices[item] > PRICE_MIN).collect();
        let ratios: Vec<f64> = (0..prices.len()).map(|item| prices[item] / room_of(item)).collect();
        dense.sort_by(|&a, &b| ratios[b].total_cmp(&ratios[a]).then(a.cmp(&b)));
        let mut found = Vec::new();
        for &first in dense.iter().take(4 * PATTERNS_MAX) {
            let mut room = instance.capacities().to_vec();
            let (mut worth, mut pattern) = (0.0, Pattern::new());
            for &item in std::iter::once(&first).chain(&dense) {
                let limit = if item == first { u32::from(pattern.is_empty()) } else { instance.demands[item] };
                let count = instance.most(item, &room, limit);
                if count > 0 {
                    room.iter_mut().zip(instance.sizes(item)).for_each(|(room, size)| *room -= size * i64::from(count));
                    worth += prices[item] * f64::from(count);
                    pattern.push((narrow(item), count));
                }
            }
            if worth > 1.0 + GAIN_MIN {
                pattern.sort_unstable();
                found.push((worth, pattern));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.dedup();
        found
    }
}

/// All contents of a bin that are worth at least so much, where they are at most so many and nodes suffice.
pub(super) fn enumerate(
    instance: &Lowered,
    (prices, dimension_prices): (&[f64], &[f64]),
    least: f64,
    (count_max, nodes_max): (usize, u64),
    stop: &Stop,
) -> Option<Vec<Pattern>> {
    let mut search = Search::new(instance, prices, dimension_prices, (nodes_max, stop));
    search.least = Least::Fixed(least - GAIN_MIN, count_max);
    search.run();
    let is_whole = search.cut == 0.0 && search.found.len() < count_max;
    is_whole.then(|| search.found.into_iter().map(|(_, pattern)| pattern).collect())
}

/// What contents must be worth to be wanted.
#[derive(Clone, Copy, Debug)]
enum Least {
    /// More than any before.
    Rising(f64),
    /// So much; the search ends when there are so many.
    Fixed(f64, usize),
}

/// The depth-first search.
struct Search<'a> {
    instance: &'a Lowered,
    prices: &'a [f64],
    /// Types that make room first; then types worth something, those first that are worth most beyond the room they take.
    order: Vec<usize>,
    nets: Vec<f64>,
    /// The most that the types from a position on are worth beyond the room that they take.
    beyond: Vec<f64>,
    /// What an empty bin is worth at the prices of the dimensions.
    empty: f64,
    nodes_max: u64,
    stop: &'a Stop,
    nodes: u64,
    least: Least,
    /// The most that what was cut off may be worth.
    cut: f64,
    path: Pattern,
    found: Vec<(f64, Pattern)>,
}

impl<'a> Search<'a> {
    fn new(
        instance: &'a Lowered,
        prices: &'a [f64],
        dimension_prices: &[f64],
        (nodes_max, stop): (u64, &'a Stop),
    ) -> Search<'a> {
        let net = |item: usize| prices[item] - dot(dimension_prices, instance.fractions(item));
        let nets: Vec<f64> = (0..prices.len()).map(net).collect();
        let makes_room: Vec<bool> = (0..prices.len()).map(|item| instance.makes_room(item)).collect();
        let mut order: Vec<usize> =
            (0..prices.len()).filter(|&item| prices[item] > PRICE_MIN || makes_room[item]).collect();
        order.sort_by(|&a, &b| makes_room[b].cmp(&makes_room[a]).then(nets[b].total_cmp(&nets[a])).then(a.cmp(&b)));
        let mut beyond = vec![0.0; order.len() + 1];
        for (at, &item) in order.iter().enumerate().rev() {
            // Where others make room, more may fit than fit an empty bin.
            let demand = instance.demands[item];
            let most =
                if makes_room.contains(&true) { demand } else { instance.most(item, instance.capacities(), demand) };
            beyond[at] = beyond[at + 1] + f64::from(most) * nets[item].max(0.0);
        }
        let empty = dimension_prices.iter().sum();
        let least = Least::Rising(0.0);
        let (path, found) = (Pattern::new(), Vec::new());
        Search { instance, prices, order, nets, beyond, empty, nodes_max, stop, nodes: 0, least, cut: 0.0, path, found }
    }

    fn run(&mut self) {
        let room = self.instance.capacities().to_vec();
        self.descend(0, &room, 0.0, self.empty);
    }

    /// What no contents exceed.
    fn limit(&self) -> f64 {
        match self.least {
            Least::Rising(best) => best.max(self.cut),
            Least::Fixed(..) => f64::INFINITY,
        }
    }

    /// What is not worth searching for.
    fn floor(&self) -> f64 {
        match self.least {
            Least::Rising(best) => best.max(self.cut) + GAIN_MIN,
            Least::Fixed(least, _) => least,
        }
    }

    fn keep(&mut self, worth: f64) {
        let mut pattern = self.path.clone();
        pattern.sort_unstable();
        self.found.push((worth, pattern));
    }

    /// `reach` is what the contents are worth and the room left is, at the prices of the dimensions.
    fn descend(&mut self, from: usize, room: &[i64], worth: f64, reach: f64) {
        match self.least {
            Least::Rising(best) if worth > best + GAIN_MIN => {
                self.least = Least::Rising(worth);
                self.keep(worth);
            }
            Least::Fixed(least, count_max) if worth >= least && self.found.len() < count_max => self.keep(worth),
            _ => {}
        }
        for at in from..self.order.len() {
            let limit = reach + self.beyond[at];
            let is_full = matches!(self.least, Least::Fixed(_, count_max) if self.found.len() >= count_max);
            if limit <= self.floor() || is_full {
                return;
            }
            if self.nodes >= self.nodes_max {
                self.cut = self.cut.max(limit);
                return;
            }
            self.nodes += 1;
            if self.nodes.is_multiple_of(BLOCK) && self.stop.is_raised() {
                self.nodes = self.nodes_max;
            }
            let item = self.order[at];
            if !self.instance.fits(item, room) {
                continue;
            }
            let most = self.instance.most(item, room, self.instance.demands[item]);
            for count in (1..=most).rev() {
                let sizes = self.instance.sizes(item);
                let room: Vec<i64> =
                    room.iter().zip(sizes).map(|(room, size)| room - size * i64::from(count)).collect();
                self.path.push((narrow(item), count));
                let copies = f64::from(count);
                self.descend(at + 1, &room, worth + self.prices[item] * copies, reach + self.nets[item] * copies);
                self.path.pop();
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
