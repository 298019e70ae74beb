//! Who waits for whom when nothing can go on: cycles, which of them a pause loosens, and which last.

use std::collections::HashMap;

use super::needs::Row;
use super::worklist::{Leg, Stuck, Worklist, is_going};
use crate::support::random::Random;

/// Which capsule pauses where several of a cycle could.
#[derive(Clone, Debug)]
pub(super) enum Victims {
    /// The cheapest.
    Cheapest,
    /// Any, by chance.
    Any(Random),
}

/// Legs that wait for each other, or for what nobody frees.
pub(super) enum Deadlock {
    /// One capsule of the change pauses, and something can go on.
    Loosened {
        /// One of those whose pause helps.
        change: usize,
    },
    /// No pause helps.
    Lasting(Vec<Stuck>),
}

/// A walk along who waits for whom, from one call to the next, to find cycles without starting over.
pub(super) struct Walk {
    /// By row: the legs that free it once they are through, those that go first, and how many of them are known to be.
    frees: HashMap<Row, (Vec<Leg>, usize)>,
    path: Vec<Leg>,
    position: Vec<Option<usize>>,
    first: Leg,
    victims: Victims,
}

/// Whether a leg gives back some of a row once it is through.
fn frees(list: &Worklist<'_>, leg: Leg, row: Row) -> bool {
    given(list, leg).iter().any(|given| given.0 == row)
}

/// What a leg gives back once it is through. One that goes holds its turns only while it is under way: those that paused hold
/// theirs.
fn given<'n>(list: &Worklist<'n>, leg: Leg) -> &'n [(Row, i64)] {
    let need = &list.changes[leg / 2];
    if is_going(leg) { &need.gone[need.turns.len()..] } else { &need.resumed }
}

impl Walk {
    pub(super) fn new(list: &Worklist<'_>, victims: Victims) -> Walk {
        let mut frees: HashMap<Row, (Vec<Leg>, usize)> = HashMap::new();
        let mut add = |leg: Leg| {
            for &(row, _) in given(list, leg) {
                frees.entry(row).or_default().0.push(leg);
            }
        };
        let open: Vec<usize> = (0..list.changes.len()).filter(|&change| list.is_open(2 * change)).collect();
        open.iter().for_each(|change| add(2 * change));
        open.iter().for_each(|change| add(2 * change + 1));
        Walk { frees, path: Vec::new(), position: vec![None; 2 * list.changes.len()], first: 0, victims }
    }

    /// The next deadlock; `None` where every leg is through or given up.
    ///
    /// Called when nothing can go on. O(1) on average, and the length of the cycle.
    pub(super) fn next(&mut self, list: &Worklist<'_>) -> Option<Deadlock> {
        while let Some(&last) = self.path.last().filter(|&&last| !list.is_open(last)) {
            self.pop(last);
        }
        if self.path.is_empty() {
            // Whoever paused may wait on without end, and has an earlier number than others that go.
            let all = list.changes.len() * 2;
            self.first += (self.first..all).take_while(|&leg| !list.is_open(leg)).count();
            let first = (self.first < all).then_some(self.first).or_else(|| (0..all).find(|&leg| list.is_open(leg)))?;
            self.push(first);
        }
        loop {
            let last = *self.path.last().expect("the path was given a start");
            let row = list.row_of(last);
            let Some(next) = self.next_to_free(row, list) else {
                self.pop(last);
                return Some(Deadlock::Lasting(vec![Stuck { change: last / 2, row, behind: None }]));
            };
            let known = self.position[next];
            match known {
                None => self.push(next),
                Some(start) if self.still_waits(start, list) => return Some(self.cycle(start, list)),
                Some(_) => {}
            }
        }
    }

    /// Whether from a position on every leg of the path still waits for the next. A pause lets others go on, wherever they are:
    /// the path is cut where a leg is through, or waits on what the next does not free.
    fn still_waits(&mut self, start: usize, list: &Worklist<'_>) -> bool {
        let waits = |pair: &[Leg]| frees(list, pair[1], list.row_of(pair[0]));
        let stays = self.path[start..].windows(2).take_while(|pair| list.is_open(pair[1]) && waits(pair)).count();
        let is_whole = start + stays + 1 == self.path.len();
        while self.path.len() > start + stays + 1 {
            self.pop(self.path[self.path.len() - 1]);
        }
        is_whole
    }

    /// What becomes of the cycle that the path ends in.
    fn cycle(&mut self, start: usize, list: &Worklist<'_>) -> Deadlock {
        let cycle: Vec<Leg> = self.path[start..].to_vec();
        let before = |at: usize| cycle[(at + cycle.len() - 1) % cycle.len()];
        let helps = |&at: &usize| {
            let (leg, need) = (cycle[at], &list.changes[cycle[at] / 2]);
            let row = list.row_of(before(at));
            is_going(leg) && list.has(&need.turns) && need.paused.iter().any(|&(freed, _)| freed == row)
        };
        let pauses: Vec<usize> = (0..cycle.len()).filter(helps).map(|at| cycle[at] / 2).collect();
        let victim = match &mut self.victims {
            Victims::Cheapest => pauses.into_iter().min_by_key(|&change| (list.changes[change].cost, change)),
            Victims::Any(random) => (!pauses.is_empty()).then(|| pauses[random.index(pauses.len())]),
        };
        if let Some(change) = victim {
            return Deadlock::Loosened { change };
        }
        let stuck = cycle.iter().enumerate().map(|(at, &leg)| {
            let behind = cycle[(at + 1) % cycle.len()] / 2;
            Stuck { change: leg / 2, row: list.row_of(leg), behind: (behind != leg / 2).then_some(behind) }
        });
        let stuck = stuck.collect();
        cycle.iter().rev().for_each(|&leg| self.pop(leg));
        Deadlock::Lasting(stuck)
    }

    fn push(&mut self, leg: Leg) {
        self.position[leg] = Some(self.path.len());
        self.path.push(leg);
    }

    fn pop(&mut self, leg: Leg) {
        self.position[leg] = None;
        self.path.pop();
    }

    /// A leg that is yet to free a row; none where there will never be more of it.
    fn next_to_free(&mut self, row: Row, list: &Worklist<'_>) -> Option<Leg> {
        let (legs, through) = self.frees.get_mut(&row)?;
        // Capsules that have yet to pause come back to be looked at, so only legs that went for good are passed over.
        *through += legs[*through..].iter().take_while(|&&leg| is_going(leg) && !list.is_open(leg)).count();
        legs[*through..].iter().copied().find(|&leg| list.is_open(leg))
    }
}
