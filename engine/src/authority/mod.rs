//! An authority: the state machine that grants, renews, revokes and expires leases on the accounts of one fleet.
//!
//! The plain meaning is a function from a state, an instant and an event to a state, a decision and effects. It reads no
//! clock and does no input or output: the shell hands in time, writes `(now, event, decision)` to its journal, and carries
//! out the effects once that is durable.
//!
//! An event passes three steps. Its *premise* is what it makes true whatever is decided: time goes on, a plane's limit is in
//! force, a node drains. Then what is left to policy is *decided*, from the state alone. Then the decision is *concluded*:
//! written into slots and ledger, and told. Recovery does the first and the last, so a newer policy never re-decides the past.
//! See [`Authority::apply`] and [`Authority::enact`].

mod apply;
mod cheapest;
mod conclude;
mod counter;
mod cut;
mod deadlines;
mod decide;
mod decision;
mod digest;
mod displace;
mod effect;
mod event;
mod explain;
mod first_fit;
mod gang;
mod gang_counter;
mod history;
mod keys;
mod label;
mod lease;
mod lifecycle;
mod manage;
mod money;
mod offers;
mod placement;
mod price_board;
mod prices;
mod read;
mod refusal;
mod repeats;
mod restore;
mod slots;
mod snapshot;
mod stretches;
mod terms;
mod validate;
mod victims;

pub use apply::Authority;
pub use decision::{Decision, Grant, Revocation, Seat};
pub use effect::{Answer, Change, Effect, Posting};
pub use event::{Displacement, Event, Renewal, Request, Scope, Tenure, Term};
pub use explain::{Explanation, Obstacle};
pub use first_fit::FirstFit;
pub use history::OutOfRange;
pub use label::{FenceKey, HolderId, LABEL_MAX, Label, LabelError, RequestId};
pub use lease::{Lease, LeaseId, LeaseState, Notice, Revision, RevocationCause, Token, Version};
pub use money::{MONEY_MAX, Money, RATE_SHIFT, Rate, UNIT_PRICE_MAX, UNIT_PRICE_SHIFT, UnitPrices};
pub use placement::{Ask, Placement};
pub use price_board::PriceList;
pub use read::{Filter, Page};
pub use refusal::{CounterOffer, Reason, Refusal};
pub use restore::{INCARNATION_MAX, RestoreError, Restoring};
pub use snapshot::{GrantedLease, KeptAnswer, KeptLease, Piece, PostedPrice, Repeat, Slot, Snapshot, SnapshotError};
pub use stretches::Stretch;
pub use terms::{PERMILLE_MAX, Retention, Terms, TermsError};
