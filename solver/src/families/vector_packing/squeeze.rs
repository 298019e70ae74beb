//! Squeezing: all items in one bin fewer, whatever it overfills; then shifts and swaps until nothing is overfull (simulated
//! annealing; Kirkpatrick, Gelatt & Vecchi 1983). What helps where bins hold many items, which column generation does not.

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::lowered::{Lowered, Pattern, pattern_of};

/// Moves between two looks at the stop.
const BLOCK: u64 = 4_096;

/// Temperature at the start, in mean sizes of an item, and at the end, against that.
const HOT: f64 = 0.3;
const COLD: f64 = 0.005;

/// What sums of fractions may be off by.
const ERROR_MAX: f64 = 1e-9;

/// Items in bins, each load a fraction of its capacity.
struct CrowdedBins<'a> {
    instance: &'a Lowered,
    /// The type of each item, and its bin.
    types: Vec<u32>,
    bins: Vec<usize>,
    members: Vec<Vec<usize>>,
    /// Bin by bin, every dimension.
    loads: Vec<f64>,
    overfull: f64,
}

/// A packing into one bin fewer than patterns make, if so many moves lead to one.
pub(super) fn squeeze(
    instance: &Lowered,
    patterns: &[Pattern],
    moves: u64,
    random: &mut Random,
    stop: &Stop,
) -> Option<Vec<Pattern>> {
    let mut state = CrowdedBins::without_emptiest(instance, patterns, random)?;
    let sizes: f64 = state.types.iter().map(|&item| instance.fractions(item as usize).iter().sum::<f64>()).sum();
    let hot = HOT * sizes / (state.types.len() * instance.dimensions) as f64;
    let blocks = moves.div_ceil(BLOCK);
    for block in 0..blocks {
        let temperature = hot * COLD.powf(block as f64 / blocks as f64);
        for _ in 0..BLOCK {
            state.try_move(temperature, random);
            if state.overfull < ERROR_MAX {
                return Some(state.patterns());
            }
        }
        stop.spend(BLOCK);
        if stop.is_raised() {
            return None;
        }
    }
    None
}

impl CrowdedBins<'_> {
    /// The items of the bin that holds least are spread over the others by chance; `None` where there is no other.
    fn without_emptiest<'a>(
        instance: &'a Lowered,
        patterns: &[Pattern],
        random: &mut Random,
    ) -> Option<CrowdedBins<'a>> {
        let held = |pattern: &Pattern| -> f64 {
            let sizes = pattern
                .iter()
                .map(|&(item, count)| instance.fractions(item as usize).iter().sum::<f64>() * f64::from(count));
            sizes.sum()
        };
        let order = |a: &usize, b: &usize| held(&patterns[*a]).total_cmp(&held(&patterns[*b]));
        let emptiest = (0..patterns.len()).min_by(order).filter(|_| patterns.len() > 1)?;
        let count = patterns.len() - 1;
        let mut state = CrowdedBins {
            instance,
            types: Vec::new(),
            bins: Vec::new(),
            members: vec![Vec::new(); count],
            loads: vec![0.0; count * instance.dimensions],
            overfull: 0.0,
        };
        for (at, pattern) in patterns.iter().enumerate() {
            for &(item, copies) in pattern {
                for _ in 0..copies {
                    let bin = if at == emptiest { random.index(count) } else { at - usize::from(at > emptiest) };
                    state.add(item, bin);
                }
            }
        }
        state.overfull = (0..count).map(|bin| state.over(bin, None, None)).sum();
        Some(state)
    }

    fn add(&mut self, item: u32, bin: usize) {
        self.members[bin].push(self.types.len());
        self.types.push(item);
        self.bins.push(bin);
        let dimensions = self.instance.dimensions;
        let sizes = self.instance.fractions(item as usize);
        self.loads[bin * dimensions..][..dimensions].iter_mut().zip(sizes).for_each(|(load, size)| *load += size);
    }

    /// By how much a bin is overfull without one item and with another.
    fn over(&self, bin: usize, without: Option<u32>, with: Option<u32>) -> f64 {
        let dimensions = self.instance.dimensions;
        let size = |item: Option<u32>, at: usize| item.map_or(0.0, |item| self.instance.fractions(item as usize)[at]);
        let loads = self.loads[bin * dimensions..][..dimensions].iter().enumerate();
        loads.map(|(at, load)| (load - size(without, at) + size(with, at) - 1.0).max(0.0)).sum()
    }

    /// A shift of one item or a swap of two, made where chance allows.
    fn try_move(&mut self, temperature: f64, random: &mut Random) {
        let item = random.index(self.types.len());
        let (from, to) = (self.bins[item], random.index(self.members.len()));
        if from == to {
            return;
        }
        let other = match self.members[to].len() {
            0 => None,
            count if random.below(4) > 0 => Some(self.members[to][random.index(count)]),
            _ => None,
        };
        let (kind, other_kind) = (self.types[item], other.map(|other| self.types[other]));
        let before = self.over(from, None, None) + self.over(to, None, None);
        let after = self.over(from, Some(kind), other_kind) + self.over(to, other_kind, Some(kind));
        let rise = after - before;
        if !random.accepts(rise, temperature) {
            return;
        }
        self.shift(item, to);
        if let Some(other) = other {
            self.shift(other, from);
        }
        // Small errors add up over millions of moves; where little is left, it is added up anew.
        self.overfull += rise;
        if self.overfull < 1e-6 {
            self.overfull = (0..self.members.len()).map(|bin| self.over(bin, None, None)).sum();
        }
    }

    fn shift(&mut self, item: usize, to: usize) {
        let (from, dimensions) = (self.bins[item], self.instance.dimensions);
        let sizes = self.instance.fractions(self.types[item] as usize);
        self.loads[from * dimensions..][..dimensions].iter_mut().zip(sizes).for_each(|(load, size)| *load -= size);
        self.loads[to * dimensions..][..dimensions].iter_mut().zip(sizes).for_each(|(load, size)| *load += size);
        self.members[from].retain(|&member| member != item);
        self.members[to].push(item);
        self.bins[item] = to;
    }

    fn patterns(&self) -> Vec<Pattern> {
        let held = |members: &Vec<usize>| pattern_of(members.iter().map(|&member| self.types[member]).collect());
        self.members.iter().map(held).collect()
    }
}
