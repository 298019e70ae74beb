//! What sampled misreports of both sides would have gained.

use super::*;
use crate::session::probe::{self, Tried};

/// Rules that take so many thousandths of what sellers get.
fn at_fee((format, payment): (Format, PaymentRule), seller_permille: u32) -> Policy {
    let mut rules = policy(format, payment).rules().clone();
    rules.fees.seller_permille = seller_permille;
    Policy::new(rules).unwrap()
}

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

    /// VCG on both sides, without a fee of sellers, leaves nobody anything to gain, and all of both sides are tried, four
    /// misreports each.
    #[test]
    fn no_sampled_misreport_of_either_side_gains_under_vcg(bids in side(1..200, 4), offers in side(1..40, 3)) {
        let policy = at_fee((Format::DoubleAuction, PaymentRule::Vcg), 0);
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
    let found = regret(&at_fee((Format::DoubleAuction, PaymentRule::Uniform), 0), &bids, &offers);
    assert_eq!(found, (Tried { count: 4, most: 25 }, Tried { count: 4, most: 5 }));
}

#[test]
fn a_seller_of_an_item_regrets_an_ask_below_what_its_bidder_would_pay() {
    // What it asks is what it gets, as long as nobody else wants the item; the bidder cannot make it cheaper.
    let bids = [bid(0, 100, &[wish(0, 1)])];
    let found = regret(&at_fee((Format::UnitDemand, PaymentRule::Vcg), 0), &bids, &[offer(1, 40, &[wish(0, 1)])]);
    assert_eq!(found, (Tried { count: 4, most: 0 }, Tried { count: 4, most: 40 }));
}

#[test]
fn a_fee_that_leaves_sellers_what_they_ask_is_less_for_who_asks_more() {
    // Two of three buyers trade with sellers at 60 and 92, under each rule at 100 or near it. The fee is a tenth of that, but no
    // more than what a seller gets beyond its ask: at 92 it takes all of it, at 97 it leaves the rest.
    let bids = [100, 100, 98];
    let bids: Vec<AccountBid> = (0..).zip(bids).map(|(at, amount)| bid(at, amount, &[wish(0, 1)])).collect();
    let offers: Vec<AccountOffer> =
        (1..).zip([92, 60, 100]).map(|(at, price)| offer(at, price, &[wish(0, 1)])).collect();
    for payment in [PaymentRule::Vcg, PaymentRule::TradeReduction] {
        let of_sellers = |permille| regret(&at_fee((Format::DoubleAuction, payment), permille), &bids, &offers).1;
        assert_eq!(of_sellers(0), Tried { count: 12, most: 0 }, "{payment:?}");
        assert_eq!(of_sellers(100), Tried { count: 12, most: 5 }, "{payment:?}");
    }
}

#[test]
fn offers_that_no_class_takes_are_not_tried() {
    let (bids, offers) = ([bid(0, 100, &[wish(0, 1)])], [offer(1, 10, &[wish(0, 1)])]);
    let found = regret(&policy(Format::SealedBid, PaymentRule::PayAsBid), &bids, &offers);
    // Half of 100 would have won as well.
    assert_eq!(found, (Tried { count: 4, most: 50 }, Tried::default()));
}
