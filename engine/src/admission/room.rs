//! What one tile has left.

use lessor_models::fleet::ClassIndex;
use lessor_models::resources::Resources;
use lessor_models::tile_class::{DEVICE_MILLI, DEVICES_MAX};

use super::want::Want;
use crate::ledger::Devices;

/// What one tile has and has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its class.
    pub class: ClassIndex,
    /// What its own accounts have in all.
    pub limit: Resources,
    /// What they have left.
    pub left: Resources,
    device_count: u8,
    device_left: [u16; DEVICES_MAX as usize],
}

impl Room {
    /// A tile of a class with its limits, what is left of them, and of each device in milli-devices.
    ///
    /// # Panics
    /// More devices than [`DEVICES_MAX`].
    #[must_use]
    pub fn new(class: ClassIndex, limit: Resources, left: Resources, devices: &[u16]) -> Room {
        let mut device_left = [0; DEVICES_MAX as usize];
        device_left[..devices.len()].copy_from_slice(devices);
        let device_count = u8::try_from(devices.len()).expect("a tile has at most 64 devices");
        Room { class, limit, left, device_count, device_left }
    }

    /// What is left of each device, in milli-devices.
    #[must_use]
    pub fn devices(&self) -> &[u16] {
        &self.device_left[..usize::from(self.device_count)]
    }

    /// How many devices nobody holds anything of.
    #[must_use]
    pub fn whole_devices(&self) -> usize {
        self.devices().iter().filter(|&&left| left == DEVICE_MILLI).count()
    }

    /// Milli-devices left in all.
    #[must_use]
    pub fn milli_left(&self) -> u64 {
        self.devices().iter().map(|&left| u64::from(left)).sum()
    }

    /// Whether a want fits.
    #[must_use]
    pub fn fits(&self, want: &Want) -> bool {
        want.draw.fits(&self.left)
            && want.classes.has(self.class)
            && self.devices().iter().filter(|&&left| left >= want.devices.milli).count()
                >= usize::from(want.devices.count)
    }

    /// The room with a want that fits on these devices.
    #[must_use]
    pub fn after(&self, want: &Want, devices: u64) -> Room {
        let mut after = *self;
        after.left = self.left.saturating_sub(&want.draw);
        for (device, left) in after.device_left.iter_mut().enumerate().take(usize::from(self.device_count)) {
            if devices >> device & 1 == 1 {
                *left -= want.devices.milli;
            }
        }
        after
    }

    /// The devices with the least left that have enough, as a mask, the first of equals. What was asked for fits.
    #[must_use]
    pub fn tightest(&self, asked: Devices) -> u64 {
        let mut mask = 0_u64;
        for _ in 0..asked.count {
            let open =
                self.devices().iter().enumerate().filter(|&(at, &left)| mask >> at & 1 == 0 && left >= asked.milli);
            let tightest = open.min_by_key(|&(_, &left)| left).map(|(at, _)| 1 << at);
            mask |= tightest.unwrap_or(0);
        }
        mask
    }

    /// Every way of taking devices that differs in what it leaves: for a share of one device, each amount that some device has
    /// left; for anything else the tightest alone.
    pub fn choices(&self, asked: Devices) -> impl Iterator<Item = u64> + '_ {
        let is_share = asked.count == 1 && asked.milli < DEVICE_MILLI;
        let tightest = (!is_share).then(|| self.tightest(asked));
        let shares = self
            .devices()
            .iter()
            .enumerate()
            .filter(move |&(at, left)| is_share && *left >= asked.milli && !self.devices()[..at].contains(left));
        tightest.into_iter().chain(shares.map(|(at, _)| 1 << at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(devices: &[u16]) -> Room {
        Room::new(ClassIndex(0), Resources::UNLIMITED, Resources::UNLIMITED, devices)
    }

    #[test]
    fn the_tightest_devices_are_those_with_least_left() {
        let room = room(&[1_000, 400, 700, 400]);
        assert_eq!(room.tightest(Devices { count: 2, milli: 300 }), 0b1010);
        assert_eq!(room.tightest(Devices { count: 2, milli: 500 }), 0b0101);
        assert_eq!(room.tightest(Devices::NONE), 0);
    }

    #[test]
    fn equal_devices_are_one_choice() {
        let choices =
            |count, milli| room(&[1_000, 400, 1_000, 400, 90]).choices(Devices { count, milli }).collect::<Vec<_>>();
        assert_eq!(choices(1, 100), [0b1, 0b10]);
        assert_eq!(choices(1, 1_000), [0b1]);
        assert_eq!(choices(2, 200), [0b1010]);
        assert_eq!(choices(0, 0), [0]);
    }
}
