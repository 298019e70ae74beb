//! The first tile that a request fits on.

use super::policy::{Policy, Rating};
use super::room::Room;
use super::want::Want;

/// The policy: every tile costs the same.
#[derive(Clone, Copy, Debug)]
pub(super) struct FirstFit;

impl Policy for FirstFit {
    fn rate(&self, want: &Want, _tile: usize, room: &Room) -> Rating {
        Rating { cost: 0, devices: room.tightest(want.devices) }
    }
}
