//! A policy as the placement of an authority.

use lessor_models::fleet::{Level, NodeIndex, Owner};
use lessor_models::resources::Resources;

use super::policy::Policy;
use super::room::Room;
use super::want::Want;
use super::{Admission, Chosen};
use crate::authority::{Ask, Placement, Request, Scope};
use crate::ledger::{ClassSet, Devices, Draw, Ledger};

/// Admission on the tiles of a ledger, in fleet order.
#[derive(Debug)]
pub struct PolicyPlacement {
    admission: Admission,
    tiles: Vec<NodeIndex>,
    /// The position of each node among the tiles; of other nodes any.
    positions: Vec<usize>,
}

impl PolicyPlacement {
    /// A policy on the tiles of a ledger as they stand.
    #[must_use]
    pub fn new(ledger: &Ledger, policy: Box<dyn Policy>) -> PolicyPlacement {
        let tiles: Vec<NodeIndex> = ledger.tiles().collect();
        let mut positions = vec![0; ledger.node_count()];
        tiles.iter().enumerate().for_each(|(at, tile)| positions[tile.at()] = at);
        let rooms = tiles.iter().map(|&tile| room(ledger, tile)).collect();
        PolicyPlacement { admission: Admission::new(rooms, policy), tiles, positions }
    }
}

impl Placement for PolicyPlacement {
    fn place(&mut self, ledger: &Ledger, ask: &Ask<'_>) -> Option<(NodeIndex, u64)> {
        let entry = ask.entry;
        let want = want(ask.scope, &entry.draw, entry.devices);
        let tiles = &self.tiles;
        let mut may = |at: usize| ask.scope.has(ledger, tiles[at]) && ledger.check(tiles[at], entry).is_none();
        let Chosen { tile, devices } = self.admission.choose(&want, &mut may)?;
        Some((self.tiles[tile], devices))
    }

    fn hear(&mut self, request: &Request) {
        self.admission.hear(&want(request.scope, &request.draw, request.devices));
    }

    fn changed(&mut self, ledger: &Ledger, node: NodeIndex) {
        if ledger.is_tile(node) {
            self.admission.update(self.positions[node.at()], &room(ledger, node));
        }
    }
}

/// What each lease of a request wants of its tile.
fn want(scope: Scope, draw: &Draw, devices: Devices) -> Want {
    let classes = match scope {
        Scope::OfClasses(classes) => classes,
        Scope::Anywhere | Scope::Under(_) => ClassSet::ALL,
    };
    Want { classes, ..Want::anywhere(draw.at(Level::Tile), devices) }
}

/// What a tile of a ledger has and has left now.
///
/// # Panics
/// Where the ledger has no such node, or it is no tile.
#[must_use]
pub fn room(ledger: &Ledger, tile: NodeIndex) -> Room {
    let class = ledger.class_of(tile).expect("every tile has a class");
    let limit = ledger.limits(Owner::Node(tile)).copied().unwrap_or(Resources::ZERO);
    Room::new(class, limit, ledger.headroom(tile), &ledger.device_free(tile))
}
