//! The bound that a certificate implies, in exact integers.
//!
//! For any prices `p >= 0` on capacity, no plan is worth more than
//!
//! ```text
//! sum over prices of p * capacity  +  sum over scopes and instants of  devices * best pattern of a device
//!     +  sum over scopes and instants of  best pattern of each tile
//!     +  sum over jobs j of  max over x of  x * margin(j) + bonus(j) * [x >= wanted(j)]
//! margin(j) = max over eligible tiles t and starts of  worth(j, t) - sum over accounts on t's path of p * use
//!                                                      - sum over pieces, and its shape, at their instants of p
//! ```
//!
//! An eligible tile breaks no rule and could hold the capsule if it were empty. A job that spreads takes its margins from
//! the best members of its domain, each no more often than the spread allows.
//!
//! (Lagrangian relaxation of every capacity, and of every device and tile at the priced instants; Geoffrion 1974.) A price
//! holds over an interval: the capacity is what the account gives in it, less the standing draw; the use is what a capsule of
//! that start uses in it. Amounts times time count in whole seconds: capacity rounds up, use rounds down. A piece is priced at
//! an instant, on the tiles of one class under one node: a capsule pays for the pieces that it holds there if it runs then, and
//! each device there is worth what the best set of pieces that fits it is. So is a shape: a capsule that draws it pays if it
//! runs then, and each tile there is worth what the best set of capsules of priced shapes that fits it is.

use std::collections::HashMap;

use super::capacity::Standing;
use super::margins::Margins;
use super::priced_sites::PricedSites;
use super::{device_pattern, eligibility, tile_pattern};
use crate::certificate::{Certificate, DUAL_SHIFT, Dual, Scope};
use crate::fleet::{ClassIndex, Fleet, Level, NodeIndex, Owner};
use crate::instance::Instance;
use crate::objective::value;
use crate::resources::{Kind, UNLIMITED};
use crate::tile_class::DEVICE_MILLI;
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
    /// A price of a piece that is of no device, or on tiles of a class or under a node that is not in the fleet.
    #[error("piece price {position} has an unknown class or node, or a milli outside 1 to 1000")]
    Piece {
        /// Its position among the prices of pieces.
        position: usize,
    },
    /// A price of a shape on tiles of a class or under a node that is not in the fleet, or told by a job that is not there.
    #[error("shape price {position} has an unknown class, node or job")]
    Shape {
        /// Its position among the prices of shapes.
        position: usize,
    },
    /// A price of a shape that draws nothing of what some tile limits, so that the tile's worth has no bound.
    #[error("a price of a shape that draws nothing of what a tile limits proves nothing")]
    Boundless,
    /// The exact sum leaves the range of 128 bits.
    #[error("the bound overflows 128 bits")]
    Overflow,
}

/// A bound on the value of every plan of the instance, in micro-credits.
///
/// O(tiles + jobs times distinct price paths times the starts to look at times intervals and instants); where every start
/// is fixed, there is one to look at.
///
/// # Errors
/// When the certificate is malformed or its sum overflows; nothing is proved then.
pub fn bound(instance: &Instance, certificate: &Certificate) -> Result<i128, BoundError> {
    check_form(instance, certificate)?;
    let sites = PricedSites::gather(instance, certificate)?;
    let patterns =
        [device_pattern::worth(instance, &certificate.pieces)?, tile_pattern::worth(instance, &certificate.shapes)?];
    let mut total = capacity_worth(instance, certificate)?;
    for worth in patterns {
        total = total.checked_add(worth).ok_or(BoundError::Overflow)?;
    }
    for job in instance.jobs() {
        let count = u64::from(job.count);
        let mut margins = Margins::new(instance, &sites, job)?;
        // Without a tile there is no tier, and no capsule.
        let tiers = match job.spread {
            Some(spread) => margins.spread_tiers(spread)?,
            None => margins.best()?.into_iter().map(|best| (best, count)).collect(),
        };
        let worth = value::best_in_tiers(job, &tiers, count, scaled(i128::from(job.bonus))?);
        total = worth.and_then(|worth| total.checked_add(worth)).ok_or(BoundError::Overflow)?;
    }
    Ok(total >> DUAL_SHIFT)
}

pub(super) fn scaled(micro_credits: i128) -> Result<i128, BoundError> {
    micro_credits.checked_mul(1 << DUAL_SHIFT).ok_or(BoundError::Overflow)
}

fn check_form(instance: &Instance, certificate: &Certificate) -> Result<(), BoundError> {
    let fleet = instance.fleet();
    let is_scope =
        |class: ClassIndex, under: NodeIndex| class.at() < fleet.classes().len() && under.at() < fleet.node_count();
    for (position, dual) in certificate.duals.iter().enumerate() {
        let known = match dual.scope {
            Scope::Owner(Owner::Node(node)) => node.at() < fleet.node_count() && fleet.level(node) != Level::Tile,
            Scope::Owner(Owner::Zone(zone)) => zone.at() < fleet.zones().len(),
            Scope::Tiles { class, under } => is_scope(class, under),
        };
        if !known || dual.interval.start >= dual.interval.end {
            return Err(BoundError::Malformed { position });
        }
    }
    for (position, piece) in certificate.pieces.iter().enumerate() {
        if !is_scope(piece.class, piece.under) || !(1..=DEVICE_MILLI).contains(&piece.milli) {
            return Err(BoundError::Piece { position });
        }
    }
    for (position, shape) in certificate.shapes.iter().enumerate() {
        if !is_scope(shape.class, shape.under) || shape.job.at() >= instance.jobs().len() {
            return Err(BoundError::Shape { position });
        }
    }
    Ok(())
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
