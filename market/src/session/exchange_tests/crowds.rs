//! Books of many orders: what they take is bounded, and a raised stop ends them.

use super::*;
use crate::session::SessionError;

/// A stop that is up.
fn raised() -> Stop {
    let stop = Stop::new();
    stop.raise();
    stop
}

#[test]
fn many_bidders_for_few_items_are_served_by_what_they_would_pay() {
    let policy = policy(Format::UnitDemand, PaymentRule::Vcg);
    let bids: Vec<AccountBid> = (0..20_000).map(|bidder| bid(bidder, 100 + i64::from(bidder), &[wish(0, 1)])).collect();
    let offers = [offer(1, 5, &[wish(0, 1)]), offer(2, 10, &[wish(0, 1)])];
    let (bought, sold) = results(&cleared(&policy, &bids, &offers));
    // What the third would pay beyond an ask is what both pay beyond it.
    assert_eq!((&sold, bought.iter().filter(|result| result.is_ok()).count()), (&vec![Ok(20_097), Ok(20_097)], 2));
    assert!(bought[19_998..].iter().all(Result::is_ok));
}

#[test]
fn more_pairs_of_bidders_and_items_than_a_round_has_room_for_are_refused() {
    let policy = policy(Format::UnitDemand, PaymentRule::Vcg);
    let small = Wish { quantity: 1, ..wish(0, 1) };
    let bids: Vec<AccountBid> = (0..2_200).map(|bidder| bid(bidder, 100, &[small])).collect();
    let offers: Vec<AccountOffer> = (1..=2_200).map(|seller| offer(seller, 5, &[small])).collect();
    let fleet = fleet();
    let refused = clear_session(&session(Ground::bare(&fleet), &policy, &bids, &offers), &Stop::new()).unwrap_err();
    assert_eq!(refused, SessionError::TooManyPairs { most: 1 << 22 });
}

#[test]
fn a_raised_stop_ends_formats_that_need_no_program() {
    let fleet = fleet();
    let bids = [bid(0, 100, &[wish(0, 1)]), bid(1, 90, &[wish(0, 1)])];
    for (rule, offers) in [
        ((Format::UnitDemand, PaymentRule::Vcg), &[offer(1, 5, &[wish(0, 1)])][..]),
        ((Format::Greedy, PaymentRule::CriticalBid), &[]),
    ] {
        let policy = policy(rule.0, rule.1);
        let outcome = clear_session(&session(Ground::bare(&fleet), &policy, &bids, offers), &raised()).unwrap();
        assert_eq!(results(&outcome).0, [Err(Lost::Unsettled); 2]);
    }
}

#[test]
fn trade_reduction_pairs_orders_of_one_term_among_many() {
    let policy = policy(Format::DoubleAuction, PaymentRule::TradeReduction);
    let hour = i64::try_from(MICROS_PER_HOUR).unwrap();
    let from = |at: u32| {
        let start = Timestamp(at.into());
        Wish { interval: Interval { start, end: Timestamp(start.0 + hour) }, quantity: 10_000, ..wish(0, 1) }
    };
    // Every term begins at an instant of its own, and has two bids and two offers, of which the worse of each stays out.
    let bids: Vec<AccountBid> = (0..200).map(|at| bid(at, 100 - 10 * i64::from(at % 2), &[from(at / 2)])).collect();
    let price = |at: u32| 500 + 100 * u64::from(at % 2);
    let offers: Vec<AccountOffer> = (0..200).map(|at| offer(at + 1, price(at), &[from(at / 2)])).collect();
    let outcome = cleared(&policy, &bids, &offers);
    assert_eq!(outcome.classes[0].catalog.goods().len(), 199);
    let (bought, sold) = results(&outcome);
    assert!(bought.chunks(2).all(|pair| pair == [Ok(90), Err(Lost::Outbid)]), "{bought:?}");
    assert!(sold.chunks(2).all(|pair| pair == [Ok(6), Err(Lost::Outbid)]), "{sold:?}");
}
