//! The way from what runs to a plan: its moves, and what it does without because no order of moves leads there.

use lessor_models::plan::{HeldBack, Move, Placement};
use lessor_solver::migration;
use lessor_solver::plan::occupancy::Occupancy;
use lessor_solver::plan::running::Resort;
use lessor_solver::plan::unruly::drop_unruly;
use lessor_solver::plan::{assemble, insert};

use super::Run;
use super::construct::Guide;

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
    pub(super) fn way<'l>(&mut self, mut occupancy: Occupancy<'l>, guide: Guide<'_>) -> (Occupancy<'l>, Way) {
        let way = self.migrate(&mut occupancy, guide);
        if way.held_back.is_empty() {
            return (occupancy, way);
        }
        let mut staying = self.staying_plan(occupancy.lowered(), guide);
        insert::insert_missing(&mut staying, guide.order, guide.ranking, self.stops.explain);
        self.settle(&mut staying, guide);
        let other = self.migrate(&mut staying, guide);
        if self.worth(&staying) > self.worth(&occupancy) { (staying, other) } else { (occupancy, way) }
    }

    /// The moves that lead to a plan. Moves that no order allows are taken out of it, until an order is left for the rest.
    pub(super) fn migrate(&self, occupancy: &mut Occupancy<'_>, guide: Guide<'_>) -> Way {
        let instance = occupancy.lowered().instance;
        let mut held_back: Vec<HeldBack> = Vec::new();
        for round in 0.. {
            let placements = assemble::placements(occupancy);
            let migration = migration::migration(instance, &placements);
            if migration.held_back.is_empty() {
                held_back.sort_unstable();
                held_back.dedup();
                return Way { placements, moves: migration.moves, held_back };
            }
            // Every round of the last kind leaves fewer capsules placed, so there is a last one.
            let resort = if round < ROUNDS { Resort::Stay } else { Resort::Stop };
            self.running.hold_back(occupancy, &migration.held_back, resort);
            held_back.extend(migration.held_back);
            if round < 2 * ROUNDS {
                self.fill_again(occupancy, guide, resort);
            }
            while !drop_unruly(occupancy, guide.ranking).is_empty() {}
        }
        unreachable!("the rounds end where no capsule that runs is placed elsewhere")
    }

    /// Fills the room that is left once capsules are back: with what is new and, where that may move as well, with what runs and
    /// made room.
    fn fill_again(&self, occupancy: &mut Occupancy<'_>, guide: Guide<'_>, resort: Resort) {
        let (old, new): (Vec<_>, Vec<_>) = guide.order.iter().partition(|&&class| self.running.has(class));
        if resort == Resort::Stop {
            let gone: Vec<_> = old.iter().copied().filter(|&class| occupancy.placed(class) == 0).collect();
            self.running.keep_classes(occupancy, &gone);
        }
        insert::insert_missing(occupancy, &new, guide.ranking, self.stops.search);
        if resort == Resort::Stay {
            insert::insert_missing(occupancy, &old, guide.ranking, self.stops.search);
        }
    }
}
