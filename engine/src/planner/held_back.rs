//! The way from what runs to a plan: its moves, and what it does without because no order of moves leads there.

use std::collections::BTreeMap;

use lessor_models::instance::Instance;
use lessor_models::job::JobIndex;
use lessor_models::plan::{HeldBack, Move, Placement, Seat, Stage};
use lessor_solver::migration;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::plan::running::{Resort, STOPPING};
use lessor_solver::plan::unruly::drop_unruly;
use lessor_solver::plan::{assemble, insert};

use super::run::{Guide, Run};

/// How often what cannot move stays where it runs, which may keep others from moving; after that, it stops. So often again what
/// has not run comes in its place, and what stopped stays where its seat is free after all.
const ROUNDS: usize = 8;

/// A plan's placements, and how to get there.
pub(super) struct Way {
    pub(super) placements: Vec<Placement>,
    pub(super) moves: Vec<Move>,
    pub(super) held_back: Vec<HeldBack>,
}

impl Run<'_> {
    /// A plan and the way there. One that moves much and has to take much of that back may come to less than one in which
    /// what runs stays, which is tried then.
    pub(super) fn way<'l>(&self, mut plan: Occupancy<'l>, seed: u64) -> (Occupancy<'l>, Way) {
        let way = self.migrate(&mut plan);
        if way.held_back.is_empty() {
            return (plan, way);
        }
        let mut staying = self.staying_plan(plan.lowered(), seed);
        insert::insert_missing(&mut staying, self.guide.order, self.guide.ranking, self.stops.explain);
        self.settle(&mut staying);
        let other = self.migrate(&mut staying);
        if self.worth(&staying) > self.worth(&plan) { (staying, other) } else { (plan, way) }
    }

    /// The moves that lead to a plan. Moves that no order allows are taken out of it, until an order is left for the rest.
    pub(super) fn migrate(&self, plan: &mut Occupancy<'_>) -> Way {
        let instance = plan.lowered().instance;
        let mut held_back: Vec<HeldBack> = Vec::new();
        let (mut round, mut least) = (0, u64::MAX);
        loop {
            let placements = assemble::placements(plan);
            let migration = migration::migration(instance, &placements, self.stops.explain);
            if migration.held_back.is_empty() {
                let held_back = what_stays(instance, &migration.moves, held_back);
                return Way { placements, moves: migration.moves, held_back };
            }
            let resort = if round < ROUNDS { Resort::Stay } else { Resort::Stop };
            let mut stuck = migration.held_back;
            if (ROUNDS..2 * ROUNDS).contains(&round) {
                stuck = worth_least(instance, stuck);
            }
            self.running.hold_back(plan, &stuck, resort);
            held_back.extend(stuck);
            if round < 2 * ROUNDS {
                self.fill_again(plan, resort);
            } else {
                let placed = placements.iter().map(|placement| u64::from(placement.count)).sum();
                debug_assert!(placed < least, "the last rounds place less and less, so there is a last one");
                least = placed;
            }
            while !drop_unruly(plan, self.guide.ranking).is_empty() || !self.running.withdraw(plan).is_empty() {}
            round += 1;
        }
    }

    /// Fills the room that is left once capsules are back: with what is new and, where that may move as well, with what runs and
    /// made room.
    fn fill_again(&self, plan: &mut Occupancy<'_>, resort: Resort) {
        let (old, new): (Vec<_>, Vec<_>) = self.guide.order.iter().partition(|&&class| self.running.has(class));
        if resort == Resort::Stop {
            let gone: Vec<_> = old.iter().copied().filter(|&class| plan.placed(class) == 0).collect();
            self.running.keep_classes(plan, &gone);
        }
        // The search may be over: what a plan comes to does not hang on when it is looked at.
        let Guide { ranking, .. } = self.guide;
        insert::insert_missing(plan, &new, ranking, self.stops.explain);
        if resort == Resort::Stay {
            insert::insert_missing(plan, &old, ranking, self.stops.explain);
        }
    }
}

/// A part of the moves that no order allows, those of capsules that bid least: once they stop, the others may have way.
fn worth_least(instance: &Instance, mut stuck: Vec<HeldBack>) -> Vec<HeldBack> {
    let bids = |held: &HeldBack| u128::from(instance.jobs()[held.job.at()].bid) * u128::from(held.count);
    stuck.sort_by_key(|held| (bids(held), *held));
    stuck.truncate(stuck.len().div_ceil(STOPPING));
    stuck
}

/// What is held back of the moves that some round did without: capsules that stay where they run, or stop, after all rounds. Each
/// move is told of once, as the first round met it.
fn what_stays(instance: &Instance, moves: &[Move], mut found: Vec<HeldBack>) -> Vec<HeldBack> {
    let mut staying: BTreeMap<(JobIndex, Seat), u32> = BTreeMap::new();
    for current in instance.current() {
        let seat = Seat { tile: current.tile, devices: current.devices };
        *staying.entry((current.job, seat)).or_default() += current.count;
    }
    for change in moves.iter().filter(|change| matches!(change.stage, Stage::Go | Stage::Pause)) {
        *staying.entry((change.job, change.from)).or_default() -= change.count;
    }
    found.sort_by_key(|held| (held.job, held.from, held.to));
    found.dedup_by(|next, held| {
        let is_same = (next.job, next.from, next.to) == (held.job, held.from, held.to);
        held.count = if is_same { held.count.max(next.count) } else { held.count };
        is_same
    });
    let still = found.into_iter().filter_map(|held| {
        let left = staying.get_mut(&(held.job, held.from))?;
        let count = held.count.min(*left);
        *left -= count;
        (count > 0).then_some(HeldBack { count, ..held })
    });
    still.collect()
}
