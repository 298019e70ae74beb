//! What remainders of a device are worth: the dual of cutting devices into the sizes asked for.
//!
//! ```text
//! maximize   sum over sizes of demand * worth
//! subject to sum over a pattern of worth <= 1      every pattern: sizes that fit 1000 milli together
//! ```
//!
//! Its patterns are infinitely many in practice and come as they are violated, by a knapsack over 1,000 milli (Gilmore & Gomory
//! 1961). A remainder is worth what pays most of all that fits it.

use std::collections::BTreeMap;

use lessor_models::tile_class::DEVICE_MILLI;

use crate::bound::dense;
use crate::support::numbers::round;

use super::{Asked, DEVICE_WORTH};

/// Sizes that have a worth of their own; the rest, those with least demand, count as worth nothing.
const SIZES_MAX: usize = 64;

/// Rounds of generating patterns, at most. Should they run out, what stands is scaled until every pattern holds.
const ROUNDS_MAX: usize = 300;

/// By how much a pattern must be worth more than a device to be added.
const GAIN_MIN: f64 = 1e-7;

const WHOLE: usize = DEVICE_MILLI as usize;

/// The worth of every remainder.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    /// By milli-devices left, in millionths of a device; it never falls.
    worth: Vec<i64>,
    /// By the sizes that were asked for, in devices.
    sizes: BTreeMap<u16, f64>,
}

impl Pieces {
    /// A milli-device is worth a thousandth of a device, wherever it is.
    pub(super) fn by_size() -> Pieces {
        Pieces {
            worth: (0..).map(|milli| milli * DEVICE_WORTH / i64::from(DEVICE_MILLI)).take(WHOLE + 1).collect(),
            sizes: BTreeMap::new(),
        }
    }

    /// The worth of remainders under a mix of capsules that all hold devices.
    pub(super) fn of(holders: &[Asked]) -> Pieces {
        let mut demand: BTreeMap<u16, f64> = BTreeMap::new();
        for sort in holders {
            *demand.entry(sort.milli).or_default() += sort.count as f64 * f64::from(sort.devices);
        }
        let mut sizes: Vec<(u16, f64)> = demand.into_iter().collect();
        sizes.sort_by(|one, other| (other.1 * f64::from(other.0)).total_cmp(&(one.1 * f64::from(one.0))));
        sizes.truncate(SIZES_MAX);
        let worth = duals(&sizes);
        let best = knapsack(&sizes, &worth);
        let millionths = |devices: f64| round(devices * DEVICE_WORTH as f64);
        Pieces {
            worth: best.iter().map(|&(devices, _)| millionths(devices)).collect(),
            sizes: sizes.iter().map(|size| size.0).zip(worth).collect(),
        }
    }

    /// What a device with so much left is worth, in millionths of a device.
    pub(super) fn worth(&self, milli: u16) -> i64 {
        self.worth[usize::from(milli).min(WHOLE)]
    }

    /// What one piece of a size pays, in devices; zero where nobody asked for it.
    pub(super) fn pays(&self, milli: u16) -> f64 {
        self.sizes.get(&milli).copied().unwrap_or(0.0)
    }
}

/// What each size pays at the optimum.
fn duals(sizes: &[(u16, f64)]) -> Vec<f64> {
    let total: f64 = sizes.iter().map(|size| size.1).sum();
    let demand: Vec<f64> = sizes.iter().map(|size| size.1 / total).collect();
    let alone = |at: usize| {
        let fits = f64::from(DEVICE_MILLI / sizes[at].0);
        (0..sizes.len()).map(move |of| if of == at { fits } else { 0.0 })
    };
    let mut patterns: Vec<Vec<f64>> = (0..sizes.len()).map(|at| alone(at).collect()).collect();
    let mut worth = dense::maximize(&demand, &patterns);
    for _ in 0..ROUNDS_MAX {
        let best = knapsack(sizes, &worth);
        if best[WHOLE].0 <= 1.0 + GAIN_MIN {
            return worth;
        }
        patterns.push(pattern(sizes, &best));
        worth = dense::maximize(&demand, &patterns);
    }
    let most = knapsack(sizes, &worth)[WHOLE].0;
    worth.iter().map(|worth| worth / most.max(1.0)).collect()
}

/// The most that pieces within so many milli pay, and the last of them; by milli.
fn knapsack(sizes: &[(u16, f64)], worth: &[f64]) -> Vec<(f64, Option<usize>)> {
    let mut best = vec![(0.0, None); WHOLE + 1];
    for room in 1..=WHOLE {
        best[room] = (best[room - 1].0, None);
        for (at, &(size, _)) in sizes.iter().enumerate() {
            let size = usize::from(size);
            if size <= room && worth[at] > 0.0 && best[room - size].0 + worth[at] > best[room].0 + GAIN_MIN / 10.0 {
                best[room] = (best[room - size].0 + worth[at], Some(at));
            }
        }
    }
    best
}

/// How often each size is in the best pattern of a whole device.
fn pattern(sizes: &[(u16, f64)], best: &[(f64, Option<usize>)]) -> Vec<f64> {
    let (mut counts, mut room) = (vec![0.0; sizes.len()], WHOLE);
    while room > 0 {
        match best[room].1 {
            Some(at) => {
                counts[at] += 1.0;
                room -= usize::from(sizes[at].0);
            }
            None => room -= 1,
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(sizes: &[(u16, u64)]) -> Pieces {
        let sort = |&(milli, count): &(u16, u64)| Asked { devices: 1, milli, compute: 0, memory: 0, count };
        Pieces::of(&sizes.iter().map(sort).collect::<Vec<_>>())
    }

    #[test]
    fn what_fills_up_others_for_nothing_is_worth_nothing() {
        // Nine devices of 810 have room for nine of 160, and only one comes: room for it is not scarce.
        let pieces = pieces(&[(810, 9), (160, 1)]);
        assert_eq!((pieces.worth(1_000), pieces.worth(810), pieces.worth(190)), (1_000_000, 1_000_000, 0));
    }

    #[test]
    fn what_comes_more_often_than_there_is_company_pays_for_its_own_device() {
        // One of 600 and nine of 400: two of 400 share a device, so each pays a half, and so does the room beside a 600.
        let pieces = pieces(&[(600, 1), (400, 9)]);
        assert_eq!(
            [1_000, 999, 600, 400, 399].map(|milli| pieces.worth(milli)),
            [1_000_000, 1_000_000, 500_000, 500_000, 0]
        );
        assert!((pieces.pays(600) - 0.5).abs() < 1e-6 && (pieces.pays(400) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn no_pattern_pays_more_than_a_device() {
        let sizes =
            [(470, 998), (320, 434), (650, 344), (230, 187), (460, 179), (160, 103), (590, 94), (550, 92), (810, 1)];
        let pieces = pieces(&sizes);
        for (a, b, c) in [(470, 320, 160), (650, 320, 0), (230, 460, 230), (590, 230, 160), (550, 230, 160)] {
            let paid: f64 = [a, b, c].iter().map(|&milli| pieces.pays(milli)).sum();
            assert!(paid <= 1.0 + 1e-6, "{a} + {b} + {c} pay {paid}");
        }
        assert_eq!(pieces.worth(1_000), 1_000_000);
    }
}
