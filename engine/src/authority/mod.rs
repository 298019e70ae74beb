//! An authority: the state machine that grants, renews, revokes and expires leases on the accounts of one fleet.
//!
//! The plain meaning is a function from a state, an instant and an event to a state, a decision and effects. It reads no
//! clock and does no input or output: the shell hands in time, writes `(now, event, decision)` to its journal, and carries
//! out the effects once that is durable.

mod decision;
mod effect;
mod event;
mod label;
mod lease;
mod money;
mod refusal;
mod snapshot;
mod terms;

pub use decision::{Decision, Grant, Revocation, Seat};
pub use effect::{Answer, Change, Effect, Posting};
pub use event::{Displacement, Event, Renewal, Request, Scope, Tenure, Term};
pub use label::{FenceKey, HolderId, LABEL_MAX, Label, LabelError, RequestId};
pub use lease::{Lease, LeaseId, LeaseState, Notice, Revision, RevocationCause, Token, Version};
pub use money::{MONEY_MAX, Money, RATE_SHIFT, Rate, UNIT_PRICE_MAX, UNIT_PRICE_SHIFT, UnitPrices};
pub use refusal::{CounterOffer, Reason, Refusal};
pub use snapshot::{GrantedLease, KeptAnswer, KeptLease, Repeat, Slot, Snapshot, SnapshotError};
pub use terms::{PERMILLE_MAX, Terms, TermsError};
