//! The cheapest of some gangs that together suffice, whatever for.
//!
//! The plain meaning: of all sets of one or more that suffice, the cheapest; of equals the smaller, then the first. More gangs
//! suffice wherever fewer do. Deviation: beyond [`EXACT_MAX`] gangs it is the shortest list of the cheapest that suffices,
//! without those, dearest first, that the rest can do without; that is not always the cheapest set.

use crate::authority::vocabulary::money::Money;

/// Gangs among which the cheapest set is found exactly: 2^10 sets.
pub(in crate::authority) const EXACT_MAX: usize = 10;

/// Positions of the gangs chosen, in order; none where all together do not suffice. Costs rise. At most 2^[`EXACT_MAX`]
/// questions, or as many as there are gangs and some more.
pub(in crate::authority) fn cheapest(
    costs: &[Money],
    mut suffices: impl FnMut(&[usize]) -> bool,
) -> Option<Vec<usize>> {
    let all: Vec<usize> = (0..costs.len()).collect();
    if !suffices(&all) {
        return None;
    }
    if costs.len() > EXACT_MAX {
        return Some(without_spare(fewest(&all, &mut suffices), &mut suffices));
    }
    let mut sets: Vec<(Money, usize, Vec<usize>)> = (1..1_usize << costs.len())
        .map(|set| {
            let chosen: Vec<usize> = all.iter().copied().filter(|gang| set >> gang & 1 == 1).collect();
            let cost = chosen.iter().fold(Money::ZERO, |sum, gang| sum.plus(costs[*gang]));
            (cost, chosen.len(), chosen)
        })
        .collect();
    sets.sort_unstable();
    sets.into_iter().map(|(_, _, chosen)| chosen).find(|chosen| suffices(chosen))
}

/// The shortest beginning of a list that suffices, where all of it does.
fn fewest<'a>(all: &'a [usize], suffices: &mut impl FnMut(&[usize]) -> bool) -> &'a [usize] {
    let (mut low, mut high) = (0, all.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if suffices(&all[..middle]) { high = middle } else { low = middle + 1 }
    }
    &all[..high]
}

/// The same list without those, from the last one back, that the rest can do without.
fn without_spare(list: &[usize], suffices: &mut impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    let mut chosen = list.to_vec();
    for at in (0..list.len()).rev() {
        let spared = chosen.remove(at);
        if !suffices(&chosen) {
            chosen.insert(at, spared);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether weights of those chosen add up to so much.
    fn reaching(weights: &[u32], least: u32) -> impl FnMut(&[usize]) -> bool + '_ {
        move |chosen| chosen.iter().map(|at| weights[*at]).sum::<u32>() >= least
    }

    #[test]
    fn few_gangs_are_chosen_exactly_and_of_equals_the_fewest() {
        let costs = [1, 2, 3, 3].map(Money);
        assert_eq!(cheapest(&costs, reaching(&[1, 1, 2, 5], 5)), Some(vec![3]));
        assert_eq!(cheapest(&costs, reaching(&[1, 1, 2, 0], 2)), Some(vec![2]), "one of 3 before two of 1 and 2");
        assert_eq!(cheapest(&costs, reaching(&[1, 1, 2, 0], 4)), Some(vec![0, 1, 2]));
        assert_eq!(cheapest(&costs, reaching(&[1, 1, 2, 0], 5)), None);
    }

    #[test]
    fn many_gangs_are_chosen_cheapest_first_without_those_that_turn_out_spare() {
        let costs: Vec<Money> = (1..=12).map(Money).collect();
        let weights = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 8];
        assert_eq!(cheapest(&costs, reaching(&weights, 4)), Some(vec![0, 1, 2, 3]));
        let late = [0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0];
        assert_eq!(cheapest(&costs, reaching(&late, 7)), Some(vec![6]));
    }
}
