//! Whether there is plainly no assignment, told without a search.
//!
//! No agent carries more than the greatest sum of weights within its capacity, nor more items than its lightest that fit together.
//! Where all agents carry too little or too few that way, there is no assignment.

use super::lowered::Lowered;
use crate::packing::greatest_sum_of;

/// Words of sums looked at for all agents together, at most; beyond that, sums are known only as multiples of a common divisor.
const WORDS_MAX: u64 = 1 << 26;

/// Whether what all agents can carry is too little for all items, by weight or by number.
pub(super) fn is_impossible(instance: &Lowered) -> bool {
    let number: u128 = (0..instance.agents).map(|agent| items_max(instance, agent) as u128).sum();
    if number < instance.items as u128 {
        return true;
    }
    let lightest = |item: usize| {
        let weights = (0..instance.agents).map(|agent| (instance.weight(item, agent), instance.capacities[agent]));
        weights.filter(|(weight, capacity)| weight <= capacity).map(|(weight, _)| i128::from(weight)).min()
    };
    let mut least = 0;
    for item in 0..instance.items {
        let Some(lightest) = lightest(item) else { return true };
        least += lightest;
    }
    least > (0..instance.agents).map(|agent| i128::from(load_max(instance, agent))).sum()
}

/// The most items that fit an agent together.
fn items_max(instance: &Lowered, agent: usize) -> usize {
    let mut weights: Vec<i64> = (0..instance.items).map(|item| instance.weight(item, agent)).collect();
    weights.sort_unstable();
    let mut room = instance.capacities[agent];
    let fits = |weight: &&i64| {
        room = room.saturating_sub(**weight);
        room >= 0
    };
    weights.iter().take_while(fits).count()
}

/// The greatest sum of weights within an agent's capacity, or a little more where telling it takes long.
fn load_max(instance: &Lowered, agent: usize) -> i64 {
    let capacity = instance.capacities[agent].unsigned_abs();
    let weights = (0..instance.items).map(|item| instance.weight(item, agent).unsigned_abs());
    let weights: Vec<u64> = weights.filter(|&weight| weight <= capacity).collect();
    let all: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    let words_max = WORDS_MAX / (weights.len().max(1) as u64 * instance.agents as u64);
    let most = greatest_sum_of(&weights, capacity, (64 * words_max).saturating_sub(1));
    i64::try_from(all.min(u128::from(most))).expect("it is at most the capacity")
}

#[cfg(test)]
mod tests {
    use lessor_models::families::gap::GapInstance;

    use super::*;

    fn alike(items: usize, capacities: Vec<u64>, weights: &[u64]) -> Lowered {
        let agents = capacities.len();
        let weights = weights.repeat(agents);
        Lowered::new(&GapInstance::new(items, capacities, vec![1; items * agents], weights).unwrap())
    }

    #[test]
    fn more_items_than_fit_are_too_many() {
        // Five of 7 fit 41: two agents carry ten, whose weights are within both capacities by 82 - 77.
        assert!(is_impossible(&alike(11, vec![41, 41], &[7; 11])));
        assert!(!is_impossible(&alike(10, vec![41, 41], &[7; 10])));
    }

    #[test]
    fn sums_that_no_items_come_to_are_not_carried() {
        // Of 3, 3, 5 and 5, sums within 7 come to 6 at most: two agents carry 12 and not 16.
        assert_eq!(load_max(&alike(4, vec![7, 7], &[3, 3, 5, 5]), 0), 6);
        assert!(is_impossible(&alike(4, vec![7, 9], &[3, 3, 5, 5])));
        assert!(!is_impossible(&alike(4, vec![8, 8], &[3, 3, 5, 5])));
    }

    #[test]
    fn sums_beyond_a_word_are_told() {
        // 100 + 67 within 170 and not 100 + 90; 257 is too much.
        assert_eq!(load_max(&alike(3, vec![170], &[100, 67, 90]), 0), 167);
    }

    #[test]
    fn an_item_that_nobody_can_carry_leaves_none() {
        assert!(is_impossible(&alike(1, vec![3], &[4])));
        assert!(!is_impossible(&alike(2, vec![0], &[0, 0])));
    }
}
