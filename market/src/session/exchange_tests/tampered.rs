//! Rounds with offers that were tampered with: what the second look finds of prices and of the surplus.

use super::*;

/// What the second look finds once a round is tampered with.
fn found(session: &Session<'_>, outcome: &SessionOutcome, change: &dyn Fn(&mut SessionOutcome)) -> Residuals {
    let mut outcome = outcome.clone();
    change(&mut outcome);
    residuals(session, &outcome, &posting::transfers(session, &outcome))
}

#[test]
fn what_is_paid_beside_the_price_of_all_is_found() {
    let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Uniform), fleet());
    // Whole orders, of which the last bid stays out: a million costs no less than its 100 and no more than 200.
    let bids = [bid(0, 1_000, &[wish(0, 5)]), bid(1, 900, &[wish(0, 3)]), bid(2, 300, &[wish(0, 3)])];
    let offers = [offer(1, 10, &[wish(0, 5)]), offer(2, 20, &[wish(0, 3)])];
    let divisible = |is_divisible| {
        let bids = bids.clone().map(|bid| AccountBid { is_divisible, ..bid });
        (bids, offers.clone().map(|offer| AccountOffer { is_divisible, ..offer }))
    };
    for is_divisible in [false, true] {
        let (bids, offers) = divisible(is_divisible);
        let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        assert_eq!(found(&session, &outcome, &|_| ()), Residuals::default());
        let paid = outcome.fates[1].result.unwrap().0;
        let price = *outcome.classes[0].prices.values().next().unwrap();
        assert!(paid.unsigned_abs() == 3 * price && (100..=200).contains(&price), "{paid} at {price}");
        // A price is told to a micro-credit a million, and rounding is let pass up to eight.
        for (other, off) in [(paid - 11, 0), (paid - 40, 29), (paid + 8, 0), (paid + 9, 1), (paid + 20, 12)] {
            let pays = |outcome: &mut SessionOutcome| outcome.fates[1].result = Ok(Money(other));
            let off = Residuals { off_price: off, ..Residuals::default() };
            assert_eq!(found(&session, &outcome, &pays), off, "{is_divisible}: {other} for {paid}");
        }
        let gets = |outcome: &mut SessionOutcome| outcome.offer_fates[0].result = Ok(Money(1_999));
        let off = (1_999 - 5 * price.cast_signed() - 8).unsigned_abs().into();
        assert_eq!(found(&session, &outcome, &gets).off_price, off);
        // 1,900 are bid for eight millions, of which five are asked 50 for and three 60.
        assert_eq!(outcome.classes[0].surplus, 1_790);
        let misstated = |by: i64| {
            let change = |outcome: &mut SessionOutcome| outcome.classes[0].surplus = (1_790 + by).unsigned_abs().into();
            found(&session, &outcome, &change).off_surplus
        };
        // A sum of fractions may come out a micro-credit lower.
        assert_eq!([1, 5, -1, -2].map(misstated), if is_divisible { [1, 5, 0, 1] } else { [1, 5, 1, 2] });
    }
}

/// So many base units of the layer for the first hour.
fn of_units(quantity: u64) -> Wish {
    Wish { quantity, ..wish(0, 1) }
}

#[test]
fn the_surplus_of_parts_is_counted_to_the_fraction() {
    let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Uniform), fleet());
    // 10 for seven units, of which five are sold at half a micro-credit each: 50 / 7 less 2.5 is 4.64.
    let bids = [AccountBid { is_divisible: true, ..bid(0, 10, &[of_units(7)]) }];
    let offers = [AccountOffer { is_divisible: true, ..offer(1, 500_000, &[of_units(5)]) }];
    let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    assert_eq!((outcome.fates[0].part, outcome.classes[0].surplus), (Some(5), 4));
    let stated = |surplus| found(&session, &outcome, &|outcome| outcome.classes[0].surplus = surplus).off_surplus;
    assert_eq!([2, 3, 4, 5, 9].map(stated), [1, 0, 0, 1, 5]);
}

#[test]
fn who_trades_whole_and_who_in_parts_are_held_against_prices_of_their_own() {
    let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Uniform), fleet());
    let two_hours = Interval { start: Timestamp(0), end: Timestamp(0).after(Span(2 * MICROS_PER_HOUR)) };
    let long = Wish { interval: two_hours, ..wish(0, 2) };
    let part = |bid: AccountBid| AccountBid { is_divisible: true, ..bid };
    let of_part = |offer: AccountOffer| AccountOffer { is_divisible: true, ..offer };
    // Of the layer in the first hour four millions are bid for and three offered, in parts; two whole; and two over two hours.
    let bids = [part(bid(0, 900, &[wish(0, 4)])), bid(1, 400, &[wish(0, 2)]), part(bid(2, 9_020, &[long]))];
    let offers = [of_part(offer(1, 10, &[wish(0, 3)])), offer(2, 20, &[wish(0, 2)]), of_part(offer(3, 5, &[long]))];
    let session = session(Ground::bare(&fleet), &policy, &bids, &offers);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    assert_eq!(found(&session, &outcome, &|_| ()), Residuals::default());
    let (bought, sold) = results(&outcome);
    let [bought, sold] = [bought, sold].map(|side| side.into_iter().map(Result::unwrap).collect::<Vec<i64>>());
    assert_eq!(outcome.fates[0].part, Some(3_000_000));
    // What a million costs for an hour: no two of them pay the same.
    let prices = [bought[0] / 3, bought[1] / 2, bought[2] / 4];
    assert!(prices[0] != prices[1] && prices[1] != prices[2] && prices[2] != prices[0], "{prices:?}");
    // Rounding is let pass up to eight.
    for at in 0..3 {
        for (more, off) in [(8, 0), (9, 1), (60, 52)] {
            let pays = |outcome: &mut SessionOutcome| outcome.fates[at].result = Ok(Money(bought[at] + more));
            assert_eq!(
                found(&session, &outcome, &pays).off_price,
                off,
                "bid {at} pays {more} more than {}",
                bought[at]
            );
            let gets = |outcome: &mut SessionOutcome| outcome.offer_fates[at].result = Ok(Money(sold[at] + more));
            assert_eq!(
                found(&session, &outcome, &gets).off_price,
                off,
                "offer {at} gets {more} more than {}",
                sold[at]
            );
        }
    }
    // What is told of a good is the dearest of its parts: seven more come to 28 for two millions over two hours.
    let dearer = |outcome: &mut SessionOutcome| outcome.classes[0].prices.values_mut().for_each(|price| *price += 7);
    assert_eq!(found(&session, &outcome, &dearer).off_price, 28);
}
