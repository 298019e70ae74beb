//! One cell's round: a few of its tiles at a time are filled again, and keep what is worth more than before.

use std::collections::BTreeMap;

use super::exact::{self, Choice};
use super::refill::{self, Bearable, Refill};
use super::supply::Supply;
use super::{Contents, EXACT_MOVES, EXACT_TILES, Recreate, Search, stays};
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::{Cell, Lowered};
use crate::plan::occupancy::{Item, Occupancy};
use crate::plan::shares::Shares;
use crate::support::random::Random;
use crate::support::stop::Stop;

/// Tiles drawn for a move, of which the one that holds least against the best of its group is filled again (tournament
/// selection; Goldberg & Deb 1991).
const ENTRANTS: usize = 3;

/// Tiles that are filled greedily together, at most.
const GREEDY_TILES: u64 = 3;

/// The share of greedy moves that take off only some of the capsules, and the chance of each then to be kept: what is put
/// back is the sooner tried, and what packed well stays together.
const SOME: f64 = 0.8;
const KEPT: f64 = 0.5;

/// Classes of the pool that an exact filling chooses from, beside what is on the tiles.
const EXACT_POOL: usize = 24;

/// Starts of each of them.
const EXACT_STARTS: usize = 2;

/// One cell's work in one round.
pub(super) struct Task<'a> {
    pub(super) cell: &'a Cell,
    pub(super) pool: Supply,
    pub(super) headroom: Shares,
    pub(super) random: Random,
    pub(super) recreate: Recreate,
    pub(super) moves: u64,
}

impl Search<'_> {
    /// Fills tiles of a cell again and again. Moves tried, and tiles whose new contents are worth more.
    pub(super) fn refill_cell(
        &self,
        occupancy: &Occupancy<'_>,
        mut task: Task<'_>,
        stop: &Stop,
    ) -> (u64, Vec<Contents>) {
        let lowered = occupancy.lowered();
        let mut contents: BTreeMap<TileIndex, Vec<Item>> = BTreeMap::new();
        let mut tried = 0;
        let mut losses = losses(occupancy, task.cell);
        while tried < task.moves && !stop.is_raised() {
            tried += if task.recreate == Recreate::Exact { EXACT_MOVES } else { 1 };
            let entrants = (0..ENTRANTS).map(|_| task.random.index(task.cell.tiles.len()));
            let at = entrants.max_by_key(|&at| losses[at]).expect("a tournament has entrants");
            let first = TileIndex::new(task.cell.tiles.start + at);
            let group = lowered.group_of(first);
            let range = lowered.group(group).tiles.clone();
            let most = if task.recreate == Recreate::Exact { EXACT_TILES } else { GREEDY_TILES };
            let many = 1 + task.random.below(most).min(range.len() as u64 - 1);
            let mut tiles = vec![first];
            for _ in 1..many {
                let other = TileIndex::new(range.start + task.random.index(range.len()));
                if !tiles.contains(&other) {
                    tiles.push(other);
                }
            }
            if let Some(refilled) = self.refill((occupancy, &contents), &mut task, &tiles, stop) {
                for (tile, items) in &refilled {
                    let old = contents.get(tile).map_or_else(|| occupancy.items(*tile), Vec::as_slice);
                    losses[tile.at() - task.cell.tiles.start] -=
                        net(occupancy, group, items) - net(occupancy, group, old);
                }
                contents.extend(refilled);
            }
        }
        (tried, contents.into_iter().collect())
    }

    /// Fills tiles again; `None` where that is worth no more than before. Keeps the task's pool and headroom in step.
    fn refill(
        &self,
        (occupancy, contents): (&Occupancy<'_>, &BTreeMap<TileIndex, Vec<Item>>),
        task: &mut Task<'_>,
        tiles: &[TileIndex],
        stop: &Stop,
    ) -> Option<Vec<Contents>> {
        let lowered = occupancy.lowered();
        let group = lowered.group_of(tiles[0]);
        if lowered.group(group).closed {
            return None;
        }
        let items = |tile: &TileIndex| contents.get(tile).map_or_else(|| occupancy.items(*tile), Vec::as_slice);
        let items: Vec<&[Item]> = tiles.iter().map(items).collect();
        let is_exact = task.recreate == Recreate::Exact;
        let takes_some = !is_exact && task.random.unit() < SOME;
        let mut chances = task.random.fork(0);
        let keeps = |item: &Item| {
            stays(lowered, item) || (is_exact && item.devices > 0) || (takes_some && chances.unit() < KEPT)
        };
        let (mut refill, taken) = Refill::open((occupancy, group), &items, keeps, &mut task.headroom);
        let before: i128 = taken.iter().map(|(_, item)| worth(lowered, group, std::slice::from_ref(item))).sum();
        let strained: i128 = items.iter().map(|items| refill::strain_of_items(occupancy, group, items)).sum();
        let mut supply = task.pool.clone();
        taken.iter().for_each(|(_, item)| supply.add(item.class, u64::from(item.count)));
        let after = match task.recreate {
            Recreate::Greedy => Some(self.fill_greedily(&mut refill, &mut supply, task)),
            Recreate::Exact => self.fill_exactly((&mut refill, &taken), &mut supply, task, stop),
        };
        if after.is_none_or(|after| after - refill.strain() <= before - strained) {
            refill.undo(&mut task.headroom);
            return None;
        }
        supply.tidy();
        task.pool = supply;
        Some(tiles.iter().copied().zip(refill.contents).collect())
    }

    /// Adds class by class, by worth per price; returns what was added is worth.
    fn fill_greedily(&self, refill: &mut Refill<'_>, supply: &mut Supply, task: &mut Task<'_>) -> i128 {
        let (lowered, group) = (refill.occupancy.lowered(), refill.group);
        let mut after = 0i128;
        for (_, class, worth) in self.shaken(lowered, group, supply, &mut task.random) {
            let mut left = supply.of(class);
            let starts = refill::starts(lowered, class, group, &mut task.random);
            // Where the use of tiles costs, what costs nothing comes first.
            let limits: &[i64] = if lowered.strain.is_free() { &[i64::MAX] } else { &[1, i64::MAX] };
            for (&limit, &start) in limits.iter().flat_map(|limit| starts.iter().map(move |start| (limit, start))) {
                let placed = refill.add((class, start), (left, Bearable::Below(limit)), &mut task.headroom);
                left -= placed;
                supply.take(class, placed);
                if placed > 0 {
                    after += i128::from(worth - lowered.surcharge(class, group, start)) * i128::from(placed);
                }
                if left == 0 {
                    break;
                }
            }
        }
        after
    }

    /// Adds the best of what was taken off and of the pool; returns what was added is worth, `None` where that is not known.
    fn fill_exactly(
        &self,
        (refill, taken): (&mut Refill<'_>, &[(usize, Item)]),
        supply: &mut Supply,
        task: &mut Task<'_>,
        stop: &Stop,
    ) -> Option<i128> {
        let choices = self.choices(refill, taken, supply, &mut task.random);
        let best =
            exact::solve((refill.occupancy.lowered(), refill.group), &refill.rooms, &choices, &task.headroom, stop)?;
        let mut after = 0i128;
        for (choice, tiles) in choices.iter().zip(best) {
            for (at, count) in tiles.into_iter().enumerate() {
                let wanted = count.min(supply.of(choice.class));
                let placed =
                    refill.add_to(at, (choice.class, choice.start), (wanted, Bearable::Anything), &mut task.headroom);
                supply.take(choice.class, placed);
                after += i128::from(choice.worth) * i128::from(placed);
            }
        }
        Some(after)
    }

    /// What was taken off the tiles, and some classes of the pool that could take its place.
    fn choices(
        &self,
        refill: &Refill<'_>,
        taken: &[(usize, Item)],
        supply: &Supply,
        random: &mut Random,
    ) -> Vec<Choice> {
        let (lowered, group) = (refill.occupancy.lowered(), refill.group);
        let ranked = self.shaken(lowered, group, supply, random);
        let worths: BTreeMap<JobClassIndex, i64> = ranked.iter().map(|&(_, class, worth)| (class, worth)).collect();
        let mut choices: Vec<Choice> = Vec::new();
        let mut add = |class: JobClassIndex, start, present: Option<(usize, u64)>| {
            let Some(&worth) = worths.get(&class) else { return };
            let known = choices.iter().position(|choice| (choice.class, choice.start) == (class, start));
            let at = known.unwrap_or_else(|| {
                let over = refill.occupancy.buckets(class, group, start);
                let present = vec![0; refill.rooms.len()];
                let worth = worth - lowered.surcharge(class, group, start);
                choices.push(Choice { class, start, over, worth, supply: supply.of(class), present });
                choices.len() - 1
            });
            if let Some((tile, count)) = present {
                choices[at].present[tile] += count;
            }
        };
        for &(tile, item) in taken {
            add(item.class, item.start, Some((tile, u64::from(item.count))));
        }
        let without_devices = ranked.iter().filter(|(_, class, _)| lowered.job(*class).demand.devices == 0);
        for &(_, class, _) in without_devices.take(EXACT_POOL) {
            for start in refill::starts(lowered, class, group, random).into_iter().take(EXACT_STARTS) {
                add(class, start, None);
            }
        }
        choices
    }

    /// The supplied classes by worth per price, each shaken.
    fn shaken(
        &self,
        lowered: &Lowered<'_>,
        group: GroupIndex,
        supply: &Supply,
        random: &mut Random,
    ) -> Vec<(f64, JobClassIndex, i64)> {
        // Large capsules first when the exponent is high, dense ones when it is low.
        let exponent = random.unit();
        let mut ranked: Vec<(f64, JobClassIndex, i64)> = supply
            .iter()
            .filter_map(|(class, _)| {
                let worth = lowered.worth(class, group).filter(|&worth| worth > 0)?;
                let price = self.prices[class.at()];
                let rank = worth as f64 / price * price.powf(exponent) * (0.7 + 0.6 * random.unit());
                Some((rank, class, worth))
            })
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked
    }
}

/// What capsules on a tile of a group are worth, in micro-credits.
fn worth(lowered: &Lowered<'_>, group: GroupIndex, items: &[Item]) -> i128 {
    let each = |item: &Item| i128::from(lowered.worth_from(item.class, group, item.start)) * i128::from(item.count);
    items.iter().map(each).sum()
}

/// The same less what it strains the tile.
fn net(occupancy: &Occupancy<'_>, group: GroupIndex, items: &[Item]) -> i128 {
    worth(occupancy.lowered(), group, items) - refill::strain_of_items(occupancy, group, items)
}

/// How much less each tile of a cell holds than the best of its group, in micro-credits: where there is most to gain.
fn losses(occupancy: &Occupancy<'_>, cell: &Cell) -> Vec<i128> {
    let lowered = occupancy.lowered();
    let mut losses = Vec::with_capacity(cell.tiles.len());
    for group in cell.groups.clone().map(GroupIndex::new) {
        let tiles = lowered.group(group).tiles.clone();
        let worths: Vec<i128> = tiles.map(|at| net(occupancy, group, occupancy.items(TileIndex::new(at)))).collect();
        let most = worths.iter().copied().max().unwrap_or(0);
        losses.extend(worths.into_iter().map(|worth| most - worth));
    }
    losses
}
