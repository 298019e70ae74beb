//! The moves of a round, given out to the cells.

use super::{EXACT_MOVES, EXACT_PER_ROUND, MOVES_PER_TILE, Recreate};
use crate::lowering::Cell;

/// What is left to give: greedy moves for all cells alike, by their tiles, so that few moves tell how much more would bring; exact
/// fillings, which are none by halves, for one cell after another until there are no more.
pub(super) struct Budget {
    recreate: Recreate,
    most: u64,
    given: u64,
    tiles: u64,
    tiles_before: u64,
}

impl Budget {
    /// So many moves at most, for cells with so many tiles together.
    pub(super) fn new(recreate: Recreate, most: u64, tiles: usize) -> Budget {
        Budget { recreate, most, given: 0, tiles: tiles as u64, tiles_before: 0 }
    }

    /// What the next cell may try.
    pub(super) fn give(&mut self, cell: &Cell) -> u64 {
        let all = self.most.min(MOVES_PER_TILE * self.tiles);
        self.tiles_before += cell.tiles.len() as u64;
        let share = || u128::from(all) * u128::from(self.tiles_before) / u128::from(self.tiles.max(1));
        let upto = match self.recreate {
            Recreate::Greedy => u64::try_from(share()).unwrap_or(all),
            Recreate::Exact => self.most.min(self.given + EXACT_PER_ROUND * EXACT_MOVES),
        };
        let moves = upto - self.given;
        self.given = upto;
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(recreate: Recreate, most: u64) -> Vec<u64> {
        let cells = [0..10, 10..40, 40..100].map(|tiles| Cell { node: None, groups: 0..1, tiles });
        let mut budget = Budget::new(recreate, most, 100);
        cells.iter().map(|cell| budget.give(cell)).collect()
    }

    #[test]
    fn greedy_moves_are_for_all_cells_by_their_tiles() {
        assert_eq!(given(Recreate::Greedy, u64::MAX), [20, 60, 120]);
        assert_eq!(given(Recreate::Greedy, 20), [2, 6, 12]);
        assert_eq!(given(Recreate::Greedy, 7).iter().sum::<u64>(), 7);
    }

    #[test]
    fn exact_fillings_are_for_the_first_cells() {
        let each = EXACT_PER_ROUND * EXACT_MOVES;
        assert_eq!(given(Recreate::Exact, each + 1), [each, 1, 0]);
    }
}
