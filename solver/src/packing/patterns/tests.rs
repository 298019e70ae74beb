//! Patterns against enumeration.

use proptest::prelude::*;

use crate::packing::component::Component;
use crate::packing::instance::{BinRow, Packing, PackingColumn};
use crate::packing::tree::Incumbent;
use crate::support::random::Random;
use crate::support::stop::Stop;

use super::bins::{Bins, Pattern};
use super::master::{Master, WHOLLY};
use super::pricing::{COARSE, FINE};
use super::triples::{broken, holds_two};
use super::{Ground, Packed, solve};

/// Something to be packed: what it takes of two rows of a bin and of a row outside, what it is worth at each set of bins, and
/// whether it is an alternative to what came before.
#[derive(Clone, Debug)]
struct Thing {
    amounts: [u64; 2],
    outside: u64,
    worths: [u64; 2],
    is_alternative: bool,
}

/// Things, how many bins there are of each set, and what the row outside holds.
#[derive(Clone, Debug)]
struct Case {
    things: Vec<Thing>,
    bins: [usize; 2],
    outside: u64,
}

/// What the rows of a bin of either set hold.
const ROOMS: [[u64; 2]; 2] = [[10, 12], [14, 9]];

fn cases() -> impl Strategy<Value = Case> {
    let thing = ([1..9_u64, 0..9_u64], 0..3_u64, [0..60_u64, 0..60_u64], any::<bool>()).prop_map(|thing| {
        let (amounts, outside, worths, is_alternative) = thing;
        Thing { amounts, outside, worths, is_alternative }
    });
    (proptest::collection::vec(thing, 2..7), [2..4_usize, 1..3_usize], 2..9_u64)
        .prop_map(|(things, bins, outside)| Case { things, bins, outside })
}

impl Case {
    /// A column for each thing at each of the first bins of each set, as many as groups have come.
    fn packing(&self) -> Packing {
        let (mut capacities, mut places, mut rows) = (vec![self.outside], vec![None], Vec::new());
        for (set, (&count, rooms)) in (0_u32..).zip(self.bins.iter().zip(ROOMS)) {
            for bin in (0_u32..).take(count) {
                rows.push((set as usize, capacities.len()));
                capacities.extend(rooms);
                places.extend([0, 1].map(|row| Some(BinRow { set, bin, row })));
            }
        }
        let (mut columns, mut groups) = (Vec::new(), 0);
        for thing in &self.things {
            if !thing.is_alternative || groups == 0 {
                groups += 1;
                capacities.push(1);
            }
            let group = capacities.len() - 1;
            for (set, first) in [(0, 0), (1, self.bins[0])] {
                for &(_, row) in rows[first..first + self.bins[set]].iter().take(groups) {
                    let taken = [(0, thing.outside), (row, thing.amounts[0]), (row + 1, thing.amounts[1]), (group, 1)];
                    let entries = taken.into_iter().filter(|entry| entry.1 > 0);
                    let entries = entries.map(|(row, amount)| (u32::try_from(row).unwrap(), amount)).collect();
                    columns.push(PackingColumn { worth: thing.worths[set], entries });
                }
            }
        }
        Packing::new(capacities, columns).unwrap().with_bins(places)
    }

    /// The greatest worth, by putting each thing everywhere in turn.
    fn best(&self) -> u64 {
        fn rest(case: &Case, at: usize, left: &mut Vec<[u64; 2]>, outside: u64, is_group_in: bool) -> u64 {
            let Some(thing) = case.things.get(at) else { return 0 };
            let is_group_in = is_group_in && thing.is_alternative && at > 0;
            let mut best = rest(case, at + 1, left, outside, is_group_in);
            if is_group_in || thing.outside > outside {
                return best;
            }
            for bin in 0..left.len() {
                if thing.amounts.iter().zip(left[bin]).any(|(&amount, left)| amount > left) {
                    continue;
                }
                let before = left[bin];
                left[bin] = [before[0] - thing.amounts[0], before[1] - thing.amounts[1]];
                let worth = thing.worths[usize::from(bin >= case.bins[0])];
                best = best.max(worth + rest(case, at + 1, left, outside - thing.outside, true));
                left[bin] = before;
            }
            best
        }
        let mut left = [vec![ROOMS[0]; self.bins[0]], vec![ROOMS[1]; self.bins[1]]].concat();
        rest(self, 0, &mut left, self.outside, false)
    }
}

/// A packing as one component, its bins told.
fn component(packing: &Packing) -> Component {
    let mut component = Component::new(packing, (0..packing.columns().len()).collect());
    component.bins = Bins::of(packing, &component.columns);
    component
}

fn solved(component: &Component, worths: &[u64], floor: u128) -> Option<Packed> {
    let ground = Ground { component, worths, random: Random::new(1), stop: &Stop::new() };
    solve(ground, Incumbent::none(floor), &[], &mut |_, _| {})
}

fn worths(component: &Component) -> Vec<u64> {
    component.packing.columns().iter().map(|column| column.worth).collect()
}

/// Whether columns fit together.
fn fits(packing: &Packing, chosen: &[usize]) -> bool {
    let mut left = packing.capacities().to_vec();
    chosen.iter().flat_map(|&column| &packing.columns()[column].entries).all(|&(row, amount)| {
        let rest = left[row as usize].checked_sub(amount);
        left[row as usize] = rest.unwrap_or(0);
        rest.is_some()
    })
}

proptest! {
    #[test]
    fn patterns_pack_as_enumeration_packs(case in cases()) {
        let packing = case.packing();
        let component = component(&packing);
        prop_assume!(component.bins.is_some());
        let (best, worths) = (u128::from(case.best()), worths(&component));
        let Packed { incumbent, bound, .. } = solved(&component, &worths, 0).unwrap();
        prop_assert!(fits(&component.packing, &incumbent.chosen));
        let worth: u128 = incumbent.chosen.iter().map(|&column| u128::from(worths[column])).sum();
        prop_assert_eq!((worth, incumbent.worth, bound), (best, best, best));
    }

    #[test]
    fn where_anything_better_is_sought_none_is_missed(case in cases(), share in 0.5..1.1_f64) {
        let packing = case.packing();
        let component = component(&packing);
        let best = u128::from(case.best());
        let floor = u128::from(crate::support::numbers::floor(best as f64 * share));
        prop_assume!(component.bins.is_some());
        let Packed { incumbent, bound, .. } = solved(&component, &worths(&component), floor).unwrap();
        prop_assert!(bound >= best.max(floor));
        prop_assert_eq!(incumbent.worth > floor, best > floor, "{} {}", incumbent.worth, best);
        prop_assert!(incumbent.worth > floor || bound == floor);
    }

    #[test]
    fn all_patterns_that_gain_enough_are_listed(case in cases(), prices in proptest::collection::vec(0..30_u64, 12)) {
        let packing = case.packing();
        let component = component(&packing);
        prop_assume!(component.bins.is_some());
        let bins = component.bins.as_ref().unwrap();
        let items = bins.item_worths(&worths(&component)).unwrap();
        let worths = worths(&component);
        let mut master = Master::new(bins, (&items, &worths), &[]).unwrap();
        let mut dual = master.climb(0, WHOLLY, &Stop::new()).unwrap().dual;
        // Gains that a price changed, some below zero, and two triples that cost something.
        for (gain, price) in dual.gains.iter_mut().zip(&prices) {
            *gain -= i64::try_from(*price).unwrap() << 36;
        }
        dual.triples = if bins.items.len() > 3 { vec![([0, 1, 2], 3 << 36), ([1, 2, 3], 5 << 36)] } else { Vec::new() };
        for set in 0..bins.sets.len() {
            let mut expected: Vec<(i64, Pattern)> = every_pattern(bins, set);
            expected.retain(|(_, pattern)| pattern.iter().all(|&item| items[item as usize] > 0));
            expected.iter_mut().for_each(|(gain, pattern)| *gain = dual.gain(pattern));
            let most = expected.iter().map(|entry| entry.0).max().unwrap_or(0);
            for (units, least) in [(COARSE, most - (9 << 36)), (FINE, most - (2 << 36)), (FINE, most)] {
                let mut found = master.pricing(set, &dual, units, |_| true).all(least, (999, 99_999), &Stop::new()).unwrap();
                found.sort();
                let wanted = expected.iter().filter(|entry| entry.0 >= least).map(|entry| entry.1.clone());
                let mut wanted: Vec<Pattern> = wanted.collect();
                wanted.sort();
                prop_assert_eq!(found, wanted);
            }
            let priced = master.pricing(set, &dual, COARSE, |_| true).best(0, 9_999, &Stop::new());
            prop_assert_eq!(priced.limit, most.max(0));
        }
    }
}

/// Every pattern of a set that fits, by trying all subsets of its items.
fn every_pattern(bins: &Bins, set: usize) -> Vec<(i64, Pattern)> {
    let of_set = &bins.sets[set];
    let subset = |bits: u32| -> Pattern {
        let items = of_set.items.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
        let mut pattern: Pattern = items.map(|(_, &item)| u32::try_from(item).unwrap()).collect();
        pattern.sort_unstable();
        pattern
    };
    let fits = |pattern: &Pattern| {
        let items = || pattern.iter().map(|&item| &bins.items[item as usize]);
        let sum = |row: u32| {
            items().flat_map(|item| &item.inner).filter(|entry| entry.0 == row).map(|entry| entry.1).sum::<u64>()
        };
        let mut alone: Vec<u32> = items().map(|item| item.alone).collect();
        alone.sort_unstable();
        alone.windows(2).all(|pair| pair[0] != pair[1])
            && (0..).zip(&of_set.capacities).all(|(row, &capacity)| sum(row) <= capacity)
    };
    (1..1_u32 << of_set.items.len()).map(subset).filter(fits).map(|pattern| (0, pattern)).collect()
}

/// Three bins of one row that holds ten; things of so much, each a group, at the first bins.
fn three_bins(things: &[(u64, u64)]) -> (Vec<u64>, Vec<PackingColumn>, Vec<Option<BinRow>>) {
    let places = [0, 1, 2].map(|bin| Some(BinRow { set: 0, bin, row: 0 }));
    let column = |(at, &(amount, worth)): (usize, &(u64, u64))| {
        let group = u32::try_from(3 + at).unwrap();
        (0..3_u32).take(at + 1).map(move |bin| PackingColumn { worth, entries: vec![(bin, amount), (group, 1)] })
    };
    let capacities = [vec![10; 3], vec![1; things.len()]].concat();
    (capacities, things.iter().enumerate().flat_map(column).collect(), places.to_vec())
}

#[test]
fn bins_that_are_not_alike_are_no_bins() {
    let things = [(5, 7), (5, 7), (4, 6)];
    let told = |capacities: Vec<u64>, columns, places: Vec<Option<BinRow>>| {
        let packing = Packing::new(capacities, columns).unwrap().with_bins(places);
        component(&packing).bins
    };
    let (capacities, columns, places) = three_bins(&things);
    let bins = told(capacities.clone(), columns.clone(), places.clone()).unwrap();
    assert_eq!((bins.sets[0].count, bins.items.len(), bins.outside.len()), (3, 3, 0));
    // One holds more than the others.
    let mut wider = capacities.clone();
    wider[1] = 11;
    assert!(told(wider, columns.clone(), places.clone()).is_none());
    // The last thing is at the third bin and not at the second.
    let mut torn = columns.clone();
    torn.remove(4);
    assert!(told(capacities.clone(), torn, places.clone()).is_none());
    // A column takes of two of them.
    let mut wide = columns.clone();
    wide.push(PackingColumn { worth: 1, entries: vec![(0, 1), (1, 1)] });
    assert!(told(capacities.clone(), wide, places.clone()).is_none());
    // Nothing keeps the columns of the last thing apart.
    let mut free = columns.clone();
    free[3..].iter_mut().for_each(|column| column.entries.truncate(1));
    assert!(told(capacities.clone(), free, places.clone()).is_none());
    // Two rows are said to be the same row of one bin.
    let (mut twofold, mut places_of) = (capacities.clone(), places.clone());
    twofold.push(10);
    places_of.resize(twofold.len() - 1, None);
    places_of.push(Some(BinRow { set: 0, bin: 0, row: 0 }));
    let mut both = columns.clone();
    both.push(PackingColumn { worth: 1, entries: vec![(u32::try_from(twofold.len()).unwrap() - 1, 1)] });
    assert!(told(twofold, both, places_of).is_none());
    assert!(told(capacities, columns, Vec::new()).is_none());
}

#[test]
fn twins_that_are_worth_different_sums_are_not_packed_by_patterns() {
    let (capacities, columns, places) = three_bins(&[(5, 7), (5, 7), (4, 6)]);
    let packing = Packing::new(capacities, columns).unwrap().with_bins(places);
    let component = component(&packing);
    let mut worths = worths(&component);
    assert_eq!(solved(&component, &worths, 0).unwrap().incumbent.worth, 20);
    let last = worths.len() - 1;
    worths[last] += 1;
    assert!(solved(&component, &worths, 0).is_none());
}

#[test]
fn a_bin_like_no_other_that_shares_a_column_is_none() {
    let (mut capacities, mut columns, mut places) = three_bins(&[(5, 7), (5, 7), (4, 6)]);
    let row = u32::try_from(capacities.len()).unwrap();
    capacities.extend([8, 8]);
    places.resize(capacities.len(), None);
    places[row as usize] = Some(BinRow { set: 1, bin: 0, row: 0 });
    places[row as usize + 1] = Some(BinRow { set: 2, bin: 0, row: 0 });
    columns.push(PackingColumn { worth: 9, entries: vec![(row, 8), (row + 1, 8)] });
    columns.push(PackingColumn { worth: 8, entries: vec![(row, 8)] });
    let packing = Packing::new(capacities, columns).unwrap().with_bins(places);
    let component = component(&packing);
    let bins = component.bins.as_ref().unwrap();
    assert_eq!((bins.sets.len(), bins.items.len(), bins.outside.len()), (1, 3, 2));
    assert_eq!(solved(&component, &worths(&component), 0).unwrap().incumbent.worth, 29);
}

#[test]
fn halves_of_three_pairs_break_the_row_of_their_items() {
    let pairs: Vec<Pattern> = vec![vec![0, 1], vec![1, 2], vec![0, 2], vec![3, 4]];
    let used: Vec<(&Pattern, f64)> = pairs.iter().zip([0.5, 0.5, 0.5, 1.0]).collect();
    assert_eq!(broken(&used), [[0, 1, 2]]);
    assert!(holds_two(&pairs[1], &[0, 1, 2]) && holds_two(&vec![0, 1, 2, 5], &[0, 1, 2]));
    assert!(!holds_two(&vec![0, 3], &[0, 1, 2]));
    // Whole patterns break none.
    let whole: Vec<(&Pattern, f64)> = pairs.iter().zip([1.0, 0.0, 0.0, 1.0]).collect();
    assert!(broken(&whole).is_empty());
}

#[test]
fn bins_of_many_small_things_are_not_packed_by_patterns() {
    let told = |amount: u64| {
        let (capacities, columns, places) = three_bins(&[(amount, 7); 36]);
        // Ten of a hundred fill a bin.
        let capacities = capacities.into_iter().map(|capacity| if capacity == 10 { 1_000 } else { capacity }).collect();
        component(&Packing::new(capacities, columns).unwrap().with_bins(places)).packs_by_patterns()
    };
    assert!(told(500) && told(101) && !told(99));
}
