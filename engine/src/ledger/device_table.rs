//! What is left of every device of every tile, and what leases hold of devices that their tile lacks by now.

use std::borrow::Cow;
use std::collections::BTreeMap;

use lessor_models::fleet::{Fleet, NodeIndex};
use lessor_models::tile_class::DEVICE_MILLI;

use super::devices::Devices;

/// What is left of every device of every tile, in milli-devices, as one flat array; and what of it is promised to offers.
#[derive(Clone, Debug)]
pub(super) struct DeviceTable {
    starts: Vec<u32>,
    left: Vec<u16>,
    /// What offers will take of each device of a tile once others have returned theirs; tiles without offers are left out.
    promised: BTreeMap<NodeIndex, Vec<u16>>,
    /// What is held of devices that a tile lacks, in milli-devices, by tile and device: their leases are from a fleet before.
    lost: BTreeMap<(NodeIndex, u8), u16>,
}

impl DeviceTable {
    pub(super) fn new(fleet: &Fleet) -> DeviceTable {
        let (mut starts, mut devices) = (vec![0], 0);
        for node in fleet.nodes() {
            let class = fleet.class_of(node).map(|class| &fleet.classes()[class.at()]);
            devices += class.map_or(0, |class| u32::from(class.devices));
            starts.push(devices);
        }
        let left = vec![DEVICE_MILLI; devices as usize];
        DeviceTable { starts, left, promised: BTreeMap::new(), lost: BTreeMap::new() }
    }

    /// What is left of each device of a tile.
    pub(super) fn left(&self, node: NodeIndex) -> &[u16] {
        &self.left[self.starts[node.at()] as usize..self.starts[node.at() + 1] as usize]
    }

    /// What is left of each device of a tile, less what is promised.
    pub(super) fn free(&self, node: NodeIndex) -> Cow<'_, [u16]> {
        let left = self.left(node);
        match self.promised.get(&node) {
            None => Cow::Borrowed(left),
            Some(promised) => {
                left.iter().zip(promised).map(|(left, promised)| left.saturating_sub(*promised)).collect()
            }
        }
    }

    fn left_mut(&mut self, node: NodeIndex) -> &mut [u16] {
        &mut self.left[self.starts[node.at()] as usize..self.starts[node.at() + 1] as usize]
    }

    /// The devices to take, as a mask over the tile's devices: those with the least free that still have enough, the first
    /// of equals. Where there are too few, how many there are. O(devices of the tile times devices asked).
    pub(super) fn choose(&self, node: NodeIndex, asked: Devices) -> Result<u64, u8> {
        if asked.count == 0 { Ok(0) } else { choose(&self.free(node), asked) }
    }

    /// The same, whatever is promised.
    pub(super) fn choose_promised(&self, node: NodeIndex, asked: Devices) -> Result<u64, u8> {
        choose(self.left(node), asked)
    }

    /// The devices to take once others have given back what they hold, as masks and milli-devices.
    pub(super) fn choose_after(&self, node: NodeIndex, asked: Devices, given: &[(u64, u16)]) -> Result<u64, u8> {
        let mut free = self.left(node).to_vec();
        let promised = self.promised.get(&node);
        for (at, free) in free.iter_mut().enumerate() {
            *free += given.iter().filter(|(mask, _)| mask >> at & 1 == 1).map(|(_, milli)| milli).sum::<u16>();
            *free = free.saturating_sub(promised.map_or(0, |promised| promised[at]));
        }
        choose(&free, asked)
    }

    /// Whether the mask names as many devices as asked, each with enough free.
    #[inline]
    pub(super) fn can_take(&self, node: NodeIndex, mask: u64, asked: Devices) -> bool {
        if asked.count == 0 { mask == 0 } else { are_enough(&self.free(node), mask, asked) }
    }

    /// Whether the mask names as many devices as asked, each with enough left, promised or not.
    pub(super) fn can_take_promised(&self, node: NodeIndex, mask: u64, asked: Devices) -> bool {
        are_enough(self.left(node), mask, asked)
    }

    /// Whether a lease that held the mask may hold it again: it names as many devices as asked, and what the tile has of them
    /// has enough left. Nobody holds more of a lost device than there was of it.
    pub(super) fn can_take_again(&self, node: NodeIndex, mask: u64, asked: Devices) -> bool {
        let has = self.left(node);
        let is_enough = |at: u8| match has.get(usize::from(at)) {
            Some(left) => *left >= asked.milli,
            None => self.lost.get(&(node, at)).is_none_or(|held| held + asked.milli <= DEVICE_MILLI),
        };
        mask.count_ones() == u32::from(asked.count) && named(mask).all(is_enough)
    }

    /// The devices of a mask that the tile lacks.
    #[inline]
    pub(super) fn lacked(&self, node: NodeIndex, mask: u64) -> u64 {
        let count = self.starts[node.at() + 1] - self.starts[node.at()];
        mask & u64::MAX.checked_shl(count).unwrap_or(0)
    }

    /// Milli-devices that leases hold of devices which the tile lacks.
    #[inline]
    pub(super) fn lost(&self, node: NodeIndex) -> u64 {
        self.lost.range((node, 0)..=(node, u8::MAX)).map(|(_, held)| u64::from(*held)).sum()
    }

    /// Keeps so much of each device in the mask for an offer.
    pub(super) fn promise(&mut self, node: NodeIndex, mask: u64, milli: u16) {
        if mask == 0 {
            return;
        }
        let count = self.left(node).len();
        let promised = self.promised.entry(node).or_insert_with(|| vec![0; count]);
        for (at, promised) in promised.iter_mut().enumerate() {
            if mask >> at & 1 == 1 {
                *promised += milli;
            }
        }
    }

    /// Keeps it no longer.
    pub(super) fn unpromise(&mut self, node: NodeIndex, mask: u64, milli: u16) {
        let Some(promised) = self.promised.get_mut(&node).filter(|_| mask != 0) else { return };
        for (at, promised) in promised.iter_mut().enumerate() {
            if mask >> at & 1 == 1 {
                *promised = promised.checked_sub(milli).expect("only what was promised is promised no longer");
            }
        }
        if promised.iter().all(|promised| *promised == 0) {
            self.promised.remove(&node);
        }
    }

    /// Takes so much of each device in the mask.
    pub(super) fn take(&mut self, node: NodeIndex, mask: u64, milli: u16) {
        if mask == 0 {
            return;
        }
        for (at, left) in self.left_mut(node).iter_mut().enumerate() {
            if mask >> at & 1 == 1 {
                *left = left.checked_sub(milli).expect("only devices with enough left are chosen");
            }
        }
        for at in named(self.lacked(node, mask)) {
            let held = self.lost.entry((node, at)).or_default();
            *held += milli;
            assert!(*held <= DEVICE_MILLI, "nobody holds more of a lost device than there was of it");
        }
    }

    /// Gives it back.
    pub(super) fn give(&mut self, node: NodeIndex, mask: u64, milli: u16) {
        if mask == 0 {
            return;
        }
        for (at, left) in self.left_mut(node).iter_mut().enumerate() {
            if mask >> at & 1 == 1 {
                *left += milli;
                assert!(*left <= DEVICE_MILLI, "only what was taken is given back");
            }
        }
        for at in named(self.lacked(node, mask)) {
            let held = self.lost.entry((node, at)).or_default();
            *held = held.checked_sub(milli).expect("only what was taken is given back");
            if *held == 0 {
                self.lost.remove(&(node, at));
            }
        }
    }
}

/// The devices that a mask names, from the first on. O(devices named).
fn named(mut mask: u64) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let first = u8::try_from(mask.trailing_zeros()).ok().filter(|_| mask != 0)?;
        mask &= mask - 1;
        Some(first)
    })
}

fn are_enough(left: &[u16], mask: u64, asked: Devices) -> bool {
    let taken = left.iter().enumerate().filter(|&(at, left)| mask >> at & 1 == 1 && *left >= asked.milli).count();
    taken == usize::from(asked.count) && mask.count_ones() == u32::from(asked.count)
}

/// The devices to take: those with the least left that still have enough, the first of equals; or how many there are.
fn choose(left: &[u16], asked: Devices) -> Result<u64, u8> {
    let (mut mask, mut found) = (0_u64, 0);
    while found < asked.count {
        let open = left.iter().enumerate().filter(|&(at, left)| mask >> at & 1 == 0 && *left >= asked.milli);
        let Some((at, _)) = open.min_by_key(|&(_, left)| *left) else { return Err(found) };
        mask |= 1 << at;
        found += 1;
    }
    Ok(mask)
}
