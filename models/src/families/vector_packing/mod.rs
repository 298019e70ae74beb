//! Vector packing: items of several dimensions into as few equal bins as possible.
//!
//! ```text
//! minimize   the number of bins
//! subject to sum of the sizes of the items in a bin <= capacity      every bin, every dimension
//!            every item in one bin
//! ```
//!
//! Sizes may be below zero: such an item makes room for others in its bin. Public instances have a few of them.
//!
//! Prices of the items prove a bound: if no bin can hold items worth more than one, at least as many bins are needed as all
//! items are worth (the dual of Gilmore & Gomory 1961; scaled where a bin can hold more, Farley 1990). [`bound`] evaluates it
//! in exact integers.

mod bound;

use std::collections::BTreeMap;
use std::fmt;

use super::COEFFICIENT_MAX;

pub use bound::{PRICE_MAX, STEPS_A_LOOK, STEPS_MAX, bound, bound_while};

/// Items of an instance, at most: an answer names the bin of each, so time and memory grow with them however few types there are.
pub const ITEMS_MAX: u32 = 1_000_000;

/// A vector packing problem; valid once it exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorPackingInstance {
    capacities: Vec<u64>,
    sizes: Vec<i64>,
    demands: Vec<u32>,
}

/// Why numbers make no instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VectorPackingError {
    /// There is no dimension.
    NoDimension,
    /// Not as many sizes as types times dimensions.
    Shape {
        /// Types times dimensions.
        expected: usize,
        /// How many sizes there are.
        sizes: usize,
    },
    /// A number of more than [`COEFFICIENT_MAX`], or of less than that below zero.
    TooLarge(i128),
    /// A type, of which there are items, that does not fit a bin alone.
    TooWide {
        /// The type, from zero.
        item: usize,
        /// The dimension, from zero.
        dimension: usize,
        /// Its size there.
        size: i64,
        /// The capacity there.
        capacity: u64,
    },
    /// More than [`ITEMS_MAX`] items in all.
    TooMany {
        /// The type, from zero, at whose demand there are.
        item: usize,
        /// How many items there are in all.
        items: u64,
    },
}

impl fmt::Display for VectorPackingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VectorPackingError::NoDimension => write!(f, "there is no dimension"),
            VectorPackingError::Shape { expected, sizes } => {
                write!(f, "{expected} sizes are needed, but there are {sizes}")
            }
            VectorPackingError::TooLarge(number) => write!(f, "{number} is beyond {COEFFICIENT_MAX}"),
            VectorPackingError::TooWide { item, dimension, size, capacity } => {
                write!(f, "item type {item} has size {size} in dimension {dimension}, where a bin holds {capacity}")
            }
            VectorPackingError::TooMany { items, .. } => write!(
                f,
                "there are {items} items, but may be at most {ITEMS_MAX}, since an answer names the bin of each; lower the \
                 demands, or pack full bins of types that fill them in advance"
            ),
        }
    }
}

impl std::error::Error for VectorPackingError {}

impl VectorPackingInstance {
    /// An instance of item types; sizes hold every dimension of the first type, then of the second, and so on.
    ///
    /// # Errors
    /// See [`VectorPackingError`].
    pub fn new(
        capacities: Vec<u64>,
        sizes: Vec<i64>,
        demands: Vec<u32>,
    ) -> Result<VectorPackingInstance, VectorPackingError> {
        if capacities.is_empty() {
            return Err(VectorPackingError::NoDimension);
        }
        let expected = capacities.len().saturating_mul(demands.len());
        if sizes.len() != expected {
            return Err(VectorPackingError::Shape { expected, sizes: sizes.len() });
        }
        let numbers =
            capacities.iter().map(|&capacity| i128::from(capacity)).chain(sizes.iter().map(|&size| i128::from(size)));
        if let Some(number) = numbers.into_iter().find(|number| number.unsigned_abs() > u128::from(COEFFICIENT_MAX)) {
            return Err(VectorPackingError::TooLarge(number));
        }
        let types = sizes.chunks_exact(capacities.len()).zip(&demands).enumerate();
        for (item, (sizes, _)) in types.filter(|(_, (_, demand))| **demand > 0) {
            for (dimension, (&size, &capacity)) in sizes.iter().zip(&capacities).enumerate() {
                if i128::from(size) > i128::from(capacity) {
                    return Err(VectorPackingError::TooWide { item, dimension, size, capacity });
                }
            }
        }
        let mut items = 0;
        let passes = |&demand: &u32| {
            items += u64::from(demand);
            items > u64::from(ITEMS_MAX)
        };
        if let Some(item) = demands.iter().position(passes) {
            let items = demands.iter().map(|&demand| u64::from(demand)).sum();
            return Err(VectorPackingError::TooMany { item, items });
        }
        Ok(VectorPackingInstance { capacities, sizes, demands })
    }

    /// What a bin holds, by dimension.
    #[must_use]
    pub fn capacities(&self) -> &[u64] {
        &self.capacities
    }

    /// How many items there are of each type.
    #[must_use]
    pub fn demands(&self) -> &[u32] {
        &self.demands
    }

    /// The sizes of a type, by dimension.
    #[must_use]
    pub fn sizes(&self, item: usize) -> &[i64] {
        &self.sizes[item * self.capacities.len()..][..self.capacities.len()]
    }

    /// Whether a type is below zero somewhere, so that it makes room for others.
    fn makes_room(&self, item: usize) -> bool {
        self.sizes(item).iter().any(|&size| size < 0)
    }

    /// The type of each item: types in their order, each as often as it is demanded.
    pub fn items(&self) -> impl Iterator<Item = usize> + '_ {
        self.demands.iter().enumerate().flat_map(|(item, &demand)| (0..demand).map(move |_| item))
    }
}

/// Why a packing is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VectorPackingFault {
    /// Not one bin for each item.
    Length {
        /// How many bins are named.
        named: usize,
        /// How many items there are.
        items: usize,
    },
    /// A bin that holds more than it can.
    Overfull {
        /// The bin.
        bin: u32,
        /// The dimension.
        dimension: usize,
        /// What it holds there.
        held: i128,
        /// What it can hold there.
        capacity: u64,
    },
}

impl fmt::Display for VectorPackingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VectorPackingFault::Length { named, items } => write!(f, "{named} bins are named for {items} items"),
            VectorPackingFault::Overfull { bin, dimension, held, capacity } => {
                write!(f, "bin {bin} holds {held} of at most {capacity} in dimension {dimension}")
            }
        }
    }
}

/// How many bins a packing uses: the bin of each item, in the order of [`VectorPackingInstance::items`].
///
/// # Errors
/// The first [`VectorPackingFault`].
pub fn check(instance: &VectorPackingInstance, bins: &[u32]) -> Result<usize, VectorPackingFault> {
    let items: Vec<usize> = instance.items().collect();
    if bins.len() != items.len() {
        return Err(VectorPackingFault::Length { named: bins.len(), items: items.len() });
    }
    let mut held: BTreeMap<u32, Vec<i128>> = BTreeMap::new();
    for (&bin, item) in bins.iter().zip(items) {
        let loads = held.entry(bin).or_insert_with(|| vec![0; instance.capacities.len()]);
        loads.iter_mut().zip(instance.sizes(item)).for_each(|(load, &size)| *load += i128::from(size));
    }
    for (&bin, loads) in &held {
        for (dimension, (&held, &capacity)) in loads.iter().zip(&instance.capacities).enumerate() {
            if held > i128::from(capacity) {
                return Err(VectorPackingFault::Overfull { bin, dimension, held, capacity });
            }
        }
    }
    Ok(held.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bins of 10 by 10; two items of 6 by 2, two of 2 by 6, one of 5 by 5: one of each of the first two fit together, and
    /// nothing fits with the last but alone, so that three bins are needed.
    fn small() -> VectorPackingInstance {
        VectorPackingInstance::new(vec![10, 10], vec![6, 2, 2, 6, 5, 5], vec![2, 2, 1]).unwrap()
    }

    #[test]
    fn bins_are_counted() {
        assert_eq!(check(&small(), &[0, 1, 0, 1, 7]), Ok(3));
    }

    #[test]
    fn faults_are_named() {
        assert_eq!(check(&small(), &[0, 1]), Err(VectorPackingFault::Length { named: 2, items: 5 }));
        let overfull = VectorPackingFault::Overfull { bin: 4, dimension: 0, held: 12, capacity: 10 };
        assert_eq!(check(&small(), &[4, 4, 0, 1, 2]), Err(overfull));
    }

    #[test]
    fn numbers_that_make_no_instance_are_refused() {
        let refused = |capacities, sizes, demands| VectorPackingInstance::new(capacities, sizes, demands).unwrap_err();
        assert_eq!(refused(vec![], vec![], vec![]), VectorPackingError::NoDimension);
        assert_eq!(refused(vec![1], vec![], vec![1]), VectorPackingError::Shape { expected: 1, sizes: 0 });
        let wide = VectorPackingError::TooWide { item: 0, dimension: 0, size: 2, capacity: 1 };
        assert_eq!(refused(vec![1], vec![2], vec![1]), wide);
        assert!(VectorPackingInstance::new(vec![1], vec![2], vec![0]).is_ok());
        let many = VectorPackingError::TooMany { item: 1, items: u64::from(u32::MAX) + 2 };
        assert_eq!(refused(vec![1], vec![1, 1, 1], vec![1, u32::MAX, 1]), many);
        assert!(VectorPackingInstance::new(vec![1], vec![1, 1], vec![1, ITEMS_MAX - 1]).is_ok());
        let one_more = VectorPackingError::TooMany { item: 1, items: u64::from(ITEMS_MAX) + 1 };
        assert_eq!(refused(vec![1], vec![1, 1], vec![1, ITEMS_MAX]), one_more);
        let below = -(1_i64 << 53) - 1;
        assert_eq!(refused(vec![1], vec![below], vec![1]), VectorPackingError::TooLarge(i128::from(below)));
    }
}
