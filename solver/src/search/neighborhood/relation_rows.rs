//! The rows of a program that relations ask for: what must run near another job, and what must keep away from it.
//!
//! A relation is about whole runs, and so its rows are about the instants at which it could first be broken: what must be near
//! another job lacks it from where it begins or where that ends, and two that must keep apart meet where one of them begins. Of
//! what runs already, all that is past counts as the takeover.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::Owner;
use lessor_models::job::Relation;
use lessor_models::time::{Interval, Timestamp};

use super::program::{Program, once};
use crate::lowering::Lowered;
use crate::lowering::index::JobClassIndex;
use crate::plan::occupancy::Occupancy;
use crate::plan::presence::from;

/// Columns of two classes that run at one instant.
type Pair = (Vec<usize>, Vec<usize>);

impl Program {
    /// A class comes only where and while the one that it must be near is there; and where those that must be near it stay, so does
    /// it.
    pub(super) fn keep_near(&mut self, occupancy: &Occupancy<'_>, class: JobClassIndex) {
        let lowered = occupancy.lowered();
        if let Some(other) = lowered.job(class).affinity {
            self.follow(occupancy, class, other);
        }
        for (follower, domain) in lowered.followed_by(class) {
            for (member, columns) in self.members(lowered, class, domain) {
                let presence = occupancy.bonds().presence();
                let stay: Vec<Interval> = presence.runs(class, member).collect();
                let followers: Vec<Interval> = presence.runs(follower, member).collect();
                let ends = columns.iter().map(|&at| self.run(lowered, at).end).chain(stay.iter().map(|run| run.end));
                let asked_from = lowered.classes[follower.at()].related_from;
                let instants = followers.iter().map(|run| run.start).chain(ends).map(|at| at.max(asked_from));
                let instants: BTreeSet<Timestamp> = instants.collect();
                let is_wanted = |&at: &Timestamp| is_under_way(&followers, at) && !is_under_way(&stay, at);
                let wanted: BTreeSet<Vec<usize>> =
                    instants.into_iter().filter(is_wanted).map(|at| self.running(lowered, &columns, at)).collect();
                // Where none of these columns could do it another member does.
                for there in wanted.into_iter().filter(|there| !there.is_empty()) {
                    self.rows.row(1.0, f64::INFINITY, once(&there, &[]));
                }
            }
        }
    }

    /// A class comes only where and while another one stays or comes.
    fn follow(&mut self, occupancy: &Occupancy<'_>, class: JobClassIndex, other: Relation) {
        let (lowered, fleet) = (occupancy.lowered(), occupancy.lowered().instance.fleet());
        let leader = lowered.class_of_job[other.job.at()];
        let leads = self.members(lowered, leader, other.domain);
        let mut near: BTreeMap<Vec<Owner>, Vec<usize>> = BTreeMap::new();
        for column in self.columns_of(class) {
            let members = fleet.members(lowered.tiles[self.choices[column].tile.at()], other.domain);
            near.entry(members).or_default().push(column);
        }
        for (members, columns) in near {
            let stay: Vec<Interval> =
                members.iter().flat_map(|&member| occupancy.bonds().presence().runs(leader, member)).collect();
            let leading: BTreeSet<usize> =
                members.iter().filter_map(|member| leads.get(member)).flatten().copied().collect();
            let leading: Vec<usize> = leading.into_iter().collect();
            let ends = leading.iter().map(|&at| self.run(lowered, at).end).chain(stay.iter().map(|run| run.end));
            let begins = columns.iter().map(|&at| self.run(lowered, at).start);
            let instants = begins.chain(ends).map(|at| at.max(lowered.classes[class.at()].related_from));
            let instants: BTreeSet<Timestamp> = instants.filter(|&at| !is_under_way(&stay, at)).collect();
            let pairs = instants
                .into_iter()
                .map(|at| (self.running(lowered, &leading, at), self.running(lowered, &columns, at)));
            let pairs: BTreeSet<Pair> = pairs.filter(|(_, following)| !following.is_empty()).collect();
            for (there, following) in pairs {
                let is_there = self.switch(&there);
                self.only_where(&following, is_there, occupancy.missing(class));
                self.only_with(is_there, &there);
            }
        }
    }

    /// A class and one that it must keep away from do not run in the same place at the same time.
    pub(super) fn keep_apart(&mut self, occupancy: &Occupancy<'_>, class: JobClassIndex) {
        let lowered = occupancy.lowered();
        for (other, domain) in lowered.kept_apart(class) {
            let [ours, theirs] = [class, other].map(|class| lowered.classes[class.at()].related_from);
            let asked_from = ours.max(theirs);
            let theirs = self.members(lowered, other, domain);
            for (member, columns) in self.members(lowered, class, domain) {
                let stay: Vec<Interval> = occupancy.bonds().presence().runs(other, member).collect();
                let meets = |run: Interval| stay.iter().any(|stay| stay.meets(&run));
                let is_barred = |&at: &usize| from(self.run(lowered, at), asked_from).is_some_and(meets);
                let (barred, open): (Vec<usize>, Vec<usize>) = columns.into_iter().partition(is_barred);
                if !barred.is_empty() {
                    self.rows.row(f64::NEG_INFINITY, 0.0, once(&barred, &[]));
                }
                let Some(theirs) = theirs.get(&member).filter(|_| class < other) else { continue };
                for (ours, theirs) in self.meetings(lowered, (&open, theirs), asked_from) {
                    let is_mine = self.switch(&ours);
                    self.only_where(&ours, is_mine, occupancy.missing(class));
                    let most = occupancy.missing(other) as f64;
                    self.rows.row(f64::NEG_INFINITY, most, once(&theirs, &[(is_mine, most)]));
                }
            }
        }
    }

    /// Which of two classes' columns run, from an instant on, at one at which both have some: each pair that is part of no other.
    fn meetings(
        &self,
        lowered: &Lowered<'_>,
        (ours, theirs): (&[usize], &[usize]),
        asked_from: Timestamp,
    ) -> Vec<Pair> {
        let begins = ours.iter().chain(theirs).map(|&at| self.run(lowered, at).start.max(asked_from));
        let begins: BTreeSet<Timestamp> = begins.collect();
        let at = |at: Timestamp| (self.running(lowered, ours, at), self.running(lowered, theirs, at));
        let all: BTreeSet<Pair> =
            begins.into_iter().map(at).filter(|(ours, theirs)| !ours.is_empty() && !theirs.is_empty()).collect();
        let is_part = |part: &Pair, whole: &Pair| {
            let is_in = |part: &[usize], whole: &[usize]| part.iter().all(|at| whole.binary_search(at).is_ok());
            part != whole && is_in(&part.0, &whole.0) && is_in(&part.1, &whole.1)
        };
        all.iter().filter(|pair| !all.iter().any(|other| is_part(pair, other))).cloned().collect()
    }

    /// The columns of some that run at an instant.
    fn running(&self, lowered: &Lowered<'_>, columns: &[usize], at: Timestamp) -> Vec<usize> {
        let runs = |&column: &usize| is_under_way(&[self.run(lowered, column)], at);
        columns.iter().copied().filter(runs).collect()
    }

    fn run(&self, lowered: &Lowered<'_>, column: usize) -> Interval {
        let choice = &self.choices[column];
        lowered.run(choice.class, lowered.group_of(choice.tile), choice.start)
    }
}

/// Whether any of some runs is under way at an instant.
fn is_under_way(runs: &[Interval], at: Timestamp) -> bool {
    runs.iter().any(|run| run.start <= at && at < run.end)
}
