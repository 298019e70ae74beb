//! The tile whose room is least alike to a request: room that suits others better is kept for them.

use lessor_models::resources::Kind;

use super::best_fit::share;
use super::policy::{Policy, Rating};
use super::room::Room;
use super::want::Want;

/// The policy: the product of what is left and what is wanted, each as a share of what the tile has, summed over compute, memory
/// and devices.
#[derive(Clone, Copy, Debug)]
pub(super) struct DotProduct;

impl Policy for DotProduct {
    fn rate(&self, want: &Want, _tile: usize, room: &Room) -> Rating {
        let product = |kind: Kind| {
            let limit = room.limit.get(kind);
            // Two shares in billionths: their product goes back to billionths.
            share(room.left.get(kind), limit) * share(want.draw.get(kind), limit) / 1_000_000_000
        };
        let cost = [Kind::Compute, Kind::Memory, Kind::Accelerator].into_iter().map(product).sum();
        Rating { cost, devices: room.tightest(want.devices) }
    }
}
