//! The tile that has least left once a request is on it.

use lessor_models::resources::Kind;
use lessor_models::tile_class::DEVICE_MILLI;

use super::board::Board;
use super::policy::{Policy, Rating};
use super::room::Room;
use super::want::Want;

/// The policy: what is left of compute and of devices, each against the most that any tile has, added up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BestFit {
    /// The most compute, and milli-devices, of any tile.
    most: (u64, u64),
}

impl Policy for BestFit {
    fn rate(&self, want: &Want, _tile: usize, room: &Room) -> Rating {
        let devices = room.tightest(want.devices);
        let after = room.after(want, devices);
        let compute = share(after.left.get(Kind::Compute), self.most.0);
        Rating { cost: compute + share(after.milli_left(), self.most.1), devices }
    }

    fn begin(&mut self, board: &Board) {
        let largest = board.largest();
        self.most = (largest.compute, u64::from(largest.devices) * u64::from(DEVICE_MILLI));
    }
}

/// A share in billionths; of what has no limit, or is not there, none.
pub(super) fn share(part: u64, whole: u64) -> i64 {
    if part > whole {
        return 0;
    }
    i64::try_from(u128::from(part) * 1_000_000_000 / u128::from(whole.max(1))).unwrap_or(i64::MAX)
}
