//! An assignment that breaks rules, repaired: whoever has a part in something broken goes where least is broken
//! (min-conflicts; Minton, Johnston, Philips & Laird 1992), and now and then somewhere worse.

use std::collections::BTreeMap;

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::construct::construct;
use super::lowered::{Lowered, NONE};
use super::state::{Move, State};

/// What one broken rule counts; a resource that a machine lacks counts as much and a thousandth for each thousandth lacking.
const BROKEN: i64 = 1_000;

/// Machines that are tried for a process; of more machines, its first one and so many that it can reach are drawn.
const TRIED: usize = 256;

/// Of a hundred processes that no machine is better for, how many go to the least bad one all the same.
const UPHILL: u64 = 10;

/// Swaps with processes elsewhere that are tried for a process that no machine is better for.
const SWAPS: usize = 48;

/// Passes after which a start is given up for another.
const PASSES_MAX: usize = 200;

/// How much more chance shakes each assignment that is made anew than the one before, and the most.
const NOISE: f64 = 0.1;
const NOISE_MAX: f64 = 1.0;

/// The part of the time after which room that is still missing is left to the annealing.
const ROOM_SHARE: f64 = 0.2;

/// The start of an instance, or one made anew, repaired as far as possible, and whether every rule holds there but that of room:
/// moves of the annealing lead to room, but keep the other rules where they hold. Tries so many starts, or until the stop.
///
/// A pass takes `O(processes * machines tried * (resources + dependencies))` at most, and only for processes that have a part
/// in something broken.
pub(super) fn repair(
    instance: &Lowered,
    starts_max: Option<u32>,
    random: &mut Random,
    stop: &Stop,
) -> (Vec<u32>, bool) {
    let mut best: Option<(Rest, Vec<u32>)> = None;
    let mut tried = 0;
    loop {
        // The start itself comes first: what stays there costs nothing.
        let start = match tried {
            0 => instance.start.clone(),
            _ => construct(instance, (f64::from(tried - 1) * NOISE).min(NOISE_MAX), random, stop),
        };
        let mut repair = Repair::new(instance, &start);
        repair.mend(random, stop);
        let rest = Rest { breaks_rules: !repair.keeps_rules(), broken: repair.broken() };
        if best.as_ref().is_none_or(|(least, _)| rest < *least) {
            best = Some((rest, repair.state.machines().to_vec()));
        }
        tried += 1;
        let is_last = starts_max.is_some_and(|most| tried >= most);
        let is_over = |rest: &Rest| rest.broken == 0 || is_last || is_over(!rest.breaks_rules, stop);
        if let Some((rest, machines)) = best.take_if(|(rest, _)| is_over(rest)) {
            return (machines, !rest.breaks_rules);
        }
    }
}

/// What is left broken: any rules but that of room, and how much altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rest {
    breaks_rules: bool,
    broken: i64,
}

/// Whether to leave off: the stop is raised, or room is all that is missing, and it is time for the annealing.
fn is_over(keeps_rules: bool, stop: &Stop) -> bool {
    stop.is_raised() || keeps_rules && stop.progress() > ROOM_SHARE
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
    fn new(instance: &'a Lowered, start: &[u32]) -> Repair<'a> {
        let mut counts = BTreeMap::new();
        for (&service, &machine) in instance.service.iter().zip(start) {
            *counts.entry((service as usize, machine as usize)).or_default() += 1;
        }
        Repair { instance, state: State::new(instance, start), counts }
    }

    /// Sends away whoever has a part in something broken, pass by pass.
    fn mend(&mut self, random: &mut Random, stop: &Stop) {
        for _ in 0..PASSES_MAX {
            let keeps_rules = self.keeps_rules();
            if !self.is_broken() || is_over(keeps_rules, stop) {
                return;
            }
            let mut culprits: Vec<usize> =
                (0..self.instance.processes).filter(|&process| self.has_part(process)).collect();
            random.shuffle(&mut culprits);
            for process in culprits {
                if is_over(keeps_rules, stop) {
                    return;
                }
                // What went before may have cured it.
                if self.has_part(process) {
                    self.send_away(process, random);
                }
            }
        }
    }

    /// How much is broken altogether.
    fn broken(&self) -> i64 {
        let lacking: i64 = (0..self.instance.machines).map(|machine| self.state.lacking(machine)).sum();
        let crowded: i64 = self.counts.values().map(|&count| (count - 1).max(0)).sum();
        let of_service = |service: usize| {
            let unmet: i64 = (0..self.instance.neighborhoods).map(|at| self.unmet(service, at)).sum();
            i64::from(self.state.locations_missing(service)) + unmet
        };
        lacking + BROKEN * (crowded + (0..self.instance.rules.len()).map(of_service).sum::<i64>())
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
                _ => reach.draw(process, |_| true, random),
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
        let Some(((difference, _), to)) = best else { return };
        if difference >= 0 && self.swap(process, random) {
            return;
        }
        if difference <= 0 || random.below(100) < UPHILL {
            self.shift(process, to);
        }
    }

    /// Lets a process change places with one elsewhere, the best of some drawn; whether less is broken then.
    fn swap(&mut self, process: usize, random: &mut Random) -> bool {
        let (from, reach) = (self.state.machine_of(process), &self.instance.reach);
        let may = |process: usize, to: usize| to == self.state.home(process) || reach.contains(process, to);
        let mut tries = Vec::new();
        for _ in 0..SWAPS {
            let to = reach.draw(process, |_| true, random);
            let members = self.state.members(to);
            let Some(&other) = members.get(random.index(members.len().max(1))) else { continue };
            let other = other as usize;
            if to != from && self.service(other) != self.service(process) && may(process, to) && may(other, from) {
                tries.push((other, to));
            }
        }
        let mut best: Option<(i64, usize, usize)> = None;
        for (other, to) in tries {
            let before = self.broken_around_both(process, other, (from, to));
            self.shift(process, to);
            self.shift(other, from);
            let after = self.broken_around_both(process, other, (from, to));
            self.shift(other, to);
            self.shift(process, from);
            let difference = after - before;
            if difference < best.map_or(0, |(least, _, _)| least) {
                best = Some((difference, other, to));
            }
        }
        if let Some((_, other, to)) = best {
            self.shift(process, to);
            self.shift(other, from);
        }
        best.is_some()
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
        self.state.lacking(from) + self.state.lacking(to) + self.rules_broken(self.service(process), from, to)
    }

    /// What is broken of all that two processes of different services change when they change places.
    fn broken_around_both(&self, one: usize, other: usize, (from, to): (usize, usize)) -> i64 {
        self.broken_around(one, from, to) + self.rules_broken(self.service(other), from, to)
    }

    /// What is broken of the rules of a service on two machines.
    fn rules_broken(&self, service: usize, from: usize, to: usize) -> i64 {
        let crowded = [from, to].map(|machine| (self.count(service, machine) - 1).max(0));
        let [home, away] = [from, to].map(|machine| self.instance.neighborhood[machine] as usize);
        let unmet = self.unmet(service, home) + if home == away { 0 } else { self.unmet(service, away) };
        BROKEN * (crowded[0] + crowded[1] + i64::from(self.state.locations_missing(service)) + unmet)
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
