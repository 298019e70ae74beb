//! Which columns exclude each other in pairs.

use super::bits::Bits;
use super::instance::Packing;

/// Columns up to which pairs are kept: 8 MiB of bits.
const COLUMNS_MAX: usize = 1 << 13;

/// For each column, those that no packing holds together with it.
#[derive(Clone, Debug)]
pub(super) struct Conflicts {
    of: Vec<Bits>,
    /// Whether columns that do not exclude each other in pairs always fit together.
    pub(super) is_complete: bool,
}

impl Conflicts {
    /// The conflicts of a packing; `None` where there are too many columns to keep them.
    pub(super) fn of(packing: &Packing) -> Option<Conflicts> {
        let count = packing.columns().len();
        if count > COLUMNS_MAX {
            return None;
        }
        let mut conflicts = Conflicts { of: vec![Bits::below(count); count], is_complete: true };
        for (mut row, &capacity) in packing.rows().into_iter().zip(packing.capacities()) {
            let total: u128 = row.iter().map(|entry| u128::from(entry.1)).sum();
            if total <= u128::from(capacity) {
                continue;
            }
            row.sort_by_key(|entry| entry.1);
            let excludes = |a: u64, b: u64| u128::from(a) + u128::from(b) > u128::from(capacity);
            if row.len() > 1 && excludes(row[0].1, row[1].1) {
                conflicts.clique(row.iter().map(|entry| entry.0 as usize), count);
                continue;
            }
            conflicts.is_complete = false;
            for (at, &(column, amount)) in row.iter().enumerate() {
                let from = row.partition_point(|&(_, other)| !excludes(amount, other)).max(at + 1);
                for &(other, _) in row.get(from..).unwrap_or_default() {
                    conflicts.of[column as usize].insert(other as usize);
                    conflicts.of[other as usize].insert(column as usize);
                }
            }
        }
        Some(conflicts)
    }

    fn clique(&mut self, columns: impl Iterator<Item = usize> + Clone, count: usize) {
        let mut all = Bits::below(count);
        columns.clone().for_each(|column| all.insert(column));
        for column in columns {
            self.of[column].unite(&all);
            self.of[column].remove(column);
        }
    }

    /// What excludes a column.
    pub(super) fn with(&self, column: usize) -> &Bits {
        &self.of[column]
    }

    /// Whether two columns exclude each other.
    pub(super) fn between(&self, one: usize, other: usize) -> bool {
        self.of[one].contains(other)
    }
}
