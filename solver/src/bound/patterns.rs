//! Device patterns: which parts of devices lie on one device together, at some instants.
//!
//! Dantzig-Wolfe over devices (Gilmore & Gomory 1961 for one dimension): a capsule of `n` devices that runs at an instant
//! needs `n` pieces of its milli in its group then, a pattern supplies pieces on one device of the group, and every device
//! holds one pattern at each instant. Pieces are priced by the master program and patterns by an exact knapsack over 1,000
//! milli. That capsules share their other kinds is left to the linear rows, and that a piece stays on its device from one
//! instant to the next to the cells, so the program relaxes, and its prices make a bound like all others.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::{Interval, Timestamp};

use super::merge::Merged;
use super::timeline::{Timeline, Window};
use crate::lowering::Lowered;

/// The most rows of pieces: instants are left out where there would be more.
const PIECE_ROWS_MAX: usize = 6_000;

/// The most instants.
const INSTANTS_MAX: usize = 12;

/// How many pieces of each milli one device holds; sorted by milli.
pub type Pattern = Vec<(u16, u16)>;

/// A piece of a device: where, of how many milli, held when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Piece {
    /// The merged group.
    pub group: usize,
    /// Its milli.
    pub milli: u16,
    /// The instant.
    pub instant: Timestamp,
}

/// Prices of pieces, in micro-credits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PiecePrices(BTreeMap<Piece, f64>);

impl PiecePrices {
    /// The prices above zero among those given.
    pub fn new(prices: impl Iterator<Item = (Piece, f64)>) -> PiecePrices {
        PiecePrices(prices.filter(|entry| entry.1 > 0.0).collect())
    }

    /// Every price, in the order of pieces.
    pub fn iter(&self) -> impl Iterator<Item = (Piece, f64)> + '_ {
        self.0.iter().map(|(&piece, &price)| (piece, price))
    }

    /// What pieces of a milli cost in a group, by instant.
    pub fn of(&self, group: usize, milli: u16) -> impl Iterator<Item = (Timestamp, f64)> + Clone + '_ {
        let piece = |instant| Piece { group, milli, instant: Timestamp(instant) };
        let here = self.0.range(piece(i64::MIN)..=piece(i64::MAX));
        here.map(|(piece, &price)| (piece.instant, price))
    }
}

/// What the patterns are made for.
#[derive(Clone, Debug)]
pub struct DeviceParts {
    /// The instants, ascending.
    pub instants: Vec<Timestamp>,
    /// Devices of each merged group.
    pub devices: Vec<u64>,
    /// The milli of pieces, sorted.
    pub milli: Vec<u16>,
}

impl DeviceParts {
    /// The parts of an instance, at the starts of as many parts of time as there may be; `None` where no capsule holds a device.
    #[must_use]
    pub fn new(lowered: &Lowered<'_>, merged: &Merged, timeline: &Timeline) -> Option<DeviceParts> {
        let demands = lowered.class_indexes().map(|class| &lowered.job(class).demand);
        let milli: BTreeSet<u16> =
            demands.filter(|demand| demand.devices > 0).map(|demand| demand.device_milli).collect();
        let devices: Vec<u64> = merged
            .groups
            .iter()
            .map(|members| {
                let groups = members.iter().map(|&group| lowered.group(group));
                groups.map(|group| u64::from(group.devices) * group.tiles.len() as u64).sum()
            })
            .collect();
        let at_once = milli.len() * devices.iter().filter(|devices| **devices > 0).count();
        let many = PIECE_ROWS_MAX.checked_div(at_once)?.clamp(1, timeline.count().min(INSTANTS_MAX));
        let instant = |k| timeline.interval(Window::of(k * timeline.count() / many)).start;
        Some(DeviceParts { instants: (0..many).map(instant).collect(), devices, milli: milli.into_iter().collect() })
    }

    /// The positions of the instants at which something runs.
    #[must_use]
    pub fn during(&self, run: Interval) -> std::ops::Range<usize> {
        let position = |at| self.instants.partition_point(|&instant| instant < at);
        position(run.start)..position(run.end)
    }
}

/// The pattern of most worth at some prices of pieces, by the unbounded knapsack over a device's milli.
///
/// O(pieces times 1,000).
#[must_use]
pub fn best_pattern(pieces: &[(u16, f64)]) -> (f64, Pattern) {
    let whole = usize::from(DEVICE_MILLI);
    let mut best = vec![0.0f64; whole + 1];
    let mut last: Vec<Option<u16>> = vec![None; whole + 1];
    for filled in 1..=whole {
        best[filled] = best[filled - 1];
        for &(milli, worth) in pieces.iter().filter(|piece| usize::from(piece.0) <= filled && piece.1 > 0.0) {
            let with = best[filled - usize::from(milli)] + worth;
            if with > best[filled] {
                (best[filled], last[filled]) = (with, Some(milli));
            }
        }
    }
    let mut counts: BTreeMap<u16, u16> = BTreeMap::new();
    let mut at = whole;
    while at > 0 {
        match last[at] {
            Some(milli) if milli > 0 => {
                *counts.entry(milli).or_default() += 1;
                at -= usize::from(milli);
            }
            _ => at -= 1,
        }
    }
    (best[whole], counts.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_pattern_fills_a_device_by_worth() {
        // 460 twice is 20; 810 alone is 15; 1,000 alone is 18; 500 and 460 make 18.
        let (worth, pattern) = best_pattern(&[(460, 10.0), (500, 8.0), (810, 15.0), (1_000, 18.0)]);
        assert!((worth - 20.0).abs() < 1e-9);
        assert_eq!(pattern, [(460, 2)]);
    }

    #[test]
    fn pieces_without_worth_make_no_pattern() {
        assert_eq!(best_pattern(&[(100, 0.0), (1_000, -1.0)]), (0.0, vec![]));
    }
}
