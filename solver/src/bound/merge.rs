//! Merging for the bound: groups and accounts that are alike share their prices.
//!
//! The program over merged groups sums the rows of accounts that are alike, which is a relaxation, and symmetric cells lose
//! nothing by it (colour refinement, Grohe et al. 2014). Accounts that are only nearly alike are merged too: the prices
//! that come out are then a little off, and the bound, evaluated on the true instance, a little looser but never wrong.

use std::collections::BTreeMap;

use lessor_models::fleet::{ClassIndex, Level, Owner, ZoneKind};
use lessor_models::resources::{Kind, UNLIMITED};

use crate::index::{AccountIndex, GroupIndex};
use crate::lowering::Lowered;

/// The most merged groups that a program is built over.
const MERGED_MAX: usize = 40;

/// Relative steps in which capacities count as alike, tried in order; the last one tells nothing apart.
const STEPS: [f64; 4] = [0.02, 0.1, 0.5, f64::INFINITY];

/// Groups merged, and accounts merged, each with their members.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    /// Members of each merged group.
    pub groups: Vec<Vec<GroupIndex>>,
    /// Members of each merged account that may bind.
    pub accounts: Vec<Vec<AccountIndex>>,
    /// For each merged group, the merged accounts on its path with the level of each.
    pub paths: Vec<Vec<(usize, Level)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Node(Level),
    Zone(ZoneKind),
}

/// What an account looks like: its sort, and per kind how much it gives against what is below it, in steps.
type Signature = (Sort, [Option<i64>; Kind::COUNT]);

/// Merges what is alike, coarsely enough to leave a small program.
#[must_use]
pub fn merge(lowered: &Lowered<'_>) -> Merged {
    let below = capacity_below(lowered);
    let mut merged = merge_by(lowered, &below, STEPS[0]);
    for step in &STEPS[1..] {
        if merged.groups.len() <= MERGED_MAX {
            break;
        }
        merged = merge_by(lowered, &below, *step);
    }
    merged
}

/// The sum of tile capacity below each account, per kind.
fn capacity_below(lowered: &Lowered<'_>) -> Vec<[f64; Kind::COUNT]> {
    let mut below = vec![[0.0; Kind::COUNT]; lowered.accounts.len()];
    for group in &lowered.groups {
        for &(account, _) in &group.path {
            for kind in Kind::ALL {
                let each = group.capacity(0).get(kind);
                below[account.at()][kind.index()] += each as f64 * group.tiles.len() as f64;
            }
        }
    }
    below
}

fn signature(lowered: &Lowered<'_>, account: AccountIndex, below: &[f64; Kind::COUNT], step: f64) -> Signature {
    let fleet = lowered.instance.fleet();
    let owner = lowered.account(account).owner;
    let sort = match owner {
        Owner::Node(node) => Sort::Node(fleet.level(node)),
        Owner::Zone(zone) => Sort::Zone(fleet.zones()[zone.at()].kind),
    };
    let mut steps = [None; Kind::COUNT];
    for kind in Kind::ALL {
        let gives = lowered.account(account).capacity.iter().map(|vector| vector.get(kind)).min().unwrap_or(UNLIMITED);
        let ratio = gives as f64 / below[kind.index()].max(1.0);
        // Bandwidth above the tiles carries other traffic than the tiles' own, so its ratio says nothing about binding.
        let may_bind = gives != UNLIMITED && (kind == Kind::Bandwidth || ratio < 1.0);
        if may_bind {
            steps[kind.index()] = Some(if step.is_finite() { crate::numbers::round(ratio.max(1e-9).ln() / step) } else { 0 });
        }
    }
    (sort, steps)
}

fn merge_by(lowered: &Lowered<'_>, below: &[[f64; Kind::COUNT]], step: f64) -> Merged {
    let mut accounts: BTreeMap<Signature, Vec<AccountIndex>> = BTreeMap::new();
    let mut signature_of = Vec::with_capacity(lowered.accounts.len());
    for (at, below) in below.iter().enumerate() {
        let account = AccountIndex::new(at);
        let signature = signature(lowered, account, below, step);
        if signature.1.iter().any(Option::is_some) {
            accounts.entry(signature).or_default().push(account);
        }
        signature_of.push(signature);
    }
    let position: BTreeMap<Signature, usize> = accounts.keys().copied().zip(0..).collect();
    type Key = (ClassIndex, usize, [u64; Kind::COUNT], Vec<(usize, Level)>);
    let mut groups: BTreeMap<Key, Vec<GroupIndex>> = BTreeMap::new();
    for index in lowered.group_indexes() {
        let group = lowered.group(index);
        if group.closed {
            continue;
        }
        let on_path = group.path.iter().filter_map(|&(account, level)| {
            Some((*position.get(&signature_of[account.at()])?, level))
        });
        let mut path: Vec<(usize, Level)> = on_path.collect();
        path.sort_unstable();
        let capacity = if step.is_finite() { group.capacity(0).0 } else { [0; Kind::COUNT] };
        let site = if step.is_finite() { group.site } else { 0 };
        groups.entry((group.class, site, capacity, path)).or_default().push(index);
    }
    let paths = groups.keys().map(|key| key.3.clone()).collect();
    Merged { groups: groups.into_values().collect(), accounts: accounts.into_values().collect(), paths }
}
