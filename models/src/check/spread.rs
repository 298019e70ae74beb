//! At most so many capsules in each member of a domain: `sum over t in D of x[j,t] <= s[j]`.

use std::collections::BTreeMap;

use super::{View, Violation, members};
use crate::fleet::Owner;
use crate::job::JobIndex;
use crate::plan::Rule;

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    let mut counted: BTreeMap<(JobIndex, Owner), u64> = BTreeMap::new();
    for placement in view.placements {
        let Some(spread) = view.job(placement).spread else { continue };
        for member in members(view.fleet(), placement.tile, spread.domain) {
            let count = counted.entry((placement.job, member)).or_default();
            *count += u64::from(placement.count);
            if *count > u64::from(spread.most) {
                found.push(Violation::Rule { rule: Rule::Spread, job: placement.job, tile: Some(placement.tile) });
            }
        }
    }
}
