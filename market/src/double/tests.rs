//! Double auctions against all matchings.

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order, check};
use lessor_solver::support::random::Random;
use proptest::prelude::*;

use super::{DoubleOutcome, clear, reduced};

/// The greatest surplus by trying every matching.
fn best(bids: &[Order], asks: &[Order]) -> i128 {
    let Some((bid, rest)) = bids.split_first() else { return 0 };
    let mut most = best(rest, asks);
    for at in 0..asks.len() {
        if bid.vector.iter().zip(&asks[at].vector).all(|(wanted, offered)| wanted <= offered) {
            let mut left = asks.to_vec();
            let ask = left.remove(at);
            most = most.max(i128::from(bid.value) - i128::from(ask.value) + best(rest, &left));
        }
    }
    most
}

fn orders(count_max: usize) -> impl Strategy<Value = Vec<Order>> {
    let order = (0..30_u64, proptest::collection::vec(1..3_u64, 2));
    let order = order.prop_map(|(value, vector)| Order { id: 0, value, vector });
    proptest::collection::vec(order, 0..=count_max)
}

/// Whether trades are feasible, worth what is said, and nobody trades at a loss.
fn is_sound(instance: &DoubleAuctionInstance, outcome: &DoubleOutcome) -> bool {
    let trades: Vec<(usize, usize)> = outcome.trades.iter().map(|trade| (trade.bid, trade.ask)).collect();
    let is_worth = check(instance, &trades) == Ok(i128::try_from(outcome.surplus).unwrap());
    let nobody_loses = outcome
        .trades
        .iter()
        .all(|trade| trade.pays <= instance.bids()[trade.bid].value && trade.gets >= instance.asks()[trade.ask].value);
    is_worth && nobody_loses
}

/// A thousand bids and a thousand asks, no two of one vector: all payments come out of the flow, in the time of a few searches.
#[test]
fn where_every_vector_differs_payments_are_what_the_others_lose() {
    let mut random = Random::new(1);
    let mut side = |count: u64, dearer: u64| -> Vec<Order> {
        let order = |id| Order {
            id,
            value: dearer + random.below(1_000_000),
            vector: (0..3).map(|_| random.below(1_000_000) + dearer).collect(),
        };
        (0..count).map(order).collect()
    };
    let (bids, asks) = (side(1_000, 0), side(1_000, 100_000));
    let instance = DoubleAuctionInstance::new(bids.clone(), asks.clone()).unwrap();
    let outcome = clear(&instance);
    assert!(is_sound(&instance, &outcome) && outcome.trades.len() > 100, "{}", outcome.trades.len());
    let surplus = |bids: &[Order], asks: &[Order]| {
        clear(&DoubleAuctionInstance::new(bids.to_vec(), asks.to_vec()).unwrap()).surplus
    };
    for trade in outcome.trades.iter().step_by(outcome.trades.len() / 3) {
        let (mut others, mut sellers) = (bids.clone(), asks.clone());
        let bid = others.remove(trade.bid);
        assert_eq!(u128::from(trade.pays), surplus(&others, &asks) + u128::from(bid.value) - outcome.surplus);
        let ask = sellers.remove(trade.ask);
        assert_eq!(u128::from(trade.gets), outcome.surplus + u128::from(ask.value) - surplus(&bids, &sellers));
    }
}

proptest! {
    #[test]
    fn trades_and_payments_are_what_enumeration_says((bids, asks) in (orders(5), orders(5))) {
        let instance = DoubleAuctionInstance::new(bids.clone(), asks.clone()).unwrap();
        let outcome = clear(&instance);
        prop_assert!(is_sound(&instance, &outcome));
        let surplus = best(&bids, &asks);
        prop_assert_eq!(i128::try_from(outcome.surplus).unwrap(), surplus);
        for trade in &outcome.trades {
            let (mut others, mut sellers) = (bids.clone(), asks.clone());
            let bid = others.remove(trade.bid);
            let pays = best(&others, &asks) - (surplus - i128::from(bid.value));
            prop_assert_eq!(i128::from(trade.pays), pays);
            let ask = sellers.remove(trade.ask);
            let gets = surplus + i128::from(ask.value) - best(&bids, &sellers);
            prop_assert_eq!(i128::from(trade.gets), gets);
        }
        prop_assert!(outcome.deficit() >= 0);
    }

    #[test]
    fn trade_reduction_never_costs_the_operator((bids, asks) in (orders(8), orders(8))) {
        let instance = DoubleAuctionInstance::new(bids, asks).unwrap();
        let outcome = reduced(&instance);
        prop_assert!(is_sound(&instance, &outcome));
        prop_assert!(outcome.deficit() <= 0);
    }

    #[test]
    fn no_misreport_helps_under_trade_reduction(
        (bids, asks) in (orders(6), orders(6)), who in 0..6_usize, told in 0..32_u64,
    ) {
        let instance = DoubleAuctionInstance::new(bids.clone(), asks.clone()).unwrap();
        let buyer = |outcome: &DoubleOutcome| {
            let trade = outcome.trades.iter().find(|trade| trade.bid == who);
            trade.map_or(0, |trade| i128::from(bids[who].value) - i128::from(trade.pays))
        };
        if who < bids.len() {
            let mut lied = bids.clone();
            lied[who].value = told;
            let lied = DoubleAuctionInstance::new(lied, asks.clone()).unwrap();
            prop_assert!(buyer(&reduced(&lied)) <= buyer(&reduced(&instance)));
            prop_assert!(buyer(&clear(&lied)) <= buyer(&clear(&instance)));
        }
        let seller = |outcome: &DoubleOutcome| {
            let trade = outcome.trades.iter().find(|trade| trade.ask == who);
            trade.map_or(0, |trade| i128::from(trade.gets) - i128::from(asks[who].value))
        };
        if who < asks.len() {
            let mut lied = asks.clone();
            lied[who].value = told;
            let lied = DoubleAuctionInstance::new(bids.clone(), lied).unwrap();
            prop_assert!(seller(&reduced(&lied)) <= seller(&reduced(&instance)));
            prop_assert!(seller(&clear(&lied)) <= seller(&clear(&instance)));
        }
    }
}
