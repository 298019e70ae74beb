//! Accounts above the tiles, with what they can give in each bucket.

use std::collections::BTreeMap;

use lessor_models::draw;
use lessor_models::fleet::{Level, Owner};
use lessor_models::instance::Instance;
use lessor_models::resources::{Kind, Resources, UNLIMITED};

use super::Grid;

/// A node above the tiles or a zone that limits some kind.
#[derive(Clone, Debug)]
pub struct Account {
    /// Whose it is.
    pub owner: Owner,
    /// What it gives beyond the standing draw: in each bucket, or once where it does not change.
    pub capacity: Vec<Resources>,
}

impl Account {
    /// What the account gives in a bucket.
    #[must_use]
    #[inline]
    pub fn capacity(&self, bucket: usize) -> &Resources {
        in_bucket(&self.capacity, bucket)
    }
}

/// What is given in a bucket, by a list of all buckets or of one where it does not change.
#[inline]
pub(super) fn in_bucket(capacity: &[Resources], bucket: usize) -> &Resources {
    if capacity.len() == 1 { &capacity[0] } else { &capacity[bucket] }
}

/// Every account above the tiles that limits something, in the order of owners.
pub(super) fn accounts(instance: &Instance, grid: &Grid) -> Vec<Account> {
    let fleet = instance.fleet();
    let nodes = fleet.nodes().filter(|&node| fleet.level(node) != Level::Tile).map(Owner::Node);
    let zones = (0..fleet.zones().len()).map(|zone| u32::try_from(zone).expect("zones are indexed by u32"));
    let zones = zones.map(|zone| Owner::Zone(lessor_models::fleet::ZoneIndex(zone)));
    let standing = standing(instance);
    let owners = nodes.chain(zones);
    owners
        .map(|owner| {
            let idle = standing.get(&owner).copied().unwrap_or_default();
            Account { owner, capacity: capacity_less(instance, grid, owner, &idle) }
        })
        .filter(|account| account.capacity.iter().any(|vector| *vector != Resources::UNLIMITED))
        .collect()
}

/// The least that an owner gives in each bucket, less a standing draw; one vector where nothing changes.
pub(super) fn capacity_less(instance: &Instance, grid: &Grid, owner: Owner, idle: &Resources) -> Vec<Resources> {
    let fleet = instance.fleet();
    let base = fleet.base_capacity(owner);
    let functions: Vec<_> =
        Kind::ALL.into_iter().filter_map(|kind| Some((kind, fleet.steps().get(&(owner, kind))?))).collect();
    if functions.is_empty() {
        return vec![base.saturating_sub(idle)];
    }
    let in_bucket = |k| {
        let least =
            functions.iter().fold(base, |vector, (kind, function)| vector.with(*kind, function.least(grid.bucket(k))));
        least.saturating_sub(idle)
    };
    (0..grid.count()).map(in_bucket).collect()
}

/// The standing draw of each owner above the tiles, at most just below unlimited. O(tiles), where any class draws something.
pub(crate) fn standing(instance: &Instance) -> BTreeMap<Owner, Resources> {
    let fleet = instance.fleet();
    let mut sums: BTreeMap<Owner, Resources> = BTreeMap::new();
    if fleet.classes().iter().all(|class| draw::standing(class) == Resources::ZERO) {
        return sums;
    }
    for tile in fleet.tiles() {
        let class = fleet.class_of(tile).expect("tiles have classes");
        let idle = draw::standing(&fleet.classes()[class.at()]);
        for node in fleet.path(tile) {
            let zones = fleet.zones_listing(node).iter().map(|&zone| Owner::Zone(zone));
            for owner in zones.chain((node != tile).then_some(Owner::Node(node))) {
                let sum = sums.entry(owner).or_default();
                *sum = sum.checked_add(&idle).unwrap_or(Resources([UNLIMITED - 1; Kind::COUNT]));
            }
        }
    }
    sums
}
