//! Subset rows of three items (Jepsen, Petersen, Spoorendonk & Pisinger 2008): of the patterns that hold two of three items, a
//! packing has one at most, for any two of them share an item.

use std::collections::BTreeMap;

use super::bins::Pattern;

/// Three items, in order.
pub(super) type Triple = [u32; 3];

/// What a row must be broken by.
const BROKEN: f64 = 0.02;
/// Triples of a round, at most, and how many of them hold one item.
const TRIPLES_MAX: usize = 40;
const OF_ITEM_MAX: usize = 4;

/// Whether a pattern holds two of three items.
pub(super) fn holds_two(pattern: &Pattern, triple: &Triple) -> bool {
    triple.iter().filter(|item| pattern.binary_search(item).is_ok()).count() >= 2
}

/// Triples whose rows a solution breaks, those first that it breaks most.
///
/// O(pairs x items that are with one of a pair).
pub(super) fn broken(used: &[(&Pattern, f64)]) -> Vec<Triple> {
    let mut pairs: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    let mut whole: BTreeMap<Triple, f64> = BTreeMap::new();
    let mut with: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &(pattern, value) in used {
        for (at, &one) in pattern.iter().enumerate() {
            for (after, &other) in pattern.iter().enumerate().skip(at + 1) {
                *pairs.entry((one, other)).or_default() += value;
                with.entry(one).or_default().push(other);
                with.entry(other).or_default().push(one);
                pattern[after + 1..].iter().for_each(|&third| *whole.entry([one, other, third]).or_default() += value);
            }
        }
    }
    with.values_mut().for_each(|others| {
        others.sort_unstable();
        others.dedup();
    });
    let pair = |one: u32, other: u32| pairs.get(&(one.min(other), one.max(other))).copied().unwrap_or(0.0);
    let mut found: BTreeMap<Triple, f64> = BTreeMap::new();
    // Two of its pairs are there at least where a row is broken: they meet in an item.
    for (&middle, others) in &with {
        for (at, &one) in others.iter().enumerate() {
            for &other in &others[at + 1..] {
                let mut triple = [middle, one, other];
                triple.sort_unstable();
                let all = whole.get(&triple).copied().unwrap_or(0.0);
                let value = pair(middle, one) + pair(middle, other) + pair(one, other) - 2.0 * all;
                if value > 1.0 + BROKEN {
                    found.insert(triple, value);
                }
            }
        }
    }
    let mut ranked: Vec<(Triple, f64)> = found.into_iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut count: BTreeMap<u32, usize> = BTreeMap::new();
    ranked.retain(|(triple, _)| {
        let is_new = triple.iter().all(|item| count.get(item).copied().unwrap_or(0) < OF_ITEM_MAX);
        if is_new {
            triple.iter().for_each(|&item| *count.entry(item).or_default() += 1);
        }
        is_new
    });
    ranked.into_iter().map(|entry| entry.0).take(TRIPLES_MAX).collect()
}
