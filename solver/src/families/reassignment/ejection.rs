//! Ejection chains (Glover 1996; for machine reassignment, Gavranovic & Buljubasic 2016 rearrange for a large process alike):
//! a process goes where there may be no room, and what runs there makes way, one process after another.

use crate::support::random::Random;

use super::state::{Move, State};
use super::trail::Trail;

/// Processes that move at most, the first one included.
const LENGTH_MAX: usize = 4;

/// How many processes are looked at as those that make way.
const SAMPLE: usize = 8;

/// How many machines are drawn for each of them among those that it can reach, besides its home and the machine that became
/// free.
const DRAWN: usize = 3;

/// An ejection chain, and the next in its place.
#[derive(Debug, Default)]
pub(super) struct Chain {
    trail: Trail,
}

impl Chain {
    /// The processes that moved.
    pub(super) fn processes(&self) -> impl Iterator<Item = usize> {
        self.trail.processes()
    }

    /// Moves a process to a machine and others out of its way. Where room is found and the cost rises by no more than a
    /// limit, the chain stands; otherwise everything is as before. The result tells which.
    pub(super) fn eject(
        &mut self,
        state: &mut State,
        (process, to): (usize, usize),
        limit: f64,
        random: &mut Random,
    ) -> bool {
        self.trail.clear();
        if !state.allows(process, to) {
            return false;
        }
        let (before, from) = (state.cost(), state.machine_of(process));
        self.trail.go(state, Move::Shift { process, to });
        loop {
            let is_short = state.missing(to) > 0;
            if self.trail.links().len() > 1 && !is_short && state.cost() - before <= limit {
                return true;
            }
            let has_more = self.trail.links().len() < LENGTH_MAX;
            let next = has_more.then(|| way(state, (process, to, from), random)).flatten();
            match next {
                Some((other, target)) => self.trail.go(state, Move::Shift { process: other, to: target }),
                None if !is_short && state.cost() - before <= limit => return true,
                None => break,
            }
        }
        self.trail.take_back(state);
        false
    }
}

/// Who makes way for a process on a machine, and to where: least is missing then, and among equals it costs least. Where
/// something is missing, whoever helps nothing stays.
fn way(state: &State, (process, to, from): (usize, usize, usize), random: &mut Random) -> Option<(usize, usize)> {
    let missing = state.missing(to);
    let members = state.members(to);
    let mut best: Option<((i64, f64), (usize, usize))> = None;
    for _ in 0..SAMPLE.min(members.len()) {
        let other = members[random.index(members.len())] as usize;
        let left = state.missing_without(to, other);
        if other == process || missing > 0 && left >= missing {
            continue;
        }
        let drawn: [usize; DRAWN] = std::array::from_fn(|_| state.draw_machine(other, random));
        for target in drawn.into_iter().chain([state.home(other), from]) {
            let Some(cost) = state.difference(Move::Shift { process: other, to: target }) else { continue };
            if best.is_none_or(|(key, _)| (left, cost) < key) {
                best = Some(((left, cost), (other, target)));
            }
        }
    }
    best.map(|(_, found)| found)
}
