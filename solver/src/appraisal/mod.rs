//! What the room left on a tile is worth, to whoever chooses tiles one capsule at a time without seeing later ones.
//!
//! All that is known of the future is the mix of what was asked for so far. Two things waste room that nothing overdraws:
//!
//! - a device is left with less than anyone fills: [`pieces`] prices every remainder by the dual of a cutting-stock program
//!   over the sizes asked for (Gilmore & Gomory 1961), so that a remainder is worth what the best mixture of patterns puts there;
//! - compute or memory of a tile run out before its devices do, or what comes wants more devices at once than are left: [`fill`] is
//!   how much of the devices is expected to be filled with so much compute, or memory, left, if capsules come as the mix says.
//!
//! The worth of a tile is that of its remainders, less what they lose to the scarcer of compute and memory. Whoever places a
//! capsule where the worth falls least leaves most to come. [`odds`] is for what only some tiles can hold.
//!
//! Floating point ends here: what leaves this module is whole millionths of a device.

mod fill;
pub mod odds;
mod pieces;

use fill::Fill;
use pieces::Pieces;

/// The unit of worth: a whole device is worth a million.
pub const DEVICE_WORTH: i64 = 1_000_000;

/// Capsules of one sort that were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// How many devices each holds.
    pub devices: u8,
    /// How much of each device, in milli-devices; 1 to 1,000 where there are any.
    pub milli: u16,
    /// Compute.
    pub compute: u64,
    /// Memory.
    pub memory: u64,
    /// How often it was asked for.
    pub count: u64,
}

/// The most that any tile has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Largest {
    /// Devices.
    pub devices: u8,
    /// Compute.
    pub compute: u64,
    /// Memory.
    pub memory: u64,
}

/// What is left of one tile.
#[derive(Clone, Copy, Debug)]
pub struct Left<'a> {
    /// Of each device, in milli-devices; at most 1,000.
    pub devices: &'a [u16],
    /// Compute.
    pub compute: u64,
    /// Memory.
    pub memory: u64,
}

/// What room is worth under one mix.
#[derive(Clone, Debug)]
pub struct Appraisal {
    pieces: Pieces,
    /// By compute, and by memory; none before anything was asked for.
    fills: Option<[Fill; 2]>,
}

impl Appraisal {
    /// What room is worth where nothing is known: so many milli-devices so much, whatever they are good for.
    #[must_use]
    pub fn unknowing() -> Appraisal {
        Appraisal { pieces: Pieces::by_size(), fills: None }
    }

    /// What room is worth if what comes is like what came, on tiles that are at most so large.
    ///
    /// O(levels x 256 x sorts) for the levels of the largest tile's devices.
    #[must_use]
    pub fn of(asked: &[Asked], largest: Largest) -> Appraisal {
        let holders: Vec<Asked> = asked.iter().copied().filter(|sort| sort.devices > 0 && sort.count > 0).collect();
        if holders.is_empty() {
            return Appraisal::unknowing();
        }
        let pieces = Pieces::of(&holders);
        let by_compute = Fill::of(&holders, &pieces, largest.devices, (largest.compute, |sort| sort.compute));
        let by_memory = Fill::of(&holders, &pieces, largest.devices, (largest.memory, |sort| sort.memory));
        Appraisal { pieces, fills: Some([by_compute, by_memory]) }
    }

    /// What so much left of one device is worth by itself, in millionths of a device. O(1).
    #[must_use]
    pub fn remainder(&self, milli: u16) -> i64 {
        self.pieces.worth(milli)
    }

    /// What is left of a tile is worth so much, in millionths of a device; at least zero. O(devices).
    #[must_use]
    pub fn worth(&self, left: &Left<'_>) -> i64 {
        let remainders: i64 = left.devices.iter().map(|&milli| self.pieces.worth(milli)).sum();
        let Some([by_compute, by_memory]) = &self.fills else { return remainders };
        let lost = by_compute.lost(remainders, left.compute).max(by_memory.lost(remainders, left.memory));
        (remainders - lost).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: Largest = Largest { devices: 2, compute: 20, memory: 256 };

    fn sort(milli: u16, compute: u64, count: u64) -> Asked {
        Asked { devices: 1, milli, compute, memory: 1, count }
    }

    #[test]
    fn a_remainder_is_worth_what_patterns_put_there() {
        // Halves fill a device in twos: a half and all that is less than a whole is worth a half, and less than a half nothing.
        let appraisal = Appraisal::of(&[sort(500, 1, 1)], LARGEST);
        let worth = |milli| appraisal.worth(&Left { devices: &[milli], compute: 20, memory: 256 });
        assert_eq!([1_000, 999, 500, 499].map(worth), [1_000_000, 500_000, 500_000, 0]);
    }

    #[test]
    fn devices_without_compute_are_worth_little() {
        // Whole devices that need 10 of compute each: 20 serve two, 10 one, 9 none.
        let appraisal = Appraisal::of(&[sort(1_000, 10, 1)], LARGEST);
        let worth = |compute| appraisal.worth(&Left { devices: &[1_000, 1_000], compute, memory: 256 });
        assert_eq!([20, 19, 10, 9].map(worth), [2_000_000, 1_000_000, 1_000_000, 0]);
    }

    #[test]
    fn the_scarcer_of_compute_and_memory_counts() {
        let hungry = Asked { devices: 1, milli: 1_000, compute: 10, memory: 128, count: 1 };
        let appraisal = Appraisal::of(&[hungry], LARGEST);
        let worth = |compute, memory| appraisal.worth(&Left { devices: &[1_000, 1_000], compute, memory });
        assert_eq!((worth(20, 256), worth(20, 255), worth(10, 127)), (2_000_000, 1_000_000, 0));
    }

    #[test]
    fn nothing_known_leaves_milli_for_milli() {
        let appraisal = Appraisal::of(&[Asked { devices: 0, milli: 0, compute: 3, memory: 3, count: 9 }], LARGEST);
        assert_eq!(appraisal.worth(&Left { devices: &[300, 5], compute: 0, memory: 0 }), 305_000);
    }
}
