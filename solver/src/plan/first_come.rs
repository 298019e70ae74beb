//! First come, first served: each class in the order of arrival at the first instant at which a tile has room, whatever that is
//! worth.
//!
//! What came before is never delayed, and what comes after may start in a gap that it left (conservative backfilling; Mu'alem &
//! Feitelson 2001). The plan of no planner is what plans are measured against, so it knows time to the instant.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use lessor_models::time::{Interval, Timestamp};

use super::bonds::Bonds;
use super::occupancy::{Item, Occupancy};
use super::timeline::{Hold, Timeline};
use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};
use crate::support::stop::Stop;

/// What a run takes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Its own time, as long as runs begin and end at no more than so many instants.
    Exact {
        /// That many.
        instants_max: usize,
    },
    /// All of every bucket that it touches, as in an [`Occupancy`] on the same grid.
    InBuckets,
}

/// What comes beside what a plan has already, in the order of arrival; `None` where that is at more instants than may be.
///
/// O(classes times tiles) looks at timelines, where nothing has room at once, and one more for each capsule.
#[must_use]
pub fn first_come(begun: &Occupancy<'_>, times: Times, stop: &Stop) -> Option<Vec<(TileIndex, Item)>> {
    let lowered = begun.lowered();
    let mut queue = Queue::new(lowered, times);
    for tile in (0..lowered.tiles.len()).map(TileIndex::new) {
        begun.items(tile).iter().for_each(|&item| queue.put(tile, item));
    }
    queue.placed.clear();
    let mut arrivals: Vec<JobClassIndex> = lowered.class_indexes().collect();
    arrivals.sort_by_key(|&class| (lowered.job(class).earliest, class));
    for class in arrivals {
        if stop.is_raised() || queue.is_too_fine() {
            break;
        }
        queue.seat(class, stop);
    }
    (!queue.is_too_fine()).then_some(queue.placed)
}

/// Tiles by an instant before which a capsule has no room there, the first one first.
type Waiting = BinaryHeap<Reverse<(Timestamp, TileIndex)>>;

/// Everything that was served so far.
struct Queue<'a> {
    lowered: &'a Lowered<'a>,
    times: Times,
    bonds: Bonds<'a>,
    tiles: Vec<Timeline>,
    accounts: Vec<Timeline>,
    placed: Vec<(TileIndex, Item)>,
    /// When runs begin and end, where they take up their own time.
    instants: BTreeSet<Timestamp>,
}

impl<'a> Queue<'a> {
    fn new(lowered: &'a Lowered<'a>, times: Times) -> Queue<'a> {
        let grid = &lowered.grid;
        let of_tile = |tile| {
            let group = lowered.group(lowered.group_of(tile));
            Timeline::new(grid, group.devices, |bucket| group.capacity(bucket))
        };
        let tiles = (0..lowered.tiles.len()).map(TileIndex::new).map(of_tile).collect();
        let accounts = lowered.accounts.iter().map(|account| Timeline::new(grid, 0, |bucket| account.capacity(bucket)));
        Queue {
            lowered,
            times,
            bonds: Bonds::new(lowered),
            tiles,
            accounts: accounts.collect(),
            placed: Vec::new(),
            instants: BTreeSet::new(),
        }
    }

    fn is_too_fine(&self) -> bool {
        matches!(self.times, Times::Exact { instants_max } if self.instants.len() > instants_max)
    }

    /// Serves the capsules of a class that are missing.
    fn seat(&mut self, class: JobClassIndex, stop: &Stop) {
        let (lowered, earliest) = (self.lowered, self.lowered.job(class).earliest);
        let usable = |&group: &_| !lowered.group(group).closed && lowered.worth(class, group).is_some();
        let groups = lowered.group_indexes().filter(usable);
        // What has no room at once waits by the first instant at which it has; what rules keep away waits for what opens it.
        let (mut waiting, mut barred) = (Waiting::new(), Vec::new());
        for tile in groups.flat_map(|group| lowered.group(group).tiles.clone()).map(TileIndex::new) {
            if self.bonds.missing(class) == 0 || stop.is_raised() || self.is_too_fine() {
                return;
            }
            self.look(tile, (class, earliest), (&mut waiting, &mut barred));
        }
        while let Some(Reverse((known, tile))) = waiting.pop() {
            if self.bonds.missing(class) == 0 || stop.is_raised() || self.is_too_fine() {
                return;
            }
            self.look(tile, (class, known), (&mut waiting, &mut barred));
        }
    }

    /// Fills a tile with capsules of a class at a start if that is the first one there; else the tile waits for that.
    fn look(
        &mut self,
        tile: TileIndex,
        (class, start): (JobClassIndex, Timestamp),
        (waiting, barred): (&mut Waiting, &mut Vec<TileIndex>),
    ) {
        match self.first_start(tile, class, start) {
            Some((first, _)) if first == start => self.fill(tile, (class, start), (waiting, barred)),
            Some((first, _)) => waiting.push(Reverse((first, tile))),
            None => {}
        }
    }

    /// Places as many capsules of a class as fit on a tile at a start.
    fn fill(
        &mut self,
        tile: TileIndex,
        (class, start): (JobClassIndex, Timestamp),
        (waiting, barred): (&mut Waiting, &mut Vec<TileIndex>),
    ) {
        let (lowered, group) = (self.lowered, self.lowered.group_of(tile));
        let is_single = lowered.classes[class.at()].is_bound || lowered.job(class).demand.devices > 0;
        let mut has_placed = false;
        while self.bonds.missing(class) > 0 {
            if !self.bonds.allow(tile, class, start) {
                match self.bonds.opened_by_others(tile, class, start) {
                    Some(next) if next > start => waiting.push(Reverse((next, tile))),
                    // Its own job does, or who it must be near is not there any more.
                    _ => barred.push(tile),
                }
                break;
            }
            let Some((next, devices)) = self.first_start(tile, class, start) else { break };
            if next > start {
                waiting.push(Reverse((next, tile)));
                break;
            }
            let run = self.run(tile, class, start);
            let room = || {
                let above = lowered.group(group).path.iter().map(|&(account, level)| {
                    self.accounts[account.at()].room(run, &lowered.draw_at(class, group, level))
                });
                above.fold(self.tiles[tile.at()].room(run, lowered.draw(class, group)), u64::min)
            };
            let count = if is_single { 1 } else { room().min(self.bonds.missing(class)) };
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.put(tile, Item { class, count, start, devices, is_current: false });
            has_placed = true;
        }
        if has_placed && lowered.spread_to_count(class).is_some() {
            // The first capsules of a class that must be at several locations open what the others then fill.
            let (stays, opened): (Vec<TileIndex>, Vec<TileIndex>) = barred.drain(..).partition(|&other| other == tile);
            let earliest = lowered.job(class).earliest;
            waiting.extend(opened.into_iter().map(|tile| Reverse((earliest, tile))));
            barred.extend(stays);
        }
    }

    /// The first start from an instant on at which a tile and all above it have room for a capsule, with the devices that it would
    /// hold.
    fn first_start(&self, tile: TileIndex, class: JobClassIndex, from: Timestamp) -> Option<(Timestamp, u64)> {
        let (lowered, group) = (self.lowered, self.lowered.group_of(tile));
        let job = lowered.job(class);
        let latest = Timestamp(job.deadline.0.saturating_sub_unsigned(lowered.term(class, group).0));
        let run = |start| self.run(tile, class, start);
        let own = Hold { draw: lowered.draw(class, group), demand: Some(&job.demand) };
        let mut from = from;
        loop {
            let (start, devices) = self.tiles[tile.at()].first_start((from, latest), own, run)?;
            let mut above = start;
            for &(account, level) in &lowered.group(group).path {
                let hold = Hold { draw: &lowered.draw_at(class, group, level), demand: None };
                above = self.accounts[account.at()].first_start((above, latest), hold, run)?.0;
            }
            if above == start {
                return Some((start, devices));
            }
            from = above;
        }
    }

    /// What a capsule on a tile takes up if it starts then.
    fn run(&self, tile: TileIndex, class: JobClassIndex, start: Timestamp) -> Interval {
        let (lowered, grid) = (self.lowered, &self.lowered.grid);
        let run = lowered.run(class, lowered.group_of(tile), start);
        match self.times {
            Times::Exact { .. } => run,
            Times::InBuckets => {
                let over = grid.touched(run);
                Interval { start: grid.bucket(over.start).start, end: grid.bucket(over.end - 1).end }
            }
        }
    }

    fn put(&mut self, tile: TileIndex, item: Item) {
        let (lowered, group) = (self.lowered, self.lowered.group_of(tile));
        let (run, taken) = (self.run(tile, item.class, item.start), (u64::from(item.count), item.devices));
        let own = Hold { draw: lowered.draw(item.class, group), demand: Some(&lowered.job(item.class).demand) };
        self.tiles[tile.at()].take(run, own, taken);
        for &(account, level) in &lowered.group(group).path {
            let hold = Hold { draw: &lowered.draw_at(item.class, group, level), demand: None };
            self.accounts[account.at()].take(run, hold, (taken.0, 0));
        }
        if matches!(self.times, Times::Exact { .. }) {
            self.instants.extend([run.start, run.end]);
        }
        self.bonds.come(tile, &item);
        self.placed.push((tile, item));
    }
}
