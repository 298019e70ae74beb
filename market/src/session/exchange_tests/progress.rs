//! What is told of a round while it is cleared.

use super::*;
use crate::session::{Paying, Phase, Progress, clear_and_tell};

#[test]
fn winners_are_told_as_they_improve_and_then_payments_with_what_comes_of_them() {
    let bids: Vec<AccountBid> =
        (0..6_u32).map(|at| bid(at, 100 + 7 * i64::from(at), &[wish(0, 2), wish(1, 1)])).collect();
    let offers: Vec<AccountOffer> = (1..4_u32).map(|at| offer(at, 5, &[wish(0, 2), wish(1, 1)])).collect();
    for (format, payment) in [
        (Format::SealedBid, PaymentRule::PayAsBid),
        (Format::SealedBid, PaymentRule::Vcg),
        (Format::SealedBid, PaymentRule::Core),
        (Format::DoubleAuction, PaymentRule::Vcg),
        (Format::DoubleAuction, PaymentRule::Uniform),
        (Format::UnitDemand, PaymentRule::Vcg),
    ] {
        let (policy, fleet) = (policy(format, payment), fleet());
        let offers = if format.takes_offers() { &offers[..] } else { &[] };
        let mut told = Vec::new();
        let session = session(Ground::bare(&fleet), &policy, &bids, offers);
        let outcome = clear_and_tell(&session, &Stop::new(), &mut |progress| told.push(progress)).unwrap();
        let class = &outcome.classes[0];
        let (surplus, bound) = (class.surplus, class.bound.unwrap());
        assert!(surplus > 0);
        let first = told.iter().position(|told| told.phase != Phase::Winners).unwrap();
        let (winners, payments) = told.split_at(first);
        let of = outcome.fates.iter().filter(|fate| fate.result.is_ok()).count();
        let without = (1..=of).map(|solved| Paying::Without { solved, of });
        let is_truthful = payment == PaymentRule::Vcg && format != Format::UnitDemand;
        let paid = outcome.fates.iter().filter_map(|fate| Some(fate.result.ok()?.0 - fate.reserve?.0));
        let revenue = paid.sum::<i64>().unsigned_abs().into();
        let solves = is_truthful || payment == PaymentRule::Core;
        let coalitions = (payment == PaymentRule::Core).then_some(Paying::Coalitions { rounds: 0, held: 0, revenue });
        let steps = [Paying::Begun].into_iter().chain(without.filter(|_| solves)).chain(coalitions);
        let steps: Vec<Progress> =
            steps.map(|step| Progress { class: 0, phase: Phase::Payments(step), surplus, bound }).collect();
        assert_eq!(payments, steps, "{format:?} {payment:?}");
        assert!(!winners.is_empty() && winners.iter().all(|told| told.phase == Phase::Winners), "{winners:?}");
        assert!(winners.iter().all(|told| told.surplus <= surplus && told.bound >= bound), "{winners:?}");
    }
}
