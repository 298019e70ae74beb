//! Admission: which tile takes a request, decided at once and with nothing later seen.
//!
//! A [`Policy`] says what it costs to put a [`Want`] on a tile as it stands; [`Admission`] keeps what every tile has left and
//! what each sort of want costs where, rates again only the tiles that changed, and takes the cheapest tile, the first of
//! equals. Nothing is solved on the way: what a policy learns of the mix of requests it works out between them, more rarely the
//! longer it has listened. Choosing teaches it nothing: it is told of each request once that is decided, so whoever only asks what
//! would be granted changes nothing, and is told what then is granted.
//!
//! The policies differ in the cost alone:
//!
//! | name | puts a request where |
//! |---|---|
//! | `random` | chance has it |
//! | `first-fit` | it fits first |
//! | `best-fit` | least compute and fewest devices are left |
//! | `dot-product` | what is left is least alike to it |
//! | `fgd` | the devices that a typical request could not use grow least (Weng et al., USENIX ATC 2023) |
//! | `power-aware` | the power drawn grows least (Lettich et al., CCGrid 2025) |
//! | `lessor` | the worth of the room falls least, by an appraisal of what is left |
//! | `lessor-power` | the same, with a dearer watt |

mod best_fit;
mod board;
mod choosy;
mod dot_product;
mod first_fit;
mod fragmentation;
mod lessor;
mod mix;
mod placement;
mod policy;
mod policy_name;
mod power;
mod power_aware;
mod random;
mod ratings;
mod room;
mod want;

#[cfg(test)]
mod tests;

pub use board::Board;
pub use placement::{PolicyPlacement, room};
pub use policy::{Freshness, Policy, Rating};
pub use policy_name::{PolicyName, lessor};
pub use power::PowerModel;
pub use room::Room;
pub use want::Want;

use ratings::Ratings;

/// A tile and which of its devices, as a mask over them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The tile's position on the board.
    pub tile: usize,
    /// Its devices: bit `d` for device `d`.
    pub devices: u64,
}

/// A policy at work on the tiles of an authority.
#[derive(Debug)]
pub struct Admission {
    board: Board,
    policy: Box<dyn Policy>,
    ratings: Ratings,
}

impl Admission {
    /// A policy on tiles as they stand, in the order in which the first of equals is taken.
    #[must_use]
    pub fn new(rooms: Vec<Room>, mut policy: Box<dyn Policy>) -> Admission {
        let ratings = Ratings::new(rooms.len());
        let board = Board::new(rooms);
        policy.begin(&board);
        Admission { board, policy, ratings }
    }

    /// The cheapest tile that a want fits on and that `may` take it; none where there is none. The policy learns nothing of it.
    ///
    /// O(tiles changed since the last want of its sort, and tiles / 64) where the cheapest tile may take it; a sort that is new,
    /// or a policy that changed its mind, rates every tile.
    pub fn choose(&mut self, want: &Want, may: &mut dyn FnMut(usize) -> bool) -> Option<Chosen> {
        let (policy, board) = (&*self.policy, &self.board);
        let tile = self.ratings.cheapest(want, board, policy, may)?;
        let room = board.room(tile);
        Some(Chosen { tile, devices: policy.rate(want, tile, room).devices })
    }

    /// The policy learns that a request for a want was decided about, granted or not.
    pub fn hear(&mut self, want: &Want) {
        if self.policy.hear(want, &self.board) == Freshness::Stale {
            self.ratings.forget();
        }
    }

    /// A tile has something else left now.
    pub fn update(&mut self, tile: usize, room: &Room) {
        self.board.put(tile, room);
        self.ratings.changed(tile);
    }

    /// What the tiles have left.
    #[must_use]
    pub fn board(&self) -> &Board {
        &self.board
    }
}
