//! The bound: a program of its own, whose prices make a certificate.
//!
//! No packing factor, no cut, no share and no rounded demand enters it. What it returns proves nothing until
//! `lessor_models::check::bound` has evaluated the prices on the true instance in exact integers.
//!
//! What is alike shares a row ([`merge`]), and time is cut where something changes ([`timeline`]). [`linear`] is the program
//! and how it is solved, `sifting` says which columns are there and which come, [`supply`] what its rows ([`budget`]) give.
//! [`rows`] are capacity, with more of them for parts of time that a solution overdraws; [`patterns`] and `device_rows` say
//! which parts of devices lie on one device together; `tile_patterns` and `tile_rows` cut where tiles are overfilled with large
//! capsules, whose [`shapes`] have prices then (`dense` is the small simplex behind them). [`prices`] says what a capsule costs
//! where, `readable` what an account costs to a reader.

pub mod budget;
pub(crate) mod dense;
mod device_rows;
pub mod linear;
pub mod merge;
pub mod patterns;
pub mod prices;
mod readable;
pub mod rows;
pub mod shapes;
mod sifting;
pub mod supply;
mod tile_patterns;
mod tile_rows;
pub mod timeline;

use std::collections::BTreeMap;

use lessor_models::certificate::{Certificate, DUAL_SHIFT, Dual, PIECE_PRICE_SHIFT, PiecePrice, Scope, ShapePrice};
use lessor_models::fleet::{ClassIndex, NodeIndex};
use lessor_models::job::JobIndex;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::Timestamp;

pub use readable::readable_duals;

use crate::lowering::Lowered;
use crate::program::linear::Algorithm;
use crate::support::numbers::floor;
use crate::support::stop::Stop;
use budget::{Budget, Count, Place};
use linear::Relaxed;
use merge::Merged;
use patterns::{Piece, PiecePrices};
use prices::PathPrices;
use shapes::{ShapePrices, Shaped};
use supply::Supply;
use timeline::{Timeline, Window};

/// Prices and counts of the relaxation, over merged groups and accounts.
#[derive(Clone, Debug)]
pub struct Relaxation {
    /// What was merged.
    pub merged: Merged,
    /// The parts of time that prices hold in.
    pub timeline: Timeline,
    /// Price of each budget, in micro-credits per unit and second.
    pub prices: Vec<(Budget, f64)>,
    /// Prices of the budgets that give nothing, too high for any capsule.
    pub bars: Vec<(Budget, f64)>,
    /// Prices of pieces of devices, by merged group and milli.
    pub pieces: PiecePrices,
    /// Prices of shapes, by merged group and class.
    pub shapes: ShapePrices,
    /// Capsules of each job class by merged group and start, above zero, in the order of classes.
    pub counts: Vec<Count>,
    /// How the program behind it was solved: counts from inside mix many classes in each group.
    pub algorithm: Algorithm,
}

impl Relaxation {
    /// Its prices, laid out along the paths of the merged groups.
    #[must_use]
    pub fn path_prices(&self) -> PathPrices {
        let prices = self.prices.iter().chain(&self.bars).copied();
        PathPrices::new(&self.merged, &self.timeline, prices, (&self.pieces, &self.shapes))
    }
}

/// Solves the relaxation. `None` where the stop came first, or where a rough one is all that there is.
#[must_use]
pub fn relax(lowered: &Lowered<'_>, rough: Option<&Relaxation>, stop: &Stop) -> Option<Relaxation> {
    let merged = merge::merge(lowered);
    let is_known = rough.is_some_and(|rough| rough.merged == merged);
    if is_known { None } else { solve(&Supply { lowered }, merged, Timeline::of(&lowered.grid), stop) }
}

/// Solves the relaxation over few groups, which takes a small part of the time: what stands should [`relax`] be stopped on its
/// way. `None` where that is no larger anyway, or where the stop came first.
#[must_use]
pub fn relax_coarsely(lowered: &Lowered<'_>, stop: &Stop) -> Option<Relaxation> {
    let merged = merge::merge_coarsely(lowered)?;
    solve(&Supply { lowered }, merged, Timeline::of(&lowered.grid), stop)
}

fn solve(supply: &Supply<'_>, merged: Merged, timeline: Timeline, stop: &Stop) -> Option<Relaxation> {
    let Relaxed { prices, bars, pieces, shapes, counts, algorithm } = linear::solve(supply, &merged, &timeline, stop)?;
    Some(Relaxation { merged, timeline, prices, bars, pieces, shapes, counts, algorithm })
}

/// The certificate that a relaxation's prices make.
#[must_use]
pub fn certificate(lowered: &Lowered<'_>, relaxation: &Relaxation) -> Certificate {
    let prices = relaxation.prices.iter().chain(&relaxation.bars);
    Certificate {
        duals: duals(lowered, relaxation, prices),
        pieces: piece_prices(lowered, relaxation),
        shapes: shape_prices(lowered, relaxation),
    }
}

/// Prices of merged budgets as those of scopes and intervals that do not overlap.
///
/// A tile scope is one cell's tiles of one class. Where merged groups share a scope, it takes their mean price.
fn duals<'a>(
    lowered: &Lowered<'_>,
    relaxation: &Relaxation,
    prices: impl Iterator<Item = &'a (Budget, f64)>,
) -> Vec<Dual> {
    let (merged, timeline) = (&relaxation.merged, &relaxation.timeline);
    let scopes = Scopes::new(lowered, merged);
    let mut sums: BTreeMap<(Scope, Kind), Vec<f64>> = BTreeMap::new();
    for &(Budget { place, kind, window }, price) in prices {
        let mut add = |scope, price| {
            let sums = sums.entry((scope, kind)).or_insert_with(|| vec![0.0; timeline.count()]);
            sums[window.parts()].iter_mut().for_each(|sum| *sum += price);
        };
        match place {
            Place::Account(at) => {
                merged.accounts[at]
                    .iter()
                    .for_each(|&account| add(Scope::Owner(lowered.account(account).owner), price));
            }
            Place::Tiles(at) => {
                scopes.shares(at).for_each(|((class, under), share)| add(Scope::Tiles { class, under }, price * share));
            }
        }
    }
    let scale = 2f64.powi(i32::try_from(DUAL_SHIFT).expect("a small constant"));
    let mut duals = Vec::new();
    for ((scope, kind), sums) in sums {
        let exact: Vec<u64> = sums.into_iter().map(|price| floor(price * scale)).collect();
        let mut from = 0;
        for same in exact.chunk_by(|a, b| a == b) {
            let window = Window { from, to: from + same.len() };
            from = window.to;
            let dual = Dual { scope, kind, interval: timeline.interval(window), price: same[0] };
            duals.extend((dual.price > 0).then_some(dual));
        }
    }
    duals
}

/// Prices of pieces in the scopes of merged groups.
fn piece_prices(lowered: &Lowered<'_>, relaxation: &Relaxation) -> Vec<PiecePrice> {
    let scopes = Scopes::new(lowered, &relaxation.merged);
    let mut sums: BTreeMap<(ClassIndex, NodeIndex, u16, Timestamp), f64> = BTreeMap::new();
    for (Piece { group, milli, instant }, price) in relaxation.pieces.iter() {
        for ((class, under), share) in scopes.shares(group) {
            *sums.entry((class, under, milli, instant)).or_default() += price * share;
        }
    }
    let scale = 2f64.powi(i32::try_from(PIECE_PRICE_SHIFT).expect("a small constant"));
    let price = |((class, under, milli, instant), price): ((ClassIndex, NodeIndex, u16, Timestamp), f64)| PiecePrice {
        class,
        under,
        milli,
        instant,
        price: floor(price * scale),
    };
    sums.into_iter().map(price).filter(|piece| piece.price > 0).collect()
}

/// Prices of shapes in the scopes of merged groups, each shape told by one job; none that draws nothing of what some tile of
/// its scope limits.
fn shape_prices(lowered: &Lowered<'_>, relaxation: &Relaxation) -> Vec<ShapePrice> {
    // Classes that draw the same pay the same, and the first tells their shape.
    let mut alike: BTreeMap<(usize, Timestamp, Resources), (JobIndex, f64)> = BTreeMap::new();
    for (Shaped { group, class, instant }, price) in relaxation.shapes.iter() {
        let draw = *lowered.draw(class, relaxation.merged.groups[group][0]);
        let first = lowered.classes[class.at()].first;
        let entry = alike.entry((group, instant, draw)).or_insert((first, price));
        entry.1 = entry.1.max(price);
    }
    if alike.is_empty() {
        return Vec::new();
    }
    let scopes = Scopes::new(lowered, &relaxation.merged);
    let limited = limited_kinds(lowered);
    let mut sums: BTreeMap<(TileScope, Timestamp, Resources), (JobIndex, f64)> = BTreeMap::new();
    for ((group, instant, draw), (job, price)) in alike {
        for (scope, share) in scopes.shares(group) {
            let is_limited = |kind: &Kind| draw.get(*kind) > 0 && limited[&scope.0][kind.index()];
            if Kind::ALL.iter().any(is_limited) {
                sums.entry((scope, instant, draw)).or_insert((job, 0.0)).1 += price * share;
            }
        }
    }
    let scale = 2f64.powi(i32::try_from(PIECE_PRICE_SHIFT).expect("a small constant"));
    let prices = sums.into_iter().map(|(((class, under), instant, _), (job, price))| ShapePrice {
        class,
        under,
        job,
        instant,
        price: floor(price * scale),
    });
    prices.filter(|shape| shape.price > 0).collect()
}

/// Kinds that every tile of a class limits, by class.
fn limited_kinds(lowered: &Lowered<'_>) -> BTreeMap<ClassIndex, [bool; Kind::COUNT]> {
    let mut limited = BTreeMap::new();
    for group in &lowered.groups {
        let kinds = limited.entry(group.class).or_insert([true; Kind::COUNT]);
        for vector in &group.capacity {
            kinds.iter_mut().zip(vector.0).for_each(|(limited, amount)| *limited &= amount != UNLIMITED);
        }
    }
    limited
}

/// The tiles of a class under a node.
type TileScope = (ClassIndex, NodeIndex);

/// Which scopes the tiles of merged groups are in.
struct Scopes {
    of_group: Vec<BTreeMap<TileScope, f64>>,
    tiles: BTreeMap<TileScope, f64>,
}

impl Scopes {
    fn new(lowered: &Lowered<'_>, merged: &Merged) -> Scopes {
        let fleet = lowered.instance.fleet();
        let mut scopes = Scopes { of_group: Vec::with_capacity(merged.groups.len()), tiles: BTreeMap::new() };
        for members in &merged.groups {
            let mut here = BTreeMap::new();
            for group in members.iter().map(|&group| lowered.group(group)) {
                // A tile whose capacity changes stands alone: what it lacks at times says nothing about its neighbors.
                let parent = fleet.parent(group.tile).filter(|_| group.capacity.len() == 1);
                let mut add = |under, tiles: usize| {
                    *here.entry((group.class, under)).or_default() += tiles as f64;
                    *scopes.tiles.entry((group.class, under)).or_default() += tiles as f64;
                };
                match parent {
                    Some(cell) => add(cell, group.tiles.len()),
                    // No node holds tiles that are roots: each is under itself.
                    None => lowered.tiles[group.tiles.clone()].iter().for_each(|&tile| add(tile, 1)),
                }
            }
            scopes.of_group.push(here);
        }
        scopes
    }

    /// The scopes of a merged group, with the share of the scope's tiles that are in the group.
    fn shares(&self, group: usize) -> impl Iterator<Item = (TileScope, f64)> + '_ {
        self.of_group[group].iter().map(|(&scope, &tiles)| (scope, tiles / self.tiles[&scope]))
    }
}

#[cfg(test)]
mod tests;
