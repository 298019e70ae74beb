//! A double auction of identical things at one price.
//!
//! Bids from the highest and asks from the lowest are matched as long as the bid is no lower. Every price between the last
//! that trade and the first that do not clears the market: it is at least each ask that traded and each bid that did not, and
//! at most each bid that traded and each ask that did not. Of that interval the rule takes a stated point (the k-double
//! auction, Rustichini, Satterthwaite & Williams 1994).
//!
//! All that buyers pay goes to sellers, and the trades are the most valuable for what was stated. Stating the truth is not
//! always best: who sets the price can move it. The tests keep an example.

use thiserror::Error;

use crate::lot::lot;
use crate::money::Money;

/// A number of things at a limit price each; any part of it may trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tranche {
    /// The most that a buyer pays for one, or the least that a seller takes.
    pub limit: Money,
    /// How many.
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
    pub price: Option<Money>,
}

/// A tranche that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{side} {at} is for {} micro-credits, which is outside 0 to 2^53, or for no thing", limit.0)]
pub struct BadTranche {
    /// Bid or ask.
    pub side: &'static str,
    /// Its position.
    pub at: usize,
    /// Its limit.
    pub limit: Money,
}

/// Clears bids and asks at one price, which lies `point_permille` thousandths of the way from the lowest clearing price to the
/// highest, rounded down. O(n log n). Among equal limits the lot of the seed decides who trades.
///
/// # Errors
/// The first tranche that makes no sense.
///
/// # Panics
/// Where the point is above 1,000.
pub fn clear(bids: &[Tranche], asks: &[Tranche], point_permille: u32, seed: u64) -> Result<UniformOutcome, BadTranche> {
    assert!(point_permille <= 1_000, "the point lies within the interval of clearing prices");
    for (side, tranches) in [("bid", bids), ("ask", asks)] {
        let bad = |tranche: &Tranche| !tranche.limit.is_amount() || tranche.quantity == 0;
        if let Some((at, tranche)) = tranches.iter().enumerate().find(|(_, tranche)| bad(tranche)) {
            return Err(BadTranche { side, at, limit: tranche.limit });
        }
    }
    let (buyers, sellers) = (ranked(bids, -1, seed), ranked(asks, 1, seed));
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
        let way = i128::from(highest.0 - lowest.0) * i128::from(point_permille) / 1_000;
        let price = i128::from(lowest.0) + way;
        outcome.price = Some(Money(i64::try_from(price).expect("a point between two amounts is one")));
    }
    Ok(outcome)
}

fn ranked(tranches: &[Tranche], sign: i64, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..tranches.len()).collect();
    order.sort_by_key(|&at| (sign * tranches[at].limit.0, lot(seed, at)));
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tranches(stated: &[(i64, u64)]) -> Vec<Tranche> {
        stated.iter().map(|&(limit, quantity)| Tranche { limit: Money(limit), quantity }).collect()
    }

    fn cleared(bids: &[(i64, u64)], asks: &[(i64, u64)], point_permille: u32) -> UniformOutcome {
        clear(&tranches(bids), &tranches(asks), point_permille, 1).unwrap()
    }

    #[test]
    fn the_price_lies_between_the_last_that_trade_and_the_first_that_do_not() {
        // Three trade: two at 9 and one at 7. The last ask is 4, and 2 more of it are left; the next bid is 5.
        let round = cleared(&[(9, 2), (7, 1), (3, 4)], &[(2, 1), (4, 4)], 500);
        assert_eq!(round, UniformOutcome { bought: vec![2, 1, 0], sold: vec![1, 2], price: Some(Money(4)) });
        // With the last ask used up, the price may be anything from it to the last bid.
        assert_eq!(cleared(&[(9, 1)], &[(4, 1)], 500).price, Some(Money(6)));
        assert_eq!(cleared(&[(3, 1)], &[(4, 1)], 500).price, None);
    }

    /// At the highest clearing price the last buyer pays its own bid, and pays less by stating less.
    #[test]
    fn a_buyer_who_sets_the_price_gains_by_stating_less() {
        let gain = |stated: i64| {
            let round = cleared(&[(10, 1), (stated, 1)], &[(4, 1), (6, 1)], 1_000);
            round.price.filter(|_| round.bought[1] == 1).map_or(0, |price| 7 - price.0)
        };
        assert_eq!((gain(7), gain(6)), (0, 1));
    }

    #[test]
    fn an_ask_for_nothing_is_refused() {
        let refused = clear(&tranches(&[(1, 1)]), &tranches(&[(1, 0)]), 500, 1).unwrap_err();
        assert_eq!(refused.to_string(), "ask 0 is for 1 micro-credits, which is outside 0 to 2^53, or for no thing");
    }

    /// Each thing as a tranche of its own limit, highest first or lowest first.
    fn singles(stated: &[(i64, u64)], sign: i64) -> Vec<i64> {
        let mut limits: Vec<i64> = stated.iter().flat_map(|&(limit, count)| (0..count).map(move |_| limit)).collect();
        limits.sort_by_key(|limit| sign * limit);
        limits
    }

    proptest! {
        #[test]
        fn trades_are_the_most_valuable_and_all_money_reaches_sellers(
            bids in prop::collection::vec((0..20_i64, 1..5_u64), 0..6), asks in prop::collection::vec((0..20_i64, 1..5_u64), 0..6), point in 0..=1_000_u32,
        ) {
            let round = cleared(&bids, &asks, point);
            prop_assert_eq!(round.bought.iter().sum::<u64>(), round.sold.iter().sum::<u64>());
            let worth = |stated: &[(i64, u64)], traded: &[u64]| {
                stated.iter().zip(traded).map(|(tranche, &traded)| tranche.0 * i64::try_from(traded).unwrap()).sum::<i64>()
            };
            let best: i64 = singles(&bids, -1).iter().zip(singles(&asks, 1)).map(|(bid, ask)| (bid - ask).max(0)).sum();
            prop_assert_eq!(worth(&bids, &round.bought) - worth(&asks, &round.sold), best);
            let Some(Money(price)) = round.price else { return Ok(()) };
            for (&(limit, quantity), &traded) in bids.iter().zip(&round.bought) {
                prop_assert!(traded == 0 || limit >= price, "a buyer pays more than it bid");
                prop_assert!(traded == quantity || limit <= price, "a bid above the price is not served");
            }
            for (&(limit, quantity), &traded) in asks.iter().zip(&round.sold) {
                prop_assert!(traded == 0 || limit <= price, "a seller gets less than it asked");
                prop_assert!(traded == quantity || limit >= price, "an ask below the price is not served");
            }
        }
    }
}
