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

use std::collections::BTreeMap;
use std::fmt;

use super::COEFFICIENT_MAX;

/// The largest price of [`bound`], so that no sum overflows.
pub const PRICE_MAX: i64 = 1 << 50;

/// Steps of a thorough search for the dearest contents of a bin: about a second.
pub const STEPS_MAX: u32 = 60_000_000;

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
    /// A type that does not fit a bin alone.
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
    /// More than 2^32 - 1 items in all.
    TooMany,
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
            VectorPackingError::TooMany => write!(f, "there are more than 2^32 - 1 items"),
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
        for (item, sizes) in sizes.chunks_exact(capacities.len()).enumerate() {
            for (dimension, (&size, &capacity)) in sizes.iter().zip(&capacities).enumerate() {
                if i128::from(size) > i128::from(capacity) {
                    return Err(VectorPackingError::TooWide { item, dimension, size, capacity });
                }
            }
        }
        let items: u64 = demands.iter().map(|&demand| u64::from(demand)).sum();
        if u32::try_from(items).is_err() {
            return Err(VectorPackingError::TooMany);
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

/// A number of bins below which there is no packing, by prices of the types and of the dimensions.
///
/// ```text
/// bound = sum over types of demand * price / the most that the contents of a bin are worth, rounded up
/// ```
///
/// The dearest contents are searched for exactly; a unit of room left in a dimension is taken to be worth its price, which
/// limits what the rest of a search can find, as does how many more of the smallest fit, and says how much is left in parts
/// that are cut off after so many steps. Any prices are valid, below zero too; those of the dimensions only help. Prices
/// beyond [`PRICE_MAX`] count as that.
#[must_use]
pub fn bound(instance: &VectorPackingInstance, prices: &[i64], dimension_prices: &[u64], steps_max: u32) -> u128 {
    let prices: Vec<i128> = prices.iter().map(|&price| i128::from(price.clamp(-PRICE_MAX, PRICE_MAX))).collect();
    let dimension_prices: Vec<i128> =
        dimension_prices.iter().map(|&price| i128::from(price).min(i128::from(PRICE_MAX))).collect();
    let all: i128 = prices.iter().zip(&instance.demands).map(|(price, &demand)| price * i128::from(demand)).sum();
    let dearest = Dearest::find(instance, (prices, dimension_prices), steps_max);
    if all <= 0 { 0 } else { all.unsigned_abs().div_ceil(dearest.max(1)) }
}

/// The search for the dearest contents of a bin.
struct Dearest<'a> {
    instance: &'a VectorPackingInstance,
    /// Types that make room first; then types worth something, those first that are worth most beyond the room they take.
    order: Vec<usize>,
    prices: Vec<i128>,
    dimension_prices: Vec<i128>,
    /// The most that the types from a position on are worth beyond the room that they take.
    beyond: Vec<i128>,
    /// The most room that the types from a position on make, by dimension, and the least of their sizes there.
    relief: Vec<Vec<i128>>,
    smallest: Vec<Vec<u64>>,
    /// The highest price of the types from a position on.
    highest: Vec<i128>,
    best: i128,
    cut: i128,
    steps: u32,
    steps_max: u32,
}

impl Dearest<'_> {
    fn find(
        instance: &VectorPackingInstance,
        (prices, dimension_prices): (Vec<i128>, Vec<i128>),
        steps_max: u32,
    ) -> u128 {
        let room = |item: usize| -> i128 {
            let sizes = instance.sizes(item).iter().zip(&dimension_prices);
            sizes.map(|(&size, price)| i128::from(size) * price).sum()
        };
        let makes_room = |item: usize| instance.sizes(item).iter().any(|&size| size < 0);
        let net = |item: usize| prices[item] - room(item);
        let is_useful = |item: usize| instance.demands[item] > 0 && (prices[item] > 0 || makes_room(item));
        let mut order: Vec<usize> = (0..prices.len()).filter(|&item| is_useful(item)).collect();
        order.sort_by_key(|&item| (!makes_room(item), -net(item), item));
        let mut beyond = vec![0; order.len() + 1];
        let mut relief = vec![vec![0; instance.capacities.len()]; order.len() + 1];
        let mut smallest = vec![vec![u64::MAX; instance.capacities.len()]; order.len() + 1];
        let mut highest = vec![0; order.len() + 1];
        for (at, &item) in order.iter().enumerate().rev() {
            let sizes = instance.sizes(item).iter().map(|&size| u64::try_from(size).unwrap_or(0));
            smallest[at] = smallest[at + 1].iter().zip(sizes).map(|(&least, size)| least.min(size)).collect();
            highest[at] = highest[at + 1].max(prices[item]);
            let made = instance.sizes(item).iter().map(|&size| i128::from(size.min(0)).abs());
            let demand = i128::from(instance.demands[item]);
            relief[at] = relief[at + 1].iter().zip(made).map(|(relief, made)| relief + demand * made).collect();
        }
        let capacities: Vec<i128> = instance.capacities.iter().map(|&capacity| i128::from(capacity)).collect();
        // What no type that makes room raises bounds how many of a type a bin holds at all.
        for (at, &item) in order.iter().enumerate().rev() {
            let most = i128::from(most(instance, item, &capacities, &relief[0]));
            beyond[at] = beyond[at + 1] + most * net(item).max(0);
        }
        let mut search = Dearest {
            instance,
            order,
            prices,
            dimension_prices,
            beyond,
            relief,
            smallest,
            highest,
            best: 0,
            cut: 0,
            steps: 0,
            steps_max,
        };
        search.descend(0, &capacities, 0);
        search.best.max(search.cut).unsigned_abs()
    }

    fn descend(&mut self, from: usize, room: &[i128], worth: i128) {
        if room.iter().all(|&room| room >= 0) {
            self.best = self.best.max(worth);
        }
        let left: i128 = room.iter().zip(&self.dimension_prices).map(|(room, price)| room * price).sum();
        if worth + left + self.beyond[from] <= self.best.max(self.cut) {
            return;
        }
        let more = self.most_more(from, room);
        for at in from..self.order.len() {
            let by_number = self.highest[at].saturating_mul(more);
            let limit = worth + (left + self.beyond[at]).min(by_number);
            if limit <= self.best.max(self.cut) {
                return;
            }
            if self.steps >= self.steps_max {
                self.cut = limit;
                return;
            }
            self.steps += 1;
            let item = self.order[at];
            // More of the same type are others too.
            let others = if self.instance.demands[item] == 1 { at + 1 } else { at };
            let with_others = self.highest[others].saturating_mul(more - 1).saturating_add(self.prices[item]);
            if worth.saturating_add(with_others) <= self.best.max(self.cut) {
                continue;
            }
            for count in (1..=most(self.instance, item, room, &self.relief[at + 1])).rev() {
                let sizes = self.instance.sizes(item).iter();
                let room: Vec<i128> =
                    room.iter().zip(sizes).map(|(room, &size)| room - i128::from(size) * i128::from(count)).collect();
                self.descend(at + 1, &room, worth + self.prices[item] * i128::from(count));
            }
        }
    }

    /// How many more items fit a room at most, of the types from a position on.
    fn most_more(&self, from: usize, room: &[i128]) -> i128 {
        // Numbers of 64 bits are divided in a fraction of the time.
        let rooms = room.iter().zip(&self.relief[from]).map(|(room, relief)| u64::try_from((room + relief).max(0)));
        let sized = rooms.zip(&self.smallest[from]).filter(|&(_, &smallest)| smallest > 0);
        sized.map(|(room, smallest)| room.unwrap_or(u64::MAX) / smallest).min().map_or(i128::MAX, i128::from)
    }
}

/// How many of a type fit a room, of those there are, if others still make so much more.
fn most(instance: &VectorPackingInstance, item: usize, room: &[i128], relief: &[i128]) -> u32 {
    let mut rooms = room.iter().zip(relief).zip(instance.sizes(item));
    if rooms.any(|((room, relief), &size)| size > 0 && room + relief < i128::from(size)) {
        return 0;
    }
    if instance.demands[item] == 1 {
        return 1;
    }
    let sizes = instance.sizes(item).iter().zip(room.iter().zip(relief)).filter(|&(&size, _)| size > 0);
    let fits = sizes.map(|(&size, (room, relief))| (room + relief).max(0) / i128::from(size));
    let demand = instance.demands[item];
    fits.min().map_or(demand, |fits| u32::try_from(fits).unwrap_or(u32::MAX).min(demand))
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
    fn prices_prove_how_many_bins_are_needed() {
        // Sizes in the first dimension: 21 in all, and no bin holds more than 8 of it. Half a bin for each of the first four
        // and a whole one for the last: 6 halves, and no bin holds more than two.
        assert_eq!(bound(&small(), &[6, 2, 5], &[1, 0], STEPS_MAX), 3);
        assert_eq!(bound(&small(), &[1, 1, 2], &[0, 0], STEPS_MAX), 3);
        assert_eq!(bound(&small(), &[0, 0, 0], &[0, 0], STEPS_MAX), 0);
    }

    #[test]
    fn an_item_below_zero_makes_room() {
        // Bins of 10; 6 and 6 and -2 fill one, so that two of the three fit no better than all.
        let instance = VectorPackingInstance::new(vec![10], vec![6, -2], vec![2, 1]).unwrap();
        assert_eq!(check(&instance, &[0, 0, 0]), Ok(1));
        assert_eq!(
            check(&instance, &[0, 0, 1]),
            Err(VectorPackingFault::Overfull { bin: 0, dimension: 0, held: 12, capacity: 10 })
        );
        assert_eq!(bound(&instance, &[6, -2], &[1], STEPS_MAX), 1);
    }

    #[test]
    fn no_prices_exceed_the_fewest_bins_of_any_tiny_instance() {
        // Four items in bins of 4 by 4, each of one of four shapes.
        let shapes = [[2, 2], [3, 1], [1, 3], [4, -2]];
        for bits in 0_usize..1 << 8 {
            let sizes = (0..4).flat_map(|at| shapes[bits >> (2 * at) & 3]).collect();
            let instance = VectorPackingInstance::new(vec![4, 4], sizes, vec![1; 4]).unwrap();
            let packings = (0_u32..256).map(|number| [0, 2, 4, 6].map(|shift| number >> shift & 3));
            let fewest = packings.filter_map(|bins| check(&instance, &bins).ok()).min().unwrap() as u128;
            for prices in [[1, 1, 1, 1], [3, 2, 2, 1], [5, -3, 1, 7]] {
                for dimension_prices in [[0, 0], [1, 0], [1, 2]] {
                    assert!(bound(&instance, &prices, &dimension_prices, STEPS_MAX) <= fewest, "bits {bits}");
                }
            }
        }
    }

    #[test]
    fn a_search_that_is_cut_off_still_proves_something() {
        // Even sizes never fill an odd bin, which a search finds out; cut off at once, the bin counts as full.
        let instance = VectorPackingInstance::new(vec![7], vec![2, 4, 6], vec![5, 5, 5]).unwrap();
        assert_eq!(bound(&instance, &[2, 4, 6], &[1], STEPS_MAX), 10);
        assert_eq!(bound(&instance, &[2, 4, 6], &[1], 0), 9);
    }

    #[test]
    fn how_many_items_fit_is_proved_by_pairs() {
        // Sizes of 26 to 40 in bins of 100 by 100: never do four fit, which pairs show; threes are a hundred times as many.
        let sizes = (0..600).map(|at| 26 + at * 7 % 15).collect();
        let instance = VectorPackingInstance::new(vec![100, 100], sizes, vec![1; 300]).unwrap();
        assert_eq!(bound(&instance, &[1; 300], &[0, 0], 100_000), 100);
    }

    #[test]
    fn more_of_a_type_count_where_items_do() {
        // Two of the first fit together and nothing with the other, which makes room that nobody needs.
        let instance = VectorPackingInstance::new(vec![10, 10], vec![1, 0, 10, -1], vec![2, 1]).unwrap();
        assert_eq!(check(&instance, &[0, 0, 1]), Ok(2));
        assert_eq!(bound(&instance, &[1, 1], &[0, 0], STEPS_MAX), 2);
    }

    #[test]
    fn numbers_that_make_no_instance_are_refused() {
        let refused = |capacities, sizes, demands| VectorPackingInstance::new(capacities, sizes, demands).unwrap_err();
        assert_eq!(refused(vec![], vec![], vec![]), VectorPackingError::NoDimension);
        assert_eq!(refused(vec![1], vec![], vec![1]), VectorPackingError::Shape { expected: 1, sizes: 0 });
        let wide = VectorPackingError::TooWide { item: 0, dimension: 0, size: 2, capacity: 1 };
        assert_eq!(refused(vec![1], vec![2], vec![1]), wide);
        assert_eq!(refused(vec![1], vec![1, 1], vec![u32::MAX, 1]), VectorPackingError::TooMany);
        let below = -(1_i64 << 53) - 1;
        assert_eq!(refused(vec![1], vec![below], vec![1]), VectorPackingError::TooLarge(i128::from(below)));
    }
}
