//! The bound: a program of its own, whose prices make a certificate.
//!
//! No packing factor, no cut, no share and no rounded demand enters it. What it returns proves nothing until
//! `lessor_models::check::bound` has evaluated the prices on the true instance in exact integers.

pub mod linear;
pub mod merge;
pub mod prices;
pub mod windows;

use std::collections::BTreeMap;

use lessor_models::certificate::{Certificate, DUAL_SHIFT, Dual, Scope};
use lessor_models::resources::Kind;
use lessor_models::time::Interval;
use ndarray::Array2;

use crate::lowering::Lowered;
use crate::numbers::floor;
use crate::stop::Stop;
use linear::{Budget, Place, Relaxed};
use merge::Merged;

/// Prices and counts of the relaxation, over merged groups and accounts.
#[derive(Clone, Debug)]
pub struct Relaxation {
    /// What was merged.
    pub merged: Merged,
    /// The windows that prices hold in.
    pub windows: Vec<Interval>,
    /// Price of each budget, in micro-credits per unit and second.
    pub prices: Vec<(Budget, f64)>,
    /// Capsules of each job class in each merged group.
    pub counts: Array2<f64>,
}

/// Solves the relaxation. `None` where the stop came first.
#[must_use]
pub fn relax(lowered: &Lowered<'_>, stop: &Stop) -> Option<Relaxation> {
    let merged = merge::merge(lowered);
    let windows = windows::windows(&lowered.grid);
    let Relaxed { prices, counts } = linear::solve(lowered, &merged, &windows, stop)?;
    Some(Relaxation { merged, windows, prices, counts })
}

/// The certificate that a relaxation's prices make.
///
/// A tile scope is one cell's tiles of one class. Where merged groups share a scope, it takes their mean price.
#[must_use]
pub fn certificate(lowered: &Lowered<'_>, relaxation: &Relaxation) -> Certificate {
    let merged = &relaxation.merged;
    let scopes: Vec<BTreeMap<Scope, f64>> =
        (0..merged.groups.len()).map(|at| tile_scopes(lowered, merged, at)).collect();
    let mut tiles: BTreeMap<Scope, f64> = BTreeMap::new();
    for (&scope, &count) in scopes.iter().flatten() {
        *tiles.entry(scope).or_default() += count;
    }
    let mut prices: BTreeMap<(Scope, Kind, Interval), f64> = BTreeMap::new();
    for &(budget, price) in &relaxation.prices {
        let mut add = |scope, price| {
            *prices.entry((scope, budget.kind, relaxation.windows[budget.window])).or_default() += price;
        };
        match budget.place {
            Place::Account(at) => {
                merged.accounts[at]
                    .iter()
                    .for_each(|&account| add(Scope::Owner(lowered.account(account).owner), price));
            }
            Place::Tiles(at) => {
                scopes[at].iter().for_each(|(&scope, &count)| add(scope, price * count / tiles[&scope]));
            }
        }
    }
    let scale = 2f64.powi(i32::try_from(DUAL_SHIFT).expect("a small constant"));
    let dual = |((scope, kind, interval), price): ((Scope, Kind, Interval), f64)| Dual {
        scope,
        kind,
        interval,
        price: floor(price * scale),
    };
    let duals = prices.into_iter().map(dual).filter(|dual| dual.price > 0).collect();
    Certificate { duals, devices: None }
}

/// The scopes of a merged group's tiles, with how many of them each holds.
fn tile_scopes(lowered: &Lowered<'_>, merged: &Merged, at: usize) -> BTreeMap<Scope, f64> {
    let fleet = lowered.instance.fleet();
    let mut scopes = BTreeMap::new();
    for group in merged.groups[at].iter().map(|&group| lowered.group(group)) {
        let under = fleet.parent(group.tile).unwrap_or(group.tile);
        *scopes.entry(Scope::Tiles { class: group.class, under }).or_default() += group.tiles.len() as f64;
    }
    scopes
}
