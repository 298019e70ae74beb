//! A lease as its holder sees it.

use std::fmt;

use lessor_models::fleet::NodeIndex;
use lessor_models::job::ServiceClass;
use lessor_models::resources::Resources;
use lessor_models::time::Timestamp;

use super::label::{HolderId, RequestId};
use super::money::Money;
use crate::ledger::Devices;

/// Which lease; never zero, and never given twice within an incarnation's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaseId(pub u64);

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number that rises with every lease that becomes active, whatever its keys; so it rises per fence key too. Zero: none
/// was minted yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u64);

/// Binary places of a token below its incarnation.
pub(in crate::authority) const MINTED_BITS: u32 = 48;

/// Number of a lease's last change by its holder's wish: 1 when granted, one more at each renewal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

/// Where a state stands in the order of all changes of an authority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// Which line of history: raised when a backup is restored, whose later changes are lost.
    pub incarnation: u32,
    /// The change's number in the authority, from 1; zero before the first.
    pub number: u64,
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.incarnation, self.number)
    }
}

/// Where a lease stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeaseState {
    /// Promised, not begun: it waits for revoked capacity, or for its window. It has no token.
    Offered,
    /// The holder may use what it holds until the end.
    Active,
    /// The holder ended it.
    Released,
    /// Time ended it, or its offer.
    Expired,
    /// The lessor ended it: the holder has until [`Notice::until`] to finish.
    Revoked,
}

impl LeaseState {
    /// Every state, in the order of a lease's life.
    pub const ALL: [LeaseState; 5] =
        [LeaseState::Offered, LeaseState::Active, LeaseState::Released, LeaseState::Expired, LeaseState::Revoked];

    /// The name used on the wire, in flags and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            LeaseState::Offered => "offered",
            LeaseState::Active => "active",
            LeaseState::Released => "released",
            LeaseState::Expired => "expired",
            LeaseState::Revoked => "revoked",
        }
    }

    /// The state of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<LeaseState> {
        LeaseState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Why the lessor ended a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevocationCause {
    /// An operator said so.
    Operator,
    /// An account on its path holds more than it may give.
    Deficit,
    /// Its node is being emptied.
    Drain,
    /// A request of a more protected class paid for its place.
    Preempted,
}

/// A lease at one revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which lease.
    pub id: LeaseId,
    /// Who has it.
    pub holder: HolderId,
    /// The request that it answers.
    pub request: RequestId,
    /// Its position among the leases of one gang, from 0, and how many they are: 0 of 1 for a lease alone.
    pub member: (u32, u32),
    /// Where it lies.
    pub node: NodeIndex,
    /// Where it stands.
    pub state: LeaseState,
    /// What a renewal must name.
    pub version: Version,
    /// What its fence keys and devices accept, from activation on.
    pub token: Token,
    /// When it became active, or when an offer was made.
    pub start: Timestamp,
    /// The first instant at which the holder may no longer use it; by the engine's clock.
    pub end: Timestamp,
    /// The vector held, devices included in the accelerator kind.
    pub resources: Resources,
    /// Devices of the node, as asked.
    pub devices: Devices,
    /// Which devices of the node, as a mask: bit 0 is the first.
    pub device_mask: u64,
    /// Its service class.
    pub class: ServiceClass,
    /// What was paid for the term so far, in micro-credits.
    pub price: Money,
    /// Why it was revoked and until when its holder may finish, where it was.
    pub notice: Option<Notice>,
    /// Whether its accounts and keys have everything back.
    pub is_returned: bool,
}

/// What a revoked holder is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Notice {
    /// Why.
    pub cause: RevocationCause,
    /// Until when the holder may finish.
    pub until: Timestamp,
    /// What the holder is paid for it, in micro-credits.
    pub compensation: Money,
}
