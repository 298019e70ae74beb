//! The seam between admission and what tells policies apart.

use std::fmt::Debug;

use super::board::Board;
use super::room::Room;
use super::want::Want;

/// What it costs to put a want on a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating {
    /// The less the better; only ratings of one want by one policy compare.
    pub cost: i64,
    /// The devices that it would hold.
    pub devices: u64,
}

/// Whether what was rated before still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Every rating still holds.
    Kept,
    /// Every rating is out of date.
    Stale,
}

/// What tells policies apart.
pub trait Policy: Debug + Send {
    /// What it costs to put a want on a tile that it fits on. Between two calls of [`Policy::hear`] it depends on nothing but
    /// its arguments.
    fn rate(&self, want: &Want, tile: usize, room: &Room) -> Rating;

    /// What it needs to know of the tiles before the first want is rated.
    fn begin(&mut self, _board: &Board) {}

    /// Whether tiles that are just alike may be rated apart.
    fn tells_tiles_apart(&self) -> bool {
        false
    }

    /// A request for a want was decided about; what is learned of it holds from the next one on.
    fn hear(&mut self, _want: &Want, _board: &Board) -> Freshness {
        Freshness::Kept
    }
}
