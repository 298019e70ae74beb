//! In at least so many members of a domain: `|{D : sum over t in D of x[j,t] > 0}| >= min(k[j], sum of x[j,t])`.
//!
//! A tile in several members counts for each of them, and one in none counts for none, though its capsules count as placed.

use std::collections::{BTreeMap, BTreeSet};

use super::{View, Violation, members};
use crate::fleet::Owner;
use crate::job::JobIndex;
use crate::plan::Rule;

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    let mut spread_out: BTreeMap<JobIndex, (u64, BTreeSet<Owner>)> = BTreeMap::new();
    for placement in view.placements {
        let Some(spread) = view.job(placement).spread else { continue };
        let (placed, met) = spread_out.entry(placement.job).or_default();
        *placed += u64::from(placement.count);
        met.extend(members(view.fleet(), placement.tile, spread.domain));
    }
    for (job, (placed, met)) in spread_out {
        let least = view.instance.jobs()[job.at()].spread.map_or(0, |spread| u64::from(spread.least).min(placed));
        if (met.len() as u64) < least {
            found.push(Violation::Rule { rule: Rule::SpreadLeast, job, tile: None });
        }
    }
}
