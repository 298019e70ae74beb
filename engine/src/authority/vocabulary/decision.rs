//! What an authority decided about an event: all of it that depends on policy, and nothing that follows from it.

use lessor_models::fleet::NodeIndex;
use lessor_models::time::Timestamp;

use super::lease::{LeaseId, RevocationCause};
use super::money::{Money, Rate};
use super::refusal::Refusal;

/// What was decided, as it goes to the journal beside the event and its `now`.
/// [`Authority::enact`](crate::authority::Authority::enact) turns the three into the same state and the same effects, under
/// whatever policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// So many due deadlines were worked off; capacity steps among them may have left accounts in deficit.
    Ticked {
        /// How many.
        worked: u32,
        /// Leases revoked to cure deficits.
        revoked: Vec<Revocation>,
    },
    /// The request is granted.
    Granted(Grant),
    /// The request is granted once those that it displaces are gone.
    Offered {
        /// What will be granted.
        grant: Grant,
        /// Whom it displaces.
        revoked: Vec<Revocation>,
    },
    /// The lease lasts longer.
    Renewed {
        /// Its end.
        end: Timestamp,
        /// When its accounts and keys are free if nothing happens before.
        returns_at: Timestamp,
        /// What it costs per second from the old end on.
        rate: Rate,
        /// What the time added costs.
        price: Money,
    },
    /// The holder ended the lease, or ended it before: then there is no refund.
    Released {
        /// What comes back of the price.
        refund: Money,
    },
    /// The event took effect, and so many leases were revoked for it.
    Accepted {
        /// Whom it hit.
        revoked: Vec<Revocation>,
    },
    /// A repeat: it gets the first answer and changes nothing. Need not be journaled.
    Repeated,
    /// Refused.
    Refused(Refusal),
}

/// A granted request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where the first lease lies.
    pub seat: Seat,
    /// Where the others of a gang lie, in order.
    pub others: Vec<Seat>,
    /// The first instant at which the holder may no longer use it, for an offer if it began at once.
    pub end: Timestamp,
    /// When its accounts and keys are free if nothing happens before.
    pub returns_at: Timestamp,
}

/// The place of one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    /// The tile.
    pub node: NodeIndex,
    /// Devices of it, as a mask: bit 0 is the first.
    pub device_mask: u64,
    /// What the lease costs per second.
    pub rate: Rate,
}

/// A lease that the lessor ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revocation {
    /// Which.
    pub lease: LeaseId,
    /// Why.
    pub cause: RevocationCause,
    /// Until when its holder may finish.
    pub until: Timestamp,
    /// What of its price comes back to its holder, for the time left.
    pub refund: Money,
    /// What its holder is paid beside that.
    pub compensation: Money,
}

impl Decision {
    /// Whether applying it changed anything, so that a journal must have it before its answer is seen.
    #[must_use]
    pub fn is_journaled(&self) -> bool {
        *self != Decision::Repeated
    }
}
