//! Local search over tiles: take a few tiles' capsules off, fill the tiles again from them and from what is missing.
//!
//! Ruin and recreate (Schrimpf, Schneider, Stamm-Wilbrandt & Dueck 2000) on one to three tiles of a group at a time. The
//! refill is greedy by worth per price, each class's rank shaken by a seeded factor; the result stays where the capsules on
//! the tiles are worth more than before; a capsule that may start at several times takes the first at which it fits, from
//! its earliest start or, every other time, from a random one. Cells are independent within a round: each has its own random numbers, its share
//! of what is missing and of every account's headroom, so the outcome does not depend on the number of threads.

use std::collections::BTreeMap;
use std::ops::Range;

use lessor_models::resources::{Resources, UNLIMITED};
use lessor_models::time::Timestamp;
use rayon::prelude::*;

use crate::index::{AccountIndex, GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::{Cell, Lowered};
use crate::occupancy::{Item, Occupancy};
use crate::random::Random;
use crate::rank::Ranking;
use crate::room::Room;
use crate::shares::{Drawn, Share, Shares};
use crate::stop::Stop;

/// Moves that one cell tries in one round, per tile.
const MOVES_PER_TILE: u64 = 2;

/// Classes from the missing pool that one cell looks at in one round.
const POOL_MAX: usize = 48;

/// Starts that are tried for one class on one tile.
const STARTS_MAX: usize = 12;

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
    headroom: Shares,
    random: Random,
    moves: u64,
}

/// A tile's new contents, where they are worth more.
type Contents = (TileIndex, Vec<Item>);

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
        let pool: Vec<JobClassIndex> = self.order.iter().copied().filter(|&class| is_free(occupancy, class)).collect();
        if pool.is_empty() {
            return Round { moves: 0, is_exhausted: true };
        }
        let tasks = self.tasks(occupancy, &pool, most);
        let seen: &Occupancy<'_> = occupancy;
        let found: Vec<(u64, Vec<Contents>)> =
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

    fn refill_cell(&self, occupancy: &Occupancy<'_>, mut task: Task<'_>, stop: &Stop) -> (u64, Vec<Contents>) {
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
    ) -> Option<Vec<Contents>> {
        let lowered = occupancy.lowered();
        let group = lowered.group_of(tiles[0]);
        if lowered.group(group).closed {
            return None;
        }
        let items = |tile: TileIndex| contents.get(&tile).map_or_else(|| occupancy.items(tile), Vec::as_slice);
        let mut supply: BTreeMap<JobClassIndex, u64> = task.pool.iter().copied().collect();
        let mut before = 0i128;
        let mut refill = Refill { occupancy, group, rooms: Vec::new(), contents: Vec::new(), log: Vec::new() };
        for &tile in tiles {
            refill.rooms.push(Room::empty(lowered, group));
            refill.contents.push(Vec::new());
            for &item in items(tile) {
                let drawn = refill.drawn(&item, occupancy.buckets(item.class, group, item.start));
                if stays(lowered, &item) {
                    refill.put(refill.rooms.len() - 1, item, &drawn.over);
                } else {
                    *supply.entry(item.class).or_default() += u64::from(item.count);
                    before += i128::from(lowered.worth(item.class, group).unwrap_or(0)) * i128::from(item.count);
                    task.headroom.credit(lowered, &drawn);
                    refill.log.push((drawn, Change::Credit));
                }
            }
        }
        let ranked = self.shaken(lowered, group, &supply, &mut task.random);
        let mut after = 0i128;
        for (_, class, worth) in ranked {
            let left = supply.get_mut(&class).expect("ranked classes are supplied");
            let starts = starts(lowered, class, group, &mut task.random);
            let placed = refill.add(class, &starts, *left, &mut task.headroom);
            *left -= placed;
            after += i128::from(worth) * i128::from(placed);
        }
        if after <= before {
            refill.undo(&mut task.headroom);
            return None;
        }
        task.pool = supply.into_iter().filter(|&(_, left)| left > 0).collect();
        Some(tiles.iter().copied().zip(refill.contents).collect())
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
fn headroom(occupancy: &Occupancy<'_>, cell: &Cell, cells: u64) -> Shares {
    let lowered = occupancy.lowered();
    let mut accounts: Vec<AccountIndex> = lowered.groups[cell.groups.clone()]
        .iter()
        .flat_map(|group| group.path.iter().map(|&(account, _)| account))
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    let part = |account: AccountIndex, bucket: usize| {
        let left = *occupancy.account_left(account, bucket);
        let own =
            cell.node.is_some_and(|node| lowered.account(account).owner == lessor_models::fleet::Owner::Node(node));
        if own {
            left
        } else {
            Resources(left.0.map(|amount| if amount == UNLIMITED { amount } else { amount / cells }))
        }
    };
    let share =
        |account| Share { account, most: (0..lowered.grid.count()).map(|bucket| part(account, bucket)).collect() };
    Shares::new(accounts.into_iter().map(share).collect())
}

/// The starts to try for a class, in order: all of them from the earliest on or from a random one, some where they are many.
fn starts(lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex, random: &mut Random) -> Vec<Timestamp> {
    if lowered.grid.count() == 1 {
        return vec![lowered.job(class).earliest];
    }
    let mut starts: Vec<Timestamp> = lowered.starts(class, group).collect();
    let many = starts.len();
    if many > 1 && random.below(2) == 1 {
        starts.rotate_left(usize::try_from(random.below(many as u64)).unwrap_or(0));
    }
    starts.into_iter().step_by(many.div_ceil(STARTS_MAX).max(1)).collect()
}

/// What a refill did to the headroom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Credit,
    Debit,
}

/// Tiles of one group while they are refilled.
struct Refill<'a> {
    occupancy: &'a Occupancy<'a>,
    group: GroupIndex,
    rooms: Vec<Room>,
    contents: Vec<Vec<Item>>,
    /// What was done to the headroom, in order.
    log: Vec<(Drawn, Change)>,
}

impl Refill<'_> {
    fn drawn(&self, item: &Item, over: Range<usize>) -> Drawn {
        Drawn { class: item.class, group: self.group, count: u64::from(item.count), over }
    }

    fn put(&mut self, at: usize, item: Item, over: &Range<usize>) {
        let lowered = self.occupancy.lowered();
        let draw = lowered.draw(item.class, self.group);
        let milli = lowered.job(item.class).demand.device_milli;
        self.rooms[at].take(draw, u64::from(item.count), (milli, item.devices), over);
        self.contents[at].push(item);
    }

    /// Adds up to `most` capsules of a class, tile by tile, each at the first start at which it fits. Returns how many.
    fn add(&mut self, class: JobClassIndex, starts: &[Timestamp], most: u64, headroom: &mut Shares) -> u64 {
        let lowered = self.occupancy.lowered();
        let (draw, demand) = (*lowered.draw(class, self.group), &lowered.job(class).demand);
        let mut left = most;
        for &start in starts {
            let over = self.occupancy.buckets(class, self.group, start);
            for at in 0..self.rooms.len() {
                while left > 0 {
                    let fitting = self.rooms[at].times(&draw, &over).min(left);
                    let fitting = fitting.min(if demand.devices > 0 { 1 } else { u64::from(u32::MAX) });
                    if fitting == 0 {
                        break;
                    }
                    let Some(devices) = self.rooms[at].choose_devices(demand, &over) else { break };
                    let count = headroom.times(lowered, class, self.group, &over).min(fitting);
                    if count == 0 {
                        break;
                    }
                    let count = u32::try_from(count).expect("limited above");
                    let item = Item { class, count, start, devices, is_current: false };
                    let drawn = self.drawn(&item, over.clone());
                    headroom.debit(lowered, &drawn);
                    self.log.push((drawn, Change::Debit));
                    self.put(at, item, &over);
                    left -= u64::from(count);
                }
            }
        }
        most - left
    }

    /// Undoes what was done to the headroom.
    fn undo(self, headroom: &mut Shares) {
        for (drawn, change) in self.log.into_iter().rev() {
            match change {
                Change::Credit => headroom.debit(self.occupancy.lowered(), &drawn),
                Change::Debit => headroom.credit(self.occupancy.lowered(), &drawn),
            }
        }
    }
}

/// Puts a cell's new contents in place of the old, all or none: what one tile gains another may have given up.
fn replace(occupancy: &mut Occupancy<'_>, changes: &[Contents]) -> bool {
    let old: Vec<Contents> = changes.iter().map(|(tile, _)| (*tile, occupancy.items(*tile).to_vec())).collect();
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
