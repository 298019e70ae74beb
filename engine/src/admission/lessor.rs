//! The policy of our own: a request goes where the worth of the room falls least.
//!
//! ```text
//! cost = worth(before) - worth(after)                              what others can no longer use
//!      + chance of a shortage * devices * what a shortage costs    where choosier ones may want the room
//!      + price of a watt * free share * growth of the power        while room of every kind is plentiful, power matters more
//!        without what begun devices and blocks leave to others
//!      + a hundredth of the device that is broken into             of equals, the fuller device
//! ```
//!
//! in millionths of a device. The worth comes from an appraisal under the mix of requests heard ([`lessor_solver::appraisal`]), the
//! chances from what only some tiles can hold ([`super::choosy`]). A shortage costs a device, or what the heaviest device draws
//! where that is dearer: else a dear watt would outweigh every chance, and save power at the cost of those who can go nowhere
//! else.

use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_solver::appraisal::{Appraisal, Asked, DEVICE_WORTH, Left};

use super::board::Board;
use super::choosy::Choosy;
use super::mix::Mix;
use super::policy::{Freshness, Policy, Rating};
use super::power::PowerModel;
use super::room::Room;
use super::want::Want;

/// What a whole device costs to break into, in millionths of one, beside what it loses.
const WHOLE_DEVICE: i64 = 10_000;

/// The most that a device costs where room is short: a thousand devices.
const SHORTAGE_MAX: i64 = 1_000 * DEVICE_WORTH;

/// Requests between looks at the tiles: an eighth of the tiles, and of the sorts that were heard of, so that looks cost each
/// request little, and a small cluster is looked at often before it is full.
const LOOKS_A_TILE: u64 = 8;

/// Steps in which the free share is told apart, so that ratings hold while it changes a little.
const SHARE_STEPS: u64 = 16;

/// The policy.
#[derive(Clone, Debug)]
pub(super) struct Lessor {
    power: PowerModel,
    /// What a watt costs on empty tiles, in millionths of a device.
    watt: i64,
    /// What a device costs where room is short, in millionths of one; at least a device.
    shortage: i64,
    mix: Mix,
    appraisal: Appraisal,
    choosy: Choosy,
    /// The share that is free of what is scarcest, in sixteenths.
    free: u64,
    heard: u64,
    /// How many requests are heard when the tiles are looked at again.
    next_look: u64,
}

impl Lessor {
    /// The policy on tiles that draw as a model says; a watt costs so many millionths of a device while all of them are empty.
    #[must_use]
    pub(super) fn new(power: PowerModel, watt: i64) -> Lessor {
        let heaviest = i64::try_from(power.heaviest_mw()).unwrap_or(i64::MAX).saturating_mul(watt) / 1_000;
        Lessor {
            power,
            watt,
            shortage: heaviest.clamp(DEVICE_WORTH, SHORTAGE_MAX),
            mix: Mix::default(),
            appraisal: Appraisal::unknowing(),
            choosy: Choosy::default(),
            free: SHARE_STEPS,
            heard: 0,
            next_look: 0,
        }
    }

    fn worth(&self, room: &Room) -> i64 {
        let (compute, memory) = (room.left.get(Kind::Compute), room.left.get(Kind::Memory));
        self.appraisal.worth(&Left { devices: room.devices(), compute, memory })
    }

    fn charged_mw(&self, room: &Room) -> i64 {
        self.power.charged_mw(room, |milli| self.appraisal.remainder(milli))
    }

    /// What it costs to hold devices of a room that was worth so much and drew so much before.
    fn cost(&self, want: &Want, (room, worth, charged_mw): (&Room, i64, i64), devices: u64) -> i64 {
        let after = room.after(want, devices);
        let lost = worth - self.worth(&after);
        let grown = self.charged_mw(&after).saturating_sub(charged_mw);
        let price = self.watt * i64::try_from(self.free).unwrap_or(i64::MAX);
        let power = grown.saturating_mul(price) / (1_000 * i64::try_from(SHARE_STEPS).unwrap_or(i64::MAX));
        let short = self.choosy.cost(want, room, &after).saturating_mul(self.shortage) / DEVICE_WORTH;
        lost + short + power + breaking(want, room, devices)
    }

    /// Looks at the tiles; whether anything that costs depend on has changed.
    fn look(&mut self, board: &Board) -> bool {
        let free = free_share(board);
        let choosy = Choosy::of(&self.mix, board);
        let has_changed = free != self.free || choosy != self.choosy;
        self.next_look = self.heard + (board.rooms().len().max(self.mix.len()) as u64 / LOOKS_A_TILE).max(1);
        (self.free, self.choosy) = (free, choosy);
        has_changed
    }
}

impl Policy for Lessor {
    fn rate(&self, want: &Want, _tile: usize, room: &Room) -> Rating {
        let before = (room, self.worth(room), self.charged_mw(room));
        let rated =
            room.choices(want.devices).map(|devices| Rating { cost: self.cost(want, before, devices), devices });
        rated.min_by_key(|rating| rating.cost).unwrap_or(Rating { cost: i64::MAX, devices: 0 })
    }

    fn hear(&mut self, want: &Want, board: &Board) -> Freshness {
        self.heard += 1;
        let is_due = self.mix.hear(want);
        if is_due {
            let asked: Vec<Asked> = self.mix.sorts().map(|(want, count)| asked(want, count)).collect();
            self.appraisal = Appraisal::of(&asked, board.largest());
        }
        let has_changed = self.heard >= self.next_look && self.look(board);
        if is_due || has_changed { Freshness::Stale } else { Freshness::Kept }
    }
}

/// The share that is free of the devices, or of the compute or memory of tiles that have devices where less of it is, in
/// sixteenths. O(tiles).
fn free_share(board: &Board) -> u64 {
    let steps = |all: u128, left: u128| {
        let steps = u128::from(SHARE_STEPS);
        (left * steps * 2 + all).checked_div(all * 2).map_or(0, |share| u64::try_from(share.min(steps)).unwrap_or(0))
    };
    let of = |kind: Kind| {
        let limited = |room: &&Room| !room.devices().is_empty() && room.limit.get(kind) != UNLIMITED;
        let add = |(all, left): (u128, u128), room: &Room| {
            (all + u128::from(room.limit.get(kind)), left + u128::from(room.left.get(kind)))
        };
        let (all, left) = board.rooms().iter().filter(limited).fold((0, 0), add);
        if all == 0 { SHARE_STEPS } else { steps(all, left) }
    };
    let (all, left) = board.milli();
    steps(all.into(), left.into()).min(of(Kind::Compute)).min(of(Kind::Memory))
}

fn asked(want: &Want, count: u64) -> Asked {
    Asked {
        devices: want.devices.count,
        milli: want.devices.milli,
        compute: want.draw.get(Kind::Compute),
        memory: want.draw.get(Kind::Memory),
        count,
    }
}

/// A little for what is left of the device that a share goes onto.
fn breaking(want: &Want, room: &Room, devices: u64) -> i64 {
    if want.devices.count != 1 {
        return 0;
    }
    let left = room.devices().get(devices.trailing_zeros() as usize).copied().unwrap_or(0);
    WHOLE_DEVICE * i64::from(left) / i64::from(DEVICE_MILLI)
}
