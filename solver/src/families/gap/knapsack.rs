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
    /// The best of the first so many offers within each room, row by row.
    rows: Vec<f32>,
}

impl Knapsack {
    /// The most that the offers are worth within a capacity, or a limit on it where the table would be too large; the items
    /// taken are pushed to `chosen`, and fit. Takes offers times capacity steps.
    pub(super) fn solve(&mut self, offers: &mut [Offer<f32>], capacity: i64, chosen: &mut Vec<u32>) -> f64 {
        let all: i128 = offers.iter().map(|offer| i128::from(offer.weight)).sum();
        if all <= i128::from(capacity) {
            chosen.extend(offers.iter().map(|offer| offer.item));
            return offers.iter().map(|offer| f64::from(offer.worth)).sum();
        }
        match usize::try_from(capacity) {
            Ok(capacity) if (capacity + 1).saturating_mul(offers.len() + 1) <= TABLE_MAX => {
                self.whole(offers, capacity, chosen)
            }
            _ => {
                offers.sort_by(|a, b| b.ratio().total_cmp(&a.ratio()).then(a.item.cmp(&b.item)));
                fractional(&*offers, capacity, |offer| chosen.push(offer.item))
            }
        }
    }

    fn whole(&mut self, offers: &[Offer<f32>], capacity: usize, chosen: &mut Vec<u32>) -> f64 {
        let width = capacity + 1;
        let cells = width * (offers.len() + 1);
        if self.rows.len() < cells {
            self.rows.resize(cells, 0.0);
        }
        tabulate(offers, width, &mut self.rows);
        let (mut room, mut worth) = (capacity, 0.0);
        for (at, offer) in offers.iter().enumerate().rev() {
            if self.rows[(at + 1) * width + room] > self.rows[at * width + room] {
                chosen.push(offer.item);
                worth += f64::from(offer.worth);
                room -= position(offer.weight);
            }
        }
        worth
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
    use super::*;

    fn offers() -> Vec<Offer<f32>> {
        let offer = |(item, (worth, weight))| Offer { item, worth, weight };
        (0..).zip([(10.0, 4), (7.0, 3), (3.0, 2)]).map(offer).collect()
    }

    #[test]
    fn the_best_items_that_fit_are_taken() {
        // Within 6: 10 + 3 by the first and the last, against 7 + 3 and 10 alone.
        let mut chosen = Vec::new();
        assert!((Knapsack::default().solve(&mut offers(), 6, &mut chosen) - 13.0).abs() < 1e-9);
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
