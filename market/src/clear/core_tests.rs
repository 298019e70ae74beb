//! Core payments against what the rule says, found by enumeration in whole numbers.

use lessor_solver::support::random::Random;
use proptest::prelude::*;

use super::outcome::EXACT_UNITS;
use super::tests::{best, bid, books, cleared, paid, supply};
use crate::book::{Bid, Book};
use crate::policy::PaymentRule;

/// A point over a common denominator above zero.
#[derive(Clone, Debug)]
struct Point {
    over: Vec<i128>,
    under: i128,
}

impl Point {
    /// What it comes to in all, over the denominator.
    fn sum(&self) -> i128 {
        self.over.iter().sum()
    }
}

/// The determinant of a small matrix, by its first row.
fn determinant(matrix: &[Vec<i128>]) -> i128 {
    let Some((first, rest)) = matrix.split_first() else { return 1 };
    let minor = |column: usize| -> Vec<Vec<i128>> {
        rest.iter().map(|row| [&row[..column], &row[column + 1..]].concat()).collect()
    };
    let term = |(column, &entry): (usize, &i128)| {
        let sign = if column % 2 == 0 { 1 } else { -1 };
        if entry == 0 { 0 } else { sign * entry * determinant(&minor(column)) }
    };
    first.iter().enumerate().map(term).sum()
}

/// Of all points at which sums over sets of variables are so much, the one nearest to zero (Cramer's rule on the products of the
/// rows); `None` where the rows depend on each other.
fn nearest_at(rows: &[(u32, i128)], count: usize) -> Option<Point> {
    let products: Vec<Vec<i128>> =
        rows.iter().map(|one| rows.iter().map(|other| i128::from((one.0 & other.0).count_ones())).collect()).collect();
    let under = determinant(&products);
    if under == 0 {
        return None;
    }
    let multiplier = |at: usize| {
        let replaced = |(row, products): (usize, &Vec<i128>)| {
            let mut products = products.clone();
            products[at] = rows[row].1;
            products
        };
        determinant(&products.iter().enumerate().map(replaced).collect::<Vec<_>>())
    };
    let multipliers: Vec<i128> = (0..rows.len()).map(multiplier).collect();
    let of = |variable: usize| -> i128 {
        rows.iter()
            .zip(&multipliers)
            .filter(|(row, _)| row.0 >> variable & 1 == 1)
            .map(|(_, multiplier)| multiplier)
            .sum()
    };
    Some(Point { over: (0..count).map(of).collect(), under })
}

/// What winners give up beyond VCG: sums over sets that are so much at least, each at most so much; of least sum first where that
/// is asked for, and then nearest to zero.
fn given_up(claims: &[(u32, i128)], most: &[i128], is_least: bool) -> Point {
    let any = candidates(claims, most, None);
    if !is_least {
        return nearest(any);
    }
    let sums = |one: &Point, other: &Point| (one.sum() * other.under).cmp(&(other.sum() * one.under));
    let least = any.into_iter().min_by(sums).unwrap();
    // In parts of its denominator the least sum is whole.
    let claims: Vec<(u32, i128)> = claims.iter().map(|&(set, least_of)| (set, least_of * least.under)).collect();
    let most: Vec<i128> = most.iter().map(|most| most * least.under).collect();
    let found = nearest(candidates(&claims, &most, Some(least.sum())));
    Point { under: found.under * least.under, ..found }
}

/// Points that hold all claims and limits, and are so much in all where that is said: of those that hold some with equality each
/// time the nearest to zero, so that the nearest of all is among them, and one of least sum.
fn candidates(claims: &[(u32, i128)], most: &[i128], in_all: Option<i128>) -> Vec<Point> {
    let count = most.len();
    let limits = (0..count).map(|at| (1 << at, most[at]));
    let floors = (0..count).map(|at| (1 << at, 0));
    let all = in_all.map(|sum| ((1 << count) - 1, sum));
    let rows: Vec<(u32, i128)> = claims.iter().copied().chain(limits).chain(floors).chain(all).collect();
    let holds = |point: &Point| {
        let sum = |set: u32| -> i128 { (0..count).filter(|at| set >> at & 1 == 1).map(|at| point.over[at]).sum() };
        (0..count).all(|at| (0..=most[at] * point.under).contains(&point.over[at]))
            && claims.iter().all(|&(set, least)| sum(set) >= least * point.under)
            && in_all.is_none_or(|in_all| point.sum() == in_all * point.under)
    };
    let held = |subset: Vec<usize>| nearest_at(&subset.iter().map(|&row| rows[row]).collect::<Vec<_>>(), count);
    subsets(rows.len(), count).into_iter().filter_map(held).filter(holds).collect()
}

/// The subsets of so many things with at most so many of them.
fn subsets(things: usize, most: usize) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    let mut at = 0;
    while let Some(subset) = found.get(at).cloned() {
        if subset.len() < most {
            let next = subset.last().map_or(0, |last| last + 1);
            found.extend((next..things).map(|thing| [&subset[..], &[thing]].concat()));
        }
        at += 1;
    }
    found
}

/// The nearest of points to zero.
fn nearest(points: Vec<Point>) -> Point {
    let square = |point: &Point| point.over.iter().map(|&over| (over as f64 / point.under as f64).powi(2)).sum::<f64>();
    points.into_iter().min_by(|one, other| square(one).total_cmp(&square(other))).unwrap()
}

/// Holds the payments of a rule against enumeration, to the part of a micro-credit that documents promise.
fn are_as_the_rule_says(bids: &[Bid], offers: &crate::book::Supply, rule: PaymentRule) {
    let outcome = cleared(&Book::new(bids.to_vec()).unwrap(), offers, rule);
    let winners: Vec<u32> = outcome.settlement.as_ref().unwrap().iter().map(|payment| payment.bidder.0).collect();
    if winners.is_empty() {
        return;
    }
    let all = best(bids, offers, &|_| true);
    // Sets of winners by their positions keep no more together than what is lost without them.
    let keep = |set: u32| {
        let is_out = |who: u32| winners.iter().position(|&winner| winner == who).is_some_and(|at| set >> at & 1 == 1);
        all - best(bids, offers, &|who| !is_out(who))
    };
    let most: Vec<i128> = (0..winners.len()).map(|at| keep(1 << at)).collect();
    let sum = |set: u32| -> i128 { (0..winners.len()).filter(|at| set >> at & 1 == 1).map(|at| most[at]).sum() };
    let claims = (1..1_u32 << winners.len()).map(|set| (set, sum(set) - keep(set))).filter(|claim| claim.1 > 0);
    let wanted = given_up(&claims.collect::<Vec<_>>(), &most, rule == PaymentRule::Core);
    for (at, &who) in winners.iter().enumerate() {
        let won = outcome.winners.iter().find(|&&at| bids[at].bidder.0 == who).map(|&at| bids[at].amount).unwrap();
        let vcg = i128::from(won) - most[at];
        let given = wanted.over[at] as f64 / wanted.under as f64;
        let exact = outcome.settlement.as_ref().unwrap()[at].exact;
        let found = (i128::try_from(exact).unwrap() - vcg * i128::try_from(EXACT_UNITS).unwrap()) as f64 / 1e6;
        assert!((found - given).abs() < 0.5, "{rule:?}: winner {who} gives up {found}, {given} is right; {bids:?}");
    }
}

proptest! {
    /// Amounts of a few micro-credits beside amounts of a million credits: what is small must not be lost beside what is great.
    #[test]
    fn core_payments_are_exact_where_amounts_lie_far_apart(
        (mut bids, mut offers) in books(), scales in prop::collection::vec((0..3_usize, 0..1_000_u64), 9),
    ) {
        for (bid, (scale, more)) in bids.iter_mut().zip(scales) {
            bid.amount = bid.amount * [1, 100_000, 30_000_000_000][scale] + [0, more, more][scale];
        }
        offers.offers.iter_mut().for_each(|offer| offer.reserve = 0);
        for rule in [PaymentRule::Core, PaymentRule::NearestCore] {
            are_as_the_rule_says(&bids, &offers, rule);
        }
    }
}

#[test]
fn revenue_is_least_whatever_else_is_bid() {
    // The first wins with a million credits; the other winner and it are held to 50,018 together by the last, beside a bid of
    // 42,962: taking the least of the greatest payoff in floating point came to 90,405.
    let one = [(0, 1), (3, 1), (4, 1), (5, 1)];
    let bids = [
        bid(0, 904_053_234_235, &one),
        bid(1, 42_962, &[(0, 1), (1, 1), (5, 1)]),
        bid(2, 97_721, &[(1, 1)]),
        bid(3, 50_018, &[(0, 1), (1, 1), (3, 1)]),
    ];
    let offers = supply(&[(1, 0); 6]);
    for rule in [PaymentRule::Core, PaymentRule::NearestCore] {
        are_as_the_rule_says(&bids, &offers, rule);
        let outcome = cleared(&Book::new(bids.to_vec()).unwrap(), &offers, rule);
        assert_eq!([paid(&outcome, 0), paid(&outcome, 2)], [25_009; 2], "{rule:?}");
    }
}

#[test]
fn a_bid_of_little_does_not_stop_a_round_of_much() {
    let bids = [
        bid(0, 67, &[(2, 1)]),
        bid(1, 28, &[(1, 1), (3, 1)]),
        bid(2, 548_510_308_585, &[(0, 1)]),
        bid(3, 406_257_191_935, &[(0, 1), (1, 1), (2, 1), (3, 1)]),
    ];
    for rule in [PaymentRule::Core, PaymentRule::NearestCore] {
        are_as_the_rule_says(&bids, &supply(&[(1, 0); 4]), rule);
    }
}

#[test]
fn rounds_of_many_winners_come_to_an_end() {
    // Two hundred goods, a bidder for each; bids for two neighbors and for four anywhere come close to what these offer. Where
    // nearly all that is given up is a few small numbers, most pivots are ties.
    let mut random = Random::new(5);
    let amounts: Vec<u64> = (0..200).map(|_| 20 + random.below(21)).collect();
    let alone = (0_u32..).zip(&amounts).map(|(good, &amount)| bid(good, amount, &[(good, 1)]));
    let pairs = (0..100_u32).map(|pair| {
        let [one, other] = [2 * pair, 2 * pair + 1].map(|good| amounts[good as usize]);
        let amount = one.max(other) + random.below(one.min(other));
        bid(200 + pair, amount, &[(2 * pair, 1), (2 * pair + 1, 1)])
    });
    let mut bids: Vec<Bid> = alone.chain(pairs).collect();
    for link in 0..100 {
        let goods: std::collections::BTreeSet<u32> =
            (0..4).map(|_| u32::try_from(random.below(200)).unwrap()).collect();
        let all: u64 = goods.iter().map(|&good| amounts[good as usize]).sum();
        let bundle: Vec<(u32, u64)> = goods.into_iter().map(|good| (good, 1)).collect();
        bids.push(bid(300 + link, all * (60 + random.below(40)) / 100, &bundle));
    }
    let (book, offers) = (Book::new(bids.clone()).unwrap(), supply(&[(1, 0); 200]));
    let revenues = [PaymentRule::Core, PaymentRule::NearestCore].map(|rule| {
        let outcome = cleared(&book, &offers, rule);
        assert_eq!(outcome.winners, (0..200).collect::<Vec<_>>());
        // Whoever loses would displace those who won its goods.
        for loser in &bids[200..] {
            let theirs: u128 = loser.bundle.iter().map(|(good, _)| paid(&outcome, good.0)).sum();
            assert!(theirs >= u128::from(loser.amount), "{rule:?}: {theirs} {loser:?}");
        }
        outcome.settlement.unwrap().iter().map(|payment| payment.exact).sum::<u128>()
    });
    assert!(revenues[0] <= revenues[1] + EXACT_UNITS, "{revenues:?}");
}
