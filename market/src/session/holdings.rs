//! What is held of accounts before a round: leases that run, by service class and over time.

use std::collections::BTreeMap;

use lessor_models::draw::{draw, term};
use lessor_models::fleet::Owner;
use lessor_models::instance::Instance;
use lessor_models::job::ServiceClass;
use lessor_models::plan::Placement;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{Interval, Timestamp};

use super::debits::debited;
use crate::policy::Held;

/// A quantity that one service class holds of an account during a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// When.
    pub interval: Interval,
    /// By which class.
    pub service: ServiceClass,
    /// How much, in base units.
    pub amount: u64,
}

/// Everything that is held, account by account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    by_account: BTreeMap<(Owner, Kind), Vec<Holding>>,
}

/// Nothing held.
static NONE: Holdings = Holdings { by_account: BTreeMap::new() };

impl Holdings {
    /// Nothing held of any account.
    #[must_use]
    pub fn none() -> &'static Holdings {
        &NONE
    }

    /// What placed capsules hold of all accounts: those of every node above their tile, and of every zone that lists one. Whether
    /// anybody trades them does not matter: what is let below an account takes from it.
    /// O(placements times depth).
    ///
    /// # Panics
    /// Where a placement is not on a tile of the instance.
    #[must_use]
    pub fn of_plan(instance: &Instance, placements: &[Placement]) -> Holdings {
        let fleet = instance.fleet();
        let mut holdings = Holdings::default();
        for placement in placements {
            let job = &instance.jobs()[placement.job.at()];
            let class = &fleet.classes()[fleet.class_of(placement.tile).expect("capsules are on tiles").at()];
            let interval = Interval { start: placement.start, end: placement.start.after(term(job, class)) };
            for (owner, node) in debited(fleet, placement.tile) {
                let drawn: Resources = draw(&job.demand, class, fleet.level(node));
                for kind in Kind::ALL.into_iter().filter(|&kind| drawn.get(kind) > 0) {
                    let amount = drawn.get(kind).saturating_mul(placement.count.into());
                    holdings.add(owner, kind, Holding { interval, service: job.service, amount });
                }
            }
        }
        holdings
    }

    /// Adds what is held of one account.
    pub fn add(&mut self, owner: Owner, kind: Kind, holding: Holding) {
        self.by_account.entry((owner, kind)).or_default().push(holding);
    }

    /// All that is held, account by account.
    pub fn all(&self) -> impl Iterator<Item = ((Owner, Kind), &Holding)> {
        self.by_account.iter().flat_map(|(&account, holdings)| holdings.iter().map(move |holding| (account, holding)))
    }

    /// What is held of an account, in the order in which it was added.
    #[must_use]
    pub fn of(&self, owner: Owner, kind: Kind) -> &[Holding] {
        self.by_account.get(&(owner, kind)).map_or(&[], Vec::as_slice)
    }

    /// What classes hold of an account together during an interval: when it begins, and after each change within it, in order.
    /// O(n log n) in what is held of it.
    #[must_use]
    pub fn during(&self, owner: Owner, kind: Kind, interval: Interval) -> Vec<Held> {
        let mut changes: BTreeMap<Timestamp, [i128; 4]> = BTreeMap::from([(interval.start, [0; 4])]);
        for Holding { interval: term, service, amount } in self.of(owner, kind) {
            let (start, end) = (term.start.max(interval.start), term.end.min(interval.end));
            if start < end {
                changes.entry(start).or_default()[*service as usize] += i128::from(*amount);
                changes.entry(end).or_default()[*service as usize] -= i128::from(*amount);
            }
        }
        let mut now = [0_i128; 4];
        let held = changes.range(..interval.end).map(|(_, more)| {
            now.iter_mut().zip(more).for_each(|(now, more)| *now += more);
            now.map(|now| u64::try_from(now).unwrap_or(u64::MAX))
        });
        held.collect()
    }
}

#[cfg(test)]
mod tests {
    use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex};
    use lessor_models::job::{Demand, Job, JobIndex};
    use lessor_models::objective::Weights;
    use lessor_models::tile_class::TileClass;
    use lessor_models::time::Span;

    use super::*;

    fn holding(service: ServiceClass, amount: u64, hours: (i64, i64)) -> Holding {
        Holding { interval: Interval { start: Timestamp(hours.0), end: Timestamp(hours.1) }, service, amount }
    }

    #[test]
    fn capsules_of_a_plan_hold_of_the_cell_above_their_tile_too() {
        let mut nodes = NodeColumns::default();
        for (name, parent, level) in [("cell", None, Level::Cell), ("tile", Some(0), Level::Tile)] {
            nodes.names.push(name.to_owned());
            nodes.parents.push(parent);
            nodes.levels.push(level);
            nodes.classes.push((level == Level::Tile).then_some(ClassIndex(0)));
            nodes.capacities.push(Resources::UNLIMITED.with(Kind::Memory, 10));
            nodes.uplink_delays_us.push(0);
        }
        let fleet = Fleet::new(FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() });
        let demand = Demand { memory_bytes: 4, ..Demand::default() };
        let job = Job { count: 2, demand, service: ServiceClass::C, ..Job::empty(Timestamp(0), Span(60_000_000)) };
        let instance = Instance::new(fleet.unwrap(), vec!["job".to_owned()], vec![job], Weights::default()).unwrap();
        let placement = Placement { job: JobIndex(0), tile: NodeIndex(1), start: Timestamp(0), count: 2, devices: 0 };
        let holdings = Holdings::of_plan(&instance, &[placement]);
        let minute = Interval { start: Timestamp(0), end: Timestamp(60_000_000) };
        for node in 0..2 {
            let held = Holding { interval: minute, service: ServiceClass::C, amount: 8 };
            assert_eq!(holdings.of(Owner::Node(NodeIndex(node)), Kind::Memory), [held], "node {node}");
        }
        assert!(holdings.of(Owner::Node(NodeIndex(0)), Kind::Compute).is_empty());
    }

    #[test]
    fn what_classes_hold_together_is_told_from_one_change_to_the_next() {
        let owner = Owner::Node(NodeIndex(0));
        let mut holdings = Holdings::default();
        for added in [
            holding(ServiceClass::A, 5, (0, 4)),
            holding(ServiceClass::A, 3, (3, 6)),
            holding(ServiceClass::A, 4, (6, 9)),
            holding(ServiceClass::D, 7, (2, 3)),
        ] {
            holdings.add(owner, Kind::Compute, added);
        }
        let during =
            |kind, start, end| holdings.during(owner, kind, Interval { start: Timestamp(start), end: Timestamp(end) });
        // A and D never meet at their most.
        let all = [[5, 0, 0, 0], [5, 0, 0, 7], [8, 0, 0, 0], [3, 0, 0, 0], [4, 0, 0, 0]];
        assert_eq!(during(Kind::Compute, 0, 9), all);
        assert_eq!(during(Kind::Compute, 4, 9), all[3..]);
        assert_eq!((during(Kind::Compute, 9, 10), during(Kind::Memory, 0, 9)), (vec![[0; 4]], vec![[0; 4]]));
    }
}
