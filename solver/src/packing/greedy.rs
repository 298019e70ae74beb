//! Packings made one column after another.

use super::instance::Packing;

/// What is packed, and what is left of the rows.
#[derive(Clone, Debug)]
pub(super) struct Fill<'a> {
    packing: &'a Packing,
    left: Vec<u64>,
    chosen: Vec<usize>,
}

impl<'a> Fill<'a> {
    /// Nothing packed.
    pub(super) fn new(packing: &'a Packing) -> Fill<'a> {
        Fill { packing, left: packing.capacities().to_vec(), chosen: Vec::new() }
    }

    /// Packs a column if it fits; whether it did.
    pub(super) fn add(&mut self, column: usize) -> bool {
        let entries = &self.packing.columns()[column].entries;
        let fits = entries.iter().all(|&(row, amount)| amount <= self.left[row as usize]);
        if fits {
            entries.iter().for_each(|&(row, amount)| self.left[row as usize] -= amount);
            self.chosen.push(column);
        }
        fits
    }

    /// What is left of each row.
    pub(super) fn left(&self) -> &[u64] {
        &self.left
    }

    /// What is packed, in the order of columns.
    pub(super) fn chosen(mut self) -> Vec<usize> {
        self.chosen.sort_unstable();
        self.chosen
    }
}

/// Packs columns in the order of a score, the greatest first, each that fits.
pub(super) fn by_score(packing: &Packing, columns: &[usize], score: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut order: Vec<(f64, usize)> = columns.iter().map(|&column| (score(column), column)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut fill = Fill::new(packing);
    for (_, column) in order {
        fill.add(column);
    }
    fill.chosen()
}

/// The share of its rows that a column takes, summed, to a power.
pub(super) fn by_density(packing: &Packing, columns: &[usize], worths: &[u64], power: f64) -> Vec<usize> {
    let taken = |column: usize| {
        let entries = packing.columns()[column].entries.iter();
        let shares = entries.map(|&(row, amount)| amount as f64 / packing.capacities()[row as usize].max(1) as f64);
        shares.sum::<f64>().max(1e-9)
    };
    by_score(packing, columns, |column| worths[column] as f64 / taken(column).powf(power))
}
