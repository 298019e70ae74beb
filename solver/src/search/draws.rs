//! Tiles to draw from: those that a class may run on, and those below an account. Drawn from all tiles, most would be of no use
//! where few are.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::lowering::Lowered;
use crate::lowering::index::{AccountIndex, GroupIndex, JobClassIndex, TileIndex};
use crate::support::random::Random;

/// The tiles of each class and account that was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Draws {
    of_classes: BTreeMap<JobClassIndex, Tiles>,
    below_accounts: BTreeMap<AccountIndex, Tiles>,
}

/// Runs of tiles, each with the number of those before it.
#[derive(Clone, Debug, Default)]
struct Tiles {
    runs: Vec<(usize, Range<usize>)>,
    count: usize,
}

impl Draws {
    /// A tile on which a capsule of the class is worth something, each as likely as any other; `None` where there is none.
    ///
    /// O(log groups), once O(groups) for each class.
    pub(super) fn tile_for(
        &mut self,
        lowered: &Lowered<'_>,
        class: JobClassIndex,
        random: &mut Random,
    ) -> Option<TileIndex> {
        let is_open = |&group: &GroupIndex| !lowered.group(group).closed && lowered.earning(class, group).is_some();
        let tiles = || Tiles::of(lowered, lowered.group_indexes().filter(is_open));
        self.of_classes.entry(class).or_insert_with(tiles).draw(random)
    }

    /// A tile that debits an account, each as likely as any other; `None` where there is none.
    ///
    /// O(log groups), once O(groups times path) for each account.
    pub(super) fn tile_below(
        &mut self,
        lowered: &Lowered<'_>,
        account: AccountIndex,
        random: &mut Random,
    ) -> Option<TileIndex> {
        let debits = |&group: &GroupIndex| lowered.group(group).path.iter().any(|&(above, _)| above == account);
        let tiles = || Tiles::of(lowered, lowered.group_indexes().filter(debits));
        self.below_accounts.entry(account).or_insert_with(tiles).draw(random)
    }
}

impl Tiles {
    fn of(lowered: &Lowered<'_>, groups: impl Iterator<Item = GroupIndex>) -> Tiles {
        let mut tiles = Tiles::default();
        for run in groups.map(|group| lowered.group(group).tiles.clone()).filter(|run| !run.is_empty()) {
            tiles.runs.push((tiles.count, run.clone()));
            tiles.count += run.len();
        }
        tiles
    }

    fn draw(&self, random: &mut Random) -> Option<TileIndex> {
        let position = random.index(self.count);
        let run = self.runs.partition_point(|(before, _)| *before <= position).checked_sub(1)?;
        let (before, tiles) = &self.runs[run];
        Some(TileIndex::new(tiles.start + position - before))
    }
}
