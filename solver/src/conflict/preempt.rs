//! Which capsules of another job would have to go, so that one more of this class fits.

use lessor_models::job::ServiceClass;
use lessor_models::plan::Blocker;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Timestamp;

use super::places::{Place, Sets};
use super::trial::TILES_PER_LOOK;
use super::{Explainer, rules, starts};
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::plan::occupancy::Item;
use crate::support::stop::Stop;

/// Places apart from the victim's own tile that a preemption is tried for: those that accounts alone block.
const TARGETS_MAX: usize = 8;

/// Capsules to take off a tile, and the tile that one more capsule would then fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Victim {
    /// What their job would lose, in micro-credits: their bids, and its bonus where it has one.
    pub(super) lost: u128,
    /// Where they run.
    pub(super) tile: TileIndex,
    /// Which, with how many of them.
    pub(super) item: Item,
    /// Where the capsule would go.
    pub(super) target: TileIndex,
}

/// The victim that loses least, and less than `gain`, whose absence opens a place for one capsule.
/// `None` too where the flag was raised first.
///
/// Classes that lose least come first, and none comes once a victim is known that loses less. O(tiles times starts) for each;
/// what all of a group's tiles together could not give is passed over at once, and so is a tile before its items are read.
pub(super) fn cheapest(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    sets: &Sets,
    gain: u128,
    stop: &Stop,
) -> Option<Victim> {
    let lowered = explainer.occupancy.lowered();
    let is_above_alone = |set: &[Blocker]| set.iter().all(|blocker| matches!(blocker, Blocker::Account { .. }));
    let places = sets.iter().filter(|(set, _)| is_above_alone(set)).map(|(_, place)| *place);
    let open_starts = lowered.group_indexes().map(|group| {
        let is_open = rules::of_pair(explainer.occupancy, class, group).is_empty();
        if is_open { starts::inside(lowered, class, group).collect() } else { Vec::new() }
    });
    let (targets, open_starts) = (places.take(TARGETS_MAX).collect(), open_starts.collect());
    let mut hunt = Hunt { explainer, class, targets, open_starts, gain, best: None };
    for (least, theirs) in losers(explainer, class, gain) {
        if hunt.best.is_some_and(|best| best.lost < least) {
            break;
        }
        hunt.among((theirs, least), stop)?;
    }
    hunt.best
}

/// The search for the cheapest victim.
struct Hunt<'x, 'o, 'a> {
    explainer: &'x Explainer<'o, 'a>,
    class: JobClassIndex,
    /// Places that accounts alone block.
    targets: Vec<Place>,
    /// The starts at which the rules of the pair allow the class, by group.
    open_starts: Vec<Vec<Timestamp>>,
    gain: u128,
    best: Option<Victim>,
}

impl Hunt<'_, '_, '_> {
    /// Looks at the capsules of one class, of which one loses so much. `None` where the flag was raised first.
    fn among(&mut self, (theirs, least): (JobClassIndex, u128), stop: &Stop) -> Option<()> {
        let explainer = self.explainer;
        let mut looked = 0;
        for held in explainer.holders(theirs) {
            let (group, most) = (held.group, u64::from(held.most));
            let may_here = self
                .may_open_here((theirs, group), most, |bucket| explainer.headroom.row(group, bucket).most)
                && self.is_open_above((theirs, group), most);
            let is_within_reach = |place: &&Place| self.may_open_there(place, (theirs, group), most);
            let there: Vec<Place> = self.targets.iter().filter(is_within_reach).copied().collect();
            if !may_here && there.is_empty() {
                continue;
            }
            for holder in &held.holders {
                if looked % TILES_PER_LOOK == 0 && stop.is_raised() {
                    return None;
                }
                looked += 1;
                let left = |bucket| *explainer.occupancy.tile_left(holder.tile, bucket);
                let may_here = may_here && self.may_open_here((theirs, group), u64::from(holder.most), left);
                if may_here || !there.is_empty() {
                    self.look_at(theirs, holder.tile, (may_here, &there));
                }
                // Tiles come in order: no later one has a better victim of this class.
                if self.best.is_some_and(|best| best.lost <= least) {
                    return Some(());
                }
            }
        }
        Some(())
    }

    /// Tries every item of one class on a tile, for places there and elsewhere.
    fn look_at(&mut self, theirs: JobClassIndex, tile: TileIndex, (may_here, there): (bool, &[Place])) {
        let (explainer, lowered) = (self.explainer, self.explainer.occupancy.lowered());
        let starts = &self.open_starts[lowered.group_of(tile).at()];
        let may_stay = |start: &Timestamp| explainer.bonds.broken(self.class, tile, *start).is_empty();
        for item in explainer.occupancy.items(tile).iter().filter(|item| item.class == theirs) {
            let here = starts.iter().filter(|start| may_here && may_stay(start)).map(|&start| (tile, start));
            let there = there.iter().map(|place| (place.tile, place.start));
            for (target, start) in here.chain(there) {
                let Some(count) = needed(explainer, self.class, (target, start), (tile, item)) else { continue };
                let victim =
                    Victim { lost: lost(explainer, theirs, count), tile, item: Item { count, ..*item }, target };
                let is_better = self.best.is_none_or(|best| victim < best);
                if victim.lost < self.gain && leaves_gang(explainer, &victim.item) && is_better {
                    self.best = Some(victim);
                }
            }
        }
    }

    /// Whether so many capsules of one class could make room on their own tile, of which so much is left in a bucket.
    fn may_open_here(
        &self,
        (theirs, group): (JobClassIndex, GroupIndex),
        most: u64,
        left: impl Fn(usize) -> Resources,
    ) -> bool {
        let (occupancy, lowered) = (self.explainer.occupancy, self.explainer.occupancy.lowered());
        let (asked, gives) = (lowered.draw(self.class, group), lowered.draw(theirs, group));
        self.open_starts[group.at()].iter().any(|&start| {
            let mut over = occupancy.buckets(self.class, group, start);
            over.all(|bucket| covers(asked, &left(bucket), gives, most))
        })
    }

    /// Whether the accounts above a group would let one capsule in, were so many capsules of one class there gone.
    fn is_open_above(&self, (theirs, group): (JobClassIndex, GroupIndex), most: u64) -> bool {
        self.open_starts[group.at()].iter().any(|&start| {
            let mut over = self.explainer.occupancy.buckets(self.class, group, start);
            over.all(|bucket| self.covers_above((group, theirs, group), bucket, most))
        })
    }

    /// Whether so many capsules of one class in a group could make room at a place that accounts block.
    fn may_open_there(&self, place: &Place, (theirs, from): (JobClassIndex, GroupIndex), most: u64) -> bool {
        let (occupancy, lowered) = (self.explainer.occupancy, self.explainer.occupancy.lowered());
        let group = lowered.group_of(place.tile);
        let mut over = occupancy.buckets(self.class, group, place.start);
        over.all(|bucket| self.covers_above((group, theirs, from), bucket, most))
    }

    /// Whether the accounts above a group have room for one capsule once so many of another class in a group are gone.
    fn covers_above(
        &self,
        (group, theirs, from): (GroupIndex, JobClassIndex, GroupIndex),
        bucket: usize,
        most: u64,
    ) -> bool {
        let (occupancy, lowered) = (self.explainer.occupancy, self.explainer.occupancy.lowered());
        lowered.group(group).path.iter().all(|&(account, level)| {
            let drawn = |&(at, level)| (at == account).then(|| lowered.draw_at(theirs, from, level));
            let gives = lowered.group(from).path.iter().find_map(drawn).unwrap_or_default();
            let asked = lowered.draw_at(self.class, group, level);
            covers(&asked, occupancy.account_left(account, bucket), &gives, most)
        })
    }
}

/// Whether what is left, with so much given back so many times, covers what is asked.
fn covers(asked: &Resources, left: &Resources, gives: &Resources, most: u64) -> bool {
    (0..Kind::COUNT).all(|k| asked.0[k] <= left.0[k].saturating_add(gives.0[k].saturating_mul(most)))
}

/// The classes whose capsules may be taken for this class, with what one of them loses: less than `gain`, the least first.
fn losers(explainer: &Explainer<'_, '_>, class: JobClassIndex, gain: u128) -> Vec<(u128, JobClassIndex)> {
    let all = explainer.occupancy.lowered().class_indexes().filter(|&theirs| may_go(explainer, class, theirs));
    let mut losers: Vec<_> = all.map(|theirs| (lost(explainer, theirs, 1), theirs)).collect();
    losers.retain(|&(lost, _)| lost < gain);
    losers.sort_unstable();
    losers
}

/// Every item that could go as a whole for less than `gain` and might make room for `short` capsules, those that lose least
/// first.
pub(super) fn whole_items(explainer: &Explainer<'_, '_>, class: JobClassIndex, gain: u128, short: u64) -> Vec<Victim> {
    let lowered = explainer.occupancy.lowered();
    let asked = lowered.group_indexes().map(|group| draw(explainer, class, group, least)).reduce(|a, b| a.least(&b));
    let asked = asked.unwrap_or_default();
    let may_help = |tile: TileIndex, item: &Item| {
        let freed = draw(explainer, item.class, lowered.group_of(tile), most);
        let let_in = most_let_in(&freed, u64::from(item.count), &asked);
        may_go(explainer, class, item.class) && let_in >= short && leaves_gang(explainer, item)
    };
    let tiles = (0..lowered.tiles.len()).map(TileIndex::new);
    let all = tiles.flat_map(|tile| explainer.occupancy.items(tile).iter().map(move |item| (tile, *item)));
    let victims = all.filter(|(tile, item)| may_help(*tile, item));
    let victims =
        victims.map(|(tile, item)| Victim { lost: lost(explainer, item.class, item.count), tile, item, target: tile });
    let mut victims: Vec<Victim> = victims.filter(|victim| victim.lost < gain).collect();
    victims.sort_unstable();
    victims
}

/// What a capsule draws from a tile, with one bandwidth for all levels.
fn draw(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    group: GroupIndex,
    choose: fn(&[u64]) -> u64,
) -> Resources {
    let lowered = explainer.occupancy.lowered();
    lowered.draw(class, group).with(Kind::Bandwidth, choose(&lowered.job(class).demand.bandwidth_bps))
}

fn most(amounts: &[u64]) -> u64 {
    amounts.iter().copied().max().unwrap_or(0)
}

fn least(amounts: &[u64]) -> u64 {
    amounts.iter().copied().filter(|&amount| amount > 0).min().unwrap_or(0)
}

/// The most capsules that freed amounts could let in beside what was left over: each is let in by some kind, on the tile or
/// above it.
fn most_let_in(freed: &Resources, count: u64, asked: &Resources) -> u64 {
    let through = |(freed, asked): (&u64, &u64)| {
        freed.saturating_mul(count).checked_div(*asked).map_or(0, |whole| whole.saturating_add(1))
    };
    freed.0.iter().zip(&asked.0).map(through).fold(0, u64::saturating_add)
}

/// Whether capsules may be taken for this class: preemptible, of classes that trade, nothing else needs them near, and their
/// job need not stay at several locations.
fn may_go(explainer: &Explainer<'_, '_>, class: JobClassIndex, theirs: JobClassIndex) -> bool {
    let job = explainer.occupancy.lowered().job(theirs);
    // Classes A and B have floors that no market can take.
    let trades = matches!(job.service, ServiceClass::C | ServiceClass::D);
    let is_spread_out = job.spread.is_some_and(|spread| spread.least > 1);
    let is_needed = is_spread_out || explainer.bonds.is_wanted_near(theirs);
    theirs != class && job.preemptible && trades && !is_needed
}

fn leaves_gang(explainer: &Explainer<'_, '_>, item: &Item) -> bool {
    let left = explainer.occupancy.placed(item.class) - u64::from(item.count);
    explainer.occupancy.lowered().partial_gang(item.class, left) == 0
}

/// What taking capsules loses. Which of them earn a bonus is not known here, so it counts as lost.
fn lost(explainer: &Explainer<'_, '_>, theirs: JobClassIndex, count: u32) -> u128 {
    let job = explainer.occupancy.lowered().job(theirs);
    u128::from(job.bid) * u128::from(count) + u128::from(job.bonus)
}

/// How many capsules of an item must go before one of the class fits a place; `None` where all of them are not enough.
fn needed(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    (target, start): (TileIndex, Timestamp),
    (tile, item): (TileIndex, &Item),
) -> Option<u32> {
    let (occupancy, lowered) = (explainer.occupancy, explainer.occupancy.lowered());
    let (group, from) = (lowered.group_of(target), lowered.group_of(tile));
    let theirs = occupancy.buckets(item.class, from, item.start);
    let mut count = 1;
    for bucket in occupancy.buckets(class, group, start) {
        let ends_then = theirs.contains(&bucket);
        let gives = if ends_then && target == tile { *lowered.draw(item.class, from) } else { Resources::ZERO };
        count = count.max(times_to_cover(lowered.draw(class, group), occupancy.tile_left(target, bucket), &gives)?);
        for &(account, level) in &lowered.group(group).path {
            let drawn = |&(at, level)| (at == account).then(|| lowered.draw_at(item.class, from, level));
            let gives = if ends_then { lowered.group(from).path.iter().find_map(drawn) } else { None };
            let asked = lowered.draw_at(class, group, level);
            let left = occupancy.account_left(account, bucket);
            count = count.max(times_to_cover(&asked, left, &gives.unwrap_or_default())?);
        }
    }
    let opens = device_room(explainer, class, (target, start), (tile, item));
    u32::try_from(count).ok().filter(|&count| opens && count <= item.count)
}

/// How many times `gives` must be added to `left` before it covers `asked`; at least one.
fn times_to_cover(asked: &Resources, left: &Resources, gives: &Resources) -> Option<u64> {
    let mut times = 1;
    for k in 0..Kind::COUNT {
        let short = asked.0[k].saturating_sub(left.0[k]);
        if short > 0 {
            times = times.max(short.checked_add(gives.0[k] - u64::from(gives.0[k] > 0))?.checked_div(gives.0[k])?);
        }
    }
    Some(times)
}

/// Whether the place has devices enough once the item's are free.
fn device_room(
    explainer: &Explainer<'_, '_>,
    class: JobClassIndex,
    (target, start): (TileIndex, Timestamp),
    (tile, item): (TileIndex, &Item),
) -> bool {
    let (occupancy, lowered) = (explainer.occupancy, explainer.occupancy.lowered());
    let demand = &lowered.job(class).demand;
    if demand.devices == 0 {
        return true;
    }
    let theirs = occupancy.buckets(item.class, lowered.group_of(tile), item.start);
    let milli = lowered.job(item.class).demand.device_milli;
    let over = occupancy.buckets(class, lowered.group_of(target), start);
    let mut is_enough = vec![true; usize::from(lowered.group(lowered.group_of(target)).devices)];
    for bucket in over {
        let is_freed = theirs.contains(&bucket) && target == tile;
        let left = occupancy.devices_left(target, bucket..bucket + 1);
        for (device, (left, enough)) in left.zip(&mut is_enough).enumerate() {
            let freed = if is_freed && item.devices >> device & 1 == 1 { milli } else { 0 };
            *enough &= left + freed >= demand.device_milli;
        }
    }
    is_enough.iter().filter(|enough| **enough).count() >= usize::from(demand.devices)
}
