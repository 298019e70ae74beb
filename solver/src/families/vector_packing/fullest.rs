//! The contents that fill a bin best: where bins must be nearly full in every dimension, few contents do, and the packing looked
//! for is among them.

use crate::support::stop::Stop;

use super::contents::{Prices, Wanted, search};
use super::lowered::{Lowered, Pattern};
use super::master::even;

/// What is left empty at first, as a part of the bin and in the mean of all dimensions; how much more in each later search, and at
/// most.
const EMPTY_MIN: f64 = 0.005;
const EMPTY_GROWTH: f64 = 1.3;
const EMPTY_MAX: f64 = 0.2;

/// Contents for each type, at most.
const A_TYPE_MAX: usize = 12;

/// Steps of all searches together.
const STEPS: u64 = 120_000_000;

/// The fullest contents, as many as there are a few times the types of; fewer where a search takes too long.
pub(super) fn fullest(instance: &Lowered, stop: &Stop) -> Vec<Pattern> {
    let dual = even(instance);
    let prices = Prices { types: &dual.prices, dimensions: &dual.dimension_prices };
    let most = A_TYPE_MAX * instance.demands.len();
    let (mut found, mut empty, mut steps_left) = (Vec::new(), EMPTY_MIN, STEPS);
    while empty < EMPTY_MAX {
        let all = search(instance, prices, Wanted::All(1.0 - empty, most), steps_left, stop);
        if !all.is_whole {
            break;
        }
        steps_left -= all.steps.min(steps_left);
        found = all.found;
        empty *= EMPTY_GROWTH;
    }
    found.into_iter().map(|(_, pattern)| pattern).collect()
}

#[cfg(test)]
mod tests {
    use lessor_models::families::vector_packing::VectorPackingInstance;

    use super::*;

    #[test]
    fn the_fullest_come_and_others_do_not() {
        // Bins of 100: 50 and 50, 60 and 40, and 70 and 30 fill one; 60 and 30 leave a tenth, 50 and 40 too, 50 and 30 a fifth.
        let instance = VectorPackingInstance::new(vec![100], vec![50, 60, 40, 70, 30], vec![2, 1, 1, 1, 1]).unwrap();
        let mut found = fullest(&Lowered::new(&instance), &Stop::new());
        found.sort_unstable();
        let expected =
            [vec![(0, 1), (2, 1)], vec![(0, 2)], vec![(1, 1), (2, 1)], vec![(1, 1), (4, 1)], vec![(3, 1), (4, 1)]];
        assert!(expected.iter().all(|pattern| found.contains(pattern)), "{found:?}");
        assert!(!found.contains(&vec![(3, 1)]) && !found.contains(&vec![(2, 1), (4, 1)]), "{found:?}");
    }
}
