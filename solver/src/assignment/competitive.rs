//! The lowest prices at which everyone wants what the best assignment gives them.

/// Lowest competitive prices of items: with them, nobody prefers another item, or none, to what they have, and items that
/// nobody has cost nothing. `values` holds what each bidder would pay for each item, bidder by bidder; `items` is what each has
/// in an assignment of greatest value.
///
/// For bidders who want one item, each pays exactly its VCG payment (Leonard 1983; Demange, Gale & Sotomayor 1986). Prices rise
/// from nothing wherever somebody would rather have an item, until nobody would: O(bidders times items) a round, and as many
/// rounds as the longest chain of bidders who envy the next.
///
/// # Panics
/// Prices that never settle: the assignment is not of greatest value.
#[must_use]
pub fn lowest_prices(values: &[Vec<u64>], items: &[Option<u32>]) -> Vec<u64> {
    let count = values.first().map_or(0, Vec::len);
    let mut prices = vec![0_u64; count];
    for _ in 0..=values.len() + 1 {
        let mut is_settled = true;
        for (values, item) in values.iter().zip(items) {
            let value = |item: u32| i128::from(values[item as usize]) - i128::from(prices[item as usize]);
            let payoff = item.map_or(0, value);
            for (column, &value) in values.iter().enumerate() {
                let is_own = item.is_some_and(|item| item as usize == column);
                let envied = i128::from(value) - payoff;
                if !is_own && envied > i128::from(prices[column]) {
                    prices[column] =
                        u64::try_from(envied).expect("a payoff is at least zero where prices are the lowest");
                    is_settled = false;
                }
            }
        }
        if is_settled {
            return prices;
        }
    }
    panic!("prices settle where the assignment is of greatest value")
}
