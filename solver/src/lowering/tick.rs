//! The tick of a grid: the even step of time in which runs waste least.
//!
//! A capsule holds whole buckets, and none of it can be given to the next one: what runs for ten minutes where a bucket has
//! thirteen holds thirteen. A tick that goes into the terms of most capsules without a rest wastes nothing. Where one goes into
//! all terms, windows and changes there are, as where everything is in hours, no other start is needed than those on the tick:
//! what runs can be shifted to one of them.

use std::collections::BTreeMap;

use lessor_models::draw;
use lessor_models::instance::Instance;
use lessor_models::time::Timestamp;
use num_integer::gcd;

use super::grid::Grid;

/// Jobs looked at at most, evenly spread among all.
const JOBS_MAX: usize = 10_000;

/// Terms at most, those that take most time first, whose parts are tried.
const TERMS_MAX: usize = 64;

/// Numbers of parts of a term that are tried at most: the most that may be, and fewer.
const PARTS_TRIED: usize = 8;

/// What a bucket must be worth: so small a part of all time that runs take.
const BUCKET_COST: f64 = 1e-4;

/// The part of all time that a tick must save.
const CLEARLY: f64 = 0.02;

/// The longest tick, in microseconds, that goes into all terms, and from the beginning of the horizon into all windows and changes
/// of capacities and tariffs; `None` where the horizon has more than so many of it. O(jobs times classes of tiles).
pub(super) fn common(instance: &Instance, most: usize) -> Option<u64> {
    let (horizon, fleet) = (instance.horizon(), instance.fleet());
    let span = horizon.span().0;
    let from_start = |at: Timestamp| if at < horizon.end { at.since(horizon.start).0 } else { 0 };
    let of_jobs = instance.jobs().iter().flat_map(|job| {
        let terms = fleet.classes_for(job).map(|class| draw::term(job, class).0);
        terms.filter(|&term| term <= span).chain([job.earliest, job.deadline].map(from_start))
    });
    let changes = Grid::capacity_changes(instance).chain(fleet.tariff_changes()).map(from_start);
    let mut tick = 0;
    for length in of_jobs.chain(changes) {
        tick = gcd(tick, length);
        if tick > 0 && span.div_ceil(tick) > most as u64 {
            return None;
        }
    }
    (tick > 0).then_some(tick)
}

/// How long capsules run, and how many do for so long, by the classes of tiles that are there.
#[derive(Debug)]
pub(super) struct Terms(BTreeMap<u64, u64>);

impl Terms {
    /// Those of an instance's jobs, in microseconds. O(jobs looked at times classes of tiles).
    pub(super) fn of(instance: &Instance) -> Terms {
        let jobs = instance.jobs();
        let mut counts = BTreeMap::new();
        for job in jobs.iter().step_by(jobs.len().div_ceil(JOBS_MAX).max(1)) {
            for class in instance.fleet().classes() {
                *counts.entry(draw::term(job, class).0.max(1)).or_insert(0) += u64::from(job.count);
            }
        }
        Terms(counts)
    }

    /// The tick in microseconds that wastes least where there are as many buckets as it takes, at most so many, if that is
    /// clearly better than as many even parts of the span as there would be otherwise.
    pub(super) fn tick(&self, span: u64, most: usize, otherwise: usize) -> Option<u64> {
        let shortest = span.div_ceil(most.max(1) as u64).max(1);
        let mut terms: Vec<(u64, u64)> = self.0.iter().map(|(&term, &count)| (term, count)).collect();
        terms.sort_by_key(|&(term, count)| std::cmp::Reverse(u128::from(term) * u128::from(count)));
        let parts = |term: u64| (1..=term / shortest).rev().take(PARTS_TRIED);
        let ticks =
            terms.iter().take(TERMS_MAX).flat_map(|&(term, _)| parts(term).map(move |parts| term.div_ceil(parts)));
        let cost = |tick: u64| self.waste(tick) + BUCKET_COST * (span / tick) as f64;
        let even = (span / otherwise.max(1) as u64).max(1);
        let (least, tick) = ticks.map(|tick| (cost(tick), tick)).min_by(|one, other| one.0.total_cmp(&other.0))?;
        (least < cost(even) - CLEARLY).then_some(tick)
    }

    /// What runs hold beyond what they need where they begin with a bucket, as a part of what they need.
    fn waste(&self, tick: u64) -> f64 {
        let (mut held, mut needed) = (0.0, 0.0);
        for (&term, &count) in &self.0 {
            held += (term.div_ceil(tick) * tick) as f64 * count as f64;
            needed += term as f64 * count as f64;
        }
        if needed > 0.0 { held / needed - 1.0 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level};
    use lessor_models::job::Job;
    use lessor_models::objective::Weights;
    use lessor_models::resources::Resources;
    use lessor_models::tile_class::TileClass;
    use lessor_models::time::Span;

    use super::*;

    const MINUTE: u64 = 60_000_000;

    fn terms(terms: &[(u64, u64)]) -> Terms {
        Terms(terms.iter().copied().collect())
    }

    #[test]
    fn a_tick_goes_into_the_terms_without_a_rest() {
        let day = 24 * 60 * MINUTE;
        assert_eq!(terms(&[(10 * MINUTE, 1)]).tick(day, 672, 672), Some(10 * MINUTE));
        assert_eq!(terms(&[(10 * MINUTE, 1), (15 * MINUTE, 1)]).tick(day, 672, 672), Some(5 * MINUTE));
        assert_eq!(terms(&[(60 * MINUTE, 1)]).tick(10 * 60 * MINUTE, 64, 19), Some(60 * MINUTE));
    }

    /// Jobs on one tile: when each may begin at first, how long it runs and when it must have ended, in minutes.
    fn instance(jobs: &[(i64, u64, i64)]) -> Instance {
        let mut parts = FleetParts::default();
        parts.nodes.names.push("t".to_owned());
        parts.nodes.parents.push(None);
        parts.nodes.levels.push(Level::Tile);
        parts.nodes.classes.push(Some(ClassIndex(0)));
        parts.nodes.capacities.push(Resources::UNLIMITED);
        parts.nodes.uplink_delays_us.push(0);
        parts.classes = vec![TileClass::plain("plain")];
        let at = |minutes: i64| Timestamp(minutes * 60_000_000);
        let job = |&(earliest, term, deadline): &(i64, u64, i64)| Job {
            deadline: at(deadline),
            ..Job::empty(at(earliest), Span(term * MINUTE))
        };
        let names = (0..jobs.len()).map(|job| job.to_string()).collect();
        let jobs = jobs.iter().map(job).collect();
        Instance::new(Fleet::new(parts).unwrap(), names, jobs, Weights::default()).unwrap()
    }

    #[test]
    fn hours_and_half_hours_have_half_hours_in_common() {
        let (hours, halves) = ((0, 60, 300), (90, 60, 240));
        assert_eq!(common(&instance(&[hours]), 672), Some(60 * MINUTE));
        assert_eq!(common(&instance(&[hours, halves]), 672), Some(30 * MINUTE));
        // Ten half hours are more than nine.
        assert_eq!(common(&instance(&[hours, halves]), 9), None);
    }

    #[test]
    fn even_parts_stay_where_no_tick_is_clearly_better() {
        let week = 7 * 24 * 60 * MINUTE;
        assert_eq!(terms(&[(25 * 60 * MINUTE + 1, 1)]).tick(week, 672, 672), None);
        // Ten minutes would want a thousand buckets.
        assert_eq!(terms(&[(10 * MINUTE, 1)]).tick(week, 672, 672), None);
        assert_eq!(terms(&[]).tick(week, 672, 672), None);
    }
}
