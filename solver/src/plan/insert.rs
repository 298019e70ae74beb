//! Inserting capsules one job class at a time, wherever tile, accounts and rules leave room.

use lessor_models::plan::Placement;
use lessor_models::resources::Resources;
use lessor_models::time::Timestamp;

use super::layer::{Counts, Given};
use super::occupancy::{Item, Occupancy, times};
use super::openings::Openings;
use super::rank::Ranking;
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::support::stop::Stop;

/// The most that any tile of each group has left, per kind: rejects whole groups at a glance.
#[derive(Clone, Debug)]
struct Roomiest {
    most: Vec<Option<Resources>>,
}

impl Roomiest {
    /// Nothing known yet.
    fn new(groups: usize) -> Roomiest {
        Roomiest { most: vec![None; groups] }
    }

    /// Whether some tile of the group may have room. Stale answers only ever say yes too often, while nothing is taken off.
    fn may_fit(&mut self, occupancy: &Occupancy<'_>, group: GroupIndex, draw: &Resources) -> bool {
        let known = self.most[group.at()].get_or_insert_with(|| {
            let mut most = Resources::ZERO;
            let buckets = occupancy.lowered().grid.count();
            for tile in occupancy.lowered().group(group).tiles.clone().map(TileIndex::new) {
                for bucket in 0..buckets {
                    let left = occupancy.tile_left(tile, bucket);
                    most.0.iter_mut().zip(left.0).for_each(|(most, left)| *most = left.max(*most));
                }
            }
            most
        });
        draw.fits(known)
    }

    /// Forgets a group after something was taken off it or placed on it.
    fn forget(&mut self, group: GroupIndex) {
        self.most[group.at()] = None;
    }
}

/// Inserts one more capsule of a class, best group first, earliest start first; whether there was a place.
pub fn insert_one(occupancy: &mut Occupancy<'_>, class: JobClassIndex, ranking: &Ranking) -> bool {
    let (bearings, mut roomiest) = (Bearing::in_turn(occupancy), Roomiest::new(occupancy.lowered().groups.len()));
    insert_bearing(occupancy, (class, 1, bearings), ranking, &mut roomiest, &Stop::new()) == 1
}

/// Inserts up to so many capsules of a class, best group first, earliest start first, with strains borne in turn. Returns how many.
///
/// The first capsules of a class that must be at several locations open what the others then fill.
fn insert_bearing(
    occupancy: &mut Occupancy<'_>,
    (class, count, bearings): (JobClassIndex, u64, &[Bearing]),
    ranking: &Ranking,
    roomiest: &mut Roomiest,
    stop: &Stop,
) -> u64 {
    let spreads = is_spread_out(occupancy, class);
    let mut placed = 0;
    for &bearing in bearings {
        loop {
            let more = insert_once(occupancy, (class, count - placed, bearing), ranking, roomiest, stop);
            placed += more;
            if !spreads || more == 0 || placed == count {
                break;
            }
        }
    }
    placed
}

/// The strain that a capsule may add to its tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bearing {
    /// None.
    Nothing,
    /// Less than it earns.
    Earning,
}

impl Bearing {
    /// Where the use of tiles costs, places that cost nothing come first.
    fn in_turn(occupancy: &Occupancy<'_>) -> &'static [Bearing] {
        if occupancy.lowered().strain.is_free() { &[Bearing::Earning] } else { &[Bearing::Nothing, Bearing::Earning] }
    }
}

/// Whether the locations of a class count.
fn is_spread_out(occupancy: &Occupancy<'_>, class: JobClassIndex) -> bool {
    occupancy.lowered().spread_to_count(class).is_some()
}

/// Looks at every group once.
fn insert_once(
    occupancy: &mut Occupancy<'_>,
    (class, count, bearing): (JobClassIndex, u64, Bearing),
    ranking: &Ranking,
    roomiest: &mut Roomiest,
    stop: &Stop,
) -> u64 {
    let lowered = occupancy.lowered();
    let groups = ranking.groups(lowered, class);
    let mut missing = count;
    for group in groups {
        if missing == 0 {
            break;
        }
        if !roomiest.may_fit(occupancy, group, lowered.draw(class, group)) {
            continue;
        }
        let before = missing;
        let mut starts = lowered.starts(class, group);
        while missing > 0 && !stop.is_raised() {
            let mut openings = Openings::new(occupancy, class);
            let is_open = |start: &Timestamp| lowered.grid.count() == 1 || openings.tile(group, *start).is_some();
            let Some(start) = starts.find(is_open) else { break };
            missing -= insert_at(occupancy, (class, group, start), missing, bearing);
        }
        if missing < before {
            roomiest.forget(group);
        }
    }
    count - missing
}

/// Inserts what the layer gave to groups, as far as rules and room allow. Returns how many capsules were placed.
pub fn insert_given(occupancy: &mut Occupancy<'_>, counts: &Counts) -> u64 {
    let mut placed = 0;
    for (group, given) in occupancy.lowered().group_indexes().zip(&counts.of_group) {
        for &Given { class, start, count } in given {
            let mut missing = count;
            for &bearing in Bearing::in_turn(occupancy) {
                missing -= insert_at(occupancy, (class, group, start), missing, bearing);
            }
            placed += count - missing;
        }
    }
    placed
}

/// Inserts up to `count` capsules into one group at one start.
fn insert_at(
    occupancy: &mut Occupancy<'_>,
    (class, group, start): (JobClassIndex, GroupIndex, Timestamp),
    count: u64,
    bearing: Bearing,
) -> u64 {
    let lowered = occupancy.lowered();
    let strain = match bearing {
        Bearing::Nothing => 1,
        Bearing::Earning if lowered.strain.is_free() => i64::MAX,
        Bearing::Earning => lowered.earns(class, group, start),
    };
    insert_below(occupancy, (class, group, start), count, strain)
}

/// Inserts up to `count` capsules into one group at one start, each where it adds less than so much to a tile's strain.
fn insert_below(
    occupancy: &mut Occupancy<'_>,
    (class, group, start): (JobClassIndex, GroupIndex, Timestamp),
    count: u64,
    strain: i64,
) -> u64 {
    let mut room = occupancy.path_room(class, group, start, count);
    let mut placed = 0;
    for tile in occupancy.lowered().group(group).tiles.clone().map(TileIndex::new) {
        if room == 0 {
            break;
        }
        let more = insert_on(occupancy, tile, (class, start), room, strain);
        room -= more;
        placed += more;
    }
    placed
}

/// Inserts up to `room` capsules, for which the accounts above the tile have room, on one tile at one start, each where it adds
/// less than so much to the tile's strain.
fn insert_on(
    occupancy: &mut Occupancy<'_>,
    tile: TileIndex,
    (class, start): (JobClassIndex, Timestamp),
    mut room: u64,
    strain: i64,
) -> u64 {
    let (lowered, group) = (occupancy.lowered(), occupancy.lowered().group_of(tile));
    let one_by_one = lowered.classes[class.at()].is_bound || lowered.job(class).demand.devices > 0;
    let mut placed = 0;
    while room > 0 && occupancy.fits_tile(tile, class, start) && occupancy.bonds().allow(tile, class, start) {
        let over = occupancy.buckets(class, group, start);
        let Some(devices) = occupancy.choose_devices(tile, class, over.clone()) else { break };
        let draw = lowered.draw(class, group);
        let fitting = over.map(|bucket| times(draw, occupancy.tile_left(tile, bucket))).min().unwrap_or(0);
        let many = if one_by_one { 1 } else { fitting.min(room) };
        let many = occupancy.worthwhile(tile, (class, start), (strain, many));
        if many == 0 {
            break;
        }
        let count = u32::try_from(many).unwrap_or(u32::MAX);
        occupancy.place(tile, Item { class, count, start, devices, is_current: false });
        room -= u64::from(count);
        placed += u64::from(count);
    }
    placed
}

/// Inserts what an earlier plan has yet to start where and when that plan has it, as far as there is room still.
///
/// Whoever must be near another, or at a location of its own, waits until others are there.
pub fn insert_queued(occupancy: &mut Occupancy<'_>) {
    let tile_of = occupancy.lowered().tile_of_nodes();
    let mut waiting: Vec<Placement> = occupancy.lowered().instance.queued().to_vec();
    loop {
        let mut has_placed = false;
        waiting.retain_mut(|queued| {
            let placed = insert_as_queued(occupancy, queued, tile_of[&queued.tile]);
            queued.count -= placed;
            has_placed |= placed > 0;
            queued.count > 0
        });
        if !has_placed {
            return;
        }
    }
}

/// Inserts capsules on a tile where and when an earlier plan has them. Returns how many.
fn insert_as_queued(occupancy: &mut Occupancy<'_>, queued: &Placement, tile: TileIndex) -> u32 {
    let lowered = occupancy.lowered();
    let &Placement { job, start, count, devices, .. } = queued;
    let (class, group) = (lowered.class_of_job[job.at()], lowered.group_of(tile));
    let job = lowered.job(class);
    let is_in_window = job.earliest <= start && lowered.run(class, group, start).end <= job.deadline;
    if !is_in_window || lowered.group(group).closed || lowered.worth(class, group).is_none() {
        return 0;
    }
    let missing = occupancy.missing(class).min(count.into());
    let room = occupancy.path_room(class, group, start, missing);
    let strain = lowered.earns(class, group, start);
    let is_held = room > 0 && devices > 0 && occupancy.devices_are_free(tile, (class, start), devices);
    let is_held = is_held && occupancy.worthwhile(tile, (class, start), (strain, 1)) > 0;
    if is_held && occupancy.fits_tile(tile, class, start) && occupancy.bonds().allow(tile, class, start) {
        occupancy.place(tile, Item { class, count: 1, start, devices, is_current: false });
        return 1;
    }
    u32::try_from(insert_on(occupancy, tile, (class, start), room, strain)).expect("no more than there are")
}

/// Inserts whatever is missing of the classes given, in their order. Returns how many capsules were placed.
pub fn insert_missing(occupancy: &mut Occupancy<'_>, order: &[JobClassIndex], ranking: &Ranking, stop: &Stop) -> u64 {
    let bearings = Bearing::in_turn(occupancy);
    insert_all(occupancy, (order, bearings), ranking, stop)
}

/// The same, but that a tile that fits is taken although another would be strained less: tiles are packed more tightly so.
pub fn insert_missing_tightly(
    occupancy: &mut Occupancy<'_>,
    order: &[JobClassIndex],
    ranking: &Ranking,
    stop: &Stop,
) -> u64 {
    insert_all(occupancy, (order, &[Bearing::Earning]), ranking, stop)
}

fn insert_all(
    occupancy: &mut Occupancy<'_>,
    (order, bearings): (&[JobClassIndex], &[Bearing]),
    ranking: &Ranking,
    stop: &Stop,
) -> u64 {
    let mut roomiest = Roomiest::new(occupancy.lowered().groups.len());
    let mut placed = 0;
    for &class in order {
        if stop.is_raised() {
            break;
        }
        let missing = occupancy.missing(class);
        if missing > 0 {
            placed += insert_bearing(occupancy, (class, missing, bearings), ranking, &mut roomiest, stop);
        }
    }
    placed
}

/// Takes off what is left of gangs that did not reach their minimum. Returns the classes that lost capsules.
pub fn drop_partial_gangs(occupancy: &mut Occupancy<'_>) -> Vec<JobClassIndex> {
    let lowered = occupancy.lowered();
    let mut losers = Vec::new();
    let mut surplus = vec![0u64; lowered.classes.len()];
    for class in lowered.class_indexes() {
        let partial = occupancy.partial_gang(class);
        if partial > 0 {
            surplus[class.at()] = partial;
            losers.push(class);
        }
    }
    if losers.is_empty() {
        return losers;
    }
    for tile in (0..lowered.tiles.len()).rev().map(TileIndex::new) {
        for position in (0..occupancy.items(tile).len()).rev() {
            let item = occupancy.items(tile)[position];
            let due = &mut surplus[item.class.at()];
            let count = u32::try_from((*due).min(u64::from(item.count))).unwrap_or(item.count);
            if count > 0 {
                *due -= u64::from(count);
                occupancy.take(tile, position, count);
            }
        }
    }
    losers
}

/// Takes off capsules that are without the job that they must be near, for a while or all the time. Returns the classes that lost
/// capsules. O(tiles), where any class must be near another.
pub fn drop_orphans(occupancy: &mut Occupancy<'_>) -> Vec<JobClassIndex> {
    let lowered = occupancy.lowered();
    let follows = |class: &JobClassIndex| lowered.job(*class).affinity.is_some() && occupancy.placed(*class) > 0;
    let followers: Vec<JobClassIndex> = lowered.class_indexes().filter(follows).collect();
    let mut losers = Vec::new();
    if followers.is_empty() {
        return losers;
    }
    for tile in (0..lowered.tiles.len()).map(TileIndex::new) {
        for position in (0..occupancy.items(tile).len()).rev() {
            let Item { class, count, start, .. } = occupancy.items(tile)[position];
            if followers.binary_search(&class).is_ok() && occupancy.bonds().is_orphan(tile, class, start) {
                occupancy.take(tile, position, count);
                losers.push(class);
            }
        }
    }
    losers
}
