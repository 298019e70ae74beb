//! What it costs to move what runs, and how much of it may be on the move at once.

use std::collections::BTreeMap;

use lessor_models::fleet::{FleetParts, NodeIndex, ZoneIndex, ZoneKind};
use lessor_models::job::Job;

use super::dice::Dice;
use super::tree::Tree;
use super::zones::Zones;

/// One capsule of so many tiles of a feed may be on the move at once, and one at least.
const TILES_PER_MOVE: usize = 100;

/// What a capsule costs, in micro-credits, that moves to another cluster of its region.
const WITHIN_REGION: u64 = 20_000;
/// What one costs that moves to another region, whose link is long.
const ACROSS_REGIONS: u64 = 100_000;

/// Jobs that cost something once they move at all, in thousandths.
const ONCE_PERMILLE: u64 = 200;
/// What they cost then, as a part of a capsule's bid: a job that moves is brought to rest as a whole.
const ONCE_SHARE: u64 = 10;

/// Limits the moves of each feed, and prices those between clusters.
pub(super) fn add_limits(tree: &Tree, zones: &Zones, parts: &mut FleetParts) {
    let mut tiles = BTreeMap::<u32, usize>::new();
    for cell in tree.tiles.clone().filter_map(|tile| tree.parent(tile)) {
        *tiles.entry(cell).or_default() += 1;
    }
    for feed in zones.of(ZoneKind::PowerFeed) {
        let members = zones.members.iter().filter(|(zone, _)| *zone == feed);
        let tiles: usize = members.map(|(_, cell)| tiles.get(cell).copied().unwrap_or(0)).sum();
        let most = u32::try_from(tiles / TILES_PER_MOVE).expect("a feed has fewer tiles than there are rows").max(1);
        parts.move_limits.insert(ZoneIndex(feed), most);
    }
    for (from, to) in pairs(tree) {
        let is_near = tree.parent(from) == tree.parent(to);
        let cost = if is_near { WITHIN_REGION } else { ACROSS_REGIONS };
        parts.move_costs.insert((NodeIndex(from), NodeIndex(to)), cost);
    }
}

/// Pairs of different clusters, both ways.
fn pairs(tree: &Tree) -> impl Iterator<Item = (u32, u32)> + '_ {
    tree.clusters
        .clone()
        .flat_map(|from| tree.clusters.clone().map(move |to| (from, to)))
        .filter(|(from, to)| from != to)
}

/// Says for some jobs what it costs that they move at all.
pub(super) fn price_jobs(jobs: &mut [Job], dice: &mut Dice) {
    for job in jobs {
        if dice.chance(ONCE_PERMILLE) {
            job.move_cost_once = job.bid / ONCE_SHARE;
        }
    }
}
