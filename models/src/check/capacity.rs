//! No account is overdrawn, at any instant: usage along tile, cell, cluster, region, layer and zones against capacity.
//!
//! `standing[b,r] + sum of a[j, class(t), r] over capsules under b that run at k <= C[b,r,k]`. Usage climbs the tree level
//! by level, so that each placement is looked at once; a zone is debited by its member nodes, each at its own level.
//! An account that its standing draw alone overdraws is no violation unless the plan adds to it.

use std::collections::{BTreeMap, HashMap};

use super::{View, Violation, class_of};
use crate::draw;
use crate::fleet::{Fleet, Level, NodeIndex, Owner};
use crate::plan::Placement;
use crate::resources::{Kind, Resources, UNLIMITED};
use crate::time::{Interval, Timestamp};

/// Amounts of every kind but bandwidth, which differs by level and is kept per level.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    amounts: [u128; Kind::COUNT],
    bandwidth: [u128; Level::COUNT],
}

impl Usage {
    fn add(&mut self, other: &Usage) {
        for (sum, amount) in self.amounts.iter_mut().zip(other.amounts) {
            *sum += amount;
        }
        for (sum, amount) in self.bandwidth.iter_mut().zip(other.bandwidth) {
            *sum += amount;
        }
    }

    fn at(&self, level: Level) -> [u128; Kind::COUNT] {
        let mut amounts = self.amounts;
        amounts[Kind::Bandwidth.index()] = self.bandwidth[level.index()];
        amounts
    }
}

/// Usage by interval, of one owner.
type Timeline = BTreeMap<Interval, Usage>;

/// Usage of every owner above the tiles, gathered as the sweep climbs.
#[derive(Default)]
struct Gathered {
    nodes: BTreeMap<NodeIndex, Timeline>,
    zones: BTreeMap<Owner, BTreeMap<Interval, [u128; Kind::COUNT]>>,
}

pub(super) fn check(view: View<'_>, found: &mut Vec<Violation>) {
    let fleet = view.fleet();
    let standing = Standing::of(fleet);
    let mut gathered = Gathered::default();
    for_each_tile(view, |tile, timeline| gathered.climb(fleet, &standing, (tile, timeline), found));
    for level in Level::ALL {
        let here = gathered.nodes.keys().copied().filter(|&node| fleet.level(node) == level);
        for node in here.collect::<Vec<_>>() {
            let timeline = gathered.nodes.remove(&node).expect("the key was just listed");
            gathered.climb(fleet, &standing, (node, timeline), found);
        }
    }
    for (owner, timeline) in gathered.zones {
        let here: Vec<_> = timeline.into_iter().collect();
        sweep(fleet, owner, &standing.at(fleet, owner), &here, found);
    }
}

impl Gathered {
    /// Checks one node's usage and debits what lies above it: its zones and its parent.
    fn climb(&mut self, fleet: &Fleet, standing: &Standing, from: (NodeIndex, Timeline), found: &mut Vec<Violation>) {
        let (node, timeline) = from;
        let level = fleet.level(node);
        let here: Vec<_> = timeline.iter().map(|(&interval, usage)| (interval, usage.at(level))).collect();
        let owner = Owner::Node(node);
        sweep(fleet, owner, &standing.at(fleet, owner), &here, found);
        for &zone in fleet.zones_listing(node) {
            let sums = self.zones.entry(Owner::Zone(zone)).or_default();
            for (interval, amounts) in &here {
                let sum = sums.entry(*interval).or_default();
                sum.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount);
            }
        }
        if let Some(parent) = fleet.parent(node) {
            let above = self.nodes.entry(parent).or_default();
            for (interval, usage) in timeline {
                above.entry(interval).or_default().add(&usage);
            }
        }
    }
}

/// Calls back with each tile that holds something and what it holds, in order of tiles.
fn for_each_tile(view: View<'_>, mut each: impl FnMut(NodeIndex, Timeline)) {
    let mut order: Vec<&Placement> = view.placements.iter().collect();
    order.sort_unstable_by_key(|placement| placement.tile);
    for same_tile in order.chunk_by(|a, b| a.tile == b.tile) {
        let mut timeline = Timeline::new();
        for placement in same_tile {
            let (job, class) = (view.job(placement), view.class(placement));
            let count = u128::from(placement.count);
            let drawn = draw::draw(&job.demand, class, Level::Tile);
            let usage = Usage {
                amounts: drawn.0.map(|amount| u128::from(amount) * count),
                bandwidth: job.demand.bandwidth_bps.map(|amount| u128::from(amount) * count),
            };
            let interval = Interval { start: placement.start, end: placement.start.after(draw::term(job, class)) };
            timeline.entry(interval).or_default().add(&usage);
        }
        each(same_tile[0].tile, timeline);
    }
}

/// What every owner draws with nothing placed: the sum over the tiles under it. Only power and heat stand.
pub(super) struct Standing {
    above_tiles: HashMap<Owner, [u128; Kind::COUNT]>,
}

impl Standing {
    /// Sums up the fleet. O(tiles times depth).
    pub(super) fn of(fleet: &Fleet) -> Standing {
        let mut above_tiles: HashMap<Owner, [u128; Kind::COUNT]> = HashMap::new();
        for tile in fleet.tiles() {
            let idle = draw::standing(class_of(fleet, tile));
            if idle == Resources::ZERO {
                continue;
            }
            for node in fleet.path(tile) {
                let zones = fleet.zones_listing(node).iter().map(|&zone| Owner::Zone(zone));
                let itself = (node != tile).then_some(Owner::Node(node));
                for owner in zones.chain(itself) {
                    let sum = above_tiles.entry(owner).or_default();
                    sum.iter_mut().zip(idle.0).for_each(|(sum, amount)| *sum += u128::from(amount));
                }
            }
        }
        Standing { above_tiles }
    }

    /// The standing draw of one owner.
    pub(super) fn at(&self, fleet: &Fleet, owner: Owner) -> [u128; Kind::COUNT] {
        match owner {
            Owner::Node(node) if fleet.level(node) == Level::Tile => {
                draw::standing(class_of(fleet, node)).0.map(u128::from)
            }
            Owner::Node(_) | Owner::Zone(_) => self.above_tiles.get(&owner).copied().unwrap_or_default(),
        }
    }
}

/// Walks an owner's usage through time and reports the first overdraft of each kind.
fn sweep(
    fleet: &Fleet,
    owner: Owner,
    standing: &[u128; Kind::COUNT],
    timeline: &[(Interval, [u128; Kind::COUNT])],
    found: &mut Vec<Violation>,
) {
    let base = fleet.base_capacity(owner);
    for kind in Kind::ALL {
        let k = kind.index();
        let steps = fleet.steps().get(&(owner, kind));
        if base.get(kind) == UNLIMITED && steps.is_none() {
            continue;
        }
        let capacity = |at: Timestamp| steps.map_or(base.get(kind), |function| function.at(at));
        let stepped = steps.iter().flat_map(|function| function.steps()).map(|step| step.1);
        let least = stepped.fold(base.get(kind), u64::min);
        let at_once: u128 = timeline.iter().map(|(_, amounts)| amounts[k]).sum();
        // What fits all at once under the least capacity fits at every instant.
        if at_once == 0 || standing[k] + at_once <= u128::from(least) {
            continue;
        }
        let mut changes: Vec<(Timestamp, i128)> = Vec::new();
        for (interval, amounts) in timeline.iter().filter(|(_, amounts)| amounts[k] > 0) {
            let amount = i128::try_from(amounts[k]).expect("2^32 capsules of 2^53 stay below 2^127");
            changes.extend([(interval.start, amount), (interval.end, -amount)]);
        }
        changes.extend(steps.iter().flat_map(|function| function.steps()).map(|step| (step.0, 0)));
        changes.sort_unstable();
        let mut used = 0i128;
        for (position, &(at, change)) in changes.iter().enumerate() {
            used += change;
            let last_of_instant = changes.get(position + 1).is_none_or(|next| next.0 > at);
            let total = standing[k] + used.unsigned_abs();
            if last_of_instant && used > 0 && capacity(at) != UNLIMITED && total > u128::from(capacity(at)) {
                found.push(Violation::Overdrawn { owner, kind, at, used: total, capacity: capacity(at) });
                break;
            }
        }
    }
}
