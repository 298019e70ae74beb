//! From everything that blocks to a set from which nothing can be dropped.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::plan::{Blocker, Reason, Rule};

use super::mask::Mask;
use super::places::Sets;
use super::rules;

/// A set of constraints that meets the set of every place, and of which every member is the only one to meet some place.
///
/// The deletion filter of Chinneck and Dravnieks (1991, "Locating minimal infeasible constraint sets in linear programs",
/// section 2.1): start from all, drop one at a time while no place opens. Here a constraint can go exactly when another
/// member stays in each set that holds it, so one pass over the sets suffices. What fits the reason least, then what blocks
/// the fewest places, is dropped first, which keeps the answer short. O(total size of the sets, log).
pub(super) fn hitting_set(sets: &Sets, reason: Reason) -> Vec<Blocker> {
    let mut holding: BTreeMap<Blocker, Vec<usize>> = BTreeMap::new();
    for (at, set) in sets.keys().enumerate() {
        for &blocker in set {
            holding.entry(blocker).or_default().push(at);
        }
    }
    let mut alive: Vec<usize> = sets.keys().map(Vec::len).collect();
    let mut order: Vec<Blocker> = holding.keys().copied().collect();
    order.sort_by_key(|blocker| (is_central(reason, *blocker), holding[blocker].len(), *blocker));
    let mut kept = BTreeSet::new();
    for blocker in order {
        if holding[&blocker].iter().all(|&set| alive[set] > 1) {
            for &set in &holding[&blocker] {
                alive[set] -= 1;
            }
        } else {
            kept.insert(blocker);
        }
    }
    kept.into_iter().collect()
}

/// Whether a constraint is what the reason speaks of.
fn is_central(reason: Reason, blocker: Blocker) -> bool {
    match (reason, blocker) {
        (Reason::NoEligibleTile, Blocker::Rule(rule)) => rules::ELIGIBILITY.contains(Mask::rule(rule)),
        (Reason::NotWorth, Blocker::Rule(rule)) => rule == Rule::Worth,
        (Reason::TooLarge | Reason::Fragmentation | Reason::NoHeadroom, Blocker::Rule(rule)) => rule == Rule::Devices,
        (Reason::TooLarge | Reason::Fragmentation, Blocker::Tiles { .. }) | (Reason::NoHeadroom, _) => true,
        _ => false,
    }
}

/// An irreducible subset of `candidates` that, with the background, still blocks; earlier candidates are preferred.
///
/// QuickXplain (Junker 2004, "Preferred explanations and relaxations for over-constrained problems", figure 1), then one
/// pass of the deletion filter, because a constructive test is not monotone to the letter. `None` where a test gave none.
/// O(k log(n / k)) tests for k members of n candidates.
pub(super) fn shrink(
    background: &[Blocker],
    candidates: &[Blocker],
    blocks: &dyn Fn(&[Blocker]) -> Option<bool>,
) -> Option<Vec<Blocker>> {
    let mut kept = quick_explain(background, true, candidates, blocks)?;
    let mut at = 0;
    while at < kept.len() {
        let mut fewer = background.to_vec();
        fewer.extend(kept.iter().enumerate().filter(|&(other, _)| other != at).map(|(_, blocker)| *blocker));
        if blocks(&fewer)? {
            kept.remove(at);
        } else {
            at += 1;
        }
    }
    Some(kept)
}

fn quick_explain(
    background: &[Blocker],
    is_known_open: bool,
    candidates: &[Blocker],
    blocks: &dyn Fn(&[Blocker]) -> Option<bool>,
) -> Option<Vec<Blocker>> {
    if !is_known_open && blocks(background)? {
        return Some(vec![]);
    }
    if candidates.len() <= 1 {
        return Some(candidates.to_vec());
    }
    let (first, second) = candidates.split_at(candidates.len() / 2);
    let from_second = quick_explain(&[background, first].concat(), first.is_empty(), second, blocks)?;
    let from_first = quick_explain(&[background, &from_second].concat(), from_second.is_empty(), first, blocks)?;
    Some([from_first, from_second].concat())
}
