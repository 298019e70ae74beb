//! Anywhere that a request fits, each tile as likely as any other.

use lessor_solver::support::random::Random as Stream;

use super::board::Board;
use super::policy::{Freshness, Policy, Rating};
use super::room::Room;
use super::want::Want;

/// The policy: every tile's cost is a random number, drawn anew for each request. All leases of a gang draw the same.
#[derive(Clone, Debug)]
pub(super) struct Random {
    stream: Stream,
}

impl Random {
    /// The policy with a seed.
    #[must_use]
    pub(super) fn new(seed: u64) -> Random {
        let mut stream = Stream::new(seed);
        stream.advance();
        Random { stream }
    }
}

impl Policy for Random {
    fn rate(&self, want: &Want, tile: usize, room: &Room) -> Rating {
        let drawn = self.stream.fork(tile as u64).draw();
        Rating { cost: i64::try_from(drawn >> 1).unwrap_or(i64::MAX), devices: room.tightest(want.devices) }
    }

    fn tells_tiles_apart(&self) -> bool {
        true
    }

    fn hear(&mut self, _want: &Want, _board: &Board) -> Freshness {
        self.stream.advance();
        Freshness::Stale
    }
}
