//! Device patterns: which parts of devices lie on one device together.
//!
//! Dantzig-Wolfe over devices (Gilmore & Gomory 1961 for one dimension): a capsule of `n` devices needs `n` pieces of its
//! milli in its group, a pattern supplies pieces on one device of the group, and every device holds one pattern. Pieces are
//! priced by the master program and patterns by an exact knapsack over 1,000 milli. That capsules share their other kinds
//! is left to the linear rows, so the program relaxes, and its prices make a bound like all others.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::Timestamp;

use super::merge::Merged;
use crate::index::JobClassIndex;
use crate::lowering::Lowered;

/// How many pieces of each milli one device holds; sorted by milli.
pub type Pattern = Vec<(u16, u16)>;

/// Which classes take part, and what each merged group has.
#[derive(Clone, Debug)]
pub struct DeviceParts {
    /// The instant at which every class that takes part surely runs.
    pub instant: Timestamp,
    takes_part: Vec<bool>,
    /// Devices of each merged group.
    pub devices: Vec<u64>,
    /// The milli of pieces, sorted.
    pub milli: Vec<u16>,
}

/// Prices of pieces by merged group and milli, in micro-credits.
pub type PiecePrices = BTreeMap<(usize, u16), f64>;

impl DeviceParts {
    /// The parts of an instance; `None` where no capsule holds a device.
    #[must_use]
    pub fn new(lowered: &Lowered<'_>, merged: &Merged) -> Option<DeviceParts> {
        let instant = busiest_instant(lowered)?;
        let runs_then = |class| sure_run(lowered, class).is_some_and(|(from, to)| from <= instant && instant < to);
        let takes_part: Vec<bool> = lowered.class_indexes().map(runs_then).collect();
        let devices = merged.groups.iter().map(|members| {
            let groups = members.iter().map(|&group| lowered.group(group));
            groups.map(|group| u64::from(group.devices) * group.tiles.len() as u64).sum()
        });
        let partakers = lowered.class_indexes().filter(|class| takes_part[class.at()]);
        let milli: BTreeSet<u16> = partakers.map(|class| lowered.job(class).demand.device_milli).collect();
        Some(DeviceParts { instant, devices: devices.collect(), milli: milli.into_iter().collect(), takes_part })
    }

    /// The milli and the number of a capsule's pieces, where its class takes part.
    #[must_use]
    pub fn pieces(&self, lowered: &Lowered<'_>, class: JobClassIndex) -> Option<(u16, u8)> {
        let demand = &lowered.job(class).demand;
        self.takes_part[class.at()].then_some((demand.device_milli, demand.devices))
    }
}

/// When a class's capsules run whatever their start and tile: from the latest start to the earliest end.
fn sure_run(lowered: &Lowered<'_>, class: JobClassIndex) -> Option<(Timestamp, Timestamp)> {
    let job = lowered.job(class);
    if job.demand.devices == 0 {
        return None;
    }
    let terms = lowered.instance.fleet().classes().iter().map(|tile| lessor_models::draw::term(job, tile));
    let shortest = terms.min()?;
    let latest = Timestamp(job.deadline.0.saturating_sub_unsigned(shortest.0));
    let end = job.earliest.after(shortest);
    (latest < end).then_some((latest, end))
}

/// The instant at which most devices are surely asked for, by a sweep over the sure runs.
fn busiest_instant(lowered: &Lowered<'_>) -> Option<Timestamp> {
    let mut changes: Vec<(Timestamp, bool, u64)> = Vec::new();
    for class in lowered.class_indexes() {
        if let Some((from, to)) = sure_run(lowered, class) {
            let demand = &lowered.job(class).demand;
            let asked = lowered.most(class) * u64::from(demand.devices) * u64::from(demand.device_milli);
            changes.extend([(from, true, asked), (to, false, asked)]);
        }
    }
    // What ends makes room for what starts at that instant.
    changes.sort_unstable();
    let (mut asked, mut best) = (0u64, None);
    for (at, starts, amount) in changes {
        asked = if starts { asked + amount } else { asked - amount };
        if best.is_none_or(|(most, _)| asked > most) {
            best = Some((asked, at));
        }
    }
    best.map(|(_, at)| at)
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
