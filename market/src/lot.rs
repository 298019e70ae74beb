//! The lot that decides between equal bids: a number drawn from the policy's seed and the bidder's place in the book.
//!
//! It depends on nothing that a bidder states, so no report changes it, and an outcome records the seed, so anyone can draw
//! it again.

/// The lot of the bidder at a position; the smaller lot goes first.
///
/// The position breaks the tie of two equal lots, so that the order is total.
#[must_use]
pub fn lot(seed: u64, position: usize) -> (u64, usize) {
    let stream = u64::try_from(position).unwrap_or(u64::MAX);
    (mixed(seed ^ mixed(stream.wrapping_add(INCREMENT))), position)
}

/// The increment of SplitMix64: 2^64 divided by the golden ratio.
const INCREMENT: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finalizer of SplitMix64 (Steele, Lea & Flood 2014, section 4), a bijection of 64 bits.
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bidder_goes_first_under_some_seed() {
        for bidder in 0..4 {
            let wins = (0..1_000).filter(|&seed| (0..4).min_by_key(|&at| lot(seed, at)) == Some(bidder)).count();
            assert!((200..300).contains(&wins), "bidder {bidder} goes first {wins} times in 1,000");
        }
    }
}
