//! What all tiles of an authority have left.

use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_solver::appraisal::Largest;

use super::room::Room;

/// The tiles, in the order in which the first of equals is taken.
#[derive(Clone, Debug)]
pub struct Board {
    rooms: Vec<Room>,
    largest: Largest,
    milli: u64,
    milli_left: u64,
}

impl Board {
    /// The tiles as they stand.
    #[must_use]
    pub fn new(rooms: Vec<Room>) -> Board {
        let limited =
            |kind: Kind| rooms.iter().map(|room| room.limit.get(kind)).filter(|&limit| limit != UNLIMITED).max();
        let devices = rooms.iter().map(|room| room.devices().len()).max().unwrap_or(0);
        let largest = Largest {
            devices: u8::try_from(devices).expect("a tile has at most 64 devices"),
            compute: limited(Kind::Compute).unwrap_or(0),
            memory: limited(Kind::Memory).unwrap_or(0),
        };
        let milli = rooms.iter().map(|room| room.devices().len() as u64 * u64::from(DEVICE_MILLI)).sum();
        let milli_left = rooms.iter().map(Room::milli_left).sum();
        Board { rooms, largest, milli, milli_left }
    }

    /// A tile.
    #[must_use]
    pub fn room(&self, tile: usize) -> &Room {
        &self.rooms[tile]
    }

    /// Every tile, in order.
    #[must_use]
    pub fn rooms(&self) -> &[Room] {
        &self.rooms
    }

    /// The most that any tile has.
    #[must_use]
    pub fn largest(&self) -> Largest {
        self.largest
    }

    /// Milli-devices of all tiles, and how much of them is left.
    #[must_use]
    pub fn milli(&self) -> (u64, u64) {
        (self.milli, self.milli_left)
    }

    pub(super) fn put(&mut self, tile: usize, room: &Room) {
        self.milli_left = self.milli_left + room.milli_left() - self.rooms[tile].milli_left();
        self.rooms[tile] = *room;
    }
}
