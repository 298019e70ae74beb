//! The exact checker: placements, moves and certificates, each against their instance.
//!
//! Everything here is integer arithmetic written the plain way. It shares no code with any solver; a plan that it passes
//! is feasible, and a bound that it computes holds for every plan.

mod affinity;
pub mod bound;
mod capacity;
mod counts;
mod device_pattern;
mod devices;
mod dues;
mod eligibility;
mod gang;
mod margins;
pub mod moves;
mod priced_sites;
mod spread;
mod spread_least;
mod tile_pattern;
mod window;

use std::fmt;

pub use moves::MoveFault;

use crate::fleet::{Fleet, Level, NodeIndex, Owner};
use crate::instance::Instance;
use crate::job::{Domain, Job, JobIndex};
use crate::objective::{self, Weights};
use crate::plan::{Placement, Rule};
use crate::resources::Kind;
use crate::tile_class::TileClass;
use crate::time::Timestamp;

/// Something that a plan does and may not do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Violation {
    /// A placement of nothing, on what is not a tile, or of a job that is not there.
    Malformed {
        /// Its position in the plan.
        position: usize,
    },
    /// More capsules than the job has.
    TooMany {
        /// The job.
        job: JobIndex,
        /// How many the plan places.
        placed: u64,
    },
    /// An account debited beyond its capacity.
    Overdrawn {
        /// Whose.
        owner: Owner,
        /// Of which kind.
        kind: Kind,
        /// The first instant.
        at: Timestamp,
        /// What is used then, the standing draw included.
        used: u128,
        /// What there is.
        capacity: u64,
    },
    /// A device of a tile that is missing, held twice, or overfull.
    Device {
        /// The tile.
        tile: NodeIndex,
        /// The job that holds it.
        job: JobIndex,
    },
    /// A rule of the job or of a plane.
    Rule {
        /// Which.
        rule: Rule,
        /// The job.
        job: JobIndex,
        /// Where, if at one place.
        tile: Option<NodeIndex>,
    },
    /// A move that cannot be carried out, or moves that do not lead to the placements.
    Moves(MoveFault),
}

/// A violation with the names that it concerns, for people.
#[derive(Debug)]
pub struct Described<'a>(pub &'a Violation, pub &'a Instance);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Described(violation, instance) = self;
        let job = |job: JobIndex| instance.job_name(job);
        let fleet = instance.fleet();
        match violation {
            Violation::Malformed { position } => write!(f, "placement {position} names no tile, no job or no capsule"),
            Violation::TooMany { job: index, placed } => write!(f, "job {:?}: {placed} capsules placed", job(*index)),
            Violation::Overdrawn { owner, kind, at, used, capacity } => write!(
                f,
                "{:?}: {kind} overdrawn at {}: {used} of {capacity} {}",
                fleet.owner_name(*owner),
                at.0,
                kind.unit()
            ),
            Violation::Device { tile, job: index } => {
                write!(f, "tile {:?}: job {:?} holds a missing or overfull device", fleet.name(*tile), job(*index))
            }
            Violation::Rule { rule, job: index, tile } => {
                write!(f, "job {:?}: breaks its rule {}", job(*index), rule.name())?;
                tile.map_or(Ok(()), |tile| write!(f, " on tile {:?}", fleet.name(tile)))
            }
            Violation::Moves(fault) => moves::describe(fault, instance, f),
        }
    }
}

/// What the constraints look at: an instance and placements whose indexes are known to be in range.
#[derive(Clone, Copy, Debug)]
struct View<'a> {
    instance: &'a Instance,
    placements: &'a [Placement],
}

impl<'a> View<'a> {
    fn fleet(&self) -> &'a Fleet {
        self.instance.fleet()
    }

    fn job(&self, placement: &Placement) -> &'a Job {
        &self.instance.jobs()[placement.job.at()]
    }

    fn class(&self, placement: &Placement) -> &'a TileClass {
        class_of(self.fleet(), placement.tile)
    }
}

fn class_of(fleet: &Fleet, tile: NodeIndex) -> &TileClass {
    &fleet.classes()[fleet.class_of(tile).expect("the tile was checked to be one").at()]
}

/// The members of a domain that a tile is in: a node, or every zone of the kind.
fn members(fleet: &Fleet, tile: NodeIndex, domain: Domain) -> Vec<Owner> {
    match domain {
        Domain::Level(level) => fleet.ancestor(tile, level).map(Owner::Node).into_iter().collect(),
        Domain::Zone(kind) => {
            let zones = fleet.path(tile).flat_map(|node| fleet.zones_listing(node));
            zones.filter(|zone| fleet.zones()[zone.at()].kind == kind).map(|&zone| Owner::Zone(zone)).collect()
        }
    }
}

/// Every constraint of a plan, in one list.
const CONSTRAINTS: [fn(View<'_>, &mut Vec<Violation>); 9] = [
    counts::check,
    eligibility::check,
    window::check,
    capacity::check,
    devices::check,
    gang::check,
    spread::check,
    spread_least::check,
    affinity::check,
];

/// Every violation of the placements, sorted; empty where the plan is feasible. O(n log n) in placements and tiles.
#[must_use]
pub fn violations(instance: &Instance, placements: &[Placement]) -> Vec<Violation> {
    let mut found = malformed(instance, placements);
    if found.is_empty() {
        let view = View { instance, placements };
        for constraint in CONSTRAINTS {
            constraint(view, &mut found);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn malformed(instance: &Instance, placements: &[Placement]) -> Vec<Violation> {
    let fleet = instance.fleet();
    let good = |placement: &Placement| {
        placement.count > 0
            && placement.job.at() < instance.jobs().len()
            && placement.tile.at() < fleet.node_count()
            && fleet.level(placement.tile) == Level::Tile
    };
    let bad = placements.iter().enumerate().filter(|(_, placement)| !good(placement));
    bad.map(|(position, _)| Violation::Malformed { position }).collect()
}

/// The exact value of a plan. The same arithmetic as the objective's exact forms, from the placements alone; what accounts
/// cost that the market priced is added up apart.
#[must_use]
pub fn value(instance: &Instance, placements: &[Placement]) -> i128 {
    let without_dues = Weights { dues_permille: 0, ..instance.weights().clone() };
    objective::plan_value_under(instance, placements, &without_dues) - dues::total(instance, placements)
}

/// What placements pay for accounts that the market priced, in micro-credits, as the weights count it.
#[must_use]
pub fn dues(instance: &Instance, placements: &[Placement]) -> i128 {
    dues::total(instance, placements)
}

#[cfg(test)]
mod tests;
