//! The lowest prices at which everyone wants what the best assignment gives them.

use super::voluntary::Gains;
use crate::support::stop::Stop;

/// Lowest competitive prices of columns: with them, no row prefers another column, or none, to what it has, and columns that
/// nobody has cost nothing. `columns` is what each row has where they gain most together. `None` where the stop was raised first.
///
/// For bidders who want one item, each pays exactly its VCG payment (Leonard 1983; Demange, Gale & Sotomayor 1986). Prices rise
/// from nothing wherever somebody would rather have an item, until nobody would: O(gains) a round, and as many
/// rounds as the longest chain of bidders who envy the next.
///
/// # Panics
/// Prices that never settle: rows could gain more together.
#[must_use]
pub fn lowest_prices(gains: &Gains, columns: &[Option<u32>], stop: &Stop) -> Option<Vec<u64>> {
    let mut prices = vec![0_u64; gains.columns];
    for _ in 0..=gains.rows.len() + 1 {
        if stop.is_raised() {
            return None;
        }
        let mut is_settled = true;
        for (row, own) in columns.iter().enumerate() {
            let left = |own: u32| i128::from(gains.of(row, own)) - i128::from(prices[own as usize]);
            let payoff = own.map_or(0, left);
            for &(column, gain) in gains.rows[row].iter().filter(|gain| Some(gain.0) != *own) {
                let envied = i128::from(gain) - payoff;
                let price = &mut prices[column as usize];
                if envied > i128::from(*price) {
                    *price = u64::try_from(envied).expect("a payoff is at least zero where prices are the lowest");
                    is_settled = false;
                }
            }
        }
        if is_settled {
            return Some(prices);
        }
    }
    panic!("prices settle where rows could not gain more together")
}
