//! Every order of a few moves: which capsule goes, pauses or resumes next, the cheapest pauses first.
//!
//! One capsule at a time is enough: what a wave may do at once, it may do one after the other. What is left of each row depends
//! only on how many capsules of each change have paused and have arrived, so that a state met before is not looked at again:
//! the search is one for a shortest way (Dijkstra 1959), where pauses alone have lengths. A step that takes nothing that others
//! may lack costs nobody an order, and is taken at once, so that what can go freely adds hardly a state.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use super::needs::{Amounts, Need, Needs};
use super::worklist::{Action, Step};
use crate::support::stop::Stop;

/// The most capsules of which every order is looked for.
const CAPSULES_MAX: u32 = 64;

/// After so many states, whether to stop is asked again.
const ASKING: usize = 64;

/// How many capsules of a change have yet to leave, and how many have paused; the others have arrived.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Left {
    waiting: u8,
    paused: u8,
}

/// Where the capsules of every change are.
type State = Box<[Left]>;

/// What pauses cost: their move costs, then their bids, then their number.
type Cost = (u128, u128, u32);

/// A state, and the step that led there from another.
struct Node {
    state: State,
    by: Option<(usize, usize, Action)>,
}

/// An order that carries everything out, of which no other has cheaper pauses; `None` where there is none, where the capsules
/// are too many, or where the states that may be looked at are used up first.
///
/// O(rows of all changes) for each state.
pub(super) fn order(needs: &Needs, states: &mut usize, stop: &Stop) -> Option<Vec<Step>> {
    let count: u32 = needs.changes.iter().fold(0, |sum, need| sum.saturating_add(need.count));
    if count > CAPSULES_MAX {
        return None;
    }
    let all = |need: &Need| Left { waiting: u8::try_from(need.count).expect("there are few"), paused: 0 };
    let mut nodes = vec![Node { state: needs.changes.iter().map(all).collect(), by: None }];
    // Of equal cost the one that has come farthest, and of those the first.
    let mut open = BinaryHeap::from([Reverse((Cost::default(), Reverse(0u32), 0usize))]);
    let mut closed: HashSet<State> = HashSet::new();
    while let Some(Reverse((cost, Reverse(steps), at))) = open.pop() {
        let state = nodes[at].state.clone();
        if state.iter().all(|left| (left.waiting, left.paused) == (0, 0)) {
            return Some(in_waves(needs, &steps_to(&nodes, at)));
        }
        if !closed.insert(state.clone()) {
            continue;
        }
        if *states == 0 || (closed.len().is_multiple_of(ASKING) && stop.is_raised()) {
            return None;
        }
        *states -= 1;
        for (change, action) in next(needs, &state) {
            let pauses = needs.changes[change].cost;
            let cost = match action {
                Action::Pause => (cost.0 + u128::from(pauses.0), cost.1 + u128::from(pauses.1), cost.2 + 1),
                Action::Go | Action::Resume => cost,
            };
            let mut state = state.clone();
            let left = &mut state[change];
            match action {
                Action::Go => left.waiting -= 1,
                Action::Pause => (left.waiting, left.paused) = (left.waiting - 1, left.paused + 1),
                Action::Resume => left.paused -= 1,
            }
            open.push(Reverse((cost, Reverse(steps + 1), nodes.len())));
            nodes.push(Node { state, by: Some((at, change, action)) });
        }
    }
    None
}

/// What is left of each row in a state, and the most that those who have not arrived may take of it before any gives.
fn rows(needs: &Needs, state: &State) -> (Vec<i128>, Vec<i128>) {
    let (mut here, mut due) = (needs.left.clone(), vec![0; needs.left.len()]);
    for (need, left) in needs.changes.iter().zip(state) {
        let [waiting, paused] = [left.waiting, left.paused].map(i128::from);
        let arrived = i128::from(need.count) - waiting - paused;
        let mut add = |amounts: &Amounts, count: i128| {
            amounts.iter().for_each(|&(row, amount)| here[row as usize] += i128::from(amount) * count);
        };
        add(&need.gone, arrived);
        add(&need.going, -arrived);
        add(&need.paused, paused);
        add(&need.turns, -paused);
        need.most_taken().for_each(|(row, most)| due[row as usize] += i128::from(most) * waiting);
        need.resuming.iter().for_each(|&(row, amount)| due[row as usize] += i128::from(amount) * paused);
    }
    (here, due)
}

/// What may be done next in a state: one step where there is one that costs nobody an order.
fn next(needs: &Needs, state: &State) -> Vec<(usize, Action)> {
    let (here, due) = rows(needs, state);
    let has = |amounts: &Amounts| amounts.iter().all(|&(row, amount)| here[row as usize] >= i128::from(amount));
    let is_ample = |amounts: &Amounts| amounts.iter().all(|&(row, _)| here[row as usize] >= due[row as usize]);
    let mut found = Vec::new();
    for (change, (need, left)) in needs.changes.iter().zip(state).enumerate() {
        let is_free = is_ample(&need.resuming);
        let (goes, resumes) = (left.waiting > 0 && has(&need.going), left.paused > 0 && has(&need.resuming));
        if is_free && (goes || resumes) {
            return vec![(change, if resumes { Action::Resume } else { Action::Go })];
        }
        found.extend(goes.then_some((change, Action::Go)));
        found.extend(resumes.then_some((change, Action::Resume)));
        // Where nobody may lack what a pause gives, it is of no use.
        let pauses = left.waiting > 0 && has(&need.turns) && !is_ample(&need.paused);
        found.extend(pauses.then_some((change, Action::Pause)));
    }
    found
}

fn steps_to(nodes: &[Node], end: usize) -> Vec<(usize, Action)> {
    let back = std::iter::successors(nodes[end].by, |&(from, ..)| nodes[from].by);
    let mut steps: Vec<(usize, Action)> = back.map(|(_, change, action)| (change, action)).collect();
    steps.reverse();
    steps
}

/// Steps one after the other, as many to a wave as there is room for at its beginning.
fn in_waves(needs: &Needs, steps: &[(usize, Action)]) -> Vec<Step> {
    let (mut left, mut returns): (Vec<i128>, Vec<&Amounts>) = (needs.left.clone(), Vec::new());
    let mut waves: Vec<Step> = Vec::new();
    let mut wave = 0;
    for &(change, action) in steps {
        let (takes, gives) = needs.changes[change].amounts(action);
        let is_paused_now = waves.contains(&Step { wave, change, action: Action::Pause, count: 1 });
        let has_room = takes.iter().all(|&(row, amount)| left[row as usize] >= i128::from(amount));
        if !has_room || (action == Action::Resume && is_paused_now) {
            wave += 1;
            for &(row, amount) in returns.drain(..).flatten() {
                left[row as usize] += i128::from(amount);
            }
        }
        takes.iter().for_each(|&(row, amount)| left[row as usize] -= i128::from(amount));
        returns.push(gives);
        waves.push(Step { wave, change, action, count: 1 });
    }
    waves.sort_by_key(|step| (step.wave, step.change, step.action));
    waves.dedup_by(|next, kept| {
        let is_same = (next.wave, next.change, next.action) == (kept.wave, kept.change, kept.action);
        kept.count += if is_same { next.count } else { 0 };
        is_same
    });
    waves
}
