//! Jobs: sets of identical capsules with a term, terms of their own, and a worth.

use crate::fleet::{ClassIndex, Level, NodeIndex, ZoneKind};
use crate::tile_class::{Band, OperationType};
use crate::time::{Span, Timestamp};

/// A job's position in its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobIndex(pub u32);

impl JobIndex {
    /// The position as an array index.
    #[must_use]
    #[inline]
    pub const fn at(self) -> usize {
        self.0 as usize
    }
}

/// The four service classes. A and B have floors that no market can take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceClass {
    /// Safety and control.
    A,
    /// Time distribution.
    B,
    /// Interactive.
    C,
    /// Bulk.
    #[default]
    D,
}

impl ServiceClass {
    /// Every class, most protected first.
    pub const ALL: [ServiceClass; 4] = [ServiceClass::A, ServiceClass::B, ServiceClass::C, ServiceClass::D];

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ServiceClass::A => "A",
            ServiceClass::B => "B",
            ServiceClass::C => "C",
            ServiceClass::D => "D",
        }
    }

    /// Whether a market serves the class: A and B have floors in place of bids.
    #[must_use]
    pub const fn trades(self) -> bool {
        matches!(self, ServiceClass::C | ServiceClass::D)
    }

    /// The class of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<ServiceClass> {
        ServiceClass::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// What one capsule asks of a tile and of what lies above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Demand {
    /// Compute in Mop/s.
    pub compute_mops: u64,
    /// What operations those mostly are.
    pub operation: OperationType,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Traffic that crosses the uplink of the capsule's node at each [`Level`], leaf first, in bit/s.
    pub bandwidth_bps: [u64; Level::COUNT],
    /// Power beside what compute and devices draw, in milliwatts.
    pub power_mw: u64,
    /// Heat beside what that power rejects, in milliwatts.
    pub heat_mw: u64,
    /// Storage in bytes.
    pub storage_bytes: u64,
    /// Reversible compute in Mop/s.
    pub reversible_mops: u64,
    /// How many distinct devices of one tile.
    pub devices: u8,
    /// How much of each device, in milli-devices; 1 to 1,000 where `devices` is above zero.
    pub device_milli: u16,
}

/// How long a capsule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// The same on every tile.
    Fixed(Span),
    /// Millions of operations: the term is the work divided by compute times the class rate, rounded up.
    Work(u64),
}

/// A set of places that spread and affinity count in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// The nodes of one level.
    Level(Level),
    /// The zones of one kind.
    Zone(ZoneKind),
}

impl Domain {
    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Domain::Level(level) => level.name(),
            Domain::Zone(kind) => kind.name(),
        }
    }

    /// The domain of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Domain> {
        Level::from_name(name).map(Domain::Level).or_else(|| ZoneKind::from_name(name).map(Domain::Zone))
    }
}

/// How the capsules of a job are spread over the members of a domain: at most so many in each, in at least so many of them.
///
/// A job of `p` placed capsules lies in at least `min(least, p)` members: the first capsules go to places of their own,
/// and further ones join them. With a gang of `least` it is on so many or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Spread {
    /// Where capsules are counted.
    pub domain: Domain,
    /// The most in one member; at least one, and `u32::MAX` where that is not limited.
    pub most: u32,
    /// The least number of members; 0 or 1 where one is enough.
    pub least: u32,
}

impl Spread {
    /// At most so many capsules in each member.
    #[must_use]
    pub const fn at_most(domain: Domain, most: u32) -> Spread {
        Spread { domain, most, least: 0 }
    }

    /// Capsules in at least so many members.
    #[must_use]
    pub const fn over(domain: Domain, least: u32) -> Spread {
        Spread { domain, most: u32::MAX, least }
    }

    /// In how many members a job lies at least when so many of its capsules are placed.
    #[must_use]
    pub fn least_of(self, placed: u64) -> u64 {
        placed.min(u64::from(self.least))
    }
}

/// A relation to another job within the members of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    /// The other job.
    pub job: JobIndex,
    /// Where both are looked for.
    pub domain: Domain,
}

/// A job. Everything that tells two jobs apart but their names is here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Job {
    /// How many capsules are asked for; at least one.
    pub count: u32,
    /// Fewer than this many are none; 0 or 1 where any number helps.
    pub gang_min: u32,
    /// Worth of one capsule, in micro-credits.
    pub bid: u64,
    /// The number of capsules that earns the bonus; 0 for none.
    pub wanted: u32,
    /// Completion bonus in micro-credits, earned once when `wanted` capsules are placed.
    pub bonus: u64,
    /// Service class.
    pub service: ServiceClass,
    /// What one capsule asks for.
    pub demand: Demand,
    /// How long it runs.
    pub term: Term,
    /// No capsule starts before.
    pub earliest: Timestamp,
    /// Every capsule has ended by then.
    pub deadline: Timestamp,
    /// The tile's temperature band must lie inside.
    pub band: Option<Band>,
    /// The tile classes allowed, sorted; empty for all.
    pub classes: Vec<ClassIndex>,
    /// How capsules are spread.
    pub spread: Option<Spread>,
    /// Only in members of the domain where the other job runs, at every instant of a capsule's run.
    pub affinity: Option<Relation>,
    /// Only in members of the domain where the other job does not run, at no instant of a capsule's run.
    pub anti_affinity: Option<Relation>,
    /// Only under this node.
    pub locality: Option<NodeIndex>,
    /// Where the job's data is: distance to it costs, by the weights.
    pub data: Option<NodeIndex>,
    /// The greatest one-way delay to the data, in microseconds.
    pub latency_max_us: Option<u64>,
    /// Whether capsules of it may be preempted.
    pub preemptible: bool,
    /// How long writing a checkpoint takes; `None` where it cannot.
    pub checkpoint: Option<Span>,
    /// What moving one capsule costs, in micro-credits.
    pub move_cost: u64,
    /// What it costs once where any capsule of the job moves, in micro-credits.
    pub move_cost_once: u64,
}

impl Job {
    /// Whether its capsules may run on tiles of a class, as far as the classes that it names say.
    #[must_use]
    pub fn allows(&self, class: ClassIndex) -> bool {
        self.classes.is_empty() || self.classes.binary_search(&class).is_ok()
    }

    /// A job of one capsule with nothing asked and nothing offered, to be filled in.
    #[must_use]
    pub fn empty(earliest: Timestamp, term: Span) -> Job {
        Job {
            count: 1,
            gang_min: 0,
            bid: 0,
            wanted: 0,
            bonus: 0,
            service: ServiceClass::D,
            demand: Demand::default(),
            term: Term::Fixed(term),
            earliest,
            deadline: earliest.after(term),
            band: None,
            classes: Vec::new(),
            spread: None,
            affinity: None,
            anti_affinity: None,
            locality: None,
            data: None,
            latency_max_us: None,
            preemptible: false,
            checkpoint: None,
            move_cost: 0,
            move_cost_once: 0,
        }
    }
}
