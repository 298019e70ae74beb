//! Room for what earns most: capsules that are missing, though they would earn more than the prices of their room, take it from
//! capsules that are worth less together.
//!
//! Cells filled by counts leave out some large capsules, and small ones that are worth little take what is left. For each
//! class that earns beyond its prices, a cell draws some tiles of each group and looks what would have to go from each:
//! holders of devices until there are enough with room, then, as long as a kind is short, the capsule whose worth buys most of
//! what is short (the greedy cover of Dobson 1982). The tiles that gain most take one capsule each. What went is missing then,
//! and fits elsewhere or not (ejection chains; Glover 1996).

use std::collections::BTreeMap;

use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::DEVICE_MILLI;

use super::Contents;
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::{Cell, Lowered};
use crate::plan::cell::{TILES, TILES_PER_CAPSULE};
use crate::plan::occupancy::{Item, Occupancy, best_devices};
use crate::plan::shares::{Drawn, Shares};
use crate::support::random::Random;

/// Capsules that would have to go from one tile, by position with their number, and what they are worth together.
#[derive(Clone, Debug, Default)]
struct Victims {
    units: Vec<(usize, u32)>,
    lost: i64,
}

impl Victims {
    /// Whether all capsules at a position stay.
    fn leaves(&self, at: usize) -> bool {
        self.units.iter().all(|unit| unit.0 != at)
    }
}

/// One cell while capsules are put into it.
pub(super) struct Ejection<'a> {
    occupancy: &'a Occupancy<'a>,
    cell: &'a Cell,
    headroom: Shares,
    /// Whether capsules may go, by class.
    may_go: &'a [bool],
    /// What is left of each tile of the cell.
    left: Vec<Resources>,
    /// What is on the tiles that changed.
    contents: BTreeMap<TileIndex, Vec<Item>>,
}

impl<'a> Ejection<'a> {
    /// A cell as it stands; `may_go` says of each class whether capsules of it that do not run already may go.
    pub(super) fn new(
        (occupancy, cell): (&'a Occupancy<'a>, &'a Cell),
        headroom: Shares,
        may_go: &'a [bool],
    ) -> Ejection<'a> {
        let left = cell.tiles.clone().map(|tile| *occupancy.tile_left(TileIndex::new(tile), 0)).collect();
        Ejection { occupancy, cell, headroom, may_go, left, contents: BTreeMap::new() }
    }

    /// The tiles that changed.
    pub(super) fn changes(self) -> Vec<Contents> {
        self.contents.into_iter().collect()
    }

    /// Puts up to so many capsules of a class on the tiles where that gains most.
    pub(super) fn insert(&mut self, class: JobClassIndex, count: u64, random: &mut Random) {
        let lowered = self.occupancy.lowered();
        let mut found: Vec<(i64, TileIndex)> = Vec::new();
        for group in self.cell.groups.clone().map(GroupIndex::new) {
            let at = lowered.group(group);
            let Some(worth) = lowered.worth(class, group).filter(|&worth| worth > 0) else { continue };
            if at.closed || at.varying.is_some() {
                continue;
            }
            let many = (TILES + TILES_PER_CAPSULE * count).min(at.tiles.len() as u64);
            let from = random.index(at.tiles.len());
            for offset in 0..usize::try_from(many).unwrap_or(at.tiles.len()) {
                let tile = TileIndex::new(at.tiles.start + (from + offset) % at.tiles.len());
                let victims = self.victims((class, group), tile, worth);
                found.extend(victims.map(|victims| (worth - victims.lost, tile)));
            }
        }
        found.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut left = count;
        for (_, tile) in found {
            if left == 0 {
                break;
            }
            left -= u64::from(self.put(class, tile));
        }
    }

    /// Whether an item's capsules may go for one of a class.
    fn may_go(&self, item: &Item, class: JobClassIndex) -> bool {
        item.class != class && !item.is_current && self.may_go[item.class.at()]
    }

    fn items(&self, tile: TileIndex) -> &[Item] {
        self.contents.get(&tile).map_or_else(|| self.occupancy.items(tile), Vec::as_slice)
    }

    /// The devices that a capsule of a class would take beside some contents of a tile; `None` where there are too few.
    fn choose_devices(&self, (class, group): (JobClassIndex, GroupIndex), items: &[Item]) -> Option<u64> {
        let lowered = self.occupancy.lowered();
        let demand = &lowered.job(class).demand;
        if demand.devices == 0 {
            return Some(0);
        }
        let held = |device: u8| -> u16 {
            let holders = items.iter().filter(|item| item.devices >> device & 1 == 1);
            holders.map(|item| lowered.job(item.class).demand.device_milli).sum()
        };
        best_devices((0..lowered.group(group).devices).map(|device| DEVICE_MILLI - held(device)), demand)
    }

    /// Who would have to go for a capsule of a class to find its devices; `None` where they would be worth as much as the
    /// capsule, or may not go. Devices are freed one by one, each time the one whose holders lose least.
    fn holders(&self, (class, group): (JobClassIndex, GroupIndex), items: &[Item], worth: i64) -> Option<Victims> {
        let lowered = self.occupancy.lowered();
        let (demand, devices) = (&lowered.job(class).demand, lowered.group(group).devices);
        let mut victims = Victims::default();
        if demand.devices == 0 {
            return Some(victims);
        }
        loop {
            let left = self.parts_left(items, &victims);
            let short = (0..devices).filter(|&device| left[usize::from(device)] < demand.device_milli);
            if usize::from(devices) >= usize::from(demand.devices) + short.clone().count() {
                return Some(victims);
            }
            let freed = short
                .filter_map(|device| self.free((class, group), (device, left[usize::from(device)]), items, &victims));
            victims = freed.filter(|more| more.lost < worth).min_by_key(|more| more.lost)?;
        }
    }

    /// Who would have to go beside some victims for a capsule of a class to find room on a device with too little left, those
    /// first that lose least for what they hold; `None` where it cannot have it.
    fn free(
        &self,
        (class, group): (JobClassIndex, GroupIndex),
        (device, mut left): (u8, u16),
        items: &[Item],
        victims: &Victims,
    ) -> Option<Victims> {
        let lowered = self.occupancy.lowered();
        let mut more = victims.clone();
        while left < lowered.job(class).demand.device_milli {
            let may_go =
                |&(at, item): &(usize, &Item)| holds(item, device) && self.may_go(item, class) && more.leaves(at);
            let milli = |item: &Item| lowered.job(item.class).demand.device_milli;
            let loses = |item: &Item| lowered.worth(item.class, group).unwrap_or(0).max(1);
            let rate = |item: &Item| loses(item) / i64::from(milli(item).max(1));
            let (at, item) = items.iter().enumerate().filter(may_go).min_by_key(|(_, item)| rate(item))?;
            left += milli(item);
            more.units.push((at, 1));
            more.lost = more.lost.saturating_add(loses(item));
        }
        Some(more)
    }

    /// What is left of each device without some of what a tile holds.
    fn parts_left(&self, items: &[Item], without: &Victims) -> [u16; 64] {
        let lowered = self.occupancy.lowered();
        let mut left = [DEVICE_MILLI; 64];
        for (_, item) in items.iter().enumerate().filter(|(at, item)| item.devices != 0 && without.leaves(*at)) {
            let milli = lowered.job(item.class).demand.device_milli;
            let mut devices = item.devices;
            while devices != 0 {
                left[devices.trailing_zeros() as usize] -= milli;
                devices &= devices - 1;
            }
        }
        left
    }

    /// What would have to go from a tile for one capsule of a class; `None` where it would be worth as much as the capsule, or
    /// may not go.
    fn victims(&self, (class, group): (JobClassIndex, GroupIndex), tile: TileIndex, worth: i64) -> Option<Victims> {
        let lowered = self.occupancy.lowered();
        let asked = lowered.draw(class, group);
        let items = self.items(tile);
        let mut victims = self.holders((class, group), items, worth)?;
        let left = &self.left[tile.at() - self.cell.tiles.start];
        let mut short = *asked;
        short.0.iter_mut().zip(left.0).for_each(|(short, left)| *short = short.saturating_sub(left));
        victims.units.iter().for_each(|&(at, count)| cover(&mut short, lowered.draw(items[at].class, group), count));
        loop {
            let kinds = Short::of(&short, asked);
            if kinds.count == 0 {
                return Some(victims);
            }
            let mut best: Option<(f64, usize, u32, i64)> = None;
            for (at, item) in items.iter().enumerate() {
                let taken = victims.units.iter().find(|unit| unit.0 == at).map_or(0, |unit| unit.1);
                if taken == item.count || !self.may_go(item, class) {
                    continue;
                }
                let loses = lowered.worth(item.class, group).unwrap_or(0).max(1);
                let buys = kinds.covered(lowered.draw(item.class, group)) / loses as f64;
                if buys > 0.0 && best.is_none_or(|(most, ..)| buys > most) {
                    best = Some((buys, at, item.count - taken, loses));
                }
            }
            let (_, at, most, loses) = best?;
            let gives = lowered.draw(items[at].class, group);
            let count = alike(gives, &short).min(most);
            victims.lost = victims.lost.saturating_add(loses.saturating_mul(i64::from(count)));
            if victims.lost >= worth {
                return None;
            }
            match victims.units.iter_mut().find(|unit| unit.0 == at) {
                Some(unit) => unit.1 += count,
                None => victims.units.push((at, count)),
            }
            cover(&mut short, gives, count);
        }
    }

    /// Puts one capsule of a class on a tile in place of what has to go; whether the accounts above let it in.
    fn put(&mut self, class: JobClassIndex, tile: TileIndex) -> bool {
        let lowered = self.occupancy.lowered();
        let group = lowered.group_of(tile);
        let worth = lowered.worth(class, group).unwrap_or(0);
        let Some(victims) = self.victims((class, group), tile, worth) else { return false };
        let drawn = |class, count: u32| Drawn { class, group, count: u64::from(count), over: 0..1 };
        let mut items = self.items(tile).to_vec();
        let gone: Vec<Drawn> = victims.units.iter().map(|&(at, count)| drawn(items[at].class, count)).collect();
        gone.iter().for_each(|gone| self.headroom.credit(lowered, gone));
        if self.headroom.times(lowered, class, group, &(0..1)) == 0 {
            gone.iter().for_each(|gone| self.headroom.debit(lowered, gone));
            return false;
        }
        self.headroom.debit(lowered, &drawn(class, 1));
        victims.units.iter().for_each(|&(at, count)| items[at].count -= count);
        items.retain(|item| item.count > 0);
        let (start, devices) = (lowered.job(class).earliest, self.choose_devices((class, group), &items));
        let devices = devices.expect("there were enough before anything went");
        items.push(Item { class, count: 1, start, devices, is_current: false });
        let left = &mut self.left[tile.at() - self.cell.tiles.start];
        *left = left_with(lowered, group, &items);
        self.contents.insert(tile, items);
        true
    }
}

fn holds(item: &Item, device: u8) -> bool {
    item.devices >> device & 1 == 1
}

/// The kinds that are short, with how much and one over what is asked.
struct Short {
    kinds: [(usize, u64, f64); Kind::COUNT],
    count: usize,
}

impl Short {
    fn of(short: &Resources, asked: &Resources) -> Short {
        let mut found = Short { kinds: [(0, 0, 0.0); Kind::COUNT], count: 0 };
        for k in (0..Kind::COUNT).filter(|&k| short.0[k] > 0) {
            found.kinds[found.count] = (k, short.0[k], 1.0 / asked.0[k] as f64);
            found.count += 1;
        }
        found
    }

    /// How much of what is short a capsule's room would cover, each kind in parts of what is asked.
    fn covered(&self, gives: &Resources) -> f64 {
        self.kinds[..self.count].iter().map(|&(k, short, each)| gives.0[k].min(short) as f64 * each).sum()
    }
}

/// How many capsules of a class cover as much each of what is short as the first, at least one: for them the choice would be
/// the same again.
fn alike(gives: &Resources, short: &Resources) -> u32 {
    let kinds = (0..Kind::COUNT).filter(|&k| short.0[k] > 0 && gives.0[k] > 0);
    let whole = kinds.map(|k| short.0[k] / gives.0[k]).min().unwrap_or(0);
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}

/// Takes off what is short what some capsules of a class give.
fn cover(short: &mut Resources, gives: &Resources, count: u32) {
    let parts = short.0.iter_mut().zip(gives.0);
    parts.for_each(|(short, gives)| *short = short.saturating_sub(gives.saturating_mul(u64::from(count))));
}

/// What is left of a tile with some contents.
fn left_with(lowered: &Lowered<'_>, group: GroupIndex, items: &[Item]) -> Resources {
    items.iter().fold(*lowered.group(group).capacity(0), |left, item| {
        let draw = lowered.draw(item.class, group);
        left.saturating_sub(&Resources(draw.0.map(|amount| amount.saturating_mul(u64::from(item.count)))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capsules_that_are_alike_cover_as_much_each_and_the_next_one_less() {
        let asked = Resources::of(Kind::Memory, 100).with(Kind::Compute, 10).with(Kind::Power, 7);
        // Power is not short, and compute is what runs out first: 9 of it are covered three at a time.
        let mut short = Resources::of(Kind::Memory, 100).with(Kind::Compute, 9);
        let gives = Resources::of(Kind::Memory, 5).with(Kind::Compute, 3).with(Kind::Power, 1);
        let first = Short::of(&short, &asked).covered(&gives);
        assert_eq!(alike(&gives, &short), 3);
        for _ in 0..3 {
            assert!((Short::of(&short, &asked).covered(&gives) - first).abs() < 1e-12);
            cover(&mut short, &gives, 1);
        }
        assert_eq!(short, Resources::of(Kind::Memory, 85));
        assert!(Short::of(&short, &asked).covered(&gives) < first - 0.1);
    }

    #[test]
    fn one_is_alike_itself_and_no_number_is_too_large() {
        let small = Resources::of(Kind::Memory, 2);
        assert_eq!(alike(&Resources::of(Kind::Memory, 5), &small), 1);
        let mut short = Resources::of(Kind::Memory, u64::MAX - 1);
        assert_eq!(alike(&small, &short), u32::MAX);
        cover(&mut short, &Resources::of(Kind::Memory, u64::MAX / 2), u32::MAX);
        assert_eq!(short, Resources::ZERO);
    }
}
