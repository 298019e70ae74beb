//! What leads from the winners to others who could win, told apart as far as it goes.
//!
//! Each part of it makes a coalition of its own, and where those hold back what they may, the whole does: one search finds
//! several constraints of the core (Bünz, Seuken & Lubin 2015, "A Faster Core Constraint Generation Algorithm for Combinatorial
//! Auctions").

use std::collections::{BTreeMap, BTreeSet};

use lessor_solver::support::sets::Sets;

use crate::book::{Bid, GoodIndex};

/// Winners with each part of the changes that lead from them to others. All that a bidder changes goes together, and so does all
/// that is changed on a good which does not hold whatever is added to it while nothing is taken away: each part alone fits, then.
/// O(n log n) in the goods of the bids.
pub(super) fn changes(bids: &[Bid], offered: &[u64], winners: &[usize], others: &[usize]) -> Vec<Vec<usize>> {
    let (before, after): (BTreeSet<usize>, BTreeSet<usize>) =
        (winners.iter().copied().collect(), others.iter().copied().collect());
    let changed: Vec<usize> = before.symmetric_difference(&after).copied().collect();
    let mut sets = Sets::apart(changed.len());
    let mut of_bidder = BTreeMap::new();
    for (at, &bid) in changed.iter().enumerate() {
        sets.join(*of_bidder.entry(bids[bid].bidder).or_insert(at), at);
    }
    // What each set takes more of each good, and what winners and whoever takes more leave of it.
    let mut more: BTreeMap<(GoodIndex, usize), i128> = BTreeMap::new();
    for (at, &bid) in changed.iter().enumerate() {
        let sign = if after.contains(&bid) { 1 } else { -1 };
        for &(good, quantity) in &bids[bid].bundle {
            *more.entry((good, sets.least(at))).or_default() += sign * i128::from(quantity);
        }
    }
    let mut left: BTreeMap<GoodIndex, i128> = BTreeMap::new();
    for (&(good, _), more) in &more {
        *left.entry(good).or_insert_with(|| i128::from(offered[good.0 as usize])) -= more.max(&0);
    }
    for (good, quantity) in winners.iter().flat_map(|&bid| &bids[bid].bundle) {
        left.entry(*good).and_modify(|left| *left -= i128::from(*quantity));
    }
    let mut first = BTreeMap::new();
    for &(good, at) in more.keys().filter(|(good, _)| left[good] < 0) {
        sets.join(*first.entry(good).or_insert(at), at);
    }
    let mut parts: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (at, bid) in changed.into_iter().enumerate() {
        let won = parts.entry(sets.least(at)).or_insert_with(|| before.clone());
        if !won.remove(&bid) {
            won.insert(bid);
        }
    }
    parts.into_values().map(|won| won.into_iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{bid, books};
    use super::*;
    use crate::book::Supply;

    fn fits(bids: &[Bid], supply: &Supply, chosen: &[usize]) -> bool {
        let mut left: Vec<i128> = supply.offers.iter().map(|offer| i128::from(offer.quantity)).collect();
        for &(good, quantity) in chosen.iter().flat_map(|&at| &bids[at].bundle) {
            left[good.0 as usize] -= i128::from(quantity);
        }
        let bidders: BTreeSet<_> = chosen.iter().map(|&at| bids[at].bidder).collect();
        left.iter().all(|&left| left >= 0) && bidders.len() == chosen.len()
    }

    fn offered(supply: &Supply) -> Vec<u64> {
        supply.offers.iter().map(|offer| offer.quantity).collect()
    }

    #[test]
    fn what_shares_no_good_and_no_bidder_is_told_apart() {
        // Of one unit each: 0 and 1 give way to 3 and 4, and bidder 2 takes another good.
        let goods: [(u32, &[u32]); 6] = [(0, &[0]), (1, &[1]), (2, &[2]), (3, &[0, 3]), (4, &[1]), (2, &[4])];
        let of =
            |(bidder, goods): &(u32, &[u32])| bid(*bidder, 1, &goods.iter().map(|&good| (good, 1)).collect::<Vec<_>>());
        let bids: Vec<Bid> = goods.iter().map(of).collect();
        let parts = changes(&bids, &[1; 5], &[0, 1, 2], &[3, 4, 5]);
        assert_eq!(parts, [vec![1, 2, 3], vec![0, 2, 4], vec![0, 1, 5]]);
        assert!(changes(&bids, &[1; 5], &[0, 1], &[0, 1]).is_empty());
    }

    #[test]
    fn a_good_with_room_for_all_ties_nothing_together() {
        let bids = [bid(0, 1, &[(0, 2)]), bid(1, 1, &[(0, 1), (1, 1)]), bid(2, 1, &[(0, 1)]), bid(3, 1, &[(1, 1)])];
        // Winner 0 leaves for 1, and 3 for 2: of four units of the first good all would fit, of three not.
        assert_eq!(changes(&bids, &[4, 2], &[0, 3], &[1, 2]).len(), 4);
        assert_eq!(changes(&bids, &[3, 2], &[0, 3], &[1, 2]), [vec![1, 2, 3], vec![0]]);
    }

    proptest! {
        /// Parts of what leads from one choice that fits to another that fits: each fits, and together they are the whole.
        #[test]
        fn each_part_fits_and_all_make_the_whole((bids, supply) in books(), one in 0..512_usize, other in 0..512_usize) {
            let chosen = |set: usize| {
                let mut chosen = Vec::new();
                for at in (0..bids.len()).filter(|at| set >> at & 1 == 1) {
                    chosen.push(at);
                    if !fits(&bids, &supply, &chosen) {
                        chosen.pop();
                    }
                }
                chosen
            };
            let (winners, others) = (chosen(one), chosen(other));
            let mut whole: BTreeSet<usize> = winners.iter().copied().collect();
            for part in changes(&bids, &offered(&supply), &winners, &others) {
                prop_assert!(fits(&bids, &supply, &part), "{part:?}");
                for at in part.iter().filter(|at| !winners.contains(at)) {
                    prop_assert!(whole.insert(*at), "{at} is added twice");
                }
                for at in winners.iter().filter(|at| !part.contains(at)) {
                    prop_assert!(whole.remove(at), "{at} is taken away twice");
                }
            }
            prop_assert_eq!(whole.into_iter().collect::<Vec<_>>(), others);
        }
    }
}
