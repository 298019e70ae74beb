//! Energy: what a capsule draws over its term, at the price of the tile's feed.
//!
//! Exact: `weight * ceil(power * term * price / kWh)`. Optimistic bound: the exact form, which depends on job and site alone.

use super::{Site, Weights, priced, weighted};
use crate::draw;
use crate::fleet::{Fleet, NodeIndex};
use crate::job::Job;

/// Milliwatt-microseconds in a kilowatt-hour.
pub const MILLIWATT_MICROS_PER_KWH: u128 = 1_000_000 * 3_600 * 1_000_000;

/// The energy cost of one capsule, in micro-credits.
#[must_use]
pub fn cost(job: &Job, site: &Site<'_>, weights: &Weights) -> u64 {
    let power = u128::from(draw::power_mw(&job.demand, site.class));
    let term = u128::from(draw::term(job, site.class).0);
    weighted(priced(power * term, site.energy_price, MILLIWATT_MICROS_PER_KWH), weights.energy_permille)
}

/// The dearest energy price among the zones that a tile belongs to.
#[must_use]
pub fn price_at(fleet: &Fleet, tile: NodeIndex) -> Option<u64> {
    let zones = fleet.path(tile).flat_map(|node| fleet.zones_listing(node));
    zones.filter_map(|zone| fleet.zones()[zone.at()].energy_price).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::tests::class;
    use crate::time::{MICROS_PER_HOUR, Span, Timestamp};

    #[test]
    fn a_kilowatt_for_two_hours_costs_two_prices() {
        let mut job = Job::empty(Timestamp(0), Span(2 * MICROS_PER_HOUR));
        job.demand.power_mw = 1_000_000;
        let class = class();
        let site = Site { class: &class, energy_price: 70, heat_mw: 0 };
        assert_eq!(cost(&job, &site, &Weights::default()), 140);
        assert_eq!(cost(&job, &site, &Weights { energy_permille: 500, ..Weights::default() }), 70);
    }
}
