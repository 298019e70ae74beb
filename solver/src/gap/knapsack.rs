//! The knapsack that prices leave to one agent: which items to take, each worth what its price is above its cost.

/// Cells of the table of one knapsack; where there are more, the fractional knapsack stands in.
const TABLE_MAX: usize = 1 << 23;

/// An item that is worth something to an agent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    /// The item's position in its list.
    pub(super) item: u32,
    /// Above zero.
    pub(super) worth: f32,
    /// From zero to the capacity.
    pub(super) weight: i64,
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
    pub(super) fn solve(&mut self, offers: &mut [Offer], capacity: i64, chosen: &mut Vec<u32>) -> f64 {
        let all: i128 = offers.iter().map(|offer| i128::from(offer.weight)).sum();
        if all <= i128::from(capacity) {
            chosen.extend(offers.iter().map(|offer| offer.item));
            return offers.iter().map(|offer| f64::from(offer.worth)).sum();
        }
        match usize::try_from(capacity) {
            Ok(capacity) if (capacity + 1).saturating_mul(offers.len() + 1) <= TABLE_MAX => {
                self.whole(offers, capacity, chosen)
            }
            _ => fractional(offers, capacity, chosen),
        }
    }

    fn whole(&mut self, offers: &[Offer], capacity: usize, chosen: &mut Vec<u32>) -> f64 {
        let width = capacity + 1;
        let cells = width * (offers.len() + 1);
        if self.rows.len() < cells {
            self.rows.resize(cells, 0.0);
        }
        self.rows[..width].fill(0.0);
        for (at, offer) in offers.iter().enumerate() {
            let (done, rest) = self.rows.split_at_mut((at + 1) * width);
            let (last, next) = (&done[at * width..], &mut rest[..width]);
            let weight = position(offer.weight);
            next[..weight].copy_from_slice(&last[..weight]);
            let (without, with) = (&last[weight..], &last[..width - weight]);
            for ((next, without), with) in next[weight..].iter_mut().zip(without).zip(with) {
                let with = with + offer.worth;
                *next = if with > *without { with } else { *without };
            }
        }
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

fn position(weight: i64) -> usize {
    usize::try_from(weight).expect("weights are from zero to the capacity")
}

/// Dantzig (1957): by worth for weight; the first item that does not fit counts in part and is not taken.
fn fractional(offers: &mut [Offer], capacity: i64, chosen: &mut Vec<u32>) -> f64 {
    let ratio = |offer: &Offer| f64::from(offer.worth) / offer.weight as f64;
    offers.sort_by(|a, b| ratio(b).total_cmp(&ratio(a)).then(a.item.cmp(&b.item)));
    let (mut worth, mut room) = (0.0, capacity);
    for offer in offers {
        if offer.weight > room {
            return worth + f64::from(offer.worth) * room as f64 / offer.weight as f64;
        }
        chosen.push(offer.item);
        worth += f64::from(offer.worth);
        room -= offer.weight;
    }
    worth
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers() -> Vec<Offer> {
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
        assert!((fractional(&mut offers(), 6, &mut chosen) - (10.0 + 14.0 / 3.0)).abs() < 1e-9);
        assert_eq!(chosen, [0]);
    }
}
