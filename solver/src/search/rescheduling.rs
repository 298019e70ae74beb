//! Moving what is placed to better places and starts: the search once nothing more fits, or nothing is missing.
//!
//! A capsule that is worth more elsewhere takes a place there; what stands in its way is ejected and goes to the best place
//! that is left for it, and so does some more of that tile, to loosen it (ejection chains; Glover 1996). All of it stays where
//! the plan is then worth more, and none of it otherwise. Nothing that is placed is ever lost. Where the use of tiles costs, what
//! leaves a strained tile is worth more elsewhere by what it relieves, and what was ejected stays out where it would strain every
//! tile by more than it is worth.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use lessor_models::time::Timestamp;

use super::change::{Change, kept, put};
use super::{Round, stays};
use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, Occupancy};
use crate::plan::openings::Openings;
use crate::plan::rank;
use crate::support::random::Random;
use crate::support::stop::Stop;

/// Capsules drawn for an attempt, of which the one that could gain most moves (tournament selection; Goldberg & Deb 1991).
const ENTRANTS: usize = 4;

/// The better places of a capsule that are looked at, best first.
const PLACES_MAX: usize = 96;

/// Groups that are looked at for one class; more are sampled.
const GROUPS_MAX: usize = 64;

/// Places and starts that are looked at for a capsule that was ejected, best first.
const OFFERS_MAX: usize = 4_000;

/// What one attempt counts for in moves, and how many there are in a round.
const ATTEMPT_MOVES: u64 = 20;
const ATTEMPTS: u64 = 400;

/// Attempts without an improvement, by tile, after which further ones are unlikely to help.
const IDLE_PER_TILE: u64 = 60;

/// Least of those.
const IDLE_MIN: u64 = 1_000;

/// Most of those.
const IDLE_MAX: u64 = 20_000;

/// A place and a start of a class, and what a capsule is worth there.
type Offer = (i64, GroupIndex, Timestamp);

/// The search's memory between rounds.
#[derive(Debug)]
pub struct Rescheduling {
    random: Random,
    idle: u64,
    /// The most that a capsule of each class is worth anywhere.
    best: Vec<i64>,
}

impl Rescheduling {
    /// A search over what is placed. O(classes times groups).
    #[must_use]
    pub fn new(lowered: &Lowered<'_>, seed: u64) -> Rescheduling {
        let worth = |class| lowered.group_indexes().filter_map(move |group| lowered.worth(class, group)).max();
        let best = lowered.class_indexes().map(|class| worth(class).unwrap_or(0)).collect();
        Rescheduling { random: Random::new(seed), idle: 0, best }
    }

    /// Some attempts, at most about `most` moves.
    pub fn round(&mut self, occupancy: &mut Occupancy<'_>, stop: &Stop, most: u64) -> Round {
        let lowered = occupancy.lowered();
        let tiles = lowered.tiles.len() as u64;
        let idle_max = (tiles * IDLE_PER_TILE).clamp(IDLE_MIN, IDLE_MAX);
        let mut moves = 0;
        while moves < most.min(ATTEMPTS * ATTEMPT_MOVES) && !stop.is_raised() && self.idle < idle_max {
            moves += ATTEMPT_MOVES;
            self.idle = if self.attempt(occupancy) { 0 } else { self.idle + 1 };
        }
        Round { moves, is_exhausted: self.idle >= idle_max || moves == 0 }
    }

    /// Tries to better one capsule; whether the plan is worth more.
    fn attempt(&mut self, occupancy: &mut Occupancy<'_>) -> bool {
        let Some((tile, position)) = self.tournament(occupancy) else { return false };
        let lowered = occupancy.lowered();
        let item = occupancy.items(tile)[position];
        let least = kept(occupancy, tile, &item);
        let better: Vec<Offer> =
            self.offers(occupancy, item.class).take_while(|offer| offer.0 > least).take(PLACES_MAX).collect();
        if better.is_empty() {
            return false;
        }
        // The better the likelier.
        let at = self.random.index(better.len()).min(self.random.index(better.len()));
        let (offered, group, start) = better[at];
        let range = lowered.group(group).tiles.clone();
        let target = TileIndex::new(range.start + self.random.index(range.len()));
        let mut change = Change::default();
        let first = change.take(occupancy, tile, position);
        let is_put = self.make_room(occupancy, &mut change, (target, first.class, start));
        change.gain += i128::from(offered);
        if !is_put || !self.put_back_others(occupancy, &mut change) || change.gain <= 0 {
            change.undo(occupancy);
            return false;
        }
        true
    }

    /// The capsule of some drawn that could gain most, if any could.
    fn tournament(&mut self, occupancy: &Occupancy<'_>) -> Option<(TileIndex, usize)> {
        let lowered = occupancy.lowered();
        let mut most: Option<(i64, TileIndex, usize)> = None;
        for _ in 0..ENTRANTS {
            let tile = TileIndex::new(self.random.index(lowered.tiles.len()));
            let items = occupancy.items(tile);
            if items.is_empty() {
                continue;
            }
            let position = self.random.index(items.len());
            let item = &items[position];
            if stays(lowered, item) {
                continue;
            }
            let regret = self.best[item.class.at()].saturating_sub(kept(occupancy, tile, item));
            if regret > 0 && most.is_none_or(|(known, _, _)| regret > known) {
                most = Some((regret, tile, position));
            }
        }
        most.map(|(_, tile, position)| (tile, position))
    }

    /// Ejects what stands in the way of a capsule on a tile, and now and then some more, and puts the capsule there.
    fn make_room(
        &mut self,
        occupancy: &mut Occupancy<'_>,
        change: &mut Change,
        (tile, class, start): (TileIndex, JobClassIndex, Timestamp),
    ) -> bool {
        let lowered = occupancy.lowered();
        let group = lowered.group_of(tile);
        if lowered.group(group).closed {
            return false;
        }
        let over = occupancy.buckets(class, group, start);
        let mut spare = self.random.below(3);
        loop {
            let fits = occupancy.fits_tile(tile, class, start) && occupancy.path_room(class, group, start, 1) == 1;
            if fits && spare == 0 {
                break;
            }
            let meets = |item: &Item| {
                let runs = occupancy.buckets(item.class, group, item.start);
                !stays(lowered, item) && runs.start < over.end && over.start < runs.end
            };
            let items = occupancy.items(tile).iter().enumerate();
            let in_the_way: Vec<usize> = items.filter(|(_, item)| meets(item)).map(|(position, _)| position).collect();
            if in_the_way.is_empty() {
                if fits {
                    break;
                }
                return false;
            }
            if fits {
                spare -= 1;
            }
            let position = in_the_way[self.random.index(in_the_way.len())];
            change.take(occupancy, tile, position);
        }
        put(occupancy, change, (tile, class, start))
    }

    /// Puts what was ejected, all but the capsule that moved, where it is worth most; whether all of it found a place.
    fn put_back_others(&mut self, occupancy: &mut Occupancy<'_>, change: &mut Change) -> bool {
        let lowered = occupancy.lowered();
        let mut others: Vec<(f64, Item)> = Vec::new();
        for (tile, item) in change.taken().skip(1) {
            let size = rank::size(lowered, item.class, lowered.group_of(tile));
            others.push((size * (0.5 + self.random.unit()), item));
        }
        others.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, item) in others {
            let mut offers = self.offers(occupancy, item.class).take(OFFERS_MAX);
            let mut openings = Openings::new(occupancy, item.class);
            let found = offers.find_map(|(worth, group, start)| Some((worth, openings.tile(group, start)?, start)));
            let Some((worth, tile, start)) = found else {
                if lowered.strain.is_free() {
                    return false;
                }
                continue;
            };
            if occupancy.worthwhile(tile, (item.class, start), (worth, 1)) == 0 {
                continue;
            }
            if !put(occupancy, change, (tile, item.class, start)) {
                return false;
            }
            change.gain += i128::from(worth);
        }
        true
    }

    /// The places and starts of a class, the best first.
    fn offers<'o>(&mut self, occupancy: &Occupancy<'o>, class: JobClassIndex) -> impl Iterator<Item = Offer> + use<'o> {
        let lowered = occupancy.lowered();
        let many = lowered.groups.len();
        let from = self.random.index(many);
        let groups = (0..many).map(move |at| GroupIndex::new((from + at) % many)).take(GROUPS_MAX);
        let mut sources = Vec::new();
        let mut next: BinaryHeap<(i64, Reverse<GroupIndex>, Reverse<Timestamp>, usize)> = BinaryHeap::new();
        for group in groups.filter(|&group| lowered.earning(class, group).is_some()) {
            let mut offers = lowered.offers(class, group);
            if let Some((worth, start)) = offers.next() {
                next.push((worth, Reverse(group), Reverse(start), sources.len()));
                sources.push(offers);
            }
        }
        std::iter::from_fn(move || {
            let (worth, Reverse(group), Reverse(start), source) = next.pop()?;
            if let Some((worth, start)) = sources[source].next() {
                next.push((worth, Reverse(group), Reverse(start), source));
            }
            Some((worth, group, start))
        })
    }
}
