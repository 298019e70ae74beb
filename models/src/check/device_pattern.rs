//! Device patterns, re-priced exactly: the most that the capsules on one device can be worth.
//!
//! A capsule of `n` devices counts as `n` pieces of `1/n` of its worth, rounded up, on any device: a relaxation, so what
//! the knapsack says is never less than the truth. The knapsack is the plain dynamic program over 1,000 milli.

use crate::tile_class::DEVICE_MILLI;

/// A piece that may lie on a device any number of times: its milli, above zero, and its worth.
pub(super) type Piece = (u16, i128);

/// The most worth that fits one device; `None` where it overflows. O(pieces + distinct milli times 1,000).
pub(super) fn best_device(pieces: impl IntoIterator<Item = Piece>) -> Option<i128> {
    let whole = usize::from(DEVICE_MILLI);
    let mut worth_of = vec![0i128; whole + 1];
    for (milli, worth) in pieces {
        let slot = &mut worth_of[usize::from(milli)];
        *slot = worth.max(*slot);
    }
    let kinds: Vec<(usize, i128)> = (1..=whole).filter(|&m| worth_of[m] > 0).map(|m| (m, worth_of[m])).collect();
    let mut best = vec![0i128; whole + 1];
    for filled in 1..=whole {
        best[filled] = best[filled - 1];
        for &(milli, worth) in kinds.iter().filter(|kind| kind.0 <= filled) {
            best[filled] = best[filled].max(best[filled - milli].checked_add(worth)?);
        }
    }
    Some(best[whole])
}

/// The worth of one piece of a capsule on `devices` devices, rounded up.
pub(super) fn piece_worth(worth: i128, devices: u8) -> i128 {
    let parts = i128::from(devices.max(1));
    worth.div_euclid(parts) + i128::from(worth.rem_euclid(parts) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_beat_one_large_piece() {
        // 460 twice is 20; 810 alone is 15; 1,000 alone is 18.
        assert_eq!(best_device([(460, 10), (810, 15), (1_000, 18)]), Some(20));
    }

    #[test]
    fn worthless_pieces_are_left_out() {
        assert_eq!(best_device([(100, -5), (1_000, 0)]), Some(0));
    }

    #[test]
    fn a_worth_beyond_128_bits_is_no_worth() {
        assert_eq!(best_device([(500, i128::MAX / 2 + 1)]), None);
    }

    #[test]
    fn a_split_worth_rounds_up() {
        assert_eq!((piece_worth(7, 2), piece_worth(8, 2), piece_worth(-7, 2)), (4, 4, -3));
    }
}
