//! What offers that sold nothing could have asked.

use super::*;
use crate::session::why_offer::why_offer;

#[test]
fn an_offer_that_sold_nothing_is_told_what_it_could_have_asked() {
    // Five million at 1,500: the first asks 500 for them, the second 1,000, the third is for another account.
    let [five, other] = [wish(0, 5), wish(1, 5)];
    let bids = [bid(0, 1_500, &[five])];
    let offers = [offer(0, 100, &[five]), offer(1, 200, &[five]), offer(2, 10, &[other])];
    let fleet = fleet();
    let policy = policy(Format::DoubleAuction, PaymentRule::Vcg);
    let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
    let why = |offer| why_offer(&session, offer, &Stop::new()).unwrap();
    assert_eq!(why(0), None);
    let second = why(1).unwrap();
    assert_eq!((second.lost, second.against), (Lost::Outbid, vec![0]));
    // Of a price of 99 a million it is sure; at 100 the first is as good.
    assert!([495, 500].contains(&second.dearest.unwrap().0), "{:?}", second.dearest);
    // Nobody wants what the third has, at any price, nor for nothing.
    let third = why(2).unwrap();
    assert_eq!((third.lost, third.dearest, third.against), (Lost::Outbid, None, vec![]));
}

#[test]
fn under_every_rule_an_offer_that_asks_what_it_is_told_sells() {
    let five = wish(0, 5);
    let bids = [bid(0, 1_500, &[five]), bid(1, 900, &[five])];
    let offers = [offer(0, 100, &[five]), offer(1, 320, &[five])];
    let fleet = fleet();
    for (format, payment) in [
        (Format::DoubleAuction, PaymentRule::Uniform),
        (Format::DoubleAuction, PaymentRule::Vcg),
        (Format::UnitDemand, PaymentRule::Vcg),
    ] {
        let policy = policy(format, payment);
        let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
        let why = why_offer(&session, 1, &Stop::new()).unwrap().unwrap();
        // The second bid pays 900 for five: it sells at 180 a million, and not at 181.
        assert_eq!((why.lost, why.dearest, why.against), (Lost::Outbid, Some(Money(900)), vec![]), "{format:?}");
    }
}

#[test]
fn what_asks_for_nothing_sells_where_what_else_is_offered_stays() {
    // The best trades are with the second, but have no prices; without it the first serves the greater bid.
    let (one, other) = (wish(0, 1), wish(1, 1));
    let bids = [bid(0, 600, &[one]), bid(1, 200, &[one]), bid(2, 900, &[other])];
    let offers = [offer(0, 0, &[one]), offer(1, 250, &[wish(0, 3), other])];
    let policy = policy(Format::DoubleAuction, PaymentRule::Uniform);
    let outcome = cleared(&policy, &bids, &offers);
    let fleet = fleet();
    let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
    look(&session, &outcome);
    assert!(outcome.fates[0].result.is_ok() && outcome.offer_fates[0].result.is_ok(), "{outcome:?}");
}
