//! Latency: one-way delay between a capsule and its job's data, along the tree.
//!
//! Exact: `weight * ceil(price * delay * term)`. Optimistic bound: the exact form; the data does not move in this model, so the
//! term is linear.

use super::{Site, Weights, priced, weighted};
use crate::draw;
use crate::fleet::{Fleet, NodeIndex};
use crate::job::Job;
use crate::time::MICROS_PER_HOUR;

/// The latency cost of one capsule, in micro-credits.
#[must_use]
pub fn cost(job: &Job, site: &Site<'_>, delay_us: u64, weights: &Weights) -> u64 {
    let term = u128::from(draw::term(job, site.class).0);
    let amount = term.saturating_mul(u128::from(delay_us));
    let cost = priced(amount, weights.latency_price.into(), 1_000 * u128::from(MICROS_PER_HOUR));
    weighted(cost, weights.latency_permille)
}

/// One-way delay from a tile to its job's data; `None` where they share no root, zero where the job has no data.
#[must_use]
pub fn delay_to_data_us(fleet: &Fleet, job: &Job, tile: NodeIndex) -> Option<u64> {
    job.data.map_or(Some(0), |data| delay_us(fleet, tile, data))
}

/// One-way delay between two nodes: the uplinks of both paths below their lowest common ancestor.
#[must_use]
pub fn delay_us(fleet: &Fleet, from: NodeIndex, to: NodeIndex) -> Option<u64> {
    let mut climbed = 0u64;
    for meeting in fleet.path(from) {
        if let Some(descent) = climb(fleet, to, meeting) {
            return Some(climbed.saturating_add(descent));
        }
        climbed = climbed.saturating_add(fleet.uplink_delay_us(meeting));
    }
    None
}

/// The delay from a node up to an ancestor, if it is one.
fn climb(fleet: &Fleet, from: NodeIndex, ancestor: NodeIndex) -> Option<u64> {
    let mut climbed = 0u64;
    for node in fleet.path(from) {
        if node == ancestor {
            return Some(climbed);
        }
        climbed = climbed.saturating_add(fleet.uplink_delay_us(node));
    }
    None
}
