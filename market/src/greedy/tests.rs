use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::*;

/// Clears where all goods last as long.
fn clear(supply: &[u64], bids: &[SingleMinded]) -> Result<Vec<Option<Money>>, GreedyError> {
    let supply: Vec<Stock> = supply.iter().map(|&quantity| Stock { quantity, weight: 1 }).collect();
    super::clear(&supply, bids, &Stop::new()).map(|payments| payments.expect("nobody raises this stop"))
}

fn bid(value: i64, goods: &[(u32, u64)]) -> SingleMinded {
    SingleMinded { value: Money(value), reserve: Money::ZERO, goods: goods.to_vec() }
}

/// What a bidder with a true value for a true bundle gains, where bids state whatever they state.
fn gain(supply: &[u64], bids: &[SingleMinded], bidder: usize, truth: &SingleMinded) -> i64 {
    let Some(paid) = clear(supply, bids).unwrap()[bidder] else { return 0 };
    let covers = |&(good, amount): &(u32, u64)| {
        bids[bidder].goods.iter().any(|&(stated, much)| stated == good && much >= amount)
    };
    let worth = if truth.goods.iter().all(covers) { truth.value.0 } else { 0 };
    worth - paid.0
}

#[test]
fn a_winner_pays_the_least_value_that_wins() {
    // The two on good 0 rank at 9 and 7. The one on both ranks at 12 / sqrt 2 = 8.5, and would win before the 7.
    let bids = [bid(9, &[(0, 1)]), bid(7, &[(0, 1)]), bid(12, &[(0, 1), (1, 1)])];
    // It must be above 8.48 to win.
    assert_eq!(clear(&[1, 1], &bids), Ok(vec![Some(Money(9)), None, None]));
    // Nobody else wants good 1.
    assert_eq!(clear(&[1, 1], &[bid(9, &[(0, 1)]), bid(5, &[(1, 1)])]), Ok(vec![Some(Money(0)), Some(Money(0))]));
}

#[test]
fn a_reserve_is_the_least_that_a_winner_pays() {
    let reserved = |value| SingleMinded { reserve: Money(4), ..bid(value, &[(0, 1)]) };
    assert_eq!(clear(&[2], &[reserved(3), reserved(4), reserved(9)]), Ok(vec![None, Some(Money(4)), Some(Money(4))]));
}

#[test]
fn of_equal_bids_the_first_goes_first_and_pays_its_value() {
    let equal = vec![bid(5, &[(0, 1)]); 4];
    assert_eq!(clear(&[1], &equal), Ok(vec![Some(Money(5)), None, None, None]));
    assert_eq!(clear(&[2], &equal), Ok(vec![Some(Money(5)), Some(Money(5)), None, None]));
}

#[test]
fn what_makes_no_sense_is_refused_with_its_bid() {
    let refused = |second: SingleMinded| clear(&[1], &[bid(1, &[(0, 1)]), second]).unwrap_err().to_string();
    assert_eq!(refused(bid(-1, &[(0, 1)])), "bid 1 states -1, which is outside 0 to 2^53 micro-credits");
    assert_eq!(refused(bid(1, &[])), "bid 1 asks for nothing; a bundle needs goods");
    assert_eq!(refused(bid(1, &[(1, 1)])), "bid 1 names good 1, which is unknown, or named twice");
    assert_eq!(refused(bid(1, &[(0, 1), (0, 1)])), "bid 1 names good 0, which is unknown, or named twice");
}

#[test]
fn a_raised_stop_leaves_no_payments() {
    let stop = Stop::new();
    stop.raise();
    let supply = [Stock { quantity: 1, weight: 1 }];
    assert_eq!(super::clear(&supply, &[bid(1, &[(0, 1)])], &stop), Ok(None));
}

/// A bidder that wants one of two things is not single-minded, and has no report that is best against all others.
#[test]
fn a_bidder_who_wants_either_of_two_things_may_gain_by_hiding_one() {
    let (either, or) = (bid(10, &[(0, 1)]), bid(8, &[(1, 1)]));
    let other_wants = |other: SingleMinded, stated: &SingleMinded| gain(&[1, 1], &[stated.clone(), other], 0, stated);
    let on_first = bid(9, &[(0, 1)]);
    assert_eq!((other_wants(on_first.clone(), &either), other_wants(on_first, &or)), (1, 8));
    let on_second = bid(7, &[(1, 1)]);
    assert_eq!((other_wants(on_second.clone(), &either), other_wants(on_second, &or)), (10, 1));
}

/// The ratio of the theorem is reached: of 100 goods, a bid on one of them worth 2 goes before a bid on all worth 19.
#[test]
fn what_wins_may_be_worth_a_small_part_of_the_best() {
    let all: Vec<(u32, u64)> = (0..100).map(|good| (good, 1)).collect();
    let payments = clear(&[1; 100], &[bid(2, &[(0, 1)]), bid(19, &all)]).unwrap();
    assert_eq!(payments, [Some(Money(2)), None]);
}

fn goods() -> impl Strategy<Value = Vec<(u32, u64)>> {
    prop::collection::btree_map(0..4_u32, 1..4_u64, 1..4).prop_map(|goods| goods.into_iter().collect())
}

fn any_bid() -> impl Strategy<Value = SingleMinded> {
    (0..30_i64, goods()).prop_map(|(value, goods)| bid(value, &goods))
}

prop_compose! {
    fn round()(supply in prop::collection::vec(0..8_u64, 4), bids in prop::collection::vec(any_bid(), 1..8))
        -> (Vec<u64>, Vec<SingleMinded>) { (supply, bids) }
}

/// What the properties below are about comes up in a good part of their cases: somebody is kept out, and somebody pays for that.
#[test]
fn rounds_that_are_drawn_are_contested() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let contested = (0..400).filter(|_| {
        let (supply, bids) = round().new_tree(&mut runner).unwrap().current();
        clear(&supply, &bids).unwrap().iter().flatten().any(|paid| *paid > Money::ZERO)
    });
    let count = contested.count();
    assert!(count > 100, "{count} of 400");
}

proptest! {
    #[test]
    fn no_good_is_oversold_and_nobody_pays_more_than_its_value((supply, bids) in round()) {
        let payments = clear(&supply, &bids).unwrap();
        let mut left = supply;
        for (bid, paid) in bids.iter().zip(payments) {
            if let Some(paid) = paid {
                prop_assert!(Money::ZERO <= paid && paid <= bid.value);
                prop_assert!(fits(&left, &bid.goods));
                take(&mut left, &bid.goods);
            }
        }
    }

    /// Payments are the least winning values, found by trying them all; from there on up a bid wins.
    #[test]
    fn payments_are_the_least_values_that_win((supply, bids) in round()) {
        for (bidder, paid) in clear(&supply, &bids).unwrap().into_iter().enumerate() {
            let wins = |value: i64| {
                let mut bids = bids.clone();
                bids[bidder].value = Money(value);
                clear(&supply, &bids).unwrap()[bidder].is_some()
            };
            if let Some(Money(paid)) = paid {
                prop_assert!((0..paid).all(|value| !wins(value)));
                prop_assert!((paid..40).all(wins));
            }
        }
    }

    /// Neither another value nor another bundle, larger or smaller, gains anything for a bidder who wants one bundle.
    #[test]
    fn no_misreport_gains_anything(
        (supply, bids) in round(), at in any::<prop::sample::Index>(),
        values in prop::collection::vec(0..40_i64, 8), bundles in prop::collection::vec(goods(), 8),
    ) {
        let bidder = at.index(bids.len());
        let truth = bids[bidder].clone();
        let honest = gain(&supply, &bids, bidder, &truth);
        prop_assert!(honest >= 0);
        for (value, goods) in values.into_iter().zip(bundles) {
            for goods in [goods, truth.goods.clone()] {
                let mut bids = bids.clone();
                bids[bidder] = bid(value, &goods);
                prop_assert!(gain(&supply, &bids, bidder, &truth) <= honest);
            }
        }
    }

    /// With one unit of each good, what wins is worth at least the best over the root of the number of goods.
    #[test]
    fn what_wins_is_worth_its_share_of_the_best(bids in prop::collection::vec(any_bid(), 1..8)) {
        let supply = [1_u64; 4];
        let bids: Vec<SingleMinded> = bids.into_iter().map(|stated| {
            let goods: Vec<(u32, u64)> = stated.goods.iter().map(|good| (good.0, 1)).collect();
            SingleMinded { goods, ..stated }
        }).collect();
        let payments = clear(&supply, &bids).unwrap();
        let won: i64 = bids.iter().zip(&payments).filter(|(_, paid)| paid.is_some()).map(|(bid, _)| bid.value.0).sum();
        let best = (0..1_u32 << bids.len()).filter_map(|mask| {
            let mut left = supply;
            let mut worth = 0;
            for (at, bid) in bids.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1) {
                let _ = at;
                if !fits(&left, &bid.goods) { return None; }
                take(&mut left, &bid.goods);
                worth += bid.value.0;
            }
            Some(worth)
        }).max().unwrap();
        // The root of four goods is two.
        prop_assert!(2 * won >= best, "{won} of {best}");
    }
}
