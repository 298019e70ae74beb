//! The knapsack that prices leave to one agent: which items to take, each worth what its price is above its cost.
//!
//! Worth is an `f32` where thousands of knapsacks are solved for a direction, an `f64` where they close pairs.

use std::ops::Add;

/// Cells of the tables of one agent; where there are more, the fractional knapsack stands in.
pub(super) const TABLE_MAX: usize = 1 << 23;

/// An item that is worth something to an agent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer<W> {
    /// The item's position in its list.
    pub(super) item: u32,
    /// Above zero.
    pub(super) worth: W,
    /// From zero to the capacity.
    pub(super) weight: i64,
}

impl<W: Copy + Into<f64>> Offer<W> {
    /// Worth for weight; infinite where it weighs nothing.
    pub(super) fn ratio(&self) -> f64 {
        self.worth.into() / self.weight as f64
    }
}

/// Scratch memory, so that thousands of knapsacks allocate nothing.
#[derive(Debug, Default)]
pub(super) struct Knapsack {
    /// The offers with their worth for weight: the densest, which fit together, before the others.
    dense: Vec<(f64, Offer<f32>)>,
    /// Those of which a table decides.
    core: Vec<Offer<f32>>,
    /// The best of the first so many of the core within each room, row by row.
    rows: Vec<f32>,
}

/// Cells of a table that is filled before anything else would have been looked at.
const SMALL: usize = 1 << 13;

/// How many offers on both sides of where the densest end are the first core.
const REACH: usize = 7;

/// Lengths up to which the densest are found by sorting.
const SORTED: usize = 24;

/// By how much of itself a bound has to be below a worth to tell anything: above the error of sums.
const ERROR: f64 = 1e-9;

impl Knapsack {
    /// The most that the offers are worth within a capacity, or a limit on it where the table would be too large; the items
    /// taken are pushed to `chosen`, and fit. Takes core times room steps.
    ///
    /// The densest offers fit together; of the core, those where they end, a table decides. Where the fractional knapsack with
    /// one of the densest left out, or another taken, is worth less than what is known, that offer is decided (Dembo & Hammer
    /// 1980); if others remain than the core had, a second table decides of them (Balas & Zemel 1980).
    pub(super) fn solve(&mut self, offers: &[Offer<f32>], capacity: i64, chosen: &mut Vec<u32>) -> f64 {
        let all: i128 = offers.iter().map(|offer| i128::from(offer.weight)).sum();
        if all <= i128::from(capacity) {
            chosen.extend(offers.iter().map(|offer| offer.item));
            return offers.iter().map(|offer| f64::from(offer.worth)).sum();
        }
        if width(capacity).saturating_mul(offers.len()) <= SMALL {
            self.core.clear();
            self.core.extend_from_slice(offers);
            return self.tabulated(capacity, chosen);
        }
        self.dense.clear();
        self.dense.extend(offers.iter().map(|offer| (offer.ratio(), *offer)));
        let (split, room) = self.split(capacity);
        let worth: f64 = self.dense[..split].iter().map(|(_, offer)| f64::from(offer.worth)).sum();
        let price = self.dense[split].0;
        let limit = worth + price * room as f64;
        let begun = chosen.len();
        let mut known = worth + self.fill(split, room);
        for reach in [REACH, usize::MAX] {
            let open = Open { price, most: limit - known + ERROR * limit };
            let range = split.saturating_sub(reach)..split.saturating_add(reach).min(self.dense.len());
            let (mut worth, mut room) = (0.0, capacity);
            chosen.truncate(begun);
            for (at, (_, offer)) in self.dense[..split].iter().enumerate() {
                if !range.contains(&at) || !open.has(offer) {
                    worth += f64::from(offer.worth);
                    room -= offer.weight;
                    chosen.push(offer.item);
                }
            }
            let core = self.dense[range.clone()].iter().map(|&(_, offer)| offer);
            self.core.clear();
            self.core.extend(core.filter(|offer| open.has(offer) && offer.weight <= room));
            if width(room).saturating_mul(self.core.len() + 1) > TABLE_MAX {
                chosen.truncate(begun);
                chosen.extend(self.dense[..split].iter().map(|(_, offer)| offer.item));
                return limit;
            }
            known = worth + self.tabulated(room, chosen);
            let open = Open { price, most: limit - known + ERROR * limit };
            let outside = self.dense[..range.start].iter().chain(&self.dense[range.end..]);
            if !outside.into_iter().any(|(_, offer)| open.has(offer)) {
                break;
            }
        }
        known
    }

    /// Brings the densest offers that fit together to the front: how many they are, and what room they leave. Weights are
    /// more than the capacity together. Takes a few looks at each offer.
    fn split(&mut self, capacity: i64) -> (usize, i64) {
        let denser = |a: &(f64, Offer<f32>), b: &(f64, Offer<f32>)| b.0.total_cmp(&a.0).then(a.1.item.cmp(&b.1.item));
        let (mut from, mut to, mut room) = (0, self.dense.len(), capacity);
        while to - from > SORTED {
            let half = (to - from) / 2;
            self.dense[from..to].select_nth_unstable_by(half, denser);
            let weights = self.dense[from..from + half].iter().map(|(_, offer)| offer.weight);
            let weight = weights.fold(0, i64::saturating_add);
            if weight <= room {
                (from, room) = (from + half, room - weight);
            } else {
                to = from + half;
            }
        }
        self.dense[from..to].sort_unstable_by(denser);
        while self.dense[from].1.weight <= room {
            room -= self.dense[from].1.weight;
            from += 1;
        }
        (from, room)
    }

    /// What the offers from a position on add that fit one after another.
    fn fill(&self, from: usize, mut room: i64) -> f64 {
        let mut worth = 0.0;
        for (_, offer) in &self.dense[from..] {
            if offer.weight <= room {
                worth += f64::from(offer.worth);
                room -= offer.weight;
            }
        }
        worth
    }

    /// The most that the core is worth within a room.
    fn tabulated(&mut self, mut room: i64, chosen: &mut Vec<u32>) -> f64 {
        let width = width(room);
        let cells = width * (self.core.len() + 1);
        if self.rows.len() < cells {
            self.rows.resize(cells, 0.0);
        }
        tabulate(&self.core, width, &mut self.rows);
        let mut worth = 0.0;
        for (at, offer) in self.core.iter().enumerate().rev() {
            let (without, with) = self.rows[at * width..].split_at(width);
            if with[position(room)] > without[position(room)] {
                chosen.push(offer.item);
                worth += f64::from(offer.worth);
                room -= offer.weight;
            }
        }
        worth
    }
}

/// How many rooms there are up to one.
fn width(room: i64) -> usize {
    usize::try_from(room).map_or(usize::MAX, |room| room.saturating_add(1))
}

/// Which offers may be otherwise than the fractional knapsack has them.
struct Open {
    /// What it pays for a unit of weight.
    price: f64,
    /// The most that a better knapsack can lose against it.
    most: f64,
}

impl Open {
    fn has(&self, offer: &Offer<f32>) -> bool {
        (f64::from(offer.worth) - self.price * offer.weight as f64).abs() <= self.most
    }
}

/// The best of the first so many offers within each room below a width, row by row, into memory that is large enough. Takes
/// offers times width steps.
pub(super) fn tabulate<'o, W>(offers: impl IntoIterator<Item = &'o Offer<W>>, width: usize, rows: &mut [W])
where
    W: Copy + Default + PartialOrd + Add<Output = W> + 'o,
{
    rows[..width].fill(W::default());
    for (at, offer) in offers.into_iter().enumerate() {
        let (done, rest) = rows.split_at_mut((at + 1) * width);
        let (last, next) = (&done[at * width..], &mut rest[..width]);
        let weight = position(offer.weight);
        next[..weight].copy_from_slice(&last[..weight]);
        let (without, with) = (&last[weight..], &last[..width - weight]);
        for ((next, &without), &with) in next[weight..].iter_mut().zip(without).zip(with) {
            let with = with + offer.worth;
            *next = if with > without { with } else { without };
        }
    }
}

fn position(weight: i64) -> usize {
    usize::try_from(weight).expect("weights are from zero to the capacity")
}

/// Dantzig (1957): the most that offers are worth within a capacity if they can be cut, the greatest worth for weight first.
/// The first that does not fit counts in part; `take` sees those before it, which do.
pub(super) fn fractional<'o, W>(
    dense: impl IntoIterator<Item = &'o Offer<W>>,
    capacity: i64,
    mut take: impl FnMut(&Offer<W>),
) -> f64
where
    W: Copy + Into<f64> + 'o,
{
    let (mut worth, mut room) = (0.0, capacity);
    for offer in dense {
        if offer.weight > room {
            return worth + offer.worth.into() * room as f64 / offer.weight as f64;
        }
        take(offer);
        worth += offer.worth.into();
        room -= offer.weight;
    }
    worth
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::support::numbers::round;

    /// The most that any choice of the offers is worth, by the table of all of them.
    fn by_table(offers: &[Offer<f32>], capacity: i64) -> f64 {
        let width = width(capacity);
        let mut rows = vec![0.0; width * (offers.len() + 1)];
        tabulate(offers, width, &mut rows);
        f64::from(rows[width * offers.len() + width - 1])
    }

    proptest! {
        #[test]
        fn a_core_is_worth_what_the_table_of_all_is(
            (numbers, capacity) in (200_i64..1_500).prop_flat_map(|capacity| {
                (prop::collection::vec((1_u16..2_000, 0..=capacity.min(300)), 1..120), Just(capacity))
            }),
            is_dense in any::<bool>(),
        ) {
            // Where they are dense, worth is weight and a little more or less, and many offers tie.
            let worth = |worth: u16, weight: i64| if is_dense { weight as f32 + f32::from(worth % 8) + 1.0 } else { worth.into() };
            let offer = |(item, (given, weight))| Offer { item, worth: worth(given, weight), weight };
            let offers: Vec<Offer<f32>> = (0..).zip(numbers).map(offer).collect();
            let mut chosen = Vec::new();
            let best = Knapsack::default().solve(&offers, capacity, &mut chosen);
            let taken = || chosen.iter().map(|&item| &offers[item as usize]);
            // All of them are whole.
            prop_assert_eq!(round(best), round(by_table(&offers, capacity)));
            prop_assert_eq!(round(best), round(taken().map(|offer| f64::from(offer.worth)).sum()));
            prop_assert!(taken().map(|offer| offer.weight).sum::<i64>() <= capacity);
            chosen.sort_unstable();
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    fn offers() -> Vec<Offer<f32>> {
        let offer = |(item, (worth, weight))| Offer { item, worth, weight };
        (0..).zip([(10.0, 4), (7.0, 3), (3.0, 2)]).map(offer).collect()
    }

    #[test]
    fn the_best_items_that_fit_are_taken() {
        // Within 6: 10 + 3 by the first and the last, against 7 + 3 and 10 alone.
        let mut chosen = Vec::new();
        assert!((Knapsack::default().solve(&offers(), 6, &mut chosen) - 13.0).abs() < 1e-9);
        chosen.sort_unstable();
        assert_eq!(chosen, [0, 2]);
    }

    #[test]
    fn a_wide_knapsack_is_bounded_by_its_fractional_form() {
        // Within 6: all of the first, two thirds of the second.
        let mut chosen = Vec::new();
        assert!((fractional(&offers(), 6, |offer| chosen.push(offer.item)) - (10.0 + 14.0 / 3.0)).abs() < 1e-9);
        assert_eq!(chosen, [0]);
    }
}
