//! When the job classes that relations join or keep apart run in each member of a domain.

use std::collections::{BTreeSet, HashMap};

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::job::{Domain, Relation};
use lessor_models::time::{Interval, Timestamp};

use super::occupancy::Item;
use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};

/// A run, and how many capsules have it.
type Run = (Interval, u32);

/// The runs of every class that a relation names or that has one, in the members of that relation's domain, in order.
#[derive(Clone, Debug)]
pub struct Presence<'a> {
    lowered: &'a Lowered<'a>,
    runs: HashMap<(JobClassIndex, Owner), Vec<Run>>,
}

impl<'a> Presence<'a> {
    /// Nothing placed.
    pub(super) fn new(lowered: &'a Lowered<'a>) -> Presence<'a> {
        Presence { lowered, runs: HashMap::new() }
    }

    /// Capsules come to a tile, or leave it. O(runs) in each member.
    pub(super) fn note(&mut self, tile: TileIndex, item: &Item, comes: bool) {
        let lowered = self.lowered;
        let run = run(lowered, tile, item);
        for member in members_of_all(lowered, tile, item.class) {
            let runs = self.runs.entry((item.class, member)).or_default();
            let at = runs.partition_point(|(other, _)| *other < run);
            match runs.get_mut(at).filter(|(other, _)| *other == run) {
                Some((_, count)) if comes => *count += item.count,
                Some((_, count)) if *count > item.count => *count -= item.count,
                Some(_) => drop(runs.remove(at)),
                None => runs.insert(at, (run, item.count)),
            }
        }
    }

    /// The runs of a class in a member of a domain, in order.
    pub(crate) fn runs(&self, class: JobClassIndex, member: Owner) -> impl Iterator<Item = Interval> + '_ {
        self.of(class, member).iter().map(|&(run, _)| run)
    }

    /// Whether a class runs in a member of the domain that holds the node, at some instant of a run.
    #[must_use]
    pub fn meets(&self, class: JobClassIndex, (node, domain): (NodeIndex, Domain), run: Interval) -> bool {
        self.near(class, (node, domain)).any(|theirs| theirs.meets(&run))
    }

    /// Whether a class runs in some member of the domain that holds the node, at every instant of a run.
    #[must_use]
    pub fn covers(&self, class: JobClassIndex, (node, domain): (NodeIndex, Domain), run: Interval) -> bool {
        covered(run, self.near(class, (node, domain)))
    }

    /// Whether capsules that must be near one of an item would be without any of its class for a while, if it left; a member of a
    /// domain at a time.
    #[must_use]
    pub fn needs(&self, tile: TileIndex, item: &Item) -> bool {
        let (lowered, run) = (self.lowered, run(self.lowered, tile, item));
        lowered.followed_by(item.class).any(|(follower, domain)| {
            lowered.instance.fleet().members(lowered.tiles[tile.at()], domain).into_iter().any(|member| {
                let stay = || self.of(item.class, member).iter().filter(|(other, count)| *other != run || *count > 1);
                let mut followers = self.runs(follower, member).filter(|theirs| theirs.meets(&run));
                followers.any(|theirs| !covered(theirs, stay().map(|&(other, _)| other)))
            })
        })
    }

    /// The first instant after another at which some class begins or ends to run there that a class must be near or keep away
    /// from, or that keeps away from it; `None` where none does.
    #[must_use]
    pub fn next_change(&self, tile: TileIndex, class: JobClassIndex, after: Timestamp) -> Option<Timestamp> {
        let (lowered, node) = (self.lowered, self.lowered.tiles[tile.at()]);
        let job = lowered.job(class);
        let class_of = |other: Relation| (lowered.class_of_job[other.job.at()], other.domain);
        let named = [job.affinity, job.anti_affinity].into_iter().flatten().map(class_of);
        let runs = named.chain(lowered.avoided_by(class)).flat_map(|(other, domain)| self.near(other, (node, domain)));
        runs.flat_map(|run| [run.start, run.end]).filter(|&at| after < at).min()
    }

    /// The runs of a class in all members of the domain that hold the node.
    fn near(&self, class: JobClassIndex, (node, domain): (NodeIndex, Domain)) -> impl Iterator<Item = Interval> + '_ {
        let members = self.lowered.instance.fleet().members(node, domain);
        members.into_iter().flat_map(move |member| self.runs(class, member))
    }

    fn of(&self, class: JobClassIndex, member: Owner) -> &[Run] {
        self.runs.get(&(class, member)).map_or(&[], Vec::as_slice)
    }
}

/// When a capsule of an item runs.
fn run(lowered: &Lowered<'_>, tile: TileIndex, item: &Item) -> Interval {
    lowered.run(item.class, lowered.group_of(tile), item.start)
}

/// Whether at every instant of a run one of some others is under way.
pub(crate) fn covered(run: Interval, others: impl Iterator<Item = Interval>) -> bool {
    let mut others: Vec<Interval> = others.filter(|other| other.meets(&run)).collect();
    others.sort_unstable();
    let mut reached = run.start;
    for other in others {
        if other.start > reached {
            return false;
        }
        reached = reached.max(other.end);
    }
    reached >= run.end
}

/// The members that hold a tile, each once, of the domains of all relations that a class takes part in.
fn members_of_all(lowered: &Lowered<'_>, tile: TileIndex, class: JobClassIndex) -> BTreeSet<Owner> {
    let (job, fleet) = (lowered.job(class), lowered.instance.fleet());
    let own = [job.affinity, job.anti_affinity].into_iter().flatten().map(|other| other.domain);
    let named_by = lowered.avoided_by(class).chain(lowered.followed_by(class)).map(|(_, domain)| domain);
    own.chain(named_by).flat_map(|domain| fleet.members(lowered.tiles[tile.at()], domain)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn during(start: i64, end: i64) -> Interval {
        Interval { start: Timestamp(start), end: Timestamp(end) }
    }

    #[test]
    fn a_run_is_covered_where_others_relieve_each_other_without_a_gap() {
        let is_covered =
            |others: &[(i64, i64)]| covered(during(10, 30), others.iter().map(|&(start, end)| during(start, end)));
        assert!(is_covered(&[(10, 30)]) && is_covered(&[(0, 99)]) && is_covered(&[(20, 30), (5, 20)]));
        assert!(is_covered(&[(0, 15), (12, 14), (14, 40)]));
        assert!(!is_covered(&[]) && !is_covered(&[(11, 30)]) && !is_covered(&[(10, 29)]));
        assert!(!is_covered(&[(10, 19), (20, 30)]) && !is_covered(&[(0, 10), (30, 40)]));
    }
}
