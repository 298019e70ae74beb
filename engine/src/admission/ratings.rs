//! What wants cost where, kept from one want of a sort to the next.
//!
//! The plain meaning is to rate every tile for every want and to take the first of the cheapest. What was rated stands until the
//! tile changes or the policy changes its mind, so only tiles that changed since the last want of the sort are rated again. Costs
//! lie in blocks with the least of each block kept, so that the cheapest is found without a look at every tile.

use std::collections::BTreeMap;

use lessor_models::fleet::ClassIndex;

use super::board::Board;
use super::policy::Policy;
use super::room::Room;
use super::want::Want;

/// Tiles of one block.
const BLOCK: usize = 64;

/// Costs kept in all, at most: 32 MiB. The sort that was wanted longest ago is forgotten first.
const COSTS_MAX: usize = 1 << 22;

/// Sorts kept in any case.
const SORTS_MIN: usize = 8;

/// The cost of a tile that a want does not fit on.
const NEVER: i64 = i64::MAX;

/// What wants of one sort cost.
#[derive(Clone, Debug)]
struct Rated {
    /// By tile.
    costs: Vec<i64>,
    /// The least of each block.
    least: Vec<i64>,
    /// How many changes of tiles it has seen.
    seen: u64,
    /// The policy's mind that it was rated by.
    mind: u64,
    /// When it was last wanted.
    wanted: u64,
}

/// Costs by the sorts of wants.
#[derive(Clone, Debug)]
pub(super) struct Ratings {
    sorts: BTreeMap<Want, Rated>,
    tiles: usize,
    /// The last tiles that changed, as a ring as long as there are tiles.
    changes: Vec<u32>,
    /// How many changes there were.
    changed: u64,
    /// How many there were when each tile last changed.
    last: Vec<u64>,
    /// How often the policy changed its mind.
    mind: u64,
    wants: u64,
}

impl Ratings {
    pub(super) fn new(tiles: usize) -> Ratings {
        let changes = vec![0; tiles.max(1)];
        Ratings { sorts: BTreeMap::new(), tiles, changes, changed: 0, last: vec![0; tiles], mind: 0, wants: 0 }
    }

    /// No rating holds any more.
    pub(super) fn forget(&mut self) {
        self.mind += 1;
    }

    /// A tile changed.
    pub(super) fn changed(&mut self, tile: usize) {
        let at = self.slot(self.changed);
        self.last[tile] = self.changed;
        self.changes[at] = u32::try_from(tile).expect("a fleet has fewer than 2^32 nodes");
        self.changed += 1;
    }

    /// The first of the cheapest tiles that may take a want.
    pub(super) fn cheapest(
        &mut self,
        want: &Want,
        board: &Board,
        policy: &dyn Policy,
        may: &mut dyn FnMut(usize) -> bool,
    ) -> Option<usize> {
        self.wants += 1;
        let rated = self.take_out(want);
        let rated = self.refreshed(rated, want, board, policy);
        let found = rated.cheapest(may);
        self.sorts.insert(*want, rated);
        found
    }

    /// What is kept of a sort, or nothing rated yet, in place of the sort that was wanted longest ago where there are too many.
    fn take_out(&mut self, want: &Want) -> Rated {
        if let Some(rated) = self.sorts.remove(want) {
            return rated;
        }
        let most = SORTS_MIN.max(COSTS_MAX / self.tiles.max(1));
        let oldest = self.sorts.iter().min_by_key(|(_, rated)| rated.wanted).map(|(want, _)| *want);
        let replaced = oldest.filter(|_| self.sorts.len() >= most).and_then(|oldest| self.sorts.remove(&oldest));
        let blank = || Rated {
            costs: vec![NEVER; self.tiles],
            least: vec![NEVER; self.tiles.div_ceil(BLOCK)],
            seen: 0,
            mind: 0,
            wanted: 0,
        };
        Rated { mind: u64::MAX, ..replaced.unwrap_or_else(blank) }
    }

    fn refreshed(&self, mut rated: Rated, want: &Want, board: &Board, policy: &dyn Policy) -> Rated {
        let missed = self.changed - rated.seen.min(self.changed);
        if rated.mind != self.mind || missed > self.tiles as u64 {
            rated.rate_all(want, board, policy);
        } else {
            for change in rated.seen..self.changed {
                let tile = self.changes[self.slot(change)] as usize;
                // A tile that changed again later is rated there.
                if self.last[tile] == change {
                    rated.costs[tile] = cost(want, tile, board.room(tile), policy);
                    rated.settle(tile / BLOCK);
                }
            }
        }
        Rated { seen: self.changed, mind: self.mind, wanted: self.wants, ..rated }
    }

    fn slot(&self, change: u64) -> usize {
        usize::try_from(change % self.changes.len() as u64).expect("it is below a length")
    }
}

fn cost(want: &Want, tile: usize, room: &Room, policy: &dyn Policy) -> i64 {
    if room.fits(want) { policy.rate(want, tile, room).cost } else { NEVER }
}

impl Rated {
    /// Rates every tile; one that is just like the last of its class costs the same, unless the policy tells tiles apart.
    fn rate_all(&mut self, want: &Want, board: &Board, policy: &dyn Policy) {
        let mut alike: BTreeMap<ClassIndex, (usize, i64)> = BTreeMap::new();
        for (tile, room) in board.rooms().iter().enumerate() {
            let known =
                alike.get(&room.class).filter(|(other, _)| !policy.tells_tiles_apart() && board.room(*other) == room);
            let cost = known.map_or_else(|| cost(want, tile, room, policy), |&(_, cost)| cost);
            alike.insert(room.class, (tile, cost));
            self.costs[tile] = cost;
        }
        (0..self.least.len()).for_each(|block| self.settle(block));
    }

    /// Finds the least of a block again.
    fn settle(&mut self, block: usize) {
        let end = self.costs.len().min((block + 1) * BLOCK);
        self.least[block] = self.costs[block * BLOCK..end].iter().copied().min().unwrap_or(NEVER);
    }

    /// The first of the cheapest tiles that may take it.
    fn cheapest(&self, may: &mut dyn FnMut(usize) -> bool) -> Option<usize> {
        let (block, &least) = self.least.iter().enumerate().min_by_key(|&(_, least)| *least)?;
        if least == NEVER {
            return None;
        }
        let first = (block * BLOCK..).zip(&self.costs[block * BLOCK..]).find(|&(_, cost)| *cost == least);
        let (first, _) = first.expect("the least of a block is in it");
        if may(first) {
            return Some(first);
        }
        // Something beside the tile's own accounts refuses: every tile in turn.
        let mut others: Vec<(i64, usize)> =
            self.costs.iter().copied().zip(0..).filter(|cost| cost.0 != NEVER).collect();
        others.sort_unstable();
        others.into_iter().skip(1).map(|(_, tile)| tile).find(|&tile| may(tile))
    }
}
