//! Bids that nothing tells apart: the seed's lot decides in every format, favors none, and losers are told so.

use super::*;
use crate::posted::Steering;

/// Rules of whole bids, but one price for all.
pub(super) const RULES: [(Format, PaymentRule); 9] = [
    (Format::SealedBid, PaymentRule::PayAsBid),
    (Format::SealedBid, PaymentRule::Vcg),
    (Format::SealedBid, PaymentRule::Core),
    (Format::SealedBid, PaymentRule::NearestCore),
    (Format::Greedy, PaymentRule::CriticalBid),
    (Format::Posted, PaymentRule::PostedPrice),
    (Format::UnitDemand, PaymentRule::Vcg),
    (Format::DoubleAuction, PaymentRule::Vcg),
    (Format::DoubleAuction, PaymentRule::TradeReduction),
];

/// Rules of a format for a seed.
pub(super) fn seeded((format, payment): (Format, PaymentRule), tie_break_seed: u64) -> Policy {
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

/// Seeds under which it is counted how often each of four wins.
const SEEDS: u64 = 400;

/// Where so many of four win under each seed, each wins as often as the others, up to four standard deviations.
fn assert_fair(wins: [u64; 4], winners: u64, rule: (Format, PaymentRule)) {
    let fair = SEEDS * winners / 4;
    // A variance of 400 / 4 x 3 / 4 at most.
    assert!(wins.iter().all(|&wins| wins.abs_diff(fair) <= 40), "{rule:?} {wins:?} of {fair}");
}

#[test]
fn in_every_format_the_lot_decides_between_equal_bids_and_says_so() {
    // Of ten millions two of four get four each; where sellers offer, two do.
    let bids: Vec<AccountBid> = (0..4).map(|bidder| bid(bidder, 100, &[wish(0, 4)])).collect();
    let offers = [offer(1, 10, &[wish(0, 4)]), offer(2, 10, &[wish(0, 4)])];
    for rule in RULES.into_iter().chain([(Format::DoubleAuction, PaymentRule::Uniform)]) {
        // Trade reduction gives up the last pair, which is as good as the other.
        let winners = if rule.1 == PaymentRule::TradeReduction { 1 } else { 2 };
        let mut wins = [0; 4];
        for seed in 0..SEEDS {
            let policy = seeded(rule, seed);
            let offers = if rule.0.takes_offers() { &offers[..] } else { &[] };
            let (bought, sold) = results(&cleared(&policy, &bids, offers));
            let won = bought.iter().filter(|result| result.is_ok());
            assert_eq!(won.count() as u64, winners, "{rule:?} {bought:?}");
            let lost = bought.iter().chain(&sold).filter(|result| result.is_err());
            assert!(lost.clone().all(|result| *result == Err(Lost::Lot)), "{rule:?} {bought:?} {sold:?}");
            (0..4).for_each(|at| wins[at] += u64::from(bought[at].is_ok()));
        }
        assert_fair(wins, winners, rule);
    }
}

#[test]
fn in_parts_the_lot_decides_between_equal_limits_and_says_so() {
    let part = |one: AccountBid| AccountBid { is_divisible: true, ..one };
    let bids: Vec<AccountBid> = (0..4).map(|bidder| part(bid(bidder, 100, &[wish(0, 4)]))).collect();
    let offers = [AccountOffer { is_divisible: true, ..offer(1, 10, &[wish(0, 4)]) }];
    let rule = (Format::DoubleAuction, PaymentRule::Uniform);
    let mut wins = [0; 4];
    for seed in 0..SEEDS {
        let (bought, _) = results(&cleared(&seeded(rule, seed), &bids, &offers));
        assert_eq!(bought.iter().filter(|result| **result == Ok(100)).count(), 1, "{bought:?}");
        assert_eq!(bought.iter().filter(|result| **result == Err(Lost::Lot)).count(), 3, "{bought:?}");
        (0..4).for_each(|at| wins[at] += u64::from(bought[at].is_ok()));
    }
    assert_fair(wins, 1, rule);
}

#[test]
fn who_loses_to_several_who_are_worth_as_much_was_outbid() {
    // Eight millions for 200, or four each for 100 and 100: which is chosen is left to the search, and no lot.
    let bids = [bid(0, 200, &[wish(0, 8)]), bid(1, 100, &[wish(0, 4)]), bid(2, 100, &[wish(0, 4)])];
    for seed in 0..20 {
        let (bought, _) = results(&cleared(&seeded((Format::SealedBid, PaymentRule::PayAsBid), seed), &bids, &[]));
        let outbid = Err(Lost::Outbid);
        let choices = [[Ok(200), outbid, outbid], [outbid, Ok(100), Ok(100)]];
        assert!(choices.iter().any(|choice| bought == choice), "{bought:?}");
    }
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
