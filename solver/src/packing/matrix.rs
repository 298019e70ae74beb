//! Worths, rows and columns of a linear program, by rows and by columns.

/// Worths, rows and columns. The basis is apart, so that trials share this.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrix {
    pub(super) worths: Vec<f64>,
    pub(super) columns: Vec<Vec<(u32, f64)>>,
    pub(super) rows: Vec<Vec<(u32, f64)>>,
    pub(super) limits: Vec<f64>,
}

impl Matrix {
    /// Columns with their worths, without any row.
    pub(super) fn new(worths: Vec<f64>) -> Matrix {
        let columns = vec![Vec::new(); worths.len()];
        Matrix { worths, columns, rows: Vec::new(), limits: Vec::new() }
    }

    /// Adds a row `sum of amount x <= limit`.
    pub(super) fn row(&mut self, limit: f64, entries: Vec<(u32, f64)>) {
        let at = u32::try_from(self.rows.len()).expect("there are fewer rows than 2^32");
        entries.iter().for_each(|&(column, amount)| self.columns[column as usize].push((at, amount)));
        self.rows.push(entries);
        self.limits.push(limit);
    }

    /// The same rows with some of the columns alone, in order, and other limits.
    pub(super) fn of_columns(&self, columns: &[usize], limits: Vec<f64>) -> Matrix {
        let mut matrix = Matrix::new(columns.iter().map(|&column| self.worths[column]).collect());
        for (entries, limit) in self.rows.iter().zip(limits) {
            matrix.row(limit, renumbered(entries, columns));
        }
        matrix
    }

    /// Keeps the rows that are marked.
    pub(super) fn keep_rows(&mut self, kept: &[bool]) {
        retain(&mut self.rows, kept);
        retain(&mut self.limits, kept);
        self.columns.iter_mut().for_each(Vec::clear);
        for (at, entries) in (0_u32..).zip(&self.rows) {
            entries.iter().for_each(|&(column, amount)| self.columns[column as usize].push((at, amount)));
        }
    }

    /// The highest value of a column, in its range, or of a slack.
    pub(super) fn high(&self, ranges: &[(f64, f64)], variable: usize) -> f64 {
        let columns = self.columns.len();
        if variable < columns { ranges[variable].1 } else { self.limits[variable - columns] }
    }

    /// The lowest value of a column, in its range, or of a slack.
    pub(super) fn low(&self, ranges: &[(f64, f64)], variable: usize) -> f64 {
        if variable < self.columns.len() { ranges[variable].0 } else { 0.0 }
    }
}

/// The entries of some columns, in order, by their places among those.
pub(super) fn renumbered<T: Copy>(entries: &[(u32, T)], columns: &[usize]) -> Vec<(u32, T)> {
    let place = |&(column, amount): &(u32, T)| {
        let place = columns.binary_search(&(column as usize)).ok()?;
        Some((u32::try_from(place).expect("columns are fewer than 2^32"), amount))
    };
    entries.iter().filter_map(place).collect()
}

/// Keeps what is marked.
pub(super) fn retain<T>(values: &mut Vec<T>, kept: &[bool]) {
    let mut marks = kept.iter();
    values.retain(|_| *marks.next().expect("there is a mark for each"));
}
