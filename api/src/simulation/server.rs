//! The authority's machine: one life after another of the shell that the real server runs, over one simulated disk.
//!
//! Threads are all that is left out. A life takes up, applies, appends and delivers by the same steps, at times that the
//! world chooses; in between it may be paused or killed, or power may fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lessor_engine::authority::{Effect, Event, Lease, Request, Snapshot, Terms};
use lessor_models::fleet::Fleet;
use lessor_models::job::ServiceClass;
use lessor_models::time::Timestamp;

use super::calls::{Call, From, Said};
use super::drifting_clock::DriftingClock;
use super::poll::poll_once;
use crate::journal::JournalOptions;
use crate::journal::simulated::SimulatedDisk;
use crate::shell::{
    AnswerSink, AnswerStream, Batch, Committer, Engine, EngineClock, FleetChange, Handle, Limits, Parts, Pending,
    RecoveryReport, ShellError, ShellOptions, SnapshotTask, Stepped, answer_stream, open,
};

/// Few may wait, so that storms overflow the queues.
const WAITING_MAX: usize = 64;
/// A segment and the growth between snapshots, in bytes: a few minutes of a world each.
const SEGMENT_BYTES: u64 = 64 << 10;
const SNAPSHOT_BYTES: u64 = 96 << 10;

/// How a lease was at an instant of the engine's clock.
type Look = (Option<Lease>, Timestamp);

/// A snapshot that was begun, with its head: its pieces are taken from the engine when it is written, whatever happened since.
type SnapshotJob = (SnapshotTask<SimulatedDisk>, Box<Snapshot>);

/// The machine, whose process may or may not be there.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) disk: SimulatedDisk,
    pub(super) fleet: Arc<Fleet>,
    pub(super) terms: Terms,
    pub(super) clock: DriftingClock,
    /// Whether the fleet may be another than that of the life before.
    pub(super) fleet_change: FleetChange,
    pub(super) life: Option<Life>,
    /// How many lives there were.
    pub(super) lives: u64,
    /// It does nothing until then.
    pub(super) paused_until: Duration,
}

/// One process.
pub(super) struct Life {
    pub(super) number: u64,
    pub(super) handle: Handle,
    engine: Engine,
    committer: Committer<SimulatedDisk>,
    clock: EngineClock,
    sink: AnswerSink,
    answers: AnswerStream,
    /// Who sent the event of a tag, and the request that it is, where it is one.
    asked: BTreeMap<u64, (From, Option<Request>)>,
    looks: Vec<(From, Pending<Look>)>,
    heard: Arc<Mutex<Vec<Effect>>>,
    /// What the journal has, or is to have next.
    batch: Option<Batch>,
    spare: Option<Batch>,
    state: Option<Box<Snapshot>>,
    writing: Option<SnapshotJob>,
    next_tag: u64,
    /// Commits of this life.
    pub(super) commits: u64,
    /// The true time at which it is to be woken next.
    pub(super) wakes_at: Duration,
}

impl std::fmt::Debug for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Life").field("number", &self.number).field("engine", &self.engine).finish_non_exhaustive()
    }
}

/// What left once a batch was durable.
#[derive(Debug, Default)]
pub(super) struct Delivered {
    pub(super) answers: Vec<(From, Option<Request>, Said)>,
    pub(super) effects: Vec<Effect>,
    /// A snapshot was begun, and is to be written.
    pub(super) has_snapshot: bool,
}

impl Server {
    /// Begins a life.
    ///
    /// # Errors
    /// A journal that cannot be opened.
    pub(super) fn start(&mut self, at: Duration, salt: u64) -> Result<RecoveryReport, ShellError> {
        let heard: Arc<Mutex<Vec<Effect>>> = Arc::default();
        let hears = heard.clone();
        let mut options = self.options(salt);
        options.listener = Box::new(move |effect| {
            hears.lock().expect("a world has one thread").push(effect.clone());
        });
        let Parts { engine, committer, handle, recovery } = open(self.disk.clone(), options, BEGINNING)?;
        (self.lives, self.fleet_change) = (self.lives + 1, FleetChange::Refused);
        let (sink, answers) = answer_stream();
        self.life = Some(Life {
            number: self.lives,
            handle,
            clock: EngineClock::set(engine.now(), self.clock.shows(at)),
            engine,
            committer,
            sink,
            answers,
            asked: BTreeMap::new(),
            looks: Vec::new(),
            heard,
            batch: None,
            spare: None,
            state: None,
            writing: None,
            next_tag: 0,
            commits: 0,
            wakes_at: Duration::MAX,
        });
        Ok(recovery)
    }

    /// What every life is started with.
    pub(super) fn options(&self, salt: u64) -> ShellOptions<'_> {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&salt.to_le_bytes());
        let limits = Limits { waiting_max: WAITING_MAX, snapshot_bytes: SNAPSHOT_BYTES, ..Limits::default() };
        let journal = JournalOptions { segment_bytes: SEGMENT_BYTES, salt: bytes };
        let fleet_change = self.fleet_change;
        ShellOptions { fleet_change, limits, journal, ..ShellOptions::new(&self.fleet, self.terms, bytes) }
    }

    /// When the engine's clock will show an instant.
    pub(super) fn when(&self, instant: Timestamp, at: Duration) -> Duration {
        let Some(life) = &self.life else { return at };
        let left = instant.since(life.clock.at(self.clock.shows(at)));
        self.clock.when(self.clock.shows(at) + Duration::from_micros(left.0)).max(at)
    }

    /// The process ends where it stands. What the disk makes of it is for the caller to say.
    pub(super) fn end(&mut self) {
        self.life = None;
    }
}

/// The engine's clock at the beginning of a world.
pub(super) const BEGINNING: Timestamp = Timestamp(1_800_000_000_000_000);

impl Life {
    /// Puts a call into the inbox; says what a full one says.
    pub(super) fn take_in(&mut self, from: From, call: Call) -> Option<Said> {
        let is_full = match call {
            Call::Event(event) => {
                self.next_tag += 1;
                let request = match &event {
                    Event::Request(request) => Some(request.clone()),
                    _ => None,
                };
                self.asked.insert(self.next_tag, (from, request));
                self.handle.submit_to(event, self.next_tag, &self.sink).is_err()
            }
            Call::Look(lease) => match self.handle.read(ServiceClass::C, move |view| (view.lease(lease), view.now())) {
                Ok(pending) => {
                    self.looks.push((from, pending));
                    false
                }
                Err(_) => true,
            },
        };
        is_full.then_some(Said::Overloaded)
    }

    /// Takes up what waits and applies it. Says whether a batch goes to the journal.
    pub(super) fn step(&mut self, shown: Duration) -> bool {
        let woken = self.engine.take_up(Duration::ZERO);
        let stepped = self.engine.step(self.clock.at(shown), &woken);
        let goes = stepped.goes && self.batch.is_none();
        if goes {
            self.hand_over(stepped);
        }
        goes
    }

    fn hand_over(&mut self, stepped: Stepped) {
        let batch = self.engine.batch(self.spare.take().unwrap_or_default());
        self.batch = Some(batch);
        self.state = self.engine.snapshot_due(stepped);
    }

    /// Takes up what still waits and applies it: the last batch, of a process that ends in order.
    pub(super) fn step_last(&mut self, shown: Duration) {
        self.handle.end();
        loop {
            let woken = self.engine.take_up(Duration::ZERO);
            let stepped = self.engine.step(self.clock.at(shown), &woken);
            if stepped.is_last {
                return self.hand_over(stepped);
            }
        }
    }

    /// When the engine's clock is due for something.
    pub(super) fn due(&self) -> Timestamp {
        let beat = self.engine.now().after(lessor_models::time::Span(Limits::default().beat_us));
        self.engine.next_deadline().map_or(beat, |deadline| deadline.min(beat))
    }

    /// The records that the journal is to have next.
    pub(super) fn records(&self) -> Vec<u8> {
        self.batch.as_ref().map(|batch| batch.records().to_vec()).unwrap_or_default()
    }

    /// Makes the batch durable.
    ///
    /// # Errors
    /// The end of this life.
    pub(super) fn append(&mut self) -> Result<(), ShellError> {
        self.commits += 1;
        match &mut self.batch {
            Some(batch) => self.committer.append(batch),
            None => Ok(()),
        }
    }

    /// Lets out what follows from the batch, and begins the snapshot that is due.
    pub(super) fn deliver(&mut self) -> Delivered {
        let mut delivered = Delivered::default();
        if let Some(batch) = self.batch.take() {
            self.spare = Some(self.committer.deliver(batch));
        }
        self.collect(&mut delivered);
        if let Some(state) = self.state.take()
            && self.writing.is_none()
        {
            match self.committer.snapshot() {
                Some(task) => {
                    self.writing = Some((task, state));
                    delivered.has_snapshot = true;
                }
                None => self.engine.end_cut(),
            }
        }
        self.committer.set_free();
        delivered
    }

    fn collect(&mut self, delivered: &mut Delivered) {
        let mut answers = Vec::new();
        while poll_once(self.answers.next_many(&mut answers, usize::MAX)).is_some_and(|came| came > 0) {}
        for (tag, answered) in answers {
            let (from, request) = self.asked.remove(&tag).expect("every answer has its event");
            delivered.answers.push((from, request, Said::Answered(answered)));
        }
        self.looks.retain_mut(|(from, pending)| match poll_once(pending) {
            Some(Ok((lease, now))) => {
                delivered.answers.push((*from, None, Said::Seen(lease, now)));
                false
            }
            Some(Err(_)) => false,
            None => true,
        });
        delivered.effects = std::mem::take(&mut *self.heard.lock().expect("a world has one thread"));
    }

    /// Writes the snapshot that was begun.
    ///
    /// # Errors
    /// The end of this life.
    pub(super) fn write_snapshot(&mut self) -> Result<(), ShellError> {
        let Some((task, head)) = self.writing.take() else { return Ok(()) };
        let engine = &mut self.engine;
        let end = task.write(head, || Some(engine.next_piece()))?;
        self.engine.end_cut();
        self.committer.ended(&end);
        Ok(())
    }

    /// The journal has been idle.
    ///
    /// # Errors
    /// The end of this life.
    pub(super) fn attest(&mut self) -> Result<(), ShellError> {
        self.committer.attest()
    }

    /// Whether a snapshot is under way.
    pub(super) fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// The journal is closed in order.
    ///
    /// # Errors
    /// What the disk did.
    pub(super) fn close(self) -> Result<(), ShellError> {
        self.committer.close()
    }

    /// Whether the journal has or is to have a batch.
    pub(super) fn is_busy(&self) -> bool {
        self.batch.is_some()
    }

    /// The engine's state, durable or not.
    pub(super) fn snapshot(&self) -> Snapshot {
        self.engine.snapshot()
    }
}
