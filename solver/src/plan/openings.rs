//! Where and when a capsule of a class fits, looked at bucket by bucket once for all of its starts.

use std::collections::HashMap;
use std::ops::Range;

use lessor_models::resources::Resources;
use lessor_models::time::{Interval, Timestamp};

use super::occupancy::Occupancy;
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};

/// The places where one more capsule of a class fits, worked out as they are asked for. Stale once anything is placed or taken.
pub(crate) struct Openings<'o, 'a> {
    occupancy: &'o Occupancy<'a>,
    class: JobClassIndex,
    /// The buckets in which it may run at all.
    window: Range<usize>,
    paths: HashMap<GroupIndex, Blocked>,
    tiles: HashMap<TileIndex, Blocked>,
}

/// How many buckets of a window up to each are without room for a capsule.
struct Blocked(Vec<u32>);

impl Blocked {
    fn of(window: &Range<usize>, has_room: impl Fn(usize) -> bool) -> Blocked {
        let mut blocked = 0;
        let upto = window.clone().map(|bucket| {
            blocked += u32::from(!has_room(bucket));
            blocked
        });
        Blocked(std::iter::once(0).chain(upto).collect())
    }

    fn is_open(&self, over: &Range<usize>, window: &Range<usize>) -> bool {
        self.0[over.end - window.start] == self.0[over.start - window.start]
    }
}

impl<'o, 'a> Openings<'o, 'a> {
    pub(crate) fn new(occupancy: &'o Occupancy<'a>, class: JobClassIndex) -> Openings<'o, 'a> {
        let lowered = occupancy.lowered();
        let job = lowered.job(class);
        let window = lowered.grid.touched(Interval { start: job.earliest, end: job.deadline });
        Openings { occupancy, class, window, paths: HashMap::new(), tiles: HashMap::new() }
    }

    /// The first tile of a group on which a capsule that starts then fits. O(tiles) once every bucket was looked at.
    pub(crate) fn tile(&mut self, group: GroupIndex, start: Timestamp) -> Option<TileIndex> {
        let (occupancy, class, window) = (self.occupancy, self.class, &self.window);
        let lowered = occupancy.lowered();
        let over = occupancy.buckets(class, group, start);
        if over.start < window.start || window.end < over.end || lowered.group(group).closed {
            return None;
        }
        let path = self.paths.entry(group).or_insert_with(|| {
            let path = &lowered.group(group).path;
            let draws: Vec<(_, Resources)> =
                path.iter().map(|&(account, level)| (account, lowered.draw_at(class, group, level))).collect();
            Blocked::of(window, |bucket| {
                draws.iter().all(|(account, draw)| draw.fits(occupancy.account_left(*account, bucket)))
            })
        });
        if !path.is_open(&over, window) {
            return None;
        }
        let draw = lowered.draw(class, group);
        lowered.group(group).tiles.clone().map(TileIndex::new).find(|&tile| {
            let room = self
                .tiles
                .entry(tile)
                .or_insert_with(|| Blocked::of(window, |bucket| draw.fits(occupancy.tile_left(tile, bucket))));
            let has_device = || {
                let demands = lowered.job(class).demand.devices > 0;
                !demands || occupancy.choose_devices(tile, class, over.clone()).is_some()
            };
            room.is_open(&over, window) && has_device()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_open_where_none_of_its_buckets_is_blocked() {
        let window = 3..9;
        let blocked = Blocked::of(&window, |bucket| bucket != 5);
        let open = |over: Range<usize>| blocked.is_open(&over, &window);
        assert!(open(3..5) && open(6..9) && !open(3..6) && !open(5..6) && !open(3..9));
    }
}
