//! Random draws in integers: the same seed gives the same instance on every machine, whatever its floating point.

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;

/// Which part of an instance the draws are for, so that one part changes without the others.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    Fleet,
    Jobs,
    Rules,
    Telemetry,
    Times,
    Relations,
    Current,
    Moves,
}

/// A seeded source of draws.
#[derive(Debug)]
pub(super) struct Dice(Pcg64);

impl Dice {
    pub(super) fn new(seed: u64, part: Part) -> Dice {
        // An odd constant near 2^64 / golden ratio keeps the parts' seeds far apart.
        let stream = match part {
            Part::Fleet => 1u64,
            Part::Jobs => 2,
            Part::Rules => 3,
            Part::Telemetry => 4,
            Part::Times => 5,
            Part::Relations => 6,
            Part::Current => 7,
            Part::Moves => 8,
        };
        Dice(Pcg64::seed_from_u64(seed.wrapping_add(stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))))
    }

    /// Uniform in `low..=high`.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0.random_range(low..=high)
    }

    /// True that many times in a thousand.
    pub(super) fn chance(&mut self, permille: u64) -> bool {
        self.between(0, 999) < permille
    }

    /// One of the items, each as likely.
    ///
    /// # Panics
    /// When there is none.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let shares: Vec<u64> = vec![1; items.len()];
        items[self.weighted(&shares)]
    }

    /// A position, as likely as its weight.
    ///
    /// # Panics
    /// When no weight is above zero.
    pub(super) fn weighted(&mut self, weights: &[u64]) -> usize {
        let total: u64 = weights.iter().sum();
        assert!(total > 0, "a draw needs a weight above zero");
        let mut left = self.between(0, total - 1);
        for (position, &weight) in weights.iter().enumerate() {
            if left < weight {
                return position;
            }
            left -= weight;
        }
        unreachable!("the draw is below the sum of the weights")
    }

    /// Bounded Pareto of shape 1 in `low..=high`: the density falls with the square, so few are large.
    pub(super) fn pareto(&mut self, low: u64, high: u64) -> u64 {
        const PARTS: u128 = 1 << 20;
        let u = u128::from(self.between(0, (1 << 20) - 1));
        let (l, h) = (u128::from(low), u128::from(high));
        let drawn = l * h * PARTS / (h * PARTS - u * (h - l));
        u64::try_from(drawn).unwrap_or(high).clamp(low, high)
    }

    /// A multiplier in thousandths, about log-normal: median near 1,000, one in forty above 2,300.
    pub(super) fn multiplier(&mut self) -> u64 {
        let product: u64 = (0..4).map(|_| self.between(635, 1_425)).product();
        product / 1_000_000_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_one_seed_draw_differently_and_the_same_part_equally() {
        let draw = |part| Dice::new(7, part).between(0, u64::MAX - 1);
        assert_eq!(draw(Part::Jobs), draw(Part::Jobs));
        assert_ne!(draw(Part::Jobs), draw(Part::Fleet));
    }

    #[test]
    fn most_pareto_draws_are_small_and_none_leaves_its_bounds() {
        let mut dice = Dice::new(1, Part::Jobs);
        let drawn: Vec<u64> = (0..10_000).map(|_| dice.pareto(10, 1_000)).collect();
        assert!(drawn.iter().all(|x| (10..=1_000).contains(x)));
        // The median of shape 1 between 10 and 1,000 is 2 * 10 * 1000 / 1010 = 19.8.
        let below = drawn.iter().filter(|&&x| x <= 20).count();
        assert!((4_800..5_600).contains(&below), "{below}");
    }

    #[test]
    fn multipliers_center_on_one() {
        let mut dice = Dice::new(1, Part::Jobs);
        let mut drawn: Vec<u64> = (0..10_001).map(|_| dice.multiplier()).collect();
        drawn.sort_unstable();
        assert!((900..1_100).contains(&drawn[5_000]), "{}", drawn[5_000]);
        assert!(drawn[9_750] > 1_900, "{}", drawn[9_750]);
    }
}
