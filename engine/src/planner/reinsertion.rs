//! Jobs taken off as a whole and put back in another order: what the search never moves, because a capsule of it depends on
//! others (gangs, spreads, relations), runs already, or strains its tile.
//!
//! Ruin and recreate (Schrimpf, Schneider, Stamm-Wilbrandt & Dueck 2000) over cohorts of jobs that stand together: those on a few
//! tiles, or a few at random, are taken off and come back in a random order, to where they ran or to where they fit best, before or
//! after others that are missing. The plan stays where it is worth no less, its moves paid. Every attempt works on a copy of the
//! plan, so that this is for fleets of a few thousand tiles.

use std::collections::BTreeSet;

use lessor_solver::lowering::Lowered;
use lessor_solver::lowering::index::{JobClassIndex, TileIndex};
use lessor_solver::plan::cohorts::Cohorts;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::search::Round;
use lessor_solver::support::random::Random;

use super::restarts::is_small;
use super::run::Run;

/// Cohorts that are taken off together at random, at most; and tiles that are emptied together.
const COHORTS_MAX: u64 = 4;
const TILES_MAX: u64 = 3;

/// Cohorts that come in beside those taken off, at most.
const COMING_MAX: usize = 64;

/// How much chance shakes what cohorts are worth for their room, and how much now and then, so that it hardly counts.
const NOISE: f64 = 0.5;
const CHANCE: f64 = 5.0;

/// Attempts for each class without an improvement, after which further ones are unlikely to help; and the most of those.
const IDLE_PER_CLASS: u64 = 48;
const IDLE_MAX: u64 = 4_000;

/// What one attempt counts for in moves, beside one for so many vectors in a plan's table of tiles.
const ATTEMPT_MOVES: u64 = 10;
const VECTORS_PER_MOVE: u64 = 8;

/// The search's memory between rounds.
#[derive(Debug)]
pub(super) struct Reinsertion {
    random: Random,
    /// Attempts without an improvement, and how many of them there may be; none where reinsertion does not help.
    idle: u64,
    idle_max: u64,
}

impl Run<'_> {
    /// What reinserts cohorts of a plan.
    pub(super) fn reinsertion(&self, lowered: &Lowered<'_>, seed: u64) -> Reinsertion {
        let classes: Vec<JobClassIndex> = lowered.class_indexes().filter(|&class| lowered.most(class) > 0).collect();
        // Where the use of tiles costs, a better place may be one of another group, which the search never changes.
        let helps = !lowered.strain.is_free() || classes.iter().any(|&class| self.is_tied(lowered, class));
        let idle_max =
            if is_small(lowered) && helps { (classes.len() as u64 * IDLE_PER_CLASS).min(IDLE_MAX) } else { 0 };
        Reinsertion { random: Random::new(seed).fork(u64::MAX), idle: 0, idle_max }
    }

    /// Reinserts cohorts so many times, until that helps no more, or for so many moves.
    pub(super) fn reinsert(
        &self,
        occupancy: &mut Occupancy<'_>,
        reinsertion: &mut Reinsertion,
        attempts: u64,
        most: u64,
    ) -> Round {
        let Reinsertion { random, idle, idle_max } = reinsertion;
        let lowered = occupancy.lowered();
        let vectors = lowered.tiles.len() * lowered.grid.count();
        let each = ATTEMPT_MOVES + vectors as u64 / VECTORS_PER_MOVE;
        let most = most.min(each.saturating_mul(attempts));
        let mut value = self.worth(occupancy);
        let mut moves = 0;
        while *idle < *idle_max && moves + each <= most && !self.stops.search.is_raised() {
            moves += each;
            *idle += 1;
            let attempt = self.attempt(occupancy, self.guide.cohorts(lowered), random);
            let worth = self.worth(&attempt);
            if worth >= value {
                *idle = if worth > value { 0 } else { *idle };
                (*occupancy, value) = (attempt, worth);
            }
        }
        Round { moves, is_exhausted: *idle >= *idle_max || moves == 0 }
    }

    /// Whether the search leaves a class where it is.
    fn is_tied(&self, lowered: &Lowered<'_>, class: JobClassIndex) -> bool {
        !lowered.is_loose(class) || self.running.has(class)
    }

    /// Takes off everything of some classes but what runs and stays wherever it can.
    fn take_off(&self, plan: &mut Occupancy<'_>, classes: &[JobClassIndex]) {
        for tile in (0..plan.lowered().tiles.len()).map(TileIndex::new) {
            for position in (0..plan.items(tile).len()).rev() {
                let item = plan.items(tile)[position];
                let stays = item.is_current && self.running.is_pinned(item.class);
                if classes.contains(&item.class) && !stays {
                    plan.take(tile, position, item.count);
                }
            }
        }
    }

    /// The plan with a few cohorts put back in another way.
    fn attempt<'l>(&self, occupancy: &Occupancy<'l>, cohorts: &Cohorts, random: &mut Random) -> Occupancy<'l> {
        let mut plan = occupancy.clone();
        let taken = if random.below(2) == 0 { on_tiles(&plan, cohorts, random) } else { at_random(cohorts, random) };
        let classes: Vec<JobClassIndex> = taken.iter().flat_map(|&at| cohorts.classes(at)).copied().collect();
        self.take_off(&mut plan, &classes);
        let is_tight = random.below(2) == 0;
        for at in coming(&plan, cohorts, &taken, random) {
            if self.stops.search.is_raised() {
                break;
            }
            if taken.contains(&at) && random.below(2) == 0 {
                let gone = cohorts.classes(at).iter().all(|&class| plan.placed(class) == 0);
                if gone {
                    self.running.keep_classes(&mut plan, cohorts.classes(at));
                }
            }
            if is_tight && plan.lowered().grid.count() == 1 {
                cohorts.put_in(&mut plan, at, self.guide.ranking, random);
            } else {
                self.insert(&mut plan, cohorts.classes(at));
            }
        }
        self.insert(&mut plan, self.guide.order);
        self.settle(&mut plan);
        plan
    }
}

/// The cohorts on a few tiles of one cell.
fn on_tiles(plan: &Occupancy<'_>, cohorts: &Cohorts, random: &mut Random) -> BTreeSet<usize> {
    let cells = &plan.lowered().cells;
    let first = random.index(plan.lowered().tiles.len());
    let cell = cells.iter().find(|cell| cell.tiles.contains(&first)).expect("every tile is in a cell");
    let others = (0..random.below(TILES_MAX)).map(|_| cell.tiles.start + random.index(cell.tiles.len()));
    let tiles: Vec<usize> = std::iter::once(first).chain(others).collect();
    let items = tiles.into_iter().flat_map(|tile| plan.items(TileIndex::new(tile)));
    items.map(|item| cohorts.of_class(item.class)).collect()
}

/// A few cohorts.
fn at_random(cohorts: &Cohorts, random: &mut Random) -> BTreeSet<usize> {
    (0..=random.below(COHORTS_MAX)).map(|_| random.index(cohorts.count())).collect()
}

/// The cohorts that come next: those taken off, and the first of those that are missing.
fn coming(plan: &Occupancy<'_>, cohorts: &Cohorts, taken: &BTreeSet<usize>, random: &mut Random) -> Vec<usize> {
    let missing = (0..cohorts.count()).filter(|&at| cohorts.is_missing(plan, at));
    let noise = if random.below(4) == 0 { CHANCE } else { NOISE };
    let mut order = cohorts.in_order(missing, noise, random);
    let mut others = COMING_MAX;
    order.retain(|at| {
        let comes = taken.contains(at) || others > 0;
        others -= usize::from(comes && !taken.contains(at));
        comes
    });
    order
}
