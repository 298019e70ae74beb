//! Taking off what loses: capsules that cost more than they bid and that no bonus, gang or other job pays for.
//!
//! What runs for the sake of a bonus may bid less than it costs. Beyond what the bonus wants, or where it is missed, such capsules
//! are worth less than nothing.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, kept};
use super::leave::{completed, may_leave};
use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::plan::assemble::bonuses;
use crate::plan::occupancy::{Item, Occupancy};

/// Numbers of capsules to take off that are compared for a class, at most.
const NUMBERS_MAX: usize = 1_024;

/// Takes off as many capsules of each class as the plan is worth more without, those first that lose most. Returns the classes that
/// lost any.
///
/// O(items), and for each class with a losing capsule O(its items times the numbers that are compared).
pub fn drop_losing(occupancy: &mut Occupancy<'_>) -> Vec<JobClassIndex> {
    let tiles = || (0..occupancy.lowered().tiles.len()).map(TileIndex::new);
    let items = || tiles().flat_map(|tile| occupancy.items(tile).iter().map(move |item| (tile, item)));
    let loses = items().filter(|(tile, item)| !item.is_current && kept(occupancy, *tile, item) < 0);
    let mut places: BTreeMap<JobClassIndex, BTreeSet<TileIndex>> =
        loses.map(|(_, item)| (item.class, BTreeSet::new())).collect();
    if places.is_empty() {
        return Vec::new();
    }
    for (tile, item) in items() {
        if let Some(tiles) = places.get_mut(&item.class) {
            tiles.insert(tile);
        }
    }
    places.into_iter().filter(|(class, tiles)| trim(occupancy, *class, tiles)).map(|(class, _)| class).collect()
}

/// Takes off what a class loses by on the tiles that it is on; whether there is any.
fn trim(occupancy: &mut Occupancy<'_>, class: JobClassIndex, tiles: &BTreeSet<TileIndex>) -> bool {
    let places = tiles.iter().flat_map(|&tile| occupancy.items(tile).iter().map(move |&item| (tile, item)));
    let leaving = places.filter(|(tile, item)| item.class == class && may_leave(occupancy, *tile, item));
    let mut leaving: Vec<(i64, TileIndex, Item)> =
        leaving.map(|(tile, item)| (kept(occupancy, tile, &item), tile, item)).collect();
    leaving.sort_by_key(|&(kept, tile, item)| (kept, tile, item));
    let Some(number) = best_number(occupancy, class, &leaving) else { return false };
    let (mut change, mut left) = (Change::default(), number);
    for (_, tile, item) in leaving {
        let count = u32::try_from(left).unwrap_or(u32::MAX).min(item.count);
        let position = occupancy.items(tile).iter().position(|on| *on == item);
        let Some(position) = position.filter(|_| count > 0 && may_leave(occupancy, tile, &item)) else { continue };
        change.take_many(occupancy, (tile, position), count);
        left -= u64::from(count);
    }
    // Each was asked as if it left alone, and strains are no sums.
    let gains = completed(occupancy, &change).is_some_and(|bonuses| change.gain + bonuses > 0);
    if !gains {
        change.undo(occupancy);
    }
    gains
}

/// How many capsules of a class had best leave, those first that are worth least where they are; `None` where none.
///
/// What is left is worth most where an item is gone, or where a gang or what a bonus wants is just there.
fn best_number(occupancy: &Occupancy<'_>, class: JobClassIndex, leaving: &[(i64, TileIndex, Item)]) -> Option<u64> {
    let (lowered, placed) = (occupancy.lowered(), occupancy.placed(class));
    let job = lowered.job(class);
    let (each, all) = (u64::from(job.count), leaving.iter().map(|(_, _, item)| u64::from(item.count)).sum::<u64>());
    let gone = leaving.iter().scan(0, |gone, (_, _, item)| {
        *gone += u64::from(item.count);
        Some(*gone)
    });
    let jobs = (0..=placed / each).rev().take(NUMBERS_MAX / 3);
    let just = jobs.flat_map(|jobs| [0, job.gang_min, job.wanted].map(|rest| jobs * each + u64::from(rest)));
    let numbers = just.filter_map(|left| placed.checked_sub(left)).chain(gone).take(2 * NUMBERS_MAX);
    let earned = bonuses(lowered, class, placed);
    let gain = |number: u64| {
        let mut left = number;
        let kept = leaving.iter().map(|&(kept, _, item)| {
            let count = left.min(u64::from(item.count));
            left -= count;
            i128::from(kept) * i128::from(count)
        });
        bonuses(lowered, class, placed - number) - earned - kept.sum::<i128>()
    };
    let allowed = numbers.filter(|&number| number > 0 && number <= all);
    let whole = allowed.filter(|&number| lowered.partial_gang(class, placed - number) == 0);
    let (most, number) =
        whole.map(|number| (gain(number), number)).max_by_key(|&(gain, number)| (gain, Reverse(number)))?;
    (most > 0).then_some(number)
}
