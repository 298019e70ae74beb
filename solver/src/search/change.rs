//! What an attempt of a search changed, so that it can be undone.

use lessor_models::time::Timestamp;

use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, Occupancy};

/// Puts a capsule on a tile, if it fits.
pub(super) fn put(
    occupancy: &mut Occupancy<'_>,
    change: &mut Change,
    (tile, class, start): (TileIndex, JobClassIndex, Timestamp),
) -> bool {
    let group = occupancy.lowered().group_of(tile);
    if !occupancy.fits_tile(tile, class, start) || occupancy.path_room(class, group, start, 1) == 0 {
        return false;
    }
    let over = occupancy.buckets(class, group, start);
    let Some(devices) = occupancy.choose_devices(tile, class, over.clone()) else { return false };
    let item = Item { class, count: 1, start, devices, is_current: false };
    let before = occupancy.strain(tile, &over);
    occupancy.place(tile, item);
    change.gain -= i128::from(occupancy.strain(tile, &over)) - i128::from(before);
    change.steps.push((Step::Put, tile, item));
    true
}

/// What is lost with one capsule of an item: its worth, less what its tile is strained by it.
pub(super) fn kept(occupancy: &Occupancy<'_>, tile: TileIndex, item: &Item) -> i64 {
    let lowered = occupancy.lowered();
    let worth = lowered.worth_from(item.class, lowered.group_of(tile), item.start);
    worth.saturating_sub(occupancy.relief(tile, item))
}

/// What an attempt did so far.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// In the order in which it was done.
    steps: Vec<(Step, TileIndex, Item)>,
    /// What the plan is worth more, in micro-credits; what [`put`] places counts only by what it strains its tile.
    pub(super) gain: i128,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Taken,
    Put,
}

impl Change {
    /// Takes a capsule off a tile.
    pub(super) fn take(&mut self, occupancy: &mut Occupancy<'_>, tile: TileIndex, position: usize) -> Item {
        self.take_many(occupancy, (tile, position), 1)
    }

    /// Takes capsules of an item off a tile.
    pub(super) fn take_many(
        &mut self,
        occupancy: &mut Occupancy<'_>,
        (tile, position): (TileIndex, usize),
        count: u32,
    ) -> Item {
        let (lowered, group) = (occupancy.lowered(), occupancy.lowered().group_of(tile));
        let Item { class, start, .. } = occupancy.items(tile)[position];
        let over = occupancy.buckets(class, group, start);
        let before = occupancy.strain(tile, &over);
        let item = occupancy.take(tile, position, count);
        let relief = i128::from(before) - i128::from(occupancy.strain(tile, &over));
        self.gain += relief - i128::from(lowered.worth_from(class, group, start)) * i128::from(count);
        self.steps.push((Step::Taken, tile, item));
        item
    }

    /// Puts capsules on a tile, which the caller has made sure that they fit, and counts what they are worth.
    pub(super) fn put_many(&mut self, occupancy: &mut Occupancy<'_>, tile: TileIndex, item: Item) {
        let (lowered, group) = (occupancy.lowered(), occupancy.lowered().group_of(tile));
        let over = occupancy.buckets(item.class, group, item.start);
        let before = occupancy.strain(tile, &over);
        occupancy.place(tile, item);
        let added = i128::from(occupancy.strain(tile, &over)) - i128::from(before);
        self.gain += i128::from(lowered.worth_from(item.class, group, item.start)) * i128::from(item.count) - added;
        self.steps.push((Step::Put, tile, item));
    }

    /// What was taken off and where, in that order.
    pub(super) fn taken(&self) -> impl DoubleEndedIterator<Item = (TileIndex, Item)> + '_ {
        self.steps.iter().filter(|(step, _, _)| *step == Step::Taken).map(|&(_, tile, item)| (tile, item))
    }

    /// How many more capsules of each class are placed than before, for the classes of which there are more or fewer.
    pub(super) fn balance(&self) -> Vec<(JobClassIndex, i64)> {
        let mut balance: Vec<(JobClassIndex, i64)> = Vec::new();
        for &(step, _, item) in &self.steps {
            let came = if step == Step::Put { i64::from(item.count) } else { -i64::from(item.count) };
            match balance.iter_mut().find(|(class, _)| *class == item.class) {
                Some((_, sum)) => *sum += came,
                None => balance.push((item.class, came)),
            }
        }
        balance.retain(|(_, came)| *came != 0);
        balance
    }

    /// Puts everything back where it was.
    pub(super) fn undo(self, occupancy: &mut Occupancy<'_>) {
        for (step, tile, item) in self.steps.into_iter().rev() {
            match step {
                Step::Taken => occupancy.place(tile, item),
                Step::Put => {
                    let same = |on: &Item| Item { count: item.count, ..*on } == item;
                    let position = occupancy.items(tile).iter().rposition(same).expect("what was put is there");
                    occupancy.take(tile, position, item.count);
                }
            }
        }
    }
}
