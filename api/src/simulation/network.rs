//! The ways between parties and the authority: messages are lost, late, doubled and overtaken, and ways are cut.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chance::Chance;
use super::faults::{Fault, Faults};

/// From this on a message counts as late.
const LATE: Duration = Duration::from_secs(1);
/// How late the latest is, in milliseconds: well within the window in which repeats are known.
pub(super) const LATEST_MS: u64 = 10_000;

/// Someone who speaks with the authority.
pub(super) type Party = usize;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    /// To the authority.
    There,
    /// From the authority.
    Back,
}

/// The ways.
#[derive(Debug)]
pub(super) struct Network {
    chance: Chance,
    /// Whether anything goes wrong.
    pub(super) is_rough: bool,
    /// Until when a party is cut off.
    cuts: BTreeMap<Party, Duration>,
    /// The latest arrival so far.
    latest: BTreeMap<(Party, Direction), Duration>,
}

impl Network {
    /// Ways on which nothing goes wrong yet.
    pub(super) fn new(chance: Chance) -> Network {
        Network { chance, is_rough: false, cuts: BTreeMap::new(), latest: BTreeMap::new() }
    }

    /// Cuts a party off for a while.
    pub(super) fn cut(&mut self, party: Party, until: Duration) {
        self.cuts.insert(party, until);
    }

    /// Whether a party is cut off.
    pub(super) fn is_cut(&self, party: Party, at: Duration) -> bool {
        self.is_rough && self.cuts.get(&party).is_some_and(|until| at < *until)
    }

    /// When the copies of a message arrive: none, one, or two.
    pub(super) fn arrivals(
        &mut self,
        (party, way): (Party, Direction),
        at: Duration,
        faults: &mut Faults,
    ) -> Vec<Duration> {
        if !self.is_rough {
            return vec![at + self.chance.millis(1..5)];
        }
        if self.is_cut(party, at) || self.chance.happens(30) {
            faults.note(Fault::MessageLost);
            return Vec::new();
        }
        let copies = if self.chance.happens(30) { 2 } else { 1 };
        if copies == 2 {
            faults.note(Fault::MessageDoubled);
        }
        let mut arrivals = Vec::with_capacity(copies);
        for _ in 0..copies {
            let delay =
                if self.chance.happens(30) { self.chance.millis(100..LATEST_MS) } else { self.chance.millis(1..100) };
            let arrival = at + delay;
            let latest = self.latest.entry((party, way)).or_default();
            if delay >= LATE {
                faults.note(Fault::MessageLate);
            }
            if arrival < *latest {
                faults.note(Fault::MessageOvertaken);
            }
            *latest = arrival.max(*latest);
            arrivals.push(arrival);
        }
        arrivals
    }
}
