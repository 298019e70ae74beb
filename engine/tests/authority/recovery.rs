//! A journal brings an authority back: from the beginning, from a snapshot, and under other terms.

use std::collections::BTreeSet;

use lessor_engine::authority::{
    Authority, Change, Decision, Effect, Event, Filter, INCARNATION_MAX, LeaseState, Money, Request, RestoreError,
    Revision, RevocationCause, Snapshot, SnapshotError, Term, Terms, UnitPrices,
};
use lessor_engine::invariants::Invariants;
use lessor_engine::ledger::Devices;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Span, Timestamp};
use proptest::prelude::*;

use super::random::{Player, dear_terms, lines};
use super::support::{SECOND, Watched, cell_of, fleet, request, terms, vector};

/// Enacts a part of a journal.
fn enact(authority: &mut Authority, watched: &Watched, range: std::ops::Range<usize>) {
    let mut effects = Vec::new();
    for (now, event, decision) in &watched.journal[range] {
        effects.clear();
        authority.enact(*now, event, decision, &mut effects);
    }
}

/// A snapshot but for its instant: what is not journaled, like a repeat, may have moved it.
fn timeless(authority: &Authority) -> Snapshot {
    Snapshot { now: Timestamp(0), ..authority.snapshot() }
}

/// The same but for changes that watches resume from: how many there are rests with the terms.
fn lasting(authority: &Authority) -> Snapshot {
    Snapshot { changes: Vec::new(), ..timeless(authority) }
}

/// Terms under which little is kept and much is worked off late.
fn narrow() -> Terms {
    Terms {
        gang_max: 3,
        ended_max: 4,
        repeats_max: 3,
        repeat_window: Span(20_000_000),
        deadlines_per_tick: 2,
        stretches_max: 2,
        ..dear_terms()
    }
}

/// Every number as small as it may be.
fn least() -> Terms {
    Terms {
        term_min: Span(1),
        term_max: Span(1),
        guard_band: Span(0),
        drift_ppm: 0,
        notice: Span(0),
        repeat_window: Span(0),
        repeats_max: 1,
        ended_max: 2,
        watch_max: 1,
        leases_max: 1,
        gang_max: 1,
        stretches_max: 2,
        fence_keys_max: 0,
        deadlines_per_tick: 1,
        unit_prices: UnitPrices::default(),
        scarcity_permille: 0,
        compensation_permille: 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_journal_brings_back_the_state_whatever_the_terms_are_now(script in lines(), which in 0..4_usize) {
        let (then, now) =
            [(narrow(), least()), (narrow(), dear_terms()), (dear_terms(), narrow()), (dear_terms(), least())][which];
        let mut player = Player::new(then, true);
        player.watched.apply(Timestamp(0), Event::Retain(then.retention()));
        script.into_iter().for_each(|line| player.play(line));
        let watched = &player.watched;
        let mut authority = Authority::new(&watched.fleet, now, Timestamp(0)).unwrap();
        enact(&mut authority, watched, 0..watched.journal.len());
        prop_assert_eq!(lasting(&authority), lasting(&watched.authority));
    }

    #[test]
    fn a_snapshot_and_the_rest_of_the_journal_bring_back_the_state(script in lines(), cut in 0..70_usize) {
        let mut player = Player::new(dear_terms(), true);
        script.into_iter().for_each(|line| player.play(line));
        let watched = &player.watched;
        let cut = cut.min(watched.journal.len());
        let mut before = Authority::new(&watched.fleet, dear_terms(), Timestamp(0)).unwrap();
        enact(&mut before, watched, 0..cut);
        let snapshot = before.snapshot();
        let mut authority = Authority::restore(&watched.fleet, dear_terms(), snapshot.clone()).unwrap();
        prop_assert_eq!(authority.snapshot(), snapshot);
        enact(&mut authority, watched, cut..watched.journal.len());
        prop_assert_eq!(timeless(&authority), timeless(&watched.authority));
    }

    #[test]
    fn a_cut_is_the_state_at_which_it_began_whatever_happens_until_it_is_read(
        script in lines(), begin in 0..70_usize, most in 1..4_usize,
    ) {
        // Few slots are kept, so that leases are forgotten and their slots and keys used again while the cut is read.
        let mut player = Player::new(Terms { gang_max: 3, ended_max: 4, repeats_max: 3, ..dear_terms() }, true);
        let begin = begin.min(script.len());
        script[..begin].iter().for_each(|line| player.play(*line));
        let expected = player.watched.authority.snapshot();
        let mut cut = player.watched.authority.begin_cut();
        for line in &script[begin..] {
            if let Some(piece) = player.watched.authority.next_piece(most) {
                cut.append(piece);
            }
            player.play(*line);
        }
        while let Some(piece) = player.watched.authority.next_piece(most) {
            cut.append(piece);
        }
        prop_assert_eq!(cut, expected);
    }
}

#[test]
fn changes_before_a_snapshot_are_there_after_it_as_many_as_are_kept() {
    let mut watched = Watched::new(terms());
    for number in 0..5 {
        watched.apply(Timestamp(SECOND), Event::Request(request("ann", &format!("r{number}"), vector(1, 1))));
    }
    let snapshot = watched.authority.snapshot();
    let after = |authority: &Authority, number| {
        let changes = authority.changes(Revision { number, ..authority.revision() }).ok()?;
        Some(changes.map(|change| change.revision.number).collect::<Vec<_>>())
    };
    let all = Authority::restore(&fleet(), terms(), snapshot.clone()).unwrap();
    assert_eq!(after(&all, 0), Some(vec![1, 2, 3, 4, 5]));
    let few = Authority::restore(&fleet(), Terms { watch_max: 2, ..terms() }, snapshot.clone()).unwrap();
    assert_eq!((after(&few, 2), after(&few, 3)), (None, Some(vec![4, 5])));
    // A change that is missing, or is of another history, is no smaller tail.
    let spoilt: [fn(&mut Vec<Change>); 2] =
        [|changes| _ = changes.remove(2), |changes| changes[0].revision.incarnation = 7];
    for spoil in spoilt {
        let mut damaged = snapshot.clone();
        spoil(&mut damaged.changes);
        let error = Authority::restore(&fleet(), terms(), damaged).unwrap_err();
        assert_eq!(error, RestoreError::Snapshot(SnapshotError::Changes));
    }
}

#[test]
fn a_backup_begins_a_line_of_history_in_which_nothing_is_given_twice() {
    let mut watched = Watched::new(terms());
    let ask = |name: &str| Event::Request(request("ann", name, vector(1, 1)));
    watched.apply(Timestamp(SECOND), ask("r1"));
    let backup = watched.authority.snapshot();
    watched.apply(Timestamp(2 * SECOND), ask("r2"));
    let lost = watched.authority.snapshot().slots.pop().unwrap().lease.unwrap().lease;
    let lost_revision = watched.authority.revision();

    let mut authority = Authority::restore(&fleet(), terms(), backup).unwrap();
    authority.begin_incarnation().unwrap();
    let mut effects = Vec::new();
    authority.apply(Timestamp(3 * SECOND), &ask("r3"), &mut effects);
    let page = authority.leases(None, &Filter::default(), 10);
    let [kept, fresh] = page.leases[..] else { panic!("two leases: {page:?}") };
    assert_eq!(kept.request.as_str(), "r1");
    assert!(fresh.token > lost.token && fresh.id != lost.id, "{fresh:?} after {lost:?}");
    assert!(authority.revision() > lost_revision);
    assert!(authority.changes(lost_revision).is_err(), "a watch of the lost line starts again");
}

/// A cell with one tile of so many devices.
fn tile_with_devices(devices: u8) -> Fleet {
    let tile = vector(10, 10).with(Kind::Accelerator, u64::from(devices) * 1_000);
    Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: ["cell", "tile"].map(String::from).to_vec(),
            parents: vec![None, Some(0)],
            levels: vec![Level::Cell, Level::Tile],
            classes: vec![None, Some(ClassIndex(0))],
            capacities: vec![Resources::UNLIMITED, tile],
            uplink_delays_us: vec![0; 2],
        },
        classes: vec![TileClass { devices, ..TileClass::plain("plain") }],
        ..FleetParts::default()
    })
    .unwrap()
}

/// A request for so many whole devices.
fn devices(name: &str, count: u8) -> Request {
    Request { devices: Devices { count, milli: 1_000 }, ..request("ann", name, vector(1, 1)) }
}

/// The authority of a tile of `before` devices with leases of so many devices each, as it comes back on a tile with `after`.
fn on_fewer_devices(before: u8, after: u8, leases: &[u8]) -> Watched {
    let mut watched = Watched::on(tile_with_devices(before), terms());
    for (number, count) in leases.iter().enumerate() {
        let (decision, _) = watched.apply(Timestamp(0), Event::Request(devices(&format!("r{number}"), *count)));
        assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
    }
    let fleet = tile_with_devices(after);
    let mut authority = Authority::restore(&fleet, terms(), watched.authority.snapshot()).unwrap();
    authority.look_for_deficits();
    Watched { fleet, authority, invariants: Invariants::default(), journal: Vec::new() }
}

#[test]
fn a_lost_device_that_two_leases_hold_is_a_damaged_snapshot() {
    let mut snapshot = on_fewer_devices(6, 6, &[4, 2]).authority.snapshot();
    let kept = snapshot.slots[2].lease.as_mut().unwrap();
    kept.lease.device_mask = 0b110;
    let lease = kept.lease.id;
    let error = Authority::restore(&tile_with_devices(1), terms(), snapshot).unwrap_err();
    assert_eq!(error, RestoreError::Snapshot(SnapshotError::Devices { lease }));
}

/// What is said of each lease: its state, and why it was revoked.
fn told(watched: &Watched) -> Vec<(LeaseState, Option<RevocationCause>)> {
    let leases = watched.authority.leases(None, &Filter::default(), 10).leases;
    leases.iter().map(|lease| (lease.state, lease.notice.map(|notice| notice.cause))).collect()
}

const HELD: (LeaseState, Option<RevocationCause>) = (LeaseState::Active, None);
const ENDED_BY_LOSS: (LeaseState, Option<RevocationCause>) = (LeaseState::Revoked, Some(RevocationCause::Deficit));

#[test]
fn leases_on_devices_that_the_tile_lacks_after_a_start_are_revoked_and_the_others_stay() {
    // Devices 0 and 1, 2 and 3, 4 and 5; the tile keeps four. The second of them is the youngest that could be chosen instead.
    let mut watched = on_fewer_devices(6, 4, &[2, 2, 2]);
    let owner = Owner::Node(NodeIndex(1));
    let missing = |amount| Effect::Deficit { owner, missing: Resources::ZERO.with(Kind::Accelerator, amount) };
    assert!(watched.tick(Timestamp(SECOND)).contains(&missing(2_000)));
    assert_eq!(told(&watched), [HELD, HELD, ENDED_BY_LOSS]);
    let lost = watched.authority.leases(None, &Filter::default(), 10).leases[2];
    // The same again on the fleet as it is now, and what is on its way back is not asked for twice.
    let again = Authority::restore(&watched.fleet, terms(), watched.authority.snapshot()).unwrap();
    assert_eq!(again.snapshot(), watched.authority.snapshot());
    watched.authority = again;
    assert_eq!(watched.tick(Timestamp(2 * SECOND)), []);
    let release = Event::Release { holder: lost.holder, lease: lost.id };
    assert!(watched.apply(Timestamp(3 * SECOND), release).1.contains(&missing(0)));
    assert_eq!(watched.authority.ledger().device_left(NodeIndex(1)), [0; 4]);
}

#[test]
fn a_device_that_remains_is_given_to_nobody_beside_a_lease_that_lost_others() {
    // One lease holds all six devices, four of which remain.
    let mut watched = on_fewer_devices(6, 4, &[6]);
    watched.tick(Timestamp(SECOND));
    assert_eq!(told(&watched), [ENDED_BY_LOSS]);
    let ask = |watched: &mut Watched, name| watched.apply(Timestamp(2 * SECOND), Event::Request(devices(name, 1))).0;
    assert!(matches!(ask(&mut watched, "early"), Decision::Refused(_)));
    let lost = watched.authority.leases(None, &Filter::default(), 10).leases[0];
    watched.apply(Timestamp(2 * SECOND), Event::Release { holder: lost.holder, lease: lost.id });
    assert!(matches!(ask(&mut watched, "late"), Decision::Granted(_)));
}

#[test]
fn devices_that_the_tile_lacks_are_missed_even_where_its_account_would_do() {
    // A lease of devices 4 and 5 alone: the account of four devices holds two, and yet those two are gone.
    let mut watched = Watched::on(tile_with_devices(6), terms());
    watched.apply(Timestamp(0), Event::Request(devices("r0", 4)));
    watched.apply(Timestamp(0), Event::Request(devices("r1", 2)));
    let first = watched.authority.leases(None, &Filter::default(), 10).leases[0];
    watched.apply(Timestamp(0), Event::Release { holder: first.holder, lease: first.id });
    let fleet = tile_with_devices(4);
    let mut authority = Authority::restore(&fleet, terms(), watched.authority.snapshot()).unwrap();
    authority.look_for_deficits();
    let mut watched = Watched { fleet, authority, invariants: Invariants::default(), journal: Vec::new() };
    watched.tick(Timestamp(SECOND));
    assert_eq!(told(&watched), [(LeaseState::Released, None), ENDED_BY_LOSS]);
}

#[test]
fn what_is_kept_for_less_long_is_forgotten_at_once() {
    let mut watched = Watched::new(terms());
    for number in 0..10_i64 {
        let now = Timestamp(number * SECOND);
        let asked = Request { first_sent: now, ..request("ann", &format!("r{number}"), vector(1, 1)) };
        watched.apply(now, Event::Request(asked));
        let lease = watched.authority.leases(None, &Filter::default(), 100).leases.pop().unwrap();
        watched.apply(now, Event::Release { holder: lease.holder, lease: lease.id });
    }
    assert_eq!(watched.authority.leases(None, &Filter::default(), 100).leases.len(), 10);
    watched.apply(Timestamp(10 * SECOND), Event::Retain(Terms { gang_max: 1, ended_max: 3, ..terms() }.retention()));
    let kept = watched.authority.leases(None, &Filter::default(), 100).leases;
    assert_eq!(kept.iter().map(|lease| lease.request.as_str()).collect::<Vec<_>>(), ["r7", "r8", "r9"]);
}

#[test]
fn an_incarnation_in_which_ids_or_tokens_would_be_given_again_never_begins() {
    let mut authority = Authority::new(&fleet(), terms(), Timestamp(0)).unwrap();
    let (mut ids, mut tokens) = (BTreeSet::new(), BTreeSet::new());
    for incarnation in 1..=INCARNATION_MAX {
        assert_eq!(authority.revision().incarnation, incarnation);
        let now = Timestamp(i64::from(incarnation) * SECOND);
        let asked = Request { first_sent: now, ..request("ann", &format!("r{incarnation}"), vector(1, 0)) };
        authority.apply(now, &Event::Request(asked), &mut Vec::new());
        let lease = authority.leases(None, &Filter::default(), 1_000).leases.pop().unwrap();
        authority.apply(now, &Event::Release { holder: lease.holder, lease: lease.id }, &mut Vec::new());
        assert!(ids.insert(lease.id) && tokens.last().is_none_or(|last| *last < lease.token));
        tokens.insert(lease.token);
        let begun = authority.begin_incarnation();
        assert_eq!(begun, if incarnation < INCARNATION_MAX { Ok(()) } else { Err(RestoreError::Exhausted) });
    }
    let last = authority.snapshot();
    let beyond = Revision { incarnation: INCARNATION_MAX + 1, ..last.revision };
    for snapshot in [Snapshot { revision: beyond, ..last.clone() }, Snapshot { minted: 1 << 48, ..last }] {
        assert_eq!(Authority::restore(&fleet(), terms(), snapshot).unwrap_err(), RestoreError::Exhausted);
    }
}

/// A tile on which more leases lie than are looked at for one displacement, and a slot of one that ended is used again.
fn crowded() -> Watched {
    let mut watched = Watched::new(Terms { gang_max: 1, ended_max: 2, ..dear_terms() });
    watched.fleet = cell_of(1, (2_000, 0));
    watched.authority = Authority::new(&watched.fleet, *watched.authority.terms(), Timestamp(0)).unwrap();
    let ask = |name: &str, seconds: u64| Request {
        class: ServiceClass::D,
        term: Term::Immediate(Span(seconds * 1_000_000)),
        ..request("ann", name, vector(1, 0))
    };
    for number in 0..1_200 {
        watched.authority.apply(Timestamp(0), &Event::Request(ask(&format!("r{number}"), 900)), &mut Vec::new());
    }
    // The first three go, and their places are taken by those that cost least: they are active last and lie in the first slots.
    let first = watched.authority.leases(None, &Filter::default(), 3).leases;
    for lease in first {
        let release = Event::Release { holder: lease.holder, lease: lease.id };
        watched.authority.apply(Timestamp(0), &release, &mut Vec::new());
    }
    watched.authority.apply(Timestamp(0), &Event::Request(ask("cheap", 10)), &mut Vec::new());
    watched
}

#[test]
fn a_displacement_among_many_is_decided_alike_before_and_after_a_restart() {
    let Watched { fleet, mut authority, .. } = crowded();
    let terms = *authority.terms();
    let mut restored = Authority::restore(&fleet, terms, authority.snapshot()).unwrap();
    let urgent = Event::Request(Request {
        class: ServiceClass::A,
        bid: Some(Money(1 << 40)),
        ..request("bob", "urgent", vector(803, 0))
    });
    let before = authority.apply(Timestamp(SECOND), &urgent, &mut Vec::new());
    assert!(matches!(before, Decision::Offered { .. }), "{before:?}");
    assert_eq!(restored.apply(Timestamp(SECOND), &urgent, &mut Vec::new()), before);
    assert_eq!(restored.snapshot(), authority.snapshot());
}
