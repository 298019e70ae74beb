//! Double auctions against all matchings.

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order, check};
use lessor_solver::support::random::Random;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

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

/// Orders of two vectors, most of them of the one: several of it meet, as trade reduction needs.
fn crowds(count_max: usize) -> impl Strategy<Value = Vec<Order>> {
    let order = (0..30_u64, proptest::bool::weighted(0.2));
    let order = order.prop_map(|(value, is_rare)| Order { id: 0, value, vector: vec![1, 1 + u64::from(is_rare)] });
    proptest::collection::vec(order, 0..=count_max)
}

/// How many pairs of one vector gain by trading, the dearest bid with the cheapest ask and so on.
fn gaining(bids: &[Order], asks: &[Order], vector: &[u64]) -> usize {
    let values = |orders: &[Order]| -> Vec<u64> {
        let mut values: Vec<u64> =
            orders.iter().filter(|order| order.vector == vector).map(|order| order.value).collect();
        values.sort_unstable();
        values
    };
    values(bids).iter().rev().zip(&values(asks)).take_while(|(bid, ask)| bid > ask).count()
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

/// What the properties below are about comes up in a good part of their cases: trades, and pairs that trade reduction gives up.
#[test]
fn orders_that_are_drawn_meet() {
    let mut runner = TestRunner::deterministic();
    let mut drawn = |orders: &dyn Fn(&mut TestRunner) -> Vec<Order>| {
        let (bids, asks) = (orders(&mut runner), orders(&mut runner));
        let pairs = gaining(&bids, &asks, &[1, 1]);
        let instance = DoubleAuctionInstance::new(bids, asks).unwrap();
        let (traded, kept) = (clear(&instance).trades.len(), reduced(&instance).trades.len());
        [traded > 0, kept > 0, kept > 0 && kept < pairs]
    };
    let mut counts = [0; 3];
    for _ in 0..400 {
        let few = drawn(&|runner| orders(5).new_tree(runner).unwrap().current());
        let many = drawn(&|runner| crowds(8).new_tree(runner).unwrap().current());
        let found = [few[0], many[1], many[2]];
        counts.iter_mut().zip(found).for_each(|(count, found)| *count += usize::from(found));
    }
    assert!(counts[0] > 100 && counts[1] > 100 && counts[2] > 40, "{counts:?} of 400");
}

proptest! {
    #[test]
    fn trades_and_payments_are_what_enumeration_says(
        (bids, asks) in prop_oneof![(crowds(5), crowds(5)), (orders(5), orders(5))],
    ) {
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

    /// The operator never pays, and of each vector the last pair that would gain is lost at most.
    #[test]
    fn trade_reduction_never_costs_the_operator_and_loses_one_pair_of_a_vector((bids, asks) in (crowds(8), crowds(8))) {
        let instance = DoubleAuctionInstance::new(bids.clone(), asks.clone()).unwrap();
        let outcome = reduced(&instance);
        prop_assert!(is_sound(&instance, &outcome));
        prop_assert!(outcome.deficit() <= 0);
        for vector in [[1, 1], [1, 2]] {
            let traded = outcome.trades.iter().filter(|trade| bids[trade.bid].vector == vector).count();
            let gaining = gaining(&bids, &asks, &vector);
            prop_assert!((gaining.saturating_sub(1)..=gaining).contains(&traded), "{traded} of {gaining}");
        }
    }

    #[test]
    fn no_misreport_helps_under_trade_reduction_or_vcg(
        (bids, asks) in prop_oneof![(crowds(6), crowds(6)), (orders(6), orders(6))], who in 0..6_usize, told in 0..32_u64,
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
