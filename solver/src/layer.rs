//! The layer level: how many capsules of each job class every tile group is given, and each cell's share of what it shares.
//!
//! The relaxation's counts over merged groups are split among the members by their tiles, in whole capsules: member `k` gets
//! `floor(count * tiles up to k / all tiles)` less what the members before it got, so that the parts add up.

use lessor_models::resources::{Kind, Resources, UNLIMITED};

use crate::bound::Relaxation;
use crate::index::{AccountIndex, GroupIndex, JobClassIndex};
use crate::lowering::{Cell, Lowered};
use crate::numbers::floor;
use crate::occupancy::Occupancy;

/// What the layer tells the cells.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Capsules of each job class, group by group.
    pub of_group: Vec<Vec<(JobClassIndex, u64)>>,
}

/// Splits the relaxation's counts among the groups. O(job classes times groups).
#[must_use]
pub fn counts(occupancy: &Occupancy<'_>, relaxation: &Relaxation, order: &[JobClassIndex]) -> Counts {
    let lowered = occupancy.lowered();
    let mut of_group = vec![Vec::new(); lowered.groups.len()];
    for class in order.iter().copied().filter(|class| !lowered.classes[class.at()].is_bound) {
        let mut missing = occupancy.missing(class);
        for (merged, members) in relaxation.merged.groups.iter().enumerate() {
            let wanted = floor(relaxation.counts[(class.at(), merged)] + 1e-6).min(missing);
            if wanted > 0 {
                missing -= split(lowered, class, wanted, members, &mut of_group);
            }
        }
    }
    Counts { of_group }
}

fn split(
    lowered: &Lowered<'_>,
    class: JobClassIndex,
    wanted: u64,
    members: &[GroupIndex],
    of_group: &mut [Vec<(JobClassIndex, u64)>],
) -> u64 {
    let usable: Vec<GroupIndex> =
        members.iter().copied().filter(|&group| lowered.worth(class, group).is_some()).collect();
    let tiles = |group: GroupIndex| u128::try_from(lowered.group(group).tiles.len()).unwrap_or(0);
    let all: u128 = usable.iter().map(|&group| tiles(group)).sum();
    // Each class starts its rounding elsewhere, so that no group collects every remainder.
    let mut passed = u128::from(class.0).wrapping_mul(2_654_435_761) % all.max(1);
    let share = |upto: u128| u64::try_from(u128::from(wanted) * upto / all.max(1)).unwrap_or(u64::MAX);
    let mut given = 0;
    for group in usable {
        let before = share(passed);
        passed += tiles(group);
        let part = share(passed) - before;
        if part > 0 {
            of_group[group.at()].push((class, part));
            given += part;
        }
    }
    given
}

/// What a cell may use of each account on its paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The account.
    pub account: AccountIndex,
    /// How much of what is left of it, in the grid's first bucket.
    pub most: Resources,
}

/// Splits what is left of every account among the cells that debit it, by what their counts would use.
///
/// An account that the counts together do not exhaust gives its rest in the same proportion. Static grids only.
#[must_use]
pub fn shares(occupancy: &Occupancy<'_>, counts: &Counts) -> Vec<Vec<Share>> {
    let lowered = occupancy.lowered();
    let mut totals = vec![[0u128; Kind::COUNT]; lowered.accounts.len()];
    let of_cells: Vec<_> = lowered.cells.iter().map(|cell| cell_usage(lowered, cell, counts)).collect();
    for (account, usage) in of_cells.iter().flatten() {
        totals[account.at()].iter_mut().zip(usage).for_each(|(total, amount)| *total += amount);
    }
    let share = |account: AccountIndex, usage: &[u128; Kind::COUNT]| {
        let left = occupancy.account_left(account, 0);
        let mut most = Resources::ZERO;
        for k in 0..Kind::COUNT {
            let part = (u128::from(left.0[k]) * usage[k]).checked_div(totals[account.at()][k]);
            let whole = left.0[k] == UNLIMITED;
            most.0[k] = if whole { UNLIMITED } else { u64::try_from(part.unwrap_or(0)).unwrap_or(UNLIMITED - 1) };
        }
        Share { account, most }
    };
    of_cells.iter().map(|cell| cell.iter().map(|(account, usage)| share(*account, usage)).collect()).collect()
}

/// What the counts of a cell would use of each account on its paths, sorted by account.
fn cell_usage(lowered: &Lowered<'_>, cell: &Cell, counts: &Counts) -> Vec<(AccountIndex, [u128; Kind::COUNT])> {
    let mut usage = std::collections::BTreeMap::new();
    for at in cell.groups.clone() {
        let group = GroupIndex::new(at);
        for &(account, level) in &lowered.group(group).path {
            let sums: &mut [u128; Kind::COUNT] = usage.entry(account).or_default();
            for &(class, count) in &counts.of_group[at] {
                let draw = lowered.draw_at(class, group, level);
                sums.iter_mut().zip(draw.0).for_each(|(sum, amount)| *sum += u128::from(amount) * u128::from(count));
            }
        }
    }
    usage.into_iter().collect()
}
