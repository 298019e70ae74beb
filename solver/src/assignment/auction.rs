//! The auction, with epsilon scaling.

use lessor_models::families::assignment::AssignmentInstance;

use super::choices::{Cheapest, Choices, Dense};
use crate::support::stop::Stop;

/// How much smaller epsilon is in each phase than in the one before.
const SHRINKS_BY: i64 = 4;
/// The first epsilon is the greatest scaled cost divided by this.
const BEGINS_AT: i64 = 40;
/// The greatest cost times the square of one more than the rows, from which on 32 bits are too few: as far below their
/// limit as an instance's [`SPAN_MAX`](lessor_models::families::assignment::SPAN_MAX) is below that of 64.
const NARROW_SPAN_MAX: u128 = 1 << 26;
/// Bids between looks at the stop.
const LOOK_EVERY: u64 = 1 << 8;

/// What an auction came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The column of each row, at least cost; `None` where the stop was raised first.
    pub columns: Option<Vec<u32>>,
    /// The price of each column, in parts of a unit of cost: they bound the least cost.
    pub prices: Vec<i64>,
    /// Parts in a unit.
    pub parts: u64,
}

/// Assigns each row a column of its own at least cost, exactly.
///
/// Takes about rows times columns times the logarithm of rows times the greatest cost, where rows seldom fight for columns.
#[must_use]
pub fn assign(instance: &AssignmentInstance, stop: &Stop) -> Assigned {
    let parts = instance.size() as u64 + 1;
    let greatest = (0..instance.size()).flat_map(|row| instance.row(row)).max().copied().unwrap_or(0);
    let most = i64::try_from(greatest * parts).expect("an instance keeps costs small enough for its rows");
    let (columns, prices) = if u128::from(greatest) * u128::from(parts).pow(2) < NARROW_SPAN_MAX {
        auction(Dense::<i32>::new(instance, parts), most, stop)
    } else {
        auction(Dense::<i64>::new(instance, parts), most, stop)
    };
    Assigned { columns, prices, parts }
}

/// The column of each row at least cost, or `None` where the stop was raised first, and the prices of columns. Costs are multiples
/// of one more than the number of rows, of which the greatest is given; there is a way to give each row a column.
pub(super) fn auction<C: Choices>(choices: C, greatest: i64, stop: &Stop) -> (Option<Vec<u32>>, Vec<i64>) {
    let size = choices.size();
    let mut auction = Auction { choices, column_of: vec![None; size], row_of: vec![None; size] };
    let mut epsilon = (greatest / BEGINS_AT).max(1);
    let mut is_done = auction.phase(epsilon, stop);
    while is_done && epsilon > 1 {
        epsilon = (epsilon / SHRINKS_BY).max(1);
        is_done = auction.phase(epsilon, stop);
    }
    let columns: Option<Vec<u32>> = auction.column_of.into_iter().collect();
    (columns.filter(|_| is_done), auction.choices.prices())
}

struct Auction<C> {
    choices: C,
    column_of: Vec<Option<u32>>,
    row_of: Vec<Option<u32>>,
}

impl<C: Choices> Auction<C> {
    /// Rows bid until each has a column, which costs it no more than epsilon beyond its cheapest; whether they all have one.
    fn phase(&mut self, epsilon: i64, stop: &Stop) -> bool {
        self.release(epsilon);
        let open = (0_u32..).take(self.choices.size()).filter(|&row| self.column_of[row as usize].is_none());
        let mut open: Vec<u32> = open.collect();
        let mut bids = 0_u64;
        while let Some(row) = open.pop() {
            bids += 1;
            if bids.is_multiple_of(LOOK_EVERY) && stop.is_raised() {
                return false;
            }
            let Cheapest { column, least, second } = self.choices.cheapest(row as usize);
            let raise = if second == i64::MAX { 0 } else { second - least };
            self.choices.raise(column, raise + epsilon);
            self.column_of[row as usize] = Some(column);
            if let Some(loser) = self.row_of[column as usize].replace(row) {
                self.column_of[loser as usize] = None;
                open.push(loser);
            }
        }
        true
    }

    /// Takes columns from rows that could do better by more than epsilon.
    fn release(&mut self, epsilon: i64) {
        for row in 0..self.choices.size() {
            let Some(column) = self.column_of[row] else { continue };
            let least = self.choices.cheapest(row).least;
            if self.choices.total(row, column) > least + epsilon {
                self.column_of[row] = None;
                self.row_of[column as usize] = None;
            }
        }
    }
}
