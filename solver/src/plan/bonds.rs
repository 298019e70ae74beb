//! What rules see of a plan: how many capsules of each class are placed, and in which members of their domains.
//!
//! Gangs, spread and relations look at no time: a capsule counts wherever it is placed, whenever it runs.

use std::collections::HashMap;

use lessor_models::fleet::{Level, NodeIndex, Owner, ZoneKind};
use lessor_models::job::{Domain, Relation};

use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};

/// How many are placed, and where as far as rules bind them.
#[derive(Clone, Debug)]
pub struct Bonds<'a> {
    lowered: &'a Lowered<'a>,
    placed: Vec<u64>,
    members: HashMap<(JobClassIndex, Owner), u32>,
    /// Of each class that must lie in more than one member of a domain: in how many it does.
    locations: HashMap<JobClassIndex, u32>,
}

impl<'a> Bonds<'a> {
    /// Nothing placed.
    #[must_use]
    pub fn new(lowered: &'a Lowered<'a>) -> Bonds<'a> {
        let placed = vec![0; lowered.classes.len()];
        Bonds { lowered, placed, members: HashMap::new(), locations: HashMap::new() }
    }

    /// How many capsules of a class are placed.
    #[must_use]
    #[inline]
    pub fn placed(&self, class: JobClassIndex) -> u64 {
        self.placed[class.at()]
    }

    /// How many capsules of a class are not.
    #[must_use]
    #[inline]
    pub fn missing(&self, class: JobClassIndex) -> u64 {
        self.lowered.classes[class.at()].count - self.placed[class.at()]
    }

    /// Capsules of a class come to a tile.
    pub fn come(&mut self, tile: TileIndex, class: JobClassIndex, count: u32) {
        self.placed[class.at()] += u64::from(count);
        self.note(tile, (class, count), true);
    }

    /// Capsules of a class leave a tile.
    pub fn leave(&mut self, tile: TileIndex, class: JobClassIndex, count: u32) {
        self.placed[class.at()] -= u64::from(count);
        self.note(tile, (class, count), false);
    }

    /// Whether spread and relations allow one more capsule of the class on a tile.
    #[must_use]
    pub fn allow(&self, tile: TileIndex, class: JobClassIndex) -> bool {
        self.allow_beside(tile, class, &[]) && self.is_apart_enough(tile, class)
    }

    /// The same, the least number of locations left aside, where capsules of some classes are about to come near.
    #[must_use]
    pub fn allow_beside(&self, tile: TileIndex, class: JobClassIndex, coming: &[JobClassIndex]) -> bool {
        if !self.lowered.classes[class.at()].is_bound {
            return true;
        }
        let (job, node) = (self.lowered.job(class), self.lowered.tiles[tile.at()]);
        let spread = job.spread.is_none_or(|spread| {
            let mut members = self.lowered.instance.fleet().members(node, spread.domain).into_iter();
            members.all(|member| self.count_in(class, member) < spread.most)
        });
        let class_of = |other: Relation| self.lowered.class_of_job[other.job.at()];
        let is_near = |other: Relation| self.runs_in(class_of(other), node, other.domain);
        let mut avoided_by = self.lowered.avoided_by(class);
        spread
            && job.affinity.is_none_or(|other| coming.contains(&class_of(other)) || is_near(other))
            && !job.anti_affinity.is_some_and(is_near)
            && !avoided_by.any(|(other, domain)| self.runs_in(other, node, domain))
    }

    /// Whether one more capsule on a tile is at a location of its own, or joins others where there are locations enough.
    #[must_use]
    pub fn is_apart_enough(&self, tile: TileIndex, class: JobClassIndex) -> bool {
        let Some(spread) = self.lowered.spread_to_count(class) else { return true };
        if u64::from(self.locations(class)) >= spread.least_of(self.placed(class) + 1) {
            return true;
        }
        let node = self.lowered.tiles[tile.at()];
        let members = self.lowered.instance.fleet().members(node, spread.domain);
        members.into_iter().any(|member| self.count_in(class, member) == 0)
    }

    /// Whether a class lies at fewer locations than it must.
    #[must_use]
    pub fn is_crowded(&self, class: JobClassIndex) -> bool {
        let spread = self.lowered.spread_to_count(class);
        spread.is_some_and(|spread| u64::from(self.locations(class)) < spread.least_of(self.placed(class)))
    }

    /// In how many members of its domain a class lies that must lie in more than one; zero for other classes.
    #[must_use]
    pub fn locations(&self, class: JobClassIndex) -> u32 {
        self.locations.get(&class).copied().unwrap_or(0)
    }

    /// How many capsules of a class that rules bind are in a node or zone.
    #[must_use]
    pub fn count_in(&self, class: JobClassIndex, member: Owner) -> u32 {
        self.members.get(&(class, member)).copied().unwrap_or(0)
    }

    /// Whether capsules of a class that rules bind run in a member of the domain that holds the node.
    #[must_use]
    pub fn runs_in(&self, class: JobClassIndex, node: NodeIndex, domain: Domain) -> bool {
        let members = self.lowered.instance.fleet().members(node, domain);
        members.into_iter().any(|member| self.members.contains_key(&(class, member)))
    }

    /// Whether a capsule of the class on the tile is without the job that it must be near.
    #[must_use]
    pub fn is_orphan(&self, tile: TileIndex, class: JobClassIndex) -> bool {
        let node = self.lowered.tiles[tile.at()];
        self.lowered
            .job(class)
            .affinity
            .is_some_and(|other| !self.runs_in(self.lowered.class_of_job[other.job.at()], node, other.domain))
    }

    fn note(&mut self, tile: TileIndex, (class, came): (JobClassIndex, u32), comes: bool) {
        if !self.lowered.classes[class.at()].is_bound {
            return;
        }
        let node = self.lowered.tiles[tile.at()];
        let levels = Level::ALL.map(Domain::Level).into_iter();
        let zones = ZoneKind::ALL.map(Domain::Zone);
        let spread = self.lowered.spread_to_count(class);
        for domain in levels.chain(zones) {
            for member in self.lowered.instance.fleet().members(node, domain) {
                let count = self.members.entry((class, member)).or_default();
                let before = *count;
                *count = if comes { *count + came } else { *count - came };
                let (is_new, is_gone) = (before == 0, *count == 0);
                if is_gone {
                    self.members.remove(&(class, member));
                }
                if spread.is_some_and(|spread| spread.domain == domain) && is_new != is_gone {
                    let locations = self.locations.entry(class).or_default();
                    *locations = if is_new { *locations + 1 } else { *locations - 1 };
                }
            }
        }
    }
}
