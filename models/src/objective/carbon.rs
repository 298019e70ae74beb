//! Carbon: what making a capsule's energy emits while it runs, at a price per kilogram of carbon dioxide.
//!
//! Exact: `weight * ceil(price * power * sum over the run of intensity / (kWh * kg))`. Optimistic bound: the exact form at the
//! cheapest start, see [`super::tariff`].

use super::energy::MILLIWATT_MICROS_PER_KWH;
use super::{Site, Weights, priced, weighted};
use crate::draw;
use crate::job::Job;
use crate::time::{Interval, Timestamp};

/// Milligrams in a kilogram.
const MILLIGRAMS_PER_KG: u128 = 1_000_000;

/// What the emissions of one capsule that starts then cost, in micro-credits. O(log changes of the intensity).
#[must_use]
pub fn cost(job: &Job, site: &Site<'_>, start: Timestamp, weights: &Weights) -> u64 {
    let amount = milliwatt_micro_milligrams(job, site, start);
    let cost = priced(amount, u128::from(weights.carbon_price), MILLIWATT_MICROS_PER_KWH * MILLIGRAMS_PER_KG);
    weighted(cost, weights.carbon_permille)
}

/// What one capsule that starts then emits, in milligrams of carbon dioxide, rounded up; saturates.
#[must_use]
pub fn emitted_mg(job: &Job, site: &Site<'_>, start: Timestamp) -> u64 {
    let milligrams = milliwatt_micro_milligrams(job, site, start).div_ceil(MILLIWATT_MICROS_PER_KWH);
    u64::try_from(milligrams).unwrap_or(u64::MAX)
}

/// Milliwatts times microseconds times milligrams per kilowatt-hour.
fn milliwatt_micro_milligrams(job: &Job, site: &Site<'_>, start: Timestamp) -> u128 {
    let power = u128::from(draw::power_mw(&job.demand, site.class));
    let run = Interval { start, end: start.after(draw::term(job, site.class)) };
    power.saturating_mul(site.tariff.carbon.sum(run))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::draw::tests::class;
    use crate::objective::tariff::Tariff;
    use crate::time::{MICROS_PER_HOUR, Span, StepFunction};

    #[test]
    fn a_kilowatt_emits_what_the_hours_say_and_pays_by_the_kilogram() {
        let class = class();
        let mut job = Job::empty(Timestamp(0), Span(2 * MICROS_PER_HOUR));
        job.demand.power_mw = 1_000_000;
        let hour = |count: i64| Timestamp(count * 3_600_000_000);
        // 400 g, then 100 g from the second hour on.
        let carbon = StepFunction::new(400_000, vec![(hour(1), 100_000)]);
        let site = Site { class: &class, tariff: Tariff { carbon: Cow::Owned(carbon), ..Tariff::flat(9) }, heat_mw: 0 };
        assert_eq!([0, 1].map(|start| emitted_mg(&job, &site, hour(start))), [500_000, 200_000]);
        let weights = Weights { carbon_price: 70_000, carbon_permille: 2_000, ..Weights::default() };
        assert_eq!([0, 1].map(|start| cost(&job, &site, hour(start), &weights)), [70_000, 28_000]);
    }
}
