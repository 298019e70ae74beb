//! A bid that wins goes on winning when it alone is raised.

use super::ties::{RULES, seeded};
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// In every format but at uniform prices of both sides; of a group of several bids where the format takes such.
    #[test]
    fn a_winning_bid_that_is_raised_goes_on_winning(
        rule in 0..=RULES.len(), bids in side(1..200, 6), offers in side(1..40, 3), more in 1..100_i64, is_grouped in any::<bool>(),
    ) {
        let rule = RULES.get(rule).copied().unwrap_or((Format::SealedBid, PaymentRule::Uniform));
        let policy = seeded(rule, 1);
        let class = &policy.rules().classes[0];
        let mut bids = bids_of(&bids);
        if is_grouped && !class.takes_one_bundle() {
            for (bid, at) in bids.iter_mut().zip(0..) {
                (bid.bidder, bid.group) = (BidderIndex(at % 3), GroupIndex(at % 3));
            }
        }
        let offers = if class.format.takes_offers() { offers_of(&offers) } else { Vec::new() };
        let outcome = cleared(&policy, &bids, &offers);
        for at in (0..bids.len()).filter(|&at| outcome.fates[at].result.is_ok()) {
            let mut raised = bids.clone();
            raised[at].amount.0 += more;
            prop_assert!(cleared(&policy, &raised, &offers).fates[at].result.is_ok(), "{rule:?} {at}");
        }
    }
}
