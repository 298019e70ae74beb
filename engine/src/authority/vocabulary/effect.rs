//! What an authority asks of the shell: the closed set of effects.

use lessor_models::fleet::Owner;
use lessor_models::resources::Resources;
use lessor_models::time::Timestamp;

use super::label::{FenceKey, HolderId};
use super::lease::{Lease, LeaseId, Revision, Token};
use super::money::Money;
use super::refusal::Refusal;

/// One thing for the shell to do, once the event that led to it is durable, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tell whoever sent the event: exactly one for every event but a tick.
    Answer(Answer),
    /// Tell whoever watches.
    Changed(Change),
    /// Make what a token protects refuse it, then confirm with
    /// [`Event::ConfirmFence`](crate::authority::Event::ConfirmFence). Asked when a revoked holder's notice is over.
    Fence {
        /// Whose token.
        lease: LeaseId,
        /// The token to refuse, and all lower ones.
        token: Token,
        /// The keys that it protects; the lease names devices too.
        keys: Vec<FenceKey>,
    },
    /// Money changed hands.
    Posted(Posting),
    /// An owner's accounts fell below, or came back to, what they hold.
    Deficit {
        /// Whose.
        owner: Owner,
        /// By how much they are below; zero when the deficit is cured.
        missing: Resources,
    },
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large variant is the common one, and boxing it would allocate per request"
)]
pub enum Answer {
    /// A lease: granted, offered, renewed, released, or as it is after what was asked.
    Lease(Lease),
    /// The leases of a gang, in order.
    Gang(Vec<Lease>),
    /// It was done, and there is no lease to show.
    Done,
    /// It was not.
    Refused(Refusal),
}

/// One change of one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the order of all changes; one after the one before.
    pub revision: Revision,
    /// When it was made, by the engine's clock.
    pub at: Timestamp,
    /// The lease after it.
    pub lease: Lease,
}

/// Money that changed hands between a holder and the operator: what one gains the other loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// For which lease.
    pub lease: LeaseId,
    /// Whose account.
    pub holder: HolderId,
    /// What the holder gains, below zero where it pays; the operator gains the opposite.
    pub gain: Money,
}
