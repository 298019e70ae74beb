//! What it costs to take room that a choosier request may want.
//!
//! Some requests lie on tiles of few classes only, and some need several whole devices of one tile. Where what is to come of them,
//! until the devices are given out, may want all the room that suits them, others pay for taking it the chance of that: the
//! rule of Littlewood (1972).

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

/// Gangs that are looked at, at most: those that hold most devices in all.
const GANGS_MAX: usize = 32;

/// Requests that need at least so many whole devices of one tile, and at least so much beside them.
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
        let gangs = gangs(mix).into_iter().map(|gang| {
            let seen = gang.seen(mix);
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
        let needs_less = self.gangs.iter().filter(|(gang, _)| gang.times(want) == 0);
        let for_gang = needs_less.map(of_gang).max().unwrap_or(0);
        (for_class + for_gang) / i64::from(STEPS)
    }
}

impl Gang {
    /// How many such requests a tile has room for.
    fn rooms(&self, room: &Room) -> u64 {
        let whole = room.whole_devices() as u64;
        self.within(whole, room.left.get(Kind::Compute), room.left.get(Kind::Memory))
    }

    /// How many such requests are in a want; none where it needs less of something.
    fn times(&self, want: &Want) -> u64 {
        self.within(want.devices.count.into(), want.draw.get(Kind::Compute), want.draw.get(Kind::Memory))
    }

    fn within(&self, devices: u64, compute: u64, memory: u64) -> u64 {
        let times = devices / u64::from(self.devices);
        if times == 0 {
            return 0;
        }
        let by = |has: u64, each: u64| has.checked_div(each).unwrap_or(u64::MAX);
        times.min(by(compute, self.compute)).min(by(memory, self.memory))
    }

    /// What was seen of requests that need at least as much, in devices of as many such requests as each takes the room of.
    fn seen(&self, mix: &Mix) -> Seen {
        let mut seen = Seen { asks: mix.asks(), sum: 0, squares: 0 };
        for (want, count) in mix.sorts() {
            let held = self.times(want) * u64::from(self.devices);
            seen.sum += count * held;
            seen.squares += count * held * held;
        }
        seen
    }
}

/// The sorts of requests for several devices, those that hold most in all first.
fn gangs(mix: &Mix) -> Vec<Gang> {
    let mut ranked: Vec<(u64, &Want)> = mix
        .sorts()
        .filter(|(want, _)| want.devices.count > 1)
        .map(|(want, count)| (count * want.devices.total(), want))
        .collect();
    ranked.sort_by_key(|&(milli, want)| (std::cmp::Reverse(milli), want));
    let gang = |want: &Want| Gang {
        devices: want.devices.count,
        compute: want.draw.get(Kind::Compute),
        memory: want.draw.get(Kind::Memory),
    };
    ranked.into_iter().take(GANGS_MAX).map(|(_, want)| gang(want)).collect()
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
