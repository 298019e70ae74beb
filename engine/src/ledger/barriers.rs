//! What stands in the way of an entry.
//!
//! The plain meaning is: an entry fits where, at every instant of its interval and in every account that it draws from, the
//! entries of that instant and it stay within what the account gives. Entries only ever leave between two grants, so where
//! nothing is known to change, their sum now is their greatest sum, and one comparison is the whole check. Where a capacity
//! is known to change, the sum at the start of each piece is compared too: inside a piece sums only fall.

use lessor_models::fleet::NodeIndex;
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Timestamp;

use super::account::{Account, Barrier, Entry, Shortage};
use super::book::Ledger;
use super::paths::{OwnerIndex, Step};
use super::special::{Special, first_short, fits, left};

impl Ledger {
    /// What stands in the way of an entry that begins now at a node, if anything does. O(path plus pieces covered).
    #[must_use]
    #[inline]
    pub fn check(&self, node: NodeIndex, entry: &Entry) -> Option<Barrier> {
        let mut barriers = self.paths.of(node).iter().filter_map(|step| self.barrier(*step, entry));
        barriers.next().or_else(|| self.fragmented(node, entry))
    }

    /// What stands in the way at a node's own accounts and those of the zones that list it, and nowhere else.
    #[must_use]
    pub fn check_own(&self, node: NodeIndex, entry: &Entry) -> Option<Barrier> {
        let mut own = self.paths.own(node).iter();
        let barrier = own.find_map(|step| self.barrier(*step, entry));
        if self.is_tile(node) { barrier.or_else(|| self.fragmented(node, entry)) } else { barrier }
    }

    /// What stands in the way above a node.
    #[must_use]
    pub fn check_above(&self, node: NodeIndex, entry: &Entry) -> Option<Barrier> {
        self.paths.above(node).iter().find_map(|step| self.barrier(*step, entry))
    }

    /// What stands in the way of a longer interval: a drain, an account that gives less than is held of it or than floors leave
    /// now, or a step that is known to come.
    pub(crate) fn check_longer(&self, node: NodeIndex, entry: &Entry, end: Timestamp) -> Option<Barrier> {
        let steps = self.paths.of(node).iter();
        let in_deficit = |step: &Step, limit: &Resources| {
            let drawn = entry.draw.at(step.level);
            let held = &self.held[step.owner.at()];
            let kind = Kind::ALL.into_iter().find(|&kind| drawn.get(kind) > 0 && held.get(kind) > limit.get(kind))?;
            Some(self.short(*step, kind, entry.interval.start, (drawn.get(kind), 0)))
        };
        steps.clone().find_map(|step| {
            let limit = &self.limits[step.owner.at()];
            let Some(special) = self.special(step.owner) else { return in_deficit(step, limit) };
            if let Some(by) = special.drain.filter(|by| *by < end) {
                return Some(Barrier::Draining { node: NodeIndex(step.owner.0), by });
            }
            let ceiling = special.ceiling_of_held(limit, &self.sums(step.owner), entry.class);
            in_deficit(step, &ceiling).or_else(|| self.short_later(*step, special, entry, (entry.interval.end, end)))
        })
    }

    #[inline]
    fn barrier(&self, step: Step, entry: &Entry) -> Option<Barrier> {
        let owner = step.owner.at();
        if let Some(special) = self.special(step.owner) {
            return self.special_barrier(step, special, entry);
        }
        let asked = entry.draw.at(step.level);
        if fits(&self.held[owner], &asked, &self.limits[owner]) {
            return None;
        }
        self.short_of(step, entry, entry.interval.start, (&self.limits[owner], &self.held[owner]))
    }

    fn special_barrier(&self, step: Step, special: &Special, entry: &Entry) -> Option<Barrier> {
        let node = NodeIndex(step.owner.0);
        if special.closed {
            return Some(Barrier::Closed { node });
        }
        if let Some(by) = special.drain {
            return Some(Barrier::Draining { node, by });
        }
        let held = self.sums(step.owner);
        let ceiling = special.ceiling(&self.limits[step.owner.at()], &held, entry.class);
        let now = self.short_of(step, entry, entry.interval.start, (&ceiling, &held.all));
        now.or_else(|| self.short_later(step, special, entry, (entry.interval.start, entry.interval.end)))
    }

    /// What is short in the pieces that begin in a part of time.
    fn short_later(
        &self,
        step: Step,
        special: &Special,
        entry: &Entry,
        (from, end): (Timestamp, Timestamp),
    ) -> Option<Barrier> {
        special.covered(from, end).find_map(|piece| {
            let limit = self.lowered(step.owner, &piece.base);
            let ceiling = special.ceiling(&limit, &piece.held, entry.class);
            self.short_of(step, entry, piece.start, (&ceiling, &piece.held.all))
        })
    }

    fn short_of(
        &self,
        step: Step,
        entry: &Entry,
        at: Timestamp,
        (ceiling, held): (&Resources, &Resources),
    ) -> Option<Barrier> {
        let asked = entry.draw.at(step.level);
        let kind = first_short(ceiling, held, &asked)?;
        Some(self.short(step, kind, at, (asked.get(kind), left(ceiling, held, kind))))
    }

    fn short(&self, step: Step, kind: Kind, at: Timestamp, (asked, left): (u64, u64)) -> Barrier {
        let account = Account { owner: self.paths.owner(step.owner), kind };
        Barrier::Short(Shortage { account, at, asked, left })
    }

    #[inline]
    fn fragmented(&self, node: NodeIndex, entry: &Entry) -> Option<Barrier> {
        if entry.devices.count == 0 {
            return None;
        }
        let found = self.devices.choose(node, entry.devices).err()?;
        Some(Barrier::Fragmented { node, found })
    }

    /// What an entry lacks at each step of a node's path, if only leases that are there stand in its way: no door is shut, and
    /// no capacity known to fall is too small.
    pub(crate) fn shortfalls(&self, node: NodeIndex, entry: &Entry) -> Option<Vec<Resources>> {
        self.paths.of(node).iter().map(|step| self.shortfall(*step, entry)).collect()
    }

    fn shortfall(&self, step: Step, entry: &Entry) -> Option<Resources> {
        let asked = entry.draw.at(step.level);
        let held = self.sums(step.owner);
        let limit = &self.limits[step.owner.at()];
        let ceiling = match self.special(step.owner) {
            None => *limit,
            Some(special) if special.closed || special.drain.is_some() => return None,
            Some(special) => {
                let later = self.short_later(step, special, entry, (entry.interval.start, entry.interval.end));
                if later.is_some() || special.promised.checked_add(&asked).is_none() {
                    return None;
                }
                special.ceiling(limit, &held, entry.class)
            }
        };
        let mut lacking = Resources::ZERO;
        for kind in Kind::ALL.into_iter().filter(|&kind| asked.get(kind) > 0) {
            let wanted = held.all.get(kind).saturating_add(asked.get(kind));
            lacking = lacking.with(kind, wanted.saturating_sub(ceiling.get(kind)));
        }
        Some(lacking)
    }

    /// The most that all entries of an owner together may hold now, for one more of a class to be let in.
    pub(crate) fn ceiling(&self, owner: OwnerIndex, class: ServiceClass) -> Resources {
        let limit = &self.limits[owner.at()];
        self.special(owner).map_or(*limit, |special| special.ceiling(limit, &self.sums(owner), class))
    }

    /// Whether no capacity on a node's path is known to change before an instant.
    pub(crate) fn is_steady(&self, node: NodeIndex, until: Timestamp) -> bool {
        let specials = self.paths.of(node).iter().filter_map(|step| self.special(step.owner));
        specials.filter_map(|special| special.pieces.front()).all(|piece| piece.start >= until)
    }

    /// How large a part of an entry would fit at a node, in thousandths, devices apart; rounded down. O(path plus pieces).
    #[must_use]
    pub fn permille(&self, node: NodeIndex, entry: &Entry) -> u16 {
        let steps = self.paths.of(node).iter();
        steps.map(|step| self.permille_of(*step, entry)).min().unwrap_or(0)
    }

    fn permille_of(&self, step: Step, entry: &Entry) -> u16 {
        let asked = entry.draw.at(step.level);
        let mut least = 1_000;
        let mut meet = |ceiling: &Resources, held: &Resources| {
            for kind in Kind::ALL.into_iter().filter(|&kind| asked.get(kind) > 0) {
                let share = u128::from(left(ceiling, held, kind)) * 1_000 / u128::from(asked.get(kind));
                least = least.min(u16::try_from(share).unwrap_or(1_000));
            }
        };
        let limit = &self.limits[step.owner.at()];
        let Some(special) = self.special(step.owner) else {
            meet(limit, &self.held[step.owner.at()]);
            return least;
        };
        let held = self.sums(step.owner);
        meet(&special.ceiling(limit, &held, entry.class), &held.all);
        for piece in special.covered(entry.interval.start, entry.interval.end) {
            let limit = self.lowered(step.owner, &piece.base);
            meet(&special.ceiling(&limit, &piece.held, entry.class), &piece.held.all);
        }
        if special.closed || special.drain.is_some() { 0 } else { least }
    }
}
