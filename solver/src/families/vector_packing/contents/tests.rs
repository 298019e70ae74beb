use lessor_models::families::vector_packing::VectorPackingInstance;
use proptest::prelude::*;

use super::*;

/// All that one bin can hold, with its worth, by trying every count of every type.
fn all(instance: &Lowered, prices: &[f64]) -> Vec<(f64, Pattern)> {
    let mut all = vec![(0.0, Pattern::new())];
    for (item, &demand) in (0..).zip(&instance.demands) {
        let longer = |(worth, pattern): &(f64, Pattern)| {
            let longer = (1..=demand).map(|count| {
                let pattern = pattern.iter().copied().chain([(item, count)]).collect();
                (worth + prices[item as usize] * f64::from(count), pattern)
            });
            longer.collect::<Vec<_>>()
        };
        let more: Vec<_> = all.iter().flat_map(longer).collect();
        all.extend(more);
    }
    let held = |pattern: &Pattern, at: usize| -> i64 {
        pattern.iter().map(|&(item, count)| instance.sizes(item as usize)[at] * i64::from(count)).sum()
    };
    all.retain(|(_, pattern)| (0..instance.dimensions).all(|at| held(pattern, at) <= instance.capacities()[at]));
    all
}

fn lowered(capacity: u64, dimensions: usize, sizes: &[i64], demands: &[u32]) -> Lowered {
    let instance = VectorPackingInstance::new(vec![capacity; dimensions], sizes.to_vec(), demands.to_vec());
    Lowered::new(&instance.unwrap())
}

proptest! {
    #[test]
    fn what_is_found_is_what_trying_everything_finds(
        dimensions in 1_usize..3,
        demands in prop::collection::vec(1_u32..4, 1..5),
        sizes in prop::collection::vec(-3_i64..11, 8),
        prices in prop::collection::vec(-2_i32..8, 4),
        room in prop::collection::vec(0_i32..6, 2),
    ) {
        let instance = lowered(10, dimensions, &sizes[..dimensions * demands.len()], &demands);
        // Powers of two, so that sums are exact in any order.
        let prices: Vec<f64> = prices[..instance.demands.len()].iter().map(|&price| f64::from(price) / 8.0).collect();
        let room: Vec<f64> = room[..dimensions].iter().map(|&price| f64::from(price) / 4.0).collect();
        let prices = Prices { types: &prices, dimensions: &room };
        let is_above = |item: u32| prices.types[item as usize] > 0.0 || instance.makes_room(item as usize);
        let mut all = all(&instance, prices.types);
        let is_below = |item: u32| prices.types[item as usize] < 0.0 && !instance.makes_room(item as usize);
        all.retain(|(_, pattern)| !pattern.iter().any(|&(item, _)| is_below(item)));

        let dearest = search(&instance, prices, Wanted::Dearest(0.5), u64::MAX, &Stop::new());
        let most = all.iter().map(|(worth, _)| *worth).fold(0.5, f64::max);
        prop_assert!(dearest.is_whole && (dearest.limit - most).abs() < 1e-6);
        prop_assert!(dearest.found.iter().all(|found| all.contains(found) && found.0 > 0.5));
        prop_assert!(dearest.found.iter().all(|(_, pattern)| pattern.iter().all(|&(item, _)| is_above(item))));
        prop_assert_eq!(dearest.found.iter().any(|(worth, _)| *worth >= most), most > 0.5);

        let dear = search(&instance, prices, Wanted::Dear(0.5, u64::MAX), u64::MAX, &Stop::new());
        prop_assert_eq!((dear.is_whole, dear.found), (true, dearest.found));

        let mut enough = search(&instance, prices, Wanted::All(0.5, usize::MAX), u64::MAX, &Stop::new()).found;
        all.retain(|(worth, _)| *worth >= 0.5);
        enough.sort_by(|a, b| a.1.cmp(&b.1));
        all.sort_by(|a, b| a.1.cmp(&b.1));
        prop_assert_eq!(enough, all);

        for steps in [0, 3, 10] {
            let cut = search(&instance, prices, Wanted::Dearest(0.5), steps, &Stop::new());
            prop_assert!(cut.limit > most - 1e-6);
        }
    }
}

#[test]
fn types_may_need_the_room_that_each_other_make() {
    // Three of each fill 9 by 9 of 10 by 10; without the others, no more than two of either fit.
    let instance = lowered(10, 2, &[5, -2, -2, 5], &[3, 3]);
    let prices = Prices { types: &[0.25, 0.25], dimensions: &[0.0, 0.0] };
    let all = search(&instance, prices, Wanted::All(1.5, 9), u64::MAX, &Stop::new());
    assert_eq!(all.found, [(1.5, vec![(0, 3), (1, 3)])]);
}

#[test]
fn a_search_ends_with_enough_and_says_so() {
    let instance = lowered(10, 1, &[5, 4, 3], &[1, 1, 1]);
    let prices = Prices { types: &[0.5; 3], dimensions: &[1.0] };
    let few = search(&instance, prices, Wanted::All(0.5, 2), u64::MAX, &Stop::new());
    assert_eq!((few.found.len(), few.is_whole), (2, false));
}
