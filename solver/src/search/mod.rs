//! Local search over tiles: take a few tiles' capsules off, fill the tiles again from them and from what is missing.
//!
//! Ruin and recreate (Schrimpf, Schneider, Stamm-Wilbrandt & Dueck 2000) on one to three tiles of a group at a time. The
//! refill is greedy by worth per price, each class's rank shaken by a seeded factor; the result stays where the capsules on
//! the tiles are worth more than before; a capsule that may start at several times takes the first at which it fits, from
//! its earliest start or, every other time, from a random one. Once that finds nothing more, a few tiles at a time are filled
//! as well as they can be, by an integer program (large neighborhood search; Shaw 1998), as long as that helps.
//!
//! Before all that, what is missing and earns most takes the place of what is worth less ([`Search::eject`]), which gains more
//! in less time, until it gains little.
//!
//! Cells are independent within a round: each has its own random numbers, its share of what is missing and of every account's
//! headroom, so the outcome does not depend on the number of threads.

mod budget;
mod change;
mod displacement;
mod draws;
mod ejection;
mod exact;
mod leave;
mod refill;
mod rescheduling;
mod spot;
mod supply;

use std::collections::BTreeMap;

use lessor_models::resources::{Resources, UNLIMITED};
use rayon::prelude::*;

use crate::lowering::index::{AccountIndex, GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::{Cell, Lowered};
use crate::plan::occupancy::{Item, Occupancy};
use crate::plan::rank::Ranking;
use crate::plan::shares::{Share, Shares};
use crate::support::random::Random;
use crate::support::stop::Stop;
use budget::Budget;
pub use displacement::Displacement;
use ejection::Ejection;
use exact::Choice;
use refill::{Bearable, Refill};
pub use rescheduling::Rescheduling;
use supply::Supply;

/// Moves that one cell tries in one round, per tile.
const MOVES_PER_TILE: u64 = 2;

/// Classes from the missing pool that one cell looks at in one round.
const POOL_MAX: usize = 48;

/// Tiles drawn for a move, of which the one that holds least against the best of its group is filled again (tournament
/// selection; Goldberg & Deb 1991).
const ENTRANTS: usize = 3;

/// Tiles that are filled greedily together, at most.
const GREEDY_TILES: u64 = 3;

/// The share of greedy moves that take off only some of the capsules, and the chance of each then to be kept: what is put
/// back is the sooner tried, and what packed well stays together.
const SOME: f64 = 0.8;
const KEPT: f64 = 0.5;

/// The part of its bid that a capsule must earn beyond the prices of its room to eject others.
const MARGIN_MIN: f64 = 0.01;

/// Gangs of a class that must be missing for its capsules to eject others: what comes of the last one is dropped again.
const GANGS_MIN: u64 = 4;

/// Starts that are tried for one class on one tile.
const STARTS_MAX: usize = 12;

/// Rounds in a row without an improvement after which tiles are filled exactly.
const IDLE_ROUNDS_MAX: u32 = 12;

/// Times that the exact filling looks at as many tiles as there are, without an improvement, before the search is exhausted.
const EXACT_SWEEPS: u32 = 2;

/// Tiles that are filled exactly together, at most.
const EXACT_TILES: u64 = 4;

/// Exact fillings of one cell in one round.
const EXACT_PER_ROUND: u64 = 8;

/// What one exact filling counts for in moves: about as long as so many greedy ones take.
const EXACT_MOVES: u64 = 1_000;

/// Classes of the pool that an exact filling chooses from, beside what is on the tiles.
const EXACT_POOL: usize = 24;

/// Starts of each of them.
const EXACT_STARTS: usize = 2;

/// How tiles are filled again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recreate {
    /// Class by class, by worth per price.
    Greedy,
    /// By an integer program.
    Exact,
}

/// The search's memory between rounds.
#[derive(Debug)]
pub struct Search<'a> {
    ranking: &'a Ranking,
    order: &'a [JobClassIndex],
    random: Random,
    idle: u32,
    prices: Vec<f64>,
    /// How many cells debit each account.
    cells_below: Vec<u64>,
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
    pool: Supply,
    headroom: Shares,
    random: Random,
    recreate: Recreate,
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
        Search {
            ranking,
            order,
            random: Random::new(seed),
            idle: 0,
            prices: prices.collect(),
            cells_below: cells_below(lowered),
        }
    }

    /// One round over all cells, at most about `most` moves.
    pub fn round(&mut self, occupancy: &mut Occupancy<'_>, stop: &Stop, most: u64) -> Round {
        let pool: Vec<JobClassIndex> = self.order.iter().copied().filter(|&class| is_free(occupancy, class)).collect();
        if pool.is_empty() {
            return Round { moves: 0, is_exhausted: true };
        }
        let recreate = if self.idle < IDLE_ROUNDS_MAX { Recreate::Greedy } else { Recreate::Exact };
        let tasks = self.tasks(occupancy, &pool, (recreate, most));
        let seen: &Occupancy<'_> = occupancy;
        let found: Vec<(u64, Vec<Contents>)> =
            tasks.into_par_iter().map(|task| self.refill_cell(seen, task, stop)).collect();
        let moves = found.iter().map(|(moves, _)| moves).sum();
        let mut improved = false;
        for (_, changes) in found {
            improved |= !changes.is_empty() && replace(occupancy, &changes);
        }
        improved |= crate::plan::insert::insert_missing(occupancy, &pool, self.ranking, stop) > 0;
        crate::plan::insert::drop_partial_gangs(occupancy);
        self.idle = match (improved, recreate) {
            (false, _) => self.idle + 1,
            (true, Recreate::Greedy) => 0,
            // What an exact filling freed is worth one greedy look.
            (true, Recreate::Exact) => IDLE_ROUNDS_MAX - 1,
        };
        let idle_max = IDLE_ROUNDS_MAX + exact_rounds(occupancy.lowered());
        Round { moves, is_exhausted: self.idle >= idle_max || moves == 0 }
    }

    /// Puts in what is missing and earns most, in place of what is worth less, where time does not vary and nothing strains
    /// tiles. What went is left for whoever fills the room that is over. One round over all cells.
    pub fn eject(&mut self, occupancy: &mut Occupancy<'_>, stop: &Stop) {
        let lowered = occupancy.lowered();
        if lowered.grid.count() > 1 || !lowered.strain.is_free() {
            return;
        }
        let margins: Vec<f64> = lowered.class_indexes().map(|class| self.ranking.margin(lowered, class)).collect();
        let margin = |class: JobClassIndex| margins[class.at()];
        let earns = |class: JobClassIndex| margin(class) > MARGIN_MIN * lowered.job(class).bid as f64;
        let free =
            self.order.iter().copied().filter(|&class| is_free(occupancy, class) || misses_gangs(occupancy, class));
        let mut earning: Vec<JobClassIndex> = free.filter(|&class| earns(class)).collect();
        earning.sort_by(|&a, &b| margin(b).total_cmp(&margin(a)));
        let seen: &Occupancy<'_> = occupancy;
        let supplies = supplies(seen, &earning);
        let may_go: Vec<bool> = lowered.class_indexes().map(|class| lowered.is_loose(class)).collect();
        let cells: Vec<_> = (0u64..).zip(&lowered.cells).zip(supplies).collect();
        let found: Vec<Vec<Contents>> = cells
            .into_par_iter()
            .map(|((at, cell), supply)| {
                let mut ejection = Ejection::new((seen, cell), headroom(seen, cell, &self.cells_below), &may_go);
                let mut random = self.random.fork(at);
                for (class, count) in supply.into_iter().take_while(|_| !stop.is_raised()) {
                    ejection.insert(class, count, &mut random);
                }
                ejection.changes()
            })
            .collect();
        self.random.advance();
        for changes in found {
            replace(occupancy, &changes);
        }
        crate::plan::insert::drop_partial_gangs(occupancy);
    }

    fn tasks<'b>(
        &mut self,
        occupancy: &Occupancy<'b>,
        pool: &[JobClassIndex],
        (recreate, most): (Recreate, u64),
    ) -> Vec<Task<'b>> {
        let lowered = occupancy.lowered();
        let cells = u64::try_from(lowered.cells.len()).unwrap_or(1).max(1);
        let mut tasks = Vec::with_capacity(lowered.cells.len());
        let mut budget = Budget::new(recreate, most, lowered.tiles.len());
        for (at, cell) in (0u64..).zip(&lowered.cells) {
            let mut random = self.random.fork(at);
            let wanted = budget.give(cell);
            let mut shared = Supply::with_room_for(POOL_MAX);
            // A cell looks at the best of the pool and at a random stretch of it.
            let from = random.index(pool.len());
            let stretch = pool.iter().cycle().skip(from).take(pool.len().min(POOL_MAX / 2));
            for &class in pool.iter().take(POOL_MAX / 2).chain(stretch) {
                let missing = occupancy.missing(class);
                let share =
                    missing / cells + u64::from((u64::from(class.0) + at + random.round()) % cells < missing % cells);
                if share > 0 && shared.of(class) == 0 {
                    shared.add(class, share);
                }
            }
            let headroom = headroom(occupancy, cell, &self.cells_below);
            tasks.push(Task { cell, pool: shared, headroom, random, recreate, moves: wanted });
        }
        self.random.advance();
        tasks
    }

    fn refill_cell(&self, occupancy: &Occupancy<'_>, mut task: Task<'_>, stop: &Stop) -> (u64, Vec<Contents>) {
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

/// Rounds in which the exact filling looks at every tile about `EXACT_SWEEPS` times.
fn exact_rounds(lowered: &Lowered<'_>) -> u32 {
    let most = lowered.cells.iter().map(|cell| cell.tiles.len() as u64).max().unwrap_or(0);
    let each = EXACT_PER_ROUND * (1 + EXACT_TILES) / 2;
    EXACT_SWEEPS * u32::try_from(most.div_ceil(each)).unwrap_or(u32::MAX / EXACT_SWEEPS)
}

/// Whether the search may move a class: not bound to places, no gang, some of it missing.
fn is_free(occupancy: &Occupancy<'_>, class: JobClassIndex) -> bool {
    let lowered = occupancy.lowered();
    let job = lowered.job(class);
    occupancy.missing(class) > 0 && !lowered.classes[class.at()].is_bound && job.gang_min <= 1
}

/// Whether whole gangs of a class are missing, not bound to places: so many that what the last one lacks hardly matters.
fn misses_gangs(occupancy: &Occupancy<'_>, class: JobClassIndex) -> bool {
    let lowered = occupancy.lowered();
    let (gang, missing) = (u64::from(lowered.job(class).gang_min), occupancy.missing(class));
    missing > 0 && missing >= GANGS_MIN * gang && !lowered.classes[class.at()].is_bound
}

fn stays(lowered: &Lowered<'_>, item: &Item) -> bool {
    item.is_current || !lowered.is_loose(item.class)
}

/// The accounts that the tiles of a cell debit, in order.
fn accounts_above(lowered: &Lowered<'_>, cell: &Cell) -> Vec<AccountIndex> {
    let paths = lowered.groups[cell.groups.clone()].iter().flat_map(|group| &group.path);
    let mut accounts: Vec<AccountIndex> = paths.map(|&(account, _)| account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// What each cell is to take of what is missing of some classes, by the tiles that each may use there.
fn supplies(occupancy: &Occupancy<'_>, classes: &[JobClassIndex]) -> Vec<Vec<(JobClassIndex, u64)>> {
    let lowered = occupancy.lowered();
    let mut supplies = vec![Vec::new(); lowered.cells.len()];
    for &class in classes {
        let usable = |cell: &Cell| -> u128 {
            let groups = cell.groups.clone().map(GroupIndex::new);
            let groups = groups.filter(|&group| lowered.worth(class, group).is_some_and(|worth| worth > 0));
            groups.map(|group| lowered.group(group).tiles.len() as u128).sum()
        };
        let tiles: Vec<u128> = lowered.cells.iter().map(usable).collect();
        let (all, missing) = (tiles.iter().sum::<u128>().max(1), u128::from(occupancy.missing(class)));
        let (mut passed, mut given) = (0, 0);
        for (supply, tiles) in supplies.iter_mut().zip(tiles) {
            passed += tiles;
            let share = u64::try_from(missing * passed / all).unwrap_or(u64::MAX) - given;
            given += share;
            if share > 0 {
                supply.push((class, share));
            }
        }
    }
    supplies
}

/// How many cells debit each account.
fn cells_below(lowered: &Lowered<'_>) -> Vec<u64> {
    let mut cells = vec![0; lowered.accounts.len()];
    for account in lowered.cells.iter().flat_map(|cell| accounts_above(lowered, cell)) {
        cells[account.at()] += 1;
    }
    cells
}

/// A cell's share of every account's headroom: an even part of what other cells debit too.
fn headroom(occupancy: &Occupancy<'_>, cell: &Cell, cells_below: &[u64]) -> Shares {
    let lowered = occupancy.lowered();
    let part = |account: AccountIndex, bucket: usize| {
        let (left, cells) = (*occupancy.account_left(account, bucket), cells_below[account.at()]);
        Resources(left.0.map(|amount| if amount == UNLIMITED { amount } else { amount / cells }))
    };
    let share =
        |account| Share { account, most: (0..lowered.grid.count()).map(|bucket| part(account, bucket)).collect() };
    Shares::new(accounts_above(lowered, cell).into_iter().map(share).collect())
}

/// Puts a cell's new contents in place of the old, all or none: what one tile gains another may have given up. What stays is
/// not touched.
fn replace(occupancy: &mut Occupancy<'_>, changes: &[Contents]) -> bool {
    let old: Vec<Contents> = changes.iter().map(|(tile, _)| (*tile, occupancy.items(*tile).to_vec())).collect();
    changes.iter().for_each(|(tile, items)| take_others(occupancy, *tile, items));
    for (tile, items) in changes {
        let group = occupancy.lowered().group_of(*tile);
        for (at, item) in items.iter().enumerate() {
            let count = like(&items[..=at], item).saturating_sub(like(occupancy.items(*tile), item));
            let room = occupancy.path_room(item.class, group, item.start, u64::from(count));
            if room < u64::from(count) || occupancy.missing(item.class) < u64::from(count) {
                changes.iter().for_each(|(tile, _)| take_others(occupancy, *tile, &[]));
                for (tile, items) in old {
                    items.into_iter().for_each(|item| occupancy.place(tile, item));
                }
                return false;
            }
            if count > 0 {
                occupancy.place(*tile, Item { count, ..*item });
            }
        }
    }
    true
}

/// Takes off a tile what is not among the items that stay.
fn take_others(occupancy: &mut Occupancy<'_>, tile: TileIndex, stay: &[Item]) {
    for position in (0..occupancy.items(tile).len()).rev() {
        let item = occupancy.items(tile)[position];
        let goes = like(occupancy.items(tile), &item).saturating_sub(like(stay, &item)).min(item.count);
        if goes > 0 {
            occupancy.take(tile, position, goes);
        }
    }
}

/// How many capsules in a list of items differ from those of an item in nothing.
fn like(items: &[Item], asked: &Item) -> u32 {
    items.iter().filter(|item| Item { count: asked.count, ..**item } == *asked).map(|item| item.count).sum()
}
