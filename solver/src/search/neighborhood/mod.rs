//! Large neighborhood search (Shaw 1998): jobs leave some tiles together, and an integer program fills what the others leave.
//!
//! A [`region`] names tiles and job classes; its [`program`] knows starts, gangs, bonuses and rules between jobs, so that it finds
//! what single capsules cannot: a gang in place of two bonuses, a job with those that must be near it, everything one hour later.
//! Regions grow as long as their programs are solved, and shrink where one takes too long; a plan small enough is one region. What
//! comes back is tried in integers and held against the [`rules`]. What runs already leaves its place only where that pays for the
//! move.

mod move_rows;
mod program;
mod region;
mod relation_rows;
mod rule_rows;
mod rules;
mod strain_rows;

use rayon::prelude::*;

use super::Round;
use super::change::Change;
use super::leave::completed;
use crate::lowering::Lowered;
use crate::lowering::index::JobClassIndex;
use crate::plan::occupancy::{Item, Occupancy, times};
use crate::plan::running::Running;
use crate::program::integer::{IntegerAnswer, IntegerLimits};
use crate::support::random::Random;
use crate::support::stop::Stop;
use program::{Capsules, Program};
use region::{Region, Regions};

/// Regions that are solved side by side, whatever threads there are: at least, at most, and one for so many tiles, so that they are
/// seldom in each other's way.
const SIDE_BY_SIDE: usize = 2;
const SIDE_BY_SIDE_MAX: usize = 8;
const TILES_EACH: usize = 500;

/// Columns of a program: at first, at least and at most.
const COLUMNS: usize = 300;
const COLUMNS_MIN: usize = 100;
const COLUMNS_MAX: usize = 12_000;

/// Nodes of the branch-and-bound tree after which the best contents found so far are taken, and the gap at which they count as
/// the best.
const NODES_MAX: u32 = 20;
const GAP: f64 = 3e-3;

/// Nodes for a plan as a whole, at first; twice as many each time that they do not do.
const WHOLE_NODES: u32 = 100;

/// By how much a region's columns grow after a program that was solved, and shrink after one that was not, by numerator and
/// denominator.
const GROWTH: (usize, usize) = (23, 20);
const SHRINKAGE: (usize, usize) = (7, 10);

/// Rounds in a row without a gain after which further ones are unlikely to help.
const IDLE_MAX: u32 = 40;

/// What a column counts for in moves.
const COLUMN_MOVES: u64 = 60;

/// The search's memory between rounds.
#[derive(Debug)]
pub struct Neighborhoods<'r> {
    running: &'r Running,
    random: Random,
    regions: Regions,
    /// How many regions are solved side by side.
    side_by_side: usize,
    /// Columns of a region, about.
    columns: usize,
    /// Nodes for a plan as a whole.
    whole_nodes: u32,
    idle: u32,
}

impl<'r> Neighborhoods<'r> {
    /// A search that moves capsules of some classes, best first.
    #[must_use]
    pub fn new(lowered: &Lowered<'_>, running: &'r Running, classes: &[JobClassIndex], seed: u64) -> Neighborhoods<'r> {
        Neighborhoods {
            running,
            random: Random::new(seed),
            regions: Regions::new(lowered, classes),
            side_by_side: (lowered.tiles.len() / TILES_EACH).clamp(SIDE_BY_SIDE, SIDE_BY_SIDE_MAX),
            columns: COLUMNS,
            whole_nodes: WHOLE_NODES,
            idle: 0,
        }
    }

    /// Some regions, each filled anew where that is worth more.
    pub fn round(&mut self, occupancy: &mut Occupancy<'_>, stop: &Stop) -> Round {
        let drawn = (0..self.side_by_side).map(|_| self.regions.draw(occupancy, self.columns, &mut self.random));
        let mut regions: Vec<Region> = drawn.flatten().collect();
        let is_whole = regions.first().is_some_and(|region| region.is_whole);
        if is_whole {
            regions.truncate(1);
        }
        let mut open = |region: Region| {
            let change = free(occupancy, self.running, &region);
            let program = Program::new(occupancy, self.running, &region, &change.taken().collect::<Vec<_>>());
            change.undo(occupancy);
            (region, program)
        };
        let programs: Vec<(Region, Program)> = regions.into_iter().map(&mut open).collect();
        let columns: usize = programs.iter().map(|(_, program)| program.columns()).sum();
        let seed = u32::try_from(self.random.below(1 << 31)).expect("31 bits");
        let (nodes, gap) = if is_whole { (self.whole_nodes, 0.0) } else { (NODES_MAX, GAP) };
        let limits = IntegerLimits { nodes_max: Some(nodes), gap, seed, ..IntegerLimits::default() };
        let solved: Vec<(Region, bool, Option<Vec<Capsules>>)> = programs
            .into_par_iter()
            .map(|(region, program)| {
                let (answer, is_best) = program.solve(limits, stop);
                (region, is_best, answer)
            })
            .collect();
        let mut has_gained = false;
        let mut all_best = !solved.is_empty();
        for (region, is_best, capsules) in solved {
            has_gained |= capsules.is_some_and(|capsules| self.refill(occupancy, &region, &capsules));
            all_best &= is_best;
            let (numerator, denominator) = if is_best { GROWTH } else { SHRINKAGE };
            self.columns = (self.columns * numerator / denominator).clamp(COLUMNS_MIN, COLUMNS_MAX);
        }
        if is_whole {
            self.whole_nodes = self.whole_nodes.saturating_mul(2);
        }
        self.idle = if has_gained { 0 } else { self.idle + 1 };
        let is_exhausted = columns == 0 || self.idle >= IDLE_MAX || is_whole && all_best;
        Round { moves: columns as u64 * COLUMN_MOVES, is_exhausted }
    }

    /// Fills a region with capsules in place of what it holds, where that is worth more, moves paid; whether it is.
    fn refill(&self, occupancy: &mut Occupancy<'_>, region: &Region, capsules: &[Capsules]) -> bool {
        let runs = region.classes.iter().any(|&class| self.running.has(class));
        let move_cost = |occupancy: &Occupancy<'_>| if runs { self.running.move_cost(occupancy) } else { 0 };
        let before = move_cost(occupancy);
        let mut change = free(occupancy, self.running, region);
        capsules.iter().for_each(|capsules| put(occupancy, &mut change, (capsules, self.running)));
        let gains =
            completed(occupancy, &change).is_some_and(|bonuses| change.gain + bonuses > move_cost(occupancy) - before);
        let is_better = gains && rules::are_kept(occupancy, &region.classes);
        if !is_better {
            change.undo(occupancy);
        }
        is_better
    }
}

/// Takes off what a region names: what is of its classes on its tiles, but for what stays where it runs.
fn free(occupancy: &mut Occupancy<'_>, running: &Running, region: &Region) -> Change {
    let mut change = Change::default();
    for &tile in &region.tiles {
        for position in (0..occupancy.items(tile).len()).rev() {
            let item = occupancy.items(tile)[position];
            let stays = item.is_current && running.is_pinned(item.class);
            if region.has(item.class) && !stays {
                change.take_many(occupancy, (tile, position), item.count);
            }
        }
    }
    change
}

/// Puts capsules on their tile, as many as fit, whatever rules say: a program knows devices only by their sum, and jobs may need
/// each other in a ring. Those that ran there come back to their seats.
fn put(occupancy: &mut Occupancy<'_>, change: &mut Change, (capsules, running): (&Capsules, &Running)) {
    let Capsules { class, tile, start, count } = *capsules;
    let lowered = occupancy.lowered();
    let (group, draw) = (lowered.group_of(tile), lowered.draw(class, lowered.group_of(tile)));
    let mut left = u64::from(count).min(occupancy.missing(class));
    while left > 0
        && let Some(devices) = running.open_seat(occupancy, (tile, class, start))
    {
        change.put_many(occupancy, tile, Item { class, count: 1, start, devices, is_current: true });
        left -= 1;
    }
    while left > 0 {
        let over = occupancy.buckets(class, group, start);
        let room = over.clone().map(|bucket| times(draw, occupancy.tile_left(tile, bucket))).min().unwrap_or(0);
        let room = occupancy.path_room(class, group, start, room.min(left));
        let Some(devices) = occupancy.choose_devices(tile, class, over).filter(|_| room > 0) else { break };
        let many = if devices == 0 { room } else { 1 };
        let count = u32::try_from(many).expect("no more than a count of 32 bits");
        change.put_many(occupancy, tile, Item { class, count, start, devices, is_current: false });
        left -= many;
    }
}
