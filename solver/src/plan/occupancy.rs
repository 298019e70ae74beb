//! What is placed where, and what is left: of every tile, device and account, in every bucket.

use std::ops::Range;

use lessor_models::job::Demand;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::Timestamp;

use super::bonds::Bonds;
use crate::lowering::index::{AccountIndex, GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::strain::Load;
use crate::lowering::{Group, Lowered};

/// Equal capsules on one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// Their job class.
    pub class: JobClassIndex,
    /// How many; one where devices are held.
    pub count: u32,
    /// When they start.
    pub start: Timestamp,
    /// The devices held, a bit each.
    pub devices: u64,
    /// Whether they ran here before: the search leaves them.
    pub is_current: bool,
}

/// A mutable, partial plan over a raw instance.
#[derive(Clone, Debug)]
pub struct Occupancy<'a> {
    lowered: &'a Lowered<'a>,
    buckets: usize,
    tile_left: Vec<Resources>,
    device_start: Vec<u32>,
    device_left: Vec<u16>,
    account_left: Vec<Resources>,
    items: Vec<Vec<Item>>,
    bonds: Bonds<'a>,
}

impl<'a> Occupancy<'a> {
    /// Nothing placed. O(tiles times buckets).
    #[must_use]
    pub fn new(lowered: &'a Lowered<'a>) -> Occupancy<'a> {
        let buckets = lowered.grid.count();
        let mut tile_left = Vec::with_capacity(lowered.tiles.len() * buckets);
        let mut device_start = Vec::with_capacity(lowered.tiles.len() + 1);
        let mut devices = 0u32;
        for group in &lowered.groups {
            for _ in group.tiles.clone() {
                tile_left.extend((0..buckets).map(|k| *group.capacity(k)));
                device_start.push(devices);
                devices += u32::from(group.devices);
            }
        }
        device_start.push(devices);
        let account_left = lowered.accounts.iter().flat_map(|account| (0..buckets).map(|k| *account.capacity(k)));
        Occupancy {
            lowered,
            buckets,
            tile_left,
            device_start,
            device_left: vec![DEVICE_MILLI; devices as usize * buckets],
            account_left: account_left.collect(),
            items: vec![Vec::new(); lowered.tiles.len()],
            bonds: Bonds::new(lowered),
        }
    }

    /// The raw instance.
    #[must_use]
    pub fn lowered(&self) -> &'a Lowered<'a> {
        self.lowered
    }

    /// What rules see of the plan.
    #[must_use]
    #[inline]
    pub fn bonds(&self) -> &Bonds<'a> {
        &self.bonds
    }

    /// How many capsules of a class are placed.
    #[must_use]
    #[inline]
    pub fn placed(&self, class: JobClassIndex) -> u64 {
        self.bonds.placed(class)
    }

    /// How many capsules of a class are not.
    #[must_use]
    #[inline]
    pub fn missing(&self, class: JobClassIndex) -> u64 {
        self.bonds.missing(class)
    }

    /// What is on a tile.
    #[must_use]
    pub fn items(&self, tile: TileIndex) -> &[Item] {
        &self.items[tile.at()]
    }

    /// How many capsules of a class on a tile have started by an instant.
    #[must_use]
    pub fn begun_on(&self, tile: TileIndex, class: JobClassIndex, by: Timestamp) -> u64 {
        let begun = self.items[tile.at()].iter().filter(|item| item.class == class && item.start <= by);
        begun.map(|item| u64::from(item.count)).sum()
    }

    /// How many capsules of a class are on a tile.
    #[must_use]
    pub fn count_on(&self, tile: TileIndex, class: JobClassIndex) -> u64 {
        self.items[tile.at()].iter().filter(|item| item.class == class).map(|item| u64::from(item.count)).sum()
    }

    /// What is left of a tile in a bucket.
    #[must_use]
    #[inline]
    pub fn tile_left(&self, tile: TileIndex, bucket: usize) -> &Resources {
        &self.tile_left[tile.at() * self.buckets + bucket]
    }

    /// What is left of an account in a bucket.
    #[must_use]
    pub fn account_left(&self, account: AccountIndex, bucket: usize) -> &Resources {
        &self.account_left[account.at() * self.buckets + bucket]
    }

    /// What is left of each device of a tile, at the least over some buckets.
    pub fn devices_left(&self, tile: TileIndex, over: Range<usize>) -> impl Iterator<Item = u16> + '_ {
        let devices = self.device_start[tile.at()] as usize..self.device_start[tile.at() + 1] as usize;
        devices.map(move |device| {
            let at = device * self.buckets;
            self.device_left[at + over.start..at + over.end].iter().copied().min().unwrap_or(0)
        })
    }

    /// The buckets in which a capsule of the class runs.
    #[must_use]
    #[inline]
    pub fn buckets(&self, class: JobClassIndex, group: GroupIndex, start: Timestamp) -> Range<usize> {
        if self.buckets == 1 { 0..1 } else { self.lowered.grid.touched(self.lowered.run(class, group, start)) }
    }

    /// Whether one capsule fits a tile: its kinds and its devices, not what lies above.
    #[must_use]
    #[inline]
    pub fn fits_tile(&self, tile: TileIndex, class: JobClassIndex, start: Timestamp) -> bool {
        let group = self.lowered.group_of(tile);
        let draw = self.lowered.draw(class, group);
        let over = self.buckets(class, group, start);
        over.clone().all(|bucket| draw.fits(self.tile_left(tile, bucket)))
            && (draw.get(Kind::Accelerator) == 0 || self.choose_devices(tile, class, over).is_some())
    }

    /// How many capsules of a class, at most `most`, pay for what each adds to a tile's strain, if a capsule may add less than
    /// so much. O(rules times buckets times log most).
    #[must_use]
    pub fn worthwhile(
        &self,
        tile: TileIndex,
        (class, start): (JobClassIndex, Timestamp),
        (earns, most): (i64, u64),
    ) -> u64 {
        let lowered = self.lowered;
        if lowered.strain.is_free() {
            return most;
        }
        let group = lowered.group_of(tile);
        let load = Load { draw: lowered.draw(class, group), over: self.buckets(class, group, start) };
        let left = self.left_over(tile, &load.over);
        lowered.strain.worthwhile(lowered.group(group), &load, left, (earns, most))
    }

    /// What one capsule more would add to what the use of a tile costs, in micro-credits. O(rules times buckets).
    #[must_use]
    pub fn added_strain(&self, tile: TileIndex, class: JobClassIndex, start: Timestamp) -> i64 {
        let (lowered, group) = (self.lowered, self.lowered.group_of(tile));
        let load = Load { draw: lowered.draw(class, group), over: self.buckets(class, group, start) };
        lowered.strain.added(lowered.group(group), &load, self.left_over(tile, &load.over), 1)
    }

    /// What the use of a tile costs over some buckets, in micro-credits. O(rules times buckets).
    #[must_use]
    pub fn strain(&self, tile: TileIndex, over: &Range<usize>) -> i64 {
        let lowered = self.lowered;
        if lowered.strain.is_free() {
            return 0;
        }
        lowered.strain.cost(lowered.group(lowered.group_of(tile)), over, self.left_over(tile, over))
    }

    /// What a tile would cost less without one capsule of an item on it, in micro-credits. O(rules times buckets).
    #[must_use]
    pub fn relief(&self, tile: TileIndex, item: &Item) -> i64 {
        let lowered = self.lowered;
        if lowered.strain.is_free() {
            return 0;
        }
        let group = lowered.group_of(tile);
        let load = Load { draw: lowered.draw(item.class, group), over: self.buckets(item.class, group, item.start) };
        lowered.strain.relief(lowered.group(group), &load, self.left_over(tile, &load.over))
    }

    /// What the use of all tiles costs, in micro-credits. O(tiles times rules times buckets) where there is a rule.
    #[must_use]
    pub fn strain_of_all(&self) -> i128 {
        if self.lowered.strain.is_free() {
            return 0;
        }
        let tiles = (0..self.lowered.tiles.len()).map(TileIndex::new);
        tiles.map(|tile| i128::from(self.strain(tile, &(0..self.buckets)))).sum()
    }

    /// What is left of a tile in each of some buckets.
    fn left_over(&self, tile: TileIndex, over: &Range<usize>) -> &[Resources] {
        let first = tile.at() * self.buckets;
        &self.tile_left[first + over.start..first + over.end]
    }

    /// The devices that a capsule would take; see [`best_devices`].
    #[must_use]
    pub fn choose_devices(&self, tile: TileIndex, class: JobClassIndex, over: Range<usize>) -> Option<u64> {
        best_devices(self.devices_left(tile, over), &self.lowered.job(class).demand)
    }

    /// Whether these devices of a tile have enough left for a capsule of a class that starts then.
    #[must_use]
    pub fn devices_are_free(&self, tile: TileIndex, (class, start): (JobClassIndex, Timestamp), devices: u64) -> bool {
        let over = self.buckets(class, self.lowered.group_of(tile), start);
        let milli = self.lowered.job(class).demand.device_milli;
        let left = self.devices_left(tile, over).zip(0u32..);
        left.filter(|&(_, device)| devices >> device & 1 == 1).all(|(left, _)| left >= milli)
    }

    /// How many capsules of a class the accounts above a group can still hold, at most `most`.
    #[must_use]
    pub fn path_room(&self, class: JobClassIndex, group: GroupIndex, start: Timestamp, most: u64) -> u64 {
        let mut room = most;
        let over = self.buckets(class, group, start);
        for &(account, level) in &self.lowered.group(group).path {
            let draw = self.lowered.draw_at(class, group, level);
            for bucket in over.clone() {
                room = room.min(times(&draw, self.account_left(account, bucket)));
            }
        }
        room
    }

    /// What one more capsule of a class lacks on a tile, in any bucket of its run.
    pub(crate) fn lacking(&self, tile: TileIndex, (class, start): (JobClassIndex, Timestamp)) -> Lacking {
        let group = self.lowered.group_of(tile);
        let draw = self.lowered.draw(class, group);
        let mut lacking = Lacking([0; Kind::COUNT]);
        for bucket in self.buckets(class, group, start) {
            lacking.note(draw, self.tile_left(tile, bucket));
        }
        if lacking.is_nothing() {
            // All kinds are there, and yet it does not fit: no device has enough left by itself.
            lacking.0[Kind::Accelerator.index()] = draw.get(Kind::Accelerator);
        }
        lacking
    }

    /// The first account above a tile in which one more capsule of a class lacks something, with what that is.
    pub(crate) fn lacking_above(
        &self,
        tile: TileIndex,
        (class, start): (JobClassIndex, Timestamp),
    ) -> Option<(AccountIndex, Lacking)> {
        let group = self.lowered.group_of(tile);
        let over = self.buckets(class, group, start);
        self.lowered.group(group).path.iter().find_map(|&(account, level)| {
            let draw = self.lowered.draw_at(class, group, level);
            let mut lacking = Lacking([0; Kind::COUNT]);
            over.clone().for_each(|bucket| lacking.note(&draw, self.account_left(account, bucket)));
            (!lacking.is_nothing()).then_some((account, lacking))
        })
    }

    /// The capsules of a gang that are fewer than it needs; zero where no gang of a class is partial.
    #[must_use]
    pub fn partial_gang(&self, class: JobClassIndex) -> u64 {
        self.lowered.partial_gang(class, self.placed(class))
    }

    /// Places capsules. The caller has made sure that they fit. O(path times buckets).
    pub fn place(&mut self, tile: TileIndex, item: Item) {
        self.debit(tile, &item, true);
        self.bonds.come(tile, &item);
        let same = |other: &&mut Item| Item { count: item.count, ..**other } == item && item.devices == 0;
        match self.items[tile.at()].iter_mut().find(same) {
            Some(other) => other.count += item.count,
            None => self.items[tile.at()].push(item),
        }
    }

    /// Takes `count` capsules of the item at a position off a tile.
    pub fn take(&mut self, tile: TileIndex, position: usize, count: u32) -> Item {
        let held = &mut self.items[tile.at()][position];
        let taken = Item { count, ..*held };
        if held.count == count {
            self.items[tile.at()].swap_remove(position);
        } else {
            held.count -= count;
        }
        self.debit(tile, &taken, false);
        self.bonds.leave(tile, &taken);
        taken
    }

    fn debit(&mut self, tile: TileIndex, item: &Item, takes: bool) {
        let lowered = self.lowered;
        let group_index = lowered.group_of(tile);
        let group: &Group = lowered.group(group_index);
        let over = self.buckets(item.class, group_index, item.start);
        let draw = lowered.draw(item.class, group_index);
        let count = u64::from(item.count);
        for bucket in over.clone() {
            change(&mut self.tile_left[tile.at() * self.buckets + bucket], draw, count, takes);
        }
        for &(account, level) in &group.path {
            let draw = lowered.draw_at(item.class, group_index, level);
            for bucket in over.clone() {
                change(&mut self.account_left[account.at() * self.buckets + bucket], &draw, count, takes);
            }
        }
        let milli = lowered.job(item.class).demand.device_milli;
        let first = self.device_start[tile.at()] as usize;
        for device in (0..64).filter(|device| item.devices >> device & 1 == 1) {
            for bucket in over.clone() {
                let left = &mut self.device_left[(first + device) * self.buckets + bucket];
                *left = if takes { *left - milli } else { *left + milli };
            }
        }
    }
}

/// The devices that a capsule would take of those with so much left, a bit each: those with least left that still has
/// enough, so that whole ones stay whole. None for a capsule without devices, `None` where there are too few.
#[must_use]
pub fn best_devices(left: impl Iterator<Item = u16>, demand: &Demand) -> Option<u64> {
    if demand.devices == 0 {
        return Some(0);
    }
    let mut fitting: Vec<(u16, u32)> = left.zip(0u32..).filter(|&(left, _)| left >= demand.device_milli).collect();
    fitting.sort_unstable();
    let chosen = fitting.get(..usize::from(demand.devices))?;
    Some(chosen.iter().fold(0, |mask, &(_, device)| mask | 1 << device))
}

/// What a capsule lacks, by kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lacking([u64; Kind::COUNT]);

impl Lacking {
    fn note(&mut self, draw: &Resources, left: &Resources) {
        for (lacking, (draw, left)) in self.0.iter_mut().zip(draw.0.iter().zip(left.0)) {
            *lacking = draw.saturating_sub(left).max(*lacking);
        }
    }

    fn is_nothing(&self) -> bool {
        self.0.iter().all(|&amount| amount == 0)
    }

    /// The parts of it that a draw would free, summed over kinds.
    pub(crate) fn freed_by(&self, draw: &Resources) -> f64 {
        let kinds = self.0.iter().zip(draw.0).filter(|(lacking, _)| **lacking > 0);
        kinds.map(|(&lacking, draw)| draw.min(lacking) as f64 / lacking as f64).sum()
    }
}

/// How many times a draw fits what is left.
#[must_use]
pub fn times(draw: &Resources, left: &Resources) -> u64 {
    let kinds = draw.0.iter().zip(&left.0).filter(|(draw, _)| **draw > 0);
    kinds.map(|(draw, left)| left / draw).min().unwrap_or(u64::MAX)
}

/// Takes what so many capsules draw off what is left, or gives it back.
pub(super) fn change(left: &mut Resources, draw: &Resources, count: u64, takes: bool) {
    for k in 0..Kind::COUNT {
        if left.0[k] != UNLIMITED {
            let amount = draw.0[k] * count;
            left.0[k] = if takes { left.0[k] - amount } else { left.0[k] + amount };
        }
    }
}
