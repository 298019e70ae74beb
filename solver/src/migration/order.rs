//! The order of all moves: tried in some sequences, and searched for where few moves are stuck.

use super::deadlock::Victims;
use super::exhaustive;
use super::needs::Needs;
use super::parts::{self, Part};
use super::worklist::{self, Step, Stuck};
use crate::support::random::Random;
use crate::support::stop::Stop;

/// How often an order is tried for: where both ends are held, who goes first may decide whether there is one, and where turns are
/// few, who pauses. The first attempts let the cheapest pause, and those after the search of all states whom chance says.
const ATTEMPTS: u64 = 4;
const CHEAPEST: u64 = 2;

/// States that are looked at where the first attempts have found no order, in all parts together.
const STATES_MAX: usize = 8_000;

/// An order in which every change is carried out, but for those that are stuck: where there are any, the steps lead nowhere.
///
/// No step takes more of a row than is left. Of few capsules that meet each other none is stuck where an order of theirs exists,
/// unless the states run out or the stop is raised. O(rows of all changes), times the logarithm and number of waits, and for each
/// state what [`exhaustive::order`] says.
pub(super) fn order(needs: &Needs, stop: &Stop) -> (Vec<Step>, Vec<Stuck>) {
    let sequence: Vec<usize> = (0..needs.changes.len()).collect();
    let (mut steps, first_stuck) = worklist::order_of(needs, &sequence, Victims::Cheapest);
    if first_stuck.is_empty() {
        return (steps, first_stuck);
    }
    let (mut stuck, mut states) = (Vec::new(), STATES_MAX);
    for part in parts::parts_of(needs, first_stuck.iter().map(|stuck| stuck.change)) {
        match order_of_part(&part, &mut states, stop) {
            Ok(own) => part.replace(&mut steps, own),
            Err(own) => stuck.extend(own.into_iter().map(|stuck| part.among_all(stuck))),
        }
    }
    steps.sort_by_key(|step| step.wave);
    for (wave, steps) in (0..).zip(steps.chunk_by_mut(|a, b| a.wave == b.wave)) {
        steps.iter_mut().for_each(|step| step.wave = wave);
    }
    (steps, stuck)
}

/// An order of a part, or what is stuck in it where no attempt and no search finds one.
fn order_of_part(part: &Part, states: &mut usize, stop: &Stop) -> Result<Vec<Step>, Vec<Stuck>> {
    let needs = &part.needs;
    let mut random = Random::new(0);
    let mut sequence: Vec<usize> = (0..needs.changes.len()).collect();
    let mut fewest: Option<Vec<Stuck>> = None;
    for attempt in 0..ATTEMPTS {
        if attempt == CHEAPEST
            && let Some(steps) = exhaustive::order(needs, states, stop)
        {
            return Ok(steps);
        }
        let victims = if attempt < CHEAPEST { Victims::Cheapest } else { Victims::Any(random.fork(attempt)) };
        let (steps, stuck) = worklist::order_of(needs, &sequence, victims);
        if stuck.is_empty() {
            return Ok(steps);
        }
        // What is stuck goes first the next time, and the others as chance has it.
        let mut is_stuck = vec![false; needs.changes.len()];
        stuck.iter().for_each(|stuck| is_stuck[stuck.change] = true);
        if attempt > 0 {
            random.shuffle(&mut sequence);
        }
        sequence.sort_by_key(|&change| !is_stuck[change]);
        if fewest.as_ref().is_none_or(|fewest| stuck.len() < fewest.len()) {
            fewest = Some(stuck);
        }
    }
    Err(fewest.unwrap_or_default())
}
