//! What members of sets give up together at least, for as little in all as can be.
//!
//! ```text
//! minimize sum of x  subject to  sum of members of x >= least for each claim,  0 <= x <= most
//! ```
//!
//! It is solved as its dual, by the primal simplex (Dantzig 1951):
//!
//! ```text
//! maximize sum of least y - sum of most z  subject to  for each x: sum of its claims of y - z <= 1,  y, z >= 0
//! ```
//!
//! Coefficients are zero and one whatever amounts there are, so that floats do for the tableau. Amounts stand in the objective
//! alone, as whole numbers: what columns gain is told anew in twice the digits of a float, by prices that are refined until
//! they are those of the basis (iterative refinement; Wilkinson 1963), before any is the last. A claim more is a column more, from
//! which the last basis goes on. What of it is not zero says which claims and limits hold with equality at every least sum
//! (complementary slackness), so that no sum that was rounded ever becomes a limit.

use lessor_solver::support::stop::Stop;

use super::wide::Wide;

/// What counts as zero of a coefficient or of the dual: ratios of small whole numbers.
const TINY: f64 = 1e-9;
/// Ratios that are this near to each other are equal.
const TIE: f64 = 1e-13;
/// What a column must gain to come in, in units of amounts.
const GAIN: f64 = 1e-6;
/// What it must gain beside the greatest amount for gains that pivots have changed to be taken for what they are.
const NOISE: f64 = 1e-12;
/// Steps of refinement.
const REFINED: usize = 3;
/// What rows hold beyond one, at least: less than twice of it.
const BEYOND: f64 = 1e-7;
/// Of which a row has this share more than the one before, of the part that is below one (the golden ratio).
const SHARE: f64 = 0.618_033_988_749_895;
/// Pivots of one solve at most, and those after which columns come in by number, which ends even where nothing is gained.
const PIVOTS_MAX: usize = 50_000;
const PIVOTS_BY_GAIN: usize = 40_000;
/// Pivots after which the tableau is made anew.
const PIVOTS_FRESH: usize = 100;

/// What holds with equality wherever the sum is least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Face {
    /// Claims, by number.
    pub(crate) tight: Vec<usize>,
    /// What is given up by nobody.
    pub(crate) nothing: Vec<usize>,
    /// What is given up whole.
    pub(crate) all: Vec<usize>,
}

/// The dual: columns for what is left of each row, for each limit, and for each claim.
#[derive(Clone, Debug)]
pub(crate) struct LeastSum {
    rows: Vec<Row>,
    columns: Vec<Column>,
    /// What each column gains, about.
    gains: Vec<f64>,
}

/// A row of the tableau.
#[derive(Clone, Debug)]
struct Row {
    entries: Vec<f64>,
    /// What basic columns come to, where rows hold a little more than one, each something else: which of them binds first is no tie
    /// then, so that pivots get on (perturbation; Charnes 1952).
    side: f64,
    /// The same where they hold one.
    exact: f64,
    basic: usize,
}

/// A column of the program: its worth, and the rows in which it is one, or minus one.
#[derive(Clone, Debug)]
struct Column {
    worth: Wide,
    members: Vec<usize>,
    is_limit: bool,
}

impl Column {
    /// What it gains at prices of rows.
    fn gain(&self, prices: &[Wide]) -> Wide {
        let all = self.members.iter().fold(Wide::ZERO, |sum, &member| sum + prices[member]);
        if self.is_limit { self.worth + all } else { self.worth - all }
    }
}

impl LeastSum {
    /// Variables with the most of each, and no claim.
    pub(crate) fn new(most: &[Wide]) -> LeastSum {
        let count = most.len();
        let row = |at: usize| Row { entries: Vec::new(), side: 1.0, exact: 1.0, basic: at };
        let rest = (0..count).map(|at| Column { worth: Wide::ZERO, members: vec![at], is_limit: false });
        let limits =
            most.iter().enumerate().map(|(at, &most)| Column { worth: -most, members: vec![at], is_limit: true });
        LeastSum { rows: (0..count).map(row).collect(), columns: rest.chain(limits).collect(), gains: Vec::new() }
    }

    /// A claim: members give up so much together at least.
    pub(crate) fn add(&mut self, members: &[usize], least: Wide) {
        self.columns.push(Column { worth: least, members: members.to_vec(), is_limit: false });
    }

    /// What holds with equality where the sum is least; `None` where claims are beyond all that there is, pivots run
    /// out, or the stop comes first.
    /// O(n x columns) a pivot, O(n^2 x columns) where the tableau is made anew.
    pub(crate) fn solve(&mut self, stop: &Stop) -> Option<Face> {
        let greatest = self.columns.iter().map(|column| column.worth.abs().float()).fold(0.0, f64::max);
        let mut pivots = 0;
        while pivots < PIVOTS_MAX && !stop.is_raised() {
            self.make_anew();
            let prices = self.prices();
            self.gains = self.columns.iter().map(|column| column.gain(&prices).float()).collect();
            self.rows.iter().for_each(|row| self.gains[row.basic] = 0.0);
            let until = pivots + PIVOTS_FRESH;
            let mut least = GAIN;
            while let Some(column) = self.entering(least, pivots < PIVOTS_BY_GAIN).filter(|_| pivots < until) {
                let row = self.leaving(column)?;
                self.pivot(row, column);
                pivots += 1;
                least = GAIN.max(greatest * NOISE);
            }
            if pivots + PIVOTS_FRESH == until {
                return Some(self.face());
            }
        }
        None
    }

    /// Makes the tableau of the basis anew from the columns; that of the first basis where rounding made columns of it depend on
    /// each other. O(n^2 x columns).
    fn make_anew(&mut self) {
        let basics: Vec<usize> = self.rows.iter().map(|row| row.basic).collect();
        let beyond = |at: usize| BEYOND * (1.0 + (at as f64 * SHARE).fract());
        let entries = vec![0.0; self.columns.len()];
        let first = |at: usize| Row { entries: entries.clone(), side: 1.0 + beyond(at), exact: 1.0, basic: at };
        let mut rows: Vec<Row> = (0..self.rows.len()).map(first).collect();
        for (column, Column { members, is_limit, .. }) in self.columns.iter().enumerate() {
            members.iter().for_each(|&member| rows[member].entries[column] = if *is_limit { -1.0 } else { 1.0 });
        }
        self.rows.clone_from(&rows);
        let mut open: Vec<usize> = (0..rows.len()).collect();
        for column in basics {
            let size = |at: &usize| self.rows[*at].entries[column].abs();
            let most = (0..open.len()).max_by(|&one, &other| size(&open[one]).total_cmp(&size(&open[other])));
            match most.map(|place| open.swap_remove(place)) {
                Some(at) if self.rows[at].entries[column].abs() > TINY => come_in(&mut self.rows, at, column),
                _ => {
                    self.rows = rows;
                    return;
                }
            }
        }
        self.rows.iter_mut().for_each(|row| row.side = row.side.max(0.0));
    }

    /// The prices of rows at the basis: what each variable is.
    fn prices(&self) -> Vec<Wide> {
        let mut prices = vec![Wide::ZERO; self.rows.len()];
        for _ in 0..REFINED {
            // What basic columns gain at these prices is what prices are off, through the inverse of the basis.
            let off = self.rows.iter().map(|row| (row, self.columns[row.basic].gain(&prices)));
            for (row, gain) in off.collect::<Vec<_>>() {
                let inverse = prices.iter_mut().zip(&row.entries).filter(|(_, entry)| **entry != 0.0);
                inverse.for_each(|(price, &entry)| *price += gain * Wide::of(entry));
            }
        }
        prices
    }

    fn entering(&self, least: f64, is_by_gain: bool) -> Option<usize> {
        let mut gaining = (0..self.gains.len()).filter(|&column| self.gains[column] > least);
        let first = gaining.next()?;
        let better = |best: usize, column: usize| if self.gains[column] > self.gains[best] { column } else { best };
        Some(if is_by_gain { gaining.fold(first, better) } else { first })
    }

    /// The row that binds first, of equal ones that whose basic column has the lowest number.
    fn leaving(&self, column: usize) -> Option<usize> {
        let mut first: Option<(f64, usize)> = None;
        for (at, row) in self.rows.iter().enumerate().filter(|(_, row)| row.entries[column] > TINY) {
            let ratio = row.side / row.entries[column];
            let is_first = first.is_none_or(|(least, other)| {
                ratio < least - TIE || ratio < least + TIE && row.basic < self.rows[other].basic
            });
            if is_first {
                first = Some((ratio, at));
            }
        }
        first.map(|(_, at)| at)
    }

    /// Lets a column come in, with what others gain beside it.
    fn pivot(&mut self, at: usize, column: usize) {
        come_in(&mut self.rows, at, column);
        subtract(&mut self.gains, column, &self.rows[at].entries);
    }

    fn face(&self) -> Face {
        let (count, mut face) = (self.rows.len(), Face::default());
        for row in self.rows.iter().filter(|row| row.exact > TINY) {
            match row.basic {
                at if at < count => face.nothing.push(at),
                at if at < 2 * count => face.all.push(at - count),
                at => face.tight.push(at - 2 * count),
            }
        }
        [&mut face.tight, &mut face.nothing, &mut face.all].into_iter().for_each(|list| list.sort_unstable());
        face
    }
}

/// Makes a column the basic one of a row. O(rows x columns).
fn come_in(rows: &mut [Row], at: usize, column: usize) {
    let row = &mut rows[at];
    let pivot = row.entries[column];
    row.entries.iter_mut().for_each(|entry| *entry /= pivot);
    row.side /= pivot;
    row.exact /= pivot;
    (row.entries[column], row.basic) = (1.0, column);
    let Row { entries, side, exact, .. } = row.clone();
    for (_, row) in rows.iter_mut().enumerate().filter(|(other, _)| *other != at) {
        let factor = subtract(&mut row.entries, column, &entries);
        row.side -= factor * side;
        row.exact -= factor * exact;
    }
}

/// Takes as often a row off values as leaves nothing of a column's, and says how often that is.
fn subtract(values: &mut [f64], column: usize, row: &[f64]) -> f64 {
    let factor = values[column];
    if factor != 0.0 {
        values.iter_mut().zip(row).for_each(|(value, entry)| *value -= factor * entry);
        values[column] = 0.0;
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is given up where the sum is least, once claims have come one after another.
    fn given(most: &[u128], claims: &[(&[usize], u128)]) -> Option<Vec<u128>> {
        let mut sum = LeastSum::new(&most.iter().map(|&most| Wide::whole(most)).collect::<Vec<_>>());
        for (members, least) in claims {
            sum.add(members, Wide::whole(*least));
            sum.solve(&Stop::new())?;
        }
        let face = sum.solve(&Stop::new())?;
        let given: Vec<u128> = sum.prices().into_iter().map(Wide::rounded).collect();
        let in_all = |members: &[usize]| members.iter().map(|&member| given[member]).sum::<u128>();
        assert!(face.tight.iter().all(|&at| in_all(claims[at].0) == claims[at].1), "{face:?}");
        assert!(face.nothing.iter().all(|&at| given[at] == 0), "{face:?}");
        assert!(face.all.iter().all(|&at| given[at] == most[at]), "{face:?}");
        Some(given)
    }

    #[test]
    fn whoever_is_in_two_claims_gives_up_what_both_ask_for() {
        let claims: [(&[usize], u128); 2] = [(&[0, 1], 60), (&[0, 2], 60)];
        assert_eq!(given(&[60; 3], &claims), Some(vec![60, 0, 0]));
        assert_eq!(given(&[20, 60, 60], &claims), Some(vec![20, 40, 40]));
    }

    #[test]
    fn a_claim_of_little_counts_beside_one_of_much() {
        let much = 10_u128.pow(18);
        let found = given(&[much, much, 9, 9], &[(&[0, 1], much), (&[2, 3], 7), (&[3], 5)]).unwrap();
        assert_eq!(found.iter().sum::<u128>(), much + 7);
        assert!(found[3] >= 5);
    }

    #[test]
    fn claims_may_be_beyond_all_that_there_is() {
        assert_eq!(given(&[3, 3], &[(&[0, 1], 7)]), None);
        assert_eq!(given(&[3, 3], &[(&[0, 1], 6)]), Some(vec![3, 3]));
    }
}
