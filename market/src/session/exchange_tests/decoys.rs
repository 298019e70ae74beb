//! Where the truth of sellers ends: more is offered than may trade.

use super::*;

#[test]
fn decoys_pay_where_more_is_offered_than_may_trade() {
    // One buyer of five millions at 1,000. The first seller's cost is 100 for them, the second's 500; ten may trade.
    let bids = [bid(0, 1_000, &[wish(0, 5)])];
    let truth = [offer(1, 20, &[wish(0, 5)]), offer(2, 100, &[wish(0, 5)])];
    let decoy = offer(2, 100_000, &[wish(0, 5)]);
    let gain = |offers: &[AccountOffer], seed: u64| {
        let mut rules = policy(Format::DoubleAuction, PaymentRule::Vcg).rules().clone();
        rules.tie_break_seed = seed;
        let outcome = cleared(&Policy::new(rules).unwrap(), &bids, offers);
        outcome.offer_fates[1].result.map_or(0, |gets| gets.0 - 500)
    };
    let [first, second] = truth;
    let with_decoy = [first.clone(), second.clone(), decoy];
    // Where both enter the second sells nothing. Where its decoy takes the place of the first, it sells at what the buyer would
    // pay.
    let gains: Vec<(i64, i64)> =
        (0..30).map(|seed| (gain(&[first.clone(), second.clone()], seed), gain(&with_decoy, seed))).collect();
    assert!(gains.iter().all(|gain| gain.0 == 0), "{gains:?}");
    assert!(gains.iter().any(|gain| gain.1 == 500) && gains.iter().any(|gain| gain.1 == 0), "{gains:?}");
}
