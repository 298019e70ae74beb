//! Posted prices that follow use.

use lessor_engine::authority::{
    Answer, Authority, Decision, Event, Money, PriceList, Reason, Refusal, Renewal, Request, Scope, Term,
};
use lessor_engine::ledger::Account;
use lessor_market::posted::{Listing, Steering, UnitPrice};
use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::resources::Kind;
use lessor_models::time::{Span, StepFunction, Timestamp};
use proptest::prelude::*;

use super::random::{Player, dear_terms, lines};
use super::support::{SECOND, Watched, answer, fleet, request, terms, vector};

/// The compute of cell `b`, of which there are 30 until second 100.
const ACCOUNT: Account = Account { owner: Owner::Node(NodeIndex(2)), kind: Kind::Compute };

fn list() -> PriceList {
    let steering = Steering {
        target_permille: 500,
        gain_permille: 500,
        step_max_permille: 125,
        newest_permille: 1_000,
        elasticity_permille: 3_500,
    };
    let start = UnitPrice::from_stated(1_000_000);
    let listing = Listing { steering, start, reserve: start, cap: UnitPrice::from_stated(1_000_000_000) };
    let other = Account { owner: Owner::Node(NodeIndex(1)), kind: Kind::Compute };
    PriceList { listings: vec![(ACCOUNT, listing), (other, listing)], reserves: Vec::new(), period: Span(10_000_000) }
}

/// The same where what the account costs at least is tenfold between second 25 and second 55, and less than at first from 95 on.
fn list_over_time() -> PriceList {
    let UnitPrice(start) = UnitPrice::from_stated(1_000_000);
    let at = |second: i64, price| (Timestamp(second * SECOND), price);
    let prices = StepFunction::new(start, vec![at(25, 10 * start), at(55, start), at(95, start / 4)]);
    PriceList { reserves: vec![(vec![ACCOUNT], prices)], ..list() }
}

fn watched() -> Watched {
    watched_under(&list())
}

fn watched_under(list: &PriceList) -> Watched {
    let mut watched = Watched::new(terms());
    watched.authority = Authority::new(&fleet(), terms(), Timestamp(0)).unwrap().with_prices(list);
    watched
}

fn price(authority: &Authority) -> u64 {
    authority.posted_price(ACCOUNT).unwrap()
}

#[test]
fn prices_rise_under_load_and_come_back() {
    let mut watched = watched();
    let at = |second: i64| Timestamp(second * SECOND);
    let start = price(&watched.authority);
    // 27 of 30, of which half should be held: the price rises by an eighth each period, the most that it may.
    for tile in 6..9 {
        let wish = Request {
            scope: Scope::Under(NodeIndex(tile)),
            term: Term::Immediate(Span(60_000_000)),
            ..request("ann", &format!("r{tile}"), vector(9, 0))
        };
        let (decision, _) = watched.apply(at(0), Event::Request(wish));
        assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
    }
    watched.tick(at(9));
    assert_eq!(price(&watched.authority), start, "not before the period is over");
    let mut before = start;
    for second in [10, 20, 30] {
        watched.tick(at(second));
        let now = price(&watched.authority);
        assert!(now > before && now <= before + before / 8 + 1, "{before} to {now}");
        before = now;
    }
    let quoted = |watched: &mut Watched, compute| {
        let wish = Request { scope: Scope::Under(NodeIndex(6)), ..request("ann", "q", vector(compute, 0)) };
        match watched.authority.quote(&wish) {
            Decision::Granted(grant) => grant.seat.rate.over(Span(3_600_000_000)).0,
            other => panic!("{other:?}"),
        }
    };
    // One unit for an hour, at so much for 10^6 of them.
    assert_eq!(u64::try_from(quoted(&mut watched, 1)).unwrap(), before.div_ceil(1_000_000));
    // Nobody holds anything after second 61: the price falls back to the reserve and no further.
    for second in (70..400).step_by(10) {
        watched.tick(at(second));
    }
    assert_eq!(price(&watched.authority), start);
}

/// Of the account 27 of 30 are held and none in turn, period by period: more and less than the target of half of it.
#[test]
fn a_price_that_swings_is_counted_until_it_settles() {
    let mut watched = watched();
    let at = |second: i64| Timestamp(second * SECOND);
    let mut counted = Vec::new();
    for round in 0..40 {
        for tile in (6..9).filter(|_| round % 2 == 0 && round < 20) {
            let wish = Request {
                scope: Scope::Under(NodeIndex(tile)),
                term: Term::Immediate(Span(15_000_000)),
                first_sent: at(201 + 10 * round),
                ..request("ann", &format!("r{round}-{tile}"), vector(9, 0))
            };
            let (decision, _) = watched.apply(at(201 + 10 * round), Event::Request(wish));
            assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
        }
        watched.tick(at(210 + 10 * round));
        counted.push(watched.authority.swinging_prices());
    }
    // Sixteen periods are looked at, and of the last of forty nothing was held.
    assert_eq!((&counted[..15], &counted[15..20], counted[39]), (&[0; 15][..], &[1; 5][..], 0), "{counted:?}");
}

/// Each step counts with the reserve price of its instant; a step that is begun again counts with the one that it was taken with.
#[test]
fn the_reserve_price_follows_its_steps_and_not_the_start_of_the_authority() {
    let list = list_over_time();
    let mut authority = Authority::new(&fleet(), terms(), Timestamp(0)).unwrap().with_prices(&list);
    let start = price(&authority);
    let mut prices = Vec::new();
    for second in (5..=300).step_by(5) {
        authority.apply(Timestamp(second * SECOND), &Event::Tick, &mut Vec::new());
        let restarted = Authority::restore(&fleet(), terms(), authority.snapshot()).unwrap().with_prices(&list);
        assert_eq!(price(&restarted), price(&authority), "at second {second}");
        authority = restarted;
        prices.push((second, price(&authority)));
    }
    let at = |second: i64| prices.iter().find(|price| price.0 == second).unwrap().1;
    assert_eq!([at(20), at(25), at(30), at(55)], [start, start, 10 * start, 10 * start]);
    // Nobody holds anything: the price falls by an eighth a step, to where the reserve is.
    assert!(at(60) < at(55) && at(90) > at(100) && at(300) < start, "{prices:?}");
    // An authority that begins in the middle begins at the reserve price of then.
    let late = Authority::new(&fleet(), terms(), Timestamp(30 * SECOND)).unwrap().with_prices(&list);
    assert_eq!(price(&late), 10 * start);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_journal_leads_to_the_same_prices(script in lines(), cut in 0..70_usize) {
        let list = list_over_time();
        let mut player = Player::new(terms(), true);
        player.watched = watched_under(&list);
        script.into_iter().for_each(|line| player.play(line));
        let watched = &player.watched;
        let cut = cut.min(watched.journal.len());
        let mut effects = Vec::new();
        let mut authority = Authority::new(&watched.fleet, terms(), Timestamp(0)).unwrap().with_prices(&list);
        for (number, (now, event, decision)) in watched.journal.iter().enumerate() {
            if number == cut {
                authority = Authority::restore(&watched.fleet, terms(), authority.snapshot()).unwrap().with_prices(&list);
            }
            authority.enact(*now, event, decision, &mut effects);
        }
        prop_assert_eq!(authority.snapshot().prices, watched.authority.snapshot().prices);
        prop_assert_eq!(authority.snapshot().priced, watched.authority.snapshot().priced);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_renewal_costs_what_asking_anew_would(own in (1..6_u64, 0..6_u64), others in (0..5_u64, 0..5_u64)) {
        let scope = Scope::Under(NodeIndex(3));
        let wish = |holder: &str, name: &str, (compute, power): (u64, u64)| Request {
            scope,
            term: Term::Immediate(Span(60_000_000)),
            ..request(holder, name, vector(compute, power))
        };
        let mut watched = Watched::new(dear_terms());
        watched.apply(Timestamp(0), Event::Request(wish("bob", "beside", others)));
        let (_, effects) = watched.apply(Timestamp(0), Event::Request(wish("ann", "r", own)));
        let Answer::Lease(lease) = *answer(&effects) else { panic!("{effects:?}") };
        let now = Timestamp(SECOND);
        let mut other = Authority::restore(&watched.fleet, dear_terms(), watched.authority.snapshot()).unwrap();

        let end = Timestamp(100 * SECOND);
        let renewal = Renewal { holder: lease.holder, lease: lease.id, version: lease.version, end, bid: None };
        let (renewed, _) = watched.apply(now, Event::Renew(renewal));
        other.apply(now, &Event::Release { holder: lease.holder, lease: lease.id }, &mut Vec::new());
        let anew = other.apply(now, &Event::Request(wish("ann", "anew", own)), &mut Vec::new());
        match (renewed, anew) {
            (Decision::Renewed { rate, .. }, Decision::Granted(grant)) => prop_assert_eq!(rate, grant.seat.rate),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn what_is_too_dear_is_offered_as_far_as_the_bid_pays() {
    let mut watched = Watched::new(dear_terms());
    let tile = NodeIndex(3);
    let mut quote = |compute: u64, bid: i64| {
        let wish = request("ann", "r", vector(compute, 0));
        watched.authority.quote(&Request { bid: Some(Money(bid)), scope: Scope::Under(tile), ..wish })
    };
    let Decision::Refused(Refusal { reason: Reason::TooDear { price }, counter }) = quote(8, 0) else {
        panic!("nothing is free")
    };
    assert_eq!(counter.smaller, None);
    let half = price.0 / 2;
    let Decision::Refused(Refusal { counter, .. }) = quote(8, half) else { panic!("half is not the whole") };
    let (node, permille) = counter.smaller.expect("half pays for something");
    assert_eq!((node, i64::from(permille)), (tile, half * 1_000 / price.0));
    assert!(matches!(quote(8 * u64::from(permille) / 1_000, half), Decision::Granted(_)));
}
