//! From what runs to where the plan has it: which capsules change seats, and an order that never overdraws anything.
//!
//! What stops for good stops first. Then every move is carried out as soon as what it needs is there, by a worklist in
//! waves: a move that lacks something waits on the account that lacks it, and is looked at again when that account is freed.
//! Where only moves are left that wait for each other, the cheapest capsule of such a cycle pauses and starts again on its
//! new seat once there is room. As every seat of the plan has room when nothing else runs, that always helps, but where
//! what it would free is held at both ends until it has arrived, or where a zone lets no more of its capsules move. Then who
//! went first, or who paused, may have been the wrong one: the part of the moves that is stuck is tried in other sequences, and
//! of few capsules every order is looked for. Moves of which none is found are held back, and who waits for whom is told.
//!
//! Migrations in the order of what must leave first, cycles broken one by one: Hermenier, Lorca, Menaud, Muller & Lawall
//! 2009 (Entropy, VEE '09), who take the way over a third host. A detour over a third tile is not tried here: a move is a
//! checkpoint and a restart, of which a detour needs two, and the third tile would have to pass every rule of the job.
//!
//! What an order is held against is in [`lessor_models::check::moves`].

mod deadlock;
mod exhaustive;
mod needs;
mod order;
mod pairs;
mod parts;
#[cfg(test)]
mod tests;
mod worklist;

use lessor_models::instance::Instance;
use lessor_models::plan::{HeldBack, Move, Placement, Stage};

use needs::Needs;
use pairs::{Pairs, SeatChange};
use worklist::{Action, Step, Stuck};

use crate::support::stop::Stop;

/// How to get from what runs to a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// The moves in their waves; they lead to the placements where nothing is held back.
    pub moves: Vec<Move>,
    /// Moves that no order allows.
    pub held_back: Vec<HeldBack>,
}

/// The moves that lead from what runs to a feasible plan's placements, in a safe order.
///
/// The placements may come in any order. O(running + placed + tiles + moves log moves), each times the length of a tile's
/// path, as long as few moves wait more than a few times; where some are stuck, what the search of a bounded number of states
/// takes, which the stop ends.
#[must_use]
pub fn migration(instance: &Instance, placements: &[Placement], stop: &Stop) -> Migration {
    let Some(takeover) = instance.takeover() else { return Migration::default() };
    let pairs = pairs::pairs(instance, placements, takeover);
    let loss = |loss: &pairs::SeatLoss| {
        let &pairs::SeatLoss { job, seat, count } = loss;
        Move { wave: 0, stage: Stage::Stop, job, from: seat, to: None, count }
    };
    let mut moves: Vec<Move> = pairs.stopped.iter().map(loss).collect();
    if pairs.changed.is_empty() {
        return Migration { moves, held_back: Vec::new() };
    }
    let needs = needs::needs(instance, &pairs, takeover);
    let (steps, stuck) = order::order(&needs, stop);
    let first = u32::from(!moves.is_empty());
    moves.extend(steps.into_iter().map(|step| as_move(&pairs.changed, first, step)));
    let held_back = stuck.into_iter().map(|stuck| as_held_back(&pairs, &needs, stuck)).collect();
    Migration { moves, held_back }
}

fn as_move(changed: &[SeatChange], first: u32, step: Step) -> Move {
    let SeatChange { job, from, to, .. } = changed[step.change];
    let stage = match step.action {
        Action::Go => Stage::Go,
        Action::Pause => Stage::Pause,
        Action::Resume => Stage::Resume,
    };
    Move { wave: first + step.wave, stage, job, from, to: Some(to), count: step.count }
}

/// All of a change is held back, though some of its capsules could go: the plan without it may be another one.
fn as_held_back(pairs: &Pairs, needs: &Needs, stuck: Stuck) -> HeldBack {
    let SeatChange { job, from, to, count } = pairs.changed[stuck.change];
    let behind = stuck.behind.map(|behind| pairs.changed[behind].job);
    HeldBack { job, from, to, count, wait: needs.waits[stuck.row as usize], behind }
}
