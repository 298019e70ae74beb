//! Prices of shapes: what a capsule of a class pays for the room that it takes of a tile's patterns, at some instants.

use std::collections::BTreeMap;

use lessor_models::time::Timestamp;

use crate::lowering::index::JobClassIndex;

/// A capsule of a class on a tile of a merged group at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shaped {
    /// The merged group.
    pub group: usize,
    /// The class.
    pub class: JobClassIndex,
    /// The instant.
    pub instant: Timestamp,
}

/// Prices of shapes, in micro-credits a capsule.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShapePrices(BTreeMap<Shaped, f64>);

impl ShapePrices {
    /// The prices above zero among those given; what has several pays their sum.
    pub fn new(prices: impl Iterator<Item = (Shaped, f64)>) -> ShapePrices {
        let mut sums = BTreeMap::new();
        for (shaped, price) in prices.filter(|entry| entry.1 > 0.0) {
            *sums.entry(shaped).or_default() += price;
        }
        ShapePrices(sums)
    }

    /// Every price, in the order of groups, classes and instants.
    pub fn iter(&self) -> impl Iterator<Item = (Shaped, f64)> + '_ {
        self.0.iter().map(|(&shaped, &price)| (shaped, price))
    }

    /// What a class pays in a group, by instant. O(log n) for the first.
    pub fn of(&self, group: usize, class: JobClassIndex) -> impl Iterator<Item = (Timestamp, f64)> + Clone + '_ {
        let shaped = |instant| Shaped { group, class, instant: Timestamp(instant) };
        let here = self.0.range(shaped(i64::MIN)..=shaped(i64::MAX));
        here.map(|(shaped, &price)| (shaped.instant, price))
    }
}
