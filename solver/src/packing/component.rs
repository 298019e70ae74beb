//! One component of a packing: columns that draw on common rows, directly or through others.

use std::collections::BTreeMap;

use super::conflicts::Conflicts;
use super::instance::{Packing, PackingColumn};
use super::patterns::Bins;
use super::proof::Allowed;
use crate::support::sets::Sets;

/// Columns from which on bins that are alike are packed by patterns.
const PATTERNS_FROM: usize = 100;

/// A packing of its own, with what every solve of it shares.
#[derive(Clone, Debug)]
pub(super) struct Component {
    /// The columns of the whole packing that are here, those first that are worth most.
    pub(super) columns: Vec<usize>,
    /// Where each of them is here.
    place: BTreeMap<usize, usize>,
    pub(super) packing: Packing,
    pub(super) conflicts: Option<Conflicts>,
    /// Its bins, where they are alike.
    pub(super) bins: Option<Bins>,
    /// For each column, one that is worth as much, takes no more, and excludes it.
    dominators: Vec<Option<usize>>,
}

impl Component {
    /// Some columns of a packing, which share no row with others but such as never bind.
    pub(super) fn new(whole: &Packing, mut columns: Vec<usize>) -> Component {
        columns.sort_by_key(|&column| (std::cmp::Reverse(whole.columns()[column].worth), column));
        let mut rows: Vec<u32> =
            columns.iter().flat_map(|&column| whole.columns()[column].entries.iter().map(|entry| entry.0)).collect();
        rows.sort_unstable();
        rows.dedup();
        let place = |row: u32| {
            let at = rows.binary_search(&row).expect("the rows of these columns are listed");
            u32::try_from(at).expect("there are fewer rows than 2^32")
        };
        let of = |&column: &usize| {
            let PackingColumn { worth, entries } = &whole.columns()[column];
            let entries = entries.iter().map(|&(row, amount)| (place(row), amount)).collect();
            PackingColumn { worth: *worth, entries }
        };
        let capacities = rows.iter().map(|&row| whole.capacities()[row as usize]).collect();
        let packing = Packing::new(capacities, columns.iter().map(of).collect());
        let packing = packing.expect("a part of a packing is one");
        let conflicts = Conflicts::of(&packing);
        let dominators = conflicts.as_ref().map_or_else(|| vec![None; columns.len()], |all| dominators(&packing, all));
        let place = columns.iter().enumerate().map(|(at, &column)| (column, at)).collect();
        Component { columns, place, packing, conflicts, bins: None, dominators }
    }

    /// What excludes what, where columns exclude each other in pairs alone: enumeration and local search need that.
    pub(super) fn exclusions(&self) -> Option<&Conflicts> {
        self.conflicts.as_ref().filter(|conflicts| conflicts.is_complete)
    }

    /// Whether its bins are alike, hold few, and have so many columns that it is packed by patterns.
    pub(super) fn packs_by_patterns(&self) -> bool {
        let are_many = self.columns.len() >= PATTERNS_FROM && self.exclusions().is_none();
        are_many && self.bins.as_ref().is_some_and(Bins::hold_few)
    }

    /// What columns may be, for given worths: what is worth nothing, does not fit or is dominated stays out.
    pub(super) fn allowed(&self, worths: &[u64]) -> Vec<Allowed> {
        let is_out = |column: usize| {
            let is_dominated = self.dominators[column].is_some_and(|other| worths[other] >= worths[column]);
            worths[column] == 0 || is_dominated || !self.packing.fits_alone(column)
        };
        let columns = 0..self.columns.len();
        columns.map(|column| if is_out(column) { Allowed::Out } else { Allowed::Either }).collect()
    }

    /// What columns may be whatever others are left out: also what is dominated may be in then.
    pub(super) fn ever_allowed(&self, worths: &[u64]) -> Vec<Allowed> {
        let may_be = |column: usize| worths[column] > 0 && self.packing.fits_alone(column);
        let columns = 0..self.columns.len();
        columns.map(|column| if may_be(column) { Allowed::Either } else { Allowed::Out }).collect()
    }

    /// The columns here that are in a list of columns of the whole packing, in order.
    pub(super) fn local(&self, columns: &[usize]) -> Vec<usize> {
        let mut local: Vec<usize> = columns.iter().filter_map(|column| self.place.get(column).copied()).collect();
        local.sort_unstable();
        local
    }

    /// Whether a column of the whole packing is here.
    pub(super) fn holds(&self, column: usize) -> bool {
        self.place.contains_key(&column)
    }

    /// How many columns are dominated.
    pub(super) fn dominated(&self) -> usize {
        self.dominators.iter().flatten().count()
    }
}

/// Cuts a packing into components, in the order of their first columns.
pub(super) fn components(packing: &Packing) -> Vec<Component> {
    let count = packing.columns().len();
    let mut sets = Sets::apart(count);
    for (row, &capacity) in packing.rows().iter().zip(packing.capacities()) {
        let all: u128 = row.iter().map(|entry| u128::from(entry.1)).sum();
        if all > u128::from(capacity) {
            for pair in row.windows(2) {
                sets.join(pair[0].0 as usize, pair[1].0 as usize);
            }
        }
    }
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); count];
    for column in 0..count {
        members[sets.least(column)].push(column);
    }
    let members = members.into_iter().filter(|columns| !columns.is_empty());
    members.map(|columns| Component::new(packing, columns)).collect()
}

/// For each column, one that takes no more of any row, is worth at least as much, and excludes it: of equal ones, the first.
fn dominators(packing: &Packing, conflicts: &Conflicts) -> Vec<Option<usize>> {
    let columns = packing.columns();
    let mut order: Vec<usize> = (0..columns.len()).filter(|&column| packing.fits_alone(column)).collect();
    order.sort_by_key(|&column| (std::cmp::Reverse(columns[column].worth), columns[column].entries.len(), column));
    let mut found = vec![None; columns.len()];
    // Whoever takes no more has its first row among those of the other: kept columns by their first rows, as places in the order.
    let mut kept: Vec<Vec<usize>> = vec![Vec::new(); packing.capacities().len()];
    for (at, &column) in order.iter().enumerate() {
        let dominates = |&place: &usize| {
            let other = order[place];
            conflicts.between(other, column) && is_within(&columns[other].entries, &columns[column].entries)
        };
        let of_row = |entry: &(u32, u64)| kept[entry.0 as usize].iter().copied().find(&dominates);
        let entries = &columns[column].entries;
        found[column] = entries.iter().filter_map(of_row).min().map(|place| order[place]);
        if let Some(&(first, _)) = entries.first().filter(|_| found[column].is_none()) {
            kept[first as usize].push(at);
        }
    }
    found
}

/// Whether entries take no more of any row than others.
fn is_within(less: &[(u32, u64)], more: &[(u32, u64)]) -> bool {
    let mut rest = more.iter();
    less.len() <= more.len()
        && less.iter().all(|&(row, amount)| {
            rest.by_ref().find(|entry| entry.0 >= row).is_some_and(|&(at, most)| at == row && amount <= most)
        })
}
