//! Parts of a migration that can be ordered apart.
//!
//! A row that can lack nothing, whoever takes from it first, binds nobody. Turns all come back once a part is through. So
//! changes meet at the other rows alone, and those that do not meet have an order if each of them has one.

use std::collections::{BTreeMap, HashMap};

use lessor_models::plan::Wait;

use super::needs::{Amounts, Need, Needs, Row};
use super::worklist::{Step, Stuck};
use crate::support::sets::Sets;

/// Changes that meet each other, with needs of their own.
#[derive(Debug)]
pub(super) struct Part {
    /// Positions of the changes among all, in their order.
    changes: Vec<usize>,
    /// What each of its rows is among all.
    rows: Vec<Row>,
    /// What the changes need of the rows that may lack something.
    pub(super) needs: Needs,
    takes_turns: bool,
}

/// The parts that hold one of some changes, in the order of their first change. O(rows of all changes), but for a logarithm.
pub(super) fn parts_of(needs: &Needs, wanted: impl Iterator<Item = usize>) -> Vec<Part> {
    let binding = binding(needs, 0..needs.changes.len());
    let mut sets = Sets::apart(needs.changes.len());
    let mut first: HashMap<Row, usize> = HashMap::new();
    for (change, need) in needs.changes.iter().enumerate() {
        let all = [&need.going, &need.gone, &need.paused, &need.resuming, &need.resumed];
        for &(row, _) in all.into_iter().flatten() {
            if binding.contains_key(&row) && !matches!(needs.waits[row as usize], Wait::Turn { .. }) {
                sets.join(*first.entry(row).or_insert(change), change);
            }
        }
    }
    let mut parts: BTreeMap<usize, Vec<usize>> = wanted.map(|change| (sets.least(change), Vec::new())).collect();
    for change in 0..needs.changes.len() {
        if let Some(part) = parts.get_mut(&sets.least(change)) {
            part.push(change);
        }
    }
    parts.into_values().map(|changes| Part::of(needs, changes)).collect()
}

/// The rows that may lack something, each numbered: those of which less is left than some changes may take before any gives.
fn binding(needs: &Needs, changes: impl Iterator<Item = usize>) -> BTreeMap<Row, Row> {
    let mut taken: BTreeMap<Row, i128> = BTreeMap::new();
    for need in changes.map(|change| &needs.changes[change]) {
        for (row, most) in need.most_taken() {
            *taken.entry(row).or_default() += i128::from(most) * i128::from(need.count);
        }
    }
    let short = taken.into_iter().filter(|&(row, taken)| needs.left[row as usize] < taken);
    short.map(|(row, _)| row).zip(0..).collect()
}

impl Part {
    fn of(needs: &Needs, changes: Vec<usize>) -> Part {
        let numbers = binding(needs, changes.iter().copied());
        let own = |amounts: &Amounts| -> Amounts {
            amounts.iter().filter_map(|(row, amount)| Some((*numbers.get(row)?, *amount))).collect()
        };
        let of = |&change: &usize| {
            let Need { count, cost, ref going, ref gone, ref turns, ref paused, ref resuming, ref resumed } =
                needs.changes[change];
            let (going, gone, turns) = (own(going), own(gone), own(turns));
            Need {
                count,
                cost,
                going,
                gone,
                turns,
                paused: own(paused),
                resuming: own(resuming),
                resumed: own(resumed),
            }
        };
        let takes_turns = changes.iter().any(|&change| !needs.changes[change].turns.is_empty());
        let rows: Vec<Row> = numbers.keys().copied().collect();
        let needs = Needs {
            left: rows.iter().map(|&row| needs.left[row as usize]).collect(),
            waits: rows.iter().map(|&row| needs.waits[row as usize]).collect(),
            changes: changes.iter().map(of).collect(),
        };
        Part { changes, rows, needs, takes_turns }
    }

    /// Puts its steps in the place of those that an order of all has for it: where they take turns, after all others.
    pub(super) fn replace(&self, steps: &mut Vec<Step>, own: Vec<Step>) {
        steps.retain(|step| self.changes.binary_search(&step.change).is_err());
        let first = if self.takes_turns { steps.iter().map(|step| step.wave + 1).max().unwrap_or(0) } else { 0 };
        steps.extend(own.into_iter().map(|step| Step {
            wave: first + step.wave,
            change: self.changes[step.change],
            ..step
        }));
    }

    /// What is stuck, among all.
    pub(super) fn among_all(&self, stuck: Stuck) -> Stuck {
        let (row, change) = (self.rows[stuck.row as usize], self.changes[stuck.change]);
        Stuck { change, row, behind: stuck.behind.map(|behind| self.changes[behind]) }
    }
}
