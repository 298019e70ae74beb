//! Energy: what a capsule draws over its term, at the price of the tile's feed while it runs.
//!
//! Exact: `weight * ceil(power * sum over the run of price / kWh)`. Optimistic bound: the exact form at the cheapest start,
//! see [`super::tariff`].

use super::{Site, Weights, priced, weighted};
use crate::draw;
use crate::job::Job;
use crate::time::{Interval, Timestamp};

/// Milliwatt-microseconds in a kilowatt-hour.
pub const MILLIWATT_MICROS_PER_KWH: u128 = 1_000_000 * 3_600 * 1_000_000;

/// The energy cost of one capsule that starts then, in micro-credits. O(log changes of the price).
#[must_use]
pub fn cost(job: &Job, site: &Site<'_>, start: Timestamp, weights: &Weights) -> u64 {
    let power = u128::from(draw::power_mw(&job.demand, site.class));
    let run = Interval { start, end: start.after(draw::term(job, site.class)) };
    weighted(priced(power, site.tariff.price.sum(run), MILLIWATT_MICROS_PER_KWH), weights.energy_permille)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::draw::tests::class;
    use crate::objective::tariff::Tariff;
    use crate::time::{MICROS_PER_HOUR, Span, StepFunction};

    /// A kilowatt for two hours.
    fn job() -> Job {
        let mut job = Job::empty(Timestamp(0), Span(2 * MICROS_PER_HOUR));
        job.demand.power_mw = 1_000_000;
        job
    }

    #[test]
    fn a_kilowatt_for_two_hours_costs_two_prices() {
        let class = class();
        let site = Site { class: &class, tariff: Tariff::flat(70), heat_mw: 0 };
        let cost = |weights: Weights| cost(&job(), &site, Timestamp(0), &weights);
        assert_eq!(cost(Weights::default()), 140);
        assert_eq!(cost(Weights { energy_permille: 500, ..Weights::default() }), 70);
    }

    #[test]
    fn a_run_pays_each_price_for_as_long_as_it_holds() {
        let class = class();
        let minutes = |count: i64| Timestamp(count * 60_000_000);
        let price = StepFunction::new(70, vec![(minutes(60), 10), (minutes(150), 100)]);
        let tariff = Tariff { price: Cow::Owned(price), ..Tariff::flat(0) };
        let site = Site { class: &class, tariff, heat_mw: 0 };
        // An hour at each of two prices; half an hour, an hour and a half; an hour and a half, half an hour.
        let costs = [0, 30, 60].map(|start| cost(&job(), &site, minutes(start), &Weights::default()));
        assert_eq!(costs, [80, 50, 65]);
    }
}
