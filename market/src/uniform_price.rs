//! A double auction of identical things at one price.
//!
//! Bids from the highest and asks from the lowest are matched as long as the bid is no lower. Every price between the last
//! that trade and the first that do not clears the market: it is at least each ask that traded and each bid that did not, and
//! at most each bid that traded and each ask that did not. Of that interval the rule takes a stated point (the k-double
//! auction, Rustichini, Satterthwaite & Williams 1994).
//!
//! Limits are fractions, and nothing is rounded: of two limits that differ, the better one goes first, however fine the difference.
//! All that buyers pay goes to sellers, and the trades are the most valuable for what was stated. Stating the truth is not
//! always best: who sets the price can move it. The tests keep an example.

use std::cmp::Ordering;

use thiserror::Error;

use crate::fraction::{Between, Fraction, UNDER_MAX};

/// A number of things at a limit price each; any part of it may trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tranche {
    /// The most that a buyer pays for one, or the least that a seller takes.
    pub limit: Fraction,
    /// How many, 1 to 2^53.
    pub quantity: u64,
}

/// How many trade of each tranche, and the price of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UniformOutcome {
    /// How many trade of each bid, in the order given.
    pub bought: Vec<u64>,
    /// How many trade of each ask, in the order given; as many in all.
    pub sold: Vec<u64>,
    /// What one costs; `None` where nothing trades.
    pub price: Option<Between>,
}

/// A tranche that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{side} {at} is for a quantity outside 1 to 2^53")]
pub struct BadTranche {
    /// Bid or ask.
    pub side: &'static str,
    /// Its position.
    pub at: usize,
}

/// Clears bids and asks at one price, which lies `point_permille` thousandths of the way from the lowest clearing price to the
/// highest. O(n log n). Of equal limits the tranche that is given first trades first: give them in the
/// order of their lots.
///
/// # Errors
/// The first tranche that makes no sense.
///
/// # Panics
/// Where the point is above 1,000.
pub fn clear(bids: &[Tranche], asks: &[Tranche], point_permille: u32) -> Result<UniformOutcome, BadTranche> {
    assert!(point_permille <= 1_000, "the point lies within the interval of clearing prices");
    for (side, tranches) in [("bid", bids), ("ask", asks)] {
        let is_bad = |tranche: &Tranche| !(1..=UNDER_MAX).contains(&tranche.quantity);
        if let Some(at) = tranches.iter().position(is_bad) {
            return Err(BadTranche { side, at });
        }
    }
    let (buyers, sellers) = (ranked(bids, Ordering::reverse), ranked(asks, |order| order));
    let mut outcome = UniformOutcome { bought: vec![0; bids.len()], sold: vec![0; asks.len()], price: None };
    let (mut buyer, mut seller) = (0, 0);
    let mut last = None;
    while let (Some(&bid), Some(&ask)) = (buyers.get(buyer), sellers.get(seller)) {
        if bids[bid].limit < asks[ask].limit {
            break;
        }
        let left = (bids[bid].quantity - outcome.bought[bid], asks[ask].quantity - outcome.sold[ask]);
        let traded = left.0.min(left.1);
        outcome.bought[bid] += traded;
        outcome.sold[ask] += traded;
        last = Some((bids[bid].limit, asks[ask].limit));
        buyer += usize::from(traded == left.0);
        seller += usize::from(traded == left.1);
    }
    if let Some((last_bid, last_ask)) = last {
        let lowest = buyers.get(buyer).map_or(last_ask, |&bid| bids[bid].limit.max(last_ask));
        let highest = sellers.get(seller).map_or(last_bid, |&ask| asks[ask].limit.min(last_bid));
        outcome.price = Some(Between { from: lowest, to: highest, permille: point_permille });
    }
    Ok(outcome)
}

/// Positions by limit, in an order, and among equal limits as they are given.
fn ranked(tranches: &[Tranche], order: fn(Ordering) -> Ordering) -> Vec<usize> {
    let mut ranked: Vec<usize> = (0..tranches.len()).collect();
    ranked.sort_by(|one, other| order(tranches[*one].limit.cmp(&tranches[*other].limit)));
    ranked
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tranches(stated: &[(u64, u64)]) -> Vec<Tranche> {
        stated.iter().map(|&(limit, quantity)| Tranche { limit: Fraction::whole(limit), quantity }).collect()
    }

    /// What ten cost, where they cost a whole number.
    fn of_ten(round: &UniformOutcome) -> Option<u128> {
        let price = round.price?;
        (price.times_down(10) == price.times_up(10)).then(|| price.times_up(10))
    }

    fn cleared(bids: &[(u64, u64)], asks: &[(u64, u64)], point_permille: u32) -> UniformOutcome {
        clear(&tranches(bids), &tranches(asks), point_permille).unwrap()
    }

    #[test]
    fn the_price_lies_between_the_last_that_trade_and_the_first_that_do_not() {
        // Three trade: two at 9 and one at 7. The last ask is 4, and 2 more of it are left; the next bid is 5.
        let round = cleared(&[(9, 2), (7, 1), (3, 4)], &[(2, 1), (4, 4)], 500);
        assert_eq!((&round.bought, &round.sold, of_ten(&round)), (&vec![2, 1, 0], &vec![1, 2], Some(40)));
        // With the last ask used up, the price may be anything from it to the last bid.
        assert_eq!(of_ten(&cleared(&[(9, 1)], &[(4, 1)], 500)), Some(65));
        assert_eq!(cleared(&[(3, 1)], &[(4, 1)], 500).price, None);
    }

    /// At the highest clearing price the last buyer pays its own bid, and pays less by stating less.
    #[test]
    fn a_buyer_who_sets_the_price_gains_by_stating_less() {
        let gain = |stated: u64| {
            let round = cleared(&[(10, 1), (stated, 1)], &[(4, 1), (6, 1)], 1_000);
            of_ten(&round).filter(|_| round.bought[1] == 1).map_or(0, |price| 70 - price)
        };
        assert_eq!((gain(7), gain(6)), (0, 10));
    }

    #[test]
    fn an_ask_for_nothing_is_refused() {
        let refused = clear(&tranches(&[(1, 1)]), &tranches(&[(1, 0)]), 500).unwrap_err();
        assert_eq!(refused.to_string(), "ask 0 is for a quantity outside 1 to 2^53");
    }

    #[test]
    fn of_limits_that_differ_in_the_last_digit_the_better_trades() {
        let limit = |over: u128| Fraction::new(over, UNDER_MAX).unwrap();
        let bids = [1, 2, 3].map(|over| Tranche { limit: limit(over), quantity: 2 });
        let asks = [Tranche { limit: limit(0), quantity: 3 }];
        let round = clear(&bids, &asks, 500).unwrap();
        assert_eq!(round.bought, [0, 1, 2]);
        assert_eq!(round.price, Some(Between { from: limit(2), to: limit(2), permille: 500 }));
    }

    /// Each thing as a tranche of its own limit, highest first or lowest first; limits are over a common denominator.
    fn singles(stated: &[(i64, u64)], sign: i64) -> Vec<i64> {
        let mut limits: Vec<i64> = stated.iter().flat_map(|&(limit, count)| (0..count).map(move |_| limit)).collect();
        limits.sort_by_key(|limit| sign * limit);
        limits
    }

    /// A limit of so many twelfths, in lowest terms.
    fn twelfths((limit, quantity): (i64, u64)) -> Tranche {
        let (over, under) = match limit % 12 {
            0 => (limit / 12, 1),
            6 => (limit / 6, 2),
            4 | 8 => (limit / 4, 3),
            3 | 9 => (limit / 3, 4),
            2 | 10 => (limit / 2, 6),
            _ => (limit, 12),
        };
        Tranche { limit: Fraction::new(over.unsigned_abs().into(), under).unwrap(), quantity }
    }

    proptest! {
        #[test]
        fn trades_are_the_most_valuable_and_all_money_reaches_sellers(
            bids in prop::collection::vec((0..40_i64, 1..5_u64), 0..6),
            asks in prop::collection::vec((0..40_i64, 1..5_u64), 0..6), point in 0..=1_000_u32,
        ) {
            let of = |side: &[(i64, u64)]| -> Vec<Tranche> { side.iter().map(|&one| twelfths(one)).collect() };
            let round = clear(&of(&bids), &of(&asks), point).unwrap();
            prop_assert_eq!(round.bought.iter().sum::<u64>(), round.sold.iter().sum::<u64>());
            let worth = |stated: &[(i64, u64)], traded: &[u64]| {
                stated.iter().zip(traded).map(|(tranche, &traded)| tranche.0 * i64::try_from(traded).unwrap()).sum::<i64>()
            };
            let best: i64 = singles(&bids, -1).iter().zip(singles(&asks, 1)).map(|(bid, ask)| (bid - ask).max(0)).sum();
            prop_assert_eq!(worth(&bids, &round.bought) - worth(&asks, &round.sold), best);
            let Some(price) = round.price else { return Ok(()) };
            // What 12,000 cost is whole: a limit of a twelfth is a thousand.
            prop_assert_eq!(price.times_down(12_000), price.times_up(12_000));
            let price = i64::try_from(price.times_up(12_000)).unwrap();
            for (&(limit, quantity), &traded) in bids.iter().zip(&round.bought) {
                prop_assert!(traded == 0 || limit * 1_000 >= price, "a buyer pays more than it bid");
                prop_assert!(traded == quantity || limit * 1_000 <= price, "a bid above the price is not served");
            }
            for (&(limit, quantity), &traded) in asks.iter().zip(&round.sold) {
                prop_assert!(traded == 0 || limit * 1_000 <= price, "a seller gets less than it asked");
                prop_assert!(traded == quantity || limit * 1_000 >= price, "an ask below the price is not served");
            }
        }
    }
}
