//! What it costs to take room that a choosier request may want.
//!
//! Some requests lie on tiles of few classes only, and some need several whole devices of one tile. Where what is to come of them,
//! until the devices are given out, may want all the room that suits them, others pay for taking it the chance of that: the
//! rule of Littlewood (1972).

use std::collections::BTreeSet;

use lessor_models::resources::Kind;
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_solver::appraisal::DEVICE_WORTH;
use lessor_solver::appraisal::odds::{STEPS, Seen, shortage};

use super::board::Board;
use super::mix::Mix;
use super::room::Room;
use super::want::Want;
use crate::ledger::ClassSet;

/// Sets of classes that are looked at, at most: those wanted most often.
const SETS_MAX: usize = 64;

/// Requests that need so many whole devices, as they are on average.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gang {
    devices: u8,
    compute: u64,
    memory: u64,
}

/// The chances that room will be short, in sixteenths; only those above zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choosy {
    sets: Vec<(ClassSet, u32)>,
    gangs: Vec<(Gang, u32)>,
}

impl Choosy {
    /// The chances under a mix on tiles as they stand. O((sets + gangs) x (sorts + tiles)).
    pub(super) fn of(mix: &Mix, board: &Board) -> Choosy {
        let wanted: u64 = mix.sorts().map(|(want, count)| count * want.devices.total()).sum();
        if wanted == 0 {
            return Choosy::default();
        }
        let (_, left) = board.milli();
        let to_come = left as f64 * mix.asks() as f64 / wanted as f64;
        let sets = class_sets(mix).into_iter().map(|set| (set, set_shortage(set, mix, board, to_come)));
        let counts: BTreeSet<u8> = mix.sorts().map(|(want, _)| want.devices.count).filter(|&count| count > 1).collect();
        let gangs = counts.into_iter().map(|devices| gang(devices, mix));
        let gangs = gangs.map(|(gang, seen)| {
            let room: u64 = board.rooms().iter().map(|room| gang.rooms(room)).sum();
            (gang, shortage(&seen, to_come, room * u64::from(gang.devices)))
        });
        let is_likely = |chance: u32| chance > 0;
        Choosy {
            sets: sets.filter(|&(_, chance)| is_likely(chance)).collect(),
            gangs: gangs.filter(|&(_, chance)| is_likely(chance)).collect(),
        }
    }

    /// What a want would pay for changing a tile so, in millionths of a device.
    pub(super) fn cost(&self, want: &Want, before: &Room, after: &Room) -> i64 {
        let is_choosier = |set: &ClassSet| set.has(before.class) && !want.classes.is_within(*set);
        let of_sets = self.sets.iter().filter(|(set, _)| is_choosier(set)).map(|&(_, chance)| chance).max();
        let milli = i64::try_from(want.devices.total()).unwrap_or(i64::MAX);
        let for_class = i64::from(of_sets.unwrap_or(0)) * milli * (DEVICE_WORTH / i64::from(DEVICE_MILLI));
        let of_gang = |&(gang, chance): &(Gang, u32)| {
            let lost = gang.rooms(before).saturating_sub(gang.rooms(after)) * u64::from(gang.devices);
            i64::try_from(lost).unwrap_or(i64::MAX).saturating_mul(DEVICE_WORTH) * i64::from(chance)
        };
        let smaller = self.gangs.iter().filter(|(gang, _)| want.devices.count < gang.devices);
        let for_gang = smaller.map(of_gang).max().unwrap_or(0);
        (for_class + for_gang) / i64::from(STEPS)
    }
}

impl Gang {
    /// How many such requests a tile has room for.
    fn rooms(&self, room: &Room) -> u64 {
        let whole = room.whole_devices() as u64 / u64::from(self.devices);
        if whole == 0 {
            return 0;
        }
        let by = |kind: Kind, each: u64| room.left.get(kind) / each.max(1);
        whole.min(by(Kind::Compute, self.compute)).min(by(Kind::Memory, self.memory))
    }
}

/// The sets of classes that requests for devices are restricted to, the most wanted first.
fn class_sets(mix: &Mix) -> Vec<ClassSet> {
    let mut sets: std::collections::BTreeMap<ClassSet, u64> = std::collections::BTreeMap::new();
    for (want, count) in mix.sorts().filter(|(want, _)| want.devices.count > 0 && want.classes != ClassSet::ALL) {
        *sets.entry(want.classes).or_default() += count * want.devices.total();
    }
    let mut ranked: Vec<(ClassSet, u64)> = sets.into_iter().collect();
    ranked.sort_by_key(|&(set, milli)| (std::cmp::Reverse(milli), set));
    ranked.into_iter().take(SETS_MAX).map(|(set, _)| set).collect()
}

fn set_shortage(set: ClassSet, mix: &Mix, board: &Board, to_come: f64) -> u32 {
    let mut seen = Seen { asks: mix.asks(), sum: 0, squares: 0 };
    for (want, count) in mix.sorts().filter(|(want, _)| want.devices.count > 0 && want.classes.is_within(set)) {
        let milli = want.devices.total();
        seen.sum += count * milli;
        seen.squares += count * milli * milli;
    }
    let room = board.rooms().iter().filter(|room| set.has(room.class)).map(Room::milli_left).sum();
    shortage(&seen, to_come, room)
}

/// The mean of requests for at least so many devices, taken as so many, and what was seen of them, in devices.
fn gang(devices: u8, mix: &Mix) -> (Gang, Seen) {
    let mut seen = Seen { asks: mix.asks(), sum: 0, squares: 0 };
    let (mut compute, mut memory) = (0_u128, 0_u128);
    for (want, count) in mix.sorts().filter(|(want, _)| want.devices.count >= devices) {
        let held = u64::from(want.devices.count);
        seen.sum += count * held;
        seen.squares += count * held * held;
        compute += u128::from(count) * u128::from(want.draw.get(Kind::Compute));
        memory += u128::from(count) * u128::from(want.draw.get(Kind::Memory));
    }
    let each = |sum: u128| {
        u64::try_from(sum * u128::from(devices) / u128::from(seen.sum.max(1))).expect("a mean is within 64 bits")
    };
    (Gang { devices, compute: each(compute), memory: each(memory) }, seen)
}
