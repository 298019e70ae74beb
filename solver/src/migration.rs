//! From what runs to where the plan has it: which capsules change seats, and an order that never overdraws anything.
//!
//! What stops for good stops first. Then every move is carried out as soon as what it needs is there, by a worklist: a
//! move that lacks something waits on the account that lacks it, and is looked at again when that account is freed. Where
//! only moves are left that wait for each other, the cheapest capsule of such a cycle stops and starts again on its new
//! seat once there is room. As every seat of the plan has room when nothing else runs, there always is an order.
//!
//! Migrations in the order of what must leave first, cycles broken one by one: Hermenier, Lorca, Menaud, Muller & Lawall
//! 2009 (Entropy, VEE '09), who take the way over a third host. A detour over a third tile is not tried here: a move is a
//! checkpoint and a restart, of which a detour needs two, and the third tile would have to pass every rule of the job.
//!
//! What an order is held against is in [`lessor_models::check::moves`].

mod needs;
mod pairs;
#[cfg(test)]
mod tests;
mod worklist;

use lessor_models::instance::Instance;
use lessor_models::plan::{Move, Placement};

use pairs::SeatChange;
use worklist::{Action, Step};

/// The moves that lead from what runs to a feasible plan's placements, in a safe order.
///
/// The placements may come in any order. O(running + placed + tiles + moves log moves), each times the length of a tile's
/// path, as long as few moves wait more than a few times.
#[must_use]
pub fn moves(instance: &Instance, placements: &[Placement]) -> Vec<Move> {
    let Some(takeover) = instance.takeover() else { return Vec::new() };
    let pairs = pairs::pairs(instance, placements, takeover);
    let stops =
        pairs.stopped.iter().map(|stop| Move { job: stop.job, from: Some(stop.seat), to: None, count: stop.count });
    let mut moves: Vec<Move> = stops.collect();
    if pairs.changed.is_empty() {
        return moves;
    }
    let steps = worklist::order(&needs::needs(instance, &pairs, takeover));
    moves.extend(steps.into_iter().map(|step| as_move(&pairs.changed, step)));
    moves
}

fn as_move(changed: &[SeatChange], step: Step) -> Move {
    let SeatChange { job, from, to, .. } = changed[step.change];
    let (from, to) = match step.action {
        Action::Go => (Some(from), Some(to)),
        Action::Stop => (Some(from), None),
        Action::Resume => (None, Some(to)),
    };
    Move { job, from, to, count: step.count }
}
