//! Bins filled by chance again and again, of which the fullest filling is kept: what leaves least of the bin empty, by sampling in
//! place of search (minimum bin slack; Gupta & Ho 1999, Fleszar & Hindi 2002). Where a bin holds few items and there are many to
//! choose from, some few of all fillings waste nearly nothing, and chance soon meets one.

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::first_fit::{Largest, largest_first};
use super::lowered::{Lowered, Pattern, narrow, pattern_of};

/// Items drawn that do not fit, after which a bin counts as full.
const MISSES_MAX: u32 = 8;

/// Fillings between two looks at the stop.
const BATCH: u64 = 256;

/// Fills bins one after another, each begun with the largest item that is left, and so many times; `None` where the stop is raised
/// first. Takes bins times fillings times items of a bin times dimensions steps.
pub(super) fn fill_by_chance(
    instance: &Lowered,
    fillings: u64,
    random: &mut Random,
    stop: &Stop,
) -> Option<Vec<Pattern>> {
    let mut left = items(instance);
    let mut demanded = vec![0.0; instance.dimensions];
    left.iter().for_each(|&item| add(&mut demanded, instance.fractions(item as usize), 1.0));
    let mut patterns = Vec::new();
    let (mut drawn, mut best) = (Filling::default(), Vec::new());
    while !left.is_empty() {
        let mut most = f64::NEG_INFINITY;
        for filling in 0..fillings {
            if filling % BATCH == 0 && stop.is_raised() {
                return None;
            }
            let full = drawn.draw(instance, (&left, &demanded), random);
            if full > most {
                most = full;
                best.clone_from(&drawn.held);
            }
        }
        best.sort_unstable_by(|a, b| b.cmp(a));
        patterns.push(pattern_of(best.iter().map(|&at| left[at]).collect()));
        for &at in &best {
            add(&mut demanded, instance.fractions(left[at] as usize), -1.0);
            left.remove(at);
        }
    }
    Some(patterns)
}

/// The type of every item, the largest first.
fn items(instance: &Lowered) -> Vec<u32> {
    let copies = |item: usize| std::iter::repeat_n(narrow(item), instance.demands[item] as usize);
    largest_first(instance, &instance.demands, Largest::Summed).into_iter().flat_map(copies).collect()
}

/// What a bin holds, by position among what is left, and what room that leaves.
#[derive(Default)]
struct Filling {
    held: Vec<usize>,
    room: Vec<i64>,
}

impl Filling {
    /// Draws what a bin holds beside the first item that is left. The result is how full it is, each dimension by what all that is
    /// left demands of it.
    fn draw(&mut self, instance: &Lowered, (left, demanded): (&[u32], &[f64]), random: &mut Random) -> f64 {
        self.held.clear();
        self.room.clear();
        self.room.extend_from_slice(instance.capacities());
        let mut full = self.put(instance, (left[0], 0), demanded);
        let mut misses = 0;
        while misses < MISSES_MAX && self.held.len() < left.len() {
            let at = random.index(left.len());
            if self.held.contains(&at) || !instance.fits(left[at] as usize, &self.room) {
                misses += 1;
            } else {
                full += self.put(instance, (left[at], at), demanded);
            }
        }
        full
    }

    /// Puts an item in; what that counts.
    fn put(&mut self, instance: &Lowered, (item, at): (u32, usize), demanded: &[f64]) -> f64 {
        self.room.iter_mut().zip(instance.sizes(item as usize)).for_each(|(room, size)| *room -= size);
        self.held.push(at);
        instance.fractions(item as usize).iter().zip(demanded).map(|(size, demanded)| size * demanded).sum()
    }
}

fn add(sums: &mut [f64], parts: &[f64], times: f64) {
    sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += times * part);
}

#[cfg(test)]
mod tests {
    use lessor_models::families::vector_packing::VectorPackingInstance;

    use super::*;

    #[test]
    fn every_item_is_packed_and_bins_that_can_be_full_are() {
        // Twelve pairs of sizes that come to one hundred, and no others that do.
        let sizes: Vec<i64> = (0..12).flat_map(|at| [50 + 4 * at, 50 - 4 * at]).collect();
        let instance = VectorPackingInstance::new(vec![100], sizes, vec![1; 24]).unwrap();
        let lowered = Lowered::new(&instance);
        let patterns = fill_by_chance(&lowered, 500, &mut Random::new(1), &Stop::new()).unwrap();
        assert_eq!(patterns.len(), 12, "{patterns:?}");
        assert!(lowered.bins(&patterns).is_some());
    }

    #[test]
    fn a_stop_ends_it() {
        let instance = VectorPackingInstance::new(vec![10], vec![5], vec![9]).unwrap();
        let stop = Stop::new();
        stop.raise();
        assert_eq!(fill_by_chance(&Lowered::new(&instance), 1, &mut Random::new(1), &stop), None);
    }
}
