//! Where truth is best under VCG: against bids for other bundles, fewer of them or more, and other groups.

use proptest::prelude::*;

use super::outcome::Outcome;
use super::tests::{books_of, cleared, paid};
use crate::book::{Bid, Book, GroupIndex, Supply};
use crate::policy::PaymentRule;

/// What a bidder who is worth `truth`, its true bids, gains where it reports others: of what it gets, the most that its own bids
/// within that come to, one of a group, less what it pays.
fn payoff(truth: &[Bid], reported: &[Bid], outcome: &Outcome, who: u32) -> i128 {
    let mut got = [0_u64; 3];
    for &at in outcome.winners.iter().filter(|&&at| reported[at].bidder.0 == who) {
        reported[at].bundle.iter().for_each(|&(good, quantity)| got[good.0 as usize] += quantity);
    }
    let worth = (0..1_u32 << truth.len()).filter_map(|subset| {
        let chosen: Vec<&Bid> = (0..truth.len()).filter(|at| subset >> at & 1 == 1).map(|at| &truth[at]).collect();
        let mut groups: Vec<GroupIndex> = chosen.iter().map(|bid| bid.group).collect();
        groups.sort_unstable();
        let mut needs = [0_u64; 3];
        chosen.iter().flat_map(|bid| &bid.bundle).for_each(|&(good, quantity)| needs[good.0 as usize] += quantity);
        let is_got = needs.iter().zip(got).all(|(&needs, got)| needs <= got);
        (is_got && groups.windows(2).all(|pair| pair[0] != pair[1]))
            .then(|| chosen.iter().map(|bid| i128::from(bid.amount)).sum::<i128>())
    });
    worth.max().unwrap() - i128::try_from(paid(outcome, who)).unwrap()
}

fn vcg(bids: &[Bid], supply: &Supply) -> Outcome {
    cleared(&Book::new(bids.to_vec()).unwrap(), supply, PaymentRule::Vcg)
}

proptest! {
    #[test]
    fn no_misreport_of_a_whole_bidder_helps_under_vcg(
        (bids, supply) in books_of(1..9), second in any::<[bool; 9]>(), at in any::<prop::sample::Index>(),
        (lies, _) in books_of(0..4),
    ) {
        let of_two_groups = |(bid, second): (Bid, bool)| {
            Bid { group: GroupIndex(bid.bidder.0 * 2 + u32::from(second)), ..bid }
        };
        let bids: Vec<Bid> = bids.into_iter().zip(second).map(of_two_groups).collect();
        let who = bids[at.index(bids.len())].bidder;
        let (truth, others): (Vec<Bid>, Vec<Bid>) = bids.iter().cloned().partition(|bid| bid.bidder == who);
        let lies = lies.into_iter().map(|lie| Bid { bidder: who, group: GroupIndex(100 + lie.bidder.0), ..lie });
        let lied: Vec<Bid> = others.into_iter().chain(lies).collect();
        let honest = payoff(&truth, &bids, &vcg(&bids, &supply), who.0);
        prop_assert!(honest >= 0);
        prop_assert!(payoff(&truth, &lied, &vcg(&lied, &supply), who.0) <= honest);
    }
}
