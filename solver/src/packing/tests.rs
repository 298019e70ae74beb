//! Packings against enumeration.

use proptest::prelude::*;

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::component::components;
use super::frontier::Frontier;
use super::relaxation::Relaxation;
use super::root::{Ground, Root};
use super::shrunk::Shrunk;
use super::tree::Incumbent;
use super::{Known, Packing, PackingColumn, PackingOutcome, Prepared};

/// A packing to beat by more than a slack.
fn known(best: &[usize], slack: u128) -> Known<'_> {
    Known { best, slack, near: &[] }
}

/// The greatest worth by trying every subset.
fn best(packing: &Packing, worths: &[u64]) -> u128 {
    let count = worths.len();
    let fits = |subset: u32| {
        let mut left: Vec<i128> = packing.capacities().iter().map(|&capacity| i128::from(capacity)).collect();
        for column in (0..count).filter(|column| subset >> column & 1 == 1) {
            for &(row, amount) in &packing.columns()[column].entries {
                left[row as usize] -= i128::from(amount);
            }
        }
        left.iter().all(|&left| left >= 0)
    };
    let worth = |subset: u32| -> u128 {
        (0..count).filter(|column| subset >> column & 1 == 1).map(|column| u128::from(worths[column])).sum()
    };
    (0..1_u32 << count).filter(|&subset| fits(subset)).map(worth).max().unwrap_or(0)
}

/// Whether an outcome is a packing of its worth.
fn is_sound(packing: &Packing, worths: &[u64], outcome: &PackingOutcome) -> bool {
    let mut taken = vec![0_u128; packing.capacities().len()];
    for &column in &outcome.chosen {
        for &(row, amount) in &packing.columns()[column].entries {
            taken[row as usize] += u128::from(amount);
        }
    }
    let fits = taken.iter().zip(packing.capacities()).all(|(&taken, &capacity)| taken <= u128::from(capacity));
    let worth: u128 = outcome.chosen.iter().map(|&column| u128::from(worths[column])).sum();
    fits && worth == outcome.worth && outcome.chosen.is_sorted_by(|a, b| a < b)
}

/// The greatest worth within two rows, by a table of all remainders.
fn best_of_two_rows(packing: &Packing, worths: &[u64]) -> u128 {
    let [one, other] = [0, 1].map(|row: usize| usize::try_from(packing.capacities()[row]).unwrap());
    let mut most = vec![vec![0_u64; other + 1]; one + 1];
    for (column, &worth) in packing.columns().iter().zip(worths) {
        let [takes, takes_other] = [0, 1].map(|at: usize| usize::try_from(column.entries[at].1).unwrap());
        for left in (takes..=one).rev() {
            for left_other in (takes_other..=other).rev() {
                let with = most[left - takes][left_other - takes_other] + worth;
                most[left][left_other] = most[left][left_other].max(with);
            }
        }
    }
    most[one][other].into()
}

/// Sixty columns with amounts in two rows that hold some fifteen of them, worth about what they take.
fn two_rows(seed: u64) -> Packing {
    let mut random = Random::new(seed);
    let column = |_| {
        let amounts = [1 + random.below(19), 1 + random.below(19)];
        let worth = amounts.iter().sum::<u64>() * (700 + random.below(600));
        PackingColumn { worth, entries: vec![(0, amounts[0]), (1, amounts[1])] }
    };
    let columns = (0..60).map(column).collect();
    Packing::new(vec![140, 151], columns).unwrap()
}

/// Packings of a few columns; amounts up to a limit.
fn packings(columns_max: usize, amount_max: u64, capacity_max: u64) -> impl Strategy<Value = Packing> {
    (1..7_usize).prop_flat_map(move |rows| {
        let column =
            (0..50_u64, proptest::collection::btree_map(0..u32::try_from(rows).unwrap(), 1..=amount_max, 0..=rows));
        let column =
            column.prop_map(|(worth, entries)| PackingColumn { worth, entries: entries.into_iter().collect() });
        let capacities = proptest::collection::vec(1..=capacity_max, rows);
        (capacities, proptest::collection::vec(column, 0..=columns_max))
            .prop_map(|(capacities, columns)| Packing::new(capacities, columns).unwrap())
    })
}

fn worths(packing: &Packing) -> Vec<u64> {
    packing.columns().iter().map(|column| column.worth).collect()
}

proptest! {
    #[test]
    fn sets_are_packed_as_enumeration_packs_them(packing in packings(12, 1, 1)) {
        let outcome = Prepared::new(&packing).solve(1, &Stop::new(), &mut |_, _| {});
        let worths = worths(&packing);
        prop_assert!(is_sound(&packing, &worths, &outcome));
        prop_assert_eq!((outcome.worth, outcome.bound), (best(&packing, &worths), outcome.worth));
    }

    #[test]
    fn quantities_are_packed_as_enumeration_packs_them(packing in packings(11, 5, 9)) {
        let outcome = Prepared::new(&packing).solve(1, &Stop::new(), &mut |_, _| {});
        let worths = worths(&packing);
        prop_assert!(is_sound(&packing, &worths, &outcome));
        prop_assert_eq!((outcome.worth, outcome.bound), (best(&packing, &worths), outcome.worth));
    }

    #[test]
    fn whoever_goes_on_while_something_is_better_ends_at_the_best(
        packing in packings(10, 2, 4),
        changed in proptest::collection::vec(0..60_u64, 10),
    ) {
        let mut prepared = Prepared::new(&packing);
        let mut chosen = prepared.solve(1, &Stop::new(), &mut |_, _| {}).chosen;
        let worths: Vec<u64> = changed[..packing.columns().len()].to_vec();
        while let Some(better) = prepared.improver().better(&worths, known(&chosen, 0), 1, &Stop::new()).better.pop() {
            chosen = better;
        }
        prop_assert_eq!(chosen.iter().map(|&column| u128::from(worths[column])).sum::<u128>(), best(&packing, &worths));
    }

    #[test]
    fn each_group_is_left_out_as_if_it_had_never_been_there(packing in packings(10, 1, 1), first in 0..10_usize) {
        let mut prepared = Prepared::new(&packing);
        prepared.solve(1, &Stop::new(), &mut |_, _| {});
        let count = packing.columns().len();
        let groups: Vec<Vec<usize>> = [vec![first], vec![first, first + 3], vec![first + 1]]
            .map(|group| group.into_iter().filter(|&column| column < count).collect())
            .to_vec();
        for (group, outcome) in groups.iter().zip(prepared.solve_without(&groups, 1, &Stop::new(), &|_| ())) {
            let mut worths = worths(&packing);
            group.iter().for_each(|&column| worths[column] = 0);
            prop_assert!(is_sound(&packing, &worths, &outcome));
            prop_assert_eq!((outcome.worth, outcome.bound), (best(&packing, &worths), outcome.worth));
        }
    }

    #[test]
    fn each_group_is_left_out_of_quantities_too(packing in packings(11, 5, 9), first in 0..11_usize) {
        let mut prepared = Prepared::new(&packing);
        prepared.solve(1, &Stop::new(), &mut |_, _| {});
        let count = packing.columns().len();
        let groups: Vec<Vec<usize>> = [vec![first], vec![first, first + 2]]
            .map(|group| group.into_iter().filter(|&column| column < count).collect())
            .to_vec();
        for (group, outcome) in groups.iter().zip(prepared.solve_without(&groups, 1, &Stop::new(), &|_| ())) {
            let mut worths = worths(&packing);
            group.iter().for_each(|&column| worths[column] = 0);
            prop_assert!(is_sound(&packing, &worths, &outcome));
            prop_assert_eq!((outcome.worth, outcome.bound), (best(&packing, &worths), outcome.worth));
        }
    }

    #[test]
    fn what_others_are_worth_beside_a_group_is_what_fits_beside_it(packing in packings(10, 5, 9), first in 0..10_usize) {
        let mut prepared = Prepared::new(&packing);
        prepared.solve(1, &Stop::new(), &mut |_, _| {});
        let count = packing.columns().len();
        let fits = |group: &[usize]| {
            let mut left = packing.capacities().to_vec();
            let mut entries = group.iter().flat_map(|&column| &packing.columns()[column].entries);
            entries.all(|&(row, amount)| left[row as usize].checked_sub(amount).map(|rest| left[row as usize] = rest).is_some())
                .then_some(left)
        };
        let groups: Vec<Vec<usize>> = [vec![first], vec![first, first + 2], Vec::new()]
            .map(|group| group.into_iter().filter(|&column| column < count).collect())
            .to_vec();
        for (group, beside) in groups.iter().zip(prepared.worth_beside(&groups, 1, &Stop::new())) {
            let Some(left) = fits(group) else {
                prop_assert_eq!(beside, None);
                continue;
            };
            let mut worths = worths(&packing);
            group.iter().for_each(|&column| worths[column] = 0);
            let rest = Packing::new(left, packing.columns().to_vec()).unwrap();
            prop_assert_eq!(beside, Some(best(&rest, &worths)));
        }
        // With a stop that is raised, what is said is proved all the same.
        let raised = Stop::new();
        raised.raise();
        let early = prepared.worth_beside(&groups, 1, &raised);
        for (early, late) in early.iter().zip(prepared.worth_beside(&groups, 1, &Stop::new())) {
            prop_assert!(early.is_none() || *early == late);
        }
    }

    #[test]
    fn something_better_is_found_wherever_it_is(packing in packings(10, 2, 4), slack in 0..20_u128) {
        let mut prepared = Prepared::new(&packing);
        let start = prepared.solve(1, &Stop::new(), &mut |_, _| {}).chosen;
        let worths: Vec<u64> = worths(&packing).iter().map(|worth| worth * 3 % 50).collect();
        let worth = |chosen: &[usize]| -> u128 { chosen.iter().map(|&column| u128::from(worths[column])).sum() };
        let improved = prepared.improver().better(&worths, known(&start, slack), 1, &Stop::new());
        for better in &improved.better {
            let outcome = PackingOutcome { chosen: better.clone(), worth: worth(better), bound: u128::MAX };
            prop_assert!(is_sound(&packing, &worths, &outcome));
            prop_assert!(outcome.worth > worth(&start) + slack);
        }
        let most = worth(&start) + slack * u128::try_from(prepared.components()).unwrap();
        prop_assert!(improved.is_complete || !improved.better.is_empty());
        prop_assert!(!improved.better.is_empty() || best(&packing, &worths) <= most);
    }

    #[test]
    fn something_better_is_found_from_packings_that_are_known(
        packing in packings(10, 2, 1),
        changed in proptest::collection::vec(0..60_u64, 10),
    ) {
        let mut prepared = Prepared::new(&packing);
        let start = prepared.solve(1, &Stop::new(), &mut |_, _| {}).chosen;
        let worths: Vec<u64> = changed[..packing.columns().len()].to_vec();
        let worth = |chosen: &[usize]| -> u128 { chosen.iter().map(|&column| u128::from(worths[column])).sum() };
        let near: Vec<Vec<usize>> = (0..packing.columns().len())
            .filter(|&column| {
                let entries = &packing.columns()[column].entries;
                entries.iter().all(|entry| entry.1 <= packing.capacities()[entry.0 as usize])
            })
            .map(|column| vec![column])
            .collect();
        let known = Known { best: &start, slack: 0, near: &near };
        let improved = prepared.improver().better(&worths, known, 1, &Stop::new());
        for better in &improved.better {
            let outcome = PackingOutcome { chosen: better.clone(), worth: worth(better), bound: u128::MAX };
            prop_assert!(is_sound(&packing, &worths, &outcome));
            prop_assert!(outcome.worth > worth(&start));
        }
        prop_assert_eq!(improved.better.is_empty(), best(&packing, &worths) == worth(&start));
    }

    #[test]
    fn what_is_stopped_at_once_is_still_a_packing_with_a_bound(packing in packings(12, 3, 5)) {
        let stop = Stop::new();
        stop.raise();
        let outcome = Prepared::new(&packing).solve(1, &stop, &mut |_, _| {});
        let worths = worths(&packing);
        prop_assert!(is_sound(&packing, &worths, &outcome));
        prop_assert!(outcome.bound >= best(&packing, &worths));
    }
}

/// Columns that each take some rows of capacity one.
#[test]
fn quantities_of_many_columns_are_packed_as_a_table_packs_them() {
    for seed in 0..20 {
        let packing = two_rows(seed);
        let mut prepared = Prepared::new(&packing);
        let outcome = prepared.solve(seed, &Stop::new(), &mut |_, _| {});
        let worths = worths(&packing);
        assert!(is_sound(&packing, &worths, &outcome) && outcome.is_optimal());
        assert_eq!(outcome.worth, best_of_two_rows(&packing, &worths), "packing {seed}");
        // As in a search for coalitions that block: what is packed is worth less and less, until something else is better.
        for share in 0..12 {
            let mut less = worths.clone();
            outcome.chosen.iter().for_each(|&column| less[column] -= less[column] * share / 24);
            let kept: u128 = outcome.chosen.iter().map(|&column| u128::from(less[column])).sum();
            let better = prepared.improver().better(&less, known(&outcome.chosen, 3), seed, &Stop::new());
            assert!(better.is_complete || !better.better.is_empty());
            assert_eq!(better.better.is_empty(), best_of_two_rows(&packing, &less) <= kept + 3, "{seed}, {share}");
            for chosen in better.better {
                let worth = chosen.iter().map(|&column| u128::from(less[column])).sum();
                assert!(worth > kept + 3 && is_sound(&packing, &less, &PackingOutcome { chosen, worth, bound: worth }));
            }
        }
    }
}

#[test]
fn a_tree_that_goes_on_proves_for_other_worths_what_a_new_one_would() {
    let (mut nodes, mut proved) = (0, 0);
    for seed in 0..8 {
        let component = components(&two_rows(seed)).remove(0);
        let mut worths = worths(&component.packing);
        let (mut random, stop) = (Random::new(seed), Stop::new());
        let mut frontier = Frontier::new(Relaxation::new(&component.packing, &worths), worths.len());
        frontier.begin_anew(Vec::new(), 0);
        for _ in 0..6 {
            worths.iter_mut().for_each(|worth| *worth -= random.below(1 + *worth / 200));
            frontier.relaxation.value_at(&worths);
            let best = best_of_two_rows(&component.packing, &worths);
            for floor in [best - best / 2_000, best] {
                let ground = Ground { component: &component, worths: &worths, stop: &stop };
                let allowed = component.allowed(&worths);
                let mut root = Root::new(ground, frontier.relaxation.clone(), allowed, Incumbent::none(floor));
                root.solve();
                if root.is_done() || root.incumbent.worth > floor {
                    assert!(root.incumbent.worth <= best && (root.incumbent.worth > floor || floor == best));
                    continue;
                }
                let shrunk = Shrunk::of(&component.packing, &worths, &root.relaxation, &root.allowed).unwrap();
                let (found, is_complete) = frontier.search(&shrunk, floor, &stop);
                assert_eq!((found.is_empty(), is_complete), (floor == best, floor == best), "packing {seed}");
                for chosen in found {
                    let chosen = shrunk.whole(&chosen);
                    let worth = chosen.iter().map(|&column| u128::from(worths[column])).sum();
                    assert!(worth > floor && worth <= best);
                    assert!(is_sound(&component.packing, &worths, &PackingOutcome { chosen, worth, bound: worth }));
                }
                proved += usize::from(is_complete);
            }
        }
        nodes += frontier.nodes();
    }
    assert!(nodes > 1_000 && proved > 10, "{nodes} nodes, {proved} proofs");
}

fn sets(rows: usize, columns: &[(u64, &[u32])]) -> Packing {
    let column =
        |&(worth, rows): &(u64, &[u32])| PackingColumn { worth, entries: rows.iter().map(|&row| (row, 1)).collect() };
    Packing::new(vec![1; rows], columns.iter().map(column).collect()).unwrap()
}

#[test]
fn a_component_whose_worths_stay_the_same_keeps_its_packing() {
    // Rows 0 and 1 are apart: two for the first, one for the second.
    let packing = sets(2, &[(5, &[0]), (7, &[0]), (3, &[1])]);
    let mut prepared = Prepared::new(&packing);
    assert_eq!(prepared.sizes(), [3, 2, 1]);
    let outcome = prepared.solve(1, &Stop::new(), &mut |_, _| {});
    assert_eq!((outcome.chosen, outcome.worth), (vec![1, 2], 10));
    // Without its best, the dominated column of the first component comes back.
    let improved = prepared.improver().better(&[5, 0, 3], known(&[2], 0), 1, &Stop::new());
    assert_eq!((improved.better, improved.is_complete), (vec![vec![0, 2]], true));
}

#[test]
fn a_gain_within_the_slack_hides_none_beyond_it() {
    let column = |&(worth, entries): &(u64, &[(u32, u64)])| PackingColumn { worth, entries: entries.to_vec() };
    let columns: [(u64, &[(u32, u64)]); 4] =
        [(25, &[(1, 1), (4, 1)]), (41, &[(4, 1)]), (42, &[(4, 2)]), (11, &[(1, 2)])];
    let packing = Packing::new(vec![1, 2, 1, 1, 2], columns.iter().map(column).collect()).unwrap();
    let mut prepared = Prepared::new(&packing);
    let start = prepared.solve(1, &Stop::new(), &mut |_, _| {}).chosen;
    // The start is worth 48 now; 56 is within the slack of it, and 59 is not.
    let improved = prepared.improver().better(&[25, 23, 26, 33], known(&start, 8), 1, &Stop::new());
    assert_eq!((start, improved.better), (vec![0, 1], vec![vec![2, 3]]));
}

#[test]
fn an_odd_hole_needs_more_than_its_relaxation() {
    // Five columns in a ring, each excluding its neighbors: two of them fit, though the relaxation takes half of each.
    let packing = sets(5, &[(10, &[0, 1]), (10, &[1, 2]), (10, &[2, 3]), (10, &[3, 4]), (10, &[0, 4])]);
    let outcome = Prepared::new(&packing).solve(1, &Stop::new(), &mut |_, _| {});
    assert_eq!((outcome.worth, outcome.bound), (20, 20));
}

#[test]
fn the_same_seed_gives_the_same_packing() {
    let mut random = crate::support::random::Random::new(7);
    let rows = 24;
    let column = |random: &mut crate::support::random::Random| {
        let mut taken: Vec<u32> = (0..4).map(|_| u32::try_from(random.index(rows)).unwrap()).collect();
        taken.sort_unstable();
        taken.dedup();
        let worth = taken.len() as u64 * 100 + random.below(60);
        PackingColumn { worth, entries: taken.into_iter().map(|row| (row, 1)).collect() }
    };
    let columns = (0..120).map(|_| column(&mut random)).collect();
    let packing = Packing::new(vec![1; rows], columns).unwrap();
    let solve = || Prepared::new(&packing).solve(3, &Stop::new(), &mut |_, _| {});
    let (one, other) = (solve(), solve());
    assert!(one.is_optimal());
    assert_eq!(one, other);
}

#[test]
fn columns_that_are_much_the_same_are_counted() {
    // Nine would overdraw the row; which eight of the thirty is all the same, or nearly.
    for spread in [0, 3] {
        let column =
            |at: u64| PackingColumn { worth: 1_000 + spread * at, entries: vec![(0, 100 + spread * (at % 4))] };
        let packing = Packing::new(vec![890], (0..30).map(column).collect()).unwrap();
        let stop = Stop::new();
        stop.allow(1_000_000);
        let outcome = Prepared::new(&packing).solve(1, &stop, &mut |_, _| {});
        assert!(outcome.is_optimal() && !stop.is_raised(), "{outcome:?}");
        assert_eq!(outcome.chosen.len(), 8);
    }
}

#[test]
fn worths_that_floats_do_not_tell_apart_are_proved_all_the_same() {
    let random = Random::new(7);
    let columns = |scale: u32, noise: usize| -> Vec<PackingColumn> {
        let mut random = random.fork(0);
        let column = |_| {
            let worth = (20 + random.index(80) as u64) << scale;
            let entries = (0..12).filter(|_| random.index(4) == 0).map(|row| (row, 1 + u64::from(row) % 2)).collect();
            PackingColumn { worth: worth + random.index(noise) as u64, entries }
        };
        (0..60).map(column).collect()
    };
    let solve = |columns: Vec<PackingColumn>| {
        let stop = Stop::new();
        stop.allow(30_000_000);
        Prepared::new(&Packing::new(vec![4; 12], columns).unwrap()).solve(1, &stop, &mut |_, _| {})
    };
    let (small, great) = (solve(columns(0, 1)), solve(columns(48, 1_000)));
    assert!(small.is_optimal() && great.is_optimal());
    assert_eq!(great.worth >> 48, small.worth);
}

/// Jobs of a group each, to be run in slots that hold one, worth half as much for every slot after a deadline: columns are starts.
fn schedule(slots: usize, jobs: usize, random: &mut Random) -> Packing {
    let mut columns = Vec::new();
    for job in 0..jobs {
        let length = 1 + random.index(10);
        let deadline = length + random.index(slots - length + 1);
        let worth = length as u64 * (500 + random.below(1_000));
        for start in 0..=slots - length {
            let late = (start + length).saturating_sub(deadline);
            let worth = worth >> late.min(63);
            if worth >= 50 {
                let rows = (start..start + length).chain([slots + job]);
                let entries = rows.map(|row| (u32::try_from(row).unwrap(), 1)).collect();
                columns.push(PackingColumn { worth, entries });
            }
        }
    }
    Packing::new(vec![1; slots + jobs], columns).unwrap()
}

#[test]
fn starts_of_many_jobs_that_are_worth_the_same_are_proved() {
    for seed in 1..4 {
        let packing = schedule(96, 20, &mut Random::new(seed));
        let stop = Stop::new();
        stop.allow(2_000_000);
        let outcome = Prepared::new(&packing).solve(1, &stop, &mut |_, _| {});
        assert!(is_sound(&packing, &super::proof::worths(&packing), &outcome), "seed {seed}");
        assert!(outcome.is_optimal(), "seed {seed}: {} of {}", outcome.worth, outcome.bound);
    }
}
