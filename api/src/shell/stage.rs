//! The engine's side of a group commit: events are applied, records and what follows from them are gathered.

use lessor_engine::authority::{Authority, Change, Decision, Effect, Event, LeaseState, Revision};
use lessor_models::time::Timestamp;

use super::answer::{Answered, Reply};
use super::counters::Counters;
use super::trace::CallStage;
use super::view::View;
use super::work::{Tell, Work};
use crate::journal::CommitBuffer;
use crate::wire::RecordRef;

/// What a request says that does not know when it was first sent: the shell puts its clock there.
pub const UNSTATED: Timestamp = Timestamp(i64::MAX);

/// A batch ends once its records take more than this: what one sync writes in a few milliseconds.
const BATCH_BYTES: usize = 4 << 20;

/// A batch ends once it tells so many: answers of reads take no bytes of a commit, and memory.
const BATCH_TELLS: usize = 1 << 12;

/// Records of one commit, and what may leave once it is durable.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(super) commit: CommitBuffer,
    pub(super) outbox: Outbox,
}

/// What leaves once everything before it is durable, in order.
#[derive(Default)]
pub(super) struct Outbox {
    pub(super) tells: Vec<Told>,
    /// Effects for whoever listens: revocations, fences, money, deficits.
    pub(super) effects: Vec<Effect>,
    /// The last change.
    pub(super) revision: Revision,
    /// How many posted prices swing.
    pub(super) swinging: u64,
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Outbox { tells, effects, revision, swinging } = self;
        f.debug_struct("Outbox")
            .field("tells", &tells.len())
            .field("effects", effects)
            .field("revision", revision)
            .field("swinging", swinging)
            .finish()
    }
}

/// Something that somebody is told.
#[expect(
    clippy::large_enum_variant,
    reason = "the large variant is the common one, and boxing it would allocate per request"
)]
pub(super) enum Told {
    /// The answer to an event.
    Answer(Reply, Answered),
    /// What a read saw.
    Read(Tell),
}

impl Batch {
    /// The records, as long as they were not appended.
    pub(crate) fn records(&self) -> &[u8] {
        self.commit.bytes()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.commit.is_empty() && self.outbox.tells.is_empty()
    }

    /// How many answers and reads it tells.
    pub(super) fn told(&self) -> usize {
        self.outbox.tells.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.commit.size() > BATCH_BYTES || self.outbox.tells.len() > BATCH_TELLS
    }

    /// Tells whoever waits, once all of it is durable, and empties it.
    pub(super) fn tell(&mut self, counters: &Counters) {
        let (mut answers, mut reads) = (0, 0);
        for told in self.outbox.tells.drain(..) {
            match told {
                Told::Answer(reply, answered) => {
                    answers += 1;
                    reply.tell(answered);
                }
                Told::Read(tell) => {
                    reads += 1;
                    tell();
                }
            }
        }
        counters.answers.add(answers);
        counters.reads.add(reads);
        counters.swinging_prices.set(self.outbox.swinging);
        self.clear();
    }

    fn clear(&mut self) {
        self.commit.clear();
        self.outbox.tells.clear();
        self.outbox.effects.clear();
    }
}

/// An authority and the batch that is being made of it.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) authority: Authority,
    pub(super) batch: Batch,
    /// The last instant that a record holds.
    recorded: Timestamp,
    /// The last instant that a read was told.
    told: Timestamp,
    effects: Vec<Effect>,
}

impl Stage {
    /// An authority all of whose state is durable.
    pub(super) fn new(authority: Authority) -> Stage {
        let now = authority.now();
        Stage { recorded: now, told: now, authority, batch: Batch::default(), effects: Vec::new() }
    }

    /// Does one thing.
    pub(super) fn handle(&mut self, now: Timestamp, work: Work) {
        match work {
            Work::Event(event, reply) => self.apply(now, event, reply),
            Work::Read(look) => {
                let mut view = View::at(now.max(self.authority.now()), &mut self.authority);
                let tell = look(&mut view);
                self.told = self.told.max(view.told().unwrap_or(self.told));
                self.batch.outbox.tells.push(Told::Read(tell));
            }
        }
    }

    /// Lets time go by where something waits for it, a bounded part of what is due at once; says whether anything was due.
    pub(super) fn tick(&mut self, now: Timestamp) -> bool {
        let is_due = self.authority.next_deadline().is_some_and(|deadline| deadline <= now);
        if is_due {
            self.apply(now, Event::Tick, Reply::Nobody);
        }
        is_due
    }

    /// Records the time where it is more than so long after the last record, so that a restart loses little of it.
    pub(super) fn beat(&mut self, now: Timestamp, after_us: u64) {
        if now.since(self.recorded).0 >= after_us {
            self.apply(now, Event::Tick, Reply::Nobody);
        }
    }

    /// The batch, complete; `empty` becomes the next one.
    pub(super) fn take(&mut self, empty: Batch) -> Batch {
        debug_assert!(empty.is_empty(), "a batch that comes back is empty");
        // An answer that repeats an earlier one leaves no record, and it tells the time, as a read may: so does a record then,
        // lest a restart go back behind a time that somebody was told.
        let now = self.authority.now().max(self.told);
        if self.recorded < now {
            self.apply(now, Event::Tick, Reply::Nobody);
        }
        self.batch.outbox.revision = self.authority.revision();
        self.batch.outbox.swinging = self.authority.swinging_prices();
        std::mem::replace(&mut self.batch, empty)
    }

    fn apply(&mut self, now: Timestamp, mut event: Event, mut reply: Reply) {
        reply.passed(CallStage::Waited);
        if let Event::Request(request) = &mut event
            && request.first_sent == UNSTATED
        {
            request.first_sent = now;
        }
        let decision = self.authority.apply(now, &event, &mut self.effects);
        reply.passed(CallStage::Decided);
        if decision.is_journaled() {
            self.batch.commit.record(|out| RecordRef { now, event: &event, decision: &decision }.write(out));
            self.recorded = now;
        }
        let mut answer = None;
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Answer(said) => answer = Some(said),
                // Watches fetch changes from the engine; they are only told that there are some.
                Effect::Changed(change) if !is_revoked(&change) => {}
                Effect::Changed(_) | Effect::Fence { .. } | Effect::Posted(_) | Effect::Deficit { .. } => {
                    self.batch.outbox.effects.push(effect);
                }
            }
        }
        if let Some(answer) = answer {
            let decided = self.decided(&event, &decision).unwrap_or(now);
            let answered = Answered { answer, now, decided, revision: self.authority.revision() };
            self.batch.outbox.tells.push(Told::Answer(reply, answered));
        }
    }

    /// When a request that is repeated was decided.
    fn decided(&self, event: &Event, decision: &Decision) -> Option<Timestamp> {
        match (event, decision) {
            (Event::Request(request), Decision::Repeated) => {
                self.authority.answered_at(&request.holder, &request.request)
            }
            _ => None,
        }
    }
}

/// Whether a change is that a lease was revoked, which its holder must hear.
fn is_revoked(change: &Change) -> bool {
    change.lease.state == LeaseState::Revoked && !change.lease.is_returned
}
