//! Every capsule starts at or after the earliest start and ends by the deadline.

use super::{View, Violation};
use crate::draw;
use crate::plan::Rule;

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    for placement in view.placements {
        let job = view.job(placement);
        let end = placement.start.after(draw::term(job, view.class(placement)));
        if placement.start < job.earliest || end > job.deadline {
            found.push(Violation::Rule { rule: Rule::Window, job: placement.job, tile: Some(placement.tile) });
        }
    }
}
