//! Local search over tiles: take a few tiles' capsules off, fill the tiles again from them and from what is missing.
//!
//! Ruin and recreate (Schrimpf, Schneider, Stamm-Wilbrandt & Dueck 2000) on one to three tiles of a group at a time. The
//! refill is greedy by worth per price, each class's rank shaken by a seeded factor; the result stays where the capsules on
//! the tiles are worth more than before. Cells are independent within a round: each has its own random numbers, its share
//! of what is missing and of every account's headroom, so the outcome does not depend on the number of threads.

use std::collections::BTreeMap;

use lessor_models::resources::{Resources, UNLIMITED};
use rayon::prelude::*;

use crate::index::{AccountIndex, GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::{Cell, Lowered};
use crate::occupancy::{Item, Occupancy, times};
use crate::random::Random;
use crate::rank::Ranking;
use crate::stop::Stop;

/// Moves that one cell tries in one round, per tile.
const MOVES_PER_TILE: u64 = 2;

/// Classes from the missing pool that one cell looks at in one round.
const POOL_MAX: usize = 48;

/// Rounds in a row without an improvement after which the search is exhausted.
const IDLE_ROUNDS_MAX: u32 = 12;

/// The search's memory between rounds.
#[derive(Debug)]
pub struct Search<'a> {
    ranking: &'a Ranking,
    order: &'a [JobClassIndex],
    random: Random,
    idle: u32,
    prices: Vec<f64>,
}

/// What a round did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Round {
    /// Moves tried.
    pub moves: u64,
    /// Whether further rounds are unlikely to help.
    pub is_exhausted: bool,
}

/// One cell's work in one round.
struct Task<'a> {
    cell: &'a Cell,
    pool: Vec<(JobClassIndex, u64)>,
    headroom: Vec<(AccountIndex, Resources)>,
    random: Random,
    moves: u64,
}

/// A tile's new contents, where they are worth more.
type Change = (TileIndex, Vec<Item>);

impl<'a> Search<'a> {
    /// A search over a raw instance. `order` is best first.
    #[must_use]
    pub fn new(lowered: &Lowered<'_>, ranking: &'a Ranking, order: &'a [JobClassIndex], seed: u64) -> Search<'a> {
        let prices = lowered.class_indexes().map(|class| {
            let best = ranking.groups(lowered, class).first().copied();
            best.map_or(f64::INFINITY, |group| ranking.cost(lowered, class, group).max(1.0))
        });
        Search { ranking, order, random: Random::new(seed), idle: 0, prices: prices.collect() }
    }

    /// One round over all cells, at most about `most` moves.
    pub fn round(&mut self, occupancy: &mut Occupancy<'_>, stop: &Stop, most: u64) -> Round {
        let lowered = occupancy.lowered();
        let pool: Vec<JobClassIndex> = self.order.iter().copied().filter(|&class| is_free(occupancy, class)).collect();
        // What refilling cannot move: nothing is missing, or time matters.
        if pool.is_empty() || lowered.grid.count() > 1 {
            return Round { moves: 0, is_exhausted: true };
        }
        let tasks = self.tasks(occupancy, &pool, most);
        let seen: &Occupancy<'_> = occupancy;
        let found: Vec<(u64, Vec<Change>)> =
            tasks.into_par_iter().map(|task| self.refill_cell(seen, task, stop)).collect();
        let moves = found.iter().map(|(moves, _)| moves).sum();
        let mut improved = false;
        for (_, changes) in found {
            improved |= !changes.is_empty() && replace(occupancy, &changes);
        }
        improved |= crate::insert::insert_missing(occupancy, &pool, self.ranking, stop) > 0;
        crate::insert::drop_partial_gangs(occupancy);
        self.idle = if improved { 0 } else { self.idle + 1 };
        Round { moves, is_exhausted: self.idle >= IDLE_ROUNDS_MAX || moves == 0 }
    }

    fn tasks<'b>(&mut self, occupancy: &Occupancy<'b>, pool: &[JobClassIndex], most: u64) -> Vec<Task<'b>> {
        let lowered = occupancy.lowered();
        let cells = u64::try_from(lowered.cells.len()).unwrap_or(1).max(1);
        let mut tasks = Vec::with_capacity(lowered.cells.len());
        let mut budget = most;
        for (at, cell) in (0u64..).zip(&lowered.cells) {
            let mut random = self.random.fork(at);
            let wanted = (MOVES_PER_TILE * u64::try_from(cell.tiles.len()).unwrap_or(1)).min(budget);
            budget -= wanted;
            let mut shared = Vec::new();
            // A cell looks at the best of the pool and at a random stretch of it.
            let from = usize::try_from(random.below(pool.len() as u64)).unwrap_or(0);
            let stretch = pool.iter().cycle().skip(from).take(pool.len().min(POOL_MAX / 2));
            for &class in pool.iter().take(POOL_MAX / 2).chain(stretch) {
                let missing = occupancy.missing(class);
                let share =
                    missing / cells + u64::from((u64::from(class.0) + at + random.round()) % cells < missing % cells);
                if share > 0 && !shared.iter().any(|&(known, _)| known == class) {
                    shared.push((class, share));
                }
            }
            let headroom = headroom(occupancy, cell, cells);
            tasks.push(Task { cell, pool: shared, headroom, random, moves: wanted });
        }
        self.random.advance();
        tasks
    }

    fn refill_cell(&self, occupancy: &Occupancy<'_>, mut task: Task<'_>, stop: &Stop) -> (u64, Vec<Change>) {
        let lowered = occupancy.lowered();
        let mut contents: BTreeMap<TileIndex, Vec<Item>> = BTreeMap::new();
        let mut tried = 0;
        while tried < task.moves && !stop.is_raised() {
            tried += 1;
            let at = task.random.below(task.cell.tiles.len() as u64);
            let first = TileIndex::new(task.cell.tiles.start + usize::try_from(at).unwrap_or(0));
            let group = lowered.group_of(first);
            let range = lowered.group(group).tiles.clone();
            let many = 1 + task.random.below(3).min(range.len() as u64 - 1);
            let mut tiles = vec![first];
            for _ in 1..many {
                let other =
                    TileIndex::new(range.start + usize::try_from(task.random.below(range.len() as u64)).unwrap_or(0));
                if !tiles.contains(&other) {
                    tiles.push(other);
                }
            }
            if let Some(refilled) = self.refill(occupancy, &contents, &mut task, &tiles) {
                contents.extend(refilled);
            }
        }
        (tried, contents.into_iter().collect())
    }

    /// Fills tiles again; `None` where that is worth no more than before. Keeps the task's pool and headroom in step.
    fn refill(
        &self,
        occupancy: &Occupancy<'_>,
        contents: &BTreeMap<TileIndex, Vec<Item>>,
        task: &mut Task<'_>,
        tiles: &[TileIndex],
    ) -> Option<Vec<Change>> {
        let lowered = occupancy.lowered();
        let group = lowered.group_of(tiles[0]);
        if lowered.group(group).closed {
            return None;
        }
        let items = |tile: TileIndex| contents.get(&tile).map_or_else(|| occupancy.items(tile), Vec::as_slice);
        let mut supply: BTreeMap<JobClassIndex, u64> = task.pool.iter().copied().collect();
        let (mut before, mut headroom) = (0i128, task.headroom.clone());
        let mut rooms = Vec::with_capacity(tiles.len());
        for &tile in tiles {
            let mut room = Room::empty(lowered, group, tile);
            for &item in items(tile) {
                if stays(lowered, &item) {
                    room.put(lowered, group, item);
                } else {
                    *supply.entry(item.class).or_default() += u64::from(item.count);
                    before += i128::from(lowered.worth(item.class, group).unwrap_or(0)) * i128::from(item.count);
                    credit(lowered, group, item.class, u64::from(item.count), &mut headroom);
                }
            }
            rooms.push(room);
        }
        let ranked = self.shaken(lowered, group, &supply, &mut task.random);
        let mut after = 0i128;
        for (_, class, worth) in ranked {
            let left = supply.get_mut(&class).expect("ranked classes are supplied");
            for room in &mut rooms {
                while *left > 0 {
                    let allowed = path_times(lowered, group, class, &headroom).min(*left);
                    let placed = room.add(lowered, group, class, allowed);
                    if placed == 0 {
                        break;
                    }
                    debit(lowered, group, class, placed, &mut headroom);
                    *left -= placed;
                    after += i128::from(worth) * i128::from(placed);
                }
            }
        }
        if after <= before {
            return None;
        }
        task.headroom = headroom;
        task.pool = supply.into_iter().filter(|&(_, left)| left > 0).collect();
        Some(tiles.iter().copied().zip(rooms.into_iter().map(|room| room.items)).collect())
    }

    /// The supplied classes by worth per price, each shaken.
    fn shaken(
        &self,
        lowered: &Lowered<'_>,
        group: GroupIndex,
        supply: &BTreeMap<JobClassIndex, u64>,
        random: &mut Random,
    ) -> Vec<(f64, JobClassIndex, i64)> {
        // Large capsules first when the exponent is high, dense ones when it is low.
        let exponent = random.unit();
        let mut ranked: Vec<(f64, JobClassIndex, i64)> = supply
            .keys()
            .filter_map(|&class| {
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

/// Whether the search may move a class: not bound to places, no gang, some of it missing.
fn is_free(occupancy: &Occupancy<'_>, class: JobClassIndex) -> bool {
    let lowered = occupancy.lowered();
    let job = lowered.job(class);
    occupancy.missing(class) > 0 && !lowered.classes[class.at()].is_bound && job.gang_min <= 1
}

fn stays(lowered: &Lowered<'_>, item: &Item) -> bool {
    let job = lowered.job(item.class);
    item.is_current || lowered.classes[item.class.at()].is_bound || job.gang_min > 1 || job.wanted > 0
}

/// A cell's share of every account's headroom: all of what only it debits, an even part of the rest.
fn headroom(occupancy: &Occupancy<'_>, cell: &Cell, cells: u64) -> Vec<(AccountIndex, Resources)> {
    let lowered = occupancy.lowered();
    let mut accounts: Vec<AccountIndex> = lowered.groups[cell.groups.clone()]
        .iter()
        .flat_map(|group| group.path.iter().map(|&(account, _)| account))
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    let part = |account: AccountIndex| {
        let left = *occupancy.account_left(account, 0);
        let own =
            cell.node.is_some_and(|node| lowered.account(account).owner == lessor_models::fleet::Owner::Node(node));
        if own {
            left
        } else {
            Resources(left.0.map(|amount| if amount == UNLIMITED { amount } else { amount / cells }))
        }
    };
    accounts.into_iter().map(|account| (account, part(account))).collect()
}

fn path_times(
    lowered: &Lowered<'_>,
    group: GroupIndex,
    class: JobClassIndex,
    headroom: &[(AccountIndex, Resources)],
) -> u64 {
    let path = lowered.group(group).path.iter();
    path.map(|&(account, level)| {
        let at = headroom.binary_search_by_key(&account, |entry| entry.0);
        at.map_or(0, |at| times(&lowered.draw_at(class, group, level), &headroom[at].1))
    })
    .min()
    .unwrap_or(u64::MAX)
}

fn debit(
    lowered: &Lowered<'_>,
    group: GroupIndex,
    class: JobClassIndex,
    count: u64,
    headroom: &mut [(AccountIndex, Resources)],
) {
    for &(account, level) in &lowered.group(group).path {
        if let Ok(at) = headroom.binary_search_by_key(&account, |entry| entry.0) {
            let draw = lowered.draw_at(class, group, level);
            headroom[at].1 = headroom[at].1.saturating_sub(&Resources(draw.0.map(|amount| amount * count)));
        }
    }
}

fn credit(
    lowered: &Lowered<'_>,
    group: GroupIndex,
    class: JobClassIndex,
    count: u64,
    headroom: &mut [(AccountIndex, Resources)],
) {
    for &(account, level) in &lowered.group(group).path {
        if let Ok(at) = headroom.binary_search_by_key(&account, |entry| entry.0) {
            let draw = lowered.draw_at(class, group, level);
            let left = &mut headroom[at].1.0;
            left.iter_mut().zip(draw.0).for_each(|(left, amount)| {
                *left = if *left == UNLIMITED { UNLIMITED } else { *left + amount * count };
            });
        }
    }
}

/// One tile while it is refilled.
struct Room {
    left: Resources,
    devices: Vec<u16>,
    items: Vec<Item>,
}

impl Room {
    fn empty(lowered: &Lowered<'_>, group: GroupIndex, _tile: TileIndex) -> Room {
        let at = lowered.group(group);
        let devices = vec![lessor_models::tile_class::DEVICE_MILLI; usize::from(at.devices)];
        Room { left: *at.capacity(0), devices, items: Vec::new() }
    }

    fn put(&mut self, lowered: &Lowered<'_>, group: GroupIndex, item: Item) {
        let draw = lowered.draw(item.class, group);
        self.left = self.left.saturating_sub(&Resources(draw.0.map(|amount| amount * u64::from(item.count))));
        let milli = lowered.job(item.class).demand.device_milli;
        for (device, left) in self.devices.iter_mut().enumerate() {
            if item.devices >> device & 1 == 1 {
                *left -= milli;
            }
        }
        self.items.push(item);
    }

    /// Adds up to `most` capsules, one where devices are held. Returns how many.
    fn add(&mut self, lowered: &Lowered<'_>, group: GroupIndex, class: JobClassIndex, most: u64) -> u64 {
        let fitting = times(lowered.draw(class, group), &self.left).min(most);
        let job = lowered.job(class);
        if fitting == 0 {
            return 0;
        }
        let start = job.earliest;
        if job.demand.devices == 0 {
            let count = u32::try_from(fitting).unwrap_or(u32::MAX);
            self.put(lowered, group, Item { class, count, start, devices: 0, is_current: false });
            return u64::from(count);
        }
        let Some(devices) = choose(&self.devices, job.demand.devices, job.demand.device_milli) else { return 0 };
        self.put(lowered, group, Item { class, count: 1, start, devices, is_current: false });
        1
    }
}

/// The devices with least left that still has enough.
fn choose(left: &[u16], many: u8, milli: u16) -> Option<u64> {
    let mut fitting: Vec<(u16, usize)> = left.iter().copied().zip(0..).filter(|&(left, _)| left >= milli).collect();
    fitting.sort_unstable();
    let chosen = fitting.get(..usize::from(many))?;
    Some(chosen.iter().fold(0, |mask, &(_, device)| mask | 1 << device))
}

/// Puts a cell's new contents in place of the old, all or none: what one tile gains another may have given up.
fn replace(occupancy: &mut Occupancy<'_>, changes: &[Change]) -> bool {
    let old: Vec<Change> = changes.iter().map(|(tile, _)| (*tile, occupancy.items(*tile).to_vec())).collect();
    changes.iter().for_each(|(tile, _)| take_all(occupancy, *tile));
    for (tile, items) in changes {
        let group = occupancy.lowered().group_of(*tile);
        for item in items {
            let count = u64::from(item.count);
            let room = occupancy.path_room(item.class, group, item.start, count);
            if room < count || occupancy.missing(item.class) < count {
                changes.iter().for_each(|(tile, _)| take_all(occupancy, *tile));
                for (tile, items) in old {
                    items.into_iter().for_each(|item| occupancy.place(tile, item));
                }
                return false;
            }
            occupancy.place(*tile, *item);
        }
    }
    true
}

fn take_all(occupancy: &mut Occupancy<'_>, tile: TileIndex) {
    while let Some(last) = occupancy.items(tile).len().checked_sub(1) {
        let count = occupancy.items(tile)[last].count;
        occupancy.take(tile, last, count);
    }
}
