//! Thermal headroom: heat is dearer the more of its tile's envelope a capsule takes.
//!
//! Exact: `weight * ceil(price * heat * term / kWh * heat / envelope)`. Optimistic bound: the exact form.

use super::energy::MILLIWATT_MICROS_PER_KWH;
use super::{Site, Weights, priced, weighted};
use crate::draw;
use crate::job::Job;
use crate::resources::UNLIMITED;

/// The thermal cost of one capsule, in micro-credits; nothing where the tile's heat is not limited.
#[must_use]
pub fn cost(job: &Job, site: &Site<'_>, weights: &Weights) -> u64 {
    let envelope = u128::from(site.heat_mw);
    if site.heat_mw == UNLIMITED || site.heat_mw == 0 {
        return 0;
    }
    let heat = u128::from(draw::heat_mw(&job.demand, site.class));
    let term = u128::from(draw::term(job, site.class).0);
    let share_permille = (heat * 1_000).div_ceil(envelope).min(1_000);
    let amount = (heat * term).saturating_mul(share_permille);
    weighted(priced(amount, weights.thermal_price.into(), MILLIWATT_MICROS_PER_KWH * 1_000), weights.thermal_permille)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::tests::class;
    use crate::objective::tariff::Tariff;
    use crate::time::{MICROS_PER_HOUR, Span, Timestamp};

    #[test]
    fn half_the_envelope_pays_half_the_price() {
        let mut job = Job::empty(Timestamp(0), Span(MICROS_PER_HOUR));
        job.demand.heat_mw = 1_000_000;
        let class = class();
        let site = |heat_mw| Site { class: &class, tariff: Tariff::flat(0), heat_mw };
        let weights = Weights { thermal_price: 80, ..Weights::default() };
        assert_eq!(cost(&job, &site(2_000_000), &weights), 40);
        assert_eq!(cost(&job, &site(2_000_000), &Weights { thermal_permille: 1_500, ..weights.clone() }), 60);
        assert_eq!(cost(&job, &site(UNLIMITED), &weights), 0);
    }
}
