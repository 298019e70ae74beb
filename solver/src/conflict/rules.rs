//! Which rules keep a job class off a place: those of the pair, and those that depend on what else is placed.

use std::collections::HashSet;

use lessor_models::fleet::{Level, NodeIndex};
use lessor_models::job::{Domain, Job};
use lessor_models::objective::latency;
use lessor_models::plan::Rule;
use lessor_models::time::Timestamp;

use super::mask::Mask;
use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::plan::assemble;
use crate::plan::occupancy::Occupancy;

/// The rules that leave no doubt whatever the headroom: all but worth, devices and the gang.
pub(super) const ELIGIBILITY: Mask = Mask::rule(Rule::Classes)
    .with(Mask::rule(Rule::Band))
    .with(Mask::rule(Rule::Locality))
    .with(Mask::rule(Rule::Latency))
    .with(Mask::rule(Rule::Closed))
    .with(Mask::rule(Rule::Window))
    .with(Mask::rule(Rule::Spread))
    .with(Mask::rule(Rule::SpreadLeast))
    .with(Mask::rule(Rule::Affinity))
    .with(Mask::rule(Rule::AntiAffinity));

/// Which rules between jobs bind capsules to places, at what is placed.
#[derive(Debug)]
pub(super) struct Bonds<'o, 'a> {
    occupancy: &'o Occupancy<'a>,
    /// Classes that others must run together with.
    wanted_near: HashSet<JobClassIndex>,
}

impl<'o, 'a> Bonds<'o, 'a> {
    /// Reads the jobs' relations. O(jobs).
    pub(super) fn new(occupancy: &'o Occupancy<'a>) -> Bonds<'o, 'a> {
        let lowered = occupancy.lowered();
        let relations = lowered.instance.jobs().iter().filter_map(|job| job.affinity);
        Bonds { occupancy, wanted_near: relations.map(|relation| lowered.class_of_job[relation.job.at()]).collect() }
    }

    /// Whether some job must run where this class runs, so that taking capsules of it away could strand that one.
    pub(super) fn is_wanted_near(&self, class: JobClassIndex) -> bool {
        self.wanted_near.contains(&class)
    }

    /// The rules that what is placed makes a capsule break that starts then on a tile: spread of both kinds, affinity, and
    /// anti-affinity in either direction.
    pub(super) fn broken(&self, class: JobClassIndex, tile: TileIndex, start: Timestamp) -> Mask {
        let (lowered, bonds) = (self.occupancy.lowered(), self.occupancy.bonds());
        if !lowered.classes[class.at()].is_bound {
            return Mask::default();
        }
        let (job, node) = (lowered.job(class), lowered.tiles[tile.at()]);
        let full = job.spread.is_some_and(|spread| {
            let mut members = lowered.instance.fleet().members(node, spread.domain).into_iter();
            members.any(|member| bonds.count_in(class, member) >= spread.most)
        });
        Mask::rule(Rule::Spread)
            .when(full)
            .with(Mask::rule(Rule::SpreadLeast).when(!bonds.is_apart_enough(tile, class)))
            .with(Mask::rule(Rule::Affinity).when(bonds.is_orphan(tile, class, start)))
            .with(Mask::rule(Rule::AntiAffinity).when(bonds.is_shunned(tile, class, start)))
    }
}

/// Whether tiles of one group may differ in what [`Bonds::broken`] says of them.
pub(super) fn differ_by_tile(lowered: &Lowered<'_>, class: JobClassIndex) -> bool {
    let job = lowered.job(class);
    let relations = [job.affinity, job.anti_affinity].into_iter().flatten().map(|relation| relation.domain);
    let shunning = lowered.avoided_by(class).map(|(_, domain)| domain);
    let mut domains = relations.chain(shunning).chain(job.spread.map(|spread| spread.domain));
    domains.any(|domain| domain == Domain::Level(Level::Tile))
}

/// The rules of the pair that keep a class off a group at any time, worth included; the window is a matter of the start.
pub(super) fn of_pair(occupancy: &Occupancy<'_>, class: JobClassIndex, group: GroupIndex) -> Mask {
    let lowered = occupancy.lowered();
    let (job, at) = (lowered.job(class), lowered.group(group));
    let fleet = lowered.instance.fleet();
    let in_band = job.band.is_none_or(|band| band.contains(&fleet.classes()[at.class.at()].band));
    let at_home = job.locality.is_none_or(|home| fleet.path(at.tile).any(|node| node == home));
    Mask::rule(Rule::Classes)
        .when(!job.allows(at.class))
        .with(Mask::rule(Rule::Band).when(!in_band))
        .with(Mask::rule(Rule::Locality).when(!at_home))
        .with(Mask::rule(Rule::Latency).when(!is_near_data(lowered, job, at.tile)))
        .with(Mask::rule(Rule::Closed).when(at.closed))
        .with(Mask::rule(Rule::Worth).when(worth(occupancy, class, group) <= 0))
}

/// What a capsule would be worth in a group, its part of the bonus with it where one is still to be earned, whatever forbids it;
/// data out of reach counts as at hand.
pub(super) fn worth(occupancy: &Occupancy<'_>, class: JobClassIndex, group: GroupIndex) -> i64 {
    let lowered = occupancy.lowered();
    let worth = lowered.worth(class, group).unwrap_or_else(|| {
        let delay = latency::delay_to_data_us(lowered.instance.fleet(), lowered.job(class), lowered.group(group).tile);
        lowered.worth_regardless(class, group, delay.unwrap_or(0))
    });
    worth.saturating_add_unsigned(bonus_share(occupancy, class))
}

/// A capsule's part of its job's bonus; nothing where those placed have earned all there is.
pub(super) fn bonus_share(occupancy: &Occupancy<'_>, class: JobClassIndex) -> u64 {
    let lowered = occupancy.lowered();
    let bonuses = |placed| assemble::bonuses(lowered, class, placed);
    if bonuses(lowered.most(class)) > bonuses(occupancy.placed(class)) { lowered.bonus_share(class) } else { 0 }
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
