//! Tiles of one group while they are filled again, and what that does to a cell's share of the accounts above them.

use std::ops::Range;

use lessor_models::time::Timestamp;

use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, JobClassIndex};
use crate::lowering::strain::Load;
use crate::plan::occupancy::{Item, Occupancy};
use crate::plan::room::Room;
use crate::plan::shares::{Drawn, Shares};
use crate::support::random::Random;

/// Starts that are tried for one class on one tile.
const STARTS_MAX: usize = 12;

/// The starts to try for a class, in order: all of them from the first on or from a random one, some where they are many; the
/// first ones where they come in the order of what they cost.
pub(super) fn starts(
    lowered: &Lowered<'_>,
    class: JobClassIndex,
    group: GroupIndex,
    random: &mut Random,
) -> Vec<Timestamp> {
    let by_cost = lowered.group(group).varying.is_some();
    if lowered.grid.count() == 1 && !by_cost {
        return vec![lowered.job(class).earliest];
    }
    let mut starts: Vec<Timestamp> = lowered.starts(class, group).collect();
    let many = starts.len();
    if many > 1 && random.below(2) == 1 {
        starts.rotate_left(random.index(many));
    } else if by_cost {
        starts.truncate(STARTS_MAX);
        return starts;
    }
    starts.into_iter().step_by(many.div_ceil(STARTS_MAX).max(1)).collect()
}

/// What a capsule may add to what its tile is strained by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearable {
    /// Less than it earns, and than so many micro-credits.
    Below(i64),
    /// Anything: whoever chose it weighed that against all that comes with it.
    Anything,
}

/// What a refill did to the headroom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Credit,
    Debit,
}

/// Tiles of one group while they are refilled.
pub(super) struct Refill<'a> {
    pub(super) occupancy: &'a Occupancy<'a>,
    pub(super) group: GroupIndex,
    /// What is left of each tile.
    pub(super) rooms: Vec<Room>,
    /// What is on each tile.
    pub(super) contents: Vec<Vec<Item>>,
    /// What was done to the headroom, in order.
    log: Vec<(Drawn, Change)>,
}

impl<'a> Refill<'a> {
    /// Takes off tiles of a group what is not kept there, and gives back what it drew from the accounts above. Returns what
    /// was taken, with the position of its tile.
    pub(super) fn open(
        (occupancy, group): (&'a Occupancy<'a>, GroupIndex),
        tiles: &[&[Item]],
        mut keeps: impl FnMut(&Item) -> bool,
        headroom: &mut Shares,
    ) -> (Refill<'a>, Vec<(usize, Item)>) {
        let lowered = occupancy.lowered();
        let mut refill = Refill { occupancy, group, rooms: Vec::new(), contents: Vec::new(), log: Vec::new() };
        let mut taken = Vec::new();
        for (at, items) in tiles.iter().enumerate() {
            refill.rooms.push(Room::empty(lowered, group));
            refill.contents.push(Vec::new());
            for &item in *items {
                let drawn = refill.drawn(&item, occupancy.buckets(item.class, group, item.start));
                if keeps(&item) {
                    refill.put(at, item, &drawn.over);
                } else {
                    headroom.credit(lowered, &drawn);
                    refill.log.push((drawn, Change::Credit));
                    taken.push((at, item));
                }
            }
        }
        (refill, taken)
    }

    fn drawn(&self, item: &Item, over: Range<usize>) -> Drawn {
        Drawn { class: item.class, group: self.group, count: u64::from(item.count), over }
    }

    fn put(&mut self, at: usize, item: Item, over: &Range<usize>) {
        let lowered = self.occupancy.lowered();
        let draw = lowered.draw(item.class, self.group);
        let milli = lowered.job(item.class).demand.device_milli;
        self.rooms[at].take(draw, u64::from(item.count), (milli, item.devices), over);
        self.contents[at].push(item);
    }

    /// Adds up to `most` capsules of a class that start together, tile by tile, each where its strain can be borne. Returns how
    /// many.
    pub(super) fn add(
        &mut self,
        (class, start): (JobClassIndex, Timestamp),
        (most, strain): (u64, Bearable),
        headroom: &mut Shares,
    ) -> u64 {
        let mut left = most;
        for at in 0..self.rooms.len() {
            left -= self.add_to(at, (class, start), (left, strain), headroom);
        }
        most - left
    }

    /// Adds up to `most` capsules of a class that start together to one tile, in the same way. Returns how many.
    pub(super) fn add_to(
        &mut self,
        at: usize,
        (class, start): (JobClassIndex, Timestamp),
        (most, strain): (u64, Bearable),
        headroom: &mut Shares,
    ) -> u64 {
        let lowered = self.occupancy.lowered();
        let (draw, demand) = (*lowered.draw(class, self.group), &lowered.job(class).demand);
        let over = self.occupancy.buckets(class, self.group, start);
        let mut left = most;
        // Most classes do not fit, which is known sooner than how often they do.
        while left > 0 && self.rooms[at].left(&over).iter().all(|left| draw.fits(left)) {
            let fitting = self.rooms[at].times(&draw, &over).min(left);
            let fitting = fitting.min(if demand.devices > 0 { 1 } else { u64::from(u32::MAX) });
            if fitting == 0 {
                break;
            }
            let Some(devices) = self.rooms[at].choose_devices(demand, &over) else { break };
            let count = headroom.times(lowered, class, self.group, &over).min(fitting);
            let count = match strain {
                Bearable::Below(limit) if !lowered.strain.is_free() => {
                    let (earns, left) =
                        (lowered.earns(class, self.group, start).min(limit), self.rooms[at].left(&over));
                    let load = Load { draw: &draw, over: over.clone() };
                    lowered.strain.worthwhile(lowered.group(self.group), &load, left, (earns, count))
                }
                Bearable::Below(_) | Bearable::Anything => count,
            };
            if count == 0 {
                break;
            }
            let count = u32::try_from(count).expect("limited above");
            let item = Item { class, count, start, devices, is_current: false };
            let drawn = self.drawn(&item, over.clone());
            headroom.debit(lowered, &drawn);
            self.log.push((drawn, Change::Debit));
            self.put(at, item, &over);
            left -= u64::from(count);
        }
        most - left
    }

    /// What the use of the tiles costs, in micro-credits.
    pub(super) fn strain(&self) -> i128 {
        let lowered = self.occupancy.lowered();
        self.rooms.iter().map(|room| strain_of(lowered, self.group, room)).sum()
    }

    /// Undoes what was done to the headroom.
    pub(super) fn undo(self, headroom: &mut Shares) {
        for (drawn, change) in self.log.into_iter().rev() {
            match change {
                Change::Credit => headroom.debit(self.occupancy.lowered(), &drawn),
                Change::Debit => headroom.credit(self.occupancy.lowered(), &drawn),
            }
        }
    }
}

/// What the use of a tile costs, in micro-credits.
fn strain_of(lowered: &Lowered<'_>, group: GroupIndex, room: &Room) -> i128 {
    let all = 0..lowered.grid.count();
    i128::from(lowered.strain.cost(lowered.group(group), &all, room.left(&all)))
}

/// What the use of a tile of a group with some contents costs, in micro-credits. Nothing is computed where there is no rule.
pub(super) fn strain_of_items(occupancy: &Occupancy<'_>, group: GroupIndex, items: &[Item]) -> i128 {
    let lowered = occupancy.lowered();
    if lowered.strain.is_free() {
        return 0;
    }
    let mut room = Room::empty(lowered, group);
    for item in items {
        let over = occupancy.buckets(item.class, group, item.start);
        room.take(lowered.draw(item.class, group), u64::from(item.count), (0, 0), &over);
    }
    strain_of(lowered, group, &room)
}
