//! What every tile lacks for one capsule of a class: read once, so that the many trials of a gang skip full tiles at a byte
//! each, and groups of full tiles at once.

use std::ops::Range;

use lessor_models::resources::{Kind, Resources};

use super::mask::Mask;
use super::{Explainer, starts};
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};

/// The kinds that each tile lacks at every start of a class, a bit each, by tile.
#[derive(Clone, Debug, Default)]
pub(super) struct Shortage {
    bits: Vec<u8>,
    /// The distinct bytes of each group's tiles.
    of_groups: Vec<Vec<u8>>,
}

impl Shortage {
    /// Reads every tile. O(tiles times starts times buckets of a term).
    pub(super) fn of(explainer: &Explainer<'_, '_>, class: JobClassIndex) -> Shortage {
        let lowered = explainer.occupancy.lowered();
        let mut bits = vec![0; lowered.tiles.len()];
        let mut of_groups = Vec::with_capacity(lowered.groups.len());
        for group in lowered.group_indexes() {
            let overs = overs(explainer, class, group);
            for (at, bits) in lowered.group(group).tiles.clone().zip(&mut bits[lowered.group(group).tiles.clone()]) {
                *bits = of_tile(explainer, class, TileIndex::new(at), &overs);
            }
            let mut distinct = bits[lowered.group(group).tiles.clone()].to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            of_groups.push(distinct);
        }
        Shortage { bits, of_groups }
    }

    /// Whether some tile of a group lacks none of some kinds, or the group was not read.
    pub(super) fn has_tile_with(&self, group: GroupIndex, kinds: Mask) -> bool {
        let distinct = self.of_groups.get(group.at());
        distinct.is_none_or(|distinct| distinct.iter().any(|&bits| !Mask::kinds(bits).meets(kinds)))
    }

    /// What a tile lacks; nothing where it was not read.
    pub(super) fn of_tile(&self, tile: TileIndex) -> Mask {
        self.bits.get(tile.at()).map_or(Mask::default(), |&bits| Mask::kinds(bits))
    }
}

/// The buckets of every run that starts inside the class's window or after it.
fn overs(explainer: &Explainer<'_, '_>, class: JobClassIndex, group: GroupIndex) -> Vec<Range<usize>> {
    let lowered = explainer.occupancy.lowered();
    let starts = starts::inside(lowered, class, group).chain(starts::late(lowered, class, group));
    let mut overs: Vec<Range<usize>> = starts.map(|start| explainer.occupancy.buckets(class, group, start)).collect();
    overs.dedup();
    overs
}

fn of_tile(explainer: &Explainer<'_, '_>, class: JobClassIndex, tile: TileIndex, overs: &[Range<usize>]) -> u8 {
    let (occupancy, lowered) = (explainer.occupancy, explainer.occupancy.lowered());
    let draw = lowered.draw(class, lowered.group_of(tile));
    let mut lacking = u8::MAX;
    for over in overs {
        lacking &= over.clone().fold(0, |bits, bucket| bits | short_bits(draw, occupancy.tile_left(tile, bucket)));
        if lacking == 0 {
            break;
        }
    }
    lacking
}

/// The kinds that are short, a bit each.
#[inline]
pub(super) fn short_bits(draw: &Resources, left: &Resources) -> u8 {
    let mut bits = 0u8;
    for k in 0..Kind::COUNT {
        bits |= u8::from(draw.0[k] > left.0[k]) << k;
    }
    bits
}
