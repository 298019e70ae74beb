//! First fit, the largest types first (Johnson 1973): a packing within a moment, however many items there are.
//!
//! Bins that hold the same are one group, so that a type of many copies fills many bins at a time.

use super::lowered::{Lowered, Pattern, narrow};

/// Looks at groups of bins, over all types: where there are more types and groups, only the latest groups are looked at, which
/// have most room left.
const LOOKS_MAX: usize = 60_000_000;

/// Groups looked at for a type at least.
const LOOKS_MIN: usize = 64;

/// By what types are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Largest {
    /// Their greatest share of a bin in any dimension.
    Greatest,
    /// The sum of their shares.
    Summed,
}

/// Bins that hold the same.
#[derive(Clone)]
struct Group {
    room: Vec<i64>,
    pattern: Pattern,
    count: u32,
}

/// The types of which anything is left, the largest first.
pub(super) fn largest_first(instance: &Lowered, left: &[u32], by: Largest) -> Vec<usize> {
    let share = |item: usize| {
        let fractions = instance.fractions(item).iter().copied();
        match by {
            Largest::Greatest => fractions.fold(f64::NEG_INFINITY, f64::max),
            Largest::Summed => fractions.sum(),
        }
    };
    let mut order: Vec<(f64, usize)> =
        (0..left.len()).filter(|&item| left[item] > 0).map(|item| (share(item), item)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    order.into_iter().map(|(_, item)| item).collect()
}

/// Bins for so many items of each type. Takes types times groups times dimensions steps, and no more than a limit.
pub(super) fn first_fit(instance: &Lowered, left: &[u32], by: Largest) -> Vec<Pattern> {
    let order = largest_first(instance, left, by);
    let looks = (LOOKS_MAX / order.len().max(1)).max(LOOKS_MIN);
    let mut groups: Vec<Group> = Vec::new();
    for item in order {
        let mut copies = left[item];
        let first = groups.len().saturating_sub(looks);
        let mut split = Vec::new();
        for group in &mut groups[first..] {
            if copies == 0 {
                break;
            }
            copies -= group.put(instance, item, copies, &mut split);
        }
        groups.append(&mut split);
        groups.extend(Group::of(instance, item, copies));
    }
    let held = |mut group: Group| {
        group.pattern.sort_unstable();
        std::iter::repeat_n(group.pattern, group.count as usize)
    };
    groups.into_iter().flat_map(held).collect()
}

impl Group {
    /// New bins for copies of a type.
    fn of(instance: &Lowered, item: usize, copies: u32) -> impl Iterator<Item = Group> {
        // Every item fits a bin of its own.
        let most = instance.most(item, instance.capacities(), copies).max(1);
        let group = move |(held, count): (u32, u32)| {
            let room = instance.capacities().to_vec();
            Group { room, pattern: Pattern::new(), count }.with(instance, item, held)
        };
        [(most, copies / most), (copies % most, 1)].into_iter().filter(|&(held, count)| held * count > 0).map(group)
    }

    /// Puts as many of so many copies into these bins as fit, and tells how many. Where that is not the same for all, the bins
    /// that it changes go apart.
    fn put(&mut self, instance: &Lowered, item: usize, copies: u32, apart: &mut Vec<Group>) -> u32 {
        let most = instance.most(item, &self.room, copies);
        let full = copies.checked_div(most).unwrap_or(0).min(self.count);
        if full == 0 {
            return 0;
        }
        if full == self.count {
            *self = self.clone().with(instance, item, most);
            return most * full;
        }
        let rest = copies % most;
        for (held, count) in [(most, full), (rest, 1)].into_iter().filter(|&(held, _)| held > 0) {
            apart.push(Group { count, ..self.clone() }.with(instance, item, held));
            self.count -= count;
        }
        copies
    }

    /// The same bins with so many of a type in each besides.
    fn with(mut self, instance: &Lowered, item: usize, held: u32) -> Group {
        for (room, size) in self.room.iter_mut().zip(instance.sizes(item)) {
            *room = room.saturating_sub(size.saturating_mul(i64::from(held)));
        }
        self.pattern.push((narrow(item), held));
        self
    }
}
