//! Rounds on small books against enumeration.

use lessor_solver::support::random::Random;
use lessor_solver::support::stop::Stop;
use proptest::prelude::*;

use super::clear;
use super::outcome::{EXACT_UNITS, Outcome};
use super::rules::Rules;
use super::winner::ClearError;
use crate::book::{AMOUNT_MAX, Bid, BidderIndex, Book, GoodIndex, GroupIndex, Offer, Supply};
use crate::policy::PaymentRule;

const RULES: [PaymentRule; 5] =
    [PaymentRule::PayAsBid, PaymentRule::Uniform, PaymentRule::Vcg, PaymentRule::Core, PaymentRule::NearestCore];

pub(super) fn bid(bidder: u32, amount: u64, bundle: &[(u32, u64)]) -> Bid {
    let bundle = bundle.iter().map(|&(good, quantity)| (GoodIndex(good), quantity)).collect();
    Bid { bidder: BidderIndex(bidder), group: GroupIndex(bidder), amount, bundle }
}

pub(super) fn supply(offers: &[(u64, u64)]) -> Supply {
    Supply { offers: offers.iter().map(|&(quantity, reserve)| Offer { quantity, reserve }).collect() }
}

pub(super) fn cleared(book: &Book, supply: &Supply, payments: PaymentRule) -> Outcome {
    clear(book, supply, &Rules { payments, seed: 1 }, &Stop::new(), &mut |_, _| {}).unwrap()
}

/// The most that single bids of amounts for quantities of two goods come to within what there is of them: a table of all
/// remainders.
fn most_within(bids: &[(u64, [u64; 2])], offered: [u64; 2]) -> u64 {
    let [one, other] = offered.map(|quantity| usize::try_from(quantity).unwrap());
    let mut most = vec![vec![0_u64; other + 1]; one + 1];
    for &(amount, quantities) in bids {
        let [takes, takes_other] = quantities.map(|quantity| usize::try_from(quantity).unwrap());
        for left in (takes..=one).rev() {
            for left_other in (takes_other..=other).rev() {
                let with = most[left - takes][left_other - takes_other] + amount;
                most[left][left_other] = most[left][left_other].max(with);
            }
        }
    }
    most[one][other]
}

/// What a bid offers beyond the reserves; below zero where it offers less.
pub(super) fn surplus(bid: &Bid, supply: &Supply) -> i128 {
    let reserve = |&(good, quantity): &(GoodIndex, u64)| {
        i128::from(supply.offers[good.0 as usize].reserve) * i128::from(quantity)
    };
    i128::from(bid.amount) - bid.bundle.iter().map(reserve).sum::<i128>()
}

/// Forty bids, spread wide, for quantities of two goods of which a dozen win: trees, and what comes before them, are needed.
fn many_quantities(seed: u64) -> (Vec<(u64, [u64; 2])>, [u64; 2]) {
    let mut random = Random::new(seed);
    let one = |_| {
        let quantities = [1 + random.below(19), 1 + random.below(19)];
        (quantities.iter().sum::<u64>() * (700 + random.below(600)), quantities)
    };
    ((0..40).map(one).collect(), [97, 103])
}

/// The greatest surplus of bids of some bidders, by trying every subset.
pub(super) fn best(bids: &[Bid], supply: &Supply, may_win: &dyn Fn(u32) -> bool) -> i128 {
    let open: Vec<&Bid> = bids.iter().filter(|bid| may_win(bid.bidder.0)).collect();
    let mut most = 0;
    for subset in 0..1_u32 << open.len() {
        let chosen: Vec<&Bid> = (0..open.len()).filter(|at| subset >> at & 1 == 1).map(|at| open[at]).collect();
        let mut left: Vec<i128> = supply.offers.iter().map(|offer| i128::from(offer.quantity)).collect();
        let mut groups: Vec<GroupIndex> = Vec::new();
        for bid in &chosen {
            groups.push(bid.group);
            bid.bundle.iter().for_each(|&(good, quantity)| left[good.0 as usize] -= i128::from(quantity));
        }
        groups.sort_unstable();
        if left.iter().all(|&left| left >= 0) && groups.windows(2).all(|pair| pair[0] != pair[1]) {
            most = most.max(chosen.iter().map(|bid| surplus(bid, supply)).sum());
        }
    }
    most
}

pub(super) fn paid(outcome: &Outcome, bidder: u32) -> u128 {
    let payments = outcome.settlement.as_ref().unwrap();
    payments.iter().find(|payment| payment.bidder.0 == bidder).map_or(0, |payment| u128::from(payment.settled))
}

/// Bids of up to five bidders, each with one group, on three goods.
pub(super) fn books() -> impl Strategy<Value = (Vec<Bid>, Supply)> {
    books_of(0..9)
}

/// So many of such bids.
pub(super) fn books_of(count: std::ops::Range<usize>) -> impl Strategy<Value = (Vec<Bid>, Supply)> {
    let bundle = proptest::collection::btree_map(0..3_u32, 1..3_u64, 1..=3);
    let one = (0..5_u32, 1..40_u64, bundle);
    let one = one.prop_map(|(bidder, amount, bundle)| bid(bidder, amount, &bundle.into_iter().collect::<Vec<_>>()));
    let offers = proptest::collection::vec((1..4_u64, 0..6_u64), 3);
    (proptest::collection::vec(one, count), offers).prop_map(|(bids, offers)| (bids, supply(&offers)))
}

proptest! {
    #[test]
    fn winners_are_feasible_and_the_best((bids, supply) in books()) {
        let outcome = cleared(&Book::new(bids.clone()).unwrap(), &supply, PaymentRule::PayAsBid);
        let mut left: Vec<i128> = supply.offers.iter().map(|offer| i128::from(offer.quantity)).collect();
        let mut bidders = Vec::new();
        for &at in &outcome.winners {
            bids[at].bundle.iter().for_each(|&(good, quantity)| left[good.0 as usize] -= i128::from(quantity));
            bidders.push(bids[at].bidder);
        }
        prop_assert!(left.iter().all(|&left| left >= 0));
        bidders.sort_unstable();
        prop_assert!(bidders.windows(2).all(|pair| pair[0] != pair[1]));
        let worth: i128 = outcome.winners.iter().map(|&at| surplus(&bids[at], &supply)).sum();
        prop_assert_eq!(worth, best(&bids, &supply, &|_| true));
        prop_assert!(outcome.is_optimal());
    }

    #[test]
    fn everyone_pays_between_the_reserves_and_the_bid((bids, supply) in books()) {
        let book = Book::new(bids.clone()).unwrap();
        for rule in RULES {
            let outcome = cleared(&book, &supply, rule);
            prop_assert_eq!(outcome.settlement.as_ref().unwrap().len(), outcome.winners.len());
            for &at in &outcome.winners {
                let reserve = i128::from(bids[at].amount) - surplus(&bids[at], &supply);
                let paid = i128::try_from(paid(&outcome, bids[at].bidder.0)).unwrap();
                prop_assert!(reserve <= paid && paid <= i128::from(bids[at].amount), "{:?}", rule);
            }
        }
    }

    #[test]
    fn vcg_is_what_the_others_lose((bids, supply) in books()) {
        let outcome = cleared(&Book::new(bids.clone()).unwrap(), &supply, PaymentRule::Vcg);
        let all = best(&bids, &supply, &|_| true);
        for &at in &outcome.winners {
            let who = bids[at].bidder.0;
            let without = best(&bids, &supply, &|bidder| bidder != who);
            let wanted = without - (all - i128::from(bids[at].amount));
            prop_assert_eq!(i128::try_from(paid(&outcome, who)).unwrap(), wanted);
        }
    }

    #[test]
    fn no_misreport_helps_under_vcg((bids, supply) in books_of(1..9), at in any::<prop::sample::Index>(), told in 0..60_u64) {
        let at = at.index(bids.len());
        let who = bids[at].bidder.0;
        let payoff = |reported: &[Bid]| {
            let outcome = cleared(&Book::new(reported.to_vec()).unwrap(), &supply, PaymentRule::Vcg);
            let won = outcome.winners.iter().find(|&&at| reported[at].bidder.0 == who);
            won.map_or(0, |&at| i128::from(bids[at].amount)) - i128::try_from(paid(&outcome, who)).unwrap()
        };
        let mut lied = bids.clone();
        lied[at].amount = told;
        prop_assert!(payoff(&lied) <= payoff(&bids));
    }

    #[test]
    fn a_raised_winning_bid_still_wins((bids, supply) in books(), raise in 1..20_u64) {
        let outcome = cleared(&Book::new(bids.clone()).unwrap(), &supply, PaymentRule::PayAsBid);
        for &at in &outcome.winners {
            let mut raised = bids.clone();
            raised[at].amount += raise;
            let after = cleared(&Book::new(raised).unwrap(), &supply, PaymentRule::PayAsBid);
            prop_assert!(after.winners.contains(&at));
        }
    }

    #[test]
    fn no_coalition_blocks_core_payments((bids, supply) in books()) {
        let book = Book::new(bids.clone()).unwrap();
        let vcg = cleared(&book, &supply, PaymentRule::Vcg);
        for rule in [PaymentRule::Core, PaymentRule::NearestCore] {
            let outcome = cleared(&book, &supply, rule);
            let won = |who: u32| outcome.winners.iter().find(|&&at| bids[at].bidder.0 == who).map(|&at| &bids[at]);
            let payoff = |who: u32| {
                won(who).map_or(0, |bid| i128::from(bid.amount) - i128::try_from(paid(&outcome, who)).unwrap())
            };
            let reserves = |bid: &Bid| i128::from(bid.amount) - surplus(bid, &supply);
            let seller: i128 = (0..5)
                .filter_map(|who| won(who).map(|bid| i128::try_from(paid(&outcome, who)).unwrap() - reserves(bid)))
                .sum();
            for coalition in 0..32_u32 {
                let is_in = |who: u32| coalition >> who & 1 == 1;
                let theirs: i128 = (0..5).filter(|&who| is_in(who)).map(payoff).sum();
                prop_assert!(seller + theirs >= best(&bids, &supply, &is_in), "{:?} {:05b}", rule, coalition);
            }
            let revenue = |outcome: &Outcome| -> u128 { (0..5).map(|who| paid(outcome, who)).sum() };
            prop_assert!(revenue(&outcome) >= revenue(&vcg));
        }
    }
}

proptest! {
    /// Bidders with two groups each, of which both may win: VCG takes out whole bidders, and no coalition of whole bidders blocks.
    #[test]
    fn no_coalition_of_bidders_with_several_groups_blocks((bids, supply) in books(), second in any::<[bool; 9]>()) {
        let bids: Vec<Bid> = bids
            .into_iter()
            .zip(second)
            .map(|(bid, second)| Bid { group: GroupIndex(bid.bidder.0 * 2 + u32::from(second)), ..bid })
            .collect();
        let book = Book::new(bids.clone()).unwrap();
        let all = best(&bids, &supply, &|_| true);
        let won = |outcome: &Outcome, who: u32| -> Vec<usize> {
            outcome.winners.iter().copied().filter(|&at| bids[at].bidder.0 == who).collect()
        };
        let vcg = cleared(&book, &supply, PaymentRule::Vcg);
        for who in (0..5).filter(|&who| !won(&vcg, who).is_empty()) {
            let offered: i128 = won(&vcg, who).iter().map(|&at| i128::from(bids[at].amount)).sum();
            let without = best(&bids, &supply, &|bidder| bidder != who);
            prop_assert_eq!(i128::try_from(paid(&vcg, who)).unwrap(), without - (all - offered));
        }
        for rule in [PaymentRule::Core, PaymentRule::NearestCore] {
            let outcome = cleared(&book, &supply, rule);
            let payoff = |who: u32| -> i128 {
                won(&outcome, who).iter().map(|&at| i128::from(bids[at].amount)).sum::<i128>()
                    - i128::try_from(paid(&outcome, who)).unwrap()
            };
            // What the seller has beyond its reserves is what is left of the surplus.
            let payoffs: i128 = (0..5).map(payoff).sum();
            for coalition in 0..32_u32 {
                let is_in = |who: u32| coalition >> who & 1 == 1;
                let theirs: i128 = (0..5).filter(|&who| is_in(who)).map(payoff).sum();
                prop_assert!(all - payoffs + theirs >= best(&bids, &supply, &is_in), "{:?} {:05b}", rule, coalition);
            }
            prop_assert!((0..5).all(|who| payoff(who) >= 0));
        }
    }
}

proptest! {
    /// With few amounts many choices are equally good. Which of them is found depends on the order of the bids and on the seed;
    /// what bidders keep under VCG and in the core, and the revenue of both, does not.
    #[test]
    fn payoffs_do_not_depend_on_which_best_choice_was_found((bids, supply) in books(), turn in 0..9_usize, seed in 1..9_u64) {
        let bids: Vec<Bid> = bids.into_iter().map(|bid| Bid { amount: 10 * (1 + bid.amount % 3), ..bid }).collect();
        let mut turned = bids.clone();
        turned.rotate_left(turn % bids.len().max(1));
        let kept = |bids: &[Bid], payments: PaymentRule, seed: u64| -> (Vec<i128>, u128) {
            let rules = Rules { payments, seed };
            let outcome = clear(&Book::new(bids.to_vec()).unwrap(), &supply, &rules, &Stop::new(), &mut |_, _| {}).unwrap();
            let payoff = |who: u32| {
                let won = outcome.winners.iter().filter(|&&at| bids[at].bidder.0 == who);
                won.map(|&at| i128::from(bids[at].amount)).sum::<i128>() - i128::try_from(paid(&outcome, who)).unwrap()
            };
            // What the seller has beyond its reserves: what is left of the surplus.
            let payoffs: Vec<i128> = (0..5).map(payoff).collect();
            let seller = outcome.surplus - u128::try_from(payoffs.iter().sum::<i128>()).unwrap();
            (payoffs, seller)
        };
        for rule in [PaymentRule::Vcg, PaymentRule::Core, PaymentRule::NearestCore] {
            prop_assert_eq!(kept(&bids, rule, 1), kept(&turned, rule, seed), "{:?}", rule);
        }
    }
}

proptest! {
    /// Amounts that a float tells apart to a quarter of a micro-credit: what is settled is whole, and no coalition blocks that.
    #[test]
    fn no_coalition_blocks_core_payments_of_great_amounts(
        (mut bids, mut supply) in books(), more in prop::collection::vec(0..1_u64 << 47, 9),
    ) {
        for (bid, more) in bids.iter_mut().zip(more) {
            bid.amount = (bid.amount << 47).saturating_add(more).min(1 << 53);
        }
        supply.offers.iter_mut().for_each(|offer| offer.reserve = 0);
        let book = Book::new(bids.clone()).unwrap();
        for rule in [PaymentRule::Core, PaymentRule::NearestCore] {
            let outcome = cleared(&book, &supply, rule);
            let payments = outcome.settlement.as_ref().unwrap();
            let revenue: i128 = payments.iter().map(|payment| i128::from(payment.settled)).sum();
            let payoff = |who: u32| -> i128 {
                let won = outcome.winners.iter().filter(|&&at| bids[at].bidder.0 == who).map(|&at| i128::from(bids[at].amount));
                won.map(|amount| amount - i128::try_from(paid(&outcome, who)).unwrap()).sum()
            };
            for coalition in 0..32_u32 {
                let is_in = |who: u32| coalition >> who & 1 == 1;
                let theirs: i128 = (0..5).filter(|&who| is_in(who)).map(payoff).sum();
                prop_assert!(revenue + theirs >= best(&bids, &supply, &is_in), "{:?} {:05b}", rule, coalition);
            }
        }
    }
}

/// What the rule says exactly, in micro-credits.
fn exact(outcome: &Outcome, bidder: u32) -> f64 {
    let payments = outcome.settlement.as_ref().unwrap();
    let payment = payments.iter().find(|payment| payment.bidder.0 == bidder).unwrap();
    payment.exact as f64 / EXACT_UNITS as f64
}

/// No coalition blocks where the best choice of bids, each less what its bidder keeps, comes to no more than what is paid.
#[test]
fn no_coalition_blocks_core_payments_for_many_quantities() {
    for seed in 0..6 {
        let (bids, offered) = many_quantities(seed);
        let stated =
            (0..).zip(&bids).map(|(bidder, &(amount, [one, other]))| bid(bidder, amount, &[(0, one), (1, other)]));
        let book = Book::new(stated.collect()).unwrap();
        let supply = supply(&offered.map(|quantity| (quantity, 0)));
        let revenue = |outcome: &Outcome| -> u128 { (0..40).map(|who| paid(outcome, who)).sum() };
        let vcg = revenue(&cleared(&book, &supply, PaymentRule::Vcg));
        for rule in [PaymentRule::Core, PaymentRule::NearestCore] {
            let outcome = cleared(&book, &supply, rule);
            assert_eq!(u128::from(most_within(&bids, offered)), outcome.surplus);
            let mut less = bids.clone();
            for &at in &outcome.winners {
                less[at].0 = u64::try_from(paid(&outcome, u32::try_from(at).unwrap())).unwrap();
            }
            assert!(u128::from(most_within(&less, offered)) <= revenue(&outcome), "{rule:?} of book {seed} is blocked");
            assert!(revenue(&outcome) >= vcg);
        }
    }
}

#[test]
fn two_small_bidders_share_what_a_large_one_would_pay() {
    // Two goods; two bidders want one each for 20 and 20, a third wants both for 20. VCG takes nothing from either; together
    // they must pay 20 in the core, and 10 each is nearest.
    let bids = vec![bid(0, 20, &[(0, 1)]), bid(1, 20, &[(1, 1)]), bid(2, 20, &[(0, 1), (1, 1)])];
    let (book, supply) = (Book::new(bids).unwrap(), supply(&[(1, 0), (1, 0)]));
    let vcg = cleared(&book, &supply, PaymentRule::Vcg);
    assert_eq!((paid(&vcg, 0), paid(&vcg, 1)), (0, 0));
    let core = cleared(&book, &supply, PaymentRule::Core);
    assert_eq!((paid(&core, 0), paid(&core, 1)), (10, 10));
}

#[test]
fn core_payments_round_up_to_whole_credits() {
    // As above with 21 for both: 10.5 each, settled at 11.
    let bids = vec![bid(0, 20, &[(0, 1)]), bid(1, 20, &[(1, 1)]), bid(2, 21, &[(0, 1), (1, 1)])];
    let core = cleared(&Book::new(bids).unwrap(), &supply(&[(1, 0), (1, 0)]), PaymentRule::Core);
    assert!((exact(&core, 0) - 10.5).abs() < 1e-6 && (exact(&core, 1) - 10.5).abs() < 1e-6);
    assert_eq!((paid(&core, 0), paid(&core, 1)), (11, 11));
}

#[test]
fn least_revenue_and_nearness_are_two_rules() {
    // Bidders 0 and 1 are blocked by 3, and 0 and 2 by 4: p0 + p1 >= 60, p0 + p2 >= 60, each at most 60. VCG takes nothing.
    // Revenue is least where bidder 0 pays for both, (60, 0, 0). Nearest to VCG, with p1 = p2 = 60 - p0, is the least of
    // p0^2 + 2 (60 - p0)^2, at p0 = 40.
    let goods = supply(&[(1, 0), (1, 0), (1, 0)]);
    let bids = vec![
        bid(0, 60, &[(0, 1)]),
        bid(1, 60, &[(1, 1)]),
        bid(2, 60, &[(2, 1)]),
        bid(3, 60, &[(0, 1), (1, 1)]),
        bid(4, 60, &[(0, 1), (2, 1)]),
    ];
    let book = Book::new(bids).unwrap();
    let least = cleared(&book, &goods, PaymentRule::Core);
    let nearest = cleared(&book, &goods, PaymentRule::NearestCore);
    assert!((exact(&least, 0) - 60.0).abs() < 1e-6 && exact(&least, 1).abs() < 1e-6 && exact(&least, 2).abs() < 1e-6);
    assert!((exact(&nearest, 0) - 40.0).abs() < 1e-6 && (exact(&nearest, 1) - 20.0).abs() < 1e-6);
}

#[test]
fn revenue_in_the_core_may_fall_as_a_bid_rises() {
    // Least-revenue core payments are not monotone in bids (Ott & Beck 2013; Bosshard, Wang & Seuken 2018): once bidder 1 bids
    // more, the coalition constraints that bound the payments of the others are met by one payment in place of two.
    let goods = supply(&[(1, 0), (1, 0), (1, 0)]);
    let revenue = |second: u64| {
        let bids = vec![
            bid(0, second, &[(0, 1)]),
            bid(1, 60, &[(1, 1)]),
            bid(2, 60, &[(2, 1)]),
            bid(3, 60, &[(0, 1), (1, 1)]),
            bid(4, 60, &[(0, 1), (2, 1)]),
        ];
        let outcome = cleared(&Book::new(bids).unwrap(), &goods, PaymentRule::Core);
        assert_eq!(outcome.winners, [0, 1, 2]);
        (0..3).map(|who| paid(&outcome, who)).sum::<u128>()
    };
    // At 20, bidder 0 pays all of it, and the others 40 each; at 60 it pays for both coalitions, and they nothing.
    assert_eq!((revenue(20), revenue(60)), (100, 60));
}

#[test]
fn a_reserve_is_the_sellers_own_bid() {
    // A unit at 8: a bid of 7 loses, one of 9 wins and pays the reserve under VCG, not the losing bid.
    let book = Book::new(vec![bid(0, 7, &[(0, 1)]), bid(1, 9, &[(0, 1)])]).unwrap();
    let outcome = cleared(&book, &supply(&[(1, 8)]), PaymentRule::Vcg);
    assert_eq!((outcome.winners.as_slice(), outcome.surplus, paid(&outcome, 1)), (&[1][..], 1, 8));
    let none = cleared(&Book::new(vec![bid(0, 7, &[(0, 1)])]).unwrap(), &supply(&[(1, 8)]), PaymentRule::Core);
    assert!(none.winners.is_empty() && none.settlement.unwrap().is_empty());
}

#[test]
fn bids_of_one_bidder_in_two_groups_may_both_win() {
    let mut second = bid(0, 5, &[(1, 1)]);
    second.group = GroupIndex(9);
    let book = Book::new(vec![bid(0, 4, &[(0, 1)]), second, bid(1, 3, &[(0, 1), (1, 1)])]).unwrap();
    let goods = supply(&[(1, 0), (1, 0)]);
    let outcome = cleared(&book, &goods, PaymentRule::Vcg);
    // Bidder 0 is taken out with both of its bids: the other would have got 3.
    assert_eq!((outcome.winners.as_slice(), paid(&outcome, 0)), (&[0, 1][..], 3));
    // It alone wins, and pays no more in the core than what keeps the other out.
    assert_eq!(paid(&cleared(&book, &goods, PaymentRule::Core), 0), 3);
}

#[test]
fn what_is_not_proved_is_not_settled() {
    // Five bids in a ring: their relaxation is not whole, and a stop that is raised leaves it at that.
    let ring = (0..5).map(|at| bid(at, 10, &[(at.min((at + 1) % 5), 1), (at.max((at + 1) % 5), 1)])).collect();
    let (book, goods) = (Book::new(ring).unwrap(), supply(&[(1, 0); 5]));
    let stop = Stop::new();
    stop.raise();
    for (payments, is_settled) in [(PaymentRule::PayAsBid, true), (PaymentRule::Vcg, false), (PaymentRule::Core, false)]
    {
        let outcome = clear(&book, &goods, &Rules { payments, seed: 1 }, &stop, &mut |_, _| {}).unwrap();
        // Half of each would be worth 25, two of them are worth 20.
        assert!(outcome.bound >= 25 && (10..=20).contains(&outcome.surplus), "{outcome:?}");
        assert_eq!(outcome.settlement.is_ok(), is_settled, "{payments:?}");
    }
}

#[test]
fn a_good_that_is_not_offered_is_named() {
    let book = Book::new(vec![bid(0, 1, &[(0, 1)]), bid(0, 1, &[(3, 1)])]).unwrap();
    let refused = clear(&book, &supply(&[(1, 0)]), &Rules::default(), &Stop::new(), &mut |_, _| {});
    assert_eq!(refused, Err(ClearError::UnknownGood { bid: 1, good: 3 }));
}

#[test]
fn the_largest_amounts_are_paid_exactly() {
    let book = Book::new(vec![bid(0, AMOUNT_MAX, &[(0, 1)]), bid(1, AMOUNT_MAX - 1, &[(0, 1)])]).unwrap();
    for rule in [PaymentRule::Vcg, PaymentRule::Core] {
        let outcome = cleared(&book, &supply(&[(1, 0)]), rule);
        assert_eq!(paid(&outcome, 0), u128::from(AMOUNT_MAX - 1), "{rule:?}");
    }
}

#[test]
fn core_payments_of_great_amounts_are_as_those_of_small_ones() {
    let lone = Book::new(vec![bid(0, AMOUNT_MAX, &[(0, 1)])]).unwrap();
    for rule in [PaymentRule::Core, PaymentRule::NearestCore] {
        assert_eq!(paid(&cleared(&lone, &supply(&[(1, 0)]), rule), 0), 0, "{rule:?}");
        for amount in [10_u64.pow(9), 10_u64.pow(14), 10_u64.pow(15)] {
            // Two who want a good each, against one who would pay as good as either for both.
            let bids =
                vec![bid(0, amount, &[(0, 1)]), bid(1, amount, &[(1, 1)]), bid(2, amount - 1, &[(0, 1), (1, 1)])];
            let outcome = cleared(&Book::new(bids).unwrap(), &supply(&[(1, 0), (1, 0)]), rule);
            assert_eq!([paid(&outcome, 0), paid(&outcome, 1)], [u128::from(amount / 2); 2], "{rule:?} {amount}");
        }
    }
}
