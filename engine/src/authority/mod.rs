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
mod conclude;
mod decide;
mod keep;
mod lifecycle;
mod read;
mod state;
mod vocabulary;

pub use apply::Authority;
pub use decide::explain::{Explanation, Obstacle};
pub use decide::first_fit::FirstFit;
pub use decide::placement::{Ask, Placement};
pub use decide::price_board::PriceList;
pub use keep::restore::{INCARNATION_MAX, RestoreError, Restoring};
pub use keep::snapshot::{
    GrantedLease, KeptAnswer, KeptLease, Piece, PostedPrice, Repeat, Slot, Snapshot, SnapshotError,
};
pub use read::{Filter, Page};
pub use state::history::OutOfRange;
pub use state::stretches::Stretch;
pub use vocabulary::decision::{Decision, Grant, Revocation, Seat};
pub use vocabulary::effect::{Answer, Change, Effect, Posting};
pub use vocabulary::event::{Displacement, Event, Renewal, Request, Scope, Tenure, Term};
pub use vocabulary::label::{FenceKey, HolderId, LABEL_MAX, Label, LabelError, RequestId};
pub use vocabulary::lease::{Lease, LeaseId, LeaseState, Notice, Revision, RevocationCause, Token, Version};
pub use vocabulary::money::{MONEY_MAX, Money, RATE_SHIFT, Rate, UNIT_PRICE_MAX, UNIT_PRICE_SHIFT, UnitPrices};
pub use vocabulary::refusal::{CounterOffer, Reason, Refusal};
pub use vocabulary::terms::{DRIFT_PPM_MAX, PERMILLE_MAX, Retention, Terms, TermsError};
