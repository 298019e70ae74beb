//! The auction against all permutations, and prices against what others lose.

use lessor_models::families::assignment::{AssignmentInstance, bound, check};
use proptest::prelude::*;

use crate::support::stop::Stop;

use super::{assign, lowest_prices};

/// The least of a function over all ways to give rows columns of their own.
fn least(size: usize, cost: &dyn Fn(usize, usize) -> i64) -> i64 {
    fn from(row: usize, taken: &mut Vec<bool>, cost: &dyn Fn(usize, usize) -> i64) -> i64 {
        if row == taken.len() {
            return 0;
        }
        let mut best = i64::MAX;
        for column in 0..taken.len() {
            if !taken[column] {
                taken[column] = true;
                best = best.min(cost(row, column) + from(row + 1, taken, cost));
                taken[column] = false;
            }
        }
        best
    }
    from(0, &mut vec![false; size], cost)
}

fn square(cost_max: u64) -> impl Strategy<Value = (usize, Vec<u64>)> {
    (1..7_usize).prop_flat_map(move |size| (Just(size), proptest::collection::vec(0..=cost_max, size * size)))
}

proptest! {
    #[test]
    fn rows_are_assigned_at_least_cost_and_prices_prove_it((size, costs) in square(30)) {
        let instance = AssignmentInstance::new(size, costs.clone()).unwrap();
        let found = assign(&instance, &Stop::new());
        let cost = check(&instance, &found.columns.unwrap()).unwrap();
        let wanted = least(size, &|row, column| i64::try_from(costs[row * size + column]).unwrap());
        prop_assert_eq!(cost, u128::try_from(wanted).unwrap());
        prop_assert_eq!(bound(&instance, &found.prices, found.parts), cost);
    }

    #[test]
    fn lowest_competitive_prices_are_what_others_lose((size, values) in square(20)) {
        let most = 20;
        let costs = values.iter().map(|value| most - value).collect();
        let columns = assign(&AssignmentInstance::new(size, costs).unwrap(), &Stop::new()).columns.unwrap();
        let rows: Vec<Vec<u64>> = values.chunks(size).map(<[u64]>::to_vec).collect();
        let items: Vec<Option<u32>> = columns.iter().map(|&column| Some(column)).collect();
        let prices = lowest_prices(&rows, &items);
        let value = |row: usize, column: usize| i64::try_from(values[row * size + column]).unwrap();
        let best = -least(size, &|row, column| -value(row, column));
        for (bidder, &column) in columns.iter().enumerate() {
            // Without a bidder its row is worth nothing anywhere.
            let without = -least(size, &|row, column| if row == bidder { 0 } else { -value(row, column) });
            let column = column as usize;
            let loss = without - (best - value(bidder, column));
            prop_assert_eq!(i64::try_from(prices[column]).unwrap(), loss);
        }
    }
}

#[test]
fn a_raised_stop_leaves_no_assignment_but_prices_that_bound_it() {
    let stop = Stop::new();
    stop.raise();
    // All rows want the first columns: that takes many bids.
    let size = 80;
    let costs = (0..size * size).map(|at| (at % size) as u64 * 1_000).collect();
    let instance = AssignmentInstance::new(size, costs).unwrap();
    let stopped = assign(&instance, &stop);
    let whole = assign(&instance, &Stop::new());
    let cost = check(&instance, &whole.columns.unwrap()).unwrap();
    assert!(stopped.columns.is_none());
    assert!(bound(&instance, &stopped.prices, stopped.parts) <= cost);
}
