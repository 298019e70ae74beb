//! What rows choose among, and which column is the cheapest to each at the prices of the moment.

use std::ops::Add;

use lessor_models::families::assignment::AssignmentInstance;

/// As many columns as rows, of which each row may have some, with the prices of the moment, which begin at nothing.
pub(super) trait Choices {
    /// How many rows there are, and columns.
    fn size(&self) -> usize;

    /// Raises the price of a column; no price ever falls.
    fn raise(&mut self, column: u32, by: i64);

    /// The prices of all columns.
    fn prices(&self) -> Vec<i64>;

    /// The cheapest column for a row, and what it and the second cheapest cost with their prices.
    fn cheapest(&mut self, row: usize) -> Cheapest;

    /// What a column that a row may have costs it with its price.
    fn total(&self, row: usize, column: u32) -> i64;
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

/// An amount as wide as a problem needs: a row is looked through twice as fast at half the width.
pub(super) trait Amount: Copy + Ord + Add<Output = Self> {
    const MAX: Self;

    /// An amount that is known to be in range.
    fn of(wide: i64) -> Self;

    fn wide(self) -> i64;
}

impl Amount for i32 {
    const MAX: i32 = i32::MAX;

    fn of(wide: i64) -> i32 {
        i32::try_from(wide).expect("costs and prices are as narrow as was made sure of")
    }

    fn wide(self) -> i64 {
        self.into()
    }
}

impl Amount for i64 {
    const MAX: i64 = i64::MAX;

    fn of(wide: i64) -> i64 {
        wide
    }

    fn wide(self) -> i64 {
        self
    }
}

/// Columns that are looked at side by side.
const LANES: usize = 8;

/// Every column for every row.
#[derive(Debug)]
pub(super) struct Dense<N> {
    size: usize,
    /// Costs of the first row, then of the second, and so on.
    costs: Vec<N>,
    prices: Vec<N>,
}

impl<N: Amount> Dense<N> {
    /// A problem whose costs are scaled by so much.
    pub(super) fn new(instance: &AssignmentInstance, parts: u64) -> Dense<N> {
        let size = instance.size();
        let scaled =
            |cost: &u64| N::of(i64::try_from(cost * parts).expect("an instance keeps costs small enough for its rows"));
        let mut costs = Vec::with_capacity(size * size);
        (0..size).for_each(|row| costs.extend(instance.row(row).iter().map(scaled)));
        Dense { size, costs, prices: vec![N::of(0); size] }
    }

    fn row(&self, row: usize) -> &[N] {
        &self.costs[row * self.size..(row + 1) * self.size]
    }

    /// The first column that costs so much, of which there is one.
    fn first_at(&self, costs: &[N], total: N) -> usize {
        let is_it = |(&cost, &price): (&N, &N)| cost + price == total;
        let chunks = costs.chunks_exact(LANES).zip(self.prices.chunks_exact(LANES));
        let mut chunks =
            chunks.map(|(costs, prices)| costs.iter().zip(prices).map(is_it).fold(false, |any, it| any | it));
        let begin = chunks.position(|any| any).unwrap_or(costs.len() / LANES) * LANES;
        begin + costs[begin..].iter().zip(&self.prices[begin..]).position(is_it).unwrap_or(0)
    }
}

impl<N: Amount> Choices for Dense<N> {
    fn size(&self) -> usize {
        self.size
    }

    fn raise(&mut self, column: u32, by: i64) {
        let price = &mut self.prices[column as usize];
        *price = *price + N::of(by);
    }

    fn prices(&self) -> Vec<i64> {
        self.prices.iter().map(|price| price.wide()).collect()
    }

    /// First the least amounts, without branches, a few columns side by side, and then the first column that costs the least.
    fn cheapest(&mut self, row: usize) -> Cheapest {
        let costs = self.row(row);
        let (mut least, mut second) = ([N::MAX; LANES], [N::MAX; LANES]);
        let (cost_chunks, price_chunks) = (costs.chunks_exact(LANES), self.prices.chunks_exact(LANES));
        let rest = cost_chunks.remainder().iter().zip(price_chunks.remainder());
        for (costs, prices) in cost_chunks.zip(price_chunks) {
            for lane in 0..LANES {
                let total = costs[lane] + prices[lane];
                second[lane] = second[lane].min(least[lane].max(total));
                least[lane] = least[lane].min(total);
            }
        }
        let all = least.into_iter().chain(rest.map(|(&cost, &price)| cost + price));
        let (mut first, mut next) = (N::MAX, second.into_iter().min().unwrap_or(N::MAX));
        for total in all {
            next = next.min(first.max(total));
            first = first.min(total);
        }
        let column = u32::try_from(self.first_at(costs, first)).expect("columns are counted in 32 bits");
        let second = if next == N::MAX { i64::MAX } else { next.wide() };
        Cheapest { column, least: first.wide(), second }
    }

    fn total(&self, row: usize, column: u32) -> i64 {
        (self.row(row)[column as usize] + self.prices[column as usize]).wide()
    }
}
