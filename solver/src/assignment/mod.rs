//! Linear assignment by auction: rows bid for columns (Bertsekas 1979, 1988).
//!
//! A row bids for the column that is cheapest to it at the prices of the moment, and raises its price by what the second
//! cheapest would cost more, and by `epsilon`. When every row has a column, the cost is within rows times epsilon of the
//! least. Costs are whole and are scaled by one more than the number of rows, so that an epsilon of one is exact. Epsilon
//! begins large and shrinks, prices stay: without that, rows that want the same columns raise them in tiny steps.

mod auction;
mod choices;
mod competitive;
#[cfg(test)]
mod tests;
mod voluntary;

pub use auction::{Assigned, assign};
pub use competitive::lowest_prices;
pub use voluntary::{Gains, assign_voluntarily};
