//! A plan without the moves that no order allows: what cannot move stays where it runs, and whoever was to have its place
//! goes.
//!
//! Capsules that were to move are taken off the seats that they would have entered, and put back on those that they would
//! have left. What is there by then gives way: first what did not run and is worth less, then what came from elsewhere, which is
//! put back on its own seat in its turn. Where that is not enough, because an account above is taken up or a rule forbids the
//! seat, or where what would be lost for it is worth more, everything there stays. Of such capsules those that are worth least
//! stop: they are left out, with a reason, like any other job. For the others that may have made way.

use std::collections::VecDeque;

use lessor_models::plan::{HeldBack, Seat};

use super::{OfClass, OnTile, Running, put_back, sit};
use crate::lowering::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, Occupancy};

/// What becomes of capsules that cannot move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resort {
    /// They stay, and others make room.
    Stay,
    /// They stop.
    Stop,
}

/// A capsule on its way back.
#[derive(Clone, Copy, Debug)]
struct Return {
    class: JobClassIndex,
    /// Where it ran.
    home: OnTile,
    /// The seat that it was to enter; `None` where it made room for another.
    entered: Option<OnTile>,
}

/// The part of those that can go neither way that stops at once.
pub const STOPPING: usize = 4;

impl Running {
    /// Takes moves out of a plan.
    ///
    /// O(tiles), and for each capsule that comes back the items on its tile and the seats of its job.
    pub fn hold_back(&self, occupancy: &mut Occupancy<'_>, moves: &[HeldBack], resort: Resort) {
        let lowered = occupancy.lowered();
        let tile_of = lowered.tile_of_nodes();
        let seat = |seat: Seat| OnTile { tile: tile_of[&seat.tile], count: 1, devices: seat.devices };
        let mut back: VecDeque<Return> = VecDeque::new();
        for held in moves {
            let class = lowered.class_of_job[held.job.at()];
            let (home, entered) = (seat(held.from), seat(held.to));
            let taken = take_off(occupancy, class, entered, held.count);
            back.extend((0..taken).map(|_| Return { class, home, entered: Some(entered) }));
        }
        if resort == Resort::Stop {
            return;
        }
        let mut stuck: Vec<(JobClassIndex, OnTile)> = Vec::new();
        while let Some(Return { class, home, entered }) = back.pop_front() {
            let Some(gone) = self.return_to(occupancy, class, home) else {
                stuck.extend(entered.map(|entered| (class, entered)));
                continue;
            };
            for class in gone {
                let home = self.of_class(class).and_then(|of_class| of_class.vacated(occupancy, &back));
                back.extend(home.map(|home| Return { class, home, entered: None }));
            }
        }
        stuck.sort_by_key(|&(class, entered)| worth_of_all(occupancy, class, lowered.group_of(entered.tile)));
        let stopping = stuck.len().div_ceil(STOPPING);
        for (class, entered) in stuck.into_iter().skip(stopping) {
            sit(occupancy, (class, &[]), entered, false);
        }
    }

    /// Puts one capsule back on its seat; the classes of those that gave way, one for each. `None`, and nothing changes, where it
    /// is not worth what would be lost for it, or where they are not enough.
    fn return_to(
        &self,
        occupancy: &mut Occupancy<'_>,
        class: JobClassIndex,
        row: OnTile,
    ) -> Option<Vec<JobClassIndex>> {
        let group = occupancy.lowered().group_of(row.tile);
        let own = worth_of_all(occupancy, class, group);
        let (mut gone, mut lost): (Vec<Item>, i128) = (Vec::new(), 0);
        while put_back(occupancy, (class, &[]), row) == 0 {
            let guest = self.guest(occupancy, (class, row.tile), own);
            if let Some((position, loss)) = guest.filter(|(_, loss)| lost + loss <= own) {
                gone.push(Item { count: 1, ..occupancy.items(row.tile)[position] });
                occupancy.take(row.tile, position, 1);
                lost += loss;
            } else {
                gone.into_iter().for_each(|item| occupancy.place(row.tile, item));
                return None;
            }
        }
        Some(gone.into_iter().map(|item| item.class).collect())
    }

    /// Whether anything of a class runs when the plan begins.
    #[must_use]
    pub fn has(&self, class: JobClassIndex) -> bool {
        self.of_class(class).is_some()
    }

    /// Whether a class that runs stays wherever it can: it may not be preempted, or what must be near it may not.
    #[must_use]
    pub fn is_pinned(&self, class: JobClassIndex) -> bool {
        self.of_class(class).is_some_and(|of_class| of_class.is_pinned)
    }

    pub(super) fn of_class(&self, class: JobClassIndex) -> Option<&OfClass> {
        self.of_index.get(&class).map(|&at| &self.of_classes[at])
    }

    /// The capsule on a tile that gives way to one of a class, and what is lost with it: one that did not run at all and is worth
    /// less, the one that is worth least; else one that ran elsewhere, where it goes back; else any that did not run there.
    fn guest(
        &self,
        occupancy: &Occupancy<'_>,
        (class, tile): (JobClassIndex, TileIndex),
        own: i128,
    ) -> Option<(usize, i128)> {
        let lowered = occupancy.lowered();
        let group = lowered.group_of(tile);
        let guests = occupancy.items(tile).iter().enumerate();
        let guests = guests.filter(|(_, item)| !item.is_current && item.class != class);
        let losses = guests.map(|(at, item)| {
            let ran = self.has(item.class);
            let worth = i128::from(lowered.worth_from(item.class, group, item.start));
            let loss = if ran { 0 } else { worth_of_all(occupancy, item.class, group) };
            ((loss > own, ran, worth, at), loss)
        });
        losses.min_by_key(|&(order, _)| order).map(|((_, _, _, at), loss)| (at, loss))
    }
}

impl OfClass {
    /// A seat that fewer hold than ran there, those on their way back counted.
    fn vacated(&self, occupancy: &Occupancy<'_>, back: &VecDeque<Return>) -> Option<OnTile> {
        let is_vacant = |row: &&OnTile| {
            let items = occupancy.items(row.tile).iter();
            let there = items.filter(|item| (item.class, item.devices) == (self.class, row.devices));
            let there: usize = there.map(|item| item.count as usize).sum();
            let seat = (self.class, row.tile, row.devices);
            let coming =
                back.iter().filter(|coming| (coming.class, coming.home.tile, coming.home.devices) == seat).count();
            there + coming < row.count as usize
        };
        self.rows.iter().find(is_vacant).map(|row| OnTile { count: 1, ..*row })
    }
}

/// What is lost where a capsule stops: what it is worth in a group, and all placed capsules of a gang that needs each.
fn worth_of_all(occupancy: &Occupancy<'_>, class: JobClassIndex, group: GroupIndex) -> i128 {
    let lowered = occupancy.lowered();
    let capsules = if lowered.job(class).gang_min > 1 { 1 + occupancy.placed(class) } else { 1 };
    i128::from(lowered.worth(class, group).unwrap_or(0)) * i128::from(capsules)
}

/// Takes capsules of a class off a seat; how many there were, at most `count`.
fn take_off(occupancy: &mut Occupancy<'_>, class: JobClassIndex, seat: OnTile, count: u32) -> u32 {
    let OnTile { tile, devices, .. } = seat;
    let mut due = count;
    for position in (0..occupancy.items(tile).len()).rev() {
        let item = occupancy.items(tile)[position];
        let taken = due.min(item.count);
        if (item.class, item.devices, item.is_current) == (class, devices, false) && taken > 0 {
            occupancy.take(tile, position, taken);
            due -= taken;
        }
    }
    count - due
}
