//! Prices of goods that suit rows, decided in whole numbers: the lowest such prices, or the proof that there are none.
//!
//! ```text
//! minimize  weights x p   subject to  row x p >= limit  every row,   p >= 0
//! ```
//!
//! is solved by the dual simplex method from `p = 0` (Lemke 1954), which is the lowest of all prices: while a row is broken, it
//! takes the place of one of those that hold with equality, so that prices rise no more than they must. Where it can take none's,
//! no prices suit: the row is below its limit, and the slacks of all rows that hold with equality lower it further. Prices and
//! what they change by are kept over one common denominator, the determinant of the rows that hold with equality, so that every
//! division is whole (Edmonds 1967, Bareiss 1968).

use num_bigint::BigInt;

/// What prices must come to: quantities of goods, each good once, and the least that they cost together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) entries: Vec<(usize, i128)>,
    pub(super) least: i128,
}

/// What came of a search for prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suited {
    /// All rows hold.
    Yes,
    /// No prices suit all rows: that is proved.
    Never,
    /// The work was over first.
    OutOfWork,
}

/// The lowest prices that suit the rows so far.
#[derive(Clone, Debug)]
pub(super) struct Lowest {
    /// The price of each good, over `under`.
    prices: Vec<BigInt>,
    /// By how much each price changes with the slack of each row that holds with equality, over `under`.
    slopes: Vec<Vec<BigInt>>,
    /// What a unit of each of these slacks costs, over `under`; never below zero.
    costs: Vec<BigInt>,
    /// Which rows hold with equality: the goods' own `p >= 0` first, then those of the caller.
    tight: Vec<usize>,
    under: BigInt,
}

/// Pivots after which the first broken row is taken and not the most broken, so that none comes up again and again (Bland 1977).
const GREEDY_PIVOTS: usize = 256;

impl Lowest {
    /// Prices of nothing, of goods that weigh so much each.
    pub(super) fn new(weights: &[u64]) -> Lowest {
        let goods = weights.len();
        let unit = |at: usize| (0..goods).map(|good| BigInt::from(u8::from(good == at))).collect();
        Lowest {
            prices: vec![BigInt::ZERO; goods],
            slopes: (0..goods).map(unit).collect(),
            costs: weights.iter().map(|&weight| BigInt::from(weight)).collect(),
            tight: (0..goods).collect(),
            under: BigInt::from(1),
        }
    }

    /// Raises prices until all rows hold, the same ones as before and more behind them, as long as the work lasts.
    pub(super) fn suit(&mut self, rows: &[Row], work: &mut u64) -> Suited {
        for pivots in 0.. {
            let goods = self.prices.len();
            let Some(spent) = work.checked_sub(self.work_of(rows)) else { return Suited::OutOfWork };
            *work = spent;
            let own = (0..goods).map(|good| (good, self.prices[good].clone()));
            let rest = (goods..).zip(rows).map(|(at, row)| (at, self.beyond(row)));
            let mut broken = own.chain(rest).filter(|(_, beyond)| *beyond < BigInt::ZERO);
            let next = if pivots < GREEDY_PIVOTS { broken.min_by(|one, two| one.1.cmp(&two.1)) } else { broken.next() };
            let Some((at, beyond)) = next else { return Suited::Yes };
            let changes: Vec<BigInt> = match at.checked_sub(goods) {
                None => self.slopes.iter().map(|slopes| slopes[at].clone()).collect(),
                Some(row) => self.slopes.iter().map(|slopes| product(&rows[row], slopes)).collect(),
            };
            // Of the slacks that raise the row, the one that costs least for it; of equals the first.
            let raising = (0..goods).filter(|&slack| changes[slack] > BigInt::ZERO);
            let dearer = |&one: &usize, &two: &usize| {
                let crossed = (&self.costs[one] * &changes[two]).cmp(&(&self.costs[two] * &changes[one]));
                crossed.then(self.tight[one].cmp(&self.tight[two]))
            };
            let Some(slack) = raising.min_by(dearer) else { return Suited::Never };
            self.exchange(slack, (at, beyond), &changes);
        }
        Suited::OutOfWork
    }

    /// What a row is beyond its limit, times the denominator; below zero where it is broken.
    pub(super) fn beyond(&self, row: &Row) -> BigInt {
        product(row, &self.prices) - &self.under * row.least
    }

    /// What quantities cost, in whole micro-credits: rounded down, and whether that is less than they cost.
    pub(super) fn cost(&self, entries: &[(usize, i128)]) -> (BigInt, bool) {
        let cost = entries.iter().map(|&(good, quantity)| &self.prices[good] * quantity).sum::<BigInt>();
        let down = &cost / &self.under;
        let is_less = &down * &self.under < cost;
        (down, is_less)
    }

    /// The price of a good in parts of `2^-bits`, to the nearest; as much as there is where that is beyond all range.
    pub(super) fn price(&self, good: usize, bits: u32) -> u128 {
        let nearest = ((&self.prices[good] << (bits + 1)) + &self.under) / (&self.under * 2);
        u128::try_from(nearest).unwrap_or(u128::MAX)
    }

    /// Lets a row take the place of one that holds with equality.
    fn exchange(&mut self, slack: usize, (row, beyond): (usize, BigInt), changes: &[BigInt]) {
        let (Lowest { prices, slopes, costs, under, .. }, by) = (&mut *self, &changes[slack]);
        let own = slopes[slack].clone();
        let cost = costs[slack].clone();
        for (price, own) in prices.iter_mut().zip(&own) {
            *price = (&*price * by - own * &beyond) / &*under;
        }
        for other in (0..slopes.len()).filter(|&other| other != slack) {
            let change = &changes[other];
            for (slope, own) in slopes[other].iter_mut().zip(&own) {
                *slope = (&*slope * by - own * change) / &*under;
            }
            costs[other] = (&costs[other] * by - &cost * change) / &*under;
        }
        (self.tight[slack], self.under) = (row, by.clone());
    }

    /// What one step costs, in products of words.
    fn work_of(&self, rows: &[Row]) -> u64 {
        let entries = self.prices.len() * self.prices.len() + rows.iter().map(|row| row.entries.len()).sum::<usize>();
        (entries as u64).saturating_mul(self.under.bits() / 64 + 1)
    }
}

fn product(row: &Row, of_goods: &[BigInt]) -> BigInt {
    row.entries.iter().map(|&(good, quantity)| &of_goods[good] * quantity).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(entries: &[(usize, i128)], least: i128) -> Row {
        Row { entries: entries.to_vec(), least }
    }

    #[test]
    fn the_lowest_prices_are_found_whatever_lies_between_amounts() {
        // Two units for at most 10^15, and one for 50 at least: 50 each.
        let mut lowest = Lowest::new(&[2]);
        let rows = [row(&[(0, -2)], -1_000_000_000_000_000), row(&[(0, 1)], 50)];
        assert_eq!(lowest.suit(&rows, &mut 1_000), Suited::Yes);
        assert_eq!((lowest.price(0, 1), lowest.cost(&[(0, 2)])), (100, (BigInt::from(100), false)));
    }

    #[test]
    fn that_no_prices_suit_is_proved_by_one_micro_credit() {
        // Three of one and seven of another for at most 10^15, of which each costs a part that is one too much in all.
        let most = 1_000_000_000_000_000;
        let rows = |second| [row(&[(0, -3), (1, -7)], -most), row(&[(0, 3)], most / 2), row(&[(1, 7)], second)];
        assert_eq!(Lowest::new(&[3, 7]).suit(&rows(most / 2), &mut 1_000), Suited::Yes);
        assert_eq!(Lowest::new(&[3, 7]).suit(&rows(most / 2 + 1), &mut 1_000), Suited::Never);
        assert_eq!(Lowest::new(&[3, 7]).suit(&rows(most / 2), &mut 3), Suited::OutOfWork);
    }

    proptest! {
        /// Prices of two goods that suit rows include, where there are any, a point where two lines cross.
        #[test]
        fn rows_of_two_goods_are_decided_as_by_trying_all_crossings(
            stated in proptest::collection::vec((-3_i128..4, -3_i128..4, -9_i128..10), 0..7)
        ) {
            let rows: Vec<Row> = stated.iter().map(|&(one, two, least)| row(&[(0, one), (1, two)], least)).collect();
            let lines: Vec<_> = stated.iter().copied().chain([(1, 0, 0), (0, 1, 0)]).collect();
            let crossing = |one: &(i128, i128, i128), two: &(i128, i128, i128)| {
                let scale = one.0 * two.1 - one.1 * two.0;
                let point = (one.2 * two.1 - one.1 * two.2, one.0 * two.2 - two.0 * one.2);
                (scale != 0).then_some((point.0 * scale.signum(), point.1 * scale.signum(), scale.abs()))
            };
            let suits = |&(x, y, scale): &(i128, i128, i128)| lines.iter().all(|line| line.0 * x + line.1 * y >= line.2 * scale);
            let points = lines.iter().flat_map(|one| lines.iter().filter_map(move |two| crossing(one, two)));
            let points: Vec<_> = points.filter(suits).collect();
            let mut lowest = Lowest::new(&[1, 2]);
            let found = lowest.suit(&rows, &mut 100_000);
            prop_assert_eq!(found, if points.is_empty() { Suited::Never } else { Suited::Yes });
            if let Some(&(x, y, scale)) = points.iter().min_by(|one, two| {
                ((one.0 + 2 * one.1) * two.2).cmp(&((two.0 + 2 * two.1) * one.2))
            }) {
                let least = BigInt::from(x + 2 * y) * &lowest.under;
                prop_assert_eq!((&lowest.prices[0] + &lowest.prices[1] * 2) * scale, least);
            }
        }
    }
}
