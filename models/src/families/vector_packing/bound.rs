//! A number of bins that every packing needs: what all items are worth, over the most that the contents of one bin are.

use super::VectorPackingInstance;

/// The largest price of [`bound`], so that no sum overflows.
pub const PRICE_MAX: i64 = 1 << 50;

/// Steps of a thorough search for the dearest contents of a bin: about a second.
pub const STEPS_MAX: u32 = 60_000_000;

/// Steps between two looks at the time.
pub const STEPS_A_LOOK: u32 = 16_384;

/// Types that a bin holds at most in a search; what holds more is cut off.
const DEPTH_MAX: usize = 1_024;

/// A number of bins below which there is no packing, by prices of the types and of the dimensions.
///
/// ```text
/// bound = sum over types of demand * price / the most that the contents of a bin are worth, rounded up
/// ```
///
/// The dearest contents are searched for exactly; a unit of room left in a dimension is taken to be worth its price, which
/// limits what the rest of a search can find, as does how many more of the smallest fit, and says how much is left in parts
/// that are cut off after so many steps. Any prices are valid, below zero too; those of the dimensions only help. Prices
/// beyond [`PRICE_MAX`] count as that, prices that are not there as zero, and those of no type or dimension not at all.
#[must_use]
pub fn bound(instance: &VectorPackingInstance, prices: &[i64], dimension_prices: &[u64], steps_max: u32) -> u128 {
    bound_while(instance, prices, dimension_prices, steps_max, &|| true)
}

/// The same, cut off as well once the time is over: what `goes_on` says, which is asked every [`STEPS_A_LOOK`] steps.
#[must_use]
pub fn bound_while(
    instance: &VectorPackingInstance,
    prices: &[i64],
    dimension_prices: &[u64],
    steps_max: u32,
    goes_on: &dyn Fn() -> bool,
) -> u128 {
    let price_of = |item: usize| i128::from(prices.get(item).map_or(0, |price| (*price).clamp(-PRICE_MAX, PRICE_MAX)));
    let prices: Vec<i128> = (0..instance.demands.len()).map(price_of).collect();
    let price_in = |at: usize| i128::from(*dimension_prices.get(at).unwrap_or(&0)).min(i128::from(PRICE_MAX));
    let dimension_prices: Vec<i128> = (0..instance.capacities.len()).map(price_in).collect();
    let all: i128 = prices.iter().zip(&instance.demands).map(|(price, &demand)| price * i128::from(demand)).sum();
    let dearest = Dearest::find(instance, (prices, dimension_prices), (steps_max, goes_on));
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
    goes_on: &'a dyn Fn() -> bool,
}

impl<'a> Dearest<'a> {
    fn find(
        instance: &'a VectorPackingInstance,
        (prices, dimension_prices): (Vec<i128>, Vec<i128>),
        (steps_max, goes_on): (u32, &'a dyn Fn() -> bool),
    ) -> u128 {
        let room = |item: usize| -> i128 {
            let sizes = instance.sizes(item).iter().zip(&dimension_prices);
            sizes.map(|(&size, price)| i128::from(size) * price).sum()
        };
        let net = |item: usize| prices[item] - room(item);
        let is_useful = |item: usize| instance.demands[item] > 0 && (prices[item] > 0 || instance.makes_room(item));
        let mut order: Vec<usize> = (0..prices.len()).filter(|&item| is_useful(item)).collect();
        order.sort_by_key(|&item| (!instance.makes_room(item), -net(item), item));
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
            goes_on,
        };
        search.descend((0, 0), &capacities, 0);
        search.best.max(search.cut).unsigned_abs()
    }

    /// Goes through all that may follow in so much room, of the types from a position on.
    fn descend(&mut self, (from, depth): (usize, usize), room: &[i128], worth: i128) {
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
            if depth == DEPTH_MAX || self.is_spent() {
                self.cut = limit;
                return;
            }
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
                self.descend((at + 1, depth + 1), &room, worth + self.prices[item] * i128::from(count));
                let has_more = at + 1 < self.order.len() || self.instance.makes_room(item);
                if count == 1 || !has_more {
                    break;
                }
                // Each count is a step, or types of many items would go on for ever.
                if limit <= self.best.max(self.cut) {
                    return;
                }
                if self.is_spent() {
                    self.cut = limit;
                    return;
                }
            }
        }
    }

    /// Whether no step is left; else one less is.
    fn is_spent(&mut self) -> bool {
        if self.steps % STEPS_A_LOOK == STEPS_A_LOOK - 1 && !(self.goes_on)() {
            self.steps = self.steps_max;
        }
        let is_spent = self.steps >= self.steps_max;
        self.steps += u32::from(!is_spent);
        is_spent
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
    use crate::families::vector_packing::{VectorPackingFault, check};

    use super::*;

    /// Bins of 10 by 10; two items of 6 by 2, two of 2 by 6, one of 5 by 5: one of each of the first two fit together, and
    /// nothing fits with the last but alone, so that three bins are needed.
    fn small() -> VectorPackingInstance {
        VectorPackingInstance::new(vec![10, 10], vec![6, 2, 2, 6, 5, 5], vec![2, 2, 1]).unwrap()
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
    fn many_of_a_type_are_cut_off_too() {
        // Half a million of 3 and of 2 in bins of a million: no bin holds more than half a million, and each number of threes
        // leaves room for another number of twos.
        let instance = VectorPackingInstance::new(vec![1_000_000], vec![3, 2], vec![500_000; 2]).unwrap();
        assert_eq!(bound(&instance, &[1, 1], &[0], 10_000), 2);
        assert_eq!(bound(&instance, &[3, 2], &[1], 10_000), 3);
    }

    #[test]
    fn bins_of_very_many_types_are_cut_off() {
        let instance = VectorPackingInstance::new(vec![1 << 53], (1..=100_000).collect(), vec![1; 100_000]).unwrap();
        assert_eq!(bound(&instance, &vec![1; 100_000], &[0], STEPS_MAX), 1);
    }

    #[test]
    fn a_bound_ends_with_its_time() {
        let instance = VectorPackingInstance::new(vec![1_000_000], vec![3, 2], vec![500_000; 2]).unwrap();
        let looks = std::cell::Cell::new(0);
        let once = || {
            looks.set(looks.get() + 1);
            looks.get() < 2
        };
        assert_eq!(bound_while(&instance, &[1, 1], &[0], STEPS_MAX, &once), 2);
        assert_eq!(looks.get(), 2);
    }

    #[test]
    fn prices_that_are_not_there_count_as_zero() {
        assert_eq!(bound(&small(), &[5], &[], STEPS_MAX), bound(&small(), &[5, 0, 0], &[0, 0], STEPS_MAX));
        assert_eq!(bound(&small(), &[6, 2, 5, 99], &[1, 0, 99], STEPS_MAX), 3);
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
}
