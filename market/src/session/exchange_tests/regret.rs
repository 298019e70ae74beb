//! What sampled misreports of both sides would have gained.

use super::*;
use crate::session::probe::{self, Tried};

/// What bidders and what sellers would have gained.
fn regret(policy: &Policy, bids: &[AccountBid], offers: &[AccountOffer]) -> (Tried, Tried) {
    let fleet = fleet();
    let session = session(Ground::bare(&fleet), policy, bids, offers);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    let found = probe::regret(&session, &outcome, &Stop::new());
    assert_eq!((found.unfinished, found.is_cut), (0, false));
    (found.bidders, found.sellers)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// VCG on both sides leaves nobody anything to gain, and all of both sides are tried, four misreports each.
    #[test]
    fn no_sampled_misreport_of_either_side_gains_under_vcg(bids in side(1..200, 4), offers in side(1..40, 3)) {
        let policy = policy(Format::DoubleAuction, PaymentRule::Vcg);
        let found = regret(&policy, &bids_of(&bids), &offers_of(&offers));
        let none_of = |side: &Side| Tried { count: 4 * u32::try_from(side.len()).unwrap(), most: 0 };
        prop_assert_eq!(found, (none_of(&bids), none_of(&offers)));
    }
}

#[test]
fn who_sets_a_uniform_price_regrets_what_it_stated() {
    // One of each side: the price is in the middle of 10 and 100. A bid of 50 makes it 30, and an ask of 20 makes it 60.
    let bids = [AccountBid { is_divisible: true, ..bid(0, 100, &[wish(0, 1)]) }];
    let offers = [AccountOffer { is_divisible: true, ..offer(1, 10, &[wish(0, 1)]) }];
    let found = regret(&policy(Format::DoubleAuction, PaymentRule::Uniform), &bids, &offers);
    assert_eq!(found, (Tried { count: 4, most: 25 }, Tried { count: 4, most: 5 }));
}

#[test]
fn a_seller_of_an_item_regrets_an_ask_below_what_its_bidder_would_pay() {
    // What it asks is what it gets, as long as nobody else wants the item; the bidder cannot make it cheaper.
    let bids = [bid(0, 100, &[wish(0, 1)])];
    let found = regret(&policy(Format::UnitDemand, PaymentRule::Vcg), &bids, &[offer(1, 40, &[wish(0, 1)])]);
    assert_eq!(found, (Tried { count: 4, most: 0 }, Tried { count: 4, most: 40 }));
}

#[test]
fn offers_that_no_class_takes_are_not_tried() {
    let (bids, offers) = ([bid(0, 100, &[wish(0, 1)])], [offer(1, 10, &[wish(0, 1)])]);
    let found = regret(&policy(Format::SealedBid, PaymentRule::PayAsBid), &bids, &offers);
    // Half of 100 would have won as well.
    assert_eq!(found, (Tried { count: 4, most: 50 }, Tried::default()));
}
