//! The root of a component: its relaxation, with cuts, and what is known of the best packing.

use crate::support::numbers::floor;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::component::Component;
use super::cuts::{self, Cut};
use super::greedy::by_score;
use super::prepared::Report;
use super::proof::{Allowed, Proof, may_be_in};
use super::relaxation::Relaxation;
use super::rounding::Rounding;
use super::simplex::Until;
use super::tree::{Incumbent, PIVOTS_MAX, complete};

/// The share of the gap that a round of cuts must close for another to follow.
const PROGRESS: f64 = 0.005;
/// Rounds of cuts that may close less, at first.
const UNLESS: usize = 3;
/// Cuts in a round that are enough not to look for odd holes.
const ENOUGH: usize = 5;

/// How much is spent on cuts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Rounds, at most.
    pub(super) rounds: usize,
    /// Bases whose rows are rounded in a round.
    pub(super) bases: usize,
    /// Whether odd holes are sought.
    pub(super) seeks_holes: bool,
}

/// What is solved, for which worths, and until when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'a> {
    pub(super) component: &'a Component,
    pub(super) worths: &'a [u64],
    pub(super) stop: &'a Stop,
}

/// The relaxation of all columns, and what is known.
pub(super) struct Root<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) relaxation: Relaxation,
    pub(super) allowed: Vec<Allowed>,
    pub(super) incumbent: Incumbent,
    pub(super) bound: u128,
    proof: Proof,
    rounding: Option<Rounding>,
}

impl<'a> Root<'a> {
    /// A root that is not solved yet: no packing is worth more than all that may be in.
    pub(super) fn new(
        ground: Ground<'a>,
        relaxation: Relaxation,
        allowed: Vec<Allowed>,
        incumbent: Incumbent,
    ) -> Root<'a> {
        let bound = may_be_in(&allowed).map(|column| u128::from(ground.worths[column])).sum();
        Root { ground, relaxation, allowed, incumbent, bound, proof: Proof::default(), rounding: None }
    }

    /// Whether nothing better is left.
    pub(super) fn is_done(&self) -> bool {
        self.bound <= self.incumbent.aim()
    }

    /// The columns that are not decided.
    pub(super) fn open(&self) -> Vec<usize> {
        (0..self.allowed.len()).filter(|&column| self.allowed[column] == Allowed::Either).collect()
    }

    /// Solves the relaxation, rounds it, and fixes what its gains allow.
    pub(super) fn solve(&mut self) {
        let Ground { component, worths, stop } = self.ground;
        self.relaxation.restrict(&self.allowed);
        self.relaxation.solve(Until { cutoff: f64::NEG_INFINITY, pivots: PIVOTS_MAX, stop });
        let basis = &self.relaxation.basis;
        let columns: Vec<usize> = may_be_in(&self.allowed).collect();
        let score = |column: usize| basis.value(column) + basis.gain(column).clamp(-1.0, 1.0);
        let chosen = by_score(&component.packing, &columns, score);
        self.incumbent.offer(worths, complete(&component.packing, worths, &chosen));
        self.relaxation.prove(&mut self.proof, worths, &self.allowed);
        self.bound = self.bound.min(self.proof.bound()).max(self.incumbent.aim());
        self.fix();
    }

    /// Adds cuts, round by round, while they bring the bound down.
    pub(super) fn cut(&mut self, effort: Effort, random: &mut Random, report: Report<'_>) {
        for round in 0..effort.rounds {
            if self.is_done() || self.ground.stop.is_raised() {
                return;
            }
            let before = self.proof.bound();
            let found = self.cuts(effort, random);
            if found.is_empty() {
                return;
            }
            self.relaxation.cut(found);
            self.solve();
            report(self.incumbent.worth, self.bound);
            let gap = before.saturating_sub(self.incumbent.worth) as f64;
            if round >= UNLESS && before.saturating_sub(self.proof.bound()) as f64 <= gap * PROGRESS {
                return;
            }
        }
    }

    /// Cuts that the solution breaks.
    fn cuts(&mut self, effort: Effort, random: &mut Random) -> Vec<Cut> {
        let Ground { component, worths, stop } = self.ground;
        let Some(conflicts) = component.conflicts.as_ref() else { return Vec::new() };
        let open = self.open();
        let values = self.relaxation.values();
        let mut found = cuts::cliques(conflicts, &values, &open);
        found.extend(cuts::counts(&component.packing, &values, &open));
        if effort.bases > 0 {
            let rounding = self.rounding.get_or_insert_with(|| Rounding::new(&component.packing, worths));
            found.extend(rounding.cuts((&self.relaxation, &self.allowed), effort.bases, random, stop));
        }
        if conflicts.is_complete && found.len() < ENOUGH && effort.seeks_holes {
            found.extend(cuts::odd_holes(conflicts, &values, &open));
        }
        found
    }

    /// Decides columns by their gains.
    pub(super) fn fix(&mut self) {
        self.proof.decide(&mut self.allowed, self.incumbent.aim());
    }

    /// A share of the columns that are not out, those that gain most at the prices of the root, which come first.
    pub(super) fn promising(&self, share: f64) -> Vec<usize> {
        let basis = &self.relaxation.basis;
        let mut columns: Vec<usize> = may_be_in(&self.allowed).collect();
        columns.sort_by(|&a, &b| basis.gain(b).total_cmp(&basis.gain(a)).then(a.cmp(&b)));
        let count = columns.len() as f64 * share;
        columns.truncate(usize::try_from(floor(count)).unwrap_or(usize::MAX));
        columns
    }
}
