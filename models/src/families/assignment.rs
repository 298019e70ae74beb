//! Linear assignment: each row to a column of its own, at least cost.

use std::fmt;

use super::prices_of;

/// What the greatest cost times the square of one more than the rows must stay below: 2^58, so that prices of columns, scaled
/// until they are exact, have room in 64 bits.
pub const SPAN_MAX: u128 = 1 << 58;

/// An assignment problem of as many rows as columns; valid once it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignmentInstance {
    size: usize,
    costs: Vec<u64>,
}

/// Why costs make no assignment problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignmentError {
    /// There is no row.
    NoRow,
    /// Not as many costs as rows times columns.
    Shape {
        /// Rows times columns.
        expected: usize,
        /// How many costs there are.
        costs: usize,
    },
    /// A cost that is too large for so many rows: see [`SPAN_MAX`].
    TooLarge(u64),
}

impl fmt::Display for AssignmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AssignmentError::NoRow => write!(f, "there is no row"),
            AssignmentError::Shape { expected, costs } => {
                write!(f, "{expected} costs are needed, but there are {costs}")
            }
            AssignmentError::TooLarge(number) => {
                write!(f, "{number} times the square of one more than the rows must be below {SPAN_MAX}")
            }
        }
    }
}

impl std::error::Error for AssignmentError {}

impl AssignmentInstance {
    /// A problem of so many rows; costs hold the columns of the first row, then of the second, and so on.
    ///
    /// # Errors
    /// See [`AssignmentError`].
    pub fn new(size: usize, costs: Vec<u64>) -> Result<AssignmentInstance, AssignmentError> {
        if size == 0 {
            return Err(AssignmentError::NoRow);
        }
        let expected = size.saturating_mul(size);
        if costs.len() != expected {
            return Err(AssignmentError::Shape { expected, costs: costs.len() });
        }
        let square = (size as u128 + 1).saturating_pow(2);
        match costs.iter().copied().find(|&cost| u128::from(cost).saturating_mul(square) >= SPAN_MAX) {
            Some(cost) => Err(AssignmentError::TooLarge(cost)),
            None => Ok(AssignmentInstance { size, costs }),
        }
    }

    /// How many rows there are, and columns.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The costs of a row, column by column.
    #[must_use]
    pub fn row(&self, row: usize) -> &[u64] {
        &self.costs[row * self.size..(row + 1) * self.size]
    }
}

/// Why columns are no assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssignmentFault {
    /// Not one column for each row.
    Length {
        /// How many columns are named.
        named: usize,
        /// How many rows there are.
        rows: usize,
    },
    /// A column that is not there.
    NoSuchColumn {
        /// The row.
        row: usize,
        /// The column named.
        column: u32,
    },
    /// A column of two rows.
    Twice {
        /// The column.
        column: u32,
    },
}

impl fmt::Display for AssignmentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AssignmentFault::Length { named, rows } => write!(f, "{named} columns are named for {rows} rows"),
            AssignmentFault::NoSuchColumn { row, column } => {
                write!(f, "row {row} has column {column}, which is not there")
            }
            AssignmentFault::Twice { column } => write!(f, "column {column} has two rows"),
        }
    }
}

/// The cost of an assignment: the column of each row.
///
/// # Errors
/// The first [`AssignmentFault`], row by row.
pub fn check(instance: &AssignmentInstance, columns: &[u32]) -> Result<u128, AssignmentFault> {
    if columns.len() != instance.size {
        return Err(AssignmentFault::Length { named: columns.len(), rows: instance.size });
    }
    let mut is_taken = vec![false; instance.size];
    let mut cost = 0;
    for (row, &column) in columns.iter().enumerate() {
        let at = column as usize;
        if at >= instance.size {
            return Err(AssignmentFault::NoSuchColumn { row, column });
        }
        if std::mem::replace(&mut is_taken[at], true) {
            return Err(AssignmentFault::Twice { column });
        }
        cost += u128::from(instance.costs[row * instance.size + at]);
    }
    Ok(cost)
}

/// A cost below which no assignment is, by prices of the columns in parts of the unit of cost, of which a unit has so many.
///
/// ```text
/// bound = sum over rows of min over columns of (cost + price) - sum of prices
/// ```
///
/// Each row pays at least its least cost with the price of the column, whatever the prices, and each column is paid for once.
/// Rounded up to a whole cost. A column without a price has the price 0, and further prices count for nothing.
#[must_use]
pub fn bound(instance: &AssignmentInstance, prices: &[i64], parts: u64) -> u128 {
    let (parts, prices) = (i128::from(parts.max(1)), prices_of(instance.size, prices));
    let least = |row: usize| {
        let costs = instance.row(row).iter().zip(&prices);
        costs.map(|(&cost, &price)| i128::from(cost) * parts + i128::from(price)).min().unwrap_or(0)
    };
    let paid: i128 = prices.iter().map(|&price| i128::from(price)).sum();
    let bound = (0..instance.size).map(least).sum::<i128>() - paid;
    let whole = bound.div_euclid(parts) + i128::from(bound.rem_euclid(parts) > 0);
    u128::try_from(whole).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_costs_what_its_pairs_do_or_is_refused() {
        let instance = AssignmentInstance::new(2, vec![1, 5, 2, 9]).unwrap();
        assert_eq!(check(&instance, &[1, 0]), Ok(7));
        assert_eq!(check(&instance, &[0, 0]), Err(AssignmentFault::Twice { column: 0 }));
        assert_eq!(check(&instance, &[0, 2]), Err(AssignmentFault::NoSuchColumn { row: 1, column: 2 }));
        assert_eq!(check(&instance, &[0]), Err(AssignmentFault::Length { named: 1, rows: 2 }));
    }

    #[test]
    fn good_prices_prove_the_least_cost() {
        // Column 0 is dearer by 4: then the rows pay 5 and 6 at least, less the prices.
        let instance = AssignmentInstance::new(2, vec![1, 5, 2, 9]).unwrap();
        assert_eq!(bound(&instance, &[4, 0], 1), 7);
        assert_eq!(bound(&instance, &[0, 0], 1), 3);
        // In halves, a price of 3.5 proves 6.5, and so 7.
        assert_eq!(bound(&instance, &[7, 0], 2), 7);
    }

    #[test]
    fn prices_too_few_or_too_many_prove_nothing_wrong() {
        let instance = AssignmentInstance::new(2, vec![5, 1, 5, 1]).unwrap();
        assert_eq!(check(&instance, &[0, 1]), Ok(6));
        assert_eq!(bound(&instance, &[0], 1), bound(&instance, &[0, 0], 1));
        assert_eq!(bound(&instance, &[], 1), 2);
        assert_eq!(bound(&instance, &[0, 4, -100], 1), 6);
    }

    #[test]
    fn costs_that_make_no_problem_are_refused() {
        assert_eq!(AssignmentInstance::new(0, vec![]), Err(AssignmentError::NoRow));
        assert_eq!(AssignmentInstance::new(2, vec![1]), Err(AssignmentError::Shape { expected: 4, costs: 1 }));
        let large = 1 << 56;
        assert_eq!(AssignmentInstance::new(1, vec![large]), Err(AssignmentError::TooLarge(large)));
    }
}
