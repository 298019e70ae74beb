use lessor_models::families::COEFFICIENT_MAX;
use lessor_models::families::gap::{GapInstance, bound, check};
use proptest::prelude::*;

use super::{GapMethod, GapOptions, GapOutcome, solve};
use crate::support::random::Random;
use crate::support::stop::Stop;

const AUTO: GapOptions = GapOptions { method: GapMethod::Auto, seed: 1, rounds_max: Some(40) };

fn solved(instance: &GapInstance, options: &GapOptions) -> GapOutcome {
    solve(instance, options, &Stop::new(), &mut |_, _| {})
}

/// The least cost of any assignment, by trying them all.
fn least(instance: &GapInstance) -> Option<u128> {
    let agents = u32::try_from(instance.capacities().len()).unwrap();
    let items = u32::try_from(instance.items()).unwrap();
    let assignment = |mut number: u32| {
        let digits = (0..items).map(|_| {
            let digit = number % agents;
            number /= agents;
            digit
        });
        digits.collect::<Vec<u32>>()
    };
    (0..agents.pow(items)).filter_map(|number| check(instance, &assignment(number)).ok()).min()
}

/// Costs that fall with weights, and capacities of which most is needed: what is hard about the family.
fn tight(agents: usize, items: usize, seed: u64) -> GapInstance {
    let mut random = Random::new(seed);
    let weights: Vec<u64> = (0..agents * items).map(|_| 1 + random.below(40)).collect();
    let costs = weights.iter().map(|weight| 50 - weight + random.below(10)).collect();
    let all: u64 = weights.iter().sum();
    let capacity = all * 4 / (5 * (agents * agents) as u64);
    GapInstance::new(items, vec![capacity.max(1); agents], costs, weights).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn tiny_instances_are_solved_and_proved(
        (agents, items) in (1_usize..4, 1_usize..7),
        capacities in prop::collection::vec(0_u64..30, 4),
        costs in prop::collection::vec(0_u64..20, 24),
        weights in prop::collection::vec(0_u64..12, 24),
    ) {
        let pairs = agents * items;
        let instance =
            GapInstance::new(items, capacities[..agents].to_vec(), costs[..pairs].to_vec(), weights[..pairs].to_vec()).unwrap();
        let outcome = solved(&instance, &AUTO);
        prop_assert_eq!(outcome.best.as_ref().map(|best| best.0), least(&instance));
        prop_assert!(bound(&instance, &outcome.prices) <= least(&instance).unwrap_or(u128::MAX));
        let is_proved = outcome.best.as_ref().is_some_and(|(cost, _)| outcome.bound == *cost);
        prop_assert!(outcome.is_complete || is_proved);
    }
}

/// Nine items of weight 7 fit each of ten agents of 69, and there are a hundred.
#[test]
fn items_that_weigh_more_than_all_agents_carry_are_infeasible_at_once() {
    let instance = GapInstance::new(100, vec![69; 10], vec![5; 1_000], vec![7; 1_000]).unwrap();
    let outcome = solved(&instance, &GapOptions { method: GapMethod::Auto, seed: 1, rounds_max: Some(0) });
    assert!(outcome.best.is_none() && outcome.is_complete);
}

#[test]
fn each_method_finds_an_assignment_no_cheaper_than_the_bound() {
    let instance = tight(5, 40, 3);
    for method in [GapMethod::Auto, GapMethod::Annealing, GapMethod::Neighborhood, GapMethod::Exact] {
        let outcome = solved(&instance, &GapOptions { method, seed: 1, rounds_max: Some(3) });
        let (cost, agents) = outcome.best.unwrap();
        assert_eq!(check(&instance, &agents), Ok(cost));
        assert!(outcome.bound <= cost, "{method:?}: {cost} below {}", outcome.bound);
    }
}

#[test]
fn dives_come_closer_than_annealing() {
    let instance = tight(10, 100, 5);
    let cost = |method| solved(&instance, &GapOptions { method, seed: 1, rounds_max: Some(4) }).best.unwrap().0;
    assert!(cost(GapMethod::Neighborhood) < cost(GapMethod::Annealing));
}

#[test]
fn little_work_comes_near_the_bound_where_costs_fall_with_weights() {
    let instance = tight(20, 600, 9);
    let bound = solved(&instance, &GapOptions { rounds_max: Some(0), ..AUTO }).bound;
    let stop = Stop::new();
    // What the first annealing takes, and two quick dives.
    stop.allow(304_000);
    let (cost, _) = solve(&instance, &AUTO, &stop, &mut |_, _| {}).best.unwrap();
    assert!(cost * 100 <= bound * 104, "{cost} against {bound}");
}

#[test]
fn the_outcome_is_the_same_on_any_number_of_threads() {
    let instance = tight(8, 60, 7);
    let options = GapOptions { rounds_max: Some(6), ..AUTO };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| solved(&instance, &options))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn an_item_that_nobody_can_carry_is_told_at_once() {
    let instance = GapInstance::new(2, vec![3, 4], vec![1; 4], vec![1, 9, 1, 9]).unwrap();
    let outcome = solved(&instance, &AUTO);
    assert!(outcome.best.is_none() && outcome.is_complete);
}

#[test]
fn items_that_do_not_fit_together_are_proved_not_to() {
    // Three items of 2 and two agents of 3.
    let instance = GapInstance::new(3, vec![3, 3], vec![1; 6], vec![2; 6]).unwrap();
    let outcome = solved(&instance, &AUTO);
    assert!(outcome.best.is_none() && outcome.is_complete);
}

#[test]
fn no_item_costs_nothing() {
    let instance = GapInstance::new(0, vec![3], vec![], vec![]).unwrap();
    assert_eq!(solved(&instance, &AUTO).best, Some((0, vec![])));
}

#[test]
fn capacities_of_zero_carry_what_weighs_nothing() {
    let instance = GapInstance::new(2, vec![0, 0], vec![4, 5, 3, 9], vec![0, 0, 1, 1]).unwrap();
    assert_eq!(solved(&instance, &AUTO).best, Some((9, vec![0, 0])));
}

#[test]
fn equal_everything_is_solved() {
    let instance = GapInstance::new(30, vec![10; 3], vec![7; 90], vec![1; 90]).unwrap();
    let outcome = solved(&instance, &AUTO);
    assert_eq!((outcome.best.unwrap().0, outcome.bound), (210, 210));
}

#[test]
fn costs_beyond_what_floats_tell_apart_are_proved() {
    let mut random = Random::new(11);
    for (agents, items) in [(3, 8), (2, 10), (4, 5)] {
        let pairs = agents * items;
        let mut coefficient = || (1 << 44) + random.below(1 << 50);
        let costs = (0..pairs).map(|_| coefficient()).collect();
        let weights: Vec<u64> = (0..pairs).map(|_| coefficient()).collect();
        let capacity = weights.iter().sum::<u64>() / (agents * agents) as u64;
        let instance = GapInstance::new(items, vec![capacity; agents], costs, weights).unwrap();
        let outcome = solved(&instance, &AUTO);
        assert_eq!(outcome.best.as_ref().map(|best| best.0), least(&instance));
        assert!(outcome.is_complete || outcome.best.is_some_and(|best| best.0 == outcome.bound));
    }
}

#[test]
fn costs_that_differ_by_one_in_the_last_place_are_told_apart() {
    // Both agents take one item of two; the other way round costs one more of 2^51.
    let large = 1 << 50;
    let costs = vec![large, large + 3, large + 2, large + 4];
    let instance = GapInstance::new(2, vec![1; 2], costs, vec![1; 4]).unwrap();
    let outcome = solved(&instance, &AUTO);
    assert_eq!(
        (outcome.best, outcome.bound),
        (Some((2 * u128::from(large) + 4, vec![0, 1])), 2 * u128::from(large) + 4)
    );
}

#[test]
fn costs_near_the_largest_are_proved_as_small_ones_are() {
    let small = tight(4, 24, 3);
    let pairs = || (0..4).flat_map(|agent| (0..24).map(move |item| (agent, item)));
    let costs = pairs().map(|(agent, item)| COEFFICIENT_MAX - 100 + small.cost(agent, item)).collect();
    let weights = pairs().map(|(agent, item)| small.weight(agent, item)).collect();
    let large = GapInstance::new(24, small.capacities().to_vec(), costs, weights).unwrap();
    let [small, large] = [&small, &large].map(|instance| solved(instance, &AUTO));
    let least = small.best.unwrap().0;
    assert_eq!(least, small.bound, "it is proved");
    let base = 24 * u128::from(COEFFICIENT_MAX - 100);
    assert_eq!((large.best.unwrap().0, large.bound), (base + least, base + least));
}

#[test]
fn the_largest_coefficients_are_added_up_exactly() {
    let large = COEFFICIENT_MAX;
    // The cheap pairs are the first item with the first agent and the second with the second.
    let costs = vec![large - 1, large, large, large - 1];
    let instance = GapInstance::new(2, vec![large, large], costs, vec![large; 4]).unwrap();
    let outcome = solved(&instance, &AUTO);
    assert_eq!(outcome.best, Some((2 * u128::from(large) - 2, vec![0, 1])));
    assert!(outcome.bound <= 2 * u128::from(large) - 2);
}

#[test]
fn one_item_more_than_fits_is_told_at_once() {
    // Five items of 7 fit each capacity of 41: twenty agents carry a hundred, though a hundred and one weigh less than 820.
    let of = |items: usize| {
        let instance = GapInstance::new(items, vec![41; 20], vec![5; 20 * items], vec![7; 20 * items]).unwrap();
        solve(
            &instance,
            &GapOptions { method: GapMethod::Auto, seed: 1, rounds_max: Some(0) },
            &Stop::new(),
            &mut |_, _| {},
        )
    };
    let (full, beyond) = (of(100), of(101));
    assert_eq!(full.best.map(|best| best.0), Some(500));
    assert!(beyond.is_complete && beyond.best.is_none());
}
