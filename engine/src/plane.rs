//! The seam between planes and the engine: what a plane is told, what it may ask for, and how its limits reach a fleet.
//!
//! A plane adds limits to budgets; it knows nothing of how plans are made. Limits are versioned changes keyed by
//! (plane, owner or tile), so nobody rescans a fleet, and they combine without order: the smallest capacity wins and
//! closures add up.

use std::collections::BTreeMap;

use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::resources::Resources;
use lessor_models::telemetry::Sample;
use lessor_models::time::Timestamp;

/// Which plane speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaneName {
    /// Telemetry and physics.
    Telemetry,
}

/// What a plane is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaneEvent {
    /// Telemetry arrived; the samples of one tile come in order of time.
    Samples(Vec<Sample>),
    /// Time went by, as [`Plane::next_deadline`] asked.
    Tick,
}

/// Why a plane closed a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClosureCause {
    /// Its uplink is down.
    LinkDown,
    /// It is as hot as its class may ever be.
    TooHot,
    /// It makes too many errors.
    Errors,
}

/// What a plane tells an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notice {
    /// No sample for longer than the policy allows: the tile keeps its last envelope.
    Stale,
    /// Samples are back.
    Fresh,
}

/// What a plane asks for: its only output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaneEffect {
    /// Replaces what the plane last said about an owner's capacity.
    Limit {
        /// Who says so.
        plane: PlaneName,
        /// Number of the plane's change; it rises with every limit and closure.
        version: u64,
        /// Whose capacity.
        owner: Owner,
        /// The most that it may give; unlimited where the plane has nothing to say, and all unlimited to lift the limit.
        most: Resources,
    },
    /// Replaces what the plane last said about whether a tile takes new capsules.
    Closure {
        /// Who says so.
        plane: PlaneName,
        /// Number of the plane's change; it rises with every limit and closure.
        version: u64,
        /// The tile.
        tile: NodeIndex,
        /// Why it is closed; `None` to open it again.
        cause: Option<ClosureCause>,
    },
    /// A message that changes no budget.
    Notice {
        /// Who says so.
        plane: PlaneName,
        /// The tile.
        tile: NodeIndex,
        /// What it says.
        notice: Notice,
    },
}

/// A source of limits: one deterministic state machine per subject.
pub trait Plane {
    /// Which plane this is.
    fn name(&self) -> PlaneName;

    /// Takes in what happened and appends what follows from it. `now` never goes back.
    fn on(&mut self, now: Timestamp, event: &PlaneEvent, effects: &mut Vec<PlaneEffect>);

    /// When the plane wants a [`PlaneEvent::Tick`] at the latest, if it waits for anything.
    fn next_deadline(&self) -> Option<Timestamp>;
}

/// What every plane last said, gathered from effects, ready to be applied to a fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    revision: u64,
    capacities: BTreeMap<(PlaneName, Owner), (u64, Resources)>,
    closures: BTreeMap<(PlaneName, NodeIndex), (u64, Option<ClosureCause>)>,
}

impl Limits {
    /// Takes in effects, which may come late or twice: of one key only the highest version counts.
    /// O(log n) an effect.
    pub fn gather(&mut self, effects: &[PlaneEffect]) {
        for effect in effects {
            let taken = match *effect {
                PlaneEffect::Limit { plane, version, owner, most } => {
                    newer(&mut self.capacities, (plane, owner), (version, most))
                }
                PlaneEffect::Closure { plane, version, tile, cause } => {
                    newer(&mut self.closures, (plane, tile), (version, cause))
                }
                PlaneEffect::Notice { .. } => false,
            };
            self.revision += u64::from(taken);
        }
    }

    /// How many changes were taken in: a plan names the revision that it was made against.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The capacity limits in force, by plane and owner.
    pub fn capacities(&self) -> impl Iterator<Item = (PlaneName, Owner, &Resources)> {
        let limiting = self.capacities.iter().filter(|(_, (_, most))| *most != Resources::UNLIMITED);
        limiting.map(|(&(plane, owner), (_, most))| (plane, owner, most))
    }

    /// The tiles that take nothing new, by plane and tile, and why.
    pub fn closures(&self) -> impl Iterator<Item = (PlaneName, NodeIndex, ClosureCause)> {
        self.closures.iter().filter_map(|(&(plane, tile), &(_, cause))| cause.map(|cause| (plane, tile, cause)))
    }

    /// Lowers a fleet's capacities and closes its tiles. A limit that was lifted comes back only on a fresh copy of the
    /// fleet, for a fleet's capacities only ever fall. O(n log n) in limits.
    pub fn apply(&self, fleet: &mut Fleet) {
        for (_, owner, most) in self.capacities() {
            fleet.limit(owner, most);
        }
        for (_, tile, _) in self.closures() {
            fleet.close(tile);
        }
    }
}

/// Stores a change unless one of the same or a higher version is there; says whether it did.
pub(crate) fn newer<K: Ord, V>(table: &mut BTreeMap<K, (u64, V)>, key: K, change: (u64, V)) -> bool {
    let fresh = table.get(&key).is_none_or(|old| old.0 < change.0);
    if fresh {
        table.insert(key, change);
    }
    fresh
}

#[cfg(test)]
mod tests {
    use super::*;
    use lessor_models::resources::{Kind, UNLIMITED};

    const TILE: NodeIndex = NodeIndex(3);

    fn limit(version: u64, most: Resources) -> PlaneEffect {
        PlaneEffect::Limit { plane: PlaneName::Telemetry, version, owner: Owner::Node(TILE), most }
    }

    fn power(most: u64) -> Resources {
        Resources::UNLIMITED.with(Kind::Power, most)
    }

    #[test]
    fn effects_in_any_order_give_the_same_limits() {
        let closed = |version, cause| PlaneEffect::Closure { plane: PlaneName::Telemetry, version, tile: TILE, cause };
        let effects = [limit(1, power(5)), closed(2, Some(ClosureCause::TooHot)), limit(3, power(7)), closed(4, None)];
        let mut forward = Limits::default();
        forward.gather(&effects);
        let mut backward = Limits::default();
        for effect in effects.iter().rev() {
            backward.gather(&[*effect]);
        }
        assert_eq!(forward.capacities, backward.capacities);
        assert_eq!(forward.closures, backward.closures);
        assert_eq!(forward.capacities().map(|(_, _, most)| most.get(Kind::Power)).collect::<Vec<_>>(), [7]);
        assert_eq!(forward.closures().count(), 0);
    }

    #[test]
    fn an_effect_taken_twice_counts_once() {
        let mut limits = Limits::default();
        limits.gather(&[limit(1, power(5)), limit(1, power(5))]);
        assert_eq!(limits.revision(), 1);
    }

    #[test]
    fn a_lifted_limit_is_no_longer_in_force() {
        let mut limits = Limits::default();
        limits.gather(&[limit(1, power(5)), limit(2, power(UNLIMITED))]);
        assert_eq!((limits.capacities().count(), limits.revision()), (0, 2));
    }
}
