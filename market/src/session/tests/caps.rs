//! Price caps: where they bind, truth is not best under any rule.

use super::*;

/// Bids count for at most 1,000 for a million and hour.
fn capped(format: Format, payment: PaymentRule) -> Policy {
    policy(vec![class("links", Level::Layer, format, payment)])
}

#[test]
fn who_is_capped_gains_by_asking_for_more() {
    // Of ten millions four are worth 9,000 to the one, and count for 4,000; seven are worth 7,000 to the other. Eight count for
    // 8,000, which wins: under VCG at the reserve price of 80 and the 6,930 beyond theirs that the other loses, and by the
    // order of v / sqrt(w) at the least v with v^2 / 8 > 7,000^2 / 7.
    let other = bid(1, 7_000, &[wish(LAYER, 7, (0, 1))]);
    for (format, payment, pays) in
        [(Format::SealedBid, PaymentRule::Vcg, 7_010), (Format::Greedy, PaymentRule::CriticalBid, 7_484)]
    {
        let asks_for = |millions| {
            results(&capped(format, payment), &[bid(0, 9_000, &[wish(LAYER, millions, (0, 1))]), other.clone()])
        };
        assert_eq!(asks_for(4)[0], Err(Lost::Outbid), "{payment:?}");
        assert_eq!(asks_for(8), [Ok(pays), Err(Lost::Outbid)], "{payment:?}");
    }
}

#[test]
fn who_is_capped_gains_by_stating_less_under_vcg() {
    // Two millions are worth 9,000 and count for 2,000, three are worth 3,500 and count for 3,000: those are won, for 30. At half
    // of both the two count for more, and are won for 20.
    let bids = [bid(0, 9_000, &[wish(LAYER, 2, (0, 1))]), bid(0, 3_500, &[wish(LAYER, 3, (0, 1))])];
    let (fleet, policy) = (fleet(), capped(Format::SealedBid, PaymentRule::Vcg));
    let session = session(&fleet, &policy, &bids);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    assert_eq!(outcome.fates[1].result, Ok(Money(30)));
    let regret = probe::regret(&session, &outcome, &Stop::new());
    assert_eq!(regret.bidders.most, (9_000 - 20) - (3_500 - 30));
}
