//! Rounds at one price a good, whole orders and divisible ones.

use super::*;

/// Whether anything trades at all that buyers would pay and sellers would take at one price a good: trades are feasible, and
/// there are prices, none below zero and none of a good of which something stays unsold, at which none of them loses.
fn has_prices(bids: &[&([u64; 2], i64)], offers: &[&([u64; 2], i64)]) -> bool {
    let whole = |millions: u64| i128::from(millions);
    let mut left = [0_i128; 2];
    // Each line: what prices of a million may be at most, a x + b y <= c.
    let mut lines = vec![[-1, 0, 0], [0, -1, 0]];
    for (bundle, amount) in bids {
        left.iter_mut().zip(bundle).for_each(|(left, &millions)| *left -= whole(millions));
        lines.push([whole(bundle[0]), whole(bundle[1]), i128::from(*amount)]);
    }
    for offer in offers {
        left.iter_mut().zip(offer.0).for_each(|(left, millions)| *left += whole(millions));
        lines.push([-whole(offer.0[0]), -whole(offer.0[1]), -i128::from(asked(offer))]);
    }
    if left.iter().any(|&left| left < 0) {
        return false;
    }
    (0..2)
        .filter(|&good| left[good] > 0)
        .for_each(|good| lines.push([i128::from(good == 0), i128::from(good == 1), 0]));
    // Prices that suit all, where there are any, include a point where two of the lines cross: the axes are among them.
    let crossing = |one: &[i128; 3], other: &[i128; 3]| {
        let scale = one[0] * other[1] - one[1] * other[0];
        let (x, y) = (one[2] * other[1] - one[1] * other[2], one[0] * other[2] - one[2] * other[0]);
        (scale != 0).then_some((x * scale.signum(), y * scale.signum(), scale.abs()))
    };
    let suits =
        |(x, y, scale): (i128, i128, i128)| lines.iter().all(|line| line[0] * x + line[1] * y <= line[2] * scale);
    lines.iter().any(|one| lines.iter().filter_map(|other| crossing(one, other)).any(suits))
}

/// The greatest surplus of trades that have prices, by trying every choice of bids and of offers.
fn best_with_prices(bids: &[([u64; 2], i64)], offers: &[([u64; 2], i64)]) -> i64 {
    let mut most = 0;
    for chosen in 0..1_u32 << (bids.len() + offers.len()) {
        let is_in = |at: usize| chosen >> at & 1 == 1;
        let bought: Vec<_> = bids.iter().enumerate().filter(|(at, _)| is_in(*at)).map(|(_, bid)| bid).collect();
        let sold: Vec<_> =
            offers.iter().enumerate().filter(|(at, _)| is_in(bids.len() + at)).map(|(_, offer)| offer).collect();
        let surplus = bought.iter().map(|bid| bid.1).sum::<i64>() - sold.iter().map(|offer| asked(offer)).sum::<i64>();
        if surplus > most && has_prices(&bought, &sold) {
            most = surplus;
        }
    }
    most
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// At uniform prices everybody who trades would, the operator never pays, and no other trades that have prices are worth more.
    #[test]
    fn uniform_prices_support_who_trades(bids in side(1..200, 5), offers in side(1..40, 3)) {
        let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Uniform), fleet());
        let (account_bids, account_offers) = (bids_of(&bids), offers_of(&offers));
        let session = session(Ground::bare(&fleet), &policy, &account_bids, &account_offers);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let ledger = look(&session, &outcome);
        prop_assert!(ledger.balance(Party::Operator) >= 0);
        let class = &outcome.classes[0];
        prop_assert_eq!(class.unsettled, None);
        // The bound is of the best trades, prices or not.
        let best: u128 = best(&bids, &offers).unsigned_abs().into();
        prop_assert_eq!(class.bound, Some(best));
        prop_assert!(class.surplus <= best);
        prop_assert!(class.surplus >= best_with_prices(&bids, &offers).unsigned_abs().into());
    }
}

/// What a unit is worth to who bids an amount for some, in parts of a micro-credit of which every quantity up to twelve makes
/// whole ones.
fn parts(amount: u64, quantity: u64) -> i128 {
    i128::from(amount * (PARTS / quantity))
}

/// A multiple of all numbers up to twelve, and of a million.
const PARTS: u64 = 27_720 * 1_000_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Divisible orders whose limits differ by less than a price can be stated: the most valuable trades, unit by unit.
    #[test]
    fn divisible_orders_with_fine_limits_trade_as_enumeration_says(
        bids in proptest::collection::vec((1..=12_u64, 0..30_u64), 1..6),
        offers in proptest::collection::vec((1..=12_u64, 0..3_000_000_u64), 1..5),
    ) {
        let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Uniform), fleet());
        let account_bids: Vec<AccountBid> = (0_u32..).zip(&bids).map(|(at, &(quantity, amount))| AccountBid {
            is_divisible: true,
            ..bid(at, i64::try_from(amount).unwrap(), &[units(quantity)])
        }).collect();
        let account_offers: Vec<AccountOffer> = (1_u32..).zip(&offers).map(|(at, &(quantity, price))| AccountOffer {
            is_divisible: true,
            ..offer(at, price, &[units(quantity)])
        }).collect();
        let session = session(Ground::bare(&fleet), &policy, &account_bids, &account_offers);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let ledger = look(&session, &outcome);
        prop_assert!(ledger.balance(Party::Operator) >= 0);
        let offered: u64 = offers.iter().map(|offer| offer.0).sum();
        let each = |value: i128, count: u64| std::iter::repeat_n(value, usize::try_from(count).unwrap());
        let wanted = bids.iter().flat_map(|&(quantity, amount)| each(parts(amount, quantity), quantity.min(offered)));
        let mut wanted: Vec<i128> = wanted.collect();
        let mut there: Vec<i128> = offers.iter().flat_map(|&(quantity, price)| each(parts(price, 1_000_000), quantity)).collect();
        wanted.sort_unstable_by_key(|value| -value);
        there.sort_unstable();
        let most: i128 = wanted.iter().zip(&there).map(|(bid, ask)| (bid - ask).max(0)).sum();
        let class = &outcome.classes[0];
        prop_assert_eq!((class.surplus, class.bound), (most.unsigned_abs() / u128::from(PARTS), Some(class.surplus)));
        // Everybody trades or stays at one price: nobody who stays out, even in part, states more for a unit than who trades.
        let got = |at: usize| outcome.fates[at].result.map_or(0, |_| outcome.fates[at].part.unwrap_or(bids[at].0));
        for (at, &(quantity, amount)) in bids.iter().enumerate() {
            let paid = outcome.fates[at].result.map_or(0, |paid| u64::try_from(paid.0).unwrap());
            prop_assert!(paid <= (amount * got(at)).div_ceil(quantity));
            for (other, &(more, stated)) in bids.iter().enumerate() {
                let is_short = got(other) < more.min(offered);
                prop_assert!(got(at) == 0 || !is_short || parts(amount, quantity) >= parts(stated, more), "{at} before {other}");
            }
        }
    }
}

#[test]
fn of_bids_that_differ_below_a_stated_price_the_better_wins() {
    let part = |one: AccountBid| AccountBid { is_divisible: true, ..one };
    let policy = policy(Format::DoubleAuction, PaymentRule::Uniform);
    // Ten million for four and for seven: less than a micro-credit a million each. Of all prices between, the middle.
    let all = units(10_000_000);
    let offers = [AccountOffer { is_divisible: true, ..offer(1, 0, &[all]) }];
    for (amounts, loser, winner) in [([4, 7], 0, 1), ([7, 4], 1, 0)] {
        let bids = [part(bid(0, amounts[0], &[all])), part(bid(1, amounts[1], &[all]))];
        let outcome = cleared(&policy, &bids, &offers);
        let (bought, sold) = results(&outcome);
        assert_eq!((bought[loser], bought[winner], sold[0]), (Err(Lost::Outbid), Ok(6), Ok(5)));
        assert_eq!((outcome.classes[0].surplus, outcome.classes[0].bound), (7, Some(7)));
    }
    // Five equal bids for three: the only price is what they state, however many units that is for.
    let many = Wish { quantity: 3_000_000, ..all };
    let bids: Vec<AccountBid> = (0..5).map(|at| part(bid(at, 1, &[many]))).collect();
    let offers: Vec<AccountOffer> =
        (1..4).map(|at| AccountOffer { is_divisible: true, ..offer(at, 0, &[many]) }).collect();
    let (bought, _) = results(&cleared(&policy, &bids, &offers));
    assert_eq!(bought.iter().filter(|result| **result == Ok(1)).count(), 3, "{bought:?}");
}

#[test]
fn what_trades_in_parts_is_asked_a_fraction_for() {
    // A million and a half at 1 a million: one and a half, which is paid as two and got as one.
    let wish = units(1_500_000);
    let bids = [AccountBid { is_divisible: true, ..bid(0, 3, &[Wish { quantity: 3_000_000, ..wish }]) }];
    let offers = [AccountOffer { is_divisible: true, ..offer(1, 1, &[wish]) }];
    let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Uniform), fleet());
    let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    look(&session, &outcome);
    assert_eq!(results(&outcome), (vec![Ok(2)], vec![Ok(1)]));
}

/// The rules of uniform prices for bids of any amount.
fn unlimited() -> Policy {
    let mut rules = policy(Format::DoubleAuction, PaymentRule::Uniform).rules().clone();
    rules.bids.amount_max = MONEY_MAX;
    Policy::new(rules).unwrap()
}

#[test]
fn a_bid_that_is_far_above_what_is_asked_trades() {
    let policy = unlimited();
    for (amount, ask) in [(1_000_000_000_000, 4), (MONEY_MAX.0, 4), (MONEY_MAX.0, 1_000), (MONEY_MAX.0, 1)] {
        let offers = [offer(1, ask * 1_000_000, &[units(1)])];
        let outcome = cleared(&policy, &[bid(0, amount, &[units(1)])], &offers);
        let (bought, sold) = results(&outcome);
        assert!(bought[0].is_ok() && sold[0].is_ok(), "{amount} {ask} {bought:?} {sold:?}");
        assert_eq!(outcome.classes[0].surplus, u128::from(amount.unsigned_abs() - ask));
        // Beside a good that is dear for everybody, and among others that are not: all that is worth trading trades.
        let bids = [bid(0, amount, &[units(1)]), bid(1, 9, &[units(2)]), bid(2, amount, &[wish(1, 1)])];
        let offers = [offer(1, 2_000_000, &[units(3)]), offer(2, amount.unsigned_abs() / 2, &[wish(1, 1)])];
        let (bought, sold) = results(&cleared(&policy, &bids, &offers));
        assert!(bought.iter().chain(&sold).all(Result::is_ok), "{amount} {bought:?} {sold:?}");
    }
}

#[test]
fn who_stays_out_paradoxically_is_told_an_amount_that_wins() {
    // Who bids what trades here is decided among bundles that do not fit together: raised, the fourth bid takes the place of
    // others.
    let both = |millions| [wish(0, millions), wish(1, millions)];
    let bids = [
        bid(0, 20, &both(1)),
        bid(1, 20, &both(2)),
        bid(2, 20, &[wish(1, 1)]),
        bid(3, 20, &[wish(0, 2)]),
        bid(4, 20, &[wish(0, 3)]),
        bid(5, 20, &both(1)),
    ];
    let offers = [offer(1, 10, &both(1)), offer(2, 10, &both(1)), offer(3, 10, &both(1)), offer(1, 10, &both(3))];
    let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Uniform), fleet());
    let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
    let lost: Vec<(usize, Lost)> = cleared(&policy, &bids, &offers)
        .fates
        .iter()
        .enumerate()
        .filter_map(|(at, fate)| Some((at, fate.result.err()?)))
        .collect();
    assert!(lost.iter().any(|entry| entry.1 == Lost::Paradox), "{lost:?}");
    for (at, reason) in lost {
        let found = why::why(&session, at, &Stop::new()).unwrap().unwrap();
        let cheapest = found.cheapest.unwrap();
        assert_eq!(found.lost, reason);
        let wins = |amount: Money| {
            let mut bids = bids.to_vec();
            bids[at].amount = amount;
            cleared(&policy, &bids, &offers).fates[at].result.is_ok()
        };
        assert!(wins(cheapest) && !wins(Money(cheapest.0 - 1)), "{at} {cheapest}");
    }
}

#[test]
fn what_a_bidder_has_is_the_most_that_would_have_won() {
    // With 30 and a fee of 2 it may bid 28, and 21 would do; with 21 no bid that it can pay for wins.
    let bids = [bid(0, 20, &[wish(0, 1)]), bid(1, 5, &[wish(0, 1)])];
    let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Uniform), fleet());
    let offers = [offer(1, 1, &[wish(0, 1)])];
    for (has, is_found) in [(30, true), (21, false)] {
        let budgets = [100, has];
        let session = Session { budgets: Some(&budgets), ..session(Ground::bare(&fleet), &policy, &bids, &offers) };
        let found = why::why(&session, 1, &Stop::new()).unwrap().unwrap();
        let cheapest = found.cheapest.is_some_and(|least| (20..=21).contains(&least.0));
        assert_eq!((found.lost, cheapest, found.cheapest.is_some()), (Lost::Outbid, is_found, is_found), "{found:?}");
    }
}

/// So many base units of the layer for the first hour.
fn units(quantity: u64) -> Wish {
    Wish { quantity, ..wish(0, 1) }
}

#[test]
fn what_a_unit_costs_is_not_limited() {
    let policy = unlimited();
    // From a fifth of a micro-credit for a unit to 10^10, the most that a table of offers may ask.
    for (quantity, asks) in
        [(100_000, 14_000), (1_000, 14_000), (1, 14_000), (1_000, 7_000_000_000_000), (1, 7_000_000_000)]
    {
        let bids = [bid(0, asks / 7 * 10, &[units(quantity)])];
        let ask = asks.unsigned_abs() * 1_000_000 / quantity;
        let outcome = cleared(&policy, &bids, &[offer(1, ask, &[units(quantity)])]);
        let (bought, sold) = results(&outcome);
        assert!(bought[0].is_ok_and(|paid| (asks..=asks / 7 * 10).contains(&paid)), "{quantity} {bought:?}");
        // What is paid is rounded up, and what is got is rounded down.
        assert!(sold[0].is_ok_and(|got| (0..=1).contains(&(bought[0].unwrap() - got))), "{bought:?} {sold:?}");
        assert_eq!(outcome.classes[0].surplus, (asks / 7 * 3).unsigned_abs().into());
        let stated = *outcome.classes[0].prices.values().next().unwrap();
        let exact = i128::from(bought[0].unwrap()) * 1_000_000 / i128::from(quantity);
        assert!((i128::from(stated) - exact).abs() <= 1_000_000 / i128::from(quantity) + 1, "{stated} {exact}");
    }
}

#[test]
fn a_divisible_bid_for_more_than_is_offered_gets_a_part() {
    let part = |one: AccountBid| AccountBid { is_divisible: true, ..one };
    let parts = |one: AccountOffer| AccountOffer { is_divisible: true, ..one };
    let policy = policy(Format::DoubleAuction, PaymentRule::Uniform);
    let bids = [part(bid(0, 90, &[wish(0, 3)])), bid(1, 60, &[wish(1, 3)])];
    let offers = [parts(offer(1, 10, &[wish(0, 1)])), parts(offer(2, 10, &[wish(1, 1)]))];
    let outcome = cleared(&policy, &bids, &offers);
    // At 30, which is its limit, since it wants more than is offered; what is whole gets nothing then.
    assert_eq!(results(&outcome), (vec![Ok(30), Err(Lost::Supply)], vec![Ok(30), Err(Lost::Outbid)]));
    assert_eq!((outcome.fates[0].part, outcome.classes[0].surplus), (Some(1_000_000), 20));
    // The layer's good, all of which is sold, and the cell's.
    assert_eq!(outcome.classes[0].handed_out(&bids, &outcome.fates), [1_000_000, 0]);
    // Where it is offered whole, no part of it is to be had.
    let mixed = [part(bid(0, 90, &[wish(0, 3)])), bid(1, 20, &[wish(0, 1)])];
    let (bought, _) = results(&cleared(&policy, &mixed, &[offer(1, 10, &[wish(0, 1)])]));
    assert!(bought[0] == Err(Lost::Supply) && bought[1].is_ok(), "{bought:?}");
}

#[test]
fn one_bidder_gets_no_more_than_it_may_of_all_its_divisible_bids() {
    let mut rules = policy(Format::DoubleAuction, PaymentRule::Uniform).rules().clone();
    rules.classes[0].holder_cap_permille = 500;
    let (policy, fleet) = (Policy::new(rules).unwrap(), fleet());
    let part = |group: u32, one: AccountBid| AccountBid { is_divisible: true, group: GroupIndex(group), ..one };
    // One may win two of four millions: both of the dearer bid's, or one of it and one of the other.
    let bids =
        [part(0, bid(0, 60, &[wish(0, 3)])), part(1, bid(0, 30, &[wish(0, 1)])), part(2, bid(1, 12, &[wish(0, 1)]))];
    let offers = [AccountOffer { is_divisible: true, ..offer(1, 10, &[wish(0, 4)]) }];
    let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    look(&session, &outcome);
    assert_eq!(results(&outcome).0, [Ok(10), Ok(10), Ok(10)]);
    assert_eq!(outcome.fates.iter().map(|fate| fate.part).collect::<Vec<_>>(), [Some(1_000_000), None, None]);
    assert_eq!(outcome.classes[0].surplus, 10 + 20 + 2);
}

#[test]
fn an_offer_that_is_sold_in_part_stays_out_and_all_others_trade() {
    // Ten million of the first good at 1 a million, all or nothing, for a bid of 30 for six: the seller would be paid for ten
    // and the buyer pays for six, whatever the price. Two million of the second good at 5 a million for a bid of 40 for both.
    let bids = [bid(0, 30, &[wish(0, 6)]), bid(1, 40, &[wish(1, 2)])];
    let offers = [offer(1, 1, &[wish(0, 10)]), offer(2, 5, &[wish(1, 2)])];
    let outcome = cleared(&policy(Format::DoubleAuction, PaymentRule::Uniform), &bids, &offers);
    let (bought, sold) = results(&outcome);
    // At 5 a million the first bid gains nothing, and its offer would gain 40, and is told so: no price suits both. The second
    // pair trades for what the ask and the bid allow.
    assert_eq!((bought[0], sold[0]), (Err(Lost::Outbid), Err(Lost::Paradox)));
    assert!(bought[1].is_ok_and(|paid| (10..=40).contains(&paid)) && sold[1] == bought[1], "{bought:?} {sold:?}");
    let class = &outcome.classes[0];
    assert_eq!((class.unsettled, class.surplus, class.bound), (None, 30, Some(50)));
}

#[test]
fn a_paradoxically_rejected_bid_is_told_as_one() {
    // Three millions at 10 each. A bid of 31 for two and one of 31 for two do not fit together, and one of 12 for one fits beside
    // either: at any price that suits those who trade, the other large bid would like to.
    let bids = [bid(0, 31, &[wish(0, 2)]), bid(1, 31, &[wish(0, 2)]), bid(2, 12, &[wish(0, 1)])];
    let offers = [offer(1, 10, &[wish(0, 3)])];
    let policy = policy(Format::DoubleAuction, PaymentRule::Uniform);
    let (bought, sold) = results(&cleared(&policy, &bids, &offers));
    assert!(sold[0].is_ok() && bought[2].is_ok(), "{bought:?} {sold:?}");
    assert_eq!(bought.iter().filter(|result| **result == Err(Lost::Paradox)).count(), 1, "{bought:?}");
}

#[test]
fn of_orders_that_could_stay_out_the_right_one_does() {
    // One million of the layer at 1, two of the cell at 1 each. The bid of 99 leaves a million of the cell unsold, so that the cell
    // would cost nothing and its seller would lose. Without that offer nobody trades; without that bid the other does.
    let bids = [bid(0, 99, &[wish(0, 1), wish(1, 1)]), bid(1, 32, &[wish(0, 1), wish(1, 2)])];
    let offers = [offer(1, 1, &[wish(0, 1)]), offer(2, 1, &[wish(1, 2)])];
    let outcome = cleared(&policy(Format::DoubleAuction, PaymentRule::Uniform), &bids, &offers);
    let (bought, sold) = results(&outcome);
    assert!(
        bought[1].is_ok_and(|paid| (3..=32).contains(&paid)) && sold.iter().all(Result::is_ok),
        "{bought:?} {sold:?}"
    );
    assert_eq!(bought[0], Err(Lost::Paradox));
    assert_eq!((outcome.classes[0].surplus, outcome.classes[0].bound), (29, Some(96)));
}

/// A wish for millions of the layer during half of the first hour.
fn half_of_the_hour(millions: u64) -> Wish {
    let whole = wish(0, millions);
    let end = whole.interval.start.after(Span(MICROS_PER_HOUR / 2));
    Wish { interval: Interval { end, ..whole.interval }, ..whole }
}

#[test]
fn no_order_of_another_kind_comes_between_those_that_trade_in_parts() {
    let part = |one: AccountBid| AccountBid { is_divisible: true, ..one };
    let mut rules = policy(Format::DoubleAuction, PaymentRule::Uniform).rules().clone();
    rules.terms.least = Span(1);
    let (policy, fleet) = (Policy::new(rules).unwrap(), fleet());
    // Seven millions at 10 and six at 8, for ten at 1: all of the first and three of the second, at the 8 of the second.
    let own = [part(bid(0, 70, &[wish(0, 7)])), part(bid(1, 48, &[wish(0, 6)]))];
    let offers = [AccountOffer { is_divisible: true, ..offer(1, 1, &[wish(0, 10)]) }];
    let trades = |others: &[AccountBid]| {
        let bids: Vec<AccountBid> = own.iter().chain(others).cloned().collect();
        let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        look(&session, &outcome);
        let prices = supporting_prices::find(&session, &outcome, &outcome.classes[0], &Stop::new());
        assert!(outcome.classes[0].surplus <= prices.bound);
        let of = |at: usize| (outcome.fates[at].result, outcome.fates[at].part);
        (of(0), of(1), outcome.offer_fates[0].result)
    };
    let alone = trades(&[]);
    assert_eq!(alone, ((Ok(Money(56)), None), (Ok(Money(24)), Some(3_000_000)), Ok(Money(80))));
    for other in [
        bid(2, 0, &[wish(0, 1)]),
        bid(2, 1, &[wish(0, 1)]),
        bid(2, 900, &[wish(0, 1)]),
        part(bid(2, 900, &[half_of_the_hour(1)])),
        part(bid(2, 900, &[wish(0, 1), wish(1, 1)])),
    ] {
        assert_eq!(trades(std::slice::from_ref(&other)), alone, "{other:?}");
    }
}

#[test]
fn who_gets_no_part_may_still_trade_whole() {
    let part = |one: AccountBid| AccountBid { is_divisible: true, ..one };
    let parts = |one: AccountOffer| AccountOffer { is_divisible: true, ..one };
    let policy = policy(Format::DoubleAuction, PaymentRule::Uniform);
    // In parts the bid of 60 for three finds an ask of 50 each; another offers three whole at 10 each.
    let bids = [part(bid(0, 60, &[wish(0, 3)]))];
    let offers = [parts(offer(1, 50, &[wish(0, 3)])), offer(2, 10, &[wish(0, 3)])];
    let (bought, sold) = results(&cleared(&policy, &bids, &offers));
    assert!(bought[0].is_ok_and(|paid| (30..=60).contains(&paid)) && sold[1] == bought[0], "{bought:?} {sold:?}");
    assert_eq!(sold[0], Err(Lost::Outbid));
}

#[test]
fn what_a_bidder_got_in_parts_counts_for_what_it_may_win_whole() {
    let mut rules = policy(Format::DoubleAuction, PaymentRule::Uniform).rules().clone();
    rules.classes[0].holder_cap_permille = 500;
    let (policy, fleet) = (Policy::new(rules).unwrap(), fleet());
    let group = |number: u32, one: AccountBid| AccountBid { group: GroupIndex(number), ..one };
    // Of eight millions one bidder may win four: three in parts leave one, and not two.
    let bids = [
        group(0, AccountBid { is_divisible: true, ..bid(0, 90, &[wish(0, 3)]) }),
        group(1, bid(0, 90, &[wish(0, 2)])),
        group(2, bid(0, 40, &[wish(0, 1)])),
        group(3, bid(1, 30, &[wish(0, 1)])),
    ];
    let parts = AccountOffer { is_divisible: true, ..offer(1, 10, &[wish(0, 3)]) };
    let offers = [parts, offer(2, 10, &[wish(0, 2)]), offer(3, 10, &[wish(0, 3)])];
    let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    look(&session, &outcome);
    let (bought, _) = results(&outcome);
    assert_eq!((bought[0].is_ok(), bought[1]), (true, Err(Lost::Supply)), "{bought:?}");
}

#[test]
fn what_costs_a_whole_number_is_paid_and_got_and_told_as_that() {
    let policy = policy(Format::DoubleAuction, PaymentRule::Uniform);
    // Bids and asks for a million each, and the price, which is the last ask that trades.
    for (bids, asks, price) in [([100, 80], [10, 20], 20), ([100, 80], [30, 50], 50)] {
        let bids: Vec<AccountBid> = (0..).zip(bids).map(|(at, amount)| bid(at, amount, &[wish(0, 1)])).collect();
        let offers: Vec<AccountOffer> = (1..).zip(asks).map(|(at, ask)| offer(at, ask, &[wish(0, 1)])).collect();
        let outcome = cleared(&policy, &bids, &offers);
        assert_eq!(results(&outcome), (vec![Ok(price); 2], vec![Ok(price); 2]));
        assert_eq!(outcome.classes[0].prices.values().copied().collect::<Vec<_>>(), [price.unsigned_abs()]);
    }
}

/// The policy with bids of any amount.
fn of_any_amount() -> Policy {
    let mut rules = policy(Format::DoubleAuction, PaymentRule::Uniform).rules().clone();
    rules.bids.amount_max = MONEY_MAX;
    Policy::new(rules).unwrap()
}

#[test]
fn a_price_is_exact_however_far_amounts_lie_apart() {
    let policy = of_any_amount();
    // Who wants one of two millions for 50 stays out at 50 a million or more, and so the two cost 100.
    for digits in 3..16 {
        let bids = [bid(0, 10_i64.pow(digits), &[wish(0, 2)]), bid(1, 50, &[wish(0, 1)])];
        let outcome = cleared(&policy, &bids, &[offer(1, 0, &[wish(0, 2)])]);
        assert_eq!(results(&outcome), (vec![Ok(100), Err(Lost::Outbid)], vec![Ok(100)]), "{digits}");
        assert_eq!(outcome.classes[0].prices.values().copied().collect::<Vec<_>>(), [50], "{digits}");
    }
}

#[test]
fn an_order_is_paradoxical_only_where_no_prices_suit_it() {
    let policy = of_any_amount();
    let great = 1_000_000_000_000_000;
    // The pair is worth one micro-credit less than its halves, which two others win: there are prices for all.
    let halves = [bid(0, great, &[wish(0, 1)]), bid(1, 7, &[wish(1, 1)])];
    let of_pair = |amount| [halves.to_vec(), vec![bid(2, amount, &[wish(0, 1), wish(1, 1)])]].concat();
    let offers = [offer(1, 3, &[wish(0, 1)]), offer(2, 3, &[wish(1, 1)])];
    let outcome = cleared(&policy, &of_pair(great + 6), &offers);
    assert_eq!(results(&outcome).0[2], Err(Lost::Outbid));
    let (bought, sold) = results(&outcome);
    let sum = |side: &[Result<i64, Lost>]| side.iter().filter_map(|result| result.ok()).sum::<i64>();
    assert!(sum(&bought) >= great + 6 && sum(&bought) == sum(&sold), "{outcome:?}");
}
