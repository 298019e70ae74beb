//! Strain: what the use of a tile costs beyond what each capsule costs by itself, soft headroom and balance together.
//!
//! Other than the terms of a capsule these look at all that runs on a tile at once. Each is convex in what is left of the
//! tile, so that one capsule more never strains a tile less than the one before did.

use std::collections::BTreeMap;

use super::Weights;
use crate::draw;
use crate::fleet::{Level, NodeIndex, Owner};
use crate::instance::Instance;
use crate::plan::Placement;
use crate::resources::{Kind, Resources, UNLIMITED};
use crate::time::{Interval, Timestamp};

/// What a plan pays in each of the two terms, in micro-credits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strains {
    /// For reserves used up.
    pub headroom: i128,
    /// For kinds out of balance.
    pub balance: i128,
}

/// What a whole plan pays under the instance's weights.
#[must_use]
pub fn cost(instance: &Instance, placements: &[Placement]) -> Strains {
    of(instance, placements, instance.weights())
}

/// What a whole plan pays under other weights. O(placements log placements) where there is a rule, and nothing otherwise.
#[must_use]
pub fn of(instance: &Instance, placements: &[Placement], weights: &Weights) -> Strains {
    let mut total = Strains::default();
    if weights.headroom.is_empty() && weights.balance.is_empty() {
        return total;
    }
    let mut order: Vec<&Placement> = placements.iter().collect();
    order.sort_unstable_by_key(|placement| placement.tile);
    for same_tile in order.chunk_by(|a, b| a.tile == b.tile) {
        let tile = Tile::new(instance, same_tile[0].tile);
        let moments = tile.moments(same_tile);
        for rule in &weights.headroom {
            let missing = |m: &Moment| u128::from(rule.missing(&m.gives, &tile.standing, &m.left));
            total.headroom += i128::from(rule.cost(over_time(&moments, missing), weights.headroom_permille));
        }
        for rule in &weights.balance {
            let missing = |m: &Moment| rule.missing(&m.gives, &m.left);
            total.balance += i128::from(rule.cost(over_time(&moments, missing), weights.balance_permille));
        }
    }
    total
}

fn over_time(moments: &[Moment], missing: impl Fn(&Moment) -> u128) -> u128 {
    let each = |moment: &Moment| missing(moment).saturating_mul(u128::from(moment.interval.span().0));
    moments.iter().map(each).fold(0, u128::saturating_add)
}

/// A tile, and what it draws with nothing on it.
struct Tile<'a> {
    instance: &'a Instance,
    node: NodeIndex,
    standing: Resources,
}

/// A while in which neither what a tile gives nor what is used of it changes.
struct Moment {
    interval: Interval,
    /// What the tile gives beside its standing draw.
    gives: Resources,
    /// What is left of that.
    left: Resources,
}

impl<'a> Tile<'a> {
    fn new(instance: &'a Instance, node: NodeIndex) -> Tile<'a> {
        let fleet = instance.fleet();
        let class = fleet.class_of(node).expect("placements are on tiles");
        Tile { instance, node, standing: draw::standing(&fleet.classes()[class.at()]) }
    }

    /// The moments at which any of the placements runs, in order of time.
    fn moments(&self, placements: &[&Placement]) -> Vec<Moment> {
        let (fleet, jobs) = (self.instance.fleet(), self.instance.jobs());
        let class = &fleet.classes()[fleet.class_of(self.node).expect("placements are on tiles").at()];
        let mut changes: BTreeMap<Timestamp, [i128; Kind::COUNT]> = BTreeMap::new();
        for placement in placements {
            let job = &jobs[placement.job.at()];
            let drawn = draw::draw(&job.demand, class, Level::Tile);
            let end = placement.start.after(draw::term(job, class));
            for (at, sign) in [(placement.start, 1), (end, -1)] {
                let sums = changes.entry(at).or_default();
                let drawn = drawn.0.map(|amount| i128::from(amount) * i128::from(placement.count) * sign);
                sums.iter_mut().zip(drawn).for_each(|(sum, amount)| *sum += amount);
            }
        }
        for kind in Kind::ALL {
            let steps = fleet.steps().get(&(Owner::Node(self.node), kind));
            for step in steps.iter().flat_map(|function| function.steps()) {
                changes.entry(step.0).or_default();
            }
        }
        let mut used = [0i128; Kind::COUNT];
        let mut moments = Vec::new();
        let ends: Vec<Timestamp> = changes.keys().copied().skip(1).collect();
        for ((start, change), end) in changes.into_iter().zip(ends) {
            used.iter_mut().zip(change).for_each(|(sum, amount)| *sum += amount);
            if used.iter().any(|&amount| amount > 0) {
                moments.push(self.moment(Interval { start, end }, &used));
            }
        }
        moments
    }

    fn moment(&self, interval: Interval, used: &[i128; Kind::COUNT]) -> Moment {
        let capacity = |kind| self.instance.fleet().capacity_at(Owner::Node(self.node), kind, interval.start);
        let gives = Resources(Kind::ALL.map(capacity)).saturating_sub(&self.standing);
        let left = |k: usize| match gives.0[k] {
            UNLIMITED => UNLIMITED,
            amount => u64::try_from(i128::from(amount) - used[k]).unwrap_or(0),
        };
        Moment { interval, gives, left: Resources(std::array::from_fn(left)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Demand, Job, JobIndex};
    use crate::objective::balance::Balance;
    use crate::objective::headroom::Headroom;
    use crate::objective::plan_value;
    use crate::test_instance::{A, B, LEFT, Tiny, at, put, seconds};

    const HEADROOM: Headroom = Headroom { kind: Kind::Compute, safe_permille: 500, price: 3_600_000_000 };
    const BALANCE: Balance =
        Balance { of: Kind::Compute, kept: Kind::Memory, target_per_billion: 2_000_000_000, price: 1_800_000_000 };

    /// Jobs of ten seconds on tiles of 10 Mop/s and 20 bytes; a unit above half of the compute costs 1 a second, a byte that
    /// is missing to twice the compute left a half.
    fn tiny(demands: &[(u64, u64)]) -> Tiny {
        let job = |&(compute_mops, memory_bytes): &(u64, u64)| Job {
            count: 4,
            deadline: at(100),
            demand: Demand { compute_mops, memory_bytes, ..Demand::default() },
            ..Job::empty(at(0), seconds(10))
        };
        let tiny = Tiny::new(demands.iter().map(job).collect());
        let mut tiny = [A, B]
            .into_iter()
            .fold(tiny, |tiny, tile| tiny.cap_node(tile, Kind::Compute, 10).cap_node(tile, Kind::Memory, 20));
        (tiny.weights.headroom, tiny.weights.balance) = (vec![HEADROOM], vec![BALANCE]);
        tiny
    }

    fn costs(tiny: &Tiny, placements: &[Placement]) -> [i128; 2] {
        let Strains { headroom, balance } = cost(&tiny.build(), placements);
        [headroom, balance]
    }

    fn from(job: u32, tile: NodeIndex, second: i64) -> Placement {
        Placement { start: at(second), ..put(job, tile) }
    }

    #[test]
    fn what_runs_at_once_is_summed_and_what_runs_apart_is_not() {
        // 4 and 3 Mop/s take 2 of the reserve of 5 while both run; 8 + 6 bytes go with 7 Mop/s.
        let tiny = tiny(&[(4, 8), (3, 6)]);
        assert_eq!(costs(&tiny, &[put(0, A), put(1, A)]), [20, 0]);
        assert_eq!(costs(&tiny, &[put(0, A), from(1, A, 4)]), [12, 0]);
        assert_eq!(costs(&tiny, &[put(0, A), from(1, A, 10)]), [0, 0]);
        assert_eq!(costs(&tiny, &[put(0, A), put(1, B)]), [0, 0]);
    }

    #[test]
    fn a_tile_pays_for_what_is_short_while_it_is() {
        // 12 bytes for 1 Mop/s leave 8 where 18 belong: 10 are missing for ten seconds. 4 Mop/s for no bytes help by 8.
        let tiny = tiny(&[(1, 12), (4, 0)]);
        assert_eq!(costs(&tiny, &[put(0, A)]), [0, 50]);
        assert_eq!(costs(&tiny, &[put(0, A), put(1, A)]), [0, 10]);
        assert_eq!(costs(&tiny, &[put(0, A), from(1, A, 5)]), [0, 30]);
    }

    #[test]
    fn capacity_that_changes_changes_the_reserve() {
        // From the third second on the tile gives 6, of which 3 are the reserve: 4 of 6 used leave 1 of it, for 7 seconds.
        let mut tiny = tiny(&[(4, 8)]);
        tiny.weights.balance.clear();
        let tiny = tiny.step(Owner::Node(A), Kind::Compute, (at(3), 6));
        assert_eq!(costs(&tiny, &[put(0, A)]), [7, 0]);
    }

    #[test]
    fn weights_scale_each_term_and_nodes_above_are_not_asked() {
        let mut tiny = tiny(&[(8, 18)]).cap_node(LEFT, Kind::Compute, 10);
        (tiny.weights.headroom_permille, tiny.weights.balance_permille) = (2_000, 500);
        // 3 of the reserve for ten seconds, twice; 4 bytes belong to 2 Mop/s and 2 are left, halved twice.
        assert_eq!(costs(&tiny, &[put(0, A)]), [60, 5]);
        (tiny.weights.headroom_permille, tiny.weights.balance_permille) = (0, 0);
        assert_eq!(costs(&tiny, &[put(0, A)]), [0, 0]);
    }

    #[test]
    fn a_plan_is_worth_less_by_its_strain() {
        let tiny = tiny(&[(8, 18)]);
        let placements = [Placement { job: JobIndex(0), ..put(0, A) }];
        assert_eq!(plan_value(&tiny.build(), &placements), -40);
        assert_eq!(plan_value(&tiny.build(), &[]), 0);
    }
}
