//! Every invariant can fail: each is shown a history that was tampered with.

use lessor_engine::authority::{
    Answer, Authority, Decision, Effect, Event, Lease, Money, Posting, Request, Revision, Token,
};
use lessor_engine::invariants::{Invariants, Step, Violation};
use lessor_models::fleet::{Fleet, Owner};
use lessor_models::time::Timestamp;

use super::support::{SECOND, fleet, fleet_with_feed_at, key, request, terms, vector};

/// One request, as it was granted, and what tampers with it.
struct History {
    fleet: Fleet,
    authority: Authority,
    invariants: Invariants,
    event: Event,
    decision: Decision,
    effects: Vec<Effect>,
}

impl History {
    /// A grant of some compute under a fence key, at second 1.
    fn of_a_grant() -> History {
        History::of(Request { fence_keys: vec![key("k")], ..request("ann", "r", vector(4, 1)) })
    }

    fn of(request: Request) -> History {
        let fleet = fleet();
        let mut authority = Authority::new(&fleet, terms(), Timestamp(0)).unwrap();
        let mut effects = Vec::new();
        let event = Event::Request(request);
        let decision = authority.apply(Timestamp(SECOND), &event, &mut effects);
        History { fleet, authority, invariants: Invariants::default(), event, decision, effects }
    }

    /// Looks at the event as it is now, at an instant.
    fn look_at(&mut self, second: i64) -> Result<(), Violation> {
        let History { fleet, authority, invariants, event, decision, effects } = self;
        let step = Step { authority, now: Timestamp(second * SECOND), event, decision, effects };
        invariants.observe(fleet, &step)
    }

    fn look(&mut self) -> Result<(), Violation> {
        self.look_at(1)
    }

    /// Applies the next event, honestly.
    fn then(&mut self, event: Event) {
        self.effects.clear();
        self.decision = self.authority.apply(Timestamp(SECOND), &event, &mut self.effects);
        self.event = event;
    }

    fn change_leases(&mut self, change: impl Fn(&mut Lease)) {
        for effect in &mut self.effects {
            if let Effect::Changed(told) = effect {
                change(&mut told.lease);
            }
        }
    }
}

#[test]
fn an_honest_history_violates_nothing() {
    assert_eq!(History::of_a_grant().look(), Ok(()));
}

#[test]
fn a_clock_that_is_not_that_of_the_event_is_found() {
    let mut history = History::of_a_grant();
    history.look().unwrap();
    history.then(Event::Tick);
    assert!(matches!(history.look_at(0), Err(Violation::TimeWentBack { .. })));
}

#[test]
fn what_leases_hold_and_accounts_do_not_say_is_found() {
    let mut history = History::of_a_grant();
    // In this fleet the feed lists the other cell, so its account should hold nothing.
    history.fleet = fleet_with_feed_at(2);
    assert!(matches!(history.look(), Err(Violation::Commitment { .. })));
}

#[test]
fn a_grant_of_more_than_there_is_is_found() {
    let mut history = History::of_a_grant();
    let tile = Owner::Node(granted(&history).node);
    history.fleet.limit(tile, &vector(3, 10));
    assert!(matches!(history.look(), Err(Violation::Overdraft { held: 4, limit: 3, .. })));
}

#[test]
fn a_token_that_does_not_rise_and_a_key_that_is_held_twice_are_found() {
    let mut history = History::of_a_grant();
    history.look().unwrap();
    let lease = granted(&history);
    history.then(Event::Release { holder: lease.holder, lease: lease.id });
    history.look().unwrap();
    history.then(Event::Request(Request { fence_keys: vec![key("k")], ..request("bob", "r", vector(1, 1)) }));
    history.change_leases(|lease| lease.token = Token(0));
    assert!(matches!(history.look(), Err(Violation::Token { .. })));

    let mut history = History::of_a_grant();
    history.look().unwrap();
    let lease = granted(&history);
    history.then(Event::Release { holder: lease.holder, lease: lease.id });
    // Nobody is told of the release, and the key is granted again.
    history.effects.clear();
    history.then(Event::Request(Request { fence_keys: vec![key("k")], ..request("bob", "r", vector(1, 1)) }));
    assert!(matches!(history.look(), Err(Violation::KeyHeldTwice { key: twice, .. }) if twice == key("k")));
}

#[test]
fn a_lease_that_was_granted_and_is_not_there_is_found() {
    let mut history = History::of_a_grant();
    history.authority = Authority::new(&history.fleet, terms(), Timestamp(SECOND)).unwrap();
    assert!(matches!(history.look(), Err(Violation::Forgotten { .. })));
}

#[test]
fn a_repeat_that_gets_another_answer_is_found() {
    let mut history = History::of_a_grant();
    history.look().unwrap();
    let event = history.event.clone();
    history.then(event);
    for effect in &mut history.effects {
        if let Effect::Answer(Answer::Lease(lease)) = effect {
            lease.end = Timestamp(lease.end.0 + 1);
        }
    }
    assert!(matches!(history.look(), Err(Violation::OtherAnswer { .. })));
}

#[test]
fn a_change_that_is_left_out_is_found() {
    let mut history = History::of_a_grant();
    history.look().unwrap();
    let lease = granted(&history);
    history.then(Event::Release { holder: lease.holder, lease: lease.id });
    history.effects.retain(|effect| !matches!(effect, Effect::Changed(_)));
    let violation = history.look().unwrap_err();
    assert!(matches!(violation, Violation::Gap { .. } | Violation::Forgotten { .. }), "{violation}");

    let mut history = History::of_a_grant();
    for effect in &mut history.effects {
        if let Effect::Changed(change) = effect {
            change.revision = Revision { number: change.revision.number + 1, ..change.revision };
        }
    }
    assert!(matches!(history.look(), Err(Violation::Gap { .. })));
}

#[test]
fn money_that_comes_from_nowhere_is_found() {
    let mut history = History::of_a_grant();
    let lease = granted(&history);
    history.effects.push(Effect::Posted(Posting { lease: lease.id, holder: lease.holder, gain: Money(1) }));
    assert!(matches!(history.look(), Err(Violation::Money { posted: 1, balance: 0, .. })));
}

fn granted(history: &History) -> Lease {
    let leases = history.effects.iter().find_map(|effect| match effect {
        Effect::Answer(Answer::Lease(lease)) => Some(*lease),
        _ => None,
    });
    leases.unwrap()
}
