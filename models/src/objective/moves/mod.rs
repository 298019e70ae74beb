//! Moves: what it costs to move capsules that run already.
//!
//! ```text
//! exact   weight * ( sum of (move_cost[j] + pair[t,u]) over capsules of j that left t for u
//!                    + sum of move_cost_once[j] over jobs with such a capsule )
//! bound   zero
//! ```
//!
//! Where a job states no move cost, a share of its bid stands in for it. A job's capsules are alike, so a plan says which tiles
//! they left and which they entered, and not which went where: they go the cheapest way. Each part rounds up.
//!
//! A capsule has left its tile too where it stops and starts anew after the [takeover](Instance::takeover), whatever tile that is:
//! to interrupt what runs is a move, and between a tile and itself costs what is stated for that pair.

mod pairing;

use std::collections::BTreeMap;

use super::{Weights, weighted};
use crate::fleet::{Fleet, NodeIndex};
use crate::instance::Instance;
use crate::job::{Job, JobIndex};
use crate::plan::Placement;

/// What moving one capsule of a job costs, in micro-credits, rounded up.
#[must_use]
pub fn each(job: &Job, weights: &Weights) -> u64 {
    let stated = if job.move_cost > 0 { job.move_cost } else { weighted(job.bid, weights.move_share_permille) };
    weighted(stated, weights.moves_permille)
}

/// What it costs once where any capsule of a job moves, in micro-credits, rounded up.
#[must_use]
pub fn once(job: &Job, weights: &Weights) -> u64 {
    weighted(job.move_cost_once, weights.moves_permille)
}

/// What moving a capsule from a tile to another costs beside what its job states, in micro-credits, rounded up.
#[must_use]
pub fn between(fleet: &Fleet, from: NodeIndex, to: NodeIndex, weights: &Weights) -> u64 {
    weighted(fleet.move_cost(from, to), weights.moves_permille)
}

/// The move cost of a whole plan, in micro-credits.
#[must_use]
pub fn cost(instance: &Instance, placements: &[Placement]) -> i128 {
    cost_under(instance, placements, instance.weights())
}

/// The move cost of a whole plan under some weights, in micro-credits.
#[must_use]
pub fn cost_under(instance: &Instance, placements: &[Placement], weights: &Weights) -> i128 {
    if instance.current().is_empty() {
        return 0;
    }
    let of_job = |(job, change): (JobIndex, JobMoves)| {
        let moved = change.moved();
        let job = &instance.jobs()[job.at()];
        let once = if moved > 0 { i128::from(once(job, weights)) } else { 0 };
        once + i128::from(each(job, weights)) * i128::from(moved) + change.between(instance.fleet(), weights)
    };
    changes(instance, placements).into_iter().map(of_job).sum()
}

/// The least that moving a job's capsules from tiles to tiles costs, beside what the job states: as many as left and entered.
#[must_use]
pub fn cheapest(fleet: &Fleet, left: &[(NodeIndex, u64)], entered: &[(NodeIndex, u64)], weights: &Weights) -> i128 {
    if fleet.move_costs().is_empty() {
        return 0;
    }
    // Tiles that no stated pair tells apart are one place.
    let from = places(left, |tile| fleet.place_left(tile));
    let to = places(entered, |tile| fleet.place_entered(tile));
    let counts = |places: &[(NodeIndex, u64)]| places.iter().map(|place| place.1).collect::<Vec<u64>>();
    let price = |row: usize, column: usize| between(fleet, from[row].0, to[column].0, weights);
    let least = pairing::least_cost(&counts(&from), &counts(&to), price);
    i128::try_from(least).unwrap_or(i128::MAX)
}

/// A tile of each place, with all that is counted there.
fn places(tiles: &[(NodeIndex, u64)], place: impl Fn(NodeIndex) -> Option<NodeIndex>) -> Vec<(NodeIndex, u64)> {
    let mut places: BTreeMap<Option<NodeIndex>, (NodeIndex, u64)> = BTreeMap::new();
    for &(tile, count) in tiles {
        places.entry(place(tile)).or_insert((tile, 0)).1 += count;
    }
    places.into_values().collect()
}

/// The tiles that a job's capsules left and entered, with how many.
#[derive(Clone, Debug, Default)]
struct JobMoves {
    left: Vec<(NodeIndex, u64)>,
    entered: Vec<(NodeIndex, u64)>,
}

impl JobMoves {
    /// How many capsules left a tile and run on another.
    fn moved(&self) -> u64 {
        let sum = |tiles: &[(NodeIndex, u64)]| tiles.iter().map(|tile| tile.1).sum::<u64>();
        sum(&self.left).min(sum(&self.entered))
    }

    fn between(&self, fleet: &Fleet, weights: &Weights) -> i128 {
        if self.moved() == 0 { 0 } else { cheapest(fleet, &self.left, &self.entered, weights) }
    }
}

/// A job's capsules on a tile.
#[derive(Clone, Copy, Debug, Default)]
struct OnTile {
    ran: u64,
    /// Those that are placed to start by the takeover, and those that start later.
    begun: u64,
    later: u64,
}

/// What changed for each job of which something runs or is placed, tile by tile.
fn changes(instance: &Instance, placements: &[Placement]) -> BTreeMap<JobIndex, JobMoves> {
    let takeover = instance.takeover().unwrap_or_default();
    let mut on_tiles: BTreeMap<(JobIndex, NodeIndex), OnTile> = BTreeMap::new();
    for current in instance.current() {
        on_tiles.entry((current.job, current.tile)).or_default().ran += u64::from(current.count);
    }
    for placement in placements {
        let here = on_tiles.entry((placement.job, placement.tile)).or_default();
        let count = if placement.start <= takeover { &mut here.begun } else { &mut here.later };
        *count += u64::from(placement.count);
    }
    let mut changes: BTreeMap<JobIndex, JobMoves> = BTreeMap::new();
    for ((job, tile), OnTile { ran, begun, later }) in on_tiles {
        let of_job = changes.entry(job).or_default();
        let (left, entered) = (ran.saturating_sub(begun), begun.saturating_sub(ran) + later);
        of_job.left.extend((left > 0).then_some((tile, left)));
        of_job.entered.extend((entered > 0).then_some((tile, entered)));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_instance::{A, B, C, D, HALL, LEFT, RIGHT, Tiny, at, compute, job, put};

    fn weights(moves_permille: u32, move_share_permille: u32) -> Weights {
        Weights { moves_permille, move_share_permille, ..Weights::default() }
    }

    #[test]
    fn a_job_that_states_no_cost_moves_for_a_share_of_its_bid() {
        let silent = Job { bid: 12_345, ..job(compute(1)) };
        // 12.345 rounds up to 13; ten times that, and half of it.
        assert_eq!([1_000, 10_000, 500, 0].map(|weight| each(&silent, &weights(weight, 1))), [13, 130, 7, 0]);
        assert_eq!([0, 2, 1_000].map(|share| each(&silent, &weights(1_000, share))), [0, 25, 12_345]);
    }

    #[test]
    fn a_stated_cost_stands_whatever_the_bid() {
        let stated = Job { bid: 12_345, move_cost: 3, ..job(compute(1)) };
        assert_eq!([0, 1, 1_000].map(|share| each(&stated, &weights(2_000, share))), [6, 6, 6]);
    }

    #[test]
    fn only_capsules_that_left_one_tile_for_another_cost() {
        // Three run on `a`. One stays, one goes to `b`, one stops; job 1 is new on `c`.
        let jobs = vec![Job { count: 3, move_cost: 7, ..job(compute(1)) }, job(compute(1))];
        let mut tiny = Tiny::new(jobs).running(0, A, 3);
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(0, B), put(1, C)]), 7);
        tiny.weights.moves_permille = 10_000;
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(0, B), put(1, C)]), 70);
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(1, B)]), 0);
    }

    #[test]
    fn a_capsule_that_stops_and_starts_anew_has_moved() {
        // Two run on `a`, where the job may start later too.
        let waits = Job { count: 3, move_cost: 7, move_cost_once: 100, deadline: at(50), ..job(compute(1)) };
        let mut tiny = Tiny::new(vec![waits]).running(0, A, 2);
        let later = |tile| Placement { start: at(20), ..put(0, tile) };
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(0, A), later(A)]), 0, "the third one is new");
        assert_eq!(cost(&tiny.build(), &[put(0, A), later(A)]), 107);
        assert_eq!(cost(&tiny.build(), &[put(0, A), later(B)]), 107);
        assert_eq!(cost(&tiny.build(), &[later(A), later(A), later(A)]), 114);
        // Within the left cell a move costs 10 beside that, to where it was too.
        tiny.fleet.move_costs = [((LEFT, LEFT), 10)].into();
        assert_eq!(cost(&tiny.build(), &[put(0, A), later(A)]), 117);
        assert_eq!(cost(&tiny.build(), &[put(0, A), later(C)]), 107);
    }

    #[test]
    fn a_job_pays_once_however_many_of_its_capsules_move() {
        let jobs = vec![Job { count: 3, move_cost: 7, move_cost_once: 100, ..job(compute(1)) }; 2];
        let tiny = Tiny::new(jobs).running(0, A, 3).running(1, B, 1);
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(0, A), put(0, A), put(1, B)]), 0);
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(0, B), put(0, C), put(1, B)]), 114);
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(0, B), put(1, C)]), 214);
        // One that stops for good is not moved, and one that is new did not run.
        assert_eq!(cost(&tiny.build(), &[put(0, A), put(1, B), put(1, C)]), 0);
    }

    #[test]
    fn the_lowest_pair_of_nodes_says_what_a_move_between_them_costs() {
        let mut tiny = Tiny::new(vec![Job { move_cost: 1, ..job(compute(1)) }]).running(0, A, 1);
        let pairs = [((HALL, HALL), 100), ((LEFT, LEFT), 10), ((HALL, D), 1_000), ((A, RIGHT), 50), ((B, C), 7_000)];
        tiny.fleet.move_costs = pairs.into();
        // Within the left cell 10; from a to the right cell 50, whatever going to d costs others.
        assert_eq!([A, B, C, D].map(|tile| cost(&tiny.build(), &[put(0, tile)])), [0, 11, 51, 51]);
        tiny.current[0].tile = C;
        assert_eq!([A, B, C, D].map(|tile| cost(&tiny.build(), &[put(0, tile)])), [101, 101, 0, 1_001]);
        // A weight of a thousandth rounds each part up.
        tiny.weights.moves_permille = 1;
        assert_eq!(cost(&tiny.build(), &[put(0, A)]), 1 + 1);
    }

    #[test]
    fn capsules_go_the_cheapest_way_to_where_the_plan_has_them() {
        // From a to c is dear, and so is from b to d; crosswise is cheap. One of three stops.
        let mut tiny = Tiny::new(vec![Job { count: 3, move_cost: 1, ..job(compute(1)) }]).running(0, A, 2);
        tiny = tiny.running(0, B, 1);
        tiny.fleet.move_costs = [((A, C), 90), ((B, D), 80), ((A, D), 2), ((B, C), 3)].into();
        assert_eq!(cost(&tiny.build(), &[put(0, C), put(0, D)]), 2 + 2 + 3);
        assert_eq!(cost(&tiny.build(), &[put(0, C), put(0, C), put(0, D)]), 3 + 90 + 2 + 3);
    }
}
