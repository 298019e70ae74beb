//! What the engine's thread does: it applies an event, or lets somebody look.

use lessor_engine::authority::Event;

use super::answer::{Pending, Reply};
use super::trace::{CallStage, Trace};
use super::view::View;

/// What a read leaves behind: how to tell its caller, once that may be told.
pub(super) type Tell = Box<dyn FnOnce() + Send>;

/// One thing to do.
#[expect(
    clippy::large_enum_variant,
    reason = "the large variant is the common one, and boxing it would allocate per request"
)]
pub(super) enum Work {
    /// An event to apply.
    Event(Event, Reply),
    /// A look at the state.
    Read(Box<dyn FnOnce(&mut View<'_>) -> Tell + Send>),
}

impl Work {
    /// A read, and the way to what it sees.
    pub(super) fn read<T: Send + 'static>(
        look: impl FnOnce(&mut View<'_>) -> T + Send + 'static,
    ) -> (Work, Pending<T>) {
        let (sender, pending) = Pending::new();
        let mut trace = Trace::begin();
        let work = Work::Read(Box::new(move |view| {
            trace.passed(CallStage::Waited);
            let seen = look(view);
            trace.passed(CallStage::Decided);
            Box::new(move || {
                trace.passed(CallStage::Durable);
                // A caller that has gone needs no answer.
                drop(sender.send(seen));
            })
        }));
        (work, pending)
    }
}
