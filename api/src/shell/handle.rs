//! How the rest of the program speaks to the shell.

use std::sync::Arc;

use lessor_engine::authority::{Event, Revision};
use lessor_models::job::ServiceClass;
use tokio::sync::watch;

use super::answer::{AnswerSink, Answered, Overloaded, Pending, Reply};
use super::attend::attend;
use super::counters::Counters;
use super::inbox::{Ending, Inbox};
use super::places::{Place, Places};
use super::queue::Queue;
use super::trace::Trace;
use super::view::View;
use super::watch::Watch;
use super::work::Work;

/// A way to the shell. Clones lead to the same one; any thread may use them.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) inbox: Arc<Inbox>,
    pub(super) counters: Arc<Counters>,
    pub(super) places: Arc<Places>,
    /// The last durable revision.
    pub(super) latest: watch::Receiver<Revision>,
}

impl Handle {
    /// Sends an event. Its answer comes once everything that it rests on is durable.
    ///
    /// # Errors
    /// Where too many wait in its queue; nothing happened then.
    pub fn submit(&self, event: Event) -> Result<Pending<Answered>, Overloaded> {
        let (sender, pending) = Pending::new();
        let reply = Reply::Once(sender, Trace::of(&event));
        self.put(Queue::of(&event), Work::Event(event, reply))?;
        Ok(pending)
    }

    /// A place for an event whose answer is to go to a stream, to be kept until that answer was taken from it.
    ///
    /// # Errors
    /// Where too many of its queue are under way.
    pub fn place(&self, event: &Event) -> Result<Place, Overloaded> {
        self.counted(self.places.take(Queue::of(event)))
    }

    /// Sends an event whose answer goes to a stream, with a tag to know it by.
    ///
    /// # Errors
    /// Where too many wait in its queue; nothing happened then, and nothing goes to the stream.
    pub fn submit_to(&self, event: Event, tag: u64, sink: &AnswerSink) -> Result<(), Overloaded> {
        let reply = Reply::Stream(tag, sink.clone(), Trace::of(&event));
        self.put(Queue::of(&event), Work::Event(event, reply))
    }

    /// Looks at the state between two events. What was seen comes once it is durable.
    ///
    /// # Errors
    /// Where too many wait in its queue.
    pub fn read<T: Send + 'static>(
        &self,
        class: ServiceClass,
        look: impl FnOnce(&mut View<'_>) -> T + Send + 'static,
    ) -> Result<Pending<T>, Overloaded> {
        let (work, pending) = Work::read(look);
        self.put(Queue::of_class(class), work)?;
        Ok(pending)
    }

    /// Follows the changes of leases after a revision.
    #[must_use]
    pub fn watch(&self, after: Revision) -> Watch {
        Watch::new(self.inbox.clone(), self.latest.clone(), after)
    }

    /// Lets the shell end in order, as [`Shell::close`](super::Shell::close) does.
    pub(crate) fn end(&self) {
        self.inbox.end(Ending::InOrder);
    }

    /// The last change that is durable.
    #[must_use]
    pub fn revision(&self) -> Revision {
        *self.latest.borrow()
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many events and reads wait, by queue in their order.
    #[must_use]
    pub fn waiting(&self) -> [usize; Queue::COUNT] {
        self.inbox.waiting()
    }

    /// Lets two tasks of the runtime in whose context this is called pace what its other tasks bring and tell them what came of
    /// it. They end with the shell and its handles. Only the first call has an effect.
    ///
    /// # Panics
    /// Outside a runtime.
    pub fn attend(&self) {
        attend(&self.inbox);
    }

    /// Resolves when the shell has ended, in order or not: [`Shell::close`](super::Shell::close) says which.
    pub async fn ended(&self) {
        let mut latest = self.latest.clone();
        while latest.changed().await.is_ok() {}
    }

    fn put(&self, queue: Queue, work: Work) -> Result<(), Overloaded> {
        self.counted(self.inbox.put(queue, work))
    }

    fn counted<T>(&self, taken: Result<T, Overloaded>) -> Result<T, Overloaded> {
        if let Err(full) = &taken {
            self.counters.overloads[full.queue.position()].add(1);
        }
        taken
    }
}
