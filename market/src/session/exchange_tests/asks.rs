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
