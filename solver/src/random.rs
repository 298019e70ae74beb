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
