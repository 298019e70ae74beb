//! A dense simplex for programs of a few dozen rows and columns, where calling a large solver costs more than solving.

/// Pivots per row and column after which the best so far is returned.
const PIVOTS_EACH: usize = 20;

/// What counts as zero.
const TINY: f64 = 1e-9;

/// The best `x >= 0` of `maximize worth x` subject to `row x <= 1` for every row, whose entries are not negative.
///
/// Where every column has an entry above zero, there is a best one. Should the pivots run out first, what is returned still
/// satisfies every row. O(pivots times rows times columns).
pub(crate) fn maximize(worth: &[f64], rows: &[Vec<f64>]) -> Vec<f64> {
    let (n, m) = (worth.len(), rows.len());
    let width = n + m + 1;
    // Each row with its slack and its limit; the last row holds what each column would gain.
    let mut table: Vec<Vec<f64>> =
        rows.iter().map(|row| row.iter().copied().chain(vec![0.0; m + 1]).collect()).collect();
    for (at, row) in table.iter_mut().enumerate() {
        (row[n + at], row[width - 1]) = (1.0, 1.0);
    }
    let mut gains: Vec<f64> = worth.iter().copied().chain(vec![0.0; m + 1]).collect();
    let mut basis: Vec<usize> = (n..n + m).collect();
    for pivot in 0..PIVOTS_EACH * (n + m) {
        // The greatest gain at first, and the first column with any later on: that never cycles (Bland 1977).
        let mut gaining = (0..n + m).filter(|&column| gains[column] > TINY);
        let is_early = pivot < 2 * (n + m);
        let entering = if is_early { gaining.max_by(|&a, &b| gains[a].total_cmp(&gains[b])) } else { gaining.next() };
        let Some(entering) = entering else { break };
        let ratio = |row: &Vec<f64>| row[width - 1] / row[entering];
        let leaving = (0..m).filter(|&at| table[at][entering] > TINY);
        let leaving =
            leaving.min_by(|&a, &b| ratio(&table[a]).total_cmp(&ratio(&table[b])).then(basis[a].cmp(&basis[b])));
        let Some(leaving) = leaving else { break };
        let scale = table[leaving][entering];
        table[leaving].iter_mut().for_each(|entry| *entry /= scale);
        let pivot_row = table[leaving].clone();
        for row in table.iter_mut().enumerate().filter(|(at, _)| *at != leaving).map(|(_, row)| row).chain([&mut gains])
        {
            let times = row[entering];
            if times.abs() > TINY {
                row.iter_mut().zip(&pivot_row).for_each(|(entry, of_pivot)| *entry -= times * of_pivot);
            }
        }
        basis[leaving] = entering;
    }
    let mut values = vec![0.0; n];
    for (row, &column) in table.iter().zip(&basis).filter(|(_, column)| **column < n) {
        values[column] = row[width - 1].max(0.0);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_of_a_small_program_is_at_a_corner() {
        // 3 x + 2 y with x + y <= 1 and 2 x <= 1: a half of each.
        let values = maximize(&[3.0, 2.0], &[vec![1.0, 1.0], vec![2.0, 0.0]]);
        assert!(values.iter().all(|value| (value - 0.5).abs() < 1e-9), "{values:?}");
    }

    #[test]
    fn three_that_exclude_each_other_in_pairs_get_a_half_each() {
        let pairs = [vec![1.0, 1.0, 0.0], vec![0.0, 1.0, 1.0], vec![1.0, 0.0, 1.0]];
        let values = maximize(&[1.0; 3], &pairs);
        assert!(values.iter().all(|value| (value - 0.5).abs() < 1e-9), "{values:?}");
    }
}
