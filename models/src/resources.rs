//! Resource kinds and the vector that every capacity, demand and headroom is stated in.

use std::fmt;

/// The closed set of resource kinds. The order is the order of every vector and of every table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Irreversible compute, in millions of operations per second.
    Compute,
    /// Memory, in bytes.
    Memory,
    /// Bandwidth, in bits per second.
    Bandwidth,
    /// Electrical power drawn, in milliwatts.
    Power,
    /// Heat rejected, in milliwatts.
    Heat,
    /// Accelerators, in thousandths of a device.
    Accelerator,
    /// Storage, in bytes.
    Storage,
    /// Reversible compute, in millions of operations per second.
    Reversible,
}

impl Kind {
    /// How many kinds there are.
    pub const COUNT: usize = 8;

    /// Every kind, in vector order.
    pub const ALL: [Kind; Kind::COUNT] = [
        Kind::Compute,
        Kind::Memory,
        Kind::Bandwidth,
        Kind::Power,
        Kind::Heat,
        Kind::Accelerator,
        Kind::Storage,
        Kind::Reversible,
    ];

    /// The kind's position in a [`Resources`] vector.
    #[must_use]
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name used in tables, flags and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Compute => "compute",
            Kind::Memory => "memory",
            Kind::Bandwidth => "bandwidth",
            Kind::Power => "power",
            Kind::Heat => "heat",
            Kind::Accelerator => "accelerator",
            Kind::Storage => "storage",
            Kind::Reversible => "reversible",
        }
    }

    /// The base unit, as written in tables.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Kind::Compute | Kind::Reversible => "Mop/s",
            Kind::Memory | Kind::Storage => "B",
            Kind::Bandwidth => "bit/s",
            Kind::Power | Kind::Heat => "mW",
            Kind::Accelerator => "milli-device",
        }
    }

    /// The kind of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kinds(u8);

impl Kinds {
    /// No kind.
    pub const NONE: Kinds = Kinds(0);

    /// The set with one kind more.
    #[must_use]
    pub const fn with(self, kind: Kind) -> Kinds {
        Kinds(self.0 | 1 << kind.index())
    }

    /// Whether a kind is in it.
    #[must_use]
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 >> kind.index() & 1 == 1
    }

    /// Its kinds, in vector order.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().filter(move |&kind| self.contains(kind))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An amount that no demand can reach: the account does not limit this kind.
pub const UNLIMITED: u64 = u64::MAX;

/// The largest amount that one capacity or one demand may state: 2^53, so that every amount is exact as a 64-bit float.
pub const AMOUNT_MAX: u64 = 1 << 53;

/// One amount per [`Kind`], in base units: one cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(align(64))]
pub struct Resources(pub [u64; Kind::COUNT]);

impl Resources {
    /// Nothing of anything.
    pub const ZERO: Resources = Resources([0; Kind::COUNT]);

    /// No limit on anything.
    pub const UNLIMITED: Resources = Resources([UNLIMITED; Kind::COUNT]);

    /// A vector with one amount set.
    #[must_use]
    #[inline]
    pub fn of(kind: Kind, amount: u64) -> Resources {
        Resources::ZERO.with(kind, amount)
    }

    /// The same vector with one amount replaced.
    #[must_use]
    #[inline]
    pub fn with(mut self, kind: Kind, amount: u64) -> Resources {
        self.0[kind.index()] = amount;
        self
    }

    /// The amount of one kind.
    #[must_use]
    #[inline]
    pub const fn get(&self, kind: Kind) -> u64 {
        self.0[kind.index()]
    }

    /// Whether every amount is at most the other's.
    #[must_use]
    #[inline]
    pub fn fits(&self, within: &Resources) -> bool {
        let mut fits = true;
        for k in 0..Kind::COUNT {
            fits &= self.0[k] <= within.0[k];
        }
        fits
    }

    /// The sum, or `None` where an amount overflows.
    #[must_use]
    pub fn checked_add(&self, other: &Resources) -> Option<Resources> {
        let mut sum = [0; Kind::COUNT];
        for (k, slot) in sum.iter_mut().enumerate() {
            *slot = self.0[k].checked_add(other.0[k])?;
        }
        Some(Resources(sum))
    }

    /// The difference, with amounts that would fall below zero at zero; unlimited stays unlimited.
    #[must_use]
    #[inline]
    pub fn saturating_sub(&self, other: &Resources) -> Resources {
        let mut left = [0; Kind::COUNT];
        for (k, slot) in left.iter_mut().enumerate() {
            *slot = if self.0[k] == UNLIMITED { UNLIMITED } else { self.0[k].saturating_sub(other.0[k]) };
        }
        Resources(left)
    }

    /// The smaller amount of each kind.
    #[must_use]
    #[inline]
    pub fn least(&self, other: &Resources) -> Resources {
        let mut least = [0; Kind::COUNT];
        for (k, slot) in least.iter_mut().enumerate() {
            *slot = self.0[k].min(other.0[k]);
        }
        Resources(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlimited_stays_unlimited_under_subtraction() {
        let left = Resources::UNLIMITED.saturating_sub(&Resources::of(Kind::Heat, 5));
        assert_eq!(left, Resources::UNLIMITED);
    }

    #[test]
    fn a_vector_fits_only_when_every_kind_fits() {
        let capacity = Resources::of(Kind::Memory, 10).with(Kind::Power, 3);
        assert!(Resources::of(Kind::Memory, 10).fits(&capacity));
        assert!(!Resources::of(Kind::Memory, 1).with(Kind::Heat, 1).fits(&capacity));
    }

    #[test]
    fn a_sum_that_overflows_is_refused() {
        let most = Resources::of(Kind::Storage, u64::MAX);
        assert_eq!(most.checked_add(&Resources::of(Kind::Storage, 1)), None);
    }

    #[test]
    fn names_round_trip() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
    }
}
