//! Bids that nothing tells apart: the seed's lot decides in every format, and losers are told so.

use super::*;
use crate::posted::Steering;

/// Rules of a format for a seed.
fn seeded((format, payment): (Format, PaymentRule), tie_break_seed: u64) -> Policy {
    let mut rules = policy(Format::SealedBid, PaymentRule::PayAsBid).rules().clone();
    rules.tie_break_seed = tie_break_seed;
    let class = &mut rules.classes[0];
    (class.format, class.payment) = (format, payment);
    class.steering = (format == Format::Posted).then_some(Steering {
        target_permille: 800,
        gain_permille: 500,
        step_max_permille: 125,
        newest_permille: 1_000,
        elasticity_permille: 1_000,
    });
    Policy::new(rules).unwrap()
}

#[test]
fn in_every_format_the_lot_decides_between_equal_bids_and_says_so() {
    // Of ten millions two of four get four each; where sellers offer, two do.
    let bids: Vec<AccountBid> = (0..4).map(|bidder| bid(bidder, 100, &[wish(0, 4)])).collect();
    let offers = [offer(1, 10, &[wish(0, 4)]), offer(2, 10, &[wish(0, 4)])];
    for rule in [
        (Format::SealedBid, PaymentRule::PayAsBid),
        (Format::SealedBid, PaymentRule::Vcg),
        (Format::SealedBid, PaymentRule::Core),
        (Format::SealedBid, PaymentRule::NearestCore),
        (Format::Greedy, PaymentRule::CriticalBid),
        (Format::Posted, PaymentRule::PostedPrice),
        (Format::UnitDemand, PaymentRule::Vcg),
        (Format::DoubleAuction, PaymentRule::Vcg),
        (Format::DoubleAuction, PaymentRule::Uniform),
        (Format::DoubleAuction, PaymentRule::TradeReduction),
    ] {
        let mut winners = std::collections::BTreeSet::new();
        for seed in 0..40 {
            let policy = seeded(rule, seed);
            let offers = if rule.0.takes_offers() { &offers[..] } else { &[] };
            let (bought, sold) = results(&cleared(&policy, &bids, offers));
            // Trade reduction gives up the last pair, which is as good as the other.
            let count = if rule.1 == PaymentRule::TradeReduction { 1 } else { 2 };
            let won =
                |results: &Results| -> Vec<usize> { (0..results.len()).filter(|&at| results[at].is_ok()).collect() };
            assert_eq!(won(&bought).len(), count, "{rule:?} {bought:?}");
            let lost = bought.iter().chain(&sold).filter(|result| result.is_err());
            assert!(lost.clone().all(|result| *result == Err(Lost::Lot)), "{rule:?} {bought:?} {sold:?}");
            winners.extend(won(&bought));
        }
        assert_eq!(winners.len(), 4, "{rule:?}: whoever bids may win");
    }
}

#[test]
fn in_parts_the_lot_decides_between_equal_limits_and_says_so() {
    let part = |one: AccountBid| AccountBid { is_divisible: true, ..one };
    let bids: Vec<AccountBid> = (0..4).map(|bidder| part(bid(bidder, 100, &[wish(0, 4)]))).collect();
    let offers = [AccountOffer { is_divisible: true, ..offer(1, 10, &[wish(0, 4)]) }];
    let (bought, _) = results(&cleared(&seeded((Format::DoubleAuction, PaymentRule::Uniform), 3), &bids, &offers));
    assert_eq!(bought.iter().filter(|result| **result == Ok(100)).count(), 1, "{bought:?}");
    assert_eq!(bought.iter().filter(|result| **result == Err(Lost::Lot)).count(), 3, "{bought:?}");
}

#[test]
fn who_lost_by_lot_is_told_what_wins_and_who_bids_less_was_outbid() {
    let bids = [bid(0, 100, &[wish(0, 8)]), bid(1, 100, &[wish(0, 8)]), bid(2, 99, &[wish(0, 8)])];
    let (policy, fleet) = (seeded((Format::SealedBid, PaymentRule::PayAsBid), 1), fleet());
    let session = session(Ground::bare(&fleet), &policy, &bids, &[]);
    let (bought, _) = results(&cleared(&policy, &bids, &[]));
    let loser = bought.iter().position(|result| *result == Err(Lost::Lot)).unwrap();
    assert_eq!((loser < 2, bought[2]), (true, Err(Lost::Outbid)));
    let found = why::why(&session, loser, &Stop::new()).unwrap().unwrap();
    assert_eq!((found.cheapest, found.against), (Some(Money(101)), vec![1 - loser]));
}
