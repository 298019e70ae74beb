//! An assignment that breaks rules, repaired: whoever has a part in something broken goes where least is broken
//! (min-conflicts; Minton, Johnston, Philips & Laird 1992), and now and then somewhere worse.

use std::collections::BTreeMap;

use crate::random::Random;
use crate::stop::Stop;

use super::lowered::{Lowered, NONE};
use super::state::{Move, State};

/// What one broken rule counts; a resource that a machine lacks counts as much and a thousandth for each thousandth lacking.
const BROKEN: i64 = 1_000;

/// Machines that are tried for a process; of more machines, its first one and so many that it can reach are drawn.
const TRIED: usize = 256;

/// Of a hundred processes that no machine is better for, how many go to the least bad one all the same.
const UPHILL: u64 = 10;

/// Passes after which the search gives up.
const PASSES_MAX: usize = 200;

/// The part of the time after which room that is still missing is left to the annealing.
const ROOM_SHARE: f64 = 0.2;

/// The start of an instance, repaired as far as possible, and whether every rule holds there but that of room: moves of the
/// annealing lead to room, but keep the other rules where they hold.
///
/// A pass takes `O(processes * machines tried * (resources + dependencies))` at most, and only for processes that have a part
/// in something broken.
pub(super) fn repair(instance: &Lowered, random: &mut Random, stop: &Stop) -> (Vec<u32>, bool) {
    let mut repair = Repair::new(instance);
    let mut passes = 0;
    while repair.is_broken() && passes < PASSES_MAX {
        passes += 1;
        let lacks_room_alone = repair.keeps_rules();
        let is_over = || stop.is_raised() || lacks_room_alone && stop.progress() > ROOM_SHARE;
        if is_over() {
            break;
        }
        let mut culprits: Vec<usize> = (0..instance.processes).filter(|&process| repair.has_part(process)).collect();
        random.shuffle(&mut culprits);
        for process in culprits {
            if is_over() {
                break;
            }
            // What went before may have cured it.
            if repair.has_part(process) {
                repair.send_away(process, random);
            }
        }
    }
    (repair.state.machines().to_vec(), repair.keeps_rules())
}

/// An assignment and what is broken there. The state's own marks of conflicts are for those without any, so processes of a
/// service on a machine are counted here.
struct Repair<'a> {
    instance: &'a Lowered,
    state: State<'a>,
    /// Processes by service and machine.
    counts: BTreeMap<(usize, usize), i64>,
}

impl<'a> Repair<'a> {
    fn new(instance: &'a Lowered) -> Repair<'a> {
        let mut counts = BTreeMap::new();
        for (&service, &machine) in instance.service.iter().zip(&instance.start) {
            *counts.entry((service as usize, machine as usize)).or_default() += 1;
        }
        Repair { instance, state: State::new(instance, &instance.start), counts }
    }

    fn is_broken(&self) -> bool {
        !self.state.has_room_everywhere() || !self.keeps_rules()
    }

    fn keeps_rules(&self) -> bool {
        let neighborhoods = 0..self.instance.neighborhoods;
        self.counts.values().all(|&count| count <= 1)
            && (0..self.instance.rules.len()).all(|service| {
                self.state.locations_missing(service) == 0
                    && neighborhoods.clone().all(|neighborhood| self.unmet(service, neighborhood) == 0)
            })
    }

    /// Whether a process has a part in something broken: others may have one as well.
    fn has_part(&self, process: usize) -> bool {
        let (service, machine) = (self.service(process), self.state.machine_of(process));
        let mut neighborhoods = 0..self.instance.neighborhoods;
        self.state.missing(machine) > 0
            || self.count(service, machine) > 1
            || self.state.locations_missing(service) > 0
            || neighborhoods.any(|neighborhood| self.unmet(service, neighborhood) > 0)
    }

    /// Puts a process on the machine where least is broken then, and among those where it costs least.
    fn send_away(&mut self, process: usize, random: &mut Random) {
        let (from, home) = (self.state.machine_of(process), self.state.home(process));
        let (machines, reach) = (self.instance.machines, &self.instance.reach);
        let tried = machines.min(TRIED);
        let first = random.index(machines);
        let mut best: Option<((i64, f64), usize)> = None;
        for at in 0..tried {
            let to = match at {
                _ if tried == machines => (first + at) % machines,
                0 => home,
                _ => reach.draw(process, random),
            };
            if to == from || to != home && !reach.contains(process, to) {
                continue;
            }
            let before = (self.broken_around(process, from, to), self.state.cost());
            self.shift(process, to);
            let after = (self.broken_around(process, from, to), self.state.cost());
            self.shift(process, from);
            let key = (after.0 - before.0, after.1 - before.1);
            if best.is_none_or(|(least, _)| key < least) {
                best = Some((key, to));
            }
        }
        if let Some(((difference, _), to)) = best
            && (difference <= 0 || random.below(100) < UPHILL)
        {
            self.shift(process, to);
        }
    }

    fn shift(&mut self, process: usize, to: usize) {
        let (service, from) = (self.service(process), self.state.machine_of(process));
        for (machine, by) in [(from, -1), (to, 1)] {
            *self.counts.entry((service, machine)).or_default() += by;
        }
        self.state.apply(Move::Shift { process, to });
    }

    /// What is broken of all that a process changes when it goes from one machine to another.
    fn broken_around(&self, process: usize, from: usize, to: usize) -> i64 {
        let service = self.service(process);
        let machines =
            [from, to].map(|machine| self.state.lacking(machine) + BROKEN * (self.count(service, machine) - 1).max(0));
        let [home, away] = [from, to].map(|machine| self.instance.neighborhood[machine] as usize);
        let unmet = self.unmet(service, home) + if home == away { 0 } else { self.unmet(service, away) };
        machines[0] + machines[1] + BROKEN * (i64::from(self.state.locations_missing(service)) + unmet)
    }

    /// Dependencies of a service, and on it, that do not hold in a neighborhood.
    fn unmet(&self, service: usize, neighborhood: usize) -> i64 {
        let rules = &self.instance.rules[service];
        if rules.dependency_row == NONE {
            return 0;
        }
        let is_there = |&&other: &&u32| self.state.neighbors(other as usize, neighborhood) > 0;
        let unmet = if self.state.neighbors(service, neighborhood) > 0 {
            rules.dependencies.iter().filter(|on| !is_there(on)).count()
        } else {
            rules.dependants.iter().filter(is_there).count()
        };
        i64::try_from(unmet).expect("a service has few dependencies")
    }

    fn service(&self, process: usize) -> usize {
        self.instance.service[process] as usize
    }

    fn count(&self, service: usize, machine: usize) -> i64 {
        self.counts.get(&(service, machine)).copied().unwrap_or(0)
    }
}
