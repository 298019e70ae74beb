//! A plan: where capsules go, what moves, what was left out and why, what resources are worth.

use crate::fleet::{NodeIndex, Owner, ZoneIndex};
use crate::job::JobIndex;
use crate::resources::Kind;
use crate::time::{Interval, Timestamp};

/// Equal capsules of one job on one tile, started together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Placement {
    /// The job.
    pub job: JobIndex,
    /// The tile.
    pub tile: NodeIndex,
    /// When they start.
    pub start: Timestamp,
    /// How many; one where devices are held.
    pub count: u32,
    /// The tile's devices held, a bit each; zero for a job without devices.
    pub devices: u64,
}

/// Capsules of a job that run when the plan begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CurrentPlacement {
    /// The job.
    pub job: JobIndex,
    /// Where they run.
    pub tile: NodeIndex,
    /// How many; one where devices are held.
    pub count: u32,
    /// The tile's devices held, a bit each.
    pub devices: u64,
}

/// A tile, and the devices of it that one capsule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    /// The tile.
    pub tile: NodeIndex,
    /// The tile's devices held, a bit each; zero for a job without devices.
    pub devices: u64,
}

/// What a step of a migration does with capsules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// They leave their seat and enter another one.
    Go,
    /// They leave their seat, to enter another one in a later wave.
    Pause,
    /// They enter the other seat after they paused.
    Resume,
    /// They leave their seat for good.
    Stop,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Stage; 4] = [Stage::Go, Stage::Pause, Stage::Resume, Stage::Stop];

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Go => "go",
            Stage::Pause => "pause",
            Stage::Resume => "resume",
            Stage::Stop => "stop",
        }
    }
}

/// One change of seats of capsules that run: they stop where they are, then start elsewhere.
///
/// Moves come in waves; [`crate::check::moves`] says what that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Move {
    /// The wave, from zero: its moves may be under way at once, and end before those of the next one begin.
    pub wave: u32,
    /// What is done.
    pub stage: Stage,
    /// The job.
    pub job: JobIndex,
    /// The seat that each of them leaves, or left when it paused.
    pub from: Seat,
    /// The seat that each of them enters, or is to enter when it resumes; `None` where they stop for good.
    pub to: Option<Seat>,
    /// How many capsules; at least one.
    pub count: u32,
}

/// What a move would have had to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// Room in an account.
    Account {
        /// Whose.
        owner: Owner,
        /// Of which kind.
        kind: Kind,
    },
    /// Room on a device of a tile.
    Device {
        /// The tile.
        tile: NodeIndex,
    },
    /// Others of a zone to have moved.
    Turn {
        /// The zone.
        zone: ZoneIndex,
    },
}

/// A move that would have made a plan better, and that no order of moves allows: the plan does without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeldBack {
    /// The job.
    pub job: JobIndex,
    /// The seat that its capsules would have left.
    pub from: Seat,
    /// The seat that they would have entered.
    pub to: Seat,
    /// How many.
    pub count: u32,
    /// What they would have waited for without end.
    pub wait: Wait,
    /// A job whose capsules hold that and wait themselves; `None` where there will never be enough of it.
    pub behind: Option<JobIndex>,
}

/// A rule that can forbid a placement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The tile class is not among those allowed.
    Classes,
    /// The tile's temperature band is not inside the job's.
    Band,
    /// The tile is not under the job's locality node.
    Locality,
    /// The tile is too far from the job's data.
    Latency,
    /// A plane closed the tile to new capsules.
    Closed,
    /// No start between earliest and deadline leaves room for the term.
    Window,
    /// Too many capsules of the job in one member of a domain.
    Spread,
    /// The job's capsules lie in too few members of a domain.
    SpreadLeast,
    /// The other job is not in this member of the domain all the time.
    Affinity,
    /// The other job is in this member of the domain at the same time.
    AntiAffinity,
    /// Fewer capsules fit than the gang's minimum.
    Gang,
    /// No tile has enough devices with enough left on each.
    Devices,
    /// The capsule's costs exceed its bid.
    Worth,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 13] = [
        Rule::Classes,
        Rule::Band,
        Rule::Locality,
        Rule::Latency,
        Rule::Closed,
        Rule::Window,
        Rule::Spread,
        Rule::SpreadLeast,
        Rule::Affinity,
        Rule::AntiAffinity,
        Rule::Gang,
        Rule::Devices,
        Rule::Worth,
    ];

    /// The name used in tables and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Rule::Classes => "classes",
            Rule::Band => "band",
            Rule::Locality => "locality",
            Rule::Latency => "latency",
            Rule::Closed => "closed",
            Rule::Window => "window",
            Rule::Spread => "spread",
            Rule::SpreadLeast => "spread_least",
            Rule::Affinity => "affinity",
            Rule::AntiAffinity => "anti_affinity",
            Rule::Gang => "gang",
            Rule::Devices => "devices",
            Rule::Worth => "worth",
        }
    }
}

/// One member of a conflict set: relax it and the rest no longer conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blocker {
    /// An account without enough headroom.
    Account {
        /// Whose.
        owner: Owner,
        /// Of which kind.
        kind: Kind,
    },
    /// The tiles together lack a kind that no single larger account lacks.
    Tiles {
        /// Of which kind.
        kind: Kind,
    },
    /// A rule of the job or of a plane.
    Rule(Rule),
}

/// Why a job, or part of it, was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The rules leave no tile.
    NoEligibleTile,
    /// No tile could hold one capsule even when empty.
    TooLarge,
    /// Every eligible place lacks headroom on some account.
    NoHeadroom,
    /// The eligible tiles have enough in sum, but none has enough alone.
    Fragmentation,
    /// Running it would cost more than it bids.
    NotWorth,
    /// Fewer capsules fit than the gang's minimum.
    GangTooLarge,
    /// The search stopped before it tried.
    Interrupted,
}

impl Reason {
    /// The name used in tables and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Reason::NoEligibleTile => "no_eligible_tile",
            Reason::TooLarge => "too_large",
            Reason::NoHeadroom => "no_headroom",
            Reason::Fragmentation => "fragmentation",
            Reason::NotWorth => "not_worth",
            Reason::GangTooLarge => "gang_too_large",
            Reason::Interrupted => "interrupted",
        }
    }
}

/// A change that would let one more capsule (or the gang) of an unplaced job in, verified by planning again with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cure {
    /// More capacity at one account.
    Capacity {
        /// Whose.
        owner: Owner,
        /// Of which kind.
        kind: Kind,
        /// How much more, in base units.
        amount: u64,
    },
    /// One rule waived.
    Relax(Rule),
    /// One other job preempted on one tile.
    Preempt {
        /// The job that would lose capsules.
        job: JobIndex,
        /// Where.
        tile: NodeIndex,
        /// How many.
        count: u32,
    },
    /// A start after the deadline allows, the earliest that fits.
    Start(Timestamp),
    /// A bid higher by this much, in micro-credits a capsule.
    Bid(u64),
}

/// A job that was not placed whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplaced {
    /// The job.
    pub job: JobIndex,
    /// How many capsules are missing.
    pub count: u32,
    /// Why.
    pub reason: Reason,
    /// An irreducible set of accounts and rules that block it, given the rest of the plan.
    pub conflict: Vec<Blocker>,
    /// The cheapest change found that would place one more, if any was found.
    pub cure: Option<Cure>,
    /// When one more, or the gang, would start if its deadline were waived and nothing else changed, if it ever would.
    pub expected_start: Option<Timestamp>,
}

/// Base units that a price is stated for, for an hour of them.
pub const PRICE_UNITS: u64 = 1_000_000;

/// What a unit of an account costs during an interval: what one more of it would add to a plan's value, or what a round cleared at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Whose account.
    pub owner: Owner,
    /// Of which kind.
    pub kind: Kind,
    /// When.
    pub interval: Interval,
    /// Price in micro-credits per 10^6 base units and hour, rounded down.
    pub price: u64,
}

/// A plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Placements, sorted by job, tile and start.
    pub placements: Vec<Placement>,
    /// Moves in a safe order.
    pub moves: Vec<Move>,
    /// Moves that no order allows, and that the plan does without.
    pub held_back: Vec<HeldBack>,
    /// What was left out, dearest first.
    pub unplaced: Vec<Unplaced>,
    /// Prices above zero.
    pub prices: Vec<Price>,
}
