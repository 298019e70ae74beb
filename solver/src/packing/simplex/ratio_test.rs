//! The pivot row, and which variable enters: the ratio test that passes breakpoints (Maros 2003).

use crate::packing::matrix::Matrix;

/// A slope below which going on gains nothing.
const GAINS_NOTHING: f64 = 1e-7;
/// Ratios that are looked for one by one, each in a pass over what is left; breakpoints are sorted where more are passed.
const PASSES: usize = 16;

/// Where a reduced cost changes sign as the step grows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breakpoint {
    /// The step at which it changes.
    pub(super) ratio: f64,
    /// The size of the entry in the pivot row.
    pub(super) size: f64,
    /// How far the variable is from its other bound.
    pub(super) range: f64,
    pub(super) variable: usize,
}

/// Vectors that pivots use again and again.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// Entries of the pivot row by column, and by slack.
    pub(super) row: Vec<f64>,
    /// The columns that have one: in few rows of the matrix, a column is in few pivot rows.
    pub(super) touched: Vec<u32>,
    /// For each column, the last pivot row that it had an entry in.
    seen: Vec<u32>,
    pivot_rows: u32,
    pub(super) slack_row: Vec<f64>,
    pub(super) column: Vec<f64>,
    pub(super) change: Vec<f64>,
    pub(super) breakpoints: Vec<Breakpoint>,
    /// Variables that go to their other bound.
    pub(super) flips: Vec<usize>,
    /// The rows of the matrix with the columns alone whose range is more than a point, one after another, and where each begins:
    /// no other column ever enters.
    entries: Vec<(u32, f64)>,
    starts: Vec<usize>,
}

impl Workspace {
    /// A workspace for one solve with its ranges.
    pub(super) fn new(matrix: &Matrix, ranges: &[(f64, f64)]) -> Workspace {
        let is_movable = |column: usize| ranges[column].1 > ranges[column].0;
        let (mut entries, mut starts) = (Vec::new(), vec![0]);
        for row in &matrix.rows {
            entries.extend(row.iter().copied().filter(|entry| is_movable(entry.0 as usize)));
            starts.push(entries.len());
        }
        let (row, seen) = (vec![0.0; ranges.len()], vec![0; ranges.len()]);
        Workspace { row, seen, entries, starts, ..Workspace::default() }
    }

    /// The pivot row: a row of the inverse times the matrix; nothing for columns that do not move.
    pub(super) fn fill_row(&mut self, inverse: &[f64]) {
        self.touched.iter().for_each(|&column| self.row[column as usize] = 0.0);
        self.touched.clear();
        self.pivot_rows += 1;
        self.slack_row.clear();
        self.slack_row.extend_from_slice(inverse);
        for (&times, bounds) in inverse.iter().zip(self.starts.windows(2)) {
            if times.abs() > 1e-13 {
                for &(column, amount) in &self.entries[bounds[0]..bounds[1]] {
                    let at = column as usize;
                    if self.seen[at] != self.pivot_rows {
                        self.seen[at] = self.pivot_rows;
                        self.touched.push(column);
                    }
                    self.row[at] += times * amount;
                }
            }
        }
    }

    /// The entry of a variable in the pivot row.
    pub(super) fn entry(&self, variable: usize, inverse: &[f64], columns: usize) -> f64 {
        self.row.get(variable).copied().unwrap_or_else(|| inverse[variable - columns])
    }

    /// Passes breakpoints in the order of their ratios while the slope stays positive; the one that ends it enters. Among
    /// those of one ratio the greatest entry is taken, for the sake of the inverse.
    pub(super) fn pass(&mut self, mut slope: f64) -> Option<usize> {
        self.flips.clear();
        let points = &mut self.breakpoints;
        let (mut passed, mut passes) = (0, 0);
        while passed < points.len() {
            passes += 1;
            if passes == PASSES {
                points[passed..].sort_unstable_by(|a, b| a.ratio.total_cmp(&b.ratio).then(a.variable.cmp(&b.variable)));
            }
            let end = passed + if passes < PASSES { gather(&mut points[passed..]) } else { leading(&points[passed..]) };
            let group = &points[passed..end];
            let loss: f64 = group.iter().map(|point| point.size * point.range).sum();
            if slope - loss <= 0.0 || end == points.len() && slope - loss <= GAINS_NOTHING {
                let enters =
                    group.iter().copied().max_by(|a, b| a.size.total_cmp(&b.size).then(b.variable.cmp(&a.variable)));
                self.flips.extend(points[..passed].iter().map(|point| point.variable));
                return enters.map(|point| point.variable);
            }
            slope -= loss;
            passed = end;
        }
        None
    }
}

/// The greatest ratio that counts as one with the least.
fn limit(least: f64) -> f64 {
    least + 1e-9 * (1.0 + least)
}

/// Brings those of the least ratio to the front; how many there are.
fn gather(points: &mut [Breakpoint]) -> usize {
    let limit = limit(points.iter().map(|point| point.ratio).fold(f64::INFINITY, f64::min));
    let mut end = 0;
    for at in 0..points.len() {
        if points[at].ratio <= limit {
            points.swap(at, end);
            end += 1;
        }
    }
    end
}

/// How many have the least ratio, where they are in the order of ratios.
fn leading(points: &[Breakpoint]) -> usize {
    let limit = points.first().map_or(0.0, |point| limit(point.ratio));
    points.partition_point(|point| point.ratio <= limit)
}
