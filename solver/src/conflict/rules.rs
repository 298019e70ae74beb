//! Which rules keep a job class off a place: those of the pair, and those that depend on what else is placed.

use std::collections::{HashMap, HashSet};

use lessor_models::fleet::{Level, NodeIndex, Owner, ZoneKind};
use lessor_models::job::{Domain, Job, Relation};
use lessor_models::objective::{Site, capsule_value, latency};
use lessor_models::plan::Rule;

use super::mask::Mask;
use crate::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::lowering::Lowered;
use crate::occupancy::Occupancy;
use crate::stop::Stop;

/// The rules that leave no doubt whatever the headroom: all but worth, devices and the gang.
pub(super) const ELIGIBILITY: Mask = Mask::rule(Rule::Classes)
    .with(Mask::rule(Rule::Band))
    .with(Mask::rule(Rule::Locality))
    .with(Mask::rule(Rule::Latency))
    .with(Mask::rule(Rule::Closed))
    .with(Mask::rule(Rule::Window))
    .with(Mask::rule(Rule::Spread))
    .with(Mask::rule(Rule::Affinity))
    .with(Mask::rule(Rule::AntiAffinity));

/// Which jobs are bound to places by others, and where they run.
#[derive(Debug)]
pub(super) struct Bonds {
    /// Capsules of bound classes in each node and zone.
    members: HashMap<(JobClassIndex, Owner), u32>,
    /// For a class, the classes that must run apart from it, with the domain.
    shunned_by: HashMap<JobClassIndex, Vec<(JobClassIndex, Domain)>>,
    /// Classes that others must run together with.
    wanted_near: HashSet<JobClassIndex>,
}

impl Bonds {
    /// Reads the jobs' relations and where bound capsules are, as far as the flag allows. O(jobs + items).
    pub(super) fn new(occupancy: &Occupancy<'_>, stop: &Stop) -> Bonds {
        let lowered = occupancy.lowered();
        let mut bonds = Bonds { members: HashMap::new(), shunned_by: HashMap::new(), wanted_near: HashSet::new() };
        for (job, &class) in lowered.instance.jobs().iter().zip(&lowered.class_of_job) {
            if let Some(relation) = job.anti_affinity {
                let shunned = lowered.class_of_job[relation.job.at()];
                bonds.shunned_by.entry(shunned).or_default().push((class, relation.domain));
            }
            bonds.wanted_near.extend(job.affinity.map(|relation| lowered.class_of_job[relation.job.at()]));
        }
        for (position, &node) in lowered.tiles.iter().enumerate().take_while(|_| !stop.is_raised()) {
            for item in occupancy.items(TileIndex::new(position)) {
                if lowered.classes[item.class.at()].is_bound {
                    for owner in owners(lowered, node) {
                        *bonds.members.entry((item.class, owner)).or_default() += item.count;
                    }
                }
            }
        }
        bonds
    }

    /// Whether some job must run where this class runs, so that taking capsules of it away could strand that one.
    pub(super) fn is_wanted_near(&self, class: JobClassIndex) -> bool {
        self.wanted_near.contains(&class)
    }

    /// How many capsules of a bound class are in a node or zone.
    pub(super) fn count(&self, class: JobClassIndex, member: Owner) -> u32 {
        self.members.get(&(class, member)).copied().unwrap_or(0)
    }

    /// The rules that what is placed makes a tile break: spread, affinity, anti-affinity in either direction.
    pub(super) fn broken(&self, lowered: &Lowered<'_>, class: JobClassIndex, tile: TileIndex) -> Mask {
        if !lowered.classes[class.at()].is_bound {
            return Mask::default();
        }
        let (job, node) = (lowered.job(class), lowered.tiles[tile.at()]);
        let runs_near = |other: JobClassIndex, domain: Domain| {
            domain_members(lowered, node, domain).into_iter().any(|member| self.count(other, member) > 0)
        };
        let near = |relation: Relation| runs_near(lowered.class_of_job[relation.job.at()], relation.domain);
        let full = job.spread.is_some_and(|spread| {
            let members = domain_members(lowered, node, spread.domain);
            members.into_iter().any(|member| self.count(class, member) >= spread.most)
        });
        let shunned =
            self.shunned_by.get(&class).into_iter().flatten().any(|&(other, domain)| runs_near(other, domain));
        Mask::rule(Rule::Spread)
            .when(full)
            .with(Mask::rule(Rule::Affinity).when(job.affinity.is_some_and(|relation| !near(relation))))
            .with(Mask::rule(Rule::AntiAffinity).when(shunned || job.anti_affinity.is_some_and(near)))
    }

    /// Whether tiles of one group may differ in what [`Bonds::broken`] says of them.
    pub(super) fn differ_by_tile(&self, lowered: &Lowered<'_>, class: JobClassIndex) -> bool {
        let job = lowered.job(class);
        let relations = [job.affinity, job.anti_affinity].into_iter().flatten().map(|relation| relation.domain);
        let shunning = self.shunned_by.get(&class).into_iter().flatten().map(|&(_, domain)| domain);
        let mut domains = relations.chain(shunning).chain(job.spread.map(|spread| spread.domain));
        domains.any(|domain| domain == Domain::Level(Level::Tile))
    }
}

/// The rules of the pair that keep a class off a group at any time, worth included; the window is a matter of the start.
pub(super) fn of_pair(lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex) -> Mask {
    let (job, at) = (lowered.job(class), lowered.group(group));
    let fleet = lowered.instance.fleet();
    let is_listed = job.classes.is_empty() || job.classes.binary_search(&at.class).is_ok();
    let in_band = job.band.is_none_or(|band| band.contains(&fleet.classes()[at.class.at()].band));
    let at_home = job.locality.is_none_or(|home| fleet.path(at.tile).any(|node| node == home));
    Mask::rule(Rule::Classes)
        .when(!is_listed)
        .with(Mask::rule(Rule::Band).when(!in_band))
        .with(Mask::rule(Rule::Locality).when(!at_home))
        .with(Mask::rule(Rule::Latency).when(!is_near_data(lowered, job, at.tile)))
        .with(Mask::rule(Rule::Closed).when(at.closed))
        .with(Mask::rule(Rule::Worth).when(worth(lowered, class, group) <= 0))
}

/// What a capsule would be worth in a group, whatever forbids it; data out of reach counts as at hand.
pub(super) fn worth(lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex) -> i64 {
    lowered.worth(class, group).unwrap_or_else(|| {
        let (job, fleet, weights) = (lowered.job(class), lowered.instance.fleet(), lowered.instance.weights());
        let tile = lowered.group(group).tile;
        let delay = latency::delay_to_data_us(fleet, job, tile).unwrap_or(0);
        capsule_value(job, &Site::of(fleet, tile, weights), delay, weights)
    })
}

fn is_near_data(lowered: &Lowered<'_>, job: &Job, tile: NodeIndex) -> bool {
    let delay = latency::delay_to_data_us(lowered.instance.fleet(), job, tile);
    delay.is_some_and(|delay| job.data.is_none() || job.latency_max_us.is_none_or(|most| delay <= most))
}

/// Whether a path leads from a group to the class's data. Where none does, no waiver makes it a place.
pub(super) fn reaches_data(lowered: &Lowered<'_>, class: JobClassIndex, group: GroupIndex) -> bool {
    let job = lowered.job(class);
    job.data.is_none() || latency::delay_to_data_us(lowered.instance.fleet(), job, lowered.group(group).tile).is_some()
}

/// The members of a domain that a node is in.
pub(super) fn domain_members(lowered: &Lowered<'_>, node: NodeIndex, domain: Domain) -> Vec<Owner> {
    let fleet = lowered.instance.fleet();
    let is_member = |owner: &Owner| match (*owner, domain) {
        (Owner::Node(at), Domain::Level(level)) => fleet.level(at) == level,
        (Owner::Zone(zone), Domain::Zone(kind)) => zone_kind(lowered, zone) == kind,
        _ => false,
    };
    owners(lowered, node).filter(is_member).collect()
}

fn zone_kind(lowered: &Lowered<'_>, zone: lessor_models::fleet::ZoneIndex) -> ZoneKind {
    lowered.instance.fleet().zones()[zone.at()].kind
}

/// Every node and zone that a node is in.
fn owners<'x>(lowered: &'x Lowered<'_>, node: NodeIndex) -> impl Iterator<Item = Owner> + 'x {
    let fleet = lowered.instance.fleet();
    fleet.path(node).flat_map(move |at| {
        let zones = fleet.zones_listing(at).iter().map(|&zone| Owner::Zone(zone));
        zones.chain([Owner::Node(at)])
    })
}
