//! Which patterns devices have: whole numbers of them, so that the pieces that there are fill the devices that there are as far
//! as possible (cutting stock with one length; Gilmore & Gomory 1961).

use std::collections::BTreeMap;

use crate::program::integer::{IntegerAnswer, IntegerLimits, IntegerProgram};
use crate::support::numbers::floor;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::lowered::ROOM;
use super::relaxed::Pattern;

/// Patterns drawn by chance for the integer program, against the sizes that there are, and in all.
const DRAWN: usize = 40;
const DRAWN_MAX: usize = 2_000;

/// Sizes up to which there is an integer program.
pub(super) const SIZES_MAX: usize = 100;

/// Pieces to cut, and the devices to cut them from.
#[derive(Clone, Debug)]
pub(super) struct Stock {
    /// How many pieces there are of each size.
    pub(super) pieces: BTreeMap<u32, u32>,
    pub(super) devices: u32,
}

impl Stock {
    /// Takes a device of a pattern, if it is there with its pieces.
    fn take(&mut self, pattern: &Pattern, devices: u32) -> bool {
        let has =
            pattern.iter().all(|(size, count)| self.pieces.get(size).is_some_and(|&left| left >= count * devices));
        if self.devices < devices || !has {
            return false;
        }
        self.devices -= devices;
        for (size, count) in pattern {
            *self.pieces.get_mut(size).expect("it was found above") -= count * devices;
        }
        true
    }

    /// The largest pieces that are left, one device after another; by chance where a seed is given.
    fn fill(&self, random: &mut Option<Random>) -> Pattern {
        let mut pattern = Pattern::new();
        let mut room = ROOM;
        for (&size, &left) in self.pieces.iter().rev() {
            let most = left.min(room / size);
            let count = match random {
                Some(random) => u32::try_from(random.below(u64::from(most) + 1)).expect("it is at most the most"),
                None => most,
            };
            if count > 0 {
                pattern.push((size, count));
                room -= count * size;
            }
        }
        pattern
    }
}

/// Patterns in whole numbers with what the relaxation has of each, and the milli that they fill: the relaxation rounded down
/// and so many of each left open, the rest by an integer program of so many nodes, and what that leaves by filling.
pub(super) fn cut(
    stock: &Stock,
    relaxed: &[(Pattern, f64)],
    (open, nodes_max): (f64, u32),
    random: &mut Random,
    stop: &Stop,
) -> Vec<(Pattern, u32)> {
    let mut left = stock.clone();
    let mut chosen: BTreeMap<Pattern, u32> = BTreeMap::new();
    for (pattern, value) in relaxed {
        let devices = u32::try_from(floor(value - open)).unwrap_or(0);
        if devices > 0 && left.take(pattern, devices) {
            *chosen.entry(pattern.clone()).or_default() += devices;
        }
    }
    let filled = fill(&left);
    let mut take_all = |rest: Vec<(Pattern, u32)>| {
        for (pattern, devices) in rest {
            *chosen.entry(pattern).or_default() += devices;
        }
    };
    if left.pieces.len() > SIZES_MAX {
        take_all(filled);
        return chosen.into_iter().collect();
    }
    let mut pool: Vec<Pattern> = relaxed.iter().map(|(pattern, _)| pattern.clone()).collect();
    pool.extend(filled.iter().map(|(pattern, _)| pattern.clone()));
    pool.extend(left.pieces.keys().map(|&size| vec![(size, 1)]));
    for _ in 0..(DRAWN * left.pieces.len()).min(DRAWN_MAX) {
        pool.push(left.fill(&mut Some(random.fork(pool.len() as u64))));
    }
    pool.sort_unstable();
    pool.dedup();
    let rest =
        search(&left, &pool, nodes_max, random, stop).filter(|rest| milli(rest) > milli(&filled)).unwrap_or(filled);
    take_all(rest);
    chosen.into_iter().collect()
}

/// What patterns fill.
pub(super) fn milli(patterns: &[(Pattern, u32)]) -> u64 {
    let of = |pattern: &Pattern| pattern.iter().map(|&(size, count)| u64::from(size) * u64::from(count)).sum::<u64>();
    patterns.iter().map(|(pattern, devices)| of(pattern) * u64::from(*devices)).sum()
}

/// Fills device after device with the largest pieces that are left.
fn fill(stock: &Stock) -> Vec<(Pattern, u32)> {
    let mut left = stock.clone();
    let mut chosen: Vec<(Pattern, u32)> = Vec::new();
    while left.devices > 0 {
        let pattern = left.fill(&mut None);
        if pattern.is_empty() {
            break;
        }
        let most = pattern.iter().map(|(size, count)| left.pieces[size] / count).min().unwrap_or(0).min(left.devices);
        left.take(&pattern, most);
        chosen.push((pattern, most));
    }
    chosen
}

/// The patterns of a pool that fill most, as far as so many nodes of a search tree tell.
fn search(
    stock: &Stock,
    pool: &[Pattern],
    nodes_max: u32,
    random: &Random,
    stop: &Stop,
) -> Option<Vec<(Pattern, u32)>> {
    let mut program = IntegerProgram::default();
    let mut rows: BTreeMap<u32, Vec<(usize, f64)>> = BTreeMap::new();
    let mut devices = Vec::new();
    let mut named = Vec::new();
    for pattern in pool {
        let most = pattern.iter().map(|(size, count)| stock.pieces.get(size).unwrap_or(&0) / count).min();
        let most = most.unwrap_or(0).min(stock.devices);
        if most == 0 {
            continue;
        }
        let filled: u32 = pattern.iter().map(|(size, count)| size * count).sum();
        let column = program.column(-f64::from(filled), most);
        pattern.iter().for_each(|&(size, count)| rows.entry(size).or_default().push((column, f64::from(count))));
        devices.push((column, 1.0));
        named.push(pattern);
    }
    program.row(f64::NEG_INFINITY, f64::from(stock.devices), devices);
    for (size, entries) in rows {
        program.row(f64::NEG_INFINITY, f64::from(stock.pieces[&size]), entries);
    }
    let seed = u32::try_from(random.clone().below(1 << 30)).unwrap_or(0);
    let limits = IntegerLimits { nodes_max: Some(nodes_max), seed, ..IntegerLimits::default() };
    match program.solve(limits, stop) {
        IntegerAnswer::Optimal(values) | IntegerAnswer::Feasible(values) => {
            Some(named.into_iter().cloned().zip(values).filter(|&(_, count)| count > 0).collect())
        }
        IntegerAnswer::Infeasible | IntegerAnswer::Nothing | IntegerAnswer::Interrupted => None,
    }
}
