//! When the job classes that relations join or keep apart run in each member of a domain.

use std::collections::{BTreeSet, HashMap};

use lessor_models::fleet::{NodeIndex, Owner};
use lessor_models::job::Domain;
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
                let asked_from = lowered.classes[follower.at()].related_from;
                let followers = self.runs(follower, member).filter_map(|theirs| from(theirs, asked_from));
                let mut followers = followers.filter(|theirs| theirs.meets(&run));
                followers.any(|theirs| !covered(theirs, stay().map(|&(other, _)| other)))
            })
        })
    }

    /// The first start from that of a run on at which one as long meets no run of a class there. O(runs log runs).
    #[must_use]
    pub fn first_without(&self, class: JobClassIndex, at: (NodeIndex, Domain), run: Interval) -> Timestamp {
        first_gap(run, self.near(class, at))
    }

    /// The first start from that of a run on at which a class runs there for as long as that takes; `None` where there is none.
    /// O(runs log runs).
    #[must_use]
    pub fn first_within(&self, class: JobClassIndex, at: (NodeIndex, Domain), run: Interval) -> Option<Timestamp> {
        first_cover(run, self.near(class, at))
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

/// What a run has from an instant on; `None` where it has ended.
pub(crate) fn from(run: Interval, at: Timestamp) -> Option<Interval> {
    (at < run.end).then(|| Interval { start: run.start.max(at), end: run.end })
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

/// The first start from that of a run on at which one as long meets none of some others.
fn first_gap(run: Interval, others: impl Iterator<Item = Interval>) -> Timestamp {
    let mut others: Vec<Interval> = others.collect();
    others.sort_unstable();
    let mut start = run.start;
    for other in others {
        if start.after(run.span()) <= other.start {
            break;
        }
        start = start.max(other.end);
    }
    start
}

/// The first start from that of a run on at which one as long has one of some others at every instant.
fn first_cover(run: Interval, others: impl Iterator<Item = Interval>) -> Option<Timestamp> {
    let mut others: Vec<Interval> = others.filter(|other| other.end > run.start).collect();
    others.sort_unstable();
    let (mut start, mut reached) = (run.start, run.start);
    for other in others {
        if other.start > reached {
            start = other.start;
        }
        reached = reached.max(other.end);
        if start.after(run.span()) <= reached {
            return Some(start);
        }
    }
    None
}

/// The members that hold a tile, each once, of the domains of all relations that a class takes part in.
fn members_of_all(lowered: &Lowered<'_>, tile: TileIndex, class: JobClassIndex) -> BTreeSet<Owner> {
    let (near, fleet) = (lowered.job(class).affinity.map(|other| other.domain), lowered.instance.fleet());
    let others = lowered.kept_apart(class).chain(lowered.followed_by(class)).map(|(_, domain)| domain);
    near.into_iter().chain(others).flat_map(|domain| fleet.members(lowered.tiles[tile.at()], domain)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::random::Random;

    fn during(start: i64, end: i64) -> Interval {
        Interval { start: Timestamp(start), end: Timestamp(end) }
    }

    #[test]
    fn a_run_has_what_comes_from_an_instant_on() {
        let run = during(10, 30);
        let left = [0, 10, 11, 29, 30, 40].map(|at| from(run, Timestamp(at)));
        assert_eq!(left, [Some(run), Some(run), Some(during(11, 30)), Some(during(29, 30)), None, None]);
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

    #[test]
    fn the_first_start_without_or_with_others_is_the_first_of_all_that_are() {
        let mut random = Random::new(3);
        for case in 0..500 {
            let mut small = |most: u64| i64::try_from(random.below(most)).expect("a small number");
            let mut any = |_| {
                let start = small(30);
                during(start, start + 1 + small(6))
            };
            let others: Vec<Interval> = (0..5).map(&mut any).collect();
            let run = any(0);
            let later = |by: i64| during(run.start.0 + by, run.end.0 + by);
            let first = |is_such: &dyn Fn(Interval) -> bool| (0..80).map(later).find(|run| is_such(*run));
            let gap = first(&|run| !others.iter().any(|other| other.meets(&run)));
            assert_eq!(Some(first_gap(run, others.iter().copied())), gap.map(|run| run.start), "case {case}");
            let cover = first(&|run| covered(run, others.iter().copied()));
            assert_eq!(first_cover(run, others.iter().copied()), cover.map(|run| run.start), "case {case}");
        }
    }
}
