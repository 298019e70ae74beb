//! When a capsule might start: inside its window, and later than the window allows.

use lessor_models::fleet::Owner;
use lessor_models::resources::Kind;
use lessor_models::time::Timestamp;

use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, JobClassIndex};

/// The last start that still ends by the deadline; before the earliest start where the term does not fit the window.
pub(super) fn latest(lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex) -> Timestamp {
    Timestamp(lowered.job(class).deadline.0.saturating_sub_unsigned(lowered.term(class, group).0))
}

/// The starts worth trying inside the window; none where the term does not fit it.
pub(super) fn inside<'x>(
    lowered: &'x Lowered<'_>,
    class: JobClassIndex,
    group: GroupIndex,
) -> impl Iterator<Item = Timestamp> + 'x {
    let fits = lowered.job(class).earliest <= latest(lowered, class, group);
    fits.then(|| lowered.starts(class, group)).into_iter().flatten()
}

/// The starts worth trying after the window, so early that the capsule still ends within the plan's horizon.
///
/// In one bucket, a later start meets what an earlier one met, so there it is tried only where the window has no start. Where
/// the term does not fit the window at all, the earliest start comes first, whether it ends within the horizon or not. Where
/// energy is dearer later, a start that eats up what a capsule is worth is none.
pub(super) fn late<'x>(
    lowered: &'x Lowered<'_>,
    class: JobClassIndex,
    group: GroupIndex,
) -> impl Iterator<Item = Timestamp> + 'x {
    let (job, term) = (lowered.job(class), lowered.term(class, group));
    let from = latest(lowered, class, group);
    let last = Timestamp(lowered.instance.horizon().end.0.saturating_sub_unsigned(term.0));
    let first = (from < job.earliest).then_some(job.earliest);
    let after = from.max(job.earliest);
    let is_graded = lowered.grid.count() > 1 && after < last;
    let edges = is_graded.then(|| lowered.grid.starts(after, last).skip(1)).into_iter().flatten();
    first.into_iter().chain(edges).filter(move |&start| earns(lowered, class, group, start))
}

/// Whether what energy costs then leaves something of what a capsule is worth; what it is worth at its best is asked elsewhere.
pub(super) fn earns(lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex, start: Timestamp) -> bool {
    let worth = lowered.group(group).varying.and_then(|_| lowered.worth(class, group));
    worth.is_none_or(|_| lowered.earns(class, group, start) > 0)
}

/// Whether a capsule that starts then has ended when the plan's horizon does, or runs on into time that changes nothing.
pub(super) fn ends_in_known_time(
    lowered: &Lowered<'_>,
    class: JobClassIndex,
    group: GroupIndex,
    start: Timestamp,
) -> bool {
    lowered.run(class, group, start).end <= lowered.instance.horizon().end || is_constant_after(lowered, group)
}

/// Whether no capacity of a group's tiles or of the accounts above changes after the horizon.
pub(super) fn is_constant_after(lowered: &Lowered<'_>, group: GroupIndex) -> bool {
    let (fleet, end) = (lowered.instance.fleet(), lowered.instance.horizon().end);
    let at = lowered.group(group);
    let above = at.path.iter().map(|&(account, _)| lowered.account(account).owner);
    let is_constant = |owner| {
        let functions = Kind::ALL.into_iter().filter_map(move |kind| fleet.steps().get(&(owner, kind)));
        functions.filter_map(|function| function.steps().last()).all(|step| step.0 <= end)
    };
    above.chain([Owner::Node(at.tile)]).all(is_constant)
}
