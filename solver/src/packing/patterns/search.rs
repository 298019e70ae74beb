//! The search for the best packing of patterns, once prices are known.
//!
//! What a packing is worth less than the bound is lost bin by bin: by what its pattern gains less than the best of its set. So
//! whatever is better loses less, which leaves few patterns to look at: for a few bins at a time (`neighborhood`), and at last for
//! all of them (as Baldacci, Christofides & Mingozzi 2008 do for routes).

use crate::packing::component::Component;
use crate::packing::prepared::Report;
use crate::packing::reach::reachable;
use crate::packing::search::Solve;
use crate::packing::tree::{Incumbent, complete};

use super::Ground;
use super::bins::{Bins, Pattern};
use super::master::{Climbed, Dual, Master, WHOLLY};
use super::neighborhood::{FREED, FREED_MAX, NEAR_MAX, Neighborhood};
use super::pricing::FINE;

/// Patterns that are listed for all bins, at most, and steps of listing them.
const LISTED_MAX: usize = 20_000;
const LISTING_STEPS: u64 = 5_000_000;
/// Dives, of which each turns aside once more than the one before.
const DIVES: usize = 2;
/// Rounds of rows of triples, and the part of the gap that one must close for another to follow.
const CUTS: usize = 20;
const CLOSED: f64 = 0.02;
/// Nodes of a tree over a neighborhood.
const NEAR_NODES: u64 = 200;
/// Neighborhoods that bring nothing until another listing is tried, and such turns in a row until the search ends.
const IN_VAIN: usize = 40;
const TURNS_IN_VAIN: usize = 3;

/// A search and what it knows.
pub(super) struct Search<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) bins: &'a Bins,
    /// What items are worth.
    pub(super) items: &'a [u64],
    pub(super) bound: u128,
    pub(super) incumbent: Incumbent,
    /// Bins of a neighborhood.
    freed: usize,
}

/// What came of a search for something better.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    is_better: bool,
    /// Whether there is nothing better than what was known.
    is_proved: bool,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        ground: Ground<'a>,
        (bins, items): (&'a Bins, &'a [u64]),
        bound: u128,
        incumbent: Incumbent,
    ) -> Search<'a> {
        Search { ground, bins, items, bound, incumbent, freed: FREED }
    }

    /// Dives, adds rows, dives again, then looks around what it has and lists whatever may still be better, until nothing is or
    /// nothing comes of it.
    pub(super) fn run(&mut self, master: &mut Master<'a>, climbed: Climbed, report: Report<'_>) {
        self.dive(master, report);
        let climbed = self.cut(master, climbed, report);
        self.dive(master, report);
        let mut turns = 0;
        while !self.is_over() && turns < TURNS_IN_VAIN {
            turns = if self.look_around(master, &climbed.dual, report) { 0 } else { turns + 1 };
            if self.is_over() {
                return;
            }
            let Some(patterns) = self.listed(master, &climbed.dual) else { continue };
            let tried = self.improve(&Neighborhood::everything(self, patterns), u64::MAX);
            if tried.is_proved {
                self.bound = self.bound.min(self.incumbent.aim());
            }
            self.tell(report);
            if !tried.is_better {
                return;
            }
        }
    }

    /// Tells the worth and the bound.
    pub(super) fn tell(&self, report: Report<'_>) {
        report(self.incumbent.worth, self.bound.max(self.incumbent.aim()));
    }

    /// Whether nothing better is left, or the time is over. Where anything better is sought, half of what the bound lets be
    /// gained is enough.
    fn is_over(&self) -> bool {
        let Incumbent { worth, floor, .. } = self.incumbent;
        let is_enough = floor > 0 && worth > floor && 2 * worth >= self.bound + floor;
        self.bound <= self.incumbent.aim() || is_enough || self.ground.stop.is_raised()
    }

    /// Packs bins by dives, whose first steps are turned aside.
    fn dive(&mut self, master: &Master<'a>, report: Report<'_>) {
        for turned in 0..DIVES {
            if self.is_over() {
                return;
            }
            let Some(other) = master.again() else { return };
            let (inside, outside) = other.dive(turned, self.ground.stop);
            self.offer(inside.iter(), outside);
            self.tell(report);
        }
    }

    /// Solves the program as near as it gets, and adds rows of triples while they close the gap.
    fn cut(&mut self, master: &mut Master<'a>, mut climbed: Climbed, report: Report<'_>) -> Climbed {
        for round in 0..CUTS {
            if self.is_over() || (round > 0 && !master.cut(&climbed)) {
                break;
            }
            let Some(next) = master.climb(self.incumbent.aim(), WHOLLY, self.ground.stop) else { break };
            let gap = self.bound - self.incumbent.aim();
            let closed = self.bound.saturating_sub(next.dual.bound());
            self.bound = self.bound.min(next.dual.bound());
            self.tell(report);
            let is_little = round > 0 && (closed as f64) < gap as f64 * CLOSED;
            if !next.is_whole || is_little {
                break;
            }
            climbed = next;
        }
        climbed
    }

    /// Frees a few bins at a time and packs them anew, until that brings nothing for a while; whether it brought anything.
    fn look_around(&mut self, master: &Master<'_>, dual: &Dual, report: Report<'_>) -> bool {
        let (mut in_vain, mut is_better) = (0, false);
        while in_vain < IN_VAIN && !self.is_over() {
            in_vain += 1;
            let Some(near) = Neighborhood::draw(self, self.freed, (master, dual)) else {
                self.freed = (self.freed - 1).max(2);
                continue;
            };
            if near.patterns.len() < NEAR_MAX / 2 {
                self.freed = (self.freed + 1).min(FREED_MAX);
            }
            if self.improve(&near, NEAR_NODES).is_better {
                (in_vain, is_better) = (0, true);
                self.tell(report);
            }
        }
        is_better
    }

    /// The patterns of all sets that something better may have; `None` where they are too many.
    fn listed(&self, master: &Master<'_>, dual: &Dual) -> Option<Vec<Pattern>> {
        let budget = dual.budget(self.incumbent.aim())?;
        let mut listed = Vec::new();
        for set in 0..self.bins.sets.len() {
            let least = dual.limits[set].saturating_sub(budget);
            let pricing = master.pricing(set, dual, FINE, |_| true);
            listed.extend(pricing.all(least, (LISTED_MAX, LISTING_STEPS), self.ground.stop)?);
        }
        (listed.len() <= LISTED_MAX).then_some(listed)
    }

    /// Looks for something better in a neighborhood, in so many nodes at most.
    fn improve(&mut self, near: &Neighborhood, nodes: u64) -> Tried {
        let Some(packing) = near.packing(self) else { return Tried::default() };
        let columns = (0..packing.columns().len()).collect();
        let component = Component::new(&reachable(&packing), columns);
        let worths: Vec<u64> = component.packing.columns().iter().map(|column| column.worth).collect();
        let Ground { random, stop, .. } = &self.ground;
        let solve = Solve { enough: Some(near.floor), nodes, ..Solve::new(&component, &worths, random.clone(), stop) };
        let solved = solve.run(Vec::new(), None, &mut |_, _| {});
        let aim = self.incumbent.aim();
        for chosen in solved.incumbent.all() {
            let chosen: Vec<usize> = chosen.into_iter().map(|column| component.columns[column]).collect();
            let (inside, outside) = near.whole(self.bins, &chosen);
            self.offer(inside.into_iter(), outside);
        }
        Tried { is_better: self.incumbent.worth > aim, is_proved: solved.bound <= near.floor }
    }

    /// Takes patterns and columns outside of bins for a packing where that is worth more than what is known.
    fn offer<'p>(&mut self, inside: impl Iterator<Item = &'p Pattern>, mut outside: Vec<usize>) {
        let Some(columns) = self.bins.columns_of(inside) else { return };
        outside.extend(columns);
        outside.sort_unstable();
        let Ground { component, worths, .. } = self.ground;
        self.incumbent.offer(worths, complete(&component.packing, worths, &outside));
    }
}
