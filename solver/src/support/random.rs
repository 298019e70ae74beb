//! Seeded random numbers: SplitMix64 (Steele, Lea & Flood 2014), small enough to fork one for every cell and round.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
    round: u64,
}

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Random {
        Random { state: seed ^ 0x9E37_79B9_7F4A_7C15, round: 0 }
    }

    /// A stream of its own for a part of this round.
    #[must_use]
    pub fn fork(&self, part: u64) -> Random {
        let state = mix(self.state ^ mix(self.round.wrapping_mul(0xD134_2543_DE82_EF95) ^ mix(part)));
        Random { state, round: self.round }
    }

    /// Goes on to the next round, whose forks differ from this one's.
    pub fn advance(&mut self) {
        self.round += 1;
    }

    /// How often the stream was advanced.
    #[must_use]
    pub fn round(&self) -> u64 {
        self.round
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// A number below `limit`; zero where the limit is zero. Its bias is below 2^-32 for the limits here.
    pub fn below(&mut self, limit: u64) -> u64 {
        let product = u128::from(self.draw()) * u128::from(limit);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// A position among so many; zero where there is none. One draw.
    pub fn index(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as u64)).expect("it is below the count")
    }

    /// Puts values in an order by chance, every order as likely as any other (Durstenfeld 1964). One draw for each value but
    /// the first.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for at in (1..values.len()).rev() {
            values.swap(at, self.index(at + 1));
        }
    }

    /// Whether chance allows a step that makes something worse by so much at a temperature above zero (Metropolis et al. 1953);
    /// what makes nothing worse is allowed without a draw.
    pub fn accepts(&mut self, rise: f64, temperature: f64) -> bool {
        rise <= 0.0 || self.unit() < (-rise / temperature).exp()
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_position_is_drawn_about_equally_often() {
        let mut random = Random::new(3);
        let mut counts = [0_u32; 5];
        (0..5_000).for_each(|_| counts[random.index(5)] += 1);
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn there_is_no_position_among_none() {
        assert_eq!(Random::new(3).index(0), 0);
    }

    #[test]
    fn every_order_is_about_equally_likely() {
        let mut random = Random::new(3);
        let mut counts = BTreeMap::new();
        for _ in 0..6_000 {
            let mut values = ['a', 'b', 'c'];
            random.shuffle(&mut values);
            *counts.entry(values).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn shuffling_draws_once_for_each_value_but_the_first() {
        let (mut shuffled, mut drawn) = (Random::new(3), Random::new(3));
        shuffled.shuffle(&mut [0; 7]);
        for _ in 0..6 {
            drawn.draw();
        }
        assert_eq!(shuffled.draw(), drawn.draw());
    }
}
