//! Sealed bids at one price for a good.

use super::*;
use crate::book::GoodIndex;

fn uniform() -> Policy {
    sealed(PaymentRule::Uniform)
}

#[test]
fn all_pay_what_keeps_losers_from_wanting_to_win() {
    // Ten million are there. The third, for four at 120, is the highest that loses: 30 a million, of which 10 are the reserve.
    let bids = [(0, 300, 6), (1, 160, 4), (2, 120, 4)]
        .map(|(at, amount, millions)| bid(at, amount, &[wish(LAYER, millions, (0, 1))]));
    let outcome = cleared(&uniform(), &bids);
    let results: Vec<_> = outcome.fates.iter().map(|fate| fate.result.map(|paid| paid.0)).collect();
    assert_eq!(results, [Ok(180), Ok(120), Err(Lost::Outbid)]);
    assert_eq!(outcome.classes[0].prices[&GoodIndex(0)], 30);
}

#[test]
fn who_would_gain_at_the_price_is_told_so() {
    // All ten at 40 a million win from eight at 45: at most 400 are paid, so that eight cost 320 at most, and would gain 40.
    let bids = [bid(0, 400, &[wish(LAYER, 10, (0, 1))]), bid(1, 360, &[wish(LAYER, 8, (0, 1))])];
    assert_eq!(results(&uniform(), &bids), [Ok(400), Err(Lost::Paradox)]);
    let fleet = fleet();
    let policy = uniform();
    let session = session(&fleet, &policy, &bids);
    let why = why::why(&session, 1, &Stop::new()).unwrap().unwrap();
    assert_eq!((why.lost, why.cheapest, why.against), (Lost::Paradox, Some(Money(380)), vec![0]));
}

#[test]
fn a_bidder_that_its_own_cap_keeps_out_moves_no_price() {
    // One bidder may win six of ten, and has two groups for four each: the second competes with nobody.
    let mut rules = uniform().rules().clone();
    rules.classes[0].holder_cap_permille = 600;
    let policy = Policy::new(rules).unwrap();
    let group = |group, bid: AccountBid| AccountBid { group: GroupIndex(group), ..bid };
    let four = |who, amount| bid(who, amount, &[wish(LAYER, 4, (0, 1))]);
    let bids = [group(7, four(0, 200)), group(8, four(0, 190)), four(1, 50)];
    assert_eq!(results(&policy, &bids), [Ok(40), Err(Lost::Outbid), Ok(40)]);
    // Neither does the lot keep it out where both are equal.
    let bids = [group(7, four(0, 200)), group(8, four(0, 200)), four(1, 50)];
    let mut results = results(&policy, &bids);
    results[..2].sort_by_key(Result::is_err);
    assert_eq!(results, [Ok(40), Err(Lost::Outbid), Ok(40)]);
}
