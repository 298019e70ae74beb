//! What the use of accounts costs over time: prices that a round cleared at, charged to what a plan places.

use std::collections::BTreeMap;

use crate::fleet::{Fleet, Owner};
use crate::plan::Price;
use crate::resources::{AMOUNT_MAX, Kind};
use crate::time::{Interval, StepFunction, TIMESTAMP_MAX, Timestamp};

/// Rounds of which the excesses are kept of an account with a posted price: in so many a swing is seen.
pub const SWING_ROUNDS: usize = 16;

/// Prices of accounts over time. Outside every interval that has a price, an account is free.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountPrices {
    of: BTreeMap<Owner, Vec<(Kind, StepFunction)>>,
}

/// A price that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("prices row {row}, column {field}: {problem}")]
pub struct PriceError {
    /// Its position among the prices, from zero.
    pub row: usize,
    /// The column, as in the table.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub problem: &'static str,
}

impl AccountPrices {
    /// Checks prices against a fleet and lays them out by account; prices of zero are the same as none.
    ///
    /// O(n log n).
    ///
    /// # Errors
    /// The first price that is beyond 2^53, outside the range of time, over an empty interval, of an owner that the fleet does
    /// not have, or of an account that has another price at the same instant.
    pub(crate) fn new(fleet: &Fleet, prices: &[Price]) -> Result<AccountPrices, PriceError> {
        let mut rows: BTreeMap<(Owner, Kind), Vec<(usize, &Price)>> = BTreeMap::new();
        for (row, price) in prices.iter().enumerate() {
            check(fleet, price).map_err(|(field, problem)| PriceError { row, field, problem })?;
            rows.entry((price.owner, price.kind)).or_default().push((row, price));
        }
        let mut of: BTreeMap<Owner, Vec<(Kind, StepFunction)>> = BTreeMap::new();
        for ((owner, kind), mut rows) in rows {
            rows.sort_by_key(|(row, price)| (price.interval.start, *row));
            let twice = rows.windows(2).find(|pair| pair[1].1.interval.start < pair[0].1.interval.end);
            if let Some(pair) = twice {
                let problem = "must not meet another interval of the same account";
                return Err(PriceError { row: pair[0].0.max(pair[1].0), field: "start", problem });
            }
            let function = function(rows.iter().map(|(_, price)| *price));
            if !function.steps().is_empty() {
                of.entry(owner).or_default().push((kind, function));
            }
        }
        Ok(AccountPrices { of })
    }

    /// Whether nothing has a price.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The prices of an owner's accounts over time, by kind: micro-credits per 10^6 base units and hour.
    #[must_use]
    pub fn of(&self, owner: Owner) -> &[(Kind, StepFunction)] {
        self.of.get(&owner).map_or(&[], Vec::as_slice)
    }

    /// Whether anything has a price at some instant of an interval.
    #[must_use]
    pub fn hold_within(&self, interval: Interval) -> bool {
        self.of.values().flatten().any(|(_, function)| function.sum(interval) > 0)
    }

    /// The instants at which any price changes, in no order.
    pub fn changes(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let functions = self.of.values().flatten();
        functions.flat_map(|(_, function)| function.steps().iter().map(|step| step.0))
    }
}

fn check(fleet: &Fleet, price: &Price) -> Result<(), (&'static str, &'static str)> {
    let is_there = match price.owner {
        Owner::Node(node) => node.at() < fleet.node_count(),
        Owner::Zone(zone) => zone.at() < fleet.zones().len(),
    };
    let outside = |at: Timestamp| at.0.unsigned_abs() > TIMESTAMP_MAX.0.unsigned_abs();
    if !is_there {
        return Err(("owner", "must be a node or a zone of the fleet"));
    }
    if outside(price.interval.start) {
        return Err(("start", "is beyond the supported range of time"));
    }
    if outside(price.interval.end) {
        return Err(("end", "is beyond the supported range of time"));
    }
    if price.interval.end <= price.interval.start {
        return Err(("end", "must be after start"));
    }
    if price.price > AMOUNT_MAX {
        return Err(("price", "must not exceed 2^53"));
    }
    Ok(())
}

/// The function of prices whose intervals follow one another: zero outside them, with no step that changes nothing.
fn function<'p>(prices: impl Iterator<Item = &'p Price>) -> StepFunction {
    let mut steps: Vec<(Timestamp, u64)> = Vec::new();
    for price in prices.filter(|price| price.price > 0) {
        match steps.last() {
            Some(last) if last.0 == price.interval.start => {
                steps.pop();
                if steps.last().is_none_or(|before| before.1 != price.price) {
                    steps.push((price.interval.start, price.price));
                }
            }
            _ => steps.push((price.interval.start, price.price)),
        }
        steps.push((price.interval.end, 0));
    }
    StepFunction::new(0, steps)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_instance::{A, FEED, LEFT, Tiny, at, during};
    use crate::time::Interval;

    fn price(owner: Owner, interval: Interval, price: u64) -> Price {
        Price { owner, kind: Kind::Power, interval, price }
    }

    fn laid_out(prices: &[Price]) -> Result<AccountPrices, PriceError> {
        AccountPrices::new(Tiny::new(vec![]).build().fleet(), prices)
    }

    #[test]
    fn an_account_is_free_outside_its_intervals_and_neighbors_of_one_price_are_one() {
        let cell = Owner::Node(LEFT);
        let rows = [(8, 9, 0), (4, 6, 7), (2, 4, 7), (6, 8, 3), (20, 30, 1)];
        let prices = laid_out(&rows.map(|(start, end, amount)| price(cell, during(start, end), amount))).unwrap();
        let expected = [(at(2), 7), (at(6), 3), (at(8), 0), (at(20), 1), (at(30), 0)];
        assert_eq!(prices.of(cell), [(Kind::Power, StepFunction::new(0, expected.to_vec()))]);
        assert_eq!((prices.of(Owner::Node(A)), prices.of(FEED)), (&[][..], &[][..]));
        let hold = [(0, 2), (0, 3), (8, 20), (29, 40), (30, 40)];
        assert_eq!(hold.map(|(start, end)| prices.hold_within(during(start, end))), [false, true, false, true, false]);
    }

    #[test]
    fn prices_of_zero_are_none() {
        let free = laid_out(&[price(FEED, during(0, 5), 0)]).unwrap();
        assert!(free.is_empty() && free == AccountPrices::default());
    }

    #[test]
    fn a_price_that_cannot_be_is_refused_with_its_row_and_column() {
        let cell = Owner::Node(LEFT);
        let good = price(cell, during(0, 5), 1);
        let nowhere = Owner::Node(crate::fleet::NodeIndex(99));
        let late = Interval { start: at(0), end: Timestamp(i64::MAX) };
        let cases = [
            (price(nowhere, during(7, 8), 1), "owner"),
            (price(cell, during(8, 8), 1), "end"),
            (price(FEED, late, 1), "end"),
            (price(cell, during(7, 8), AMOUNT_MAX + 1), "price"),
            (price(cell, during(4, 8), 1), "start"),
        ];
        for (bad, column) in cases {
            let refused = laid_out(&[good, bad]).unwrap_err();
            assert_eq!((refused.row, refused.field), (1, column), "{bad:?}");
        }
    }
}
