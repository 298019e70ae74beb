//! How likely it is that what only some tiles can hold will want all the room that those tiles have.
//!
//! A capsule that could lie anywhere should pay for lying there as much as that chance says: the rule of Littlewood (1972) for
//! seats that a later, choosier customer may want.

/// Steps of a chance: sixteenths, so that a chance that moves a little leaves what was worked out with it as it is.
pub const STEPS: u32 = 16;

/// What was seen of the choosier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Everything that was asked for so far, choosier or not.
    pub asks: u64,
    /// Room that the choosier of them wanted.
    pub sum: u64,
    /// Sum of the squares of what each of them wanted.
    pub squares: u64,
}

/// The chance, in [`STEPS`], that among so many asks to come the choosier ones want more than the room.
///
/// Taken as normal, with the mean and variance of what was seen and of how little was seen; the logistic curve with its scale
/// of 1.702 stands for the normal distribution (Camilli 1994).
#[must_use]
pub fn shortage(seen: &Seen, to_come: f64, room: u64) -> u32 {
    if seen.sum == 0 {
        return 0;
    }
    let ratio = to_come / seen.asks.max(1) as f64;
    let mean = seen.sum as f64 * ratio;
    let variance = seen.squares as f64 * ratio * (1.0 + ratio);
    let distance = (mean - room as f64) / variance.max(1e-9).sqrt();
    let chance = 1.0 / (1.0 + (-1.702 * distance).exp());
    u32::try_from(crate::support::numbers::round(chance * f64::from(STEPS))).unwrap_or(STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_just_what_is_expected_is_short_half_of_the_time() {
        let seen = Seen { asks: 100, sum: 10, squares: 10 };
        assert_eq!(shortage(&seen, 100.0, 10), STEPS / 2);
    }

    #[test]
    fn much_room_is_never_short_and_none_always() {
        let seen = Seen { asks: 100, sum: 10, squares: 10 };
        assert_eq!((shortage(&seen, 100.0, 40), shortage(&seen, 1_000.0, 0)), (0, STEPS));
        assert_eq!(shortage(&Seen { asks: 100, sum: 0, squares: 0 }, 1e9, 0), 0);
    }
}
