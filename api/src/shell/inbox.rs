//! What waits to be applied, in bounded queues, and the bell that wakes the engine's thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use super::answer::Overloaded;
use super::attendant::Attendant;
use super::queue::Queue;
use super::work::Work;

/// The queues.
#[derive(Debug)]
pub(super) struct Inbox {
    state: Mutex<Waiting>,
    bell: Condvar,
    waiting_max: usize,
    /// Whether the last snapshot was given up.
    is_snapshot_owed: AtomicBool,
    /// Who paces batches and tells them from within a runtime, where somebody does.
    pub(super) attendant: OnceLock<Attendant>,
}

#[derive(Default)]
struct Waiting {
    /// In the order in which they are served.
    queues: [VecDeque<Work>; Queue::COUNT],
    /// What the engine's thread sleeps for.
    asleep: Option<Sleep>,
    /// The journal's thread takes the next batch at once.
    is_journal_free: bool,
    /// The attendant was asked to say when those who bring work have brought what they can.
    is_pacing: bool,
    /// It said so.
    is_ripe: bool,
    ending: Ending,
}

/// What ends the sleep of the engine's thread, beside the end of the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleep {
    /// Something to do; for a batch that waits, a free journal is.
    UntilWork {
        /// Whether a batch waits for the journal.
        is_holding: bool,
        /// Whether somebody paces.
        is_paced: bool,
    },
    /// So many that wait.
    UntilMany(usize),
}

impl Waiting {
    /// How many wait.
    fn waiting(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }

    /// Whether a sleep is over.
    fn is_over(&self, sleep: Sleep) -> bool {
        let waiting = self.waiting();
        self.ending != Ending::NotYet
            || match sleep {
                Sleep::UntilMany(many) => waiting >= many,
                Sleep::UntilWork { .. } if !self.is_journal_free => waiting >= BUSY_WANTED,
                Sleep::UntilWork { is_holding: true, .. } => true,
                Sleep::UntilWork { is_paced: true, .. } => waiting >= RIPE || (waiting > 0 && self.is_ripe),
                Sleep::UntilWork { .. } => waiting > 0,
            }
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let waiting = self.queues.each_ref().map(VecDeque::len);
        f.debug_struct("Waiting").field("waiting", &waiting).field("ending", &self.ending).finish_non_exhaustive()
    }
}

/// What was taken up, by queue.
#[derive(Default)]
pub(super) struct Taken([VecDeque<Work>; Queue::COUNT]);

impl Taken {
    /// How much it is.
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(VecDeque::len).sum()
    }

    /// Takes at most so much, and little beside class A, whose answers leave with those of what is taken. A queue that is taken
    /// whole changes hands in O(1): callers wait for the lock meanwhile.
    fn take(&mut self, queues: &mut [VecDeque<Work>; Queue::COUNT], most: usize) {
        let urgent = queues[Queue::A.position()].len();
        let mut room = most.saturating_sub(self.count());
        if urgent > 0 {
            room = room.min(urgent + BESIDE_URGENT);
        }
        for (queue, taken) in queues.iter_mut().zip(&mut self.0) {
            let count = queue.len().min(room);
            if taken.is_empty() && count == queue.len() {
                std::mem::swap(queue, taken);
            } else {
                taken.extend(queue.drain(..count));
            }
            room -= count;
        }
    }

    /// Everything, in order.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Work> {
        self.0.iter_mut().flat_map(|queue| queue.drain(..))
    }
}

/// Whether the shell goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// It does.
    #[default]
    NotYet,
    /// It ends once what waits is done.
    InOrder,
    /// The journal failed: nothing more is done.
    AtOnce,
}

/// What the engine's thread was woken to.
#[derive(Debug)]
pub(crate) struct Woken {
    pub(super) is_journal_free: bool,
    pub(super) ending: Ending,
}

impl Inbox {
    pub(super) fn new(waiting_max: usize) -> Inbox {
        let state = Waiting { is_journal_free: true, ..Waiting::default() };
        Inbox {
            state: Mutex::new(state),
            bell: Condvar::new(),
            waiting_max,
            is_snapshot_owed: AtomicBool::new(false),
            attendant: OnceLock::new(),
        }
    }

    /// Whether the last snapshot was given up, so that another one is due sooner.
    pub(super) fn is_snapshot_owed(&self) -> bool {
        self.is_snapshot_owed.load(Ordering::Relaxed)
    }

    pub(super) fn set_snapshot_owed(&self, is_owed: bool) {
        self.is_snapshot_owed.store(is_owed, Ordering::Relaxed);
    }

    /// Adds to a queue. After the end the work is dropped with its reply, which tells the caller.
    pub(super) fn put(&self, queue: Queue, work: Work) -> Result<(), Overloaded> {
        let mut state = self.state();
        if state.ending != Ending::NotYet {
            return Ok(());
        }
        let waiting = &mut state.queues[queue.position()];
        if waiting.len() >= self.waiting_max {
            return Err(Overloaded { queue, most: self.waiting_max });
        }
        waiting.push_back(work);
        self.ring(state);
        Ok(())
    }

    /// Adds a watch's read. A watch has at most one at a time, so they need no limit of their own.
    pub(super) fn put_for_watch(&self, work: Work) {
        let mut state = self.state();
        if state.ending == Ending::NotYet {
            state.queues[Queue::C.position()].push_back(work);
            self.ring(state);
        }
    }

    /// How many wait, by queue.
    pub(super) fn waiting(&self) -> [usize; Queue::COUNT] {
        self.state().queues.each_ref().map(VecDeque::len)
    }

    /// Waits until there is something to do, at most for a time, and takes at most so much of it: queue by queue, and of each in
    /// the order of its arrival. With a batch in hand (`is_holding`), a free journal is something to do; while it is busy,
    /// little that waits is not. Where somebody paces, those who bring work first bring all they can, up to [`RIPE`]; where
    /// nobody does, a free journal waits a moment for as many as came last time.
    pub(super) fn take(&self, into: &mut Taken, most: usize, wait: Wait) -> Woken {
        let is_paced = self.attendant.get().is_some();
        let mut state = self.sleep(self.state(), wait.most, Sleep::UntilWork { is_holding: wait.is_holding, is_paced });
        if !is_paced && state.is_journal_free && (wait.is_holding || state.waiting() > 0) {
            state = self.sleep(state, wait.most.min(GATHER), Sleep::UntilMany(wait.wanted));
        }
        into.take(&mut state.queues, most);
        // What is left has waited already.
        state.is_ripe = state.waiting() > 0;
        Woken { is_journal_free: state.is_journal_free, ending: state.ending }
    }

    /// Sleeps, at most for a time.
    fn sleep<'a>(&'a self, state: MutexGuard<'a, Waiting>, most: Duration, sleep: Sleep) -> MutexGuard<'a, Waiting> {
        if most.is_zero() {
            return state;
        }
        let waited = self.bell.wait_timeout_while(state, most, |state| {
            state.asleep = (!state.is_over(sleep)).then_some(sleep);
            state.asleep.is_some()
        });
        let mut state = waited.expect("no thread panics while it holds the inbox").0;
        state.asleep = None;
        state
    }

    /// The attendant asks how many wait, `before` of which it knew, for what it was asked to pace; or says that it has been long
    /// enough. `None` says that it may rest: nothing waits, or no more came since, and what waits goes.
    pub(super) fn pace(&self, before: Option<usize>) -> Option<usize> {
        let mut state = self.state();
        let waiting = state.waiting();
        if waiting > 0 && before.is_some_and(|before| before != waiting) {
            return Some(waiting);
        }
        (state.is_pacing, state.is_ripe) = (false, waiting > 0);
        self.wake(state);
        None
    }

    /// The journal's thread says whether it takes the next batch at once.
    pub(super) fn set_journal_free(&self, is_free: bool) {
        let mut state = self.state();
        state.is_journal_free = is_free;
        self.wake(state);
    }

    /// Lets the shell end. What waits when it ends at once is dropped, and whoever waits for it is told.
    pub(super) fn end(&self, ending: Ending) {
        let mut state = self.state();
        if state.ending != Ending::AtOnce {
            state.ending = ending;
        }
        if ending == Ending::AtOnce {
            state.queues = Default::default();
        }
        self.wake(state);
    }

    /// Something was put in: wakes the engine's thread where that is what it sleeps for, or asks the attendant to say when.
    fn ring(&self, mut state: MutexGuard<'_, Waiting>) {
        let attendant = self.attendant.get().filter(|_| !state.is_pacing);
        state.is_pacing |= attendant.is_some();
        self.wake(state);
        if let Some(attendant) = attendant {
            attendant.ask();
        }
    }

    /// Wakes the engine's thread where its sleep is over: each time that it wakes costs as much as several decisions.
    fn wake(&self, mut state: MutexGuard<'_, Waiting>) {
        let is_over = state.asleep.is_some_and(|sleep| state.is_over(sleep));
        if is_over {
            // Whoever comes before it has woken need not wake it again.
            state.asleep = None;
        }
        drop(state);
        if is_over {
            self.bell.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().expect("no thread panics while it holds the inbox")
    }
}

/// How long to wait, whether a batch waits for the journal meanwhile, and how many more are worth a moment's wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    pub(super) most: Duration,
    pub(super) is_holding: bool,
    pub(super) wanted: usize,
}

/// How many wait before they are worth a wake-up while the journal is busy: they cannot go before it is free anyway.
const BUSY_WANTED: usize = 64;

/// How long a free journal waits for as many as came last time. A commit costs the cores about as much, whatever is in it.
const GATHER: Duration = Duration::from_micros(250);

/// How many wait before they go though more are on their way: enough for the commit to cost each of them little.
const RIPE: usize = 128;

/// How much is taken beside class A.
const BESIDE_URGENT: usize = 64;

#[cfg(test)]
mod tests {
    use lessor_engine::authority::{Event, HolderId, LeaseId};

    use super::super::answer::Reply;
    use super::*;

    #[test]
    fn class_a_is_taken_first_and_each_queue_in_the_order_of_its_arrival() {
        let inbox = Inbox::new(10);
        let holder = HolderId::new("holder").unwrap();
        let arrivals = [(Queue::D, 1), (Queue::C, 2), (Queue::A, 3), (Queue::D, 4), (Queue::Held, 7)];
        for (queue, lease) in arrivals.into_iter().chain([(Queue::B, 5), (Queue::A, 6)]) {
            let event = Event::Release { holder, lease: LeaseId(lease) };
            inbox.put(queue, Work::Event(event, Reply::Nobody)).unwrap();
        }
        let wait = Wait { most: Duration::ZERO, is_holding: false, wanted: 0 };
        let mut taken = Vec::new();
        for most in [3, 10] {
            let mut work = Taken::default();
            inbox.take(&mut work, most, wait);
            taken.extend(work.drain().map(|work| match work {
                Work::Event(Event::Release { lease, .. }, _) => lease.0,
                _ => panic!("only releases were put in"),
            }));
        }
        assert_eq!(taken, [3, 6, 5, 7, 2, 1, 4]);
    }

    #[test]
    fn little_is_taken_beside_class_a_and_the_rest_after_it() {
        let inbox = Inbox::new(1_000);
        let put = |queue| {
            let event = Event::Release { holder: HolderId::new("holder").unwrap(), lease: LeaseId(1) };
            inbox.put(queue, Work::Event(event, Reply::Nobody)).unwrap();
        };
        (0..200).for_each(|_| put(Queue::D));
        (0..2).for_each(|_| put(Queue::A));
        let wait = Wait { most: Duration::ZERO, is_holding: false, wanted: 0 };
        let counts = [(); 3].map(|()| {
            let mut work = Taken::default();
            inbox.take(&mut work, 512, wait);
            work.count()
        });
        assert_eq!(counts, [2 + BESIDE_URGENT, 200 - BESIDE_URGENT, 0]);
    }
}
