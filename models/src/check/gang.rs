//! All or none: `x[j] = 0 or x[j] >= m[j]`.

use super::{View, Violation, counts};
use crate::job::JobIndex;
use crate::plan::Rule;

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    for ((job, placed), asked) in (0..).map(JobIndex).zip(counts::placed(view)).zip(view.instance.jobs()) {
        if placed > 0 && placed < u64::from(asked.gang_min) {
            found.push(Violation::Rule { rule: Rule::Gang, job, tile: None });
        }
    }
}
