//! How the book changes: entries, limits, doors and time.

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Resources;
use lessor_models::time::Timestamp;

use super::account::Entry;
use super::book::Ledger;
use super::floors::Floors;
use super::paths::OwnerIndex;
use super::special::{Special, Sums, add, subtract};
use crate::plane::PlaneEffect;

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
        }
    }

    /// Takes in what a plane said, unless something newer is there; says whose limit changed.
    pub(crate) fn take_in(&mut self, effect: &PlaneEffect) -> Option<OwnerIndex> {
        match *effect {
            PlaneEffect::Limit { plane, version, owner, most } => {
                let owner = self.paths.index(owner)?;
                let said = self.said.entry(owner).or_default().entry(plane).or_insert((0, Resources::UNLIMITED));
                if said.0 >= version {
                    return None;
                }
                *said = (version, most);
                self.relimit(owner);
                Some(owner)
            }
            PlaneEffect::Closure { plane, version, tile, cause } => {
                self.paths.index(Owner::Node(tile))?;
                let said = self.closures.entry(tile).or_default();
                let last = said.entry(plane).or_insert((0, None));
                if last.0 < version {
                    *last = (version, cause);
                    let closed = said.values().any(|(_, cause)| cause.is_some()) || self.shut.contains(&tile);
                    if closed || self.is_special(OwnerIndex(tile.0)) {
                        self.special_mut(OwnerIndex(tile.0)).closed = closed;
                    }
                }
                None
            }
            PlaneEffect::Notice { .. } => None,
        }
    }

    /// What planes last said, in an order that gives the same limits again.
    pub(crate) fn said(&self) -> Vec<PlaneEffect> {
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

    /// Keeps floors at an owner from now on.
    pub(crate) fn set_floors(&mut self, owner: OwnerIndex, floors: Floors) {
        self.special_mut(owner).floors = floors;
    }

    /// Floors in force, in order of owners.
    pub(crate) fn all_floors(&self) -> Vec<(Owner, Floors)> {
        let with = self.specials().iter().filter(|(_, special)| special.floors != Floors::default());
        let mut floors: Vec<_> = with.map(|(owner, special)| (*owner, special.floors)).collect();
        floors.sort_unstable_by_key(|floor| floor.0);
        floors.into_iter().map(|(owner, floors)| (self.paths.owner(owner), floors)).collect()
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
