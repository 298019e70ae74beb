//! The upper tail of one sensor's readings on one tile, and how far it reaches toward the limit.
//!
//! As a function: a [`Gauge`] maps a reading to its *excess*, in thousandths of the way from where concern starts to the
//! limit; a [`Tail`] gives the quantile of the excesses of the running window, or of the last finished one, whichever is
//! worse. The map never falls, so a quantile of excesses is the excess of that quantile, and nothing but the excesses
//! need be kept: a tile whose readings are all calm costs a counter.
//!
//! The sketch is DDSketch (Masson, Rim, Lee: *DDSketch*, VLDB 2019), not KLL or a t-digest. KLL flips coins, and the
//! library at hand takes them from a thread-local generator that cannot be seeded; a t-digest depends on the order of its
//! input, and one hotter reading can lower its answer. DDSketch only counts readings by logarithmic bins: it is
//! deterministic, does not see order, and never falls when a reading rises. Excesses of [`EXCESS_LEAST`] to
//! [`EXCESS_FULL`] fill at most 58 bins of 4 %, so a sketch never collapses bins, which would cost it these properties.

use sketches_ddsketch::{Config, DDSketch};

/// The excess at and beyond the limit, in thousandths.
pub(super) const EXCESS_FULL: u32 = 1_000;

/// The least excess that is told from none, in thousandths; what is less counts as this much.
pub(super) const EXCESS_LEAST: u32 = 10;

/// Relative accuracy of an excess: less than one envelope step anywhere.
const ACCURACY: f64 = 0.04;

/// No fewer than the bins between the least and the full excess, ln(1,000 / 10) / ln(1.04 / 0.96) = 57.5 plus one.
const BINS: u32 = 64;

/// Below every excess.
const SMALLEST: f64 = 1.0;

/// How readings of one sensor map to excesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gauge {
    /// The reading at which the excess is zero.
    pub(super) origin: u64,
    /// How far above the origin readings are still calm.
    pub(super) tolerance: u64,
    /// How far above the origin the excess is full.
    pub(super) scale: u64,
}

impl Gauge {
    /// The excess of a reading, in thousandths of the scale, rounded up; 0 where it is calm.
    pub(super) fn excess(&self, reading: u64) -> u32 {
        let above = reading.saturating_sub(self.origin);
        if above <= self.tolerance {
            return 0;
        }
        let share = (u128::from(above) * u128::from(EXCESS_FULL)).div_ceil(u128::from(self.scale.max(1)));
        u32::try_from(share).unwrap_or(EXCESS_FULL).clamp(EXCESS_LEAST, EXCESS_FULL)
    }
}

/// The excesses of one sensor: a sketch of the running window and the verdict on the one before.
#[derive(Clone, Default)]
pub(super) struct Tail {
    /// Readings of the running window without excess.
    calm: u32,
    /// Readings of the running window with one.
    high: u32,
    /// The quantile of the last finished window that had enough readings, or worse.
    earlier: u32,
    /// The excesses of the running window, from the first one on.
    sketch: Option<Box<DDSketch>>,
}

impl Tail {
    /// Counts one reading into the running window.
    pub(super) fn add(&mut self, excess: u32) {
        if excess == 0 {
            self.calm = self.calm.saturating_add(1);
            return;
        }
        self.high = self.high.saturating_add(1);
        let sketch = self.sketch.get_or_insert_with(|| Box::new(DDSketch::new(Config::new(ACCURACY, BINS, SMALLEST))));
        sketch.add(f64::from(excess.min(EXCESS_FULL)));
    }

    /// Ends the running window. With enough readings it replaces the verdict on the earlier one; with fewer it can only
    /// make it worse, for silence proves nothing.
    pub(super) fn turn(&mut self, quantile_permille: u32, samples_min: u32) {
        let verdict = self.running(quantile_permille);
        let enough = self.calm.saturating_add(self.high) >= samples_min;
        self.earlier = if enough { verdict } else { verdict.max(self.earlier) };
        self.calm = 0;
        self.high = 0;
        self.sketch = None;
    }

    /// The excess that counts: the worse of the running window and the last finished one, in thousandths.
    pub(super) fn excess(&self, quantile_permille: u32) -> u32 {
        self.running(quantile_permille).max(self.earlier)
    }

    /// The quantile of the running window by nearest rank, rounded up to the thousandth; 0 where there is no reading.
    fn running(&self, quantile_permille: u32) -> u32 {
        let Some(sketch) = &self.sketch else { return 0 };
        let count = u64::from(self.calm) + u64::from(self.high);
        let rank = (count * u64::from(quantile_permille)).div_ceil(1_000);
        let Some(index) = rank.checked_sub(u64::from(self.calm) + 1) else { return 0 };
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let last = self.high - 1;
        let found = if index >= last {
            sketch.max()
        } else {
            // The sketch takes a share and rounds the rank down; half a rank more keeps clear of that.
            let share = (f64::from(index) + 0.5) / f64::from(last);
            sketch.quantile(share).expect("the share is below one, for the index is below the last")
        };
        found.map_or(0, rounded_up)
    }
}

impl std::fmt::Debug for Tail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tail { calm, high, earlier, .. } = self;
        f.debug_struct("Tail").field("calm", calm).field("high", high).field("earlier", earlier).finish_non_exhaustive()
    }
}

/// An excess as an integer, rounded up and held to its range.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 1,000 just before")]
fn rounded_up(excess: f64) -> u32 {
    excess.ceil().clamp(0.0, f64::from(EXCESS_FULL)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain version: sort and take the nearest rank.
    fn exact(excesses: &[u32], quantile_permille: u32) -> u32 {
        let mut sorted = excesses.to_vec();
        sorted.sort_unstable();
        let rank = (sorted.len() * quantile_permille as usize).div_ceil(1_000);
        sorted[rank - 1]
    }

    fn tail(excesses: &[u32]) -> Tail {
        let mut tail = Tail::default();
        for &excess in excesses {
            tail.add(excess);
        }
        tail
    }

    fn excesses() -> impl Strategy<Value = Vec<u32>> {
        let one = prop_oneof![2 => Just(0), 3 => EXCESS_LEAST..=EXCESS_FULL, 1 => Just(EXCESS_FULL)];
        proptest::collection::vec(one, 1..200)
    }

    #[test]
    fn a_gauge_counts_from_its_origin_and_forgives_its_tolerance() {
        let gauge = Gauge { origin: 100, tolerance: 2, scale: 50 };
        // 103 is 3 of 50 above the origin: 60 thousandths. 102 is within tolerance; 150 and beyond are full.
        assert_eq!([0, 102, 103, 150, u64::MAX].map(|reading| gauge.excess(reading)), [0, 0, 60, 1_000, 1_000]);
    }

    #[test]
    fn a_small_excess_counts_as_the_least_one() {
        let gauge = Gauge { origin: 0, tolerance: 0, scale: 1_000_000 };
        assert_eq!((gauge.excess(0), gauge.excess(1)), (0, EXCESS_LEAST));
    }

    #[test]
    fn a_window_with_enough_readings_clears_the_one_before() {
        let mut tail = tail(&[500, 500]);
        tail.turn(990, 2);
        assert_eq!(tail.excess(990), 500);
        tail.add(0);
        assert_eq!(tail.excess(990), 500);
        tail.turn(990, 2);
        assert_eq!(tail.excess(990), 500, "one calm reading of two needed clears nothing");
        tail.add(0);
        tail.add(0);
        tail.turn(990, 2);
        assert_eq!(tail.excess(990), 0);
    }

    proptest! {
        #[test]
        fn the_quantile_is_within_four_percent_of_the_exact_one(all in excesses(), quantile in 1u32..=1_000) {
            let (found, exact) = (f64::from(tail(&all).excess(quantile)), f64::from(exact(&all, quantile)));
            prop_assert!((found - exact).abs() <= ACCURACY * exact + 1.0, "{found} for {exact}");
        }

        #[test]
        fn the_quantile_does_not_see_order(all in excesses(), quantile in 1u32..=1_000) {
            let reversed: Vec<u32> = all.iter().rev().copied().collect();
            prop_assert_eq!(tail(&all).excess(quantile), tail(&reversed).excess(quantile));
        }

        #[test]
        fn a_higher_reading_never_lowers_the_quantile(
            all in excesses(), at in any::<prop::sample::Index>(), rise in 0..=EXCESS_FULL, quantile in 1u32..=1_000,
        ) {
            let mut higher = all.clone();
            let reading = &mut higher[at.index(all.len())];
            *reading = (*reading + rise).min(EXCESS_FULL);
            *reading = if *reading == 0 { 0 } else { (*reading).max(EXCESS_LEAST) };
            prop_assert!(tail(&higher).excess(quantile) >= tail(&all).excess(quantile));
        }
    }
}
