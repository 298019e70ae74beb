//! What others bid in vain changes nothing: neither when a round takes place, nor what a term costs, nor who wins.

use lessor_models::fleet::{TariffSteps, Zone, ZoneIndex, ZoneKind};

use super::*;
use crate::session::earliest_start;

/// The fleet, where energy costs 1,000,000 a kilowatt-hour, and ten times that from the middle of the first hour on.
fn fleet_with_tariff() -> Fleet {
    let half = Timestamp(hour(1).0 / 2);
    let tariff = TariffSteps { energy_price: vec![(half, 10_000_000)], ..TariffSteps::default() };
    let feed = Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: Some(1_000_000) };
    let parts = FleetParts {
        nodes: nodes(10_000_000),
        classes: vec![TileClass::plain("plain")],
        zone_names: vec!["feed".into()],
        zones: vec![feed],
        members: vec![(0, 0)],
        tariffs: [(ZoneIndex(0), tariff)].into(),
        ..FleetParts::default()
    };
    Fleet::new(parts).unwrap()
}

#[test]
fn a_term_costs_what_the_tariff_says_at_each_of_its_instants() {
    // Four watts a million: 4 / 1,000 kWh an hour, at 1,000,000 for half an hour and 10,000,000 for an hour and a half.
    let reserve = Reserve::MarginalCost { wear: 0, draw_mw: 4_000, heat_price: 0, markup_permille: 0 };
    let links = class("links", Level::Layer, Format::SealedBid, PaymentRule::Vcg);
    let rules = policy(vec![AccountClass { reserve, price_cap: None, ..links }]);
    let (fleet, own) = (fleet_with_tariff(), bid(0, 100_000, &[wish(LAYER, 1, (0, 2))]));
    let others = [(0, 1), (1, 2)].map(|hours| bid(1, 90_000, &[wish(LAYER, 1, hours)]));
    let exact = 4_000 / 2 + 40_000 * 3 / 2;
    for bids in [vec![own.clone()], vec![own.clone(), others[0].clone()], vec![own, others[1].clone()]] {
        let outcome = clear_session(&session(&fleet, &rules, &bids), &Stop::new()).unwrap();
        assert_eq!(outcome.fates[0].result, Ok(Money(exact)));
    }
}

#[test]
fn an_offer_asks_what_the_tariff_says_at_each_of_its_instants() {
    use crate::session::{AccountOffer, OfferedGood};
    use crate::settlement::SellerId;

    let cost = Reserve::MarginalCost { wear: 0, draw_mw: 4_000, heat_price: 0, markup_permille: 0 };
    let links = class("links", Level::Layer, Format::DoubleAuction, PaymentRule::Uniform);
    let rules = policy(vec![AccountClass { price_cap: None, ..links }]);
    let fleet = fleet_with_tariff();
    for is_divisible in [false, true] {
        let offered = wish(LAYER, 1, (0, 2));
        let offers =
            [AccountOffer { seller: SellerId(1), goods: vec![OfferedGood { wish: offered, cost }], is_divisible }];
        let sold = |amount| {
            let bids = [AccountBid { is_divisible, ..bid(0, amount, &[offered]) }];
            let session = Session { offers: &offers, ..session(&fleet, &rules, &bids) };
            clear_session(&session, &Stop::new()).unwrap().offer_fates[0].result.is_ok()
        };
        assert_eq!([61_999, 62_001].map(sold), [false, true], "{is_divisible}");
    }
}

#[test]
fn a_round_begins_where_the_first_does_that_could_come_of_it() {
    let fleet = fleet();
    let rules = sealed(PaymentRule::Vcg);
    let start = |bids: &[AccountBid]| earliest_start(&session(&fleet, &rules, bids));
    let own = bid(0, 500, &[wish(LAYER, 4, (3, 4))]);
    assert_eq!(start(std::slice::from_ref(&own)), Some(hour(3)));
    for vain in [
        bid(1, 0, &[wish(LAYER, 1, (-900_000, -899_999))]),
        bid(1, 9, &[wish(LAYER, 1, (1, 2))]),
        bid(1, 900, &[wish(LAYER, 11, (1, 2))]),
        bid(1, 900, &[wish(CELL, 1, (1, 2))]),
        bid(1, 900, &[wish(LAYER, 1, (-2, 2))]),
        AccountBid { service: ServiceClass::A, ..bid(1, 900, &[wish(LAYER, 1, (1, 2))]) },
        bid(1, 100_001, &[wish(LAYER, 1, (1, 2))]),
    ] {
        let bids = [vain, own.clone()];
        assert_eq!(start(&bids), Some(hour(3)), "{bids:?}");
        // And what begins before the round has no part in it.
        let outcome = clear_session(&Session { at: hour(3), ..session(&fleet, &rules, &bids) }, &Stop::new()).unwrap();
        assert!(outcome.fates[0].result.is_err() && outcome.fates[1].result == Ok(Money(40)), "{outcome:?}");
    }
    assert_eq!(start(&[bid(1, 9, &[wish(LAYER, 1, (1, 2))])]), None);
    assert_eq!(start(&[bid(1, 90, &[wish(LAYER, 1, (1, 2))]), own]), Some(hour(1)));
}

#[test]
fn in_the_greedy_format_a_term_weighs_what_it_lasts_however_others_cut_it() {
    // Five for two hours are twice the size of five for one: 600 for the hour ranks before 848 for both, and after 849.
    let rules = policy(vec![class("links", Level::Layer, Format::Greedy, PaymentRule::CriticalBid)]);
    let both = |amount| bid(0, amount, &[wish(LAYER, 5, (1, 3))]);
    let one = bid(1, 600, &[wish(LAYER, 5, (1, 2))]);
    assert_eq!(results(&rules, &[both(848), one.clone()]), [Err(Lost::Outbid), Ok(600)]);
    assert_eq!(results(&rules, &[both(849), one.clone()]), [Ok(849), Err(Lost::Outbid)]);
    // Terms that begin and end within the second hour cut it and win nothing.
    let minutes = |from: i64, quantity| {
        let (start, end) = (hour(2).0 - hour(1).0 / 2 + from, hour(3).0 + from);
        let interval = Interval { start: Timestamp(start), end: Timestamp(end) };
        Wish { quantity, interval, ..wish(LAYER, 1, (0, 1)) }
    };
    for quantity in [1, 6_000_000] {
        let vain = (1..7).map(|at| bid(1 + u32::try_from(at).unwrap(), 0, &[minutes(at * 60_000_000, quantity)]));
        let bids: Vec<AccountBid> = [both(849), one.clone()].into_iter().chain(vain).collect();
        assert_eq!(results(&rules, &bids)[..2], [Ok(849), Err(Lost::Outbid)]);
    }
}

#[test]
fn a_bid_that_enters_no_market_is_not_one_of_several() {
    let greedy = |name, level| class(name, level, Format::Greedy, PaymentRule::CriticalBid);
    let rules = policy(vec![greedy("links", Level::Layer), greedy("cells", Level::Cell)]);
    let own = bid(0, 500, &[wish(LAYER, 4, (0, 1))]);
    let of_group = |group, amount, wish| AccountBid { group: GroupIndex(group), ..bid(0, amount, &[wish]) };
    // One bid in each of two classes, or one that is refused beside it.
    assert_eq!(results(&rules, &[own.clone(), of_group(7, 500, wish(CELL, 1, (0, 1)))]), [Ok(40), Ok(10)]);
    assert_eq!(results(&rules, &[own.clone(), of_group(7, 9, wish(LAYER, 1, (0, 1)))]), [Ok(40), Err(Lost::Reserve)]);
    let several = Err(Lost::SeveralBids);
    assert_eq!(results(&rules, &[own, of_group(7, 500, wish(LAYER, 1, (0, 1)))]), [several, several]);
}

#[test]
fn no_price_that_is_told_is_above_the_cap() {
    let rules = sealed(PaymentRule::Vcg);
    // A thousandth of a million counts for one micro-credit and not for more, which is what the cap comes to or a little less.
    let few = Wish { quantity: 2_500_500, ..wish(LAYER, 1, (0, 1)) };
    let bids: Vec<AccountBid> = (0..6).map(|bidder| bid(bidder, 90_000, &[few])).collect();
    let fleet = fleet();
    let session = session(&fleet, &rules, &bids);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    let class = &outcome.classes[0];
    let found = supporting_prices::find(&session, &outcome, class, &Stop::new());
    for (good, &above) in (0..).map(crate::book::GoodIndex).zip(&found.above_reserve) {
        assert!(class.price(good, above) <= 1_000, "{good:?}");
    }
    assert!(class.surplus <= found.bound);
}
