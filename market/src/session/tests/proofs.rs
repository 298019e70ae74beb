//! What a certificate says: bounds, coalitions that would block payments, and misreports.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The bound that prices prove is of every choice of the bids, also where the format takes another: what is best of them is
    /// worth no more, and where nothing is scarce, so that all win, the bound is what they are worth.
    #[test]
    fn the_bound_of_a_format_without_one_is_above_the_best_choice(bids in any_bids(), is_posted in any::<bool>()) {
        let alone = (0..).zip(bids).map(|(at, bid)| AccountBid { bidder: BidderIndex(at), group: GroupIndex(at), ..bid });
        let bids: Vec<AccountBid> = alone.collect();
        let greedy = class("links", Level::Layer, Format::Greedy, PaymentRule::CriticalBid);
        let any = class("links", Level::Layer, Format::SealedBid, PaymentRule::PayAsBid);
        let policies = [if is_posted { at_posted_price() } else { greedy }, any];
        let (fleet, stop) = (fleet(), Stop::new());
        let [own, best] = policies.map(|class| {
            let policy = policy(vec![class]);
            let session = session(&fleet, &policy, &bids);
            let outcome = clear_session(&session, &stop).unwrap();
            let classes = outcome.classes.iter().map(|class| {
                (class.surplus, supporting_prices::find(&session, &outcome, class, &stop).bound, class.bound)
            });
            (classes.collect::<Vec<_>>(), outcome.fates.iter().filter(|fate| fate.result.is_ok()).count())
        });
        for ((surplus, bound, of_format), (most, ..)) in own.0.iter().zip(&best.0) {
            prop_assert_eq!(*of_format, None);
            prop_assert!(surplus <= most && most <= bound, "{surplus} of {most}, bound {bound}");
            prop_assert!(best.1 < bids.len() || surplus == bound, "all win: {surplus}, bound {bound}");
        }
    }

    /// Core payments leave no coalition that would rather deal with the seller; VCG payments may.
    #[test]
    fn core_payments_are_not_blocked(bids in any_bids()) {
        let policy = sealed(PaymentRule::Core);
        let fleet = fleet();
        let session = session(&fleet, &policy, &bids);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let violation = probe::core_violation(&session, &outcome, &Stop::new()).unwrap();
        prop_assert_eq!(violation, Some(0));
    }

    /// With VCG no sampled misreport gains; bids are what bundles are worth, and one bidder states one group.
    #[test]
    fn no_sampled_misreport_gains_under_vcg(bids in any_bids()) {
        let bids = bids.into_iter().map(|bid| {
            AccountBid { group: GroupIndex(bid.bidder.0), amount: Money(bid.amount.0 % 60), ..bid }
        });
        let bids: Vec<AccountBid> = bids.collect();
        let mut free = class("links", Level::Layer, Format::SealedBid, PaymentRule::Vcg);
        (free.reserve, free.price_cap) = (Reserve::Fixed(0), None);
        let policy = policy(vec![free]);
        let fleet = fleet();
        let session = session(&fleet, &policy, &bids);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let regret = probe::regret(&session, &outcome, &Stop::new());
        prop_assert_eq!(regret.bidders.most, 0);
    }
}

#[test]
fn a_winner_by_two_groups_keeps_its_gain_once() {
    // x, y, z1 and z2 are an hour each: the first bidder wants x and, apart from that, y; the second x or both z.
    let hours = [(10, (0, 1)), (5, (1, 2)), (5, (2, 3)), (5, (3, 4))];
    let of = |bidder, group, amount, good: usize| AccountBid {
        group: GroupIndex(group),
        ..bid(bidder, amount, &[wish(LAYER, hours[good].0, hours[good].1)])
    };
    let both = AccountBid { group: GroupIndex(2), ..bid(1, 8, &[wish(LAYER, 5, (2, 4))]) };
    let bids = [of(0, 0, 10, 0), of(0, 1, 10, 1), of(1, 2, 3, 0), both, of(2, 3, 3, 1), of(3, 4, 5, 2), of(4, 5, 5, 3)];
    let mut free = class("links", Level::Layer, Format::SealedBid, PaymentRule::Vcg);
    free.reserve = Reserve::Fixed(0);
    for (payment, violation) in [(PaymentRule::Vcg, 2), (PaymentRule::Core, 0)] {
        let policy = policy(vec![AccountClass { payment, ..free.clone() }]);
        let fleet = fleet();
        let session = session(&fleet, &policy, &bids);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let paid: i64 = outcome.fates.iter().filter_map(|fate| fate.result.ok()).map(|paid| paid.0).sum();
        // At VCG 3 for each good: the first two bidders would pay 14 together and have what they have now.
        assert_eq!(paid, 14 - violation);
        assert_eq!(
            probe::core_violation(&session, &outcome, &Stop::new()),
            Ok(Some(u128::try_from(violation).unwrap()))
        );
    }
}

#[test]
fn what_a_budget_keeps_out_blocks_no_payments() {
    // The second bidder offers the most and has nothing: once its bid is lowered, it could pay, but it was not in the round.
    let bids = [bid(0, 200, &[wish(LAYER, 8, (0, 1))]), bid(1, 900, &[wish(LAYER, 8, (0, 1))])];
    let (fleet, policy) = (fleet(), sealed(PaymentRule::Core));
    let session = Session { budgets: Some(&[1_000, 500]), ..session(&fleet, &policy, &bids) };
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    assert_eq!(outcome.fates[1].result, Err(Lost::Budget));
    assert_eq!(probe::core_violation(&session, &outcome, &Stop::new()), Ok(Some(0)));
}

#[test]
fn payments_that_were_not_settled_are_blocked_by_nobody() {
    // Two of four terms fit, and with a stop that is raised nothing shows that they are the best two.
    let amounts = [500, 490, 480, 470];
    let bids: Vec<AccountBid> =
        (0..4).zip(amounts).map(|(bidder, amount)| bid(bidder, amount, &[wish(LAYER, 4, (0, 1))])).collect();
    let (fleet, policy, raised) = (fleet(), sealed(PaymentRule::Core), Stop::new());
    raised.raise();
    let session = session(&fleet, &policy, &bids);
    for (stop, nothing, violation) in [(&raised, true, None), (&Stop::new(), false, Some(0))] {
        let outcome = clear_session(&session, stop).unwrap();
        assert_eq!(outcome.settled_nothing(), nothing);
        assert_eq!(outcome.fates.iter().all(|fate| fate.result == Err(Lost::Unsettled)), nothing);
        assert_eq!(probe::core_violation(&session, &outcome, &Stop::new()), Ok(violation));
    }
}

#[test]
fn who_would_gain_at_a_price_of_all_may_block_it() {
    // Ten millions: five for 1,000 and five for 200, so that a million costs 40 at most. Nine for 420 would pay
    // more than both do, and leave a million whose reserve price is 10.
    let bids = [(0, 1_000, 5), (1, 200, 5), (2, 420, 9)]
        .map(|(at, amount, millions)| bid(at, amount, &[wish(LAYER, millions, (0, 1))]));
    let (fleet, policy) = (fleet(), sealed(PaymentRule::Uniform));
    let session = session(&fleet, &policy, &bids);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    let results: Vec<_> = outcome.fates.iter().map(|fate| fate.result.map(|paid| paid.0)).collect();
    assert_eq!(results, [Ok(200), Ok(200), Err(Lost::Paradox)]);
    assert_eq!(probe::core_violation(&session, &outcome, &Stop::new()), Ok(Some(30)));
}
