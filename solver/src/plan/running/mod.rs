//! What runs already: a plan starts from it, and pays for what it moves.

mod hold_back;
mod ways;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lessor_models::fleet::NodeIndex;
use lessor_models::objective::moves;
use lessor_models::plan::CurrentPlacement;
use lessor_models::time::Timestamp;

use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};

pub use hold_back::{Resort, STOPPING};

use super::assemble::bonuses;
use super::insert::drop_orphans;
use super::occupancy::{Item, Occupancy};
use super::rank::Ranking;
use super::spread_out::spread_out;
use crate::support::random::Random;

/// Equal capsules that run on one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OnTile {
    tile: TileIndex,
    count: u32,
    devices: u64,
}

/// The capsules of one class that run. A job of which something runs is a class of its own.
#[derive(Clone, Debug)]
struct OfClass {
    class: JobClassIndex,
    /// What moving one of them costs wherever it goes, in micro-credits.
    move_cost: u64,
    /// What it costs once where any of them moves, in micro-credits.
    once: u64,
    count: u64,
    /// When the plan takes over: whoever starts later than that has stopped before.
    takeover: Timestamp,
    /// Whether it stays wherever it can: it may not be preempted, or what must be near it may not.
    is_pinned: bool,
    /// Sorted by tile.
    rows: Vec<OnTile>,
}

/// Where the capsules of one class run, and what moving them costs in micro-credits.
#[derive(Clone, Debug)]
pub struct Seats {
    /// Each tile once, and how many run there.
    pub tiles: Vec<(TileIndex, u32)>,
    /// Whoever is there and has started by then has stayed.
    pub takeover: Timestamp,
    /// What each move costs wherever it leads.
    pub each: u64,
    /// What it costs once where any of them moves.
    pub once: u64,
}

/// Everything that runs when the plan begins, by class.
#[derive(Clone, Debug)]
pub struct Running {
    of_classes: Vec<OfClass>,
    /// Where each class is among those.
    of_index: BTreeMap<JobClassIndex, usize>,
    /// A tile of each place that costs its own to enter; none where no pair of tiles has a cost.
    entrances: Vec<NodeIndex>,
}

/// What becomes of capsules that run and may be preempted, where they can stay.
#[derive(Clone, Copy, Debug)]
pub enum Stay<'r> {
    /// They stay.
    All,
    /// They leave where the prices say that their room is worth more than they are there, or that they earn more on another
    /// tile, by more than a move costs and a part of what they earn.
    Worthwhile {
        /// The prices.
        ranking: &'r Ranking,
        /// That part, zero or more.
        gain: f64,
    },
    /// Some leave, by chance: where a search ends depends on where it begins.
    ByChance {
        /// The number that reproduces which.
        seed: u64,
    },
}

impl Running {
    /// What runs in an instance. O(tiles + running log running).
    #[must_use]
    pub fn of(lowered: &Lowered<'_>) -> Running {
        let current = lowered.instance.current();
        if current.is_empty() {
            return Running { of_classes: Vec::new(), of_index: BTreeMap::new(), entrances: Vec::new() };
        }
        let (tile_of, takeover) = (lowered.tile_of_nodes(), lowered.instance.takeover().unwrap_or_default());
        let of_job = current.chunk_by(|a, b| a.job == b.job).map(|same| {
            let job = &lowered.instance.jobs()[same[0].job.at()];
            let row = |&CurrentPlacement { tile, count, devices, .. }: &CurrentPlacement| OnTile {
                tile: tile_of[&tile],
                count,
                devices,
            };
            let mut rows: Vec<OnTile> = same.iter().map(row).collect();
            rows.sort_by_key(|row| row.tile);
            OfClass {
                class: lowered.class_of_job[same[0].job.at()],
                move_cost: moves::each(job, lowered.instance.weights()),
                once: moves::once(job, lowered.instance.weights()),
                count: rows.iter().map(|row| u64::from(row.count)).sum(),
                takeover,
                is_pinned: !job.preemptible,
                rows,
            }
        });
        let of_classes: Vec<OfClass> = of_job.collect();
        let of_index = of_classes.iter().enumerate().map(|(at, of_class)| (of_class.class, at)).collect();
        let mut running = Running { of_classes, of_index, entrances: ways::entrances(lowered) };
        running.pin_leaders(lowered);
        running
    }

    /// Pins whatever a pinned class must be near, and what that must be near in its turn.
    fn pin_leaders(&mut self, lowered: &Lowered<'_>) {
        let mut pinned: Vec<JobClassIndex> =
            self.of_classes.iter().filter(|of_class| of_class.is_pinned).map(|of_class| of_class.class).collect();
        while let Some(class) = pinned.pop() {
            let Some(near) = lowered.job(class).affinity else { continue };
            let Some(&at) = self.of_index.get(&lowered.class_of_job[near.job.at()]) else { continue };
            let leader = &mut self.of_classes[at];
            if !std::mem::replace(&mut leader.is_pinned, true) {
                pinned.push(leader.class);
            }
        }
    }

    /// Whether anything goes that [`Stay::All`] would keep.
    #[must_use]
    pub fn has_leavers(&self, lowered: &Lowered<'_>, stay: Stay<'_>) -> bool {
        self.of_classes.iter().any(|of_class| !of_class.leaving(lowered, stay, &self.entrances).is_empty())
    }

    /// Puts back what runs, wherever tile, accounts and rules allow, and as many as may stay: first what may not be preempted.
    ///
    /// Capsules that must be near another job come after those of jobs that need no other. What then lies at too few locations
    /// spreads out, those that may not be preempted while they still have the choice.
    pub fn keep(&self, occupancy: &mut Occupancy<'_>, stay: Stay<'_>, ranking: &Ranking) {
        for is_pinned in [true, false] {
            self.put_back(occupancy, stay, &[], is_pinned);
            while !drop_orphans(occupancy).is_empty() {}
            spread_out(occupancy, ranking);
        }
    }

    /// The same, where capsules of some classes are about to come near: who waits for them is let in, and left alone after all; and
    /// nothing spreads out.
    pub fn keep_beside(&self, occupancy: &mut Occupancy<'_>, stay: Stay<'_>, coming: &[JobClassIndex]) {
        for is_pinned in [true, false] {
            self.put_back(occupancy, stay, coming, is_pinned);
        }
    }

    /// Puts back what runs of those that are pinned, or of those that are not.
    fn put_back(&self, occupancy: &mut Occupancy<'_>, stay: Stay<'_>, coming: &[JobClassIndex], is_pinned: bool) {
        let lowered = occupancy.lowered();
        let mut waiting: Vec<(&OfClass, OnTile)> = Vec::new();
        for of_class in self.of_classes.iter().filter(|of_class| of_class.is_pinned == is_pinned) {
            let leaving = of_class.leaving(lowered, stay, &self.entrances);
            let rows = of_class.rows.iter().filter(|row| !leaving.contains(&row.tile));
            waiting.extend(rows.map(|&row| (of_class, row)));
        }
        return_home(occupancy, waiting, coming);
    }

    /// The gangs of which fewer capsules are placed than each needs.
    #[must_use]
    pub fn partial_gangs(&self, occupancy: &Occupancy<'_>) -> Vec<JobClassIndex> {
        let classes = self.of_classes.iter().map(|of_class| of_class.class);
        classes.filter(|&class| occupancy.partial_gang(class) > 0).collect()
    }

    /// What each move of a class costs wherever it leads, times its capsules where so many are placed, at most as many as ran.
    #[must_use]
    pub fn toll(&self, class: JobClassIndex, placed: u64) -> i128 {
        let toll = |of_class: &OfClass| i128::from(of_class.move_cost) * i128::from(placed.min(of_class.count));
        self.of_class(class).map_or(0, toll)
    }

    /// Where a class runs and what its moves cost; `None` where it does not run.
    #[must_use]
    pub fn seats(&self, class: JobClassIndex) -> Option<Seats> {
        let of_class = self.of_class(class)?;
        let tiles = of_class.tiles().collect();
        Some(Seats { tiles, takeover: of_class.takeover, each: of_class.move_cost, once: of_class.once })
    }

    /// The devices of a seat on a tile where a capsule of a class ran and can run again, and that none of it holds; whatever rules
    /// say.
    #[must_use]
    pub fn open_seat(
        &self,
        occupancy: &Occupancy<'_>,
        (tile, class, start): (TileIndex, JobClassIndex, Timestamp),
    ) -> Option<u64> {
        let (of_class, lowered) = (self.of_class(class)?, occupancy.lowered());
        let fits = start == lowered.job(class).earliest
            && occupancy.fits_tile(tile, class, start)
            && occupancy.path_room(class, lowered.group_of(tile), start, 1) == 1;
        let is_open = |row: &&OnTile| {
            let ours = occupancy.items(tile).iter().filter(|item| item.class == class && item.is_current);
            let held: u32 = ours.filter(|item| item.devices == row.devices).map(|item| item.count).sum();
            row.tile == tile && held < row.count && occupancy.devices_are_free(tile, (class, start), row.devices)
        };
        of_class.rows.iter().filter(|_| fits).find(is_open).map(|row| row.devices)
    }

    /// Puts back what runs of some classes, nothing of which is placed.
    pub fn keep_classes(&self, occupancy: &mut Occupancy<'_>, classes: &[JobClassIndex]) {
        let ours = self.of_classes.iter().filter(|of_class| classes.contains(&of_class.class));
        let rows = ours.flat_map(|of_class| of_class.rows.iter().map(move |&row| (of_class, row)));
        return_home(occupancy, rows.collect(), &[]);
        while !drop_orphans(occupancy).is_empty() {}
    }

    /// What the moves of a partial plan cost, in micro-credits: each capsule of a class that left a tile and is on another or
    /// starts anew, the cheapest way from those left to those entered, and each class with such a capsule.
    #[must_use]
    pub fn move_cost(&self, occupancy: &Occupancy<'_>) -> i128 {
        let guests = self.guests(occupancy);
        let cost = |(of_class, guests): (&OfClass, &Vec<(TileIndex, u64)>)| match of_class.moved(occupancy) {
            0 => 0,
            moved => {
                let plain = i128::from(of_class.once) + i128::from(moved) * i128::from(of_class.move_cost);
                plain + of_class.way_cost(occupancy, guests)
            }
        };
        self.of_classes.iter().zip(&guests).map(cost).sum()
    }

    /// Takes off capsules that are not worth what it costs to move them. Returns the classes that lost capsules.
    ///
    /// Of classes of which one capsule depends on another (gangs, bonuses, spreads and relations) all that moved go, where they
    /// and what is lost with them are not worth all their moves.
    pub fn withdraw(&self, occupancy: &mut Occupancy<'_>) -> Vec<JobClassIndex> {
        let lowered = occupancy.lowered();
        let guests = self.guests(occupancy);
        let mut losers = Vec::new();
        for (of_class, guests) in self.of_classes.iter().zip(&guests) {
            let mut due = of_class.moved(occupancy);
            let mut has_lost = false;
            if lowered.is_loose(of_class.class) {
                let each = |tile: TileIndex| of_class.move_cost.saturating_add(of_class.least_way_to(lowered, tile));
                let is_worthless = |tile, worth| worth < i64::try_from(each(tile)).unwrap_or(i64::MAX);
                has_lost = due > 0 && of_class.take_off(occupancy, &mut due, is_worthless);
                if due > 0 && of_class.once > 0 && of_class.gain(occupancy, due) < i128::from(of_class.once) {
                    has_lost |= of_class.take_off(occupancy, &mut due, |_, _| true);
                }
            } else if due > 0 {
                let cost = i128::from(of_class.once) + of_class.way_cost(occupancy, guests);
                let lost = of_class.lost_beside(occupancy, due);
                if of_class.gain(occupancy, due) + lost < cost {
                    has_lost = of_class.take_off(occupancy, &mut due, |_, _| true);
                }
            }
            losers.extend(has_lost.then_some(of_class.class));
        }
        losers
    }
}

impl OfClass {
    /// Each tile once, and how many ran there.
    fn tiles(&self) -> impl Iterator<Item = (TileIndex, u32)> + '_ {
        let same = self.rows.chunk_by(|a, b| a.tile == b.tile);
        same.map(|same| (same[0].tile, same.iter().map(|row| row.count).sum()))
    }

    /// The tiles that capsules had better leave, sorted; none where they may not be preempted.
    fn leaving(&self, lowered: &Lowered<'_>, stay: Stay<'_>, entrances: &[NodeIndex]) -> Vec<TileIndex> {
        if self.is_pinned {
            return Vec::new();
        }
        let (ranking, gain) = match stay {
            Stay::All => return Vec::new(),
            Stay::ByChance { seed } => return self.leaving_by_chance(seed),
            Stay::Worthwhile { ranking, gain } => (ranking, gain),
        };
        let best = ranking.margin(lowered, self.class).max(0.0);
        let leaves = |row: &&OnTile| {
            let group = lowered.group_of(row.tile);
            let earned = lowered.worth_from(self.class, group, lowered.job(self.class).earliest) as f64;
            let move_cost = self.move_cost.saturating_add(ways::least_way_from(lowered, row.tile, entrances));
            earned - ranking.cost(lowered, self.class, group) + gain * earned.abs() + (move_cost as f64) < best
        };
        self.rows.iter().filter(leaves).map(|row| row.tile).collect()
    }

    /// The tiles that capsules leave by chance: of every other class those on every other tile.
    fn leaving_by_chance(&self, seed: u64) -> Vec<TileIndex> {
        let mut random = Random::new(seed).fork(self.class.at() as u64);
        if random.below(2) == 0 {
            return Vec::new();
        }
        self.rows.iter().map(|row| row.tile).filter(|_| random.below(2) == 0).collect()
    }

    /// What is lost beside so many capsules when they are taken off: the rest of a gang that is then too small, and the bonus that
    /// is then not earned, in micro-credits.
    fn lost_beside(&self, occupancy: &Occupancy<'_>, due: u64) -> i128 {
        let lowered = occupancy.lowered();
        let placed = occupancy.placed(self.class);
        let left = placed.saturating_sub(due);
        let is_too_small = lowered.partial_gang(self.class, left) > 0;
        let rest =
            if is_too_small { worth_of(occupancy, self.class) * i128::from(left) / i128::from(placed) } else { 0 };
        let left = if is_too_small { 0 } else { left };
        rest + bonuses(lowered, self.class, placed) - bonuses(lowered, self.class, left)
    }

    /// How many capsules left their tile and are on another, or start anew.
    fn moved(&self, occupancy: &Occupancy<'_>) -> u64 {
        let stayed: u64 = self.tiles().map(|(tile, _)| self.stayed(occupancy, tile)).sum();
        self.count.min(occupancy.placed(self.class)) - stayed
    }

    /// Takes up to `due` capsules off tiles to which they moved, where tile and worth are such; whether any.
    fn take_off(
        &self,
        occupancy: &mut Occupancy<'_>,
        due: &mut u64,
        is_meant: impl Fn(TileIndex, i64) -> bool,
    ) -> bool {
        let (lowered, wanted) = (occupancy.lowered(), *due);
        for tile in (0..lowered.tiles.len()).map(TileIndex::new) {
            for (position, count) in self.newcomers(occupancy, tile) {
                let start = occupancy.items(tile)[position].start;
                let count = u32::try_from((*due).min(u64::from(count))).unwrap_or(count);
                if count > 0 && is_meant(tile, lowered.worth_from(self.class, lowered.group_of(tile), start)) {
                    occupancy.take(tile, position, count);
                    *due -= u64::from(count);
                }
            }
        }
        *due < wanted
    }

    /// What so many moved capsules are worth at most where they are, less what each move costs wherever it goes.
    fn gain(&self, occupancy: &Occupancy<'_>, moved: u64) -> i128 {
        let lowered = occupancy.lowered();
        let mut worths: Vec<(i64, u32)> = Vec::new();
        for tile in (0..lowered.tiles.len()).map(TileIndex::new) {
            let worth = |position: usize| {
                lowered.worth_from(self.class, lowered.group_of(tile), occupancy.items(tile)[position].start)
            };
            worths.extend(self.newcomers(occupancy, tile).map(|(position, count)| (worth(position), count)));
        }
        worths.sort_unstable_by(|a, b| b.cmp(a));
        let mut left = moved;
        let taken = worths.into_iter().map(|(worth, count)| {
            let count = u64::from(count).min(left);
            left -= count;
            (i128::from(worth) - i128::from(self.move_cost)) * i128::from(count)
        });
        taken.sum()
    }

    /// Where the capsules on a tile are that have not stayed there, those that start later before others and then the last come
    /// first, and how many of each item; the last items first.
    fn newcomers(&self, occupancy: &Occupancy<'_>, tile: TileIndex) -> impl Iterator<Item = (usize, u32)> + use<> {
        let items = occupancy.items(tile).iter().enumerate().rev();
        let ours = items.filter(|(_, item)| item.class == self.class && !item.is_current);
        let (later, begun): (Vec<_>, Vec<_>) = ours.partition(|(_, item)| item.start > self.takeover);
        let mut left = if later.is_empty() && begun.is_empty() { 0 } else { self.beyond(occupancy, tile) };
        let due = later.into_iter().chain(begun).map_while(|(at, item)| {
            let count = u32::try_from(left.min(u64::from(item.count))).unwrap_or(item.count);
            left -= u64::from(count);
            (count > 0).then_some((at, count))
        });
        let mut due: Vec<(usize, u32)> = due.collect();
        due.sort_unstable_by_key(|&(at, _)| Reverse(at));
        due.into_iter()
    }
}

/// What the placed capsules of a class are worth, in micro-credits. O(tiles).
fn worth_of(occupancy: &Occupancy<'_>, class: JobClassIndex) -> i128 {
    let lowered = occupancy.lowered();
    let items = (0..lowered.tiles.len()).map(TileIndex::new).flat_map(|tile| {
        let ours = occupancy.items(tile).iter().filter(|item| item.class == class);
        ours.map(move |item| (lowered.group_of(tile), item))
    });
    let worth =
        |(group, item): (_, &Item)| i128::from(lowered.worth_from(class, group, item.start)) * i128::from(item.count);
    items.map(worth).sum()
}

/// Puts rows back on the tiles where they run, as many as may stay beside each other and what is to come.
fn return_home(occupancy: &mut Occupancy<'_>, mut waiting: Vec<(&OfClass, OnTile)>, coming: &[JobClassIndex]) {
    let lowered = occupancy.lowered();
    waiting.sort_by_key(|(of_class, _)| lowered.job(of_class.class).affinity.is_some());
    // A job near another may be what a third one must be near: whoever was put back lets others in.
    loop {
        let before = waiting.len();
        waiting.retain_mut(|(of_class, row)| {
            row.count -= put_back(occupancy, (of_class.class, coming), *row);
            row.count > 0 && lowered.job(of_class.class).affinity.is_some()
        });
        if waiting.is_empty() {
            return;
        }
        if waiting.len() == before {
            break;
        }
    }
    // What is left may be near each other in a ring.
    let mut coming: Vec<JobClassIndex> =
        waiting.iter().map(|(of_class, _)| of_class.class).chain(coming.iter().copied()).collect();
    coming.dedup();
    for (of_class, row) in waiting {
        put_back(occupancy, (of_class.class, &coming), row);
    }
}

/// Puts capsules back one by one on the seats where they run, those counted as near that are to come. Returns how many found their
/// place.
fn put_back(occupancy: &mut Occupancy<'_>, class: (JobClassIndex, &[JobClassIndex]), row: OnTile) -> u32 {
    sit(occupancy, class, row, true)
}

/// Puts capsules one by one on seats, those counted as near that are to come. Returns how many found their place.
fn sit(
    occupancy: &mut Occupancy<'_>,
    (class, coming): (JobClassIndex, &[JobClassIndex]),
    row: OnTile,
    is_current: bool,
) -> u32 {
    let lowered = occupancy.lowered();
    let OnTile { tile, devices, .. } = row;
    let (group, start) = (lowered.group_of(tile), lowered.job(class).earliest);
    for placed in 0..row.count {
        let has_room = lowered.worth(class, group).is_some()
            && occupancy.fits_tile(tile, class, start)
            && occupancy.path_room(class, group, start, 1) == 1
            // Too few locations are mended afterwards, by as few moves as that takes.
            && occupancy.bonds().allow_beside(tile, (class, start), coming)
            && occupancy.devices_are_free(tile, (class, start), devices);
        if !has_room {
            return placed;
        }
        occupancy.place(tile, Item { class, count: 1, start, devices, is_current });
    }
    row.count
}

#[cfg(test)]
mod tests;
