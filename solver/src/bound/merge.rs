//! Merging for the bound: groups and accounts that are alike share their prices.
//!
//! The program over merged groups sums the rows of accounts that are alike, which is a relaxation, and symmetric cells lose
//! nothing by it (color refinement, Grohe et al. 2014). Accounts that are only nearly alike are merged too: the prices
//! that come out are then a little off, and the bound, evaluated on the true instance, a little looser but never wrong.

use std::collections::BTreeMap;

use lessor_models::fleet::{ClassIndex, Level, Owner, ZoneKind};
use lessor_models::objective::dues::Due;
use lessor_models::objective::tariff::Tariff;
use lessor_models::resources::{Kind, UNLIMITED};

use crate::lowering::Lowered;
use crate::lowering::index::{AccountIndex, GroupIndex};

/// The most merged groups that a program is built over; what is told apart makes the bound tighter and the program larger.
const MERGED_MAX: usize = 300;

/// The same where time matters, and where a rough answer is wanted soon.
const MERGED_FEW: usize = 60;

/// How finely things are told apart: zero tells everything apart, infinity nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    /// Relative steps in which capacities, and prices of energy and of accounts, count as alike.
    ratio: f64,
    /// Relative steps in which shares of sites among the tiles below an account count as alike.
    share: f64,
}

const fn step(ratio: f64, share: f64) -> Step {
    Step { ratio, share }
}

/// The steps, tried in order. What is below an account is forgotten long before how much it gives: accounts that bind and
/// accounts that do not make a plan of their mean that neither can follow.
const STEPS: [Step; 10] = [
    step(0.0, 0.0),
    step(0.002, 0.01),
    step(0.02, 0.1),
    step(0.02, f64::INFINITY),
    step(0.06, f64::INFINITY),
    step(0.15, f64::INFINITY),
    step(0.4, f64::INFINITY),
    step(1.0, f64::INFINITY),
    step(3.0, f64::INFINITY),
    step(f64::INFINITY, f64::INFINITY),
];

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

/// What an account looks like, in steps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Signature {
    sort: Sort,
    /// Per kind that may bind, how much it gives against what is below it.
    gives: [Option<i64>; Kind::COUNT],
    /// Which sites the tiles below it are of, with their share of those tiles.
    sites: Vec<(usize, i64)>,
    /// Set where nothing counts as alike.
    itself: Option<AccountIndex>,
}

/// Merges what is alike, coarsely enough to leave a small program.
#[must_use]
pub fn merge(lowered: &Lowered<'_>) -> Merged {
    merge_to(lowered, most(lowered))
}

/// Merges to a far smaller program, where there is one.
#[must_use]
pub fn merge_coarsely(lowered: &Lowered<'_>) -> Option<Merged> {
    let is_large = lowered.groups.len() > MERGED_FEW && most(lowered) > MERGED_FEW;
    is_large.then(|| merge_to(lowered, MERGED_FEW))
}

/// The most groups; every window has rows of its own.
fn most(lowered: &Lowered<'_>) -> usize {
    if lowered.grid.count() > 1 { MERGED_FEW } else { MERGED_MAX }
}

fn merge_to(lowered: &Lowered<'_>, most: usize) -> Merged {
    let mut merged = merge_by(lowered, STEPS[0]);
    for step in &STEPS[1..] {
        if merged.groups.len() <= most {
            break;
        }
        merged = merge_by(lowered, *step);
    }
    merged
}

/// Sites that count as alike, numbered: of one class, with energy prices in one step, or one tariff where it changes, and with
/// prices of accounts that are in one step on average; all are one where nothing is told apart.
fn alike_sites(lowered: &Lowered<'_>, Step { ratio: step, .. }: Step) -> Vec<usize> {
    let (fleet, horizon) = (lowered.instance.fleet(), lowered.instance.horizon());
    let mut numbers = BTreeMap::new();
    let mut number_of = BTreeMap::new();
    for group in &lowered.groups {
        let mut tariff = Tariff::of(fleet, group.tile, lowered.instance.weights()).within(horizon);
        let price = tariff.price.base() as f64;
        let mean = |due: &Due<'_>| due.price.sum(horizon) as f64 / (horizon.span().0 as f64).max(1.0);
        let dues: Vec<_> = tariff.dues.iter().map(|due| (due.kind, due.level, in_steps(mean(due), step))).collect();
        tariff.dues.clear();
        let changing = (!tariff.is_flat()).then_some(tariff);
        let looks = step.is_finite().then_some((group.class, changing, in_steps(price, step), dues));
        let exact = (step <= 0.0).then_some(group.site);
        let next = numbers.len();
        number_of.insert(group.site, *numbers.entry((looks, exact)).or_insert(next));
    }
    number_of.into_values().collect()
}

/// What is below an account: the sum of tile capacity per kind, and tiles by site.
#[derive(Clone, Debug, Default)]
struct Below {
    capacity: [f64; Kind::COUNT],
    tiles: BTreeMap<usize, f64>,
}

fn below(lowered: &Lowered<'_>, alike: &[usize]) -> Vec<Below> {
    let mut below = vec![Below::default(); lowered.accounts.len()];
    for group in &lowered.groups {
        let tiles = group.tiles.len() as f64;
        for &(account, _) in &group.path {
            let sums = &mut below[account.at()];
            *sums.tiles.entry(alike[group.site]).or_default() += tiles;
            for (sum, each) in sums.capacity.iter_mut().zip(group.capacity(0).0) {
                *sum += each as f64 * tiles;
            }
        }
    }
    below
}

/// A ratio in steps of its logarithm.
fn in_steps(ratio: f64, step: f64) -> i64 {
    if step.is_finite() && step > 0.0 { crate::support::numbers::round(ratio.max(1e-9).ln() / step) } else { 0 }
}

fn signature(lowered: &Lowered<'_>, account: AccountIndex, below: &Below, step: Step) -> Signature {
    let fleet = lowered.instance.fleet();
    let owner = lowered.account(account).owner;
    let sort = match owner {
        Owner::Node(node) => Sort::Node(fleet.level(node)),
        Owner::Zone(zone) => Sort::Zone(fleet.zones()[zone.at()].kind),
    };
    let mut gives = [None; Kind::COUNT];
    for kind in Kind::ALL {
        let least = lowered.account(account).capacity.iter().map(|vector| vector.get(kind)).min().unwrap_or(UNLIMITED);
        let ratio = least as f64 / below.capacity[kind.index()].max(1.0);
        // Bandwidth above the tiles carries other traffic than the tiles' own, so its ratio says nothing about binding.
        let may_bind = least != UNLIMITED && (kind == Kind::Bandwidth || ratio < 1.0);
        gives[kind.index()] = may_bind.then(|| in_steps(ratio, step.ratio));
    }
    let all: f64 = below.tiles.values().sum();
    let share = |(&site, &tiles): (&usize, &f64)| (site, in_steps(tiles / all, step.share));
    let sites = if step.share.is_finite() { below.tiles.iter().map(share).collect() } else { Vec::new() };
    Signature { sort, gives, sites, itself: (step.ratio <= 0.0).then_some(account) }
}

/// What merged groups have in common: class, site, capacity, itself where nothing counts as alike, and path.
type GroupKey = (ClassIndex, usize, [u64; Kind::COUNT], Option<GroupIndex>, Vec<(usize, Level)>);

fn merge_by(lowered: &Lowered<'_>, step: Step) -> Merged {
    let alike = alike_sites(lowered, step);
    let below = below(lowered, &alike);
    let mut accounts: BTreeMap<Signature, Vec<AccountIndex>> = BTreeMap::new();
    let mut signature_of = Vec::with_capacity(lowered.accounts.len());
    for (at, below) in below.iter().enumerate() {
        let account = AccountIndex::new(at);
        let signature = signature(lowered, account, below, step);
        if signature.gives.iter().any(Option::is_some) {
            accounts.entry(signature.clone()).or_default().push(account);
        }
        signature_of.push(signature);
    }
    let position: BTreeMap<Signature, usize> = accounts.keys().cloned().zip(0..).collect();
    let mut groups: BTreeMap<GroupKey, Vec<GroupIndex>> = BTreeMap::new();
    for index in lowered.group_indexes() {
        let group = lowered.group(index);
        if group.closed {
            continue;
        }
        let on_path = group
            .path
            .iter()
            .filter_map(|&(account, level)| Some((*position.get(&signature_of[account.at()])?, level)));
        let mut path: Vec<(usize, Level)> = on_path.collect();
        path.sort_unstable();
        let capacity = if step.ratio.is_finite() { group.capacity(0).0 } else { [0; Kind::COUNT] };
        let site = alike[group.site];
        let itself = (step.ratio <= 0.0).then_some(index);
        groups.entry((group.class, site, capacity, itself, path)).or_default().push(index);
    }
    let paths = groups.keys().map(|key| key.4.clone()).collect();
    Merged { groups: groups.into_values().collect(), accounts: accounts.into_values().collect(), paths }
}
