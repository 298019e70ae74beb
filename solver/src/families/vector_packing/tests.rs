use lessor_models::families::COEFFICIENT_MAX;
use lessor_models::families::vector_packing::{STEPS_MAX, VectorPackingInstance, bound, check};
use proptest::prelude::*;

use super::{VectorPackingMethod, VectorPackingOptions, VectorPackingOutcome, solve};
use crate::support::random::Random;
use crate::support::stop::Stop;

const AUTO: VectorPackingOptions =
    VectorPackingOptions { method: VectorPackingMethod::Auto, seed: 1, rounds_max: Some(10) };

/// A solution that passed its checks again here.
fn solved(instance: &VectorPackingInstance, options: &VectorPackingOptions) -> VectorPackingOutcome {
    let outcome = solve(instance, options, &Stop::new(), &mut |_, _| {});
    assert_eq!(check(instance, &outcome.bins), Ok(outcome.count));
    let proved = bound(instance, &outcome.prices, &outcome.dimension_prices, STEPS_MAX);
    assert!(proved >= outcome.bound || outcome.is_searched);
    assert!(outcome.bound <= outcome.count as u128);
    outcome
}

/// The fewest bins of any packing, by putting each item into every bin in use and into one more.
fn fewest(instance: &VectorPackingInstance) -> usize {
    fn descend(instance: &VectorPackingInstance, items: &[usize], bins: &mut Vec<u32>, used: u32) -> usize {
        if bins.len() == items.len() {
            return check(instance, bins).unwrap_or(usize::MAX);
        }
        let tries = (0..=used).map(|bin| {
            bins.push(bin);
            let count = descend(instance, items, bins, used.max(bin + 1));
            bins.pop();
            count
        });
        tries.min().unwrap_or(usize::MAX)
    }
    let items: Vec<usize> = instance.items().collect();
    descend(instance, &items, &mut Vec::new(), 0)
}

/// Bins that three items fill to the last unit, or all but so many units of a hundred in each dimension.
fn triplets(bins: u32, dimensions: usize, slack: i64, seed: u64) -> VectorPackingInstance {
    let mut random = Random::new(seed);
    let mut below = |limit| i64::try_from(random.below(limit)).unwrap();
    let mut sizes = Vec::new();
    for _ in 0..bins {
        let filled = 100 - slack;
        let parts: Vec<[i64; 3]> = (0..dimensions)
            .map(|_| {
                let (first, second) = (25 + below(20), 25 + below(12));
                [first, second, filled - first - second]
            })
            .collect();
        (0..3).for_each(|item| sizes.extend(parts.iter().map(|parts| parts[item])));
    }
    VectorPackingInstance::new(vec![100; dimensions], sizes, vec![1; 3 * bins as usize]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn tiny_instances_are_packed_into_the_fewest_bins(
        dimensions in 1_usize..4,
        demands in prop::collection::vec(0_u32..3, 1..5),
        sizes in prop::collection::vec(-2_i64..11, 16),
    ) {
        let sizes = sizes[..dimensions * demands.len()].to_vec();
        let instance = VectorPackingInstance::new(vec![10; dimensions], sizes, demands).unwrap();
        prop_assert_eq!(solved(&instance, &AUTO).count, fewest(&instance));
    }
}

#[test]
fn what_is_worth_nothing_is_packed_too() {
    // An item of no size has no price: bins that leave it out are no proof that it needs one of its own.
    let instance = VectorPackingInstance::new(vec![10], vec![0, 6, -1, 8], vec![1, 2, 2, 1]).unwrap();
    let outcome = solved(&instance, &AUTO);
    assert_eq!((outcome.count, outcome.bound), (2, 2));
}

#[test]
fn many_bins_may_hold_the_same() {
    // Two items of the first type and one of the second fill a bin.
    let instance = VectorPackingInstance::new(vec![10], vec![3, 4], vec![400, 200]).unwrap();
    let outcome = solved(&instance, &AUTO);
    assert_eq!((outcome.count, outcome.bound), (200, 200));
}

#[test]
fn triplets_without_slack_are_packed_and_proved() {
    for dimensions in [2, 4] {
        let outcome = solved(&triplets(15, dimensions, 0, 3), &AUTO);
        assert_eq!((outcome.count, outcome.bound), (15, 15), "{dimensions} dimensions");
    }
}

#[test]
fn triplets_by_the_hundred_are_packed_and_proved() {
    // The more items, the more threes there are to look through: 300 bins without slack, 120 with one or two percent of it.
    for (bins, slack) in [(300, 0), (120, 1), (120, 2)] {
        let outcome = solved(&triplets(bins, 5, slack, 3), &AUTO);
        assert_eq!((outcome.count, outcome.bound), (bins as usize, u128::from(bins)), "slack of {slack}");
    }
}

#[test]
fn hundreds_of_types_are_packed_near_their_bound() {
    // Some four to a bin; greedy filling takes a tenth more bins than are needed.
    let mut random = Random::new(2);
    let sizes = (0..800).map(|_| i64::try_from(100 + random.below(300)).unwrap()).collect();
    let instance = VectorPackingInstance::new(vec![1_000; 4], sizes, vec![1; 200]).unwrap();
    let outcome = solved(&instance, &VectorPackingOptions { rounds_max: Some(1), ..AUTO });
    assert!(outcome.count as u128 <= outcome.bound + 1, "{} of {}", outcome.count, outcome.bound);
}

#[test]
fn triplets_with_slack_are_at_most_one_bin_off() {
    let outcome = solved(&triplets(15, 3, 2, 5), &AUTO);
    assert!(outcome.bound == 15 && outcome.count <= 16, "{} bins", outcome.count);
}

#[test]
fn each_method_packs() {
    let instance = triplets(8, 3, 1, 7);
    for method in [
        VectorPackingMethod::Auto,
        VectorPackingMethod::Fit,
        VectorPackingMethod::Squeeze,
        VectorPackingMethod::Dive,
        VectorPackingMethod::Cover,
    ] {
        let outcome = solved(&instance, &VectorPackingOptions { method, seed: 1, rounds_max: Some(2) });
        assert!((8..=11).contains(&outcome.count), "{method:?}: {} bins", outcome.count);
    }
}

#[test]
fn the_outcome_is_the_same_on_any_number_of_threads() {
    let instance = triplets(12, 3, 2, 11);
    let options = VectorPackingOptions { rounds_max: Some(3), ..AUTO };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| solved(&instance, &options))
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn hard_corners_are_packed() {
    let instance = |capacities: Vec<u64>, sizes: Vec<i64>, demands: Vec<u32>| {
        VectorPackingInstance::new(capacities, sizes, demands).unwrap()
    };
    // Nothing at all; nothing demanded; no room for what needs none; one item of a whole bin.
    assert_eq!(solved(&instance(vec![5], vec![], vec![]), &AUTO).count, 0);
    assert_eq!(solved(&instance(vec![5], vec![3], vec![0]), &AUTO).count, 0);
    assert_eq!(solved(&instance(vec![0], vec![0], vec![4]), &AUTO).count, 1);
    assert_eq!(solved(&instance(vec![5, 5], vec![5, 5], vec![1]), &AUTO).count, 1);
    // The largest coefficients: two halves, and a little more than a half.
    let large = COEFFICIENT_MAX;
    let half = i64::try_from(large / 2).unwrap();
    assert_eq!(solved(&instance(vec![large], vec![half, half + 1], vec![2, 1]), &AUTO).count, 2);
}

#[test]
fn bins_that_cannot_be_filled_are_told_soon() {
    // Even sizes in odd bins: no sum is the capacity, which a search for one would take long to find out.
    let sizes = (0..80).map(|item| 2 * (100 + item * 37 % 400)).collect();
    let instance = VectorPackingInstance::new(vec![1_999], sizes, vec![1; 80]).unwrap();
    let outcome = solved(&instance, &VectorPackingOptions { rounds_max: Some(1), ..AUTO });
    assert!(outcome.count as u128 <= outcome.bound + 1, "{} of {}", outcome.count, outcome.bound);
}

#[test]
fn a_million_equal_items_are_packed() {
    let instance = VectorPackingInstance::new(vec![10, 10], vec![3, 2], vec![1_000_000]).unwrap();
    let outcome = solved(&instance, &AUTO);
    assert_eq!((outcome.count, outcome.bound), (333_334, 333_334));
}

#[test]
fn a_stop_that_is_raised_at_once_leaves_a_packing_near_the_best() {
    // Three to a bin fill it to a tenth; two thousand types, which column generation alone would take long for.
    let mut random = Random::new(4);
    let sizes = (0..6_000).map(|_| i64::try_from(250 + random.below(80)).unwrap()).collect();
    let instance = VectorPackingInstance::new(vec![1_000; 3], sizes, vec![5; 2_000]).unwrap();
    let stop = Stop::new();
    stop.raise();
    let outcome = solve(&instance, &AUTO, &stop, &mut |_, _| {});
    assert_eq!(check(&instance, &outcome.bins), Ok(outcome.count));
    assert!(outcome.count <= 10_000 * 2 / 5, "{} bins", outcome.count);
}

#[test]
fn copies_by_the_million_are_packed_many_bins_at_a_time() {
    let instance = VectorPackingInstance::new(vec![10, 10], vec![3, 1, 7, 2], vec![600_000, 300_001]).unwrap();
    let outcome = solved(&instance, &VectorPackingOptions { rounds_max: Some(0), ..AUTO });
    // One of each fills a bin; of the others three go together.
    assert_eq!((outcome.count, outcome.bound), (400_001, 400_001));
}

#[test]
fn what_takes_no_room_goes_into_one_bin() {
    for capacity in [0, 10] {
        let instance = VectorPackingInstance::new(vec![capacity], vec![0], vec![7]).unwrap();
        let outcome = solved(&instance, &AUTO);
        assert_eq!((outcome.count, outcome.bound), (1, 1));
    }
}

#[test]
fn column_generation_that_was_cut_off_is_taken_up_again() {
    // Two thirds of a bin leave no room for halves: six bins for those, and eight for sixteen halves. Sizes alone prove 12.
    let instance = VectorPackingInstance::new(vec![60], vec![40, 30, 29], vec![6, 7, 9]).unwrap();
    let solved = |progress| {
        let stop = Stop::new();
        stop.tell_progress(progress);
        let options = VectorPackingOptions { method: VectorPackingMethod::Dive, seed: 1, rounds_max: Some(3) };
        solve(&instance, &options, &stop, &mut |_, _| {})
    };
    // The first climb has no time where half of it is over, and a later one has.
    let (whole, late) = (solved(0.0), solved(0.5));
    assert_eq!((whole.count, whole.bound), (14, 14));
    assert_eq!((late.count, late.bound), (14, 14));
}
