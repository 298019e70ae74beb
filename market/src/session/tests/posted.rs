//! Posted prices: who takes at them, what is told of them, and where they move from round to round.

use super::*;
use crate::session::posted_prices::{self, PostedPrices};

/// A round at posted prices that stand.
fn round(policy: &Policy, bids: &[AccountBid], posted: &PostedPrices) -> (SessionOutcome, PostedPrices) {
    let fleet = fleet();
    let ground = Ground { posted, ..Ground::bare(&fleet) };
    let session = Session { ground, ..session(&fleet, policy, bids) };
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    let transfers = posting::transfers(&session, &outcome);
    assert_eq!(residuals(&session, &outcome, &transfers), Residuals::default());
    let after = posted_prices::after(&session, &outcome);
    (outcome, after)
}

/// The price of the layer, in micro-credits per 10^6 base units and hour.
fn stated(posted: &PostedPrices) -> u64 {
    posted[&(Owner::Node(LAYER), Kind::Bandwidth)].standing.price.stated()
}

#[test]
fn no_bidder_takes_more_than_it_may() {
    let rules = policy(vec![AccountClass { holder_cap_permille: 400, ..at_posted_price() }]);
    let second = AccountBid { group: GroupIndex(9), ..bid(0, 500, &[wish(LAYER, 3, (0, 1))]) };
    let bids = [bid(0, 500, &[wish(LAYER, 3, (0, 1))]), second, bid(1, 500, &[wish(LAYER, 3, (0, 1))])];
    let (outcome, _) = round(&rules, &bids, posted_prices::none());
    let mut own: Vec<_> = outcome.fates[..2].iter().map(|fate| fate.result).collect();
    own.sort_unstable();
    assert_eq!(own, [Ok(Money(30)), Err(Lost::Supply)]);
    assert_eq!(outcome.fates[2].result, Ok(Money(30)));
}

#[test]
fn what_is_told_is_what_all_pay_and_the_next_round_begins_where_demand_has_moved_it() {
    let rules = policy(vec![at_posted_price()]);
    // Twelve millions are asked for of ten, eight of which are the target: the excess is ln 1.5, half of it more than an eighth.
    let bids: Vec<AccountBid> = (0..3).map(|bidder| bid(bidder, 500, &[wish(LAYER, 4, (0, 1))])).collect();
    let mut posted = PostedPrices::new();
    for step in 0..9 {
        let (outcome, after) = round(&rules, &bids, &posted);
        let [price] = outcome.classes[0].prices.values().copied().collect::<Vec<u64>>()[..] else { panic!() };
        assert_eq!(u128::from(price), 10 * 9_u128.pow(step) / 8_u128.pow(step));
        for paid in outcome.fates.iter().filter_map(|fate| fate.result.ok()) {
            assert_eq!(paid, Money(4 * i64::try_from(price).unwrap()));
        }
        posted = after;
    }
    assert!(stated(&posted) > 25);
    // Where nobody bids for the layer the price falls by as much, down to its reserve price.
    let elsewhere = [bid(0, 500, &[wish(CELL, 1, (0, 1))])];
    for _ in 0..9 {
        let before = stated(&posted);
        posted = round(&rules, &elsewhere, &posted).1;
        assert!(stated(&posted) < before || before == 10);
    }
    assert_eq!(stated(&posted), 10);
}

#[test]
fn a_price_that_swings_is_found_out_across_rounds_and_one_that_settles_is_not() {
    let rules = policy(vec![AccountClass { price_cap: None, ..at_posted_price() }]);
    // Ten millions at one value: all of them are asked for, or none, which no price settles.
    let all_alike: Vec<AccountBid> = (0..10).map(|at| bid(at, 20, &[wish(LAYER, 1, (0, 1))])).collect();
    let values: Vec<AccountBid> = (1..=20).map(|at| bid(at, 10 * i64::from(at), &[wish(LAYER, 1, (0, 1))])).collect();
    for (bids, rounds, swings) in [(&all_alike, 15, false), (&all_alike, 40, true), (&values, 60, false)] {
        let mut posted = PostedPrices::new();
        for _ in 0..rounds {
            posted = round(&rules, bids, &posted).1;
        }
        let found: Vec<_> = posted_prices::swinging(&posted).collect();
        let expected = [(Owner::Node(LAYER), Kind::Bandwidth)];
        assert_eq!(found, expected[..usize::from(swings)], "after {rounds} rounds");
        assert_eq!(posted[&expected[0]].wobble.excesses().len(), rounds.min(16));
    }
}

#[test]
fn a_price_settles_where_the_target_is_asked_for() {
    // One million each, worth 10, 20, up to 200: eight pay 121 to 130.
    let rules = policy(vec![AccountClass { price_cap: None, ..at_posted_price() }]);
    let bids: Vec<AccountBid> =
        (1..=20).map(|bidder| bid(bidder, 10 * i64::from(bidder), &[wish(LAYER, 1, (0, 1))])).collect();
    let mut posted = PostedPrices::new();
    for _ in 0..60 {
        posted = round(&rules, &bids, &posted).1;
    }
    let asking = bids.iter().filter(|bid| bid.amount.micro_credits() >= stated(&posted)).count();
    assert!((7..=9).contains(&asking), "{asking} at {}", stated(&posted));
}

#[test]
fn of_a_group_one_bid_is_asked_for() {
    // Two bids for eight of one group are eight, which is the target: the price stays.
    let rules = policy(vec![at_posted_price()]);
    let bids = [0, 1].map(|_| bid(0, 500, &[wish(LAYER, 8, (0, 1))]));
    assert_eq!(stated(&round(&rules, &bids, posted_prices::none()).1), 10);
    // What nobody would pay for at the price is not asked for either.
    let bids = [bid(0, 500, &[wish(LAYER, 8, (0, 1))]), bid(1, 79, &[wish(LAYER, 8, (0, 1))])];
    assert_eq!(stated(&round(&rules, &bids, posted_prices::none()).1), 10);
}

#[test]
fn of_a_group_the_lot_may_serve_the_bid_that_gains_less() {
    // Both cost 50: who is served with the first would have gained 40 more by leaving it out.
    let bids = [(60, (0, 1)), (100, (1, 2))].map(|(amount, hours)| bid(0, amount, &[wish(LAYER, 5, hours)]));
    let regrets = (0..8).map(|seed| {
        let mut rules = policy(vec![at_posted_price()]).rules().clone();
        rules.tie_break_seed = seed;
        let (policy, fleet) = (Policy::new(rules).unwrap(), fleet());
        let session = session(&fleet, &policy, &bids);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let is_first = outcome.fates[0].result.is_ok();
        (is_first, probe::regret(&session, &outcome, &Stop::new()).bidders.most)
    });
    let found: std::collections::BTreeSet<(bool, i64)> = regrets.collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(false, 0), (true, 40)]);
}

#[test]
fn a_bid_that_came_after_another_of_its_group_counts_in_the_bound() {
    // The lot serves one of the two, and the bound is of the other where that is worth more.
    let bids = [
        bid(0, 50, &[wish(LAYER, 4, (0, 1))]),
        AccountBid { amount: Money(4_000), ..bid(0, 0, &[wish(LAYER, 4, (0, 1))]) },
    ];
    for seed in 0..8 {
        let mut rules = policy(vec![at_posted_price()]).rules().clone();
        rules.tie_break_seed = seed;
        let (policy, fleet) = (Policy::new(rules).unwrap(), fleet());
        let session = session(&fleet, &policy, &bids);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let bound = supporting_prices::find(&session, &outcome, &outcome.classes[0], &Stop::new()).bound;
        assert!(bound >= 3_960, "{bound}");
    }
}
