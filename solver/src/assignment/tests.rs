//! The auction against all permutations, and prices against what others lose.

use lessor_models::families::assignment::{AssignmentInstance, bound, check};
use proptest::prelude::*;

use crate::support::stop::Stop;

use super::{Gains, assign, assign_voluntarily, lowest_prices};

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

/// Square problems, whose costs fit in 32 bits or do not.
fn square() -> impl Strategy<Value = (usize, Vec<u64>)> {
    let scaled = |(size, costs, times): (usize, Vec<u64>, u64)| (size, costs.iter().map(|cost| cost * times).collect());
    (1..7_usize, prop_oneof![Just(1_u64), Just(1 << 40)])
        .prop_flat_map(|(size, times)| (Just(size), proptest::collection::vec(0..=30_u64, size * size), Just(times)))
        .prop_map(scaled)
}

proptest! {
    #[test]
    fn rows_are_assigned_at_least_cost_and_prices_prove_it((size, costs) in square()) {
        let instance = AssignmentInstance::new(size, costs.clone()).unwrap();
        let found = assign(&instance, &Stop::new());
        let cost = check(&instance, &found.columns.unwrap()).unwrap();
        let wanted = least(size, &|row, column| i64::try_from(costs[row * size + column]).unwrap());
        prop_assert_eq!(cost, u128::try_from(wanted).unwrap());
        prop_assert_eq!(bound(&instance, &found.prices, found.parts), cost);
    }

    #[test]
    fn rows_gain_most_together_and_lowest_prices_are_what_others_lose(
        (rows, columns, values) in (1..6_usize, 1..5_usize).prop_flat_map(|(rows, columns)| {
            (Just(rows), Just(columns), proptest::collection::vec(0..20_u64, rows * columns))
        }),
    ) {
        let gains_of = |row: &[u64]| (0_u32..).zip(row.iter().copied()).filter(|gain| gain.1 > 0).collect();
        let gains = Gains { columns, rows: values.chunks(columns).map(gains_of).collect() };
        let chosen = assign_voluntarily(&gains, &Stop::new()).unwrap().unwrap();
        let prices = lowest_prices(&gains, &chosen, &Stop::new()).unwrap();
        let value = |row: usize, column: usize| {
            if row < rows && column < columns { i64::try_from(values[row * columns + column]).unwrap() } else { 0 }
        };
        let all = rows + columns;
        let best = -least(all, &|row, column| -value(row, column));
        let gained: u64 = chosen.iter().enumerate().filter_map(|(row, own)| Some(gains.of(row, (*own)?))).sum();
        prop_assert_eq!(i64::try_from(gained).unwrap(), best);
        let mut taken: Vec<u32> = chosen.iter().copied().flatten().collect();
        taken.sort_unstable();
        taken.dedup();
        prop_assert_eq!(taken.len(), chosen.iter().flatten().count());
        for (bidder, own) in chosen.iter().enumerate() {
            let Some(column) = own.map(|own| own as usize) else { continue };
            let without = -least(all, &|row, column| if row == bidder { 0 } else { -value(row, column) });
            prop_assert_eq!(i64::try_from(prices[column]).unwrap(), without - (best - value(bidder, column)));
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

/// Only what is gained takes memory, and not every pair of those that go without.
#[test]
fn many_rows_for_few_columns_are_assigned_by_what_they_gain() {
    let rows = 20_000_u64;
    let gains = Gains { columns: 2, rows: (1..=rows).map(|gain| vec![(0, gain), (1, 2 * gain)]).collect() };
    let chosen = assign_voluntarily(&gains, &Stop::new()).unwrap().unwrap();
    let won: Vec<(usize, u32)> = chosen.iter().enumerate().filter_map(|(row, own)| Some((row, (*own)?))).collect();
    assert_eq!(won, [(19_998, 0), (19_999, 1)]);
    // The third would pay 19,998 for the first; the winner of the second may not be had for less than what it would give.
    assert_eq!(lowest_prices(&gains, &chosen, &Stop::new()), Some(vec![19_998, 39_997]));
}

/// Whatever the width, rows are looked through alike: a problem times a number has the same answer.
#[test]
fn wide_and_narrow_problems_have_the_same_answer() {
    let size = 37_u64;
    let costs: Vec<u64> = (0..size * size).map(|at| at * at % 101).collect();
    let found = |times: u64| {
        let costs = costs.iter().map(|cost| cost * times).collect();
        assign(&AssignmentInstance::new(37, costs).unwrap(), &Stop::new()).columns
    };
    let cost = |columns: Option<Vec<u32>>| {
        check(&AssignmentInstance::new(37, costs.clone()).unwrap(), &columns.unwrap()).unwrap()
    };
    assert_eq!(cost(found(1)), cost(found(1 << 30)));
}
