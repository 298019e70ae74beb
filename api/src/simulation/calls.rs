//! What goes over the ways between parties and the authority.

use lessor_engine::authority::{Event, Lease, LeaseId};
use lessor_models::time::Timestamp;

use super::network::Party;
use crate::shell::Answered;

/// A question to the authority.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "the large variant is the common one")]
pub(super) enum Call {
    /// An event.
    Event(Event),
    /// How a lease is now.
    Look(LeaseId),
}

/// Who asks, and the number under which that party knows the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct From {
    pub(super) party: Party,
    pub(super) call: u64,
}

/// What comes back.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// The authority decided.
    Answered(Answered),
    /// The lease, as it was at an instant of the engine's clock.
    Seen(Option<Lease>, Timestamp),
    /// Too many wait; nothing happened.
    Overloaded,
}
