//! What happens to an authority: the closed set of events.

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Resources;
use lessor_models::time::{Interval, Span, Timestamp};

use super::label::{FenceKey, HolderId, RequestId};
use super::lease::{LeaseId, Token, Version};
use super::money::Money;
use super::terms::Retention;
use crate::ledger::{ClassSet, Devices, Draw, FloorShares, Floors};
use crate::plane::PlaneEffect;

/// One thing that happened. Applying it is the only way to change an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large variant is the common one, and boxing it would allocate per request"
)]
pub enum Event {
    /// Time went by, as [`Authority::next_deadline`](crate::authority::Authority::next_deadline) asked.
    Tick,
    /// A holder asks for leases.
    Request(Request),
    /// A holder asks for a longer term.
    Renew(Renewal),
    /// A holder ends a lease.
    Release {
        /// Who asks.
        holder: HolderId,
        /// Which lease.
        lease: LeaseId,
    },
    /// An operator ends a lease, with notice.
    Revoke {
        /// Which lease.
        lease: LeaseId,
        /// How long its holder has to finish; none for the policy's notice.
        notice: Option<Span>,
    },
    /// Everything that a revoked lease's token protects now refuses that token: what it held may return.
    ConfirmFence {
        /// Which lease.
        lease: LeaseId,
        /// The token that is now refused.
        token: Token,
    },
    /// A holder made its work safe: what was done until now is no longer lost if the lease is revoked.
    Checkpoint {
        /// Who says so.
        holder: HolderId,
        /// Which lease.
        lease: LeaseId,
    },
    /// A plane said something: a limit, a closure, a notice.
    Plane(PlaneEffect),
    /// A node takes nothing new, and what lasts beyond an instant is revoked by then; or, with none, it takes leases again.
    Drain {
        /// Which node; everything under it is emptied too.
        node: NodeIndex,
        /// By when.
        by: Option<Timestamp>,
    },
    /// What is kept for classes A and B of an owner's accounts from now on, in place of any floors or shares of before.
    Floors {
        /// Whose accounts.
        owner: Owner,
        /// How much.
        floors: Floors,
    },
    /// The same as parts of what the accounts can give at each instant: capacity as it changes, lowered by planes, less what tiles
    /// draw with nothing on them.
    FloorShares {
        /// Whose accounts.
        owner: Owner,
        /// Which parts.
        shares: FloorShares,
    },
    /// How long answers and ended leases are kept from now on. Until it is said, what the terms say counts.
    Retain(Retention),
}

/// A holder's wish for one lease, or for a gang of equal ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub holder: HolderId,
    /// The holder's name of this request: a repeat under the same name gets the first answer.
    pub request: RequestId,
    /// What the engine's clock said, at the latest, when the holder first sent the request; the shell puts its `now` where the
    /// holder did not say. It decides whether a request is too old, and is no part of the body that a repeat must match.
    pub first_sent: Timestamp,
    /// What each lease draws. Its accelerator amount is zero or that of the devices: the engine fills it in.
    pub draw: Draw,
    /// Devices of one tile that each lease holds.
    pub devices: Devices,
    /// Where it may lie.
    pub scope: Scope,
    /// For how long.
    pub term: Term,
    /// Whose floors it may use, and whom it may displace.
    pub class: ServiceClass,
    /// The most that it pays, in micro-credits for all its leases together over the whole term, compensation to those that it
    /// displaces included. None: whatever it costs, but it displaces nobody.
    pub bid: Option<Money>,
    /// How many equal leases: all of them or none; 1 for a lease alone.
    pub count: u32,
    /// Things that only the holder may act on, distinct; only for a lease alone.
    pub fence_keys: Vec<FenceKey>,
    /// Whether a more protected class may displace it.
    pub displacement: Displacement,
    /// What the holder will do with it.
    pub tenure: Tenure,
}

impl Request {
    /// A wish for nothing yet: one lease of class C for a span, anywhere, without devices, keys or a bid, first sent at the
    /// beginning of time. What differs is filled in with `..`.
    #[must_use]
    pub fn plain(holder: HolderId, request: RequestId, span: Span) -> Request {
        Request {
            holder,
            request,
            first_sent: Timestamp(0),
            draw: Draw::through(Resources::ZERO),
            devices: Devices::NONE,
            scope: Scope::Anywhere,
            term: Term::Immediate(span),
            class: ServiceClass::C,
            bid: None,
            count: 1,
            fence_keys: Vec::new(),
            displacement: Displacement::Allowed,
            tenure: Tenure::Retail,
        }
    }
}

/// Where a lease may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// On any tile of the authority.
    Anywhere,
    /// On this tile, or on any tile under this node.
    Under(NodeIndex),
    /// On any tile of one of these classes.
    OfClasses(ClassSet),
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// From the grant on, for so long.
    Immediate(Span),
    /// In an absolute window. Not offered yet: refused as [`Reason::WindowNotOffered`](crate::authority::Reason::WindowNotOffered).
    Window(Interval),
}

/// Whether a lease may be revoked in favor of a more protected class that pays for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Displacement {
    /// Yes, with notice and compensation.
    #[default]
    Allowed,
    /// No; deficits and drains still end it.
    Never,
}

/// What the holder will do with a lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tenure {
    /// Use it.
    #[default]
    Retail,
    /// Grant parts of it on, as an authority. Not offered yet: refused as
    /// [`Reason::WholesaleNotOffered`](crate::authority::Reason::WholesaleNotOffered).
    Wholesale,
}

/// A holder's wish for a longer term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Who asks.
    pub holder: HolderId,
    /// Which lease.
    pub lease: LeaseId,
    /// The version that the holder knows: another one is refused, but the renewal that made it may be repeated.
    pub version: Version,
    /// The end that it wants, absolute.
    pub end: Timestamp,
    /// The most that it pays for the time added, in micro-credits.
    pub bid: Option<Money>,
}
