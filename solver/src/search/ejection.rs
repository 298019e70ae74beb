//! Room for what earns most: capsules that are missing, though they would earn more than the prices of their room, take it from
//! capsules that are worth less together.
//!
//! Cells filled by counts leave out some large capsules, and small ones that are worth little take what is left. For each
//! class that earns beyond its prices, a cell draws some tiles of each group and looks what would have to go from each: as
//! long as a kind is short, the capsule whose worth buys most of what is short (the greedy cover of Dobson 1982). The tiles
//! that gain most take one capsule each. What went is missing then, and fits elsewhere or not (ejection chains; Glover 1996).

use std::collections::BTreeMap;

use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::DEVICE_MILLI;

use super::{Contents, stays};
use crate::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::{Cell, Lowered};
use crate::occupancy::{Item, Occupancy, best_devices};
use crate::random::Random;
use crate::shares::{Drawn, Shares};

/// Tiles of a group that one class looks at: so many, and so many for each capsule that the cell has of it.
const TILES: u64 = 24;
const TILES_PER_CAPSULE: u64 = 2;

/// Capsules that would have to go from one tile, by position with their number, and what they are worth together.
#[derive(Clone, Debug, Default)]
struct Victims {
    units: Vec<(usize, u32)>,
    lost: i64,
}

/// One cell while capsules are put into it.
pub(super) struct Ejection<'a> {
    occupancy: &'a Occupancy<'a>,
    cell: &'a Cell,
    headroom: Shares,
    /// What is left of each tile of the cell.
    left: Vec<Resources>,
    /// What is on the tiles that changed.
    contents: BTreeMap<TileIndex, Vec<Item>>,
}

impl<'a> Ejection<'a> {
    pub(super) fn new(occupancy: &'a Occupancy<'a>, cell: &'a Cell, headroom: Shares) -> Ejection<'a> {
        let left = cell.tiles.clone().map(|tile| *occupancy.tile_left(TileIndex::new(tile), 0)).collect();
        Ejection { occupancy, cell, headroom, left, contents: BTreeMap::new() }
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

    /// What would have to go from a tile for one capsule of a class; `None` where it would be worth as much as the capsule, or
    /// where devices are missing.
    fn victims(&self, (class, group): (JobClassIndex, GroupIndex), tile: TileIndex, worth: i64) -> Option<Victims> {
        let lowered = self.occupancy.lowered();
        self.choose_devices((class, group), self.items(tile))?;
        let asked = lowered.draw(class, group);
        let left = &self.left[tile.at() - self.cell.tiles.start];
        let mut short: [u64; Kind::COUNT] = std::array::from_fn(|k| asked.0[k].saturating_sub(left.0[k]));
        let mut victims = Victims::default();
        let items = self.items(tile);
        while short.iter().any(|&short| short > 0) {
            let mut best: Option<(f64, usize, i64)> = None;
            for (at, item) in items.iter().enumerate() {
                let taken = victims.units.iter().find(|unit| unit.0 == at).map_or(0, |unit| unit.1);
                if taken == item.count || item.class == class || stays(lowered, item) {
                    continue;
                }
                let loses = lowered.worth(item.class, group).unwrap_or(0).max(1);
                let buys = covers(lowered.draw(item.class, group), &short, asked) / loses as f64;
                if buys > 0.0 && best.is_none_or(|(most, _, _)| buys > most) {
                    best = Some((buys, at, loses));
                }
            }
            let (_, at, loses) = best?;
            victims.lost += loses;
            if victims.lost >= worth {
                return None;
            }
            match victims.units.iter_mut().find(|unit| unit.0 == at) {
                Some(unit) => unit.1 += 1,
                None => victims.units.push((at, 1)),
            }
            let gives = lowered.draw(items[at].class, group);
            short.iter_mut().zip(gives.0).for_each(|(short, gives)| *short = short.saturating_sub(gives));
        }
        Some(victims)
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

/// How much of what is short a capsule's room would cover, each kind in parts of what is asked.
fn covers(gives: &Resources, short: &[u64; Kind::COUNT], asked: &Resources) -> f64 {
    let kinds = (0..Kind::COUNT).filter(|&k| short[k] > 0);
    kinds.map(|k| gives.0[k].min(short[k]) as f64 / asked.0[k] as f64).sum()
}

/// What is left of a tile with some contents.
fn left_with(lowered: &Lowered<'_>, group: GroupIndex, items: &[Item]) -> Resources {
    items.iter().fold(*lowered.group(group).capacity(0), |left, item| {
        let draw = lowered.draw(item.class, group);
        left.saturating_sub(&Resources(draw.0.map(|amount| amount * u64::from(item.count))))
    })
}
