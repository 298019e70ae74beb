//! The waves of changes over plain rows.
//!
//! Every change is two legs: going from seat to seat, and resuming for those of its capsules that paused in between. A leg
//! that lacks something waits in the heap of one row that lacks it, least need first, and is tried again when that much of
//! the row is there. So a row that is freed costs what can go on now, not all that wait for it. What a wave gives back is
//! there in the next one, since nobody knows which of its moves end first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::deadlock::{Deadlock, Victims, Walk};
use super::needs::{Amounts, Need, Needs, Row};

/// What a step does with capsules of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Action {
    /// They go from their old seat to the new one.
    Go,
    /// They leave their old seat.
    Pause,
    /// They enter the new seat after they paused.
    Resume,
}

/// One step of the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The wave.
    pub(super) wave: u32,
    /// Position of the change.
    pub(super) change: usize,
    /// What is done.
    pub(super) action: Action,
    /// With how many capsules.
    pub(super) count: u32,
}

/// A change that no order carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stuck {
    /// Position of the change.
    pub(super) change: usize,
    /// The row that it waits on.
    pub(super) row: Row,
    /// The change that would have to free the row and waits itself.
    pub(super) behind: Option<usize>,
}

/// Position of a leg: twice its change, plus one for those that resume.
pub(super) type Leg = usize;

pub(super) const fn is_going(leg: Leg) -> bool {
    leg.is_multiple_of(2)
}

/// The order that comes of trying changes in a sequence, in which every one is carried out but for those that are stuck.
///
/// No step takes more of a row than is left. O(rows of all changes), times the logarithm and number of waits.
pub(super) fn order_of(needs: &Needs, sequence: &[usize], victims: Victims) -> (Vec<Step>, Vec<Stuck>) {
    let mut list = Worklist::new(needs);
    for change in sequence {
        list.try_leg(2 * change);
    }
    list.end_waves();
    let mut walk = Walk::new(&list, victims);
    let mut stuck = Vec::new();
    while let Some(deadlock) = walk.next(&list) {
        match deadlock {
            Deadlock::Loosened { change } => {
                list.pause_one(change);
                list.end_waves();
            }
            Deadlock::Lasting(cycle) => {
                cycle.iter().for_each(|stuck| list.is_given_up[stuck.change] = true);
                stuck.extend(cycle);
            }
        }
    }
    (list.steps, stuck)
}

/// What is carried out, and what waits for what.
pub(super) struct Worklist<'n> {
    pub(super) changes: &'n [Need],
    left: Vec<i128>,
    /// What comes back at the end of the wave.
    returns: Vec<(Row, i128)>,
    /// By leg: how many capsules it has yet to carry.
    pending: Vec<u32>,
    /// By leg: the row that it waits on.
    waits_on: Vec<Option<Row>>,
    waiting: HashMap<Row, BinaryHeap<Reverse<(i64, Leg)>>>,
    /// Legs to look at in the next wave.
    next: Vec<Leg>,
    /// By change: whether no order carries it out.
    is_given_up: Vec<bool>,
    wave: u32,
    steps: Vec<Step>,
}

impl<'n> Worklist<'n> {
    fn new(needs: &'n Needs) -> Worklist<'n> {
        let changes = &needs.changes;
        Worklist {
            changes,
            left: needs.left.clone(),
            returns: Vec::new(),
            pending: changes.iter().flat_map(|need| [need.count, 0]).collect(),
            waits_on: vec![None; 2 * changes.len()],
            waiting: HashMap::new(),
            next: Vec::new(),
            is_given_up: vec![false; changes.len()],
            wave: 0,
            steps: Vec::with_capacity(changes.len()),
        }
    }

    /// Whether a leg has capsules to carry and is not given up.
    pub(super) fn is_open(&self, leg: Leg) -> bool {
        self.pending[leg] > 0 && !self.is_given_up[leg / 2]
    }

    /// The row that a leg waits on.
    pub(super) fn row_of(&self, leg: Leg) -> Row {
        self.waits_on[leg].expect("what is open when nothing can go on waits")
    }

    /// Whether every row has what one capsule would take.
    pub(super) fn has(&self, amounts: &Amounts) -> bool {
        amounts.iter().all(|&(row, amount)| self.left[row as usize] >= i128::from(amount))
    }

    /// Carries as many capsules of a leg as there is room for; the rest of them wait.
    fn try_leg(&mut self, leg: Leg) {
        let action = if is_going(leg) { Action::Go } else { Action::Resume };
        let (takes, gives) = self.changes[leg / 2].amounts(action);
        let room = takes.iter().map(|&(row, amount)| (self.left[row as usize] / i128::from(amount)).max(0)).min();
        let most = room.and_then(|room| u32::try_from(room).ok()).unwrap_or(u32::MAX);
        let count = self.pending[leg].min(most);
        if count > 0 {
            self.pending[leg] -= count;
            self.carry((takes, gives), Step { wave: self.wave, change: leg / 2, action, count });
        }
        if self.pending[leg] > 0 {
            let is_short = |&&(row, amount): &&(Row, i64)| self.left[row as usize] < i128::from(amount);
            let &(row, amount) = takes.iter().find(is_short).expect("what was not carried lacks something");
            self.waits_on[leg] = Some(row);
            self.waiting.entry(row).or_default().push(Reverse((amount, leg)));
        }
    }

    fn carry(&mut self, (takes, gives): (&Amounts, &Amounts), step: Step) {
        for &(row, amount) in takes {
            self.left[row as usize] -= i128::from(amount) * i128::from(step.count);
        }
        self.returns.extend(gives.iter().map(|&(row, amount)| (row, i128::from(amount) * i128::from(step.count))));
        match self.steps.last_mut() {
            Some(last) if (last.wave, last.change, last.action) == (step.wave, step.change, step.action) => {
                last.count += step.count;
            }
            _ => self.steps.push(step),
        }
    }

    /// Pauses one capsule of a change, which waits for its new seat from the next wave on.
    fn pause_one(&mut self, change: usize) {
        let (action, resumes) = (Action::Pause, 2 * change + 1);
        self.pending[2 * change] -= 1;
        self.pending[resumes] += 1;
        self.carry(self.changes[change].amounts(action), Step { wave: self.wave, change, action, count: 1 });
        if self.waits_on[resumes].is_none() {
            self.next.push(resumes);
        }
    }

    /// Ends wave after wave, until nothing can go on.
    fn end_waves(&mut self) {
        while self.steps.last().is_some_and(|last| last.wave == self.wave) {
            self.wave += 1;
            let returns = std::mem::take(&mut self.returns);
            for &(row, amount) in &returns {
                self.left[row as usize] += amount;
            }
            for leg in std::mem::take(&mut self.next) {
                self.try_leg(leg);
            }
            for (row, _) in returns {
                while let Some(leg) = self.next_with_room(row) {
                    self.waits_on[leg] = None;
                    self.try_leg(leg);
                }
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
}
