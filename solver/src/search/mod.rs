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
//!
//! A round here divides among cells what is missing (`division`, `budget`), each has its turn (`cell_round`: `refill` greedily,
//! `exact` by an integer program, which reaches HiGHS through good_lp), and contents change all or none (`replace`). Before it
//! comes `ejection`; where time matters, what is missing displaces what is worth less, place by place and hour by hour
//! ([`Displacement`], with `leave`, `spot` and `draws`), and what is placed moves to better places and starts
//! ([`Rescheduling`]), each step a `change` that can be taken back. At last whole jobs are planned
//! anew together ([`Neighborhoods`]). What loses goes ([`drop_losing`]).

mod budget;
mod cell_round;
mod change;
mod displacement;
mod division;
mod draws;
mod ejection;
mod exact;
mod leave;
mod neighborhood;
mod refill;
mod replace;
mod rescheduling;
mod spot;
mod supply;
mod trim;

use rayon::prelude::*;

use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, Occupancy};
use crate::plan::rank::Ranking;
use crate::support::random::Random;
use crate::support::stop::Stop;
use budget::Budget;
use cell_round::Task;
pub use displacement::Displacement;
use division::{cells_below, headroom, supplies};
use ejection::Ejection;
pub use neighborhood::Neighborhoods;
use replace::replace;
pub use rescheduling::Rescheduling;
use supply::Supply;
pub use trim::drop_losing;

/// Moves that one cell tries in one round, per tile.
const MOVES_PER_TILE: u64 = 2;

/// Classes from the missing pool that one cell looks at in one round.
const POOL_MAX: usize = 48;

/// The part of its bid that a capsule must earn beyond the prices of its room to eject others.
const MARGIN_MIN: f64 = 0.01;

/// Gangs of a class that must be missing for its capsules to eject others: what comes of the last one is dropped again.
const GANGS_MIN: u64 = 4;

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

/// Whether an item stays where it is: it runs already, or what is placed otherwise depends on it.
fn stays(lowered: &Lowered<'_>, item: &Item) -> bool {
    item.is_current || !lowered.is_loose(item.class)
}
