//! Risk: the share of a capsule's work that faults are expected to cost, at its bid.
//!
//! Without checkpoints a fault loses half the term on average: a share of `term / 2M` with `M` the mean time between
//! faults. With a checkpoint that takes `d`, the best interval is `sqrt(2 d M)` (Young 1974, first order; Daly 2006,
//! section 3), and checkpoints and rework together cost a share of `sqrt(2 d / M)`. A job takes the cheaper of the two.
//!
//! Exact: `weight * ceil(bid * share)`. Optimistic bound: the exact form, which depends on job and site alone.

use super::{Site, Weights, weighted};
use crate::draw;
use crate::job::Job;
use crate::time::MICROS_PER_HOUR;

/// Shares are computed in parts of 2^32.
const ONE: u128 = 1 << 32;

/// Fault rates are per 10^9 hours.
const GIGAHOUR_MICROS: u128 = 1_000_000_000 * MICROS_PER_HOUR as u128;

/// The expected loss of one capsule, in micro-credits, rounded up; never more than its bid.
#[must_use]
pub fn cost(job: &Job, site: &Site<'_>, weights: &Weights) -> u64 {
    let rate = u128::from(site.class.faults_per_gigahour);
    let term = u128::from(draw::term(job, site.class).0);
    let restart = (term * rate).saturating_mul(ONE) / (2 * GIGAHOUR_MICROS);
    let share = job.checkpoint.map_or(restart, |write| {
        let square = (2 * u128::from(write.0) * rate).saturating_mul(ONE) / GIGAHOUR_MICROS;
        restart.min((square.saturating_mul(ONE)).isqrt())
    });
    let loss = (u128::from(job.bid) * share.min(ONE)).div_ceil(ONE);
    weighted(u64::try_from(loss).unwrap_or(u64::MAX), weights.risk_permille)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::tests::class;
    use crate::objective::tariff::Tariff;
    use crate::tile_class::TileClass;
    use crate::time::{Span, Timestamp};

    fn loss(checkpoint_hours: Option<u64>) -> u64 {
        // One fault in 1,000 hours, a term of 100 hours, a bid of a million.
        let class = TileClass { faults_per_gigahour: 1_000_000, ..class() };
        let mut job = Job::empty(Timestamp(0), Span(100 * MICROS_PER_HOUR));
        job.bid = 1_000_000;
        job.checkpoint = checkpoint_hours.map(|hours| Span(hours * MICROS_PER_HOUR));
        cost(&job, &Site { class: &class, tariff: Tariff::flat(0), heat_mw: 0 }, &Weights::default())
    }

    #[test]
    fn without_checkpoints_a_fault_costs_half_the_term() {
        // 100 / (2 * 1000) = 5 %.
        assert_eq!(loss(None), 50_000);
    }

    #[test]
    fn a_free_checkpoint_costs_nothing_and_a_dear_one_is_not_taken() {
        // sqrt(2 * 2 / 1000) = 6.3 % is worse than 5 %.
        assert_eq!((loss(Some(0)), loss(Some(2))), (0, 50_000));
    }

    #[test]
    fn a_checkpoint_of_one_hour_costs_the_young_share() {
        // sqrt(2 * 1 / 1000) = 4.4721 %.
        assert_eq!(loss(Some(1)) / 10, 4_472);
    }
}
