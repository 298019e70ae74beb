//! The order of changes over plain rows.
//!
//! Every change is two legs: going from seat to seat, and starting again for those of its capsules that were stopped in
//! between. A leg that lacks something waits in the heap of one row that lacks it, least need first, and is tried again
//! when that much of the row is there. So a row that is freed costs what can go on now, not all that wait for it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use super::needs::{Amounts, Need, Needs, Row};

/// What a step does with capsules of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// They go from their old seat to the new one.
    Go,
    /// They leave their old seat.
    Stop,
    /// They enter the new seat after they were stopped.
    Resume,
}

/// One step of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Position of the change.
    pub(super) change: usize,
    /// What is done.
    pub(super) action: Action,
    /// With how many capsules.
    pub(super) count: u32,
}

/// Position of a leg: twice its change, plus one for those that start again.
type Leg = usize;

/// An order in which every change is carried out in full.
///
/// No step takes more of a row than is left, as long as all new seats together have room: whatever is left in the end is
/// otherwise started regardless, for the checker to refuse. O(rows of all changes), times the logarithm and number of waits.
pub(super) fn order(needs: &Needs) -> Vec<Step> {
    let mut list = Worklist::new(needs);
    for change in 0..needs.changes.len() {
        list.try_leg(2 * change);
    }
    list.settle();
    let mut walk = Walk::new(&list);
    while let Some(change) = walk.next_to_stop(&list) {
        list.stop_one(change);
        list.settle();
    }
    list.start_the_rest();
    list.steps
}

/// What is carried out, and what waits for what.
struct Worklist<'n> {
    changes: &'n [Need],
    left: Vec<i128>,
    /// By change: what going takes from each row, on balance; first what may be lacking, as in its need.
    balances: Vec<Amounts>,
    /// By leg: how many capsules it has yet to carry.
    pending: Vec<u32>,
    /// By leg: the row that it waits on.
    waits_on: Vec<Option<Row>>,
    waiting: HashMap<Row, BinaryHeap<Reverse<(i64, Leg)>>>,
    freed: VecDeque<Row>,
    steps: Vec<Step>,
}

impl<'n> Worklist<'n> {
    fn new(needs: &'n Needs) -> Worklist<'n> {
        let changes = &needs.changes;
        Worklist {
            changes,
            left: needs.left.clone(),
            balances: changes.iter().map(balance).collect(),
            pending: changes.iter().flat_map(|need| [need.count, 0]).collect(),
            waits_on: vec![None; 2 * changes.len()],
            waiting: HashMap::new(),
            freed: VecDeque::new(),
            steps: Vec::with_capacity(changes.len()),
        }
    }

    /// What one capsule of a leg takes from each row; below zero what it frees.
    fn takes(&self, leg: Leg) -> &[(Row, i64)] {
        if leg.is_multiple_of(2) { &self.balances[leg / 2] } else { &self.changes[leg / 2].enters }
    }

    /// Carries as many capsules of a leg as there is room for; the rest of them wait.
    fn try_leg(&mut self, leg: Leg) {
        let taken = self.takes(leg).iter().filter(|&&(_, amount)| amount > 0);
        let room = taken.map(|&(row, amount)| (self.left[row as usize] / i128::from(amount)).max(0)).min();
        let most = room.and_then(|room| u32::try_from(room).ok()).unwrap_or(u32::MAX);
        self.carry(leg, self.pending[leg].min(most));
        if self.pending[leg] > 0 {
            let is_short = |&&(row, amount): &&(Row, i64)| amount > 0 && self.left[row as usize] < i128::from(amount);
            let &(row, amount) = self.takes(leg).iter().find(is_short).expect("what was not carried lacks something");
            self.waits_on[leg] = Some(row);
            self.waiting.entry(row).or_default().push(Reverse((amount, leg)));
        }
    }

    fn carry(&mut self, leg: Leg, count: u32) {
        if count == 0 {
            return;
        }
        let change = leg / 2;
        self.pending[leg] -= count;
        if leg.is_multiple_of(2) {
            shift(&mut self.left, &mut self.freed, &self.balances[change], -i128::from(count));
            self.note(Step { change, action: Action::Go, count });
        } else {
            shift(&mut self.left, &mut self.freed, &self.changes[change].enters, -i128::from(count));
            self.note(Step { change, action: Action::Resume, count });
        }
    }

    /// Stops one capsule of a change, which then waits for its new seat.
    fn stop_one(&mut self, change: usize) {
        self.pending[2 * change] -= 1;
        self.pending[2 * change + 1] += 1;
        shift(&mut self.left, &mut self.freed, &self.changes[change].leaves, 1);
        self.note(Step { change, action: Action::Stop, count: 1 });
        if self.waits_on[2 * change + 1].is_none() {
            self.try_leg(2 * change + 1);
        }
    }

    /// Adds a step, to the last one where it is the same again.
    fn note(&mut self, step: Step) {
        match self.steps.last_mut() {
            Some(last) if (last.change, last.action) == (step.change, step.action) => last.count += step.count,
            _ => self.steps.push(step),
        }
    }

    /// Tries whatever waits on a row that was freed, until nothing can go on.
    fn settle(&mut self) {
        while let Some(row) = self.freed.pop_front() {
            while let Some(leg) = self.next_with_room(row) {
                self.waits_on[leg] = None;
                self.try_leg(leg);
            }
        }
    }

    /// Takes the leg with the least need from those that wait on a row, if the row has that much.
    fn next_with_room(&mut self, row: Row) -> Option<Leg> {
        let left = self.left[row as usize];
        let waiting = self.waiting.get_mut(&row)?;
        let &Reverse((amount, leg)) = waiting.peek()?;
        (i128::from(amount) <= left).then(|| {
            waiting.pop();
            leg
        })
    }

    fn start_the_rest(&mut self) {
        for leg in 0..self.pending.len() {
            self.carry(leg, self.pending[leg]);
        }
    }
}

/// What going from seat to seat takes on balance: what it takes first, in the order of the need, then what it frees.
fn balance(need: &Need) -> Amounts {
    let amount = |amounts: &Amounts, row: Row| amounts.iter().find(|other| other.0 == row).map_or(0, |other| other.1);
    let takes = need.enters.iter().map(|&(row, enters)| (row, enters - amount(&need.leaves, row)));
    let frees =
        need.leaves.iter().filter(|&&(row, _)| amount(&need.enters, row) == 0).map(|&(row, leaves)| (row, -leaves));
    takes.chain(frees).filter(|&(_, change)| change != 0).collect()
}

/// Adds amounts to what is left of their rows, and remembers the rows that were freed.
fn shift(left: &mut [i128], freed: &mut VecDeque<Row>, amounts: &Amounts, times: i128) {
    for &(row, amount) in amounts {
        let change = i128::from(amount) * times;
        left[row as usize] += change;
        if change > 0 {
            freed.push_back(row);
        }
    }
}

/// A walk along who waits for whom, from one call to the next, to find cycles without starting over.
struct Walk {
    /// By row: the changes that free it by going, and how many of them are known to have gone.
    frees: HashMap<Row, (Vec<usize>, usize)>,
    path: Vec<usize>,
    position: Vec<Option<usize>>,
    first: usize,
}

impl Walk {
    fn new(list: &Worklist<'_>) -> Walk {
        let mut frees: HashMap<Row, (Vec<usize>, usize)> = HashMap::new();
        let is_stuck = |change: &usize| list.pending[2 * change] > 0;
        for change in (0..list.changes.len()).filter(is_stuck) {
            for &(row, _) in list.balances[change].iter().filter(|&&(_, amount)| amount < 0) {
                frees.entry(row).or_default().0.push(change);
            }
        }
        Walk { frees, path: Vec::new(), position: vec![None; list.changes.len()], first: 0 }
    }

    /// The cheapest change of a cycle of changes that wait for each other; `None` where all have left their seats.
    ///
    /// Called when nothing can go on. O(1) on average, and the length of the cycle.
    fn next_to_stop(&mut self, list: &Worklist<'_>) -> Option<usize> {
        let is_stuck = |change: usize| list.pending[2 * change] > 0;
        while let Some(&last) = self.path.last().filter(|&&last| !is_stuck(last)) {
            self.position[last] = None;
            self.path.pop();
        }
        if self.path.is_empty() {
            self.first += (self.first..list.changes.len()).take_while(|&change| !is_stuck(change)).count();
            if self.first == list.changes.len() {
                return None;
            }
            self.push(self.first);
        }
        loop {
            let last = *self.path.last().expect("the path was given a start");
            let row = list.waits_on[2 * last].expect("what is stuck waits");
            let Some(next) = self.next_to_leave(row, is_stuck) else { return Some(last) };
            if let Some(start) = self.position[next] {
                let cycle = self.path[start..].iter().copied().filter(|&change| is_stuck(change));
                return cycle.min_by_key(|&change| (list.changes[change].cost, change));
            }
            self.push(next);
        }
    }

    fn push(&mut self, change: usize) {
        self.position[change] = Some(self.path.len());
        self.path.push(change);
    }

    /// A change that is yet to free a row. None only where the new seats together have no room in it.
    fn next_to_leave(&mut self, row: Row, is_stuck: impl Fn(usize) -> bool) -> Option<usize> {
        let (changes, gone) = self.frees.get_mut(&row)?;
        *gone += changes[*gone..].iter().take_while(|&&change| !is_stuck(change)).count();
        changes.get(*gone).copied()
    }
}
