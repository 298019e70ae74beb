//! A journal brings an authority back: from the beginning, from a snapshot, and under other terms.

use lessor_engine::authority::{Authority, Event, Snapshot, Terms};
use lessor_models::time::{Span, Timestamp};
use proptest::prelude::*;

use super::random::{Player, dear_terms, lines};
use super::support::{SECOND, Watched, fleet, request, terms, vector};

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_journal_brings_back_the_state_whatever_the_terms_are_now(script in lines()) {
        let mut player = Player::new(dear_terms(), true);
        script.into_iter().for_each(|line| player.play(line));
        let watched = &player.watched;
        let newer = Terms { guard_band: Span(9_000_000), notice: Span(1), ..terms() };
        let mut authority = Authority::new(&watched.fleet, newer, Timestamp(0)).unwrap();
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
    authority.begin_incarnation();
    let mut effects = Vec::new();
    authority.apply(Timestamp(3 * SECOND), &ask("r3"), &mut effects);
    let page = authority.leases(None, &lessor_engine::authority::Filter::default(), 10);
    let [kept, fresh] = page.leases[..] else { panic!("two leases: {page:?}") };
    assert_eq!(kept.request.as_str(), "r1");
    assert!(fresh.token > lost.token && fresh.id != lost.id, "{fresh:?} after {lost:?}");
    assert!(authority.revision() > lost_revision);
    assert!(authority.changes(lost_revision).is_err(), "a watch of the lost line starts again");
}
