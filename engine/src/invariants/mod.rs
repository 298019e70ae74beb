//! What always holds of an authority, one file each: for tests, for simulations, and after every event under `deep-checks`.
//!
//! Each looks at what can be seen from outside (events, decisions, effects, reads) and shares no code with what it checks.

mod clock;
mod commitments;
mod memory;
mod money;
mod overdraft;
mod repeats;
mod tokens;
mod watch;

use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Timestamp;
use thiserror::Error;

use crate::authority::{Authority, Decision, Effect, Event, FenceKey, HolderId, LeaseId, RequestId, Revision, Token};

/// One event that was applied, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The authority after it.
    pub authority: &'a Authority,
    /// When.
    pub now: Timestamp,
    /// The event.
    pub event: &'a Event,
    /// What was decided.
    pub decision: &'a Decision,
    /// What came of it.
    pub effects: &'a [Effect],
}

/// What should never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// Time went back.
    #[error("time went back from {from:?} to {to:?}")]
    TimeWentBack {
        /// From.
        from: Timestamp,
        /// To.
        to: Timestamp,
    },
    /// What the ledger says is held is not what leases hold.
    #[error("{owner:?} is said to hold {said} of {kind}, but its leases hold {summed}")]
    Commitment {
        /// Whose account.
        owner: Owner,
        /// Of which kind.
        kind: Kind,
        /// What the ledger says.
        said: u64,
        /// What leases add up to.
        summed: u64,
    },
    /// A device is held beyond what it has, or less is left than nobody holds.
    #[error("device {device} of {node:?} has {left} milli left, but its leases leave {summed}")]
    Device {
        /// The tile.
        node: NodeIndex,
        /// The device.
        device: usize,
        /// What the ledger says.
        left: u64,
        /// What leases leave.
        summed: u64,
    },
    /// A grant took more than there was.
    #[error("a grant at {node:?} overdrew {owner:?}: {held} of {limit} in {kind}")]
    Overdraft {
        /// Where.
        node: NodeIndex,
        /// Whose account.
        owner: Owner,
        /// Of which kind.
        kind: Kind,
        /// What is held after it.
        held: u64,
        /// The limit.
        limit: u64,
    },
    /// A key got a token that is not higher than the one before.
    #[error("a key got {token:?} after {before:?}")]
    Token {
        /// The new token.
        token: Token,
        /// The token before.
        before: Token,
    },
    /// Two live leases hold one key.
    #[error("{key:?} is held by leases {one} and {other}")]
    KeyHeldTwice {
        /// The key.
        key: FenceKey,
        /// One lease.
        one: LeaseId,
        /// The other.
        other: LeaseId,
    },
    /// A lease that was granted is gone, or shorter than was said.
    #[error("lease {lease} was granted and is forgotten or changed without a word")]
    Forgotten {
        /// Which.
        lease: LeaseId,
    },
    /// A repeat got another answer than the first.
    #[error("request {request} got another answer than before")]
    OtherAnswer {
        /// Under which name.
        request: RequestId,
    },
    /// A change does not follow the one before.
    #[error("revision {revision} follows {before}")]
    Gap {
        /// The revision.
        revision: Revision,
        /// The one before.
        before: Revision,
    },
    /// What holders gained is not what was posted to them.
    #[error("{holder} was posted {posted} and has {balance}")]
    Money {
        /// Whose account.
        holder: HolderId,
        /// The sum of postings.
        posted: i128,
        /// What the authority says.
        balance: i128,
    },
}

/// All invariants of one authority, from its beginning, or from when it was restored.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    clock: clock::Clock,
    tokens: tokens::Tokens,
    memory: memory::Memory,
    repeats: repeats::Repeats,
    watch: watch::Watch,
    money: money::Money,
}

impl Invariants {
    /// Looks at one event. O(leases times path): for tests and simulations.
    ///
    /// # Errors
    /// The first thing that should never be.
    pub fn observe(&mut self, fleet: &Fleet, step: &Step<'_>) -> Result<(), Violation> {
        self.clock.observe(step)?;
        commitments::check(fleet, step.authority)?;
        overdraft::check(fleet, step)?;
        self.tokens.observe(step)?;
        self.memory.observe(step)?;
        self.repeats.observe(step)?;
        self.watch.observe(step)?;
        self.money.observe(step)
    }

    /// Whether commitments count everything once: what `deep-checks` asserts after every event.
    ///
    /// # Errors
    /// The first account that does not add up.
    pub fn commitments(fleet: &Fleet, authority: &Authority) -> Result<(), Violation> {
        commitments::check(fleet, authority)
    }
}

/// Whom a lease at a node debits, and as a node of which level, told from the fleet alone.
fn debited(fleet: &Fleet, node: NodeIndex) -> Vec<(Owner, lessor_models::fleet::Level)> {
    let mut owners = Vec::new();
    for above in fleet.path(node) {
        owners.push((Owner::Node(above), fleet.level(above)));
        owners.extend(fleet.zones_listing(above).iter().map(|zone| (Owner::Zone(*zone), fleet.level(above))));
    }
    owners
}

/// What leases of a state hold, by owner.
type Sums = std::collections::BTreeMap<Owner, Resources>;
