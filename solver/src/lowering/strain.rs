//! What the use of a tile costs beyond what each capsule costs by itself: soft headroom and balance, bucket by bucket.
//!
//! Every loop that fills tiles asks here what capsules more would add, which is told by what is left of the tile and by what
//! they draw: constant time for each rule and bucket. Without a rule nothing is asked, and nothing is computed.
//!
//! Each rule's cost rounds up once over all the buckets that are asked for, as the objective's does over all of time.

use std::ops::Range;

use lessor_models::draw;
use lessor_models::instance::Instance;
use lessor_models::objective::balance::{Balance, PARTS};
use lessor_models::objective::headroom::Headroom;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::MICROS_PER_HOUR;

use super::grid::Grid;
use super::groups::Group;

/// The rules that cost something, ready to be asked.
#[derive(Clone, Debug)]
pub struct Strain {
    headroom: Vec<Headroom>,
    headroom_permille: u32,
    balance: Vec<Balance>,
    balance_permille: u32,
    /// Microseconds of each bucket.
    spans: Vec<u64>,
    /// What a tile draws with nothing on it, by tile class.
    standing: Vec<Resources>,
}

/// Capsules that would come to a tile: what each draws, and when.
#[derive(Clone, Debug)]
pub struct Load<'d> {
    /// What one draws.
    pub draw: &'d Resources,
    /// The buckets in which they run.
    pub over: Range<usize>,
}

/// One rule on one tile in one bucket: its cost is linear in what capsules draw, from where something is missing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Hinge {
    /// What is missing before any of them comes; below zero while nothing is.
    pub(crate) missing: f64,
    /// What is missing more for each unit drawn, by kind.
    pub(crate) per_draw: [f64; Kind::COUNT],
    /// What a unit missing costs, in micro-credits.
    pub(crate) cost: f64,
}

impl Hinge {
    /// What is missing more with one capsule that draws so much.
    pub(crate) fn adds(&self, draw: &Resources) -> f64 {
        self.per_draw.iter().zip(draw.0).map(|(each, amount)| each * amount as f64).sum()
    }
}

impl Strain {
    /// The rules of an instance that have a weight and a price.
    #[must_use]
    pub fn of(instance: &Instance, grid: &Grid) -> Strain {
        let weights = instance.weights();
        let is_dear = |permille: u32, price: u64| permille > 0 && price > 0;
        let headroom = weights.headroom.iter().filter(|rule| is_dear(weights.headroom_permille, rule.price));
        let balance = weights.balance.iter().filter(|rule| is_dear(weights.balance_permille, rule.price));
        let (headroom, balance): (Vec<_>, Vec<_>) = (headroom.copied().collect(), balance.copied().collect());
        let is_free = headroom.is_empty() && balance.is_empty();
        let buckets = if is_free { 0 } else { grid.count() };
        Strain {
            headroom,
            headroom_permille: weights.headroom_permille,
            balance,
            balance_permille: weights.balance_permille,
            spans: (0..buckets).map(|bucket| grid.bucket(bucket).span().0).collect(),
            standing: instance.fleet().classes().iter().map(draw::standing).collect(),
        }
    }

    /// Whether no rule costs anything.
    #[must_use]
    #[inline]
    pub fn is_free(&self) -> bool {
        self.spans.is_empty()
    }

    /// Whether a capsule may make the use of its tile cost less: what it takes of one kind needs nothing kept of another.
    #[must_use]
    pub fn may_be_relieved(&self) -> bool {
        !self.balance.is_empty()
    }

    /// What a tile of a group costs over some buckets, of which so much is left, in micro-credits. O(rules times buckets).
    #[must_use]
    pub fn cost(&self, group: &Group, over: &Range<usize>, left: &[Resources]) -> i64 {
        if self.is_free() {
            return 0;
        }
        self.over_time(group, over, left.iter().copied())
    }

    /// What capsules more would add to that: `left` is what is left in the buckets in which they run, with room for them.
    #[must_use]
    pub fn added(&self, group: &Group, load: &Load<'_>, left: &[Resources], count: u64) -> i64 {
        if self.is_free() {
            return 0;
        }
        let fewer = left.iter().map(|left| less(left, load.draw, count));
        self.over_time(group, &load.over, fewer) - self.over_time(group, &load.over, left.iter().copied())
    }

    /// What a tile would cost less without one of the capsules that are there.
    #[must_use]
    pub fn relief(&self, group: &Group, load: &Load<'_>, left: &[Resources]) -> i64 {
        let more = |left: &Resources| Resources(std::array::from_fn(|k| left.0[k].saturating_add(load.draw.0[k])));
        let with_more = self.over_time(group, &load.over, left.iter().map(more));
        self.over_time(group, &load.over, left.iter().copied()) - with_more
    }

    /// How many capsules of at most `most` that earn so much each pay for what they add, the last one too.
    ///
    /// Costs are convex, so what one capsule more adds never falls: bisection. O(rules times buckets times log most).
    #[must_use]
    pub fn worthwhile(&self, group: &Group, load: &Load<'_>, left: &[Resources], (earns, most): (i64, u64)) -> u64 {
        if self.is_free() {
            return most;
        }
        let adds_little = |count: u64| {
            let before = self.added(group, load, left, count - 1);
            self.added(group, load, left, count).saturating_sub(before) < earns
        };
        let (mut known, mut beyond) = (0, most + 1);
        while beyond - known > 1 {
            let middle = known + (beyond - known) / 2;
            if adds_little(middle) {
                known = middle;
            } else {
                beyond = middle;
            }
        }
        known
    }

    /// The same as a program sees it: the rules that cost something on a tile of a group in a bucket of which so much is left.
    pub(crate) fn hinges(&self, group: &Group, bucket: usize, left: &Resources) -> Vec<Hinge> {
        if self.is_free() {
            return Vec::new();
        }
        let (gives, standing) = (group.capacity(bucket), &self.standing[group.class.at()]);
        let per_unit = |price: u64, permille: u32| {
            let hours = self.spans[bucket] as f64 / MICROS_PER_HOUR as f64;
            price as f64 * hours / 1e6 * f64::from(permille) / 1e3
        };
        let limits = |kind: Kind| gives.get(kind) != UNLIMITED;
        let headroom = self.headroom.iter().filter(|rule| limits(rule.kind)).map(|rule| {
            let reserve = rule.missing(gives, standing, &Resources::ZERO);
            let mut per_draw = [0.0; Kind::COUNT];
            per_draw[rule.kind.index()] = 1.0;
            let missing = reserve as f64 - left.get(rule.kind) as f64;
            Hinge { missing, per_draw, cost: per_unit(rule.price, self.headroom_permille) }
        });
        let balance = self.balance.iter().filter(|rule| limits(rule.of) && limits(rule.kept)).map(|rule| {
            let target = rule.target_per_billion as f64 / PARTS as f64;
            let short = |left: &Resources| target * left.get(rule.of) as f64 - left.get(rule.kept) as f64;
            let mut per_draw = [0.0; Kind::COUNT];
            per_draw[rule.of.index()] -= target;
            per_draw[rule.kept.index()] += 1.0;
            let missing = short(left) - short(gives).max(0.0);
            Hinge { missing, per_draw, cost: per_unit(rule.price, self.balance_permille) }
        });
        headroom.chain(balance).collect()
    }

    /// What a tile costs over some buckets, of which so much is left in each.
    fn over_time(&self, group: &Group, over: &Range<usize>, left: impl Iterator<Item = Resources> + Clone) -> i64 {
        let standing = &self.standing[group.class.at()];
        let buckets = over.clone().zip(left).map(|(bucket, left)| (group.capacity(bucket), left, bucket));
        let mut total = 0u64;
        for rule in &self.headroom {
            let missing = buckets.clone().map(|(gives, left, bucket)| {
                u128::from(rule.missing(gives, standing, &left)) * u128::from(self.spans[bucket])
            });
            total = total.saturating_add(rule.cost(missing.sum(), self.headroom_permille));
        }
        for rule in &self.balance {
            let missing = buckets
                .clone()
                .map(|(gives, left, bucket)| rule.missing(gives, &left).saturating_mul(u128::from(self.spans[bucket])));
            let missing = missing.fold(0, u128::saturating_add);
            total = total.saturating_add(rule.cost(missing, self.balance_permille));
        }
        // Halved, so that differences of two stay in range.
        i64::try_from(total).unwrap_or(i64::MAX).min(i64::MAX / 2)
    }
}

/// What is left once so many capsules more are there.
fn less(left: &Resources, draw: &Resources, count: u64) -> Resources {
    let amount = |k: usize| match left.0[k] {
        UNLIMITED => UNLIMITED,
        left => left.saturating_sub(draw.0[k].saturating_mul(count)),
    };
    Resources(std::array::from_fn::<u64, { Kind::COUNT }, _>(amount))
}

#[cfg(test)]
mod tests {
    use lessor_models::fleet::{ClassIndex, NodeIndex};

    use super::*;
    use crate::support::random::Random;

    /// Rules whose costs are whole: a micro-credit for a unit and an hour, in buckets of an hour.
    fn strain(random: &mut Random) -> Strain {
        let price = 1_000_000 * random.below(4);
        let headroom = Headroom { kind: Kind::Compute, safe_permille: 100 * narrow(random.below(11)), price };
        let (of, kept) = (Kind::Compute, Kind::Memory);
        let balance = Balance {
            of,
            kept,
            target_per_billion: 1_000_000_000 * random.below(3),
            price: 1_000_000 * random.below(3),
        };
        Strain {
            headroom: vec![headroom],
            headroom_permille: 1_000,
            balance: vec![balance],
            balance_permille: 2_000,
            spans: vec![MICROS_PER_HOUR; 2],
            standing: vec![Resources::of(Kind::Compute, random.below(5))],
        }
    }

    fn narrow(small: u64) -> u32 {
        u32::try_from(small).expect("a small number")
    }

    fn amounts(random: &mut Random, most: u64) -> Resources {
        Resources::UNLIMITED.with(Kind::Compute, random.below(most)).with(Kind::Memory, random.below(most))
    }

    fn group(gives: Resources) -> Group {
        let (tile, class, path) = (NodeIndex(0), ClassIndex(0), Vec::new());
        let (site, varying, tiles, devices, closed) = (0, None, 0..1, 0, false);
        Group { tile, class, site, varying, tiles, capacity: vec![gives], path, devices, closed }
    }

    #[test]
    fn what_is_added_is_the_difference_of_costs_and_what_is_taken_off_relieves_as_much() {
        let mut random = Random::new(3);
        let mut strained = 0;
        for case in 0..400 {
            let (strain, group) = (strain(&mut random), group(amounts(&mut random, 60)));
            let draw = Resources::of(Kind::Compute, random.below(4)).with(Kind::Memory, random.below(4));
            let left = [group.capacity[0], less(&group.capacity[0], &draw, random.below(3))];
            let load = Load { draw: &draw, over: 0..2 };
            let most = left.iter().map(|left| crate::plan::occupancy::times(&draw, left)).min().unwrap_or(0).min(9);
            let cost = |count| strain.cost(&group, &load.over, &left.map(|left| less(&left, &draw, count)));
            for count in 0..=most {
                assert_eq!(strain.added(&group, &load, &left, count), cost(count) - cost(0), "case {case}");
                let fewer = left.map(|left| less(&left, &draw, count));
                let relief = if count == 0 { 0 } else { strain.relief(&group, &load, &fewer) };
                assert_eq!(relief, cost(count) - cost(count.max(1) - 1), "case {case}");
            }
            strained += u32::from(cost(most) > cost(0));
            for earns in [1, 3, 10] {
                let pays = |&count: &u64| cost(count) - cost(count - 1) < earns;
                let one_by_one = (1..=most).take_while(pays).count() as u64;
                assert_eq!(strain.worthwhile(&group, &load, &left, (earns, most)), one_by_one, "case {case}");
            }
        }
        assert!(strained > 100, "{strained} of 400 cases cost something");
    }

    #[test]
    fn what_a_program_sees_costs_the_same() {
        let mut random = Random::new(4);
        let mut strained = 0;
        for case in 0..400 {
            let (strain, group) = (strain(&mut random), group(amounts(&mut random, 60)));
            let draw = Resources::of(Kind::Compute, random.below(20)).with(Kind::Memory, random.below(20));
            let left = less(&group.capacity[0], &draw, 1);
            let hinges = strain.hinges(&group, 0, &group.capacity[0]);
            let missing = |hinge: &Hinge| {
                let drawn =
                    hinge.per_draw.iter().zip(0..).map(|(each, kind): (_, usize)| {
                        each * (group.capacity[0].0[kind] as f64 - left.0[kind] as f64)
                    });
                (hinge.missing + drawn.sum::<f64>()).max(0.0)
            };
            let seen: f64 = hinges.iter().map(|hinge| hinge.cost * missing(hinge)).sum();
            let cost = strain.cost(&group, &(0..1), &[left]);
            assert!((seen - cost as f64).abs() < 1e-6, "case {case}: {seen} in place of {cost}");
            strained += u32::from(cost > 0);
        }
        assert!(strained > 100, "{strained} of 400 cases cost something");
    }

    #[test]
    fn without_a_rule_nothing_costs_and_all_are_worthwhile() {
        let free = Strain { spans: Vec::new(), ..strain(&mut Random::new(1)) };
        let (gives, draw) = (Resources::of(Kind::Compute, 9), Resources::of(Kind::Compute, 1));
        let load = Load { draw: &draw, over: 0..1 };
        assert_eq!(free.worthwhile(&group(gives), &load, &[gives], (0, 7)), 7);
        assert_eq!(free.cost(&group(gives), &(0..1), &[Resources::ZERO]), 0);
    }
}
