//! The plain program of sealed bids: HiGHS finds nothing that is better than the best, and what is better than a worse choice.

use std::collections::BTreeMap;

use super::*;
use crate::session::check::Told;
use crate::session::check::program::{ClassProgram, Verdict};

/// What HiGHS says of the surplus of the first class, of so much less, and of what is paid there.
pub(super) fn verdicts(session: &Session<'_>, outcome: &SessionOutcome, less: u128) -> [Verdict; 3] {
    let surpluses = outcome.classes.iter().map(|class| (class.class, class.surplus)).collect::<BTreeMap<_, _>>();
    let told =
        Told { fates: &outcome.fates, offer_fates: &[], surpluses: &surpluses, is_settled: true, transfers: &[] };
    let program = ClassProgram::of(session, &told, 0).unwrap();
    let stop = Stop::new();
    let surplus = surpluses.get(&0).copied().unwrap_or(0);
    [program.beyond(surplus, &stop), program.beyond(surplus.saturating_sub(less), &stop), program.blocking(&stop)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What the packing solver proves to be the best, HiGHS confirms, and no coalition blocks core payments; what is less than the
    /// best by more than a margin it contradicts.
    #[test]
    fn the_best_winners_and_core_payments_are_confirmed(bids in any_bids()) {
        let (fleet, policy) = (fleet(), sealed(PaymentRule::Core));
        let session = session(&fleet, &policy, &bids);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let surplus = outcome.classes.first().map_or(0, |class| class.surplus);
        let [best, less, core] = verdicts(&session, &outcome, 3);
        prop_assert!(matches!(best, Verdict::Confirmed { .. }), "{best:?} {outcome:?}");
        prop_assert!(matches!(core, Verdict::Confirmed { .. }), "{core:?} {outcome:?}");
        if surplus >= 3 {
            prop_assert!(matches!(less, Verdict::Contradicted { by: 1..=3 }), "{less:?}");
        }
    }
}

#[test]
fn a_coalition_that_could_pay_more_is_found() {
    // Two small bidders win the halves at 200 each and pay the reserve price of 50 under VCG; the large one would pay 250 for both.
    let wide = [wish(LAYER, 10, (0, 1))];
    let half = [wish(LAYER, 5, (0, 1))];
    let bids = [bid(0, 200, &half), bid(1, 200, &half), bid(2, 250, &wide)];
    for (payment, by) in [(PaymentRule::Vcg, Some(150)), (PaymentRule::Core, None)] {
        let (fleet, policy) = (fleet(), sealed(payment));
        let session = session(&fleet, &policy, &bids);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let paid: Vec<_> = outcome.fates.iter().map(|fate| fate.result.map(|paid| paid.0)).collect();
        assert_eq!(paid[2], Err(Lost::Outbid), "{paid:?}");
        let core = verdicts(&session, &outcome, 0)[2];
        match by {
            Some(by) => assert_eq!((&paid[..2], core), (&[Ok(50); 2][..], Verdict::Contradicted { by })),
            None => assert!(matches!(core, Verdict::Confirmed { .. }), "{core:?} {paid:?}"),
        }
    }
}

#[test]
fn what_one_bidder_may_win_is_part_of_the_program() {
    // Two groups of one bidder, who may win six of ten millions: one of them alone is the best there is.
    let two = |group, amount| AccountBid { group: GroupIndex(group), ..bid(0, amount, &[wish(LAYER, 4, (0, 1))]) };
    let bids = [two(0, 900), two(1, 800)];
    let mut capped = class("links", Level::Layer, Format::SealedBid, PaymentRule::PayAsBid);
    capped.holder_cap_permille = 600;
    let (fleet, policy) = (fleet(), policy(vec![capped]));
    let session = session(&fleet, &policy, &bids);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    assert_eq!(outcome.classes[0].surplus, 860);
    let [best, less, _] = verdicts(&session, &outcome, 10);
    assert!(matches!(best, Verdict::Confirmed { .. }), "{best:?}");
    assert_eq!(less, Verdict::Contradicted { by: 10 });
}
