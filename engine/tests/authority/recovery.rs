//! A journal brings an authority back: from the beginning, from a snapshot, and under other terms.

use std::collections::BTreeSet;

use lessor_engine::authority::{
    Authority, Decision, Event, Filter, INCARNATION_MAX, Money, Request, RestoreError, Revision, Snapshot, Term, Terms,
    UnitPrices,
};
use lessor_models::job::ServiceClass;
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
        prop_assert_eq!(timeless(&authority), timeless(&watched.authority));
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
