//! Fragmentation-gradient descent: the tile where the devices that a typical request could not use grow least (Weng et al.,
//! USENIX ATC 2023, sections 3 and 4).
//!
//! ```text
//! F(tile, want) = milli-devices left where the want does not fit the tile, or wants no device;
//!                 else those left on devices that have too little for it
//! F(tile)       = mean of F(tile, want) over the requests heard
//! ```
//!
//! The published scheduler rates tiles by whole points of a logistic curve, one for each 40 milli-devices where it matters. That is
//! more than rounding: tiles within a step tie, the first of them takes the request, and so tiles are filled one after another.

use super::board::Board;
use super::mix::Mix;
use super::policy::{Freshness, Policy, Rating};
use super::room::Room;
use super::want::Want;

/// Milli-devices of one step.
const STEP: i128 = 40;

/// The policy, with the mix that it has heard.
#[derive(Clone, Debug, Default)]
pub(super) struct Fragmentation {
    mix: Mix,
    /// The mix at the last review, and the number of its requests.
    typical: Vec<(Want, u64)>,
    asks: u64,
}

impl Policy for Fragmentation {
    fn rate(&self, want: &Want, _tile: usize, room: &Room) -> Rating {
        let before = i128::from(fragmented(room, &self.typical));
        let step = STEP * i128::from(self.asks.max(1));
        let cost = |devices: u64| {
            let grown = i128::from(fragmented(&room.after(want, devices), &self.typical)) - before;
            // Rounded up, whatever the sign.
            i64::try_from(-(-grown).div_euclid(step)).unwrap_or(i64::MAX)
        };
        let rated = room.choices(want.devices).map(|devices| Rating { cost: cost(devices), devices });
        rated.min_by_key(|rating| rating.cost).unwrap_or(Rating { cost: i64::MAX, devices: 0 })
    }

    fn hear(&mut self, want: &Want, _board: &Board) -> Freshness {
        if !self.mix.hear(want) {
            return Freshness::Kept;
        }
        self.typical = self.mix.sorts().map(|(want, count)| (*want, count)).collect();
        self.asks = self.mix.asks();
        Freshness::Stale
    }
}

/// The fragmentation of a tile, times the number of requests in the mix. O(sorts x devices).
pub(super) fn fragmented(room: &Room, typical: &[(Want, u64)]) -> u64 {
    let all = room.milli_left();
    if all == 0 {
        return 0;
    }
    let of = |want: &Want| {
        if want.devices.count == 0 || !room.fits(want) {
            return all;
        }
        room.devices().iter().filter(|&&left| left < want.devices.milli).map(|&left| u64::from(left)).sum()
    };
    typical.iter().map(|(want, count)| count * of(want)).sum()
}
