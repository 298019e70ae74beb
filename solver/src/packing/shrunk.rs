//! A packing without the columns that are decided: a node of a tree over it costs as much as what is still open.

use super::greedy::Fill;
use super::instance::{Packing, PackingColumn};
use super::proof::Allowed;
use super::relaxation::Relaxation;

/// What is left of a packing once columns are decided, with the relaxation that was solved before.
#[derive(Debug)]
pub(super) struct Shrunk {
    pub(super) packing: Packing,
    pub(super) worths: Vec<u64>,
    pub(super) relaxation: Relaxation,
    pub(super) allowed: Vec<Allowed>,
    /// What the columns are worth that are in for good.
    pub(super) offset: u128,
    /// The columns that are left, of the whole packing, and those that are in for good.
    pub(super) columns: Vec<usize>,
    pub(super) fixed: Vec<usize>,
}

impl Shrunk {
    /// Leaves out what is decided; `None` where what is in does not fit, so that nothing is left.
    ///
    /// Columns that are decided and basic stay, with their ranges: the basis is one of the smaller program then, as it is.
    pub(super) fn of(
        packing: &Packing,
        worths: &[u64],
        relaxation: &Relaxation,
        allowed: &[Allowed],
    ) -> Option<Shrunk> {
        let stays = |&column: &usize| allowed[column] == Allowed::Either || relaxation.basis.is_basic(column);
        let (columns, gone): (Vec<usize>, Vec<usize>) = (0..worths.len()).partition(stays);
        let fixed: Vec<usize> = gone.into_iter().filter(|&column| allowed[column] == Allowed::In).collect();
        let mut fill = Fill::new(packing);
        if !fixed.iter().all(|&column| fill.add(column)) {
            return None;
        }
        let of_column = |&column: &usize| PackingColumn {
            worth: worths[column],
            entries: packing.columns()[column].entries.clone(),
        };
        let rest = Packing::new(fill.left().to_vec(), columns.iter().map(of_column).collect()).ok()?;
        Some(Shrunk {
            packing: rest,
            worths: columns.iter().map(|&column| worths[column]).collect(),
            relaxation: relaxation.shrunk(&columns, &fixed)?,
            allowed: columns.iter().map(|&column| allowed[column]).collect(),
            offset: fixed.iter().map(|&column| u128::from(worths[column])).sum(),
            columns,
            fixed,
        })
    }

    /// The whole packing that one of what is left stands for, in the order of columns.
    pub(super) fn whole(&self, chosen: &[usize]) -> Vec<usize> {
        let left = chosen.iter().map(|&column| self.columns[column]);
        let mut whole: Vec<usize> = self.fixed.iter().copied().chain(left).collect();
        whole.sort_unstable();
        whole
    }
}
