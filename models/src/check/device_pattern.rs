//! Device patterns: what devices are worth at the prices of their pieces, instant by instant.
//!
//! ```text
//! sum over scopes and instants of  devices on the scope's tiles * best pattern of one device
//! best pattern = max of  sum of n[m] * p[m]  over whole n >= 0 with  sum of n[m] * m <= 1,000 milli
//! ```
//!
//! The pieces that a plan holds at an instant lie on devices, and those on one device are a pattern, so they pay no more than
//! this. That the pieces of one capsule lie on distinct devices of one tile is left out, which only raises the worth. The
//! knapsack is the plain dynamic program over 1,000 milli.

use std::collections::{BTreeMap, HashMap};

use super::bound::BoundError;
use super::eligibility;
use crate::certificate::{DUAL_SHIFT, PIECE_PRICE_SHIFT, PiecePrice};
use crate::fleet::{ClassIndex, NodeIndex};
use crate::instance::Instance;
use crate::tile_class::DEVICE_MILLI;
use crate::time::Timestamp;

/// Tiles of one class under one node.
type TileScope = (ClassIndex, NodeIndex);

/// Prices of pieces by their milli, above zero.
type Pieces = BTreeMap<u16, i128>;

/// What the devices of every scope are worth, scaled by 2^`DUAL_SHIFT`.
///
/// O(tiles, and for each scope and instant distinct milli times 1,000).
pub(super) fn worth(instance: &Instance, prices: &[PiecePrice]) -> Result<i128, BoundError> {
    let mut scopes: BTreeMap<TileScope, BTreeMap<Timestamp, Pieces>> = BTreeMap::new();
    for piece in prices.iter().filter(|piece| piece.price > 0) {
        let pieces = scopes.entry((piece.class, piece.under)).or_default().entry(piece.instant).or_default();
        let sum = pieces.entry(piece.milli).or_default();
        *sum = sum.checked_add(scaled_price(piece)).ok_or(BoundError::Overflow)?;
    }
    let mut total = 0i128;
    if scopes.is_empty() {
        return Ok(total);
    }
    let devices = device_counts(instance, scopes.keys().copied());
    for (scope, instants) in &scopes {
        for pieces in instants.values() {
            let worth = best_device(pieces).and_then(|worth| worth.checked_mul(devices[scope]));
            total = worth.and_then(|worth| total.checked_add(worth)).ok_or(BoundError::Overflow)?;
        }
    }
    Ok(total)
}

/// A price scaled by 2^`DUAL_SHIFT`: less than 2^110.
pub(super) fn scaled_price(piece: &PiecePrice) -> i128 {
    i128::from(piece.price) << (DUAL_SHIFT - PIECE_PRICE_SHIFT)
}

/// Devices on the tiles of each scope; a tile that can hold no capsule counts for none.
fn device_counts(instance: &Instance, scopes: impl Iterator<Item = TileScope>) -> HashMap<TileScope, i128> {
    let fleet = instance.fleet();
    let mut counts: HashMap<TileScope, i128> = scopes.map(|scope| (scope, 0)).collect();
    for tile in eligibility::usable_tiles(instance) {
        let class = fleet.class_of(tile).expect("tiles have classes");
        let devices = i128::from(fleet.classes()[class.at()].devices);
        for under in fleet.path(tile) {
            if let Some(count) = counts.get_mut(&(class, under)) {
                *count += devices;
            }
        }
    }
    counts
}

/// The most that a pattern of one device is worth; `None` where it overflows. O(pieces times 1,000).
fn best_device(pieces: &Pieces) -> Option<i128> {
    let whole = usize::from(DEVICE_MILLI);
    let pieces: Vec<(usize, i128)> = pieces.iter().map(|(&milli, &worth)| (usize::from(milli), worth)).collect();
    let mut best = vec![0i128; whole + 1];
    for filled in 1..=whole {
        best[filled] = best[filled - 1];
        for &(milli, worth) in pieces.iter().filter(|piece| piece.0 <= filled) {
            best[filled] = best[filled].max(best[filled - milli].checked_add(worth)?);
        }
    }
    Some(best[whole])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_halves_beat_one_large_piece() {
        // 460 twice is 20; 810 alone is 15; 1,000 alone is 18.
        assert_eq!(best_device(&Pieces::from([(460, 10), (810, 15), (1_000, 18)])), Some(20));
    }

    #[test]
    fn a_pattern_mixes_pieces_and_leaves_room_unused() {
        // 600 and 300 are 13 with 100 unused; three of 300 are 12; 600 alone is 9.
        assert_eq!(best_device(&Pieces::from([(600, 9), (300, 4)])), Some(13));
        assert_eq!(best_device(&Pieces::new()), Some(0));
    }

    #[test]
    fn a_worth_beyond_128_bits_is_no_worth() {
        assert_eq!(best_device(&Pieces::from([(500, i128::MAX / 2 + 1)])), None);
    }
}
