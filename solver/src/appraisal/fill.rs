//! How much of a tile's devices is filled before its compute, or its memory, runs out.
//!
//! ```text
//! filled(level, left) = chance that one of four capsules fits  *  mean over those that fit of
//!                       what it fills + filled(level - what it fills, left - what it draws)
//! ```
//!
//! What is **lost** is what would be filled with more of the kind left, and a part of what is filled with no amount of it: of seven
//! devices where most capsules want eight.
//!
//! A **level** counts sixths of a device that are still to be filled, by what pieces pay and not by what they measure: what comes
//! for nothing beside others needs no room of its own. A tile sees a few capsules for each that it takes, since the others lie
//! on other tiles.

use std::collections::BTreeMap;

use super::pieces::Pieces;
use super::{Asked, DEVICE_WORTH};

/// Levels of one device: halves and thirds are exact.
const LEVELS: usize = 6;

/// The same, to multiply worth by.
const SIGNED_LEVELS: i64 = 6;

/// Levels are told apart up to so many devices; a tile with more counts as one with so many.
const DEVICES_MAX: u8 = 16;

/// Steps that what is left is told apart in.
const STEPS: usize = 256;

/// What counts of the room that nothing fills however much of the kind is left, in tenths. Less than all: what comes is placed
/// where it fits, while the table takes it as it comes.
const UNFILLED_TENTHS: i64 = 4;

/// A table of what is expected to be filled.
#[derive(Clone, Debug)]
pub(super) struct Fill {
    /// Level by level, each step of what is left, in millionths of a device.
    filled: Vec<[i64; STEPS + 1]>,
    /// The most that a tile has.
    most: u64,
}

/// Capsules that cannot be told apart here: levels, steps, how many.
type Sort = (usize, usize, f64);

impl Fill {
    /// The table of one kind, of which the largest tile has so much and each sort draws what the function says.
    pub(super) fn of(holders: &[Asked], pieces: &Pieces, devices: u8, kind: (u64, impl Fn(&Asked) -> u64)) -> Fill {
        let (most, draw) = (kind.0.max(1), kind.1);
        let mut merged: BTreeMap<(usize, usize), f64> = BTreeMap::new();
        for sort in holders {
            let levels =
                (1..=LEVELS).rev().find(|&level| pieces.pays(sort.milli) >= (level as f64 - 0.5) / LEVELS as f64);
            let Some(levels) = levels else { continue };
            *merged.entry((levels * usize::from(sort.devices), steps_up(draw(sort), most))).or_default() +=
                sort.count as f64;
        }
        let sorts: Vec<Sort> = merged.into_iter().map(|((levels, steps), count)| (levels, steps, count)).collect();
        let top = LEVELS * usize::from(devices.min(DEVICES_MAX));
        Fill { filled: table(&sorts, top), most }
    }

    /// What is lost of remainders that are worth so much because only so much is left, in millionths of a device.
    pub(super) fn lost(&self, remainders: i64, left: u64) -> i64 {
        let step =
            usize::try_from(u128::from(left) * STEPS as u128 / u128::from(self.most)).unwrap_or(STEPS).min(STEPS);
        let (level, part) = (remainders * SIGNED_LEVELS / DEVICE_WORTH, remainders * SIGNED_LEVELS % DEVICE_WORTH);
        let level = usize::try_from(level).unwrap_or(0);
        let last = self.filled.len() - 1;
        let lost = |level: usize| {
            let (at, row) = (level.min(last), &self.filled[level.min(last)]);
            let all = i64::try_from(at).unwrap_or(0) * DEVICE_WORTH / SIGNED_LEVELS;
            row[STEPS] - row[step] + (all - row[STEPS]).max(0) * UNFILLED_TENTHS / 10
        };
        lost(level) + (lost(level + 1) - lost(level)) * part / DEVICE_WORTH
    }
}

/// Steps that cover so much, rounded up.
fn steps_up(amount: u64, most: u64) -> usize {
    let steps = (u128::from(amount) * STEPS as u128).div_ceil(u128::from(most));
    usize::try_from(steps).unwrap_or(usize::MAX)
}

fn table(sorts: &[Sort], top: usize) -> Vec<[i64; STEPS + 1]> {
    let mut filled = vec![[0.0_f64; STEPS + 1]];
    for level in 1..=top {
        let within: Vec<Sort> = sorts.iter().copied().filter(|sort| sort.0 <= level).collect();
        let all: f64 = within.iter().map(|sort| sort.2).sum();
        let mut row = [0.0; STEPS + 1];
        for left in 0..=STEPS {
            let (mut fitting, mut sum) = (0.0, 0.0);
            for &(levels, steps, count) in within.iter().filter(|sort| sort.1 <= left) {
                fitting += count;
                sum += count * (levels as f64 / LEVELS as f64 + filled[level - levels][left - steps]);
            }
            if fitting > 0.0 {
                row[left] = sum / fitting * some_fits(fitting / all);
            }
            // More room is never worth less, whatever the mean says.
            let less = if left > 0 { row[left - 1] } else { 0.0 };
            row[left] = row[left].max(less).max(filled[level - 1][left]);
        }
        filled.push(row);
    }
    let millionths = |devices: f64| crate::support::numbers::round(devices * DEVICE_WORTH as f64);
    filled.iter().map(|row| row.map(millionths)).collect()
}

/// The chance that at least one of four capsules fits, where each does by itself with a chance.
fn some_fits(chance: f64) -> f64 {
    let none_of_two = (1.0 - chance) * (1.0 - chance);
    1.0 - none_of_two * none_of_two
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_is_the_mean_over_what_fits() {
        // One device; of two sorts equally common, one draws half of a tile and one all of it. With half left, one of four
        // fits with a chance of 1 - 1/16, and fills the device.
        let sort = |compute| Asked { devices: 1, milli: 1_000, compute, memory: 0, count: 1 };
        let holders = [sort(128), sort(256)];
        let fill = Fill::of(&holders, &Pieces::of(&holders), 1, (256, |sort| sort.compute));
        assert_eq!([256, 128, 127].map(|left| fill.lost(DEVICE_WORTH, left)), [0, 62_500, 1_000_000]);
    }

    #[test]
    fn two_devices_share_what_is_left() {
        // Each capsule draws half of a tile: with all of it two are filled, with three quarters one.
        let holders = [Asked { devices: 1, milli: 1_000, compute: 128, memory: 0, count: 1 }];
        let fill = Fill::of(&holders, &Pieces::of(&holders), 2, (256, |sort| sort.compute));
        assert_eq!([256, 192, 100].map(|left| fill.lost(2 * DEVICE_WORTH, left)), [0, 1_000_000, 2_000_000]);
    }

    #[test]
    fn between_levels_the_loss_is_straight() {
        let holders = [Asked { devices: 1, milli: 1_000, compute: 256, memory: 0, count: 1 }];
        let fill = Fill::of(&holders, &Pieces::of(&holders), 2, (256, |sort| sort.compute));
        // At five sixths nothing could be filled anyway, of which four tenths count; at one device all of it is lost.
        let unfilled = DEVICE_WORTH * 5 / 6 * 4 / 10;
        assert_eq!(fill.lost(DEVICE_WORTH * 5 / 6 + 1, 0), unfilled + 2);
        assert_eq!(fill.lost(DEVICE_WORTH, 0), DEVICE_WORTH);
        assert!((fill.lost(DEVICE_WORTH * 11 / 12, 0) - i64::midpoint(unfilled, DEVICE_WORTH)).abs() < 10);
    }

    #[test]
    fn devices_that_are_too_few_for_what_comes_lose_a_part() {
        // Everybody wants two devices: of one alone nothing is filled, of three one is left over.
        let holders = [Asked { devices: 2, milli: 1_000, compute: 1, memory: 0, count: 1 }];
        let fill = Fill::of(&holders, &Pieces::of(&holders), 3, (256, |sort| sort.compute));
        assert_eq!([1, 2, 3].map(|devices| fill.lost(devices * DEVICE_WORTH, 256)), [400_000, 0, 400_000]);
    }
}
