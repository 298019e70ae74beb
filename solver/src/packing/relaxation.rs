//! The linear relaxation of a packing: rows come in once a solution breaks them, and cuts stay.

use crate::support::stop::Stop;

use super::cuts::Cut;
use super::instance::Packing;
use super::matrix::{Matrix, retain};
use super::proof::{Allowed, ExactRow, ExactRows, Prices, Proof};
use super::simplex::{Basis, Ended, Until};

/// Pivots for the prices of rows, at most.
const ROW_PRICE_PIVOTS_MAX: u32 = 100_000;
/// What a row must be broken by to come in.
const BROKEN: f64 = 1e-6;
/// How far below an aim a value must be for a solve to be cut short, by the aim.
const CUT_MARGIN: f64 = 1e-13;
/// Looks in a row at which a row costs nothing until it may go, and the part of all rows that must be like that.
const IDLE_LOOKS: u32 = 6;
const IDLE_SHARE: usize = 6;

/// Worths from which on prices are refined: the last bits of prices in floating point are off by more than a thousandth of a unit.
const REFINED_FROM: f64 = (1_u64 << 36) as f64;
/// Refinements: each adds over thirty bits.
const REFINEMENTS: usize = 2;

/// What matters of a value, for a search that only wants more than an aim: floats of its size are off by less than the margin.
pub(super) fn cutoff(aim: u128) -> f64 {
    let aim = aim as f64;
    aim + 0.999 - aim * CUT_MARGIN
}

/// Hardly any row is a cut where one in so many is at most.
const CUTS_FEW: usize = 10;

/// A program that follows a packing, in floating point for the simplex and in exact integers for proofs.
#[derive(Clone, Debug)]
pub(super) struct Relaxation {
    matrix: Matrix,
    pub(super) basis: Basis,
    exact: ExactRows,
    /// What one unit of the program is worth.
    pub(super) unit: f64,
    /// What turns a price of a scaled row into one of the row.
    scales: Vec<f64>,
    /// For each row, the looks in a row at which it cost nothing.
    idle: Vec<u32>,
    /// Rows of the packing, and cuts, that are not in the program.
    waiting: Vec<ExactRow>,
    /// How many rows there ever were.
    count: u32,
}

impl Relaxation {
    /// A relaxation of all columns, from the slack basis.
    pub(super) fn new(packing: &Packing, worths: &[u64]) -> Relaxation {
        let unit = worths.iter().copied().max().unwrap_or(1).max(1) as f64;
        let matrix = Matrix::new(worths.iter().map(|&worth| worth as f64 / unit).collect());
        let rows = packing.rows().into_iter().zip(packing.capacities());
        let binding = rows.filter(|(row, capacity)| {
            let all: u128 = row.iter().map(|entry| u128::from(entry.1)).sum();
            all > u128::from(**capacity)
        });
        let rows: Vec<ExactRow> =
            (0..).zip(binding).map(|(id, (entries, &limit))| ExactRow::new(id, limit, entries, false)).collect();
        let count = u32::try_from(rows.len()).expect("there are fewer rows than 2^32");
        let entries: usize = rows.iter().map(|row| row.entries.len()).sum();
        let mean = entries / rows.len().max(1);
        let (first, waiting) = rows.into_iter().partition(|row| row.entries.len() * 2 >= mean);
        let basis = Basis::new(&matrix);
        let (exact, scales, idle) = (ExactRows::default(), Vec::new(), Vec::new());
        let mut relaxation = Relaxation { matrix, basis, exact, unit, scales, idle, waiting, count };
        relaxation.take_in(first);
        relaxation
    }

    /// The same rows, cuts and basis for other worths.
    pub(super) fn with_worths(&self, worths: &[u64]) -> Relaxation {
        let mut other = self.clone();
        other.value_at(worths);
        other
    }

    /// Sets what columns are worth.
    pub(super) fn value_at(&mut self, worths: &[u64]) {
        self.unit = worths.iter().copied().max().unwrap_or(1).max(1) as f64;
        self.matrix.worths = worths.iter().map(|&worth| worth as f64 / self.unit).collect();
    }

    fn take_in(&mut self, rows: Vec<ExactRow>) {
        for row in rows {
            // Scaled by the limit, so that rows of any capacity weigh alike.
            let scale = row.limit.max(1) as f64;
            let scaled = row.entries.iter().map(|&(column, amount)| (column, amount as f64 / scale)).collect();
            self.matrix.row(row.limit as f64 / scale, scaled);
            self.exact.push(row);
            self.scales.push(1.0 / scale);
            self.idle.push(0);
        }
        self.basis.grow(&self.matrix);
    }

    /// Puts rows aside that cost nothing: they come back once they are broken. A small program is fast.
    pub(super) fn slim(&mut self) {
        let loose: Vec<usize> = (0..self.idle.len()).filter(|&row| self.basis.is_loose(row)).collect();
        self.put_aside(&loose);
    }

    /// Puts rows aside that cost nothing in many looks in a row, once they are many: a pivot takes as long as the square of the
    /// rows, and most of those that a tree takes in matter in a few of its nodes.
    pub(super) fn slim_idle(&mut self) {
        for (row, idle) in self.idle.iter_mut().enumerate() {
            *idle = if self.basis.is_loose(row) { *idle + 1 } else { 0 };
        }
        let idle: Vec<usize> = (0..self.idle.len()).filter(|&row| self.idle[row] >= IDLE_LOOKS).collect();
        if idle.len() * IDLE_SHARE >= self.idle.len() {
            self.put_aside(&idle);
        }
    }

    /// Puts rows aside whose slacks are basic.
    fn put_aside(&mut self, rows: &[usize]) {
        self.basis.drop_rows(&mut self.matrix, rows);
        self.waiting.extend(self.exact.take_out(rows));
        let kept: Vec<bool> = (0..self.idle.len()).map(|row| rows.binary_search(&row).is_err()).collect();
        retain(&mut self.scales, &kept);
        retain(&mut self.idle, &kept);
    }

    /// The program that is left once columns are decided: with some of them alone, in order, beside others that are in for good;
    /// `None` where those do not fit. No other column is basic, and the basis stays.
    pub(super) fn shrunk(&self, columns: &[usize], fixed: &[usize]) -> Option<Relaxation> {
        let exact = self.exact.of_columns(columns, fixed)?;
        let limits = exact.rows().iter().zip(&self.scales).map(|(row, scale)| row.limit as f64 * scale);
        let waiting = self.waiting.iter().map(|row| row.left_of(columns, fixed));
        Some(Relaxation {
            matrix: self.matrix.of_columns(columns, limits.collect()),
            basis: self.basis.of_columns(columns),
            waiting: waiting.collect::<Option<_>>()?,
            exact,
            unit: self.unit,
            scales: self.scales.clone(),
            idle: self.idle.clone(),
            count: self.count,
        })
    }

    /// Adds cuts.
    pub(super) fn cut(&mut self, cuts: Vec<Cut>) {
        let rows = (self.count..).zip(cuts).map(|(id, Cut { limit, entries })| ExactRow::new(id, limit, entries, true));
        let rows: Vec<ExactRow> = rows.collect();
        self.count += u32::try_from(rows.len()).expect("there are fewer rows than 2^32");
        self.take_in(rows);
    }

    /// Sets what columns may be.
    pub(super) fn restrict(&mut self, allowed: &[Allowed]) {
        for (column, allowed) in allowed.iter().enumerate() {
            let (low, high) = match allowed {
                Allowed::Either => (0.0, 1.0),
                Allowed::Out => (0.0, 0.0),
                Allowed::In => (1.0, 1.0),
            };
            self.basis.set_range(column, low, high);
        }
    }

    /// Solves, and takes in rows of the packing until none is broken. The cutoff of `until` is in whole worth.
    pub(super) fn solve(&mut self, until: Until<'_>) -> Ended {
        let until = Until { cutoff: until.cutoff / self.unit, ..until };
        loop {
            let ended = self.basis.solve(&self.matrix, until);
            if ended != Ended::Optimal {
                return ended;
            }
            let values = self.values();
            let is_broken = |row: &ExactRow| {
                let taken: f64 =
                    row.entries.iter().map(|&(column, amount)| amount as f64 * values[column as usize]).sum();
                taken > row.limit as f64 * (1.0 + BROKEN)
            };
            let (broken, waiting): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.waiting).into_iter().partition(is_broken);
            self.waiting = waiting;
            if broken.is_empty() {
                return ended;
            }
            self.take_in(broken);
        }
    }

    /// A trial from the basis that there is, which leaves this one as it was.
    pub(super) fn trial(&self) -> Trial<'_> {
        Trial { relaxation: self, basis: self.basis.clone() }
    }

    /// The bound that the prices imply, in exact integers.
    pub(super) fn prove(&self, proof: &mut Proof, worths: &[u64], allowed: &[Allowed]) {
        self.prove_at(&self.basis, proof, worths, allowed);
    }

    /// The bound that the prices of a basis imply.
    fn prove_at(&self, basis: &Basis, proof: &mut Proof, worths: &[u64], allowed: &[Allowed]) {
        let prices = basis.prices().zip(&self.scales).map(|(price, scale)| price * scale * self.unit);
        proof.evaluate(worths, &self.exact, prices, allowed);
        if self.unit < REFINED_FROM {
            return;
        }
        let columns = worths.len();
        for _ in 0..REFINEMENTS {
            // What is basic gains nothing at the right prices, and a basic slack has a price of zero.
            let residual = |variable: usize| match variable.checked_sub(columns) {
                None => proof.gain(variable),
                Some(row) => -proof.price(row) / self.scales[row],
            };
            let changes = basis.prices_for(residual).into_iter().zip(&self.scales);
            let changes: Vec<f64> = changes.map(|(change, scale)| change * scale).collect();
            proof.refine(worths, &self.exact, &changes, allowed);
        }
    }

    /// The prices of a proof from this program.
    pub(super) fn priced(&self, proof: &Proof) -> Prices {
        proof.kept(&self.exact)
    }

    /// All rows, those that wait too, by what they are known by.
    pub(super) fn by_id(&self) -> Vec<Option<&ExactRow>> {
        let mut rows = vec![None; self.count as usize];
        self.exact.rows().iter().chain(&self.waiting).for_each(|row| rows[row.id as usize] = Some(row));
        rows
    }

    /// Forgets cuts that wait.
    pub(super) fn forget_waiting_cuts(&mut self) {
        self.waiting.retain(|row| !row.is_cut);
    }

    /// The rows of the program.
    pub(super) fn rows(&self) -> &[ExactRow] {
        self.exact.rows()
    }

    /// Whether hardly any row is a cut.
    pub(super) fn is_bare(&self) -> bool {
        let cuts = self.exact.rows().iter().filter(|row| row.is_cut).count();
        CUTS_FEW * cuts <= self.exact.rows().len()
    }

    /// What turns a price of each scaled row into one of the row.
    pub(super) fn scales(&self) -> &[f64] {
        &self.scales
    }

    /// The solution.
    pub(super) fn values(&self) -> Vec<f64> {
        (0..self.matrix.columns.len()).map(|column| self.basis.value(column)).collect()
    }

    /// What columns are worth beyond what cuts charge for them, in units of the greatest worth.
    pub(super) fn worths_beyond_cuts(&self) -> Vec<f64> {
        let mut worths = self.matrix.worths.clone();
        for (row, (price, scale)) in self.exact.rows().iter().zip(self.basis.prices().zip(&self.scales)) {
            if row.is_cut && price > 0.0 {
                for &(column, amount) in &row.entries {
                    worths[column as usize] -= price * scale * amount as f64;
                }
            }
        }
        worths
    }

    /// Sets what columns are worth, in any unit.
    pub(super) fn set_worths(&mut self, worths: Vec<f64>) {
        self.matrix.worths = worths;
    }

    /// The value of the solution, in whole worth.
    pub(super) fn worth(&self) -> f64 {
        self.basis.worth(&self.matrix) * self.unit
    }
}

/// A basis apart, to try what a change comes to.
#[derive(Debug)]
pub(super) struct Trial<'a> {
    relaxation: &'a Relaxation,
    basis: Basis,
}

impl Trial<'_> {
    /// What the program is worth, about, with other ranges.
    pub(super) fn solve(&mut self, allowed: &[Allowed], until: Until<'_>) -> f64 {
        let unit = self.relaxation.unit;
        for (column, allowed) in allowed.iter().enumerate() {
            let (low, high) = match allowed {
                Allowed::Either => (0.0, 1.0),
                Allowed::Out => (0.0, 0.0),
                Allowed::In => (1.0, 1.0),
            };
            self.basis.set_range(column, low, high);
        }
        self.basis.solve(&self.relaxation.matrix, Until { cutoff: until.cutoff / unit, ..until });
        self.basis.worth(&self.relaxation.matrix) * unit
    }

    /// The bound that the trial's prices imply.
    pub(super) fn prove(&self, proof: &mut Proof, worths: &[u64], allowed: &[Allowed]) {
        self.relaxation.prove_at(&self.basis, proof, worths, allowed);
    }
}

/// The price of each row of a packing in its linear relaxation, in worth for a unit of capacity; `None` where the simplex fails.
/// Prices are floating point: they prove nothing by themselves.
#[must_use]
pub fn row_prices(packing: &Packing) -> Option<Vec<f64>> {
    let worths: Vec<u64> = packing.columns().iter().map(|column| column.worth).collect();
    let unit = worths.iter().copied().max().unwrap_or(1).max(1) as f64;
    let mut matrix = Matrix::new(worths.iter().map(|&worth| worth as f64 / unit).collect());
    let scales: Vec<f64> = packing.capacities().iter().map(|&capacity| capacity.max(1) as f64).collect();
    for ((entries, &capacity), scale) in packing.rows().iter().zip(packing.capacities()).zip(&scales) {
        let scaled = entries.iter().map(|&(column, amount)| (column, amount as f64 / scale)).collect();
        matrix.row(capacity as f64 / scale, scaled);
    }
    let mut basis = Basis::new(&matrix);
    let stop = Stop::new();
    let ended = basis.solve(&matrix, Until { cutoff: f64::NEG_INFINITY, pivots: ROW_PRICE_PIVOTS_MAX, stop: &stop });
    (ended == Ended::Optimal).then(|| basis.prices().zip(scales).map(|(price, scale)| price * unit / scale).collect())
}
