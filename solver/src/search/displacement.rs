//! The search where time matters: what is missing takes a place at some time, and what stands in its way goes elsewhere.
//!
//! An attempt puts one capsule on a tile at a start; the capsules in its way are ejected, those that are worth least for what
//! they hold first, and each then tries to get in elsewhere or at another time (ejection chains; Glover 1996). The plan that
//! comes of it goes on even where it is worth less than the best one met, by no more than an allowance (record-to-record
//! travel; Dueck 1993). The allowance shrinks in stages, each of which begins with the best plan; after the last one it is
//! as large as at first again. What is missing of any class comes in, a gang at once or as much as earns a bonus, and where rules
//! allow; capsules leave that do not run and that no others must be near, and with one of a gang that would be too few the others.

use std::ops::Range;

use super::Round;
use super::change::{Change, put};
use super::draws::Draws;
use super::leave::{completed, lost_with, may_leave, take_rests};
use super::spot::{Spot, best_start};
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, Occupancy};
use crate::plan::running::Running;
use crate::support::random::Random;
use crate::support::stop::Stop;

/// The allowance of the first stage in parts of a plan's value and, beside that, in capsules; the stages, each of which allows half
/// as much, and the stages that are left out at first, one less each time: where there is little time, small allowances bring
/// more.
const ALLOWANCE: i128 = 250;
const CAPSULES_ALLOWED: i128 = 2;
const STAGES: u32 = 7;
const SKIPPED: u32 = 3;

/// Attempts of a stage without a better plan after which it ends: for each capsule, at least, and at most.
const IDLE_PER_CAPSULE: u64 = 6;
const IDLE_MIN: u64 = 1_000;
const IDLE_MAX: u64 = 200_000;

/// Times that the allowance is raised again without a gain, after which further ones are unlikely to help.
const IDLE_HEATS: u32 = 3;

/// Attempts after which it is looked up again what is missing.
const POOL_AGE_MAX: u64 = 64;

/// The part of the attempts that move what is placed.
const SHIFTS: f64 = 0.2;

/// Tiles that are looked at for a capsule, of which the one with most room is taken; and for one that was ejected.
const TILES_TRIED: usize = 3;
const REFUGES_TRIED: usize = 5;

/// Capsules ejected from one tile at most: billions that draw next to nothing would have to go one by one.
const EJECTED_MAX: usize = 64;

/// Where an account above a tile is short: tiles below it that are looked at for the capsule to eject, and capsules ejected at
/// most.
const TILES_BELOW_TRIED: usize = 8;
const EJECTED_BELOW_MAX: usize = 24;

/// The most capsules that come at once: larger gangs stay where the first plan has them.
const GANG_MAX: u64 = 256;

/// The search's memory between rounds.
#[derive(Debug)]
pub struct Displacement<'r> {
    running: &'r Running,
    random: Random,
    /// The classes whose capsules may move, best first.
    classes: Vec<JobClassIndex>,
    draws: Draws,
    /// What was changed since the best plan.
    since: Vec<Change>,
    /// How much less than the best plan this one is worth.
    behind: i128,
    allowance: i128,
    stage: u32,
    /// The stages that are left out.
    skipped: u32,
    has_gained: bool,
    idle_heats: u32,
}

impl<'r> Displacement<'r> {
    /// A search that puts in what is missing of some classes, best first: what does not run yet, and what has lost its place.
    #[must_use]
    pub fn new(running: &'r Running, classes: Vec<JobClassIndex>, seed: u64) -> Displacement<'r> {
        Displacement {
            running,
            random: Random::new(seed),
            classes,
            draws: Draws::default(),
            since: Vec::new(),
            behind: 0,
            allowance: 0,
            stage: SKIPPED,
            skipped: SKIPPED,
            has_gained: false,
            idle_heats: 0,
        }
    }

    /// One stage, from the best plan to a better one or back, of at most so many attempts. `value` is what the plan is worth.
    pub fn round(&mut self, occupancy: &mut Occupancy<'_>, value: i128, stop: &Stop, most: u64) -> Round {
        let mut missing = self.missing(occupancy);
        if missing.is_empty() {
            return Round { moves: 0, is_exhausted: true };
        }
        let placed: u64 = self.classes.iter().map(|&class| occupancy.placed(class)).sum();
        let capsules = value * CAPSULES_ALLOWED / i128::from(placed.max(1));
        self.allowance = (value / ALLOWANCE + capsules) >> self.stage;
        let idle_max = (placed * IDLE_PER_CAPSULE).clamp(IDLE_MIN, IDLE_MAX);
        let (mut moves, mut idle) = (0, 0);
        while moves < most && idle < idle_max && !stop.is_raised() {
            if moves % POOL_AGE_MAX == POOL_AGE_MAX - 1 {
                missing = self.missing(occupancy);
            }
            moves += 1;
            idle += 1;
            if self.attempt(occupancy, &missing) {
                (idle, self.has_gained) = (0, true);
            }
        }
        self.return_to_best(occupancy);
        self.stage += 1;
        if self.stage == STAGES {
            self.idle_heats = if self.has_gained { 0 } else { self.idle_heats + 1 };
            self.skipped = self.skipped.saturating_sub(1);
            (self.stage, self.has_gained) = (self.skipped, false);
        }
        Round { moves, is_exhausted: self.idle_heats >= IDLE_HEATS }
    }

    /// Whether the next stage is the first of a heat.
    #[must_use]
    pub fn is_cold(&self) -> bool {
        self.stage == self.skipped
    }

    /// The classes of which something is missing, best first.
    fn missing(&self, occupancy: &Occupancy<'_>) -> Vec<JobClassIndex> {
        self.classes.iter().copied().filter(|&class| occupancy.missing(class) > 0).collect()
    }

    /// Changes the plan where the change is allowed; whether it is then better than any before.
    fn attempt(&mut self, occupancy: &mut Occupancy<'_>, pool: &[JobClassIndex]) -> bool {
        let mut change = Change::default();
        let shifts = self.random.unit() < SHIFTS;
        let class = if shifts { self.lift(occupancy, &mut change) } else { self.draw_missing(occupancy, pool) };
        let many = class.map_or(0, |class| if shifts { 1 } else { self.at_once(occupancy, class) });
        let is_put =
            class.is_some_and(|class| (0..many).all(|_| self.insert(occupancy, &mut change, class)) && many > 0);
        let is_whole = is_put && take_rests(occupancy, &mut change);
        let completed = if is_whole { completed(occupancy, &change) } else { None };
        change.gain += completed.unwrap_or(0) - self.tolls(occupancy, &change);
        if completed.is_none() || self.behind - change.gain > self.allowance {
            change.undo(occupancy);
            return false;
        }
        self.behind -= change.gain;
        if self.behind < 0 {
            self.since.clear();
            self.behind = 0;
            return true;
        }
        self.since.push(change);
        false
    }

    /// What more moves cost, as far as that is so much for each capsule, in micro-credits.
    fn tolls(&self, occupancy: &Occupancy<'_>, change: &Change) -> i128 {
        let toll = |(class, came): (JobClassIndex, i64)| {
            let placed = occupancy.placed(class);
            self.running.toll(class, placed) - self.running.toll(class, placed.saturating_add_signed(-came))
        };
        change.balance().into_iter().map(toll).sum()
    }

    /// A class of which something is missing, the better the likelier.
    fn draw_missing(&mut self, occupancy: &Occupancy<'_>, pool: &[JobClassIndex]) -> Option<JobClassIndex> {
        if pool.is_empty() {
            return None;
        }
        let at = self.random.index(pool.len()).min(self.random.index(pool.len()));
        Some(pool[at]).filter(|&class| occupancy.missing(class) > 0)
    }

    /// How many capsules of a class come at once: a gang where one begins, and every other time as many as earn the bonus.
    fn at_once(&mut self, occupancy: &Occupancy<'_>, class: JobClassIndex) -> u64 {
        let job = occupancy.lowered().job(class);
        let begun = occupancy.placed(class) % u64::from(job.count);
        let least = if begun == 0 { u64::from(job.gang_min.max(1)) } else { 1 };
        let for_bonus = u64::from(job.wanted).saturating_sub(begun);
        let many = if for_bonus > least && self.random.below(2) == 0 { for_bonus } else { least };
        if many <= occupancy.missing(class).min(GANG_MAX) { many } else { 0 }
    }

    /// Takes some capsule off its tile.
    fn lift(&mut self, occupancy: &mut Occupancy<'_>, change: &mut Change) -> Option<JobClassIndex> {
        let lowered = occupancy.lowered();
        let tile = TileIndex::new(self.random.index(lowered.tiles.len()));
        let many = occupancy.items(tile).len();
        let position = if many == 0 { return None } else { self.random.index(many) };
        if !may_leave(occupancy, tile, &occupancy.items(tile)[position]) {
            return None;
        }
        Some(change.take(occupancy, tile, position).class)
    }

    /// Puts a capsule somewhere, ejects what is in its way, and looks for other places for that; whether the capsule is in.
    fn insert(&mut self, occupancy: &mut Occupancy<'_>, change: &mut Change, class: JobClassIndex) -> bool {
        let Some(spot) = self.spot(occupancy, class, TILES_TRIED) else { return false };
        let before = change.taken().count();
        // What was ejected may be what this capsule must be near.
        let is_open =
            self.make_room(occupancy, change, &spot, class) && occupancy.bonds().allow(spot.tile, class, spot.start);
        if !is_open || !put(occupancy, change, (spot.tile, class, spot.start)) {
            return false;
        }
        change.gain += i128::from(spot.worth);
        let mut ejected: Vec<(TileIndex, Item)> = change.taken().skip(before).collect();
        ejected.sort_by_key(|(_, item)| std::cmp::Reverse(occupancy.lowered().job(item.class).bid));
        for (tile, item) in ejected {
            self.rehouse(occupancy, change, (tile, item.class));
        }
        true
    }

    /// The roomiest spot on some tiles.
    fn spot(&mut self, occupancy: &Occupancy<'_>, class: JobClassIndex, tiles: usize) -> Option<Spot> {
        let mut best: Option<Spot> = None;
        for _ in 0..tiles {
            let tile = self.draws.tile_for(occupancy.lowered(), class, &mut self.random)?;
            let Some(found) = best_start(occupancy, (tile, class), &mut self.random) else { continue };
            if best.is_none_or(|best| found.pressure < best.pressure) {
                best = Some(found);
            }
            if found.pressure <= 0.0 {
                break;
            }
        }
        best
    }

    /// Ejects what is in the way of a capsule, worth least for what it frees first: from its tile, and where an account above is
    /// short, from tiles below that; whether there is room then.
    fn make_room(
        &mut self,
        occupancy: &mut Occupancy<'_>,
        change: &mut Change,
        spot: &Spot,
        class: JobClassIndex,
    ) -> bool {
        let &Spot { tile, start, .. } = spot;
        let over = occupancy.buckets(class, occupancy.lowered().group_of(tile), start);
        let mut left = EJECTED_MAX;
        while !occupancy.fits_tile(tile, class, start) {
            if left == 0 {
                return false;
            }
            left -= 1;
            let lacking = occupancy.lacking(tile, (class, start));
            let frees = |item: &Item, group: GroupIndex| lacking.freed_by(occupancy.lowered().draw(item.class, group));
            let Some((_, position)) = self.worst(occupancy, tile, (class, &over), frees) else { return false };
            change.take(occupancy, tile, position);
        }
        for _ in 0..EJECTED_BELOW_MAX {
            let Some((account, lacking)) = occupancy.lacking_above(tile, (class, start)) else { return true };
            let mut worst: Option<(f64, TileIndex, usize)> = None;
            for draw in 0..=TILES_BELOW_TRIED {
                let lowered = occupancy.lowered();
                let drawn =
                    if draw == 0 { Some(tile) } else { self.draws.tile_below(lowered, account, &mut self.random) };
                let Some(other) = drawn else { return false };
                let frees = |item: &Item, group: GroupIndex| {
                    let level = lowered.group(group).path.iter().find(|(above, _)| *above == account).map(|at| at.1);
                    level.map_or(0.0, |level| lacking.freed_by(&lowered.draw_at(item.class, group, level)))
                };
                if let Some((key, position)) = self.worst(occupancy, other, (class, &over), frees)
                    && worst.is_none_or(|(least, ..)| key < least)
                {
                    worst = Some((key, other, position));
                }
            }
            let Some((_, other, position)) = worst else { return false };
            change.take(occupancy, other, position);
        }
        false
    }

    /// The item of a tile that is worth least for what it frees while a capsule of a class is to run, chance having a part in
    /// it, with that measure; `None` where none may go or frees anything.
    fn worst(
        &mut self,
        occupancy: &Occupancy<'_>,
        tile: TileIndex,
        (class, over): (JobClassIndex, &Range<usize>),
        frees: impl Fn(&Item, GroupIndex) -> f64,
    ) -> Option<(f64, usize)> {
        let (lowered, group) = (occupancy.lowered(), occupancy.lowered().group_of(tile));
        let mut worst: Option<(f64, usize)> = None;
        for (position, item) in occupancy.items(tile).iter().enumerate() {
            let runs = occupancy.buckets(item.class, group, item.start);
            let shared = runs.end.min(over.end).saturating_sub(runs.start.max(over.start));
            // One of its own at the same time would be worth the same in its place.
            let is_the_same = item.class == class && runs == *over;
            if shared == 0 || is_the_same {
                continue;
            }
            let freed = frees(item, group) * shared as f64;
            if freed <= 0.0 || !may_leave(occupancy, tile, item) {
                continue;
            }
            let worth = lowered.worth_from(item.class, group, item.start);
            let Some(lost) = lost_with(occupancy, item.class, worth) else { continue };
            let key = lost * (0.5 + self.random.unit()) / freed;
            if worst.is_none_or(|(least, _)| key < least) {
                worst = Some((key, position));
            }
        }
        worst
    }

    /// Looks for room for a capsule that was ejected: on its tile at another time, and on some other tiles.
    fn rehouse(
        &mut self,
        occupancy: &mut Occupancy<'_>,
        change: &mut Change,
        (tile, class): (TileIndex, JobClassIndex),
    ) {
        let is_open = |spot: &Spot| spot.pressure <= 0.0;
        let here = best_start(occupancy, (tile, class), &mut self.random).filter(is_open);
        let Some(spot) = here.or_else(|| self.spot(occupancy, class, REFUGES_TRIED).filter(is_open)) else { return };
        if put(occupancy, change, (spot.tile, class, spot.start)) {
            change.gain += i128::from(spot.worth);
        }
    }

    /// Undoes what was changed since the best plan.
    fn return_to_best(&mut self, occupancy: &mut Occupancy<'_>) {
        while let Some(change) = self.since.pop() {
            change.undo(occupancy);
        }
        self.behind = 0;
    }
}
