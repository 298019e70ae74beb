//! Bins that are alike, and what may lie in them.
//!
//! A bin is a few rows that columns draw on together. Where all bins of a set have the same capacities, and a column has a
//! twin at each of the first of them, the twins are one *item*: a packing says which items lie together, and in which bin is
//! a matter of numbering.

use std::collections::{BTreeMap, BTreeSet};

use super::super::instance::{BinRow, Packing};

/// Items of the mean size that a bin may hold where patterns are worth looking at.
const HELD_MAX: f64 = 10.0;

/// Items that lie in one bin together, in order.
pub(in super::super) type Pattern = Vec<u32>;

/// What may lie in any of the first bins of a set.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its column at each of the first bins.
    pub(super) columns: Vec<usize>,
    /// What it takes of the rows of its bin.
    pub(super) inner: Vec<(u32, u64)>,
    /// What it takes of rows outside of bins, one of which keeps a second one out.
    pub(super) outer: Vec<(u32, u64)>,
    /// That row.
    pub(super) alone: u32,
    /// Its set.
    pub(super) set: usize,
}

/// Bins that are alike.
#[derive(Clone, Debug)]
pub(super) struct Set {
    /// How many there are.
    pub(super) count: usize,
    /// What the rows of each hold.
    pub(super) capacities: Vec<u64>,
    /// What may lie in them.
    pub(super) items: Vec<usize>,
}

/// A column that is in no bin.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    pub(super) column: usize,
    pub(super) outer: Vec<(u32, u64)>,
}

/// The columns of a component, told as items of bins that are alike and as others.
#[derive(Clone, Debug)]
pub(in super::super) struct Bins {
    pub(super) sets: Vec<Set>,
    pub(super) items: Vec<Item>,
    pub(super) outside: Vec<Outside>,
    /// What the rows outside of bins hold.
    pub(super) outer: Vec<u64>,
    columns: usize,
}

/// What makes twins of columns: their set, what they are worth, and what they take inside and outside of their bin.
type Kind = (u32, u64, Entries, Entries);

/// Rows with what is taken of them.
type Entries = Vec<(u32, u64)>;

impl Bins {
    /// Tells some columns of a packing as items; `None` where its bins are not alike, or none of a set is there twice.
    ///
    /// O(entries log entries).
    pub(in super::super) fn of(packing: &Packing, columns: &[usize]) -> Option<Bins> {
        let shared = shared_sets(packing, columns)?;
        let (mut kinds, mut outside): (BTreeMap<Kind, BTreeMap<u32, Vec<usize>>>, _) = (BTreeMap::new(), Vec::new());
        let (mut inside, mut rows) = (Inside::default(), BTreeMap::new());
        for (local, &column) in columns.iter().enumerate() {
            let (mut bin, mut inner, mut outer) = (None, Vec::new(), Vec::new());
            for &(row, amount) in &packing.columns()[column].entries {
                let capacity = packing.capacities()[row as usize];
                let Some(place) = packing.bin_row(row).filter(|place| !shared.contains(&place.set)) else {
                    let next = u32::try_from(rows.len()).expect("there are fewer rows than 2^32");
                    outer.push((rows.entry(row).or_insert((next, capacity)).0, amount));
                    continue;
                };
                bin = Some((place.set, place.bin));
                inner.push((inside.row(place, row, capacity)?, amount));
            }
            outer.sort_unstable();
            let Some((set, bin)) = bin else {
                outside.push(Outside { column: local, outer });
                continue;
            };
            inner.sort_unstable();
            let worth = packing.columns()[column].worth;
            kinds.entry((set, worth, inner, outer)).or_default().entry(bin).or_default().push(local);
        }
        let mut outer: Vec<(u32, u64)> = rows.into_values().collect();
        outer.sort_unstable();
        let outer = outer.into_iter().map(|row| row.1).collect();
        let mut bins = Bins { sets: Vec::new(), items: Vec::new(), outside, outer, columns: columns.len() };
        let mut sets: BTreeMap<u32, usize> = BTreeMap::new();
        for ((set, _, inner, outer), of_bin) in kinds {
            let at = *sets.entry(set).or_insert_with(|| {
                bins.sets.push(Set { count: 0, capacities: inside.capacities(set), items: Vec::new() });
                bins.sets.len() - 1
            });
            bins.add(at, (inner, outer), of_bin)?;
        }
        bins.sets.iter().any(|set| set.count > 1).then_some(bins)
    }

    /// Adds the items of one kind; `None` where their bins are not the first ones, or nothing keeps twins apart.
    fn add(&mut self, set: usize, (inner, outer): (Entries, Entries), of_bin: BTreeMap<u32, Vec<usize>>) -> Option<()> {
        let are_first = (0..).zip(of_bin.keys()).all(|(at, &bin)| at == bin);
        let of_bin: Vec<Vec<usize>> = of_bin.into_values().collect();
        if !are_first || !of_bin.is_sorted_by(|one, next| one.len() >= next.len()) {
            return None;
        }
        let alone = outer.iter().find(|&&(row, amount)| amount > self.outer[row as usize] / 2).map(|entry| entry.0);
        for twin in 0..of_bin[0].len() {
            let columns: Vec<usize> = of_bin.iter().map_while(|columns| columns.get(twin).copied()).collect();
            let mut outer = outer.clone();
            let alone = match alone {
                Some(row) => row,
                // One column excludes itself; several that no row keeps apart are several things.
                None if columns.len() == 1 => {
                    let row = u32::try_from(self.outer.len()).expect("there are fewer rows than 2^32");
                    self.outer.push(1);
                    outer.push((row, 1));
                    row
                }
                None => return None,
            };
            let of_set = &mut self.sets[set];
            of_set.count = of_set.count.max(columns.len());
            of_set.items.push(self.items.len());
            self.items.push(Item { columns, inner: inner.clone(), outer, alone, set });
        }
        Some(())
    }

    /// Whether bins hold few items, by the mean of what these take of them: patterns of many are beyond number, and a program that
    /// fills bins with parts of items bounds those well.
    pub(in super::super) fn hold_few(&self) -> bool {
        let share = |item: &Item| {
            let capacities = &self.sets[item.set].capacities;
            let shares = item.inner.iter().map(|&(row, amount)| amount as f64 / capacities[row as usize].max(1) as f64);
            shares.fold(0.0, f64::max)
        };
        self.items.iter().map(share).sum::<f64>() * HELD_MAX >= self.items.len() as f64
    }

    /// What items are worth where the columns of the component are worth so much; `None` where twins are not worth the same.
    pub(super) fn item_worths(&self, worths: &[u64]) -> Option<Vec<u64>> {
        let worth = |item: &Item| {
            let worth = worths[item.columns[0]];
            item.columns.iter().all(|&column| worths[column] == worth).then_some(worth)
        };
        self.items.iter().map(worth).collect()
    }

    /// The set whose bins a pattern is for.
    pub(super) fn set_of(&self, pattern: &Pattern) -> usize {
        self.items[pattern[0] as usize].set
    }

    /// The items of each bin that a packing uses.
    pub(super) fn patterns_of(&self, chosen: &[usize]) -> Vec<Pattern> {
        let mut place = vec![None; self.columns];
        for (item, number) in self.items.iter().zip(0_u32..) {
            item.columns.iter().enumerate().for_each(|(bin, &column)| place[column] = Some((item.set, bin, number)));
        }
        let mut of_bin: BTreeMap<(usize, usize), Pattern> = BTreeMap::new();
        for (set, bin, item) in chosen.iter().filter_map(|&column| place[column]) {
            of_bin.entry((set, bin)).or_default().push(item);
        }
        let sorted = |mut pattern: Pattern| {
            pattern.sort_unstable();
            pattern
        };
        of_bin.into_values().map(sorted).collect()
    }

    /// The columns of patterns, each in a bin of its own: those whose items have the fewest bins come first. `None` where an item
    /// has no column at the bin that its pattern gets.
    pub(super) fn columns_of<'p>(&self, patterns: impl Iterator<Item = &'p Pattern>) -> Option<Vec<usize>> {
        let item = |&item: &u32| &self.items[item as usize];
        let mut ranked: Vec<(usize, usize, &Pattern)> = Vec::new();
        for pattern in patterns {
            let least = pattern.iter().map(|at| item(at).columns.len()).min()?;
            ranked.push((self.set_of(pattern), least, pattern));
        }
        ranked.sort_unstable();
        let mut chosen = Vec::new();
        for of_set in ranked.chunk_by(|one, next| one.0 == next.0) {
            for (bin, (.., pattern)) in of_set.iter().enumerate() {
                for at in *pattern {
                    chosen.push(*item(at).columns.get(bin)?);
                }
            }
        }
        Some(chosen)
    }
}

/// The sets that are none: a bin that is like no other where a column takes of another one too. `None` where that leaves no bins
/// that are alike, or one of those is among them. O(entries).
fn shared_sets(packing: &Packing, columns: &[usize]) -> Option<BTreeSet<u32>> {
    let (mut are_alike, mut shared) = (BTreeSet::new(), BTreeSet::new());
    for &column in columns {
        let entries = packing.columns()[column].entries.iter();
        let touched: BTreeSet<(u32, u32)> =
            entries.filter_map(|&(row, _)| packing.bin_row(row)).map(|place| (place.set, place.bin)).collect();
        are_alike.extend(touched.iter().filter(|place| place.1 > 0).map(|place| place.0));
        if touched.len() > 1 {
            shared.extend(touched.into_iter().map(|place| place.0));
        }
    }
    (!are_alike.is_empty() && shared.is_disjoint(&are_alike)).then_some(shared)
}

/// The rows of bins: what each stands for, numbered without gaps in each set, and what it holds.
#[derive(Debug, Default)]
struct Inside {
    numbers: BTreeMap<(u32, u32), (u32, u64)>,
    counts: BTreeMap<u32, u32>,
    rows: BTreeMap<BinRow, u32>,
}

impl Inside {
    /// The number of a row in its set; `None` where another bin's holds something else, or another row is at its place.
    fn row(&mut self, place: BinRow, row: u32, capacity: u64) -> Option<u32> {
        let count = self.counts.entry(place.set).or_default();
        let (number, known) = *self.numbers.entry((place.set, place.row)).or_insert_with(|| {
            *count += 1;
            (*count - 1, capacity)
        });
        (known == capacity && *self.rows.entry(place).or_insert(row) == row).then_some(number)
    }

    /// What the rows of a set hold, by their numbers.
    fn capacities(&self, set: u32) -> Vec<u64> {
        let mut of_set: Vec<(u32, u64)> =
            self.numbers.range((set, 0)..=(set, u32::MAX)).map(|(_, &numbered)| numbered).collect();
        of_set.sort_unstable();
        of_set.into_iter().map(|numbered| numbered.1).collect()
    }
}
