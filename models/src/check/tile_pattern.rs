//! Tile patterns: what tiles are worth at the prices of shapes, instant by instant.
//!
//! ```text
//! sum over scopes, instants and usable tiles of  best pattern of the tile
//! best pattern = max of  sum of n[s] * p[s]  over whole n >= 0 with  sum of n[s] * draw[s, r] <= room[r]  for each kind r
//! room[r]      = capacity of the tile at the instant less its standing draw
//! ```
//!
//! The capsules that a plan runs on a tile at an instant fit it in every kind, so those of priced shapes are a pattern and pay
//! no more than this (Dantzig-Wolfe over vector packing; Gilmore & Gomory 1961, Vanderbeck & Wolsey 1996). That their devices
//! must fit as devices too is left out, which only raises the worth.
//!
//! The knapsack is a plain depth-first search. Where it has looked at too much, what is left of it counts for an upper bound:
//! of each kind alone, all of what is left at the best price per unit, and every shape that draws none of it as often as it
//! fits; the least over the kinds.

use std::collections::{BTreeMap, HashMap};

use super::bound::BoundError;
use super::eligibility;
use crate::certificate::{DUAL_SHIFT, PIECE_PRICE_SHIFT, ShapePrice};
use crate::draw;
use crate::fleet::{ClassIndex, Fleet, Level, NodeIndex, Owner};
use crate::instance::Instance;
use crate::job::JobIndex;
use crate::resources::{Kind, Resources, UNLIMITED};
use crate::time::{StepFunction, Timestamp};

/// Shapes that the search for one best pattern looks at, counted each time, before it makes do with upper bounds.
const LOOKS_MAX: usize = 1 << 18;

/// Capsules of one pattern beyond which the search makes do with an upper bound.
const CAPSULES_MAX: usize = 64;

/// Tiles of one class under one node.
type TileScope = (ClassIndex, NodeIndex);

/// Prices of shapes by what they draw, above zero, in units of 2^-[`PIECE_PRICE_SHIFT`] micro-credits.
type ShapePrices = BTreeMap<Resources, i128>;

/// What one capsule of the job draws from a tile of the class: its shape there.
pub(super) fn shape(instance: &Instance, class: ClassIndex, job: JobIndex) -> Resources {
    draw::draw(&instance.jobs()[job.at()].demand, &instance.fleet().classes()[class.at()], Level::Tile)
}

/// A price scaled by 2^`DUAL_SHIFT`: less than 2^110.
pub(super) fn scaled_price(shape: &ShapePrice) -> i128 {
    i128::from(shape.price) << (DUAL_SHIFT - PIECE_PRICE_SHIFT)
}

/// What the tiles of every scope are worth, scaled by 2^`DUAL_SHIFT`.
///
/// O(tiles times instants, and for each distinct set of prices and room a search that is cut off).
pub(super) fn worth(instance: &Instance, prices: &[ShapePrice]) -> Result<i128, BoundError> {
    let mut scopes: BTreeMap<TileScope, BTreeMap<Timestamp, ShapePrices>> = BTreeMap::new();
    for price in prices.iter().filter(|price| price.price > 0) {
        let shapes = scopes.entry((price.class, price.under)).or_default().entry(price.instant).or_default();
        let sum = shapes.entry(shape(instance, price.class, price.job)).or_default();
        *sum = sum.checked_add(price.price.into()).ok_or(BoundError::Overflow)?;
    }
    let mut total = 0i128;
    if scopes.is_empty() {
        return Ok(total);
    }
    let mut known: HashMap<(&ShapePrices, Resources), i128> = HashMap::new();
    for ((scope, instant, room), tiles) in rooms(instance, &scopes) {
        let shapes = &scopes[&scope][&instant];
        let best = match known.get(&(shapes, room)) {
            Some(&best) => best,
            None => best_tile(shapes, &room)?,
        };
        known.insert((shapes, room), best);
        let worth = best.checked_mul(tiles).and_then(|worth| worth.checked_mul(1 << (DUAL_SHIFT - PIECE_PRICE_SHIFT)));
        total = worth.and_then(|worth| total.checked_add(worth)).ok_or(BoundError::Overflow)?;
    }
    Ok(total)
}

/// Usable tiles of each scope by the room that each has at each of the scope's instants.
fn rooms(
    instance: &Instance,
    scopes: &BTreeMap<TileScope, BTreeMap<Timestamp, ShapePrices>>,
) -> BTreeMap<(TileScope, Timestamp, Resources), i128> {
    let fleet = instance.fleet();
    let standing: Vec<Resources> = fleet.classes().iter().map(draw::standing).collect();
    let stepped = steps_of_tiles(fleet);
    let mut counts = BTreeMap::new();
    for tile in eligibility::usable_tiles(instance) {
        let class = fleet.class_of(tile).expect("tiles have classes");
        for under in fleet.path(tile) {
            for &instant in scopes.get(&(class, under)).into_iter().flat_map(BTreeMap::keys) {
                let mut given = fleet.base_capacity(Owner::Node(tile));
                for (kind, function) in stepped.get(&tile).into_iter().flatten() {
                    given = given.with(*kind, function.at(instant));
                }
                let room = Resources(std::array::from_fn(|k| match given.0[k] {
                    UNLIMITED => UNLIMITED,
                    given => given.saturating_sub(standing[class.at()].0[k]),
                }));
                *counts.entry(((class, under), instant, room)).or_default() += 1;
            }
        }
    }
    counts
}

/// The capacities of tiles that change.
fn steps_of_tiles(fleet: &Fleet) -> HashMap<NodeIndex, Vec<(Kind, &StepFunction)>> {
    let mut stepped: HashMap<NodeIndex, Vec<(Kind, &StepFunction)>> = HashMap::new();
    for ((owner, kind), function) in fleet.steps() {
        if let Owner::Node(node) = *owner {
            stepped.entry(node).or_default().push((*kind, function));
        }
    }
    stepped
}

/// A shape, with what it draws of the kinds that are limited, and what one capsule of it pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape {
    draw: Resources,
    price: i128,
}

/// The most that a pattern of one tile is worth, or more where the search is cut off.
fn best_tile(prices: &ShapePrices, room: &Resources) -> Result<i128, BoundError> {
    let limited =
        |draw: &Resources| Resources(std::array::from_fn(|k| if room.0[k] == UNLIMITED { 0 } else { draw.0[k] }));
    let fitting = prices.iter().filter(|(draw, _)| draw.fits(room));
    let shapes: Vec<Shape> = fitting.map(|(draw, &price)| Shape { draw: limited(draw), price }).collect();
    if shapes.iter().any(|shape| shape.draw == Resources::ZERO) {
        return Err(BoundError::Boundless);
    }
    let mut search = PatternSearch { looks: LOOKS_MAX };
    search.best(&undominated(shapes), room, 0).ok_or(BoundError::Overflow)
}

/// The shapes that a best pattern needs, dearest first: none that draws no less than another and pays no more.
fn undominated(mut shapes: Vec<Shape>) -> Vec<Shape> {
    shapes.sort_by_key(|shape| (std::cmp::Reverse(shape.price), shape.draw));
    let mut kept: Vec<Shape> = Vec::new();
    for shape in shapes {
        // Whatever pays no less stands before it.
        if !kept.iter().any(|other| other.draw.fits(&shape.draw)) {
            kept.push(shape);
        }
    }
    kept
}

/// A search for one best pattern.
struct PatternSearch {
    /// Shapes to look at before it is cut off.
    looks: usize,
}

impl PatternSearch {
    /// The most that capsules of the shapes, each of which fits what is left, pay on it; `None` where it overflows.
    fn best(&mut self, shapes: &[Shape], left: &Resources, placed: usize) -> Option<i128> {
        if self.looks < shapes.len() || placed == CAPSULES_MAX {
            return at_most(shapes, left);
        }
        self.looks -= shapes.len();
        let mut best = 0;
        for (first, shape) in shapes.iter().enumerate() {
            // Patterns that hold this shape and none before it.
            let left = left.saturating_sub(&shape.draw);
            let fitting: Vec<Shape> = shapes[first..].iter().filter(|next| next.draw.fits(&left)).copied().collect();
            self.looks = self.looks.saturating_sub(shapes.len() - first);
            let can = shape.price.checked_add(at_most(&fitting, &left)?)?;
            if can > best {
                best = best.max(shape.price.checked_add(self.best(&fitting, &left, placed + 1)?)?);
            }
        }
        Some(best)
    }
}

/// An upper bound on what capsules of the shapes, each of which fits what is left, pay on it; `None` where it overflows.
fn at_most(shapes: &[Shape], left: &Resources) -> Option<i128> {
    let mut least: Option<i128> = None;
    if shapes.is_empty() {
        return Some(0);
    }
    for (k, &left_of_kind) in left.0.iter().enumerate().filter(|(_, amount)| **amount != UNLIMITED) {
        let (mut beside, mut densest) = (0i128, 0i128);
        for shape in shapes {
            if shape.draw.0[k] == 0 {
                beside = beside.checked_add(shape.price.checked_mul(times(&shape.draw, left).into())?)?;
            } else {
                let all = shape.price.checked_mul(left_of_kind.into())?;
                densest = densest.max(all / i128::from(shape.draw.0[k]));
            }
        }
        let sum = beside.checked_add(densest)?;
        least = Some(least.map_or(sum, |least| least.min(sum)));
    }
    least
}

/// How often a shape that draws something limited fits.
fn times(draw: &Resources, left: &Resources) -> u64 {
    let limited = draw.0.iter().zip(left.0).filter(|&(&amount, left)| amount > 0 && left != UNLIMITED);
    limited.map(|(amount, left)| left / amount).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    /// A vector of the first three kinds; the others are not limited.
    fn room(amounts: [u64; 3]) -> Resources {
        let mut room = Resources::UNLIMITED;
        room.0[..3].copy_from_slice(&amounts);
        room
    }

    fn drawn(amounts: [u64; 3]) -> Resources {
        let mut draw = Resources::ZERO;
        draw.0[..3].copy_from_slice(&amounts);
        draw
    }

    fn prices(shapes: &[([u64; 3], i128)]) -> ShapePrices {
        shapes.iter().map(|&(amounts, price)| (drawn(amounts), price)).collect()
    }

    #[test]
    fn shapes_of_two_kinds_share_a_tile() {
        // 6 of one kind and 1 of another, and the reverse: one of each fits 10 of both, two of one do not.
        let shapes = prices(&[([6, 1, 0], 7), ([1, 6, 0], 5)]);
        assert_eq!(best_tile(&shapes, &room([10, 10, 0])), Ok(12));
        assert_eq!(best_tile(&shapes, &room([12, 10, 0])), Ok(14));
        assert_eq!(best_tile(&shapes, &room([5, 5, 0])), Ok(0));
    }

    #[test]
    fn each_pair_may_conflict_in_a_kind_of_its_own() {
        // Any two of the three overdraw one kind: one capsule a tile, though each kind alone lets three of them pay 3/2.
        let shapes = prices(&[([6, 0, 6], 1), ([6, 6, 0], 1), ([0, 6, 6], 1)]);
        assert_eq!(best_tile(&shapes, &room([10, 10, 10])), Ok(1));
    }

    #[test]
    fn a_shape_that_no_tile_limits_proves_nothing() {
        assert_eq!(best_tile(&prices(&[([1, 0, 0], 1)]), &room([UNLIMITED, 5, 5])), Err(BoundError::Boundless));
        // What does not fit by another kind is worth nothing instead.
        assert_eq!(best_tile(&prices(&[([1, 6, 0], 1)]), &room([UNLIMITED, 5, 5])), Ok(0));
    }

    #[test]
    fn a_search_that_is_cut_off_stays_above() {
        // 10^9 of a capsule that pays 3, where one unit short of it all pays 2 each.
        let shapes = prices(&[([1_000, 1, 0], 3), ([999, 2, 0], 2)]);
        let room = room([1_000_000_000, 1_000_000, 0]);
        assert!((3_000_000..=3_010_000).contains(&best_tile(&shapes, &room).unwrap()));
        assert_eq!(best_tile(&prices(&[([1, 0, 0], i128::MAX / 2)]), &room), Err(BoundError::Overflow));
    }

    /// The best pattern by trying every number of each shape.
    fn by_trying_all(shapes: &[([u64; 3], i128)], left: [u64; 3]) -> i128 {
        let Some((&(draw, price), others)) = shapes.split_first() else { return 0 };
        let mut best = by_trying_all(others, left);
        if draw.iter().zip(left).all(|(&amount, left)| amount <= left) {
            best = best.max(price + by_trying_all(shapes, std::array::from_fn(|k| left[k] - draw[k])));
        }
        best
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 2_000,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(5),
            ..ProptestConfig::default()
        })]

        #[test]
        fn the_best_pattern_is_the_best_of_all(
            shapes in prop::collection::vec(([1..6u64, 0..6u64, 0..6u64], 1..20i128), 0..6),
            left in [0..14u64, 0..14u64, 0..14u64],
        ) {
            let all = by_trying_all(&shapes, left);
            let mut summed = ShapePrices::new();
            shapes.iter().for_each(|&(draw, price)| {
                let dearest = summed.entry(drawn(draw)).or_insert(price);
                *dearest = price.max(*dearest);
            });
            prop_assert_eq!(best_tile(&summed, &room(left)), Ok(all));
            let list: Vec<Shape> = summed.iter().map(|(&draw, &price)| Shape { draw, price }).collect();
            let list: Vec<Shape> = list.into_iter().filter(|shape| shape.draw.fits(&room(left))).collect();
            for looks in [0, 5, 20] {
                let found = PatternSearch { looks }.best(&list, &room(left), 0).unwrap();
                prop_assert!(found >= all, "{found} of {all}");
            }
        }
    }
}
