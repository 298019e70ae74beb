//! What a gang's minimum asks of the count of its job class. The jobs of a class are filled one after the other.

use crate::lowering::Lowered;
use crate::lowering::index::JobClassIndex;

/// How many more capsules must come together when `placed` of a class run: the rest of a gang's minimum, or one.
pub(super) fn need(lowered: &Lowered<'_>, class: JobClassIndex, placed: u64) -> u64 {
    let job = lowered.job(class);
    u64::from(job.gang_min).saturating_sub(placed % u64::from(job.count)).max(1)
}

/// Whether no job is left with some capsules, but fewer than its gang's minimum, when `placed` of a class run.
pub(super) fn keeps_minimum(lowered: &Lowered<'_>, class: JobClassIndex, placed: u64) -> bool {
    let job = lowered.job(class);
    let last = placed % u64::from(job.count);
    last == 0 || last >= u64::from(job.gang_min)
}
