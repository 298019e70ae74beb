//! The cheapest of some gangs that together suffice, whatever for.
//!
//! The plain meaning: of all sets of one or more that suffice, the cheapest; of equals the smaller, then the first. More gangs
//! suffice wherever fewer do. Deviation: beyond [`EXACT_MAX`] gangs it is the shortest list of the cheapest that suffices,
//! without those, dearest first, that the rest can do without; that is not always the cheapest set.

use std::cmp::Reverse;

use crate::authority::vocabulary::money::Money;

/// Gangs among which the cheapest set is found exactly: 2^10 sets.
pub(in crate::authority) const EXACT_MAX: usize = 10;

/// Positions of the gangs chosen, in order; none where all together do not suffice. Costs rise. A question for each gang, and then
/// one for each set at most of those that no set can do without and some of the others: 2^[`EXACT_MAX`] where all can be spared.
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
    // More suffice wherever fewer do: who cannot be done without is in every set that suffices.
    let mut rest = Vec::with_capacity(all.len());
    let needed: usize = all
        .iter()
        .filter(|gang| {
            rest.clear();
            rest.extend(all.iter().filter(|other| other != gang));
            !rest.is_empty() && !suffices(&rest)
        })
        .map(|gang| 1 << gang)
        .sum();
    let sets = (1..1_usize << costs.len()).filter(|set| set & needed == needed);
    let mut sets: Vec<(Money, u32, Reverse<usize>)> = sets
        .map(|set| {
            let cost = members(set).fold(Money::ZERO, |sum, gang| sum.plus(costs[gang]));
            // Of equally many, the first is the one with the first gang that is not in the other.
            (cost, set.count_ones(), Reverse(set.reverse_bits()))
        })
        .collect();
    sets.sort_unstable();
    sets.into_iter()
        .map(|(_, _, set)| members(set.0.reverse_bits()).collect())
        .find(|chosen: &Vec<usize>| suffices(chosen))
}

/// The positions of the gangs in a set, which has bit `g` for gang `g`.
fn members(set: usize) -> impl Iterator<Item = usize> {
    (0..EXACT_MAX).filter(move |gang| set >> gang & 1 == 1)
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
    use proptest::prelude::*;

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

    /// What the sets mean, looked at one by one.
    fn plainly(costs: &[Money], mut suffices: impl FnMut(&[usize]) -> bool) -> Option<Vec<usize>> {
        let sets = (1..1_usize << costs.len()).map(|set| members(set).collect::<Vec<usize>>());
        let cost = |set: &[usize]| set.iter().map(|gang| costs[*gang].0).sum::<i64>();
        sets.filter(|set| suffices(set)).min_by_key(|set| (cost(set), set.len(), set.clone()))
    }

    proptest! {
        #[test]
        fn the_set_that_is_chosen_is_the_first_of_the_cheapest(
            gangs in prop::collection::vec((0..4_i64, 0..4_u32, 0..4_u32), 1..=EXACT_MAX), least in (0..16_u32, 0..16_u32),
        ) {
            let mut gangs = gangs;
            gangs.sort_unstable();
            let costs: Vec<Money> = gangs.iter().map(|gang| Money(gang.0)).collect();
            let (first, second): (Vec<u32>, Vec<u32>) = gangs.iter().map(|gang| (gang.1, gang.2)).unzip();
            let suffices = |chosen: &[usize]| reaching(&first, least.0)(chosen) && reaching(&second, least.1)(chosen);
            prop_assert_eq!(cheapest(&costs, suffices), plainly(&costs, suffices));
        }
    }

    #[test]
    fn who_cannot_be_done_without_is_asked_about_once() {
        let costs = [Money(1); EXACT_MAX];
        let asked = |least: u32| {
            let mut asked = 0;
            let chosen = cheapest(&costs, |chosen| {
                asked += 1;
                reaching(&[1; EXACT_MAX], least)(chosen)
            });
            assert_eq!(chosen.map(|chosen| chosen.len()), (least <= 10).then_some(least as usize));
            asked
        };
        assert_eq!([11, 10, 1].map(asked), [1, 12, 12], "all, all but each, and then the first set that may do");
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
