//! What makes an owner more than a limit and a sum: floors, a known future, promises, doors that are shut.

use std::collections::VecDeque;

use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Timestamp;

use super::floors::Kept;

/// What leases hold at an instant: in all, and by the classes with floors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) all: Resources,
    pub(super) a: Resources,
    pub(super) b: Resources,
}

impl Sums {
    pub(super) fn add(&mut self, class: ServiceClass, drawn: &Resources) {
        add(&mut self.all, drawn);
        self.of(class).into_iter().for_each(|sum| add(sum, drawn));
    }

    pub(super) fn subtract(&mut self, class: ServiceClass, drawn: &Resources) {
        subtract(&mut self.all, drawn);
        self.of(class).into_iter().for_each(|sum| subtract(sum, drawn));
    }

    fn of(&mut self, class: ServiceClass) -> Option<&mut Resources> {
        match class {
            ServiceClass::A => Some(&mut self.a),
            ServiceClass::B => Some(&mut self.b),
            ServiceClass::C | ServiceClass::D => None,
        }
    }
}

/// A part of the future that begins where a capacity changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: Timestamp,
    /// What the fleet states, before planes lower it.
    pub(super) base: Resources,
    /// What entries hold at its start: the most that those known today hold anywhere in it, for they only end.
    pub(super) held: Sums,
}

/// Everything about an owner that most owners do not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Special {
    pub(super) floors: Kept,
    /// What is still to come, in order of time.
    pub(super) pieces: VecDeque<Piece>,
    /// What was promised to offers, once it has returned.
    pub(super) promised: Resources,
    /// Takes nothing new.
    pub(super) closed: bool,
    /// Takes nothing new, and nothing that lasts beyond this instant.
    pub(super) drain: Option<Timestamp>,
}

impl Special {
    /// The most that all entries together may hold, for one more of the class to be let in.
    pub(super) fn ceiling(&self, limit: &Resources, held: &Sums, class: ServiceClass) -> Resources {
        let mut ceiling = limit.saturating_sub(&self.promised);
        if class != ServiceClass::A {
            ceiling = ceiling.saturating_sub(&self.floors.for_a(limit).saturating_sub(&held.a));
        }
        if class != ServiceClass::B {
            ceiling = ceiling.saturating_sub(&self.floors.for_b(limit).saturating_sub(&held.b));
        }
        ceiling
    }

    /// The most that all entries together may hold, for one of the class among them to last longer: floors come, and grow, after
    /// what they are kept from was granted. What a class holds within its own floor lasts whatever the other one lacks; what offers
    /// were promised is what others give back.
    pub(super) fn ceiling_of_held(&self, limit: &Resources, held: &Sums, class: ServiceClass) -> Resources {
        let (for_a, for_b) = (self.floors.for_a(limit), self.floors.for_b(limit));
        let lacking = [(&for_a, &held.a), (&for_b, &held.b)].map(|(floor, held)| floor.saturating_sub(held));
        let mut ceiling = limit.saturating_sub(&lacking[0]).saturating_sub(&lacking[1]);
        let own = match class {
            ServiceClass::A => (&held.a, &for_a),
            ServiceClass::B => (&held.b, &for_b),
            ServiceClass::C | ServiceClass::D => return ceiling,
        };
        for kind in Kind::ALL.into_iter().filter(|&kind| own.0.get(kind) <= own.1.get(kind)) {
            ceiling = ceiling.with(kind, limit.get(kind));
        }
        ceiling
    }

    /// The pieces whose start comes before an end and no earlier than a beginning.
    pub(super) fn covered(&self, from: Timestamp, end: Timestamp) -> impl Iterator<Item = &Piece> {
        let first = self.pieces.partition_point(|piece| piece.start < from);
        self.pieces.iter().skip(first).take_while(move |piece| piece.start < end)
    }

    pub(super) fn covered_mut(&mut self, from: Timestamp, end: Timestamp) -> impl Iterator<Item = &mut Piece> {
        let first = self.pieces.partition_point(|piece| piece.start < from);
        self.pieces.iter_mut().skip(first).take_while(move |piece| piece.start < end)
    }
}

/// The first kind of which there is not enough.
pub(super) fn first_short(ceiling: &Resources, held: &Resources, asked: &Resources) -> Option<Kind> {
    Kind::ALL.into_iter().find(|&kind| asked.get(kind) > 0 && asked.get(kind) > left(ceiling, held, kind))
}

/// What is left of a kind.
pub(super) fn left(ceiling: &Resources, held: &Resources, kind: Kind) -> u64 {
    ceiling.get(kind).saturating_sub(held.get(kind))
}

/// Whether one more amount of each kind stays within a limit.
#[inline]
pub(super) fn fits(held: &Resources, asked: &Resources, limit: &Resources) -> bool {
    let mut fits = true;
    for at in 0..Kind::COUNT {
        // No limit is `u64::MAX`, which a sum can meet but not pass.
        fits &= asked.0[at] <= limit.0[at].saturating_sub(held.0[at]);
    }
    fits
}

/// By how much each amount is over a limit.
pub(super) fn over(held: &Resources, limit: &Resources) -> Resources {
    let mut over = Resources::ZERO;
    for kind in Kind::ALL {
        over = over.with(kind, left(held, limit, kind));
    }
    over
}

/// Adds what was checked to fit, so that no sum overflows.
#[inline]
pub(super) fn add(sum: &mut Resources, drawn: &Resources) {
    for (amount, more) in sum.0.iter_mut().zip(drawn.0) {
        *amount = amount.checked_add(more).expect("an entry is posted after it was found to fit");
    }
}

/// Takes back what was added.
#[inline]
pub(super) fn subtract(sum: &mut Resources, drawn: &Resources) {
    for (amount, less) in sum.0.iter_mut().zip(drawn.0) {
        *amount = amount.checked_sub(less).expect("only what was posted is taken back");
    }
}
