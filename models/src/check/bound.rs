//! The bound that a certificate implies, in exact integers.
//!
//! For any prices `p >= 0` on capacity, no plan is worth more than
//!
//! ```text
//! sum over prices of p * capacity  +  sum over jobs j of  max over x of  x * margin(j) + bonus(j) * [x >= wanted(j)]
//! margin(j) = max over eligible tiles t and starts of  worth(j, t) - sum over accounts on t's path of p * use
//! ```
//!
//! An eligible tile breaks no rule and could hold the capsule if it were empty. A job that spreads takes its margins from
//! the best members of its domain, each no more often than the spread allows.
//!
//! (Lagrangian relaxation of every capacity; Geoffrion 1974.) A price holds over an interval: the capacity is what the
//! account gives in it, less the standing draw; the use is what a capsule of that start uses in it.
//! Amounts times time count in whole seconds: capacity rounds up, use rounds down. Device patterns replace the last sum
//! for jobs that take part: their capsules pay a price of their own, and every device is worth what its best pattern is.

use std::collections::{BTreeMap, HashMap};

use super::capacity::Standing;
use super::margins::Margins;
use super::priced_sites::PricedSites;
use super::{device_pattern, eligibility};
use crate::certificate::{Certificate, DUAL_SHIFT, Dual, JOB_PRICE_SHIFT, Scope};
use crate::draw;
use crate::fleet::{ClassIndex, Fleet, Level, NodeIndex, Owner};
use crate::instance::Instance;
use crate::job::{Job, JobIndex};
use crate::objective::value;
use crate::resources::{Kind, UNLIMITED};
use crate::time::{Interval, MICROS_PER_SECOND};

/// Why a certificate proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoundError {
    /// A price on capacity that is not limited, so that its worth has no bound.
    #[error("a price on unlimited {kind} proves nothing")]
    Unlimited {
        /// The kind.
        kind: Kind,
    },
    /// A price over an empty interval, or of a scope that is not in the fleet.
    #[error("dual {position} has an empty interval or an unknown scope")]
    Malformed {
        /// Its position.
        position: usize,
    },
    /// A job in the device patterns that is unknown, repeated, has no device, or may not run at their instant.
    #[error(
        "job {position} of the device patterns is unknown, unsorted, has no device, or may not run at their instant"
    )]
    Pattern {
        /// Its position in the patterns.
        position: usize,
    },
    /// The exact sum leaves the range of 128 bits.
    #[error("the bound overflows 128 bits")]
    Overflow,
}

/// A bound on the value of every plan of the instance, in micro-credits.
///
/// O(tiles + jobs times distinct price paths times intervals).
///
/// # Errors
/// When the certificate is malformed or its sum overflows; nothing is proved then.
pub fn bound(instance: &Instance, certificate: &Certificate) -> Result<i128, BoundError> {
    let fleet = instance.fleet();
    check_shape(fleet, certificate)?;
    let pattern_prices = pattern_prices(instance, certificate)?;
    let sites = PricedSites::gather(instance, certificate)?;
    let mut total = capacity_worth(instance, certificate)?;
    // The best worth of a piece, by its milli, at every site: a device may hold a piece any number of times.
    let mut pieces: Vec<BTreeMap<u16, i128>> = vec![BTreeMap::new(); sites.distinct.len()];
    for (index, job) in (0..).map(JobIndex).zip(instance.jobs()) {
        let price = pattern_prices.get(&index).copied();
        let mut best: Option<i128> = None;
        let mut margins = Margins::new(instance, &sites, job);
        margins.for_each(|site, worth| {
            if let Some(price) = price {
                let beyond = worth.checked_sub(price).ok_or(BoundError::Overflow)?;
                let piece = device_pattern::piece_worth(beyond, job.demand.devices);
                let best = pieces[site].entry(job.demand.device_milli).or_insert(piece);
                *best = piece.max(*best);
            }
            best = best.max(Some(worth));
            Ok(())
        })?;
        // Without a tile there is no capsule.
        let Some(best) = best else { continue };
        let mut tiers = match job.spread {
            Some(spread) => margins.spread_tiers(spread)?,
            None => vec![(best, u64::from(job.count))],
        };
        if let Some(price) = price {
            // With patterns the margin is paid to the patterns, beyond the price.
            tiers.iter_mut().for_each(|tier| tier.0 = price);
        }
        let worth = value::best_in_tiers(job, &tiers, u64::from(job.count), scaled(i128::from(job.bonus))?);
        total = worth.and_then(|worth| total.checked_add(worth)).ok_or(BoundError::Overflow)?;
    }
    for (site, pieces) in sites.distinct.iter().zip(pieces) {
        let devices = i128::from(sites.class(fleet, site).devices) * i128::from(site.tiles);
        let worth = device_pattern::best_device(pieces).ok_or(BoundError::Overflow)?;
        total = worth.checked_mul(devices).and_then(|worth| total.checked_add(worth)).ok_or(BoundError::Overflow)?;
    }
    Ok(total >> DUAL_SHIFT)
}

pub(super) fn scaled(micro_credits: i128) -> Result<i128, BoundError> {
    micro_credits.checked_mul(1 << DUAL_SHIFT).ok_or(BoundError::Overflow)
}

fn check_shape(fleet: &Fleet, certificate: &Certificate) -> Result<(), BoundError> {
    for (position, dual) in certificate.duals.iter().enumerate() {
        let known = match dual.scope {
            Scope::Owner(Owner::Node(node)) => node.at() < fleet.node_count() && fleet.level(node) != Level::Tile,
            Scope::Owner(Owner::Zone(zone)) => zone.at() < fleet.zones().len(),
            Scope::Tiles { class, under } => class.at() < fleet.classes().len() && under.at() < fleet.node_count(),
        };
        if !known || dual.interval.start >= dual.interval.end {
            return Err(BoundError::Malformed { position });
        }
    }
    Ok(())
}

/// The prices of jobs in device patterns; each must surely run at the patterns' instant, whatever tile it is on.
fn pattern_prices(instance: &Instance, certificate: &Certificate) -> Result<BTreeMap<JobIndex, i128>, BoundError> {
    let mut prices = BTreeMap::new();
    let Some(patterns) = &certificate.devices else { return Ok(prices) };
    for (position, &(index, price)) in patterns.job_prices.iter().enumerate() {
        let surely_runs = |job: &Job| {
            job.demand.devices > 0
                && instance.fleet().classes().iter().all(|class| {
                    let term = draw::term(job, class);
                    let latest = job.deadline.0.saturating_sub_unsigned(term.0);
                    latest <= patterns.instant.0 && patterns.instant < job.earliest.after(term)
                })
        };
        let sorted = prices.last_key_value().is_none_or(|(&last, _)| last < index);
        if !sorted || !instance.jobs().get(index.at()).is_some_and(surely_runs) {
            return Err(BoundError::Pattern { position });
        }
        prices.insert(index, i128::from(price) << (DUAL_SHIFT - JOB_PRICE_SHIFT));
    }
    Ok(prices)
}

/// `sum of price * capacity`, over owners and over sets of tiles; a tile that can hold no capsule is worth nothing.
fn capacity_worth(instance: &Instance, certificate: &Certificate) -> Result<i128, BoundError> {
    let fleet = instance.fleet();
    let standing = Standing::of(fleet);
    let mut total = 0i128;
    let mut tile_prices: HashMap<(ClassIndex, NodeIndex), Vec<&Dual>> = HashMap::new();
    let mut add = |owner, dual: &Dual| {
        let given = capacity_seconds(fleet, &standing, owner, dual)?;
        let worth = given.checked_mul(i128::from(dual.price)).ok_or(BoundError::Overflow)?;
        total = total.checked_add(worth).ok_or(BoundError::Overflow)?;
        Ok(())
    };
    for dual in certificate.duals.iter().filter(|dual| dual.price > 0) {
        match dual.scope {
            Scope::Owner(owner) => add(owner, dual)?,
            Scope::Tiles { class, under } => tile_prices.entry((class, under)).or_default().push(dual),
        }
    }
    if !tile_prices.is_empty() {
        for tile in eligibility::usable_tiles(instance) {
            let class = fleet.class_of(tile).expect("tiles have classes");
            for under in fleet.path(tile) {
                for dual in tile_prices.get(&(class, under)).into_iter().flatten() {
                    add(Owner::Node(tile), dual)?;
                }
            }
        }
    }
    Ok(total)
}

/// What an owner gives beyond its standing draw in a dual's interval, in units times seconds, rounded up.
fn capacity_seconds(fleet: &Fleet, standing: &Standing, owner: Owner, dual: &Dual) -> Result<i128, BoundError> {
    let (kind, Interval { start, end }) = (dual.kind, dual.interval);
    let idle = standing.at(fleet, owner)[kind.index()];
    let steps = fleet.steps().get(&(owner, kind));
    let mut capacity = steps.map_or(fleet.base_capacity(owner).get(kind), |function| function.at(start));
    let inside = steps.iter().flat_map(|function| function.steps()).filter(|step| start < step.0 && step.0 < end);
    let mut from = start;
    let mut total = 0u128;
    for (until, next) in inside.copied().chain([(end, 0)]) {
        if capacity == UNLIMITED {
            return Err(BoundError::Unlimited { kind });
        }
        total += u128::from(capacity).saturating_sub(idle) * u128::from(until.since(from).0);
        (from, capacity) = (until, next);
    }
    i128::try_from(total.div_ceil(u128::from(MICROS_PER_SECOND))).map_err(|_| BoundError::Overflow)
}
