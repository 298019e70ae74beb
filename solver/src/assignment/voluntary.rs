//! Rows that may go without, and columns that may stay.
//!
//! The auction gives each row a column. So each column has a row beside, which takes whatever nobody wants, and each row has a
//! column beside, which is nothing to anyone: all of the first are alike and all of the second are, so that of either the
//! cheapest are known without looking at them one by one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use lessor_models::families::assignment::{AssignmentError, SPAN_MAX};

use super::auction::auction;
use super::choices::{Cheapest, Choices};
use crate::support::stop::Stop;

/// What rows would gain by columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gains {
    /// How many columns there are.
    pub columns: usize,
    /// Of each row, the columns that it would gain by, each once and in order, with how much; above nothing.
    pub rows: Vec<Vec<(u32, u64)>>,
}

impl Gains {
    /// What a row would gain by a column.
    #[must_use]
    pub fn of(&self, row: usize, column: u32) -> u64 {
        let gains = &self.rows[row];
        gains.binary_search_by_key(&column, |gain| gain.0).map_or(0, |at| gains[at].1)
    }
}

/// Gives rows columns of their own so that they gain most together, exactly; who would gain nothing by a column has none. `None`
/// where the stop was raised first. Takes memory for each gain, each row and each column.
///
/// # Errors
/// Gains that are too large for so many rows and columns.
pub fn assign_voluntarily(gains: &Gains, stop: &Stop) -> Result<Option<Vec<Option<u32>>>, AssignmentError> {
    let greatest = gains.rows.iter().flatten().map(|gain| gain.1).max().unwrap_or(0);
    let parts = (gains.rows.len() + gains.columns) as u64 + 1;
    if u128::from(greatest).saturating_mul(u128::from(parts).pow(2)) >= SPAN_MAX {
        return Err(AssignmentError::TooLarge(greatest));
    }
    let most = i64::try_from(greatest * parts).expect("the span has room for it");
    let (chosen, _) = auction(Voluntary::new(gains, parts, most), most, stop);
    let own = |(row, column): (usize, u32)| Some(column).filter(|&column| gains.of(row, column) > 0);
    Ok(chosen.map(|chosen| chosen.into_iter().take(gains.rows.len()).enumerate().map(own).collect()))
}

/// Rows and columns, each with those beside them: columns first are those that are gained by, then those that are nothing.
struct Voluntary {
    /// What each row that gains may have, with what it forgoes of the most that is gained.
    rows: Vec<Vec<(u32, i64)>>,
    size: usize,
    /// What is forgone where nothing is gained.
    most: i64,
    prices: Vec<i64>,
    nothings: CheapestFirst,
    all: CheapestFirst,
}

impl Voluntary {
    fn new(gains: &Gains, parts: u64, most: i64) -> Voluntary {
        let number = |at: usize| u32::try_from(at).expect("rows and columns are counted in 32 bits");
        let size = gains.rows.len() + gains.columns;
        let forgone = |gain: u64| most - i64::try_from(gain * parts).expect("no gain is above the most");
        let row = |gains: &Vec<(u32, u64)>| gains.iter().map(|&(column, gain)| (column, forgone(gain))).collect();
        Voluntary {
            rows: gains.rows.iter().map(row).collect(),
            size,
            most,
            prices: vec![0; size],
            nothings: CheapestFirst::new(number(gains.columns)..number(size)),
            all: CheapestFirst::new(0..number(size)),
        }
    }
}

impl Choices for Voluntary {
    fn size(&self) -> usize {
        self.size
    }

    fn raise(&mut self, column: u32, by: i64) {
        self.prices[column as usize] += by;
    }

    fn prices(&self) -> Vec<i64> {
        self.prices.clone()
    }

    fn cheapest(&mut self, row: usize) -> Cheapest {
        let beside = |&(column, price): &(u32, i64)| (column, self.most + price);
        match self.rows.get(row) {
            None => Cheapest::of(self.all.two(&self.prices).iter().map(beside)),
            Some(own) => {
                let own = own.iter().map(|&(column, forgone)| (column, forgone + self.prices[column as usize]));
                Cheapest::of(own.chain(self.nothings.two(&self.prices).iter().map(beside)))
            }
        }
    }

    fn total(&self, row: usize, column: u32) -> i64 {
        let own = self.rows.get(row).map_or(&[][..], Vec::as_slice);
        let forgone = own.binary_search_by_key(&column, |entry| entry.0).map_or(self.most, |at| own[at].1);
        forgone + self.prices[column as usize]
    }
}

/// Columns by price. What is in the heap is what each cost at some time: prices never fall, so the first whose price still holds is
/// the cheapest.
struct CheapestFirst {
    heap: BinaryHeap<Reverse<(i64, u32)>>,
}

impl CheapestFirst {
    fn new(columns: std::ops::Range<u32>) -> CheapestFirst {
        CheapestFirst { heap: columns.map(|column| Reverse((0, column))).collect() }
    }

    /// The two cheapest columns with their prices; fewer where there are fewer.
    fn two(&mut self, prices: &[i64]) -> Vec<(u32, i64)> {
        let mut found = Vec::with_capacity(2);
        while found.len() < 2 {
            let Some(Reverse((price, column))) = self.heap.pop() else { break };
            let now = prices[column as usize];
            if now == price {
                found.push((column, price));
            } else {
                self.heap.push(Reverse((now, column)));
            }
        }
        self.heap.extend(found.iter().map(|&(column, price)| Reverse((price, column))));
        found
    }
}
