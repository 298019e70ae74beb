//! A state whose moves stay within some machines while others move the rest, so that what all come to fits together.

use crate::families::reassignment::lowered::{Lowered, NONE};

use super::State;

/// Machines apart: what two regions do at the same time breaks nothing.
///
/// Machines and conflicts are those of one region anyway. Dependencies are if each neighborhood is in one region alone. For the
/// spread of a service each of its locations has a keeper: what the others do there does not count, and how many locations may be
/// given up is divided among all.
#[derive(Debug)]
pub(in crate::families::reassignment) struct Regions {
    count: usize,
    /// The region of each machine.
    of: Vec<usize>,
    /// The keeper of each location of each spread row.
    keepers: Vec<usize>,
}

impl Regions {
    /// The regions of an assignment whose machines are divided so. O(processes + spread rows times locations).
    pub(in crate::families::reassignment) fn new(instance: &Lowered, at: &[u32], of: Vec<usize>) -> Regions {
        let count = of.iter().max().map_or(1, |last| last + 1);
        let rows = instance.rules.iter().filter(|rules| rules.spread_row != NONE).count();
        let mut keepers: Vec<usize> = (0..rows * instance.locations).map(|at| at % count).collect();
        // Whoever is there keeps it; where both are, either may.
        for (process, &machine) in at.iter().enumerate() {
            if let Some(place) = place(instance, process, machine as usize) {
                keepers[place] = of[machine as usize];
            }
        }
        Regions { count, of, keepers }
    }

    /// The region of a machine.
    pub(in crate::families::reassignment) fn of(&self, machine: u32) -> usize {
        self.of[machine as usize]
    }
}

impl State<'_> {
    /// Keeps moves within one of some regions, which were made for this assignment. O(processes + spread rows times locations).
    pub(in crate::families::reassignment) fn confine(&mut self, regions: &Regions, own: usize) {
        let count = u32::try_from(regions.count).expect("there are fewer regions than machines");
        let before = self.spreads.clone();
        for (is_open, &region) in self.is_open.iter_mut().zip(&regions.of) {
            *is_open = region == own;
        }
        // What others keep counts as occupied for good.
        for (processes, &keeper) in self.at_locations.iter_mut().zip(&regions.keepers) {
            *processes = u32::from(keeper != own);
        }
        self.count_locations();
        for (row, before) in before.into_iter().enumerate() {
            let spare = before.saturating_sub(self.least_spreads[row]) / count;
            self.least_spreads[row] = self.spreads[row] - spare;
        }
    }

    /// Lets moves lead anywhere again.
    pub(in crate::families::reassignment) fn release(&mut self) {
        self.is_open.fill(true);
        self.at_locations.fill(0);
        self.count_locations();
        for rules in self.instance.rules.iter().filter(|rules| rules.spread_row != NONE) {
            self.least_spreads[rules.spread_row] = rules.spread;
        }
    }

    /// Counts the processes on open machines for their locations, besides what is counted there already.
    fn count_locations(&mut self) {
        for (process, &machine) in self.at.iter().enumerate() {
            if self.is_open[machine as usize]
                && let Some(place) = place(self.instance, process, machine as usize)
            {
                self.at_locations[place] += 1;
            }
        }
        let locations = self.instance.locations.max(1);
        for (spread, row) in self.spreads.iter_mut().zip(self.at_locations.chunks(locations)) {
            *spread = row.iter().map(|&processes| u32::from(processes > 0)).sum();
        }
    }
}

/// Where a process on a machine counts for the spread of its service.
fn place(instance: &Lowered, process: usize, machine: usize) -> Option<usize> {
    let row = instance.rules[instance.service[process] as usize].spread_row;
    (row != NONE).then(|| row * instance.locations + instance.location[machine] as usize)
}
