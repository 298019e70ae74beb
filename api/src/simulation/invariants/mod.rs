//! What always holds of the service as the world sees it, one file each. They look at what was told, done and found, and share no
//! code with what they check. What holds of the engine alone is in `lessor_engine::invariants`; the witness looks at that.

pub(super) mod answers;
pub(super) mod continuity;
pub(super) mod durability;
pub(super) mod exclusion;
pub(super) mod fencing;
pub(super) mod memory;
pub(super) mod postings;
pub(super) mod progress;
pub(super) mod time;

use lessor_engine::authority::{FenceKey, LeaseId, Revision, Token};
use lessor_models::fleet::NodeIndex;
use lessor_models::time::Timestamp;

/// What should never be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// An invariant of the engine.
    #[error("the engine: {0}")]
    Engine(Box<lessor_engine::invariants::Violation>),
    /// A durable record that cannot be read.
    #[error("a commit that was just made durable holds what cannot be read")]
    Unreadable,
    /// A journal that nothing was done to but what it must bear.
    #[error("the journal cannot be opened: {error}")]
    Unopened { error: String },
    /// A commit that was durable is gone.
    #[error("commit {sequence} was durable, and the journal ends with {found}")]
    CommitForgotten { sequence: u64, found: u64 },
    /// A commit that nobody made.
    #[error("commit {sequence} is not what was appended")]
    Invented { sequence: u64 },
    /// What recovery or the server has is not what the journal leads to.
    #[error("the state is not what commit {sequence} led to")]
    StateDiffers { sequence: u64 },
    /// A flipped bit that was passed over and made a difference.
    #[error("bit {bit} of {file} turned over, and nobody noticed")]
    FlipUnnoticed { file: String, bit: usize },
    /// Told before it was durable.
    #[error("{what} was told of revision {told} at {now:?} before it was durable")]
    Early { what: &'static str, told: Revision, now: Timestamp },
    /// What was told of a lease is not there.
    #[error("lease {lease} is not there as it was acknowledged")]
    Forgotten { lease: LeaseId },
    /// A repeat got another answer.
    #[error("a request got two answers: {request}")]
    TwoAnswers { request: String },
    /// Time went back.
    #[error("somebody was told {told:?} after {before:?}")]
    TimeWentBack { told: Timestamp, before: Timestamp },
    /// A watch missed something, or saw something that never was.
    #[error("a watch got revision {got} after {after}, or another change than was made")]
    Gap { after: Revision, got: Revision },
    /// A copy made by watching is not the original.
    #[error("a watcher's copy at {at} is not what the authority has")]
    CopyDiffers { at: Revision },
    /// Holders within the promise use more than there is.
    #[error("holders within the promise use more of {node:?} than it has: lease {lease} was the last")]
    Overused { node: NodeIndex, lease: LeaseId },
    /// Two holders within the promise use what one key protects.
    #[error("leases {one} and {other} use {key} at once, and both are within the promise")]
    SharedKey { key: FenceKey, one: LeaseId, other: LeaseId },
    /// An effect under a lower token was accepted after one under a higher.
    #[error("{key} accepted {token:?} after {before:?}")]
    TokenWentBack { key: FenceKey, token: Token, before: Token },
    /// A holder within the promise was refused by what its key protects.
    #[error("{key} refused {token:?} of lease {lease}, whose holder is within the promise")]
    ShutOut { key: FenceKey, token: Token, lease: LeaseId },
    /// Money that came from nowhere.
    #[error("lease {lease} was posted {posted}, and its price and compensation say {expected}")]
    Unbalanced { lease: LeaseId, posted: i64, expected: i64 },
    /// Nothing stood in its way, and it got nowhere.
    #[error("with no fault left, {who} got no answer for {seconds} s")]
    Stuck { who: String, seconds: u64 },
    /// Everybody has gone, and something is still held.
    #[error("everybody has gone, and {what} is still there")]
    Remains { what: &'static str },
}

impl From<lessor_engine::invariants::Violation> for Violation {
    fn from(violation: lessor_engine::invariants::Violation) -> Violation {
        Violation::Engine(Box::new(violation))
    }
}
