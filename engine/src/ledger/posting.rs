//! How the book changes: entries, limits, doors and time.

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Resources;
use lessor_models::time::Timestamp;

use super::account::Entry;
use super::book::Ledger;
use super::floors::{FloorShares, Floors, Kept};
use super::paths::OwnerIndex;
use super::special::{Special, Sums, add, subtract};
use crate::plane::{PlaneEffect, newer};

impl Ledger {
    /// Writes an entry that fits, on devices of the node that have enough left.
    ///
    /// # Panics
    /// Where it does not fit. O(path plus pieces covered).
    pub fn post(&mut self, node: NodeIndex, entry: &Entry, device_mask: u64) {
        self.devices.take(node, device_mask, entry.devices.milli);
        self.hold(node, entry);
        self.each_piece(node, entry, (entry.interval.start, entry.interval.end), Sums::add);
    }

    /// Takes back an entry as it was posted, now and for what was left of its interval.
    ///
    /// # Panics
    /// Where more would be taken back than was posted. O(path plus pieces covered).
    pub fn take_back(&mut self, node: NodeIndex, entry: &Entry, device_mask: u64) {
        self.devices.give(node, device_mask, entry.devices.milli);
        self.let_go(node, entry);
        self.each_piece(node, entry, (entry.interval.start, entry.interval.end), Sums::subtract);
    }

    /// Makes an entry's interval longer, as was checked.
    pub(crate) fn lengthen(&mut self, node: NodeIndex, entry: &Entry, end: Timestamp) {
        self.each_piece(node, entry, (entry.interval.end, end), Sums::add);
    }

    /// Keeps what an offer will hold out of everybody else's reach.
    pub(crate) fn promise(&mut self, node: NodeIndex, entry: &Entry, device_mask: u64) {
        self.devices.promise(node, device_mask, entry.devices.milli);
        self.each_special(node, entry, |special, drawn| add(&mut special.promised, drawn));
    }

    /// Ends a promise, kept or not.
    pub(crate) fn unpromise(&mut self, node: NodeIndex, entry: &Entry, device_mask: u64) {
        self.devices.unpromise(node, device_mask, entry.devices.milli);
        self.each_special(node, entry, |special, drawn| subtract(&mut special.promised, drawn));
    }

    fn each_special(&mut self, node: NodeIndex, entry: &Entry, write: impl Fn(&mut Special, &Resources)) {
        for at in 0..self.paths.of(node).len() {
            let step = self.paths.of(node)[at];
            write(self.special_mut(step.owner), &entry.draw.at(step.level));
            self.settle(step.owner);
        }
    }

    /// Takes in what a plane said, unless something newer is there; says whose limit changed.
    pub(crate) fn take_in(&mut self, effect: &PlaneEffect) -> Option<OwnerIndex> {
        match *effect {
            PlaneEffect::Limit { plane, version, owner, most } => {
                let owner = self.paths.index(owner)?;
                let is_news = newer(self.said.entry(owner).or_default(), plane, (version, most));
                is_news.then(|| {
                    self.relimit(owner);
                    owner
                })
            }
            PlaneEffect::Closure { plane, version, tile, cause } => {
                self.paths.index(Owner::Node(tile))?;
                let said = self.closures.entry(tile).or_default();
                if newer(said, plane, (version, cause)) {
                    let closed = said.values().any(|(_, cause)| cause.is_some()) || self.shut.contains(&tile);
                    if closed || self.is_special(OwnerIndex(tile.0)) {
                        self.special_mut(OwnerIndex(tile.0)).closed = closed;
                        self.settle(OwnerIndex(tile.0));
                    }
                }
                None
            }
            PlaneEffect::Notice { .. } => None,
        }
    }

    /// What planes last said, in an order that gives the same limits again.
    #[must_use]
    pub fn said(&self) -> Vec<PlaneEffect> {
        let limits = self.said.iter().flat_map(|(&index, said)| {
            let owner = self.paths.owner(index);
            said.iter().map(move |(&plane, &(version, most))| PlaneEffect::Limit { plane, version, owner, most })
        });
        let closures = self.closures.iter().flat_map(|(&tile, said)| {
            said.iter().map(move |(&plane, &(version, cause))| PlaneEffect::Closure { plane, version, tile, cause })
        });
        limits.chain(closures).collect()
    }

    /// Brings into force what was known to change up to an instant; appends the owners whose limit changed.
    #[inline]
    pub(crate) fn advance(&mut self, now: Timestamp, changed: &mut Vec<OwnerIndex>) {
        while let Some(&(_, owner)) = self.changes.first().filter(|change| change.0 <= now) {
            self.changes.pop_first();
            let piece = self.special_mut(owner).pieces.pop_front().expect("changes and pieces are kept together");
            self.bases[owner.at()] = piece.base;
            self.relimit(owner);
            self.settle(owner);
            changed.push(owner);
        }
    }

    fn relimit(&mut self, owner: OwnerIndex) {
        self.limits[owner.at()] = self.lowered(owner, &self.bases[owner.at()]);
    }

    /// Lets a node take nothing new, and nothing longer than until an instant; or everything again.
    pub(crate) fn set_drain(&mut self, node: NodeIndex, by: Option<Timestamp>) {
        if by.is_some() || self.is_special(OwnerIndex(node.0)) {
            self.special_mut(OwnerIndex(node.0)).drain = by;
            self.settle(OwnerIndex(node.0));
        }
    }

    /// Nodes that are being emptied, and by when, in order.
    pub(crate) fn drains(&self) -> Vec<(NodeIndex, Timestamp)> {
        let specials = self.specials().iter();
        let mut drains: Vec<_> =
            specials.filter_map(|(owner, special)| Some((NodeIndex(owner.0), special.drain?))).collect();
        drains.sort_unstable();
        drains
    }

    /// Keeps floors at an owner from now on, and no others.
    pub(crate) fn set_floors(&mut self, owner: OwnerIndex, floors: Kept) {
        self.special_mut(owner).floors = floors;
        self.settle(owner);
    }

    /// Floors in force that are amounts, in order of owners.
    pub(crate) fn all_floors(&self) -> Vec<(Owner, Floors)> {
        let amounts = |(owner, kept)| if let Kept::Amounts(floors) = kept { Some((owner, floors)) } else { None };
        self.all_kept().filter_map(amounts).collect()
    }

    /// Floors in force that are shares, in order of owners.
    pub(crate) fn all_floor_shares(&self) -> Vec<(Owner, FloorShares)> {
        let shares = |(owner, kept)| if let Kept::Shares(shares) = kept { Some((owner, shares)) } else { None };
        self.all_kept().filter_map(shares).collect()
    }

    fn all_kept(&self) -> impl Iterator<Item = (Owner, Kept)> + '_ {
        let with = self.specials().iter().filter(|(_, special)| special.floors != Kept::NOTHING);
        let mut kept: Vec<_> = with.map(|(owner, special)| (*owner, special.floors)).collect();
        kept.sort_unstable_by_key(|kept| kept.0);
        kept.into_iter().map(|(owner, kept)| (self.paths.owner(owner), kept))
    }

    #[inline]
    fn hold(&mut self, node: NodeIndex, entry: &Entry) {
        let Ledger { paths, held, held_a, held_b, .. } = self;
        for step in paths.of(node) {
            let drawn = entry.draw.at(step.level);
            add(&mut held[step.owner.at()], &drawn);
            match entry.class {
                ServiceClass::A => add(&mut held_a[step.owner.at()], &drawn),
                ServiceClass::B => add(&mut held_b[step.owner.at()], &drawn),
                ServiceClass::C | ServiceClass::D => {}
            }
        }
    }

    #[inline]
    fn let_go(&mut self, node: NodeIndex, entry: &Entry) {
        let Ledger { paths, held, held_a, held_b, .. } = self;
        for step in paths.of(node) {
            let drawn = entry.draw.at(step.level);
            subtract(&mut held[step.owner.at()], &drawn);
            match entry.class {
                ServiceClass::A => subtract(&mut held_a[step.owner.at()], &drawn),
                ServiceClass::B => subtract(&mut held_b[step.owner.at()], &drawn),
                ServiceClass::C | ServiceClass::D => {}
            }
        }
    }

    fn each_piece(
        &mut self,
        node: NodeIndex,
        entry: &Entry,
        (from, end): (Timestamp, Timestamp),
        write: impl Fn(&mut Sums, ServiceClass, &Resources),
    ) {
        for at in 0..self.paths.of(node).len() {
            let step = self.paths.of(node)[at];
            if self.is_special(step.owner) {
                let drawn = entry.draw.at(step.level);
                let pieces = self.special_mut(step.owner).covered_mut(from, end);
                pieces.for_each(|piece| write(&mut piece.held, entry.class, &drawn));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns};
    use lessor_models::resources::Kind;
    use lessor_models::tile_class::TileClass;
    use lessor_models::time::Interval;

    use super::super::{Barrier, Devices, Draw};
    use super::*;
    use crate::plane::{ClosureCause, PlaneName};

    /// A cell (node 0) of two tiles; compute of the first one falls at instant 5.
    fn ledger() -> Ledger {
        let tile = Resources::of(Kind::Compute, 10);
        let fleet = Fleet::new(FleetParts {
            nodes: NodeColumns {
                names: ["cell", "one", "two"].map(String::from).to_vec(),
                parents: vec![None, Some(0), Some(0)],
                levels: vec![Level::Cell, Level::Tile, Level::Tile],
                classes: vec![None, Some(ClassIndex(0)), Some(ClassIndex(0))],
                capacities: vec![Resources::UNLIMITED, tile, tile],
                uplink_delays_us: vec![0; 3],
            },
            classes: vec![TileClass::plain("plain")],
            steps: [((Owner::Node(NodeIndex(1)), Kind::Compute), vec![(Timestamp(5), 7)])].into_iter().collect(),
            ..FleetParts::default()
        });
        Ledger::new(&fleet.unwrap(), Timestamp(0))
    }

    #[test]
    fn an_owner_about_which_there_is_nothing_more_to_say_is_a_limit_and_a_sum_again() {
        let mut ledger = ledger();
        let (one, two) = (NodeIndex(1), NodeIndex(2));
        let entry = |compute| Entry {
            draw: Draw::through(Resources::of(Kind::Compute, compute)),
            devices: Devices::NONE,
            class: ServiceClass::C,
            interval: Interval { start: Timestamp(0), end: Timestamp(9) },
        };
        let special = |ledger: &Ledger| {
            let found = ledger.owners().filter(|owner| ledger.special(*owner).is_some());
            let found: Vec<u32> = found.map(|owner| owner.0).collect();
            assert_eq!(found.len(), ledger.specials().len());
            found
        };
        let closure =
            |version, cause| PlaneEffect::Closure { plane: PlaneName::Telemetry, version, tile: NodeIndex(1), cause };
        assert_eq!(special(&ledger), [1]);
        ledger.promise(one, &entry(3), 0);
        ledger.promise(two, &entry(4), 0);
        assert_eq!(special(&ledger), [0, 1, 2]);
        ledger.unpromise(one, &entry(3), 0);
        assert_eq!(special(&ledger), [0, 1, 2]);
        ledger.unpromise(two, &entry(4), 0);
        assert_eq!(special(&ledger), [1]);
        ledger.set_drain(two, Some(Timestamp(3)));
        let floors = Floors { a: Resources::of(Kind::Compute, 1), b: Resources::ZERO };
        ledger.set_floors(OwnerIndex(0), Kept::Amounts(floors));
        ledger.advance(Timestamp(5), &mut Vec::new());
        assert_eq!((special(&ledger), ledger.headroom(one).get(Kind::Compute)), (vec![0, 2], 7));
        ledger.take_in(&closure(1, Some(ClosureCause::TooHot)));
        assert_eq!(ledger.check(one, &entry(1)), Some(Barrier::Closed { node: one }));
        ledger.take_in(&closure(2, None));
        ledger.set_drain(two, None);
        assert_eq!((special(&ledger), ledger.check(one, &entry(1))), (vec![0], None));
        ledger.set_floors(OwnerIndex(0), Kept::NOTHING);
        assert_eq!(special(&ledger), [0_u32; 0]);
    }
}
