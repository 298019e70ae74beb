//! What rows choose among, and which column is the cheapest to each at the prices of the moment.

use lessor_models::families::assignment::AssignmentInstance;

/// As many columns as rows, of which each row may have some.
pub(super) trait Choices {
    /// How many rows there are, and columns.
    fn size(&self) -> usize;

    /// The cheapest column for a row, and what it and the second cheapest cost with their prices; prices never fall from one call
    /// to the next.
    fn cheapest(&mut self, row: usize, prices: &[i64]) -> Cheapest;

    /// What a column that a row may have costs it with its price.
    fn total(&self, row: usize, column: u32, prices: &[i64]) -> i64;
}

/// The cheapest column for a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cheapest {
    pub(super) column: u32,
    pub(super) least: i64,
    /// What the second cheapest costs; `i64::MAX` where there is no other.
    pub(super) second: i64,
}

impl Cheapest {
    /// The cheapest of columns with what each costs.
    pub(super) fn of(totals: impl Iterator<Item = (u32, i64)>) -> Cheapest {
        let mut found = Cheapest { column: 0, least: i64::MAX, second: i64::MAX };
        for (column, total) in totals {
            if total < found.second {
                if total < found.least {
                    found = Cheapest { column, least: total, second: found.least };
                } else {
                    found.second = total;
                }
            }
        }
        found
    }
}

/// Every column for every row.
#[derive(Debug)]
pub(super) struct Dense {
    size: usize,
    /// Costs of the first row, then of the second, and so on.
    costs: Vec<i64>,
}

impl Dense {
    /// A problem whose costs are scaled by so much.
    pub(super) fn new(instance: &AssignmentInstance, parts: u64) -> Dense {
        let scaled =
            |cost: &u64| i64::try_from(cost * parts).expect("an instance keeps costs small enough for its rows");
        let size = instance.size();
        Dense { size, costs: (0..size).flat_map(|row| instance.row(row)).map(scaled).collect() }
    }

    /// The greatest cost.
    pub(super) fn greatest(&self) -> i64 {
        self.costs.iter().copied().max().unwrap_or(0)
    }
}

impl Choices for Dense {
    fn size(&self) -> usize {
        self.size
    }

    fn cheapest(&mut self, row: usize, prices: &[i64]) -> Cheapest {
        let costs = &self.costs[row * self.size..(row + 1) * self.size];
        Cheapest::of((0..).zip(costs.iter().zip(prices).map(|(cost, price)| cost + price)))
    }

    fn total(&self, row: usize, column: u32, prices: &[i64]) -> i64 {
        self.costs[row * self.size + column as usize] + prices[column as usize]
    }
}
