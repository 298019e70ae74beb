//! Cuts: what every packing satisfies and a fractional solution does not.
//!
//! A clique of columns that exclude each other in pairs holds one at most (Padberg 1973). An odd hole of `2 k + 1` columns,
//! each of which excludes its two neighbors, holds `k` at most; the shortest walks in a graph with two copies of each column
//! find those that are broken (Gerards & Schrijver 1986). Of columns whose `k + 1` smallest amounts overdraw a row, it holds `k` at
//! most (extended covers; Balas 1975): where amounts are much the same, that says all there is to say.

use super::bits::Bits;
use super::conflicts::Conflicts;
use super::instance::Packing;

/// What a cut must be broken by.
const BROKEN: f64 = 0.02;
/// The most cuts of one round.
const CUTS_MAX: usize = 60;
/// Fractional columns up to which odd holes are sought.
const HOLE_COLUMNS_MAX: usize = 300;

/// A cut: some columns take so much at most together, as in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) limit: u64,
    pub(super) entries: Vec<(u32, u64)>,
}

impl Cut {
    /// At most so many of some columns.
    fn count(limit: u64, columns: impl IntoIterator<Item = u32>) -> Cut {
        Cut { limit, entries: columns.into_iter().map(|column| (column, 1)).collect() }
    }
}

/// Cliques that a solution breaks, made as large as they go with columns that are still open, the most broken first.
pub(super) fn cliques(conflicts: &Conflicts, values: &[f64], open: &[usize]) -> Vec<Cut> {
    let mut support: Vec<usize> = open.iter().copied().filter(|&column| values[column] > 1e-6).collect();
    support.sort_by(|&a, &b| values[b].total_cmp(&values[a]).then(a.cmp(&b)));
    let mut found: Vec<(f64, Vec<usize>)> = Vec::new();
    for (at, &first) in support.iter().enumerate() {
        if values[first] > 1.0 - 1e-6 {
            continue;
        }
        for &second in support.iter().skip(at + 1).filter(|&&second| conflicts.between(first, second)).take(8) {
            let mut clique = vec![first, second];
            let mut sum = values[first] + values[second];
            for &column in &support {
                if column != first && column != second && clique.iter().all(|&other| conflicts.between(column, other)) {
                    clique.push(column);
                    sum += values[column];
                }
            }
            if sum > 1.0 + BROKEN {
                clique.sort_unstable();
                found.push((sum - 1.0, clique));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.dedup_by(|a, b| a.1 == b.1);
    let grown = found.into_iter().take(CUTS_MAX).map(|(_, clique)| grow(conflicts, clique, open));
    let mut cuts: Vec<Cut> = grown.collect();
    cuts.sort_by(|a, b| a.entries.cmp(&b.entries));
    cuts.dedup();
    cuts
}

/// Adds columns that exclude all of a clique.
pub(super) fn grow(conflicts: &Conflicts, mut clique: Vec<usize>, open: &[usize]) -> Cut {
    let mut common = conflicts.with(clique[0]).clone();
    clique[1..].iter().for_each(|&column| common.keep(conflicts.with(column)));
    if !common.is_empty() {
        for &column in open {
            if common.contains(column) {
                clique.push(column);
                common.keep(conflicts.with(column));
            }
        }
    }
    clique.sort_unstable();
    Cut::count(1, clique.into_iter().map(|column| u32::try_from(column).expect("columns are fewer than 2^32")))
}

/// Odd holes that a solution breaks.
pub(super) fn odd_holes(conflicts: &Conflicts, values: &[f64], open: &[usize]) -> Vec<Cut> {
    let fractional = |&column: &usize| values[column] > 1e-4 && values[column] < 1.0 - 1e-4;
    let support: Vec<usize> = open.iter().copied().filter(fractional).collect();
    if support.len() > HOLE_COLUMNS_MAX {
        return Vec::new();
    }
    let count = support.len();
    let neighbors: Vec<Vec<(usize, f64)>> = support
        .iter()
        .map(|&column| {
            let other = support.iter().enumerate().filter(|&(_, &other)| conflicts.between(column, other));
            other.map(|(at, &other)| (at, (1.0 - values[column] - values[other]).max(0.0))).collect()
        })
        .collect();
    let mut cuts: Vec<(f64, Vec<usize>)> = Vec::new();
    let mut used = Bits::below(count);
    for root in 0..count {
        if used.contains(root) {
            continue;
        }
        let Some((length, walk)) = shortest_odd_walk(&neighbors, root) else { continue };
        let mut hole = walk.clone();
        hole.sort_unstable();
        hole.dedup();
        // A walk that comes back to a column holds a shorter odd one, which another root finds.
        if hole.len() == walk.len() && walk.len() >= 5 && length < 1.0 - 2.0 * BROKEN {
            walk.iter().for_each(|&at| used.insert(at));
            cuts.push((length, hole.into_iter().map(|at| support[at]).collect()));
        }
    }
    cuts.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    let cut = |(_, hole): (f64, Vec<usize>)| {
        let limit = hole.len() as u64 / 2;
        let columns = hole.into_iter().map(|column| u32::try_from(column).expect("columns are fewer than 2^32"));
        Cut::count(limit, columns)
    };
    cuts.into_iter().take(CUTS_MAX).map(cut).collect()
}

/// Counts that a solution breaks: for each row, of all sets of the columns that take most of it, the one that is broken most.
pub(super) fn counts(packing: &Packing, values: &[f64], open: &[usize]) -> Vec<Cut> {
    let mut rows: Vec<Vec<(u64, u32)>> = vec![Vec::new(); packing.capacities().len()];
    for &column in open {
        let at = u32::try_from(column).expect("columns are fewer than 2^32");
        packing.columns()[column].entries.iter().for_each(|&(row, amount)| rows[row as usize].push((amount, at)));
    }
    let rows = rows.into_iter().zip(packing.capacities());
    let mut found: Vec<(f64, Cut)> = rows.filter_map(|(entries, &capacity)| count(entries, capacity, values)).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.entries.cmp(&b.1.entries)));
    found.into_iter().take(CUTS_MAX).map(|(_, cut)| cut).collect()
}

/// The count of a row that is broken most, and by how much.
fn count(mut entries: Vec<(u64, u32)>, capacity: u64, values: &[f64]) -> Option<(f64, Cut)> {
    entries.sort_unstable_by(|a, b| b.cmp(a));
    // The smallest of the set that fit together: those from a position on.
    let (mut from, mut taken, mut sum) = (0, 0_u128, 0.0);
    let mut best: Option<(f64, usize, usize)> = None;
    for (at, &(amount, column)) in entries.iter().enumerate() {
        taken += u128::from(amount);
        sum += values[column as usize];
        while taken > u128::from(capacity) {
            taken -= u128::from(entries[from].0);
            from += 1;
        }
        let limit = at + 1 - from;
        let broken = sum - limit as f64;
        if broken > BROKEN && best.is_none_or(|best| broken > best.0) {
            best = Some((broken, at + 1, limit));
        }
    }
    let (broken, count, limit) = best?;
    let mut columns: Vec<u32> = entries[..count].iter().map(|entry| entry.1).collect();
    columns.sort_unstable();
    Some((broken, Cut::count(limit as u64, columns)))
}

/// The shortest walk of odd length from a column back to it: its length, and the columns on it.
fn shortest_odd_walk(neighbors: &[Vec<(usize, f64)>], root: usize) -> Option<(f64, Vec<usize>)> {
    let count = neighbors.len();
    // The second copy of a column is reached after an odd number of steps.
    let mut distance = vec![f64::INFINITY; 2 * count];
    let mut before = vec![usize::MAX; 2 * count];
    let mut is_done = vec![false; 2 * count];
    distance[root] = 0.0;
    loop {
        let open = (0..2 * count).filter(|&at| !is_done[at] && distance[at] < 1.0 - 2.0 * BROKEN);
        let at = open.min_by(|&a, &b| distance[a].total_cmp(&distance[b]))?;
        if at == root + count {
            break;
        }
        is_done[at] = true;
        let to = if at < count { count } else { 0 };
        for &(next, length) in &neighbors[at % count] {
            let next = next + to;
            if distance[at] + length < distance[next] {
                distance[next] = distance[at] + length;
                before[next] = at;
            }
        }
    }
    let mut walk = Vec::new();
    let mut at = root + count;
    while at != root {
        walk.push(at % count);
        at = before[at];
    }
    Some((distance[root + count], walk))
}
