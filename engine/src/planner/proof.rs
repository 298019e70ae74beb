//! The relaxation, and what it proves: a certificate, and the bound that it implies as the checker reads it.

use lessor_models::certificate::Certificate;
use lessor_models::check;
use lessor_solver::bound::{self, Relaxation};
use lessor_solver::lowering::Lowered;
use lessor_solver::support::stop::Stop;

use super::telling::{Phase, Telling};

/// Job classes times groups times parts of time up to which lower prices are tried: what one more bound takes grows with them.
const LOWERED_WORK_MAX: usize = 2_000_000;

/// A relaxation, and the certificate that its prices make with the bound that it implies.
pub(super) type Proved = (Option<Relaxation>, Option<(Certificate, i128)>);

/// The relaxation with the lower bound, and its proof: of a rough one that is soon there, and of the one that matters.
pub(super) fn relax(lowered: &Lowered<'_>, stop: &Stop, telling: &Telling<'_>) -> Proved {
    telling.say(Phase::Bound, (0, 0), None);
    let mut best: Proved = (None, None);
    for is_rough in [true, false] {
        let relaxed =
            if is_rough { bound::relax_coarsely(lowered, stop) } else { bound::relax(lowered, best.0.as_ref(), stop) };
        let Some(relaxation) = relaxed else { continue };
        let certificate = certify(lowered, &relaxation);
        let proven = certificate.as_ref().map_or(i128::MAX, |(_, bound)| *bound);
        if best.0.is_none() || best.1.as_ref().is_none_or(|(_, bound)| proven < *bound) {
            telling.proved(certificate.as_ref().map(|(_, bound)| *bound));
            best = (Some(relaxation), certificate);
        }
        telling.say(Phase::Bound, (0, 0), None);
    }
    if best.1.is_none() && !stop.is_raised() {
        // Where nothing fits anywhere, there is nothing to relax.
        best.1 = proven(lowered, Certificate::default());
        telling.proved(best.1.as_ref().map(|(_, bound)| *bound));
    }
    best
}

/// A certificate with the bound that it implies; `None` where it proves nothing.
fn proven(lowered: &Lowered<'_>, certificate: Certificate) -> Option<(Certificate, i128)> {
    let bound = check::bound::bound(lowered.instance, &certificate).ok()?;
    Some((certificate, bound))
}

/// What all jobs together would pay for all that they want.
fn all_bids(lowered: &Lowered<'_>) -> i128 {
    let jobs = lowered.instance.jobs().iter();
    jobs.map(|job| i128::from(job.bid) * i128::from(job.count) + i128::from(job.bonus)).sum()
}

/// A certificate and the bound that it implies: where prices prove nothing, all bids still do.
fn certify(lowered: &Lowered<'_>, relaxation: &Relaxation) -> Option<(Certificate, i128)> {
    let proven = |certificate: Certificate| proven(lowered, certificate);
    let mut best = proven(bound::certificate(lowered, relaxation)).or_else(|| proven(Certificate::default()))?;
    // Without any price, all bids together are the bound.
    if best.1 > all_bids(lowered) {
        best = proven(Certificate::default()).filter(|(_, bound)| *bound < best.1).unwrap_or(best);
    }
    let work = lowered.classes.len() * lowered.groups.len() * lowered.grid.count();
    if lowered.grid.count() == 1 || work > LOWERED_WORK_MAX {
        return Some(best);
    }
    // Where time is told apart roughly, prices charge room that nobody lacks, and lower ones may prove more. Bounds are convex
    // along the way from all of the prices to none: the first step that proves no more is the last.
    let prices = best.0.clone();
    for eighths in (0..8).rev() {
        match proven(prices.eighths(eighths)).filter(|(_, bound)| *bound < best.1) {
            Some(better) => best = better,
            None => break,
        }
    }
    Some(best)
}
