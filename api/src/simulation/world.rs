//! One simulated world: who is in it, what is to come, and what has been seen of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use lessor_engine::authority::{FenceKey, HolderId, LeaseId, Token};

use super::agenda::Agenda;
use super::calls::{Call, From, Said};
use super::chance::Chance;
use super::drifting_clock::DriftingClock;
use super::faults::{Fault, Faults};
use super::fleet::{Equipment, fleet, terms};
use super::holder::Holder;
use super::invariants::Violation;
use super::invariants::answers::Answers;
use super::invariants::exclusion::{Exclusion, Standing};
use super::invariants::fencing::Fencing;
use super::invariants::memory::Memory;
use super::invariants::time::Time;
use super::network::{Network, Party};
use super::operator::Operator;
use super::server::Server;
use super::things::Things;
use super::watcher::{Told, Watcher};
use super::witness::Witness;
use crate::journal::simulated::SimulatedDisk;
use crate::shell::FleetChange;

/// Holders of a world, those of them whose clocks are beyond what the guard band covers, and watchers.
pub(super) const HOLDERS: usize = 8;
const HOLDERS_BEYOND: usize = 2;
pub(super) const WATCHERS: usize = 2;
/// The party that is the operator, and the one that the things are.
pub(super) const OPERATOR: Party = HOLDERS + WATCHERS;
pub(super) const THINGS: Party = OPERATOR + 1;
pub(super) const PARTIES: usize = THINGS + 1;

/// The most that a clock within the promise gains or loses, in microseconds a second, and the longest pause between a look at it
/// and what that allows. Two such clocks part by the drift that the terms state, for which the authority waits beyond its band; the
/// pause is within the 1.6 s of both bands, that before the end and that after it.
const GAIN_MAX_PPM: i64 = 10_000;
pub(super) const PAUSE_MAX: Duration = Duration::from_millis(1_500);

/// Whether somebody is asked again once it has done what is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It is.
    Again,
    /// It is not.
    Once,
}

/// Something that is to come.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    /// A holder does what is due, and is asked again.
    Acts(usize),
    /// A holder is paused until a time.
    Pauses(usize, Duration),
    /// A holder's use of something ends about now.
    Tends(usize),
    /// A call reaches the authority's machine.
    Arrives(From, Call),
    /// An answer reaches a party.
    Answers(From, Said),
    /// The authority's process of a number is due.
    Wakes(u64),
    /// Its batch is written and synced.
    Appends(u64),
    /// What follows from it leaves.
    Delivers(u64),
    /// Its snapshot is written.
    Snaps(u64),
    /// Its journal has been idle since a commit.
    Idles(u64, u64),
    /// The authority's process ends in order, and its fleet is refitted.
    Refits,
    /// A new process begins.
    Starts,
    /// A watcher's stream is asked for changes.
    Watches(usize),
    /// Something comes over the stream of a number to a watcher.
    Changes(usize, u64, Told),
    /// An effect reaches what a key protects.
    Affects(LeaseId, FenceKey, Token),
    /// Things are told to refuse a token.
    Fences(LeaseId, Token, Vec<FenceKey>),
    /// The operator does something, or takes something back.
    Meddles,
    /// The operator repeats what is not answered.
    Insists,
    /// Something goes wrong.
    GoesWrong,
}

/// The world.
#[derive(Debug)]
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) agenda: Agenda<Happening>,
    pub(super) now: Duration,
    /// Whether things go wrong.
    pub(super) is_rough: bool,
    pub(super) server: Server,
    pub(super) network: Network,
    pub(super) holders: Vec<Holder>,
    pub(super) watchers: Vec<Watcher>,
    pub(super) operator: Operator,
    pub(super) things: Things,
    /// The device takes seconds for a commit until then.
    pub(super) slow_until: Duration,
    /// The records of a commit whose fate nobody knows.
    pub(super) in_doubt: Option<Vec<u8>>,
    pub(super) witness: Witness,
    pub(super) seen: Seen,
    pub(super) faults: Faults,
}

/// What has been seen, for those who judge it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) answers: Answers,
    pub(super) exclusion: Exclusion,
    pub(super) fencing: Fencing,
    pub(super) memory: Memory,
    pub(super) time: Time,
    /// Arrivals at watchers so far, so that streams stay in order.
    pub(super) streamed: [Duration; WATCHERS],
    /// Answers that left the authority.
    pub(super) told: u64,
    pub(super) commits: u64,
    pub(super) fenced: BTreeSet<LeaseId>,
}

impl World {
    /// The world of a seed, at its beginning.
    pub(super) fn new(seed: u64) -> World {
        let mut chance = Chance::of(seed);
        let mut faults = Faults::default();
        let (fleet, terms) = (Arc::new(fleet(&Equipment::FIRST)), terms());
        let holders = (0..HOLDERS).map(|number| {
            let id = HolderId::new(&format!("holder-{number}")).expect("a short name is a label");
            let gain_ppm = if number < HOLDERS_BEYOND {
                faults.note(Fault::ClockBeyondBand);
                -signed(chance.within(20_000..200_000))
            } else {
                gain_within(&mut chance, -GAIN_MAX_PPM)
            };
            Holder::new(id, DriftingClock { gain_ppm }, terms.guard_band, chance.part())
        });
        let holders = holders.collect();
        let clock = DriftingClock { gain_ppm: gain_within(&mut chance, GAIN_MAX_PPM) };
        let disk = SimulatedDisk::new(chance.seed());
        let paused_until = Duration::ZERO;
        let server = Server {
            disk,
            fleet: fleet.clone(),
            terms,
            clock,
            fleet_change: FleetChange::Refused,
            life: None,
            lives: 0,
            paused_until,
        };
        World {
            agenda: Agenda::new(),
            now: Duration::ZERO,
            is_rough: false,
            server,
            network: Network::new(chance.part()),
            holders,
            watchers: (0..WATCHERS).map(|_| Watcher::default()).collect(),
            operator: Operator::new(chance.part()),
            things: Things::default(),
            slow_until: Duration::ZERO,
            in_doubt: None,
            witness: Witness::new(fleet, terms),
            seen: Seen::default(),
            faults,
            chance,
        }
    }

    /// Sets everybody going.
    pub(super) fn begin(&mut self) {
        self.agenda.put(self.now, Happening::Starts);
        for holder in 0..HOLDERS {
            let at = self.now + self.chance.millis(1..1_000);
            self.agenda.put(at, Happening::Acts(holder));
        }
        for watcher in 0..WATCHERS {
            self.agenda.put(self.now + Duration::from_millis(500), Happening::Watches(watcher));
        }
        self.agenda.put(self.now, Happening::Meddles);
        self.agenda.put(self.now, Happening::Insists);
        self.agenda.put(self.now, Happening::GoesWrong);
    }

    /// Lets the world go on until a true time.
    ///
    /// # Errors
    /// The first thing that should never be.
    pub(super) fn advance(&mut self, until: Duration) -> Result<(), Violation> {
        while let Some((at, what)) = self.agenda.take(until) {
            self.now = at;
            self.happens(what)?;
        }
        self.now = until;
        Ok(())
    }

    fn happens(&mut self, what: Happening) -> Result<(), Violation> {
        match what {
            Happening::Acts(holder) => return self.acts(holder, Asked::Again),
            Happening::Tends(holder) => return self.acts(holder, Asked::Once),
            Happening::Answers(from, said) => return self.answers(from, said),
            Happening::Appends(life) => return self.appends(life),
            Happening::Delivers(life) => return self.delivers(life),
            Happening::Snaps(life) => return self.snaps(life),
            Happening::Idles(life, commits) => return self.idles(life, commits),
            Happening::Refits => return self.refits(),
            Happening::Starts => return self.starts(),
            Happening::Watches(watcher) => return self.watches(watcher),
            Happening::Changes(watcher, stream, told) => return self.changes(watcher, stream, told),
            Happening::Affects(lease, key, token) => return self.affects(lease, key, token),
            Happening::Arrives(from, call) => self.arrives(from, call),
            Happening::Wakes(life) => self.wakes(life),
            Happening::Pauses(holder, until) => self.pause(holder, until),
            Happening::Fences(lease, token, keys) => self.fences(lease, token, &keys),
            Happening::Meddles => self.meddles(),
            Happening::Insists => self.insists(),
            Happening::GoesWrong => self.goes_wrong(),
        }
        Ok(())
    }

    /// Whether a holder is within the promise.
    pub(super) fn standing(&self, holder: usize) -> Standing {
        let is_within = self.holders[holder].clock.gain_ppm.abs() <= GAIN_MAX_PPM;
        if is_within { Standing::Within } else { Standing::Outside }
    }
}

/// A rate within the promise, half of the time the worst: holders that lose, and an authority that gains, leave the least room.
fn gain_within(chance: &mut Chance, worst: i64) -> i64 {
    let edge = worst.unsigned_abs();
    if chance.happens(500) { worst } else { signed(chance.within(0..2 * edge)) - worst.abs() }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("a rate is a small number")
}
