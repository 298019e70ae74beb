//! The whole state of an authority as plain data, for whoever writes it down.

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::time::Timestamp;
use thiserror::Error;

use crate::authority::state::stretches::Stretch;
use crate::authority::vocabulary::effect::Change;
use crate::authority::vocabulary::event::Displacement;
use crate::authority::vocabulary::label::{FenceKey, HolderId, RequestId};
use crate::authority::vocabulary::lease::{Lease, LeaseId, Revision, Token};
use crate::authority::vocabulary::money::{Money, Rate};
use crate::authority::vocabulary::refusal::Refusal;
use crate::authority::vocabulary::terms::Retention;
use crate::ledger::{Account, Draw, FloorShares, Floors};
use crate::plane::PlaneEffect;

/// How many of the last changes a snapshot has, so that watches resume over a restart: 4 MB, copied in a millisecond or two, and
/// four times what a watch of one holder may be behind.
pub(super) const CHANGES_KEPT: usize = 1 << 14;

/// Everything that an authority knows but its fleet and its terms. What can be computed from it is not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last instant applied.
    pub now: Timestamp,
    /// The last change.
    pub revision: Revision,
    /// Tokens minted in this incarnation.
    pub minted: u64,
    /// The generation of a slot that was never used.
    pub generation: u32,
    /// Every slot that a lease ever lay in, by position.
    pub slots: Vec<Slot>,
    /// Positions of empty slots; the last is used next.
    pub free: Vec<u32>,
    /// Positions of slots whose lease ended and returned, the first to be forgotten first.
    pub ended: Vec<u32>,
    /// Answers kept for repeats, oldest first.
    pub repeats: Vec<Repeat>,
    /// Requests first sent no later than this are too old.
    pub horizon: Timestamp,
    /// What holders gained or paid, by holder.
    pub balances: Vec<(HolderId, i128)>,
    /// What planes last said, as limits and closures.
    pub planes: Vec<PlaneEffect>,
    /// Nodes that are being emptied, and by when.
    pub drains: Vec<(NodeIndex, Timestamp)>,
    /// Floors in force that are amounts.
    pub floors: Vec<(Owner, Floors)>,
    /// Floors in force that are shares.
    pub floor_shares: Vec<(Owner, FloorShares)>,
    /// Owners whose deficit was told.
    pub deficits: Vec<Owner>,
    /// Owners whose limits changed since deficits were last looked at.
    pub unsettled: Vec<Owner>,
    /// How long answers and ended leases are kept; none where no event said so.
    pub retention: Option<Retention>,
    /// When posted prices last took a step; none where none is posted.
    pub priced: Option<Timestamp>,
    /// Posted prices, in the order of their list.
    pub prices: Vec<PostedPrice>,
    /// The last changes, in order, for watches that resume: at most 16,384.
    pub changes: Vec<Change>,
}

/// A posted price as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostedPrice {
    /// Of which account.
    pub account: Account,
    /// The price, in units of 2^-56 micro-credits per base unit and second.
    pub price: u64,
    /// The smoothed excess of use over the target, in units of 2^-20.
    pub smoothed: i64,
}

/// A part of one of the long lists of a snapshot: they follow each other in order, and lists in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Of [`Snapshot::slots`].
    Slots(Vec<Slot>),
    /// Of [`Snapshot::free`].
    Free(Vec<u32>),
    /// Of [`Snapshot::ended`].
    Ended(Vec<u32>),
    /// Of [`Snapshot::repeats`].
    Repeats(Vec<Repeat>),
    /// Of [`Snapshot::balances`].
    Balances(Vec<(HolderId, i128)>),
    /// [`Snapshot::priced`] and all of [`Snapshot::prices`].
    Prices(Option<Timestamp>, Vec<PostedPrice>),
    /// Of [`Snapshot::floor_shares`].
    FloorShares(Vec<(Owner, FloorShares)>),
    /// Of [`Snapshot::changes`].
    Changes(Vec<Change>),
}

impl Snapshot {
    /// Takes the long lists out, each as one piece; what is left is the head of a snapshot.
    pub fn take_pieces(&mut self) -> [Piece; 8] {
        [
            Piece::Slots(std::mem::take(&mut self.slots)),
            Piece::Free(std::mem::take(&mut self.free)),
            Piece::Ended(std::mem::take(&mut self.ended)),
            Piece::Repeats(std::mem::take(&mut self.repeats)),
            Piece::Balances(std::mem::take(&mut self.balances)),
            Piece::Prices(self.priced.take(), std::mem::take(&mut self.prices)),
            Piece::FloorShares(std::mem::take(&mut self.floor_shares)),
            Piece::Changes(std::mem::take(&mut self.changes)),
        ]
    }

    /// Appends a piece to the list that it is of.
    pub fn append(&mut self, piece: Piece) {
        match piece {
            Piece::Slots(slots) => self.slots.extend(slots),
            Piece::Free(free) => self.free.extend(free),
            Piece::Ended(ended) => self.ended.extend(ended),
            Piece::Repeats(repeats) => self.repeats.extend(repeats),
            Piece::Balances(balances) => self.balances.extend(balances),
            Piece::Prices(at, prices) => (self.priced, self.prices) = (at, prices),
            Piece::FloorShares(shares) => self.floor_shares.extend(shares),
            Piece::Changes(changes) => self.changes.extend(changes),
        }
    }
}

/// A place for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// How often it was used before.
    pub generation: u32,
    /// The lease in it.
    pub lease: Option<KeptLease>,
}

/// A lease, and what its holder does not see of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLease {
    /// What its holder sees.
    pub lease: Lease,
    /// What it draws.
    pub draw: Draw,
    /// When its accounts and keys are free if nothing happens before.
    pub returns_at: Timestamp,
    /// What the last part of its term costs per second.
    pub rate: Rate,
    /// The first part of its term that is kept, and what was paid for it.
    pub first: Stretch,
    /// The parts after it, of a lease that was renewed at other rates.
    pub further: Vec<Stretch>,
    /// Until when its work is safe.
    pub safe_until: Timestamp,
    /// What was paid for work before the first part that is not safe yet, in micro-credits.
    pub worked: Money,
    /// Whether it may be displaced.
    pub displacement: Displacement,
    /// The keys that it holds.
    pub keys: Vec<FenceKey>,
    /// Whether the shell was asked to fence its token.
    pub is_fenced: bool,
    /// The first lease of its gang; itself where it is alone.
    pub gang: LeaseId,
    /// For an offer, the leases that it waits for.
    pub waits_for: Vec<LeaseId>,
}

/// An answer kept for a repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Who asked.
    pub holder: HolderId,
    /// Under which name.
    pub request: RequestId,
    /// When it was decided.
    pub at: Timestamp,
    /// A digest of the body.
    pub digest: u64,
    /// What was answered.
    pub answer: KeptAnswer,
}

/// What was answered, without what the repeated request itself says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptAnswer {
    /// One lease.
    Lease(GrantedLease),
    /// The leases of a gang.
    Gang(Vec<GrantedLease>),
    /// A refusal.
    Refused(Refusal),
}

/// A lease as it was granted or offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantedLease {
    /// Which.
    pub id: LeaseId,
    /// Where.
    pub node: NodeIndex,
    /// Devices of the node, as a mask.
    pub device_mask: u64,
    /// Its token; zero for an offer.
    pub token: Token,
    /// Its start.
    pub start: Timestamp,
    /// Its end.
    pub end: Timestamp,
    /// Its price.
    pub price: Money,
}

/// Why a snapshot is not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// It names a node that the fleet lacks.
    #[error("a snapshot names node {node:?}, which the fleet lacks; start with the fleet that it was made of")]
    UnknownNode {
        /// Which.
        node: NodeIndex,
    },
    /// It names a node or zone that the fleet lacks.
    #[error("a snapshot names {owner:?}, which the fleet lacks; start with the fleet that it was made of")]
    UnknownOwner {
        /// Which.
        owner: Owner,
    },
    /// A lease's devices are not as many as it has, or are held twice.
    #[error("lease {lease} holds other devices than it was granted, or some that another lease has")]
    Devices {
        /// Which lease.
        lease: LeaseId,
    },
    /// The last changes are not those up to its revision.
    #[error("the changes in the snapshot are not those up to its revision")]
    Changes,
    /// Positions, ids or keys contradict each other.
    #[error("slot {position} contradicts the rest of the snapshot")]
    Slot {
        /// Which slot.
        position: u32,
    },
}
