//! The layer level: how many capsules of each job class every tile group is given, and each cell's share of what it shares.
//!
//! The relaxation's counts over merged groups are split among the members by their tiles, in whole capsules: member `k` gets
//! `floor(count * tiles up to k / all tiles)` less what the members before it got, so that the parts add up.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::Timestamp;

use super::occupancy::Occupancy;
use super::rank;
use super::shares::{Share, Shares};
use crate::bound::Relaxation;
use crate::bound::budget::Count;
use crate::lowering::index::{AccountIndex, GroupIndex, JobClassIndex};
use crate::lowering::{Cell, Lowered};
use crate::program::linear::Algorithm;
use crate::support::numbers::floor;

/// Capsules of one class that a group is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// The class.
    pub class: JobClassIndex,
    /// When they start.
    pub start: Timestamp,
    /// How many.
    pub count: u64,
}

/// What the layer tells the cells.
#[derive(Clone, Debug)]
pub struct Counts {
    /// What each group is given, in the order in which to place it.
    pub of_group: Vec<Vec<Given>>,
    /// How they were found: those from inside give each group many classes.
    pub algorithm: Algorithm,
}

/// Steps of size, in parts of a tile, within which capsules go in the order of their starts.
const SIZE_STEPS: f64 = 4.0;

impl Counts {
    /// Orders what is placed first by start: runs placed so leave no gaps that a later one cannot use (interval coloring).
    pub fn sort_by_start(&mut self) {
        self.of_group.iter_mut().for_each(|given| given.sort_by_key(|given| given.start));
    }

    /// Orders large capsules by size in steps, then by start; small ones stay last, as they are.
    pub fn sort_by_size_and_start(&mut self, lowered: &Lowered<'_>) {
        for (group, given) in lowered.group_indexes().zip(&mut self.of_group) {
            given.sort_by_cached_key(|given| {
                let size = rank::size(lowered, given.class, group);
                let large = (!rank::is_small(size)).then(|| (floor(size * SIZE_STEPS), Reverse(given.start)));
                Reverse(large)
            });
        }
    }
}

/// Splits the relaxation's counts of some classes among the groups, classes in the order given. O(job classes times groups).
#[must_use]
pub fn counts(occupancy: &Occupancy<'_>, relaxation: &Relaxation, order: &[JobClassIndex]) -> Counts {
    let lowered = occupancy.lowered();
    let mut of_group: Vec<Vec<Given>> = vec![Vec::new(); lowered.groups.len()];
    for &class in order {
        let mut missing = occupancy.missing(class);
        let from = relaxation.counts.partition_point(|count| count.class < class);
        for count in relaxation.counts[from..].iter().take_while(|count| count.class == class) {
            let wanted = floor(count.capsules + 1e-6).min(missing);
            if wanted > 0 {
                missing -= split(lowered, count, wanted, &relaxation.merged.groups[count.group], &mut of_group);
            }
        }
    }
    Counts { of_group, algorithm: relaxation.algorithm }
}

fn split(
    lowered: &Lowered<'_>,
    &Count { class, start, .. }: &Count,
    wanted: u64,
    members: &[GroupIndex],
    of_group: &mut [Vec<Given>],
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
        let count = share(passed) - before;
        if count > 0 {
            of_group[group.at()].push(Given { class, start, count });
            given += count;
        }
    }
    given
}

/// What the counts of a cell would use of an account, by bucket and kind.
type Used = Vec<[u128; Kind::COUNT]>;

/// Splits what is left of every account among the cells that debit it, by what their counts would use.
///
/// An account that the counts together do not exhaust gives its rest in the same proportion.
#[must_use]
pub fn shares(occupancy: &Occupancy<'_>, counts: &Counts) -> Vec<Shares> {
    let lowered = occupancy.lowered();
    let buckets = lowered.grid.count();
    let mut totals: Vec<Used> = vec![vec![[0u128; Kind::COUNT]; buckets]; lowered.accounts.len()];
    let of_cells: Vec<_> = lowered.cells.iter().map(|cell| cell_usage(occupancy, cell, counts)).collect();
    for (account, usage) in of_cells.iter().flatten() {
        for (totals, usage) in totals[account.at()].iter_mut().zip(usage) {
            totals.iter_mut().zip(usage).for_each(|(total, amount)| *total += amount);
        }
    }
    let part = |left: u64, used: u128, total: u128| match left {
        UNLIMITED => UNLIMITED,
        left => u64::try_from((u128::from(left) * used).checked_div(total).unwrap_or(0)).unwrap_or(UNLIMITED - 1),
    };
    let share = |account: AccountIndex, usage: &Used| {
        let in_bucket = |bucket: usize| {
            let (left, total) = (occupancy.account_left(account, bucket), &totals[account.at()][bucket]);
            Resources(std::array::from_fn(|k| part(left.0[k], usage[bucket][k], total[k])))
        };
        Share { account, most: (0..buckets).map(in_bucket).collect() }
    };
    let shares = |cell: &Vec<_>| Shares::new(cell.iter().map(|(account, usage)| share(*account, usage)).collect());
    of_cells.iter().map(shares).collect()
}

/// What the counts of a cell would use of each account on its paths, sorted by account.
fn cell_usage(occupancy: &Occupancy<'_>, cell: &Cell, counts: &Counts) -> Vec<(AccountIndex, Used)> {
    let lowered = occupancy.lowered();
    let mut usage: BTreeMap<AccountIndex, Used> = BTreeMap::new();
    for at in cell.groups.clone() {
        let group = GroupIndex::new(at);
        for &(account, level) in &lowered.group(group).path {
            let sums = usage.entry(account).or_insert_with(|| vec![[0; Kind::COUNT]; lowered.grid.count()]);
            for given in &counts.of_group[at] {
                let draw = lowered.draw_at(given.class, group, level);
                for sums in &mut sums[occupancy.buckets(given.class, group, given.start)] {
                    let amounts = sums.iter_mut().zip(draw.0);
                    amounts.for_each(|(sum, amount)| *sum += u128::from(amount) * u128::from(given.count));
                }
            }
        }
    }
    usage.into_iter().collect()
}
