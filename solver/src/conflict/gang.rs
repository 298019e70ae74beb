//! What a gang's minimum asks of the count of its job class. The jobs of a class are filled one after the other.

use crate::lowering::Lowered;
use crate::lowering::index::JobClassIndex;

/// How many more capsules must come together when `placed` of a class run: the rest of a gang's minimum, or one.
pub(super) fn need(lowered: &Lowered<'_>, class: JobClassIndex, placed: u64) -> u64 {
    let job = lowered.job(class);
    u64::from(job.gang_min).saturating_sub(placed % u64::from(job.count)).max(1)
}
