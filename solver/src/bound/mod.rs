//! The bound: a program of its own, whose prices make a certificate.
//!
//! No packing factor, no cut, no share and no rounded demand enters it. What it returns proves nothing until
//! `lessor_models::check::bound` has evaluated the prices on the true instance in exact integers.

pub mod linear;
pub mod merge;
pub mod patterns;
pub mod prices;
pub mod supply;
pub mod windows;

use std::collections::BTreeMap;

use lessor_models::certificate::{Certificate, DUAL_SHIFT, DevicePatterns, Dual, JOB_PRICE_SHIFT, Scope};
use lessor_models::job::JobIndex;
use lessor_models::resources::Kind;
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::{Interval, MICROS_PER_SECOND};
use rayon::prelude::*;

use crate::index::JobClassIndex;
use crate::lowering::Lowered;
use crate::numbers::floor;
use crate::occupancy::Occupancy;
use crate::stop::Stop;
use linear::{Budget, Count, Place, Relaxed};
use merge::Merged;
use patterns::{DeviceParts, PiecePrices};
use prices::PathPrices;
use supply::Supply;

/// Prices and counts of the relaxation, over merged groups and accounts.
#[derive(Clone, Debug)]
pub struct Relaxation {
    /// What was merged.
    pub merged: Merged,
    /// The windows that prices hold in.
    pub windows: Vec<Interval>,
    /// Price of each budget, in micro-credits per unit and second.
    pub prices: Vec<(Budget, f64)>,
    /// Prices of pieces of devices, by merged group and milli.
    pub pieces: PiecePrices,
    /// Capsules of each job class by merged group and start, above zero, in the order of classes.
    pub counts: Vec<Count>,
}

impl Relaxation {
    /// Its prices, laid out along the paths of the merged groups.
    #[must_use]
    pub fn path_prices(&self) -> PathPrices {
        PathPrices::new(&self.merged, &self.windows, &self.prices, &self.pieces)
    }
}

/// Solves the relaxation. `None` where the stop came first.
#[must_use]
pub fn relax(lowered: &Lowered<'_>, stop: &Stop) -> Option<Relaxation> {
    let merged = merge::merge(lowered);
    let windows = windows::windows(&lowered.grid);
    let Relaxed { prices, pieces, counts } = linear::solve(&Supply::whole(lowered), &merged, &windows, stop)?;
    Some(Relaxation { merged, windows, prices, pieces, counts })
}

/// Solves again for what a partial plan leaves, over the groups and windows of a relaxation. Proves nothing.
#[must_use]
pub fn relax_rest(occupancy: &Occupancy<'_>, whole: &Relaxation, stop: &Stop) -> Option<Relaxation> {
    let (merged, windows) = (whole.merged.clone(), whole.windows.clone());
    let Relaxed { prices, pieces, counts } = linear::solve(&Supply::rest(occupancy), &merged, &windows, stop)?;
    Some(Relaxation { merged, windows, prices, pieces, counts })
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
    Certificate { duals, devices: device_patterns(lowered, relaxation) }
}

/// The price of a capsule of every job in the patterns: the most that its margin anywhere exceeds the price of its pieces.
fn device_patterns(lowered: &Lowered<'_>, relaxation: &Relaxation) -> Option<DevicePatterns> {
    let parts = DeviceParts::new(lowered, &relaxation.merged)?;
    let prices = relaxation.path_prices();
    let scale = 2f64.powi(i32::try_from(JOB_PRICE_SHIFT).expect("a small constant"));
    let classes: Vec<JobClassIndex> =
        lowered.class_indexes().filter(|&class| parts.pieces(lowered, class).is_some()).collect();
    let price = |&class: &JobClassIndex| {
        let margins = relaxation.merged.groups.iter().enumerate().filter_map(|(group, members)| {
            let worths = members.iter().filter_map(|&at| Some((lowered.worth(class, at)?, at)));
            let (worth, at) = worths.max_by_key(|entry| entry.0)?;
            Some(worth as f64 - prices.cost(lowered, class, group, at))
        });
        (class, floor(margins.fold(0.0, f64::max) * scale))
    };
    let of_classes: Vec<(JobClassIndex, u64)> = classes.par_iter().map(price).collect();
    let jobs = of_classes
        .iter()
        .flat_map(|&(class, price)| lowered.classes[class.at()].jobs.iter().map(move |&job| (job, price)));
    let mut job_prices: Vec<(JobIndex, u64)> = jobs.collect();
    job_prices.sort_unstable();
    Some(DevicePatterns { instant: parts.instant, job_prices })
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

/// A certificate's duals as prices to read: what the best pattern is worth is a price of accelerators too.
///
/// No certificate holds these: a price of accelerators that went beyond the linear one would count twice there.
#[must_use]
pub fn readable_duals(lowered: &Lowered<'_>, relaxation: &Relaxation, certificate: &Certificate) -> Vec<Dual> {
    let mut duals: BTreeMap<(Scope, Kind, Interval), u64> = BTreeMap::new();
    for dual in &certificate.duals {
        *duals.entry((dual.scope, dual.kind, dual.interval)).or_default() += dual.price;
    }
    let instant = certificate.devices.as_ref().map(|patterns| patterns.instant);
    let shortest =
        relaxation.windows.iter().filter(|window| Some(window.start) <= instant && instant < Some(window.end));
    let Some(&interval) = shortest.min_by_key(|window| window.end.since(window.start)) else {
        return certificate.duals.clone();
    };
    let seconds = interval.end.since(interval.start).0 as f64 / MICROS_PER_SECOND as f64;
    let scale = 2f64.powi(i32::try_from(DUAL_SHIFT).expect("a small constant"));
    for at in 0..relaxation.merged.groups.len() {
        let pieces = relaxation.pieces.range((at, 0)..=(at, u16::MAX));
        let pieces: Vec<(u16, f64)> = pieces.map(|(&(_, milli), &price)| (milli, price)).collect();
        let (worth, _) = patterns::best_pattern(&pieces);
        let price = floor(worth / f64::from(DEVICE_MILLI) / seconds.max(1.0) * scale);
        for &scope in tile_scopes(lowered, &relaxation.merged, at).keys().filter(|_| price > 0) {
            let known = duals.entry((scope, Kind::Accelerator, interval)).or_default();
            *known = known.saturating_add(price);
        }
    }
    duals.into_iter().map(|((scope, kind, interval), price)| Dual { scope, kind, interval, price }).collect()
}
