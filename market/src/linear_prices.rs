//! One price for a unit of each good, the same for all, finer than a micro-credit.
//!
//! Such prices come from linear programs in floating point. What is paid at them is computed from them in integers.

use lessor_solver::support::numbers::round_wide;

use crate::book::GoodIndex;
use crate::clear::outcome::EXACT_UNITS;
use crate::session::catalog::STATED_MICROS;

/// Bits of a price below a micro-credit for a unit.
const SHIFT: u32 = 60;

/// Bits of a sum of prices that are sure.
const SURE_BITS: u32 = 30;

/// What prices may be off by for a bundle, in micro-credits, beside what [`SURE_BITS`] says.
const ROUNDING: i128 = 2;

/// Prices of goods, in 2^-60 micro-credits a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinearPrices(Vec<u128>);

/// What a bundle costs in whole micro-credits: the same twice where that is a whole number, as far as prices are sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(crate) down: u64,
    pub(crate) up: u64,
}

impl LinearPrices {
    /// Prices of nothing, for so many goods.
    pub(crate) fn free(goods: usize) -> LinearPrices {
        LinearPrices(vec![0; goods])
    }

    /// Sets the price of a good, in micro-credits a unit. What is far from any amount costs more than anyone bids, and stays
    /// within range.
    pub(crate) fn set(&mut self, good: GoodIndex, price: f64) {
        let scale = (1_u64 << SHIFT) as f64;
        self.0[good.0 as usize] = u128::try_from(round_wide((price * scale).max(0.0))).unwrap_or(0);
    }

    /// Sets the price of a good to what is told in parts of so many bits of a micro-credit.
    pub(crate) fn set_parts(&mut self, good: GoodIndex, price: impl Fn(u32) -> u128) {
        self.0[good.0 as usize] = price(SHIFT);
    }

    /// Lowers the prices of a bundle, each by the same part, until it costs an amount at most.
    pub(crate) fn lower(&mut self, bundle: &[(GoodIndex, u64)], amount: u64) {
        let (cost, most) = (self.cost(bundle), u128::from(amount) << SHIFT);
        if cost <= most {
            return;
        }
        // A part in 2^-60, rounded down: what it leaves of a price is rounded down as well.
        let part = fraction(most, cost);
        for &(good, _) in bundle {
            let price = &mut self.0[good.0 as usize];
            *price = fixed(*price, part);
        }
    }

    /// What so many units of a good cost, in 2^-60 micro-credits.
    pub(crate) fn of_units(&self, good: GoodIndex, quantity: u64) -> u128 {
        self.0[good.0 as usize].saturating_mul(quantity.into())
    }

    /// What a bundle costs, in 2^-60 micro-credits.
    pub(crate) fn cost(&self, bundle: &[(GoodIndex, u64)]) -> u128 {
        let parts = bundle.iter().map(|&(good, quantity)| self.of_units(good, quantity));
        parts.fold(0, u128::saturating_add)
    }

    /// What is left of an amount when a bundle is paid for, in whole micro-credits, the cost rounded down.
    pub(crate) fn left(&self, amount: u64, bundle: &[(GoodIndex, u64)]) -> i128 {
        i128::from(amount) - i128::try_from(self.cost(bundle) >> SHIFT).unwrap_or(i128::MAX)
    }

    /// What a bundle costs in whole micro-credits.
    pub(crate) fn charge(&self, bundle: &[(GoodIndex, u64)]) -> Charge {
        let cost = self.cost(bundle);
        let nearest = cost.saturating_add(1 << (SHIFT - 1)) >> SHIFT;
        let is_whole = cost.abs_diff(nearest << SHIFT) <= unsure(cost, bundle);
        let (down, up) = if is_whole { (nearest, nearest) } else { (cost >> SHIFT, (cost >> SHIFT) + 1) };
        let amount = |rounded: u128| u64::try_from(rounded).unwrap_or(u64::MAX);
        Charge { down: amount(down), up: amount(up) }
    }

    /// What a bundle costs, in millionths of a micro-credit: a whole number of micro-credits as far as prices are sure, else of
    /// millionths, else rounded up.
    pub(crate) fn millionths(&self, bundle: &[(GoodIndex, u64)]) -> u128 {
        let Charge { down, up } = self.charge(bundle);
        if down == up {
            return u128::from(up) * EXACT_UNITS;
        }
        let cost = self.cost(bundle);
        let unsure = unsure(cost, bundle);
        let [least, most] =
            [cost.saturating_sub(unsure), cost.saturating_add(unsure)].map(|cost| fixed(cost, EXACT_UNITS));
        let nearest = fixed(cost.saturating_add((1 << (SHIFT - 1)) / EXACT_UNITS), EXACT_UNITS);
        if least < most { nearest } else { most + 1 }
    }

    /// The price of a good for 10^6 base units and hour, where a unit is a base unit over so many microseconds, in micro-credits: a
    /// whole number as far as prices are sure, else rounded up.
    pub(crate) fn stated(&self, good: GoodIndex, span_micros: u64) -> u64 {
        let price = self.0[good.0 as usize];
        let parts = fixed(price, STATED_MICROS);
        let span = u128::from(span_micros);
        let nearest = parts.saturating_add(span / 2) / span;
        let is_whole = parts.abs_diff(nearest.saturating_mul(span)) <= (parts >> SURE_BITS) + 1;
        u64::try_from(if is_whole { nearest } else { parts.div_ceil(span) }).unwrap_or(u64::MAX)
    }
}

/// What a cost of a bundle may be off by, in 2^-60 micro-credits.
fn unsure(cost: u128, bundle: &[(GoodIndex, u64)]) -> u128 {
    let units = bundle.iter().map(|entry| u128::from(entry.1)).fold(0, u128::saturating_add);
    (cost >> SURE_BITS).saturating_add(units)
}

/// What prices may be off by for a bundle of an amount, in micro-credits.
pub(crate) fn rounding(amount: u64) -> i128 {
    ROUNDING + i128::from(amount >> SURE_BITS)
}

/// Whether a sum of costs is no more than another, as far as prices are sure.
pub(crate) fn is_within(sum: u128, most: u128) -> bool {
    sum <= most.saturating_add(sum >> SURE_BITS)
}

/// A number in 2^-60 times a whole one, rounded down.
fn fixed(number: u128, times: u128) -> u128 {
    let (whole, part) = (number >> SHIFT, number & ((1 << SHIFT) - 1));
    whole.saturating_mul(times).saturating_add((part * times) >> SHIFT)
}

/// A part of a whole, below 1, in 2^-60, rounded down.
fn fraction(part: u128, whole: u128) -> u128 {
    // Both by as many bits less that the shifted part fits; the whole no less than it is.
    let bits = (u128::BITS - whole.leading_zeros()).saturating_sub(u128::BITS - SHIFT - 1);
    let whole = (whole >> bits).saturating_add(u128::from(bits > 0));
    ((part >> bits) << SHIFT) / whole.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUNDLE: [(GoodIndex, u64); 2] = [(GoodIndex(0), 3), (GoodIndex(1), 7)];

    fn prices(each: [f64; 2]) -> LinearPrices {
        let mut prices = LinearPrices::free(2);
        (0..).map(GoodIndex).zip(each).for_each(|(good, price)| prices.set(good, price));
        prices
    }

    #[test]
    fn a_cost_that_is_whole_but_for_floating_point_is_whole() {
        // A third is no binary fraction: three of it are one all the same.
        let cost = prices([1.0 / 3.0, 2.0]).charge(&BUNDLE);
        assert_eq!(cost, Charge { down: 15, up: 15 });
        assert_eq!(prices([0.5, 2.0]).charge(&BUNDLE), Charge { down: 15, up: 16 });
    }

    #[test]
    fn a_cost_of_whole_millionths_but_for_floating_point_is_told_so_and_any_other_rounded_up() {
        let told = |each| prices(each).millionths(&BUNDLE);
        assert_eq!((told([9.5, 0.0]), told([0.1, 0.0]), told([0.5, 2.0])), (28_500_000, 300_000, 15_500_000));
        // A seventh of a millionth for each of three, and a ninth for each of seven.
        assert_eq!((told([1e-6 / 7.0, 0.0]), told([0.0, 1e-6 / 9.0])), (1, 1));
        assert_eq!((told([1.0 / 9.0, 0.0]), told([1e6 + 0.5, 0.0])), (333_334, 3_000_001_500_000));
    }

    #[test]
    fn lowered_prices_cost_no_more_and_little_less() {
        for amount in [1_u64, 14, 1 << 20, 1 << 53] {
            let mut dear = prices([amount as f64, amount as f64 / 3.0]);
            dear.lower(&BUNDLE, amount);
            let cost = dear.cost(&BUNDLE);
            assert!(cost <= u128::from(amount) << SHIFT, "{amount}");
            assert_eq!(dear.charge(&BUNDLE).up, amount);
        }
        let mut cheap = prices([1.0, 1.0]);
        cheap.lower(&BUNDLE, 10);
        assert_eq!(cheap, prices([1.0, 1.0]));
    }

    #[test]
    fn a_price_is_told_for_a_million_units_and_hour() {
        // Two micro-credits for a unit over half an hour.
        assert_eq!(prices([2.0, 0.0]).stated(GoodIndex(0), 1_800_000_000), 4_000_000);
    }
}
