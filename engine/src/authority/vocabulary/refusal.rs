//! Why an authority refuses, in a documented order, and what it would give instead.

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::resources::Kind;
use lessor_models::time::{Span, Timestamp};

use super::lease::{LeaseState, Version};
use super::money::Money;
use crate::ledger::Barrier;

/// A refusal: the first reason in the order of [`Reason`]. Nothing was changed but that a request's refusal is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What would be granted instead, as things stood.
    pub counter: CounterOffer,
}

/// Why. Where several hold, the first in this order is given.
///
/// Those of a request under a known id come before all others, for a repeat gets the first answer whatever changed since. Then
/// comes what is wrong with the event itself, what it names, what it would take, and last what that costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The holder used this request id for something else.
    ReusedId,
    /// First sent no later than what is still remembered: it may have been answered long ago. Ask again under a new id after
    /// looking at the leases held.
    TooOld {
        /// Requests first sent after this instant are decided.
        horizon: Timestamp,
    },
    /// First sent later than now.
    NotYetSent,
    /// It asks for nothing.
    ZeroVector,
    /// An amount is beyond what one lease may state.
    AmountTooLarge {
        /// Of which kind.
        kind: Kind,
        /// What was asked.
        asked: u64,
    },
    /// No device but milli-devices, more than 1,000 of one, or an accelerator amount that is not that of the devices.
    BadDevices,
    /// No lease, or more than one request may ask for.
    GangSize {
        /// What was asked.
        asked: u32,
        /// The most.
        most: u32,
    },
    /// More fence keys than one request may name.
    TooManyKeys {
        /// How many were named.
        asked: u32,
        /// The most.
        most: u32,
    },
    /// A fence key is named twice, or by a gang, whose members cannot all hold it.
    SharedKey {
        /// Position of the key in the request, from 0.
        position: u32,
    },
    /// A bid below zero, or beyond what may be paid.
    BadBid,
    /// The term is shorter than the shortest, or ends no later than now.
    TermTooShort {
        /// The shortest.
        least: Span,
    },
    /// The term is longer than the longest.
    TermTooLong {
        /// The longest.
        most: Span,
    },
    /// Windows that begin later are not offered yet.
    WindowNotOffered,
    /// Leases to grant on are not offered yet.
    WholesaleNotOffered,
    /// No such node.
    UnknownNode {
        /// Which.
        node: NodeIndex,
    },
    /// No such node or zone.
    UnknownOwner {
        /// Which.
        owner: Owner,
    },
    /// No such lease, or none that is still remembered.
    UnknownLease,
    /// Another holder has the lease.
    WrongHolder,
    /// The lease is not active: what it is instead.
    NotActive {
        /// Where it stands.
        state: LeaseState,
    },
    /// The lease changed since the version named.
    StaleVersion {
        /// The version it has.
        current: Version,
    },
    /// The token named is not the lease's.
    WrongToken,
    /// The lease is not revoked: nothing to confirm.
    NotRevoked,
    /// The new end is not after the old one.
    NotLonger {
        /// The end it has.
        end: Timestamp,
    },
    /// A fence key is held.
    KeyHeld {
        /// Position of the key in the request, from 0.
        position: u32,
        /// When it is free at the latest, unless its lease is renewed.
        until: Timestamp,
    },
    /// As many leases as the authority keeps at once.
    TooManyLeases {
        /// The most.
        most: u32,
    },
    /// Something on the path stands in the way: a door that is shut, or the binding account.
    NoRoom(Barrier),
    /// A renewal at another rate than the last, of a lease whose term has as many parts ahead that were paid for at different rates
    /// as may be: it can be renewed once one of them is over.
    TooManyStretches {
        /// The most.
        most: u32,
    },
    /// It costs more than the bid.
    TooDear {
        /// What it costs, for all leases together.
        price: Money,
    },
}

/// What an authority would grant instead; each alone, under the same bid, and only as things stood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterOffer {
    /// A smaller one: the same vector times this many thousandths, at this tile, or for a gang under this node; each amount
    /// rounded down, devices as asked.
    pub smaller: Option<(NodeIndex, u16)>,
    /// The same later: from this instant at the latest, unless leases are renewed or granted before. Of a renewal, the latest end
    /// to which it would be granted, as far as what stands in its way says one.
    pub later: Option<Timestamp>,
    /// The same elsewhere, outside the scope asked for: at this tile, or for a gang under this node.
    pub elsewhere: Option<NodeIndex>,
}

impl Refusal {
    /// A refusal with nothing to offer instead.
    #[must_use]
    pub const fn of(reason: Reason) -> Refusal {
        Refusal { reason, counter: CounterOffer { smaller: None, later: None, elsewhere: None } }
    }
}
