//! The tile that draws least more power for a request (Lettich et al., CCGrid 2025, without its mixture with fragmentation).

use super::policy::{Policy, Rating};
use super::power::{PowerModel, growth_mw};
use super::room::Room;
use super::want::Want;

/// The policy: the growth of the tile's power, in milliwatts.
#[derive(Clone, Debug)]
pub(super) struct PowerAware {
    power: PowerModel,
}

impl PowerAware {
    /// The policy on tiles that draw as a model says.
    #[must_use]
    pub(super) fn new(power: PowerModel) -> PowerAware {
        PowerAware { power }
    }
}

impl Policy for PowerAware {
    fn rate(&self, want: &Want, _tile: usize, room: &Room) -> Rating {
        let devices = room.tightest(want.devices);
        Rating { cost: growth_mw(&self.power, room, &room.after(want, devices)), devices }
    }
}
