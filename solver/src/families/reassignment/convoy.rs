//! Convoys: a process goes to another neighborhood although what it depends on is not there, or what depends on it stays
//! behind, and these follow, one after another. Alone none of them could ever leave.

use crate::support::random::Random;

use super::lowered::{Lowered, NONE};
use super::state::{Move, State};
use super::trail::Trail;

/// Of a thousand steps, how many convoys are tried as well where dependencies keep every process from every machine.
const TRIED: u64 = 30;

/// How many processes and machines are drawn to learn how often dependencies keep one from the other.
const PROBED: u64 = 1_000;

/// Moves of a convoy at most, the first one included.
const LENGTH_MAX: usize = 6;

/// How many processes of a service are looked at as those that follow.
const SAMPLE: usize = 4;

/// How many machines are drawn for each of them, besides its home.
const DRAWN: usize = 4;

/// Of a hundred convoys tried, how many begin with a process that goes home.
const HOME: u64 = 25;

/// Who can move in a convoy, and where to.
#[derive(Debug)]
pub(super) struct Fleet<'a> {
    instance: &'a Lowered,
    /// Processes that can move and have dependencies or dependants.
    bound: Vec<u32>,
    /// The processes of each service.
    members: Vec<Vec<u32>>,
    /// The machines of each neighborhood.
    machines: Vec<Vec<u32>>,
}

/// A process of a service that must come to a neighborhood, from another one if that is told.
#[derive(Clone, Copy, Debug)]
struct Need {
    service: usize,
    from: Option<usize>,
    to: usize,
}

impl<'a> Fleet<'a> {
    /// Looks up who has dependencies; nobody has where there is one neighborhood.
    pub(super) fn new(instance: &'a Lowered) -> Fleet<'a> {
        let has_row = |&process: &u32| {
            let service = instance.service[process as usize] as usize;
            instance.neighborhoods > 1 && instance.rules[service].dependency_row != NONE
        };
        Fleet {
            instance,
            bound: instance.reach.movable().iter().copied().filter(has_row).collect(),
            members: grouped(&instance.service, instance.rules.len()),
            machines: grouped(&instance.neighborhood, instance.neighborhoods),
        }
    }

    /// Nobody.
    pub(super) fn none(instance: &'a Lowered) -> Fleet<'a> {
        Fleet { instance, bound: Vec::new(), members: Vec::new(), machines: Vec::new() }
    }

    /// Whether dependencies keep nobody from any machine.
    pub(super) fn is_empty(&self) -> bool {
        self.bound.is_empty()
    }

    /// How many convoys are tried beside so many steps while it is hot, and how many once it is cold: as many more as dependencies
    /// keep more processes where they are. Groups that left while it was hot would not come back where few convoys are tried.
    /// Draws nothing where there are no dependencies.
    pub(super) fn tried(&self, state: &State, steps: u64, random: &mut Random) -> [u64; 2] {
        if self.is_empty() {
            return [0; 2];
        }
        let kept = (0..PROBED).filter(|_| self.begin(state, random).is_some()).count() as u64;
        let (bound, movable) = (self.bound.len() as u64, state.reach().movable().len() as u64);
        let cold = (steps * TRIED * bound * kept / (1_000 * PROBED * movable)).max(1);
        [if 2 * kept > PROBED { cold } else { 0 }, cold]
    }

    /// Some process and a machine that dependencies keep it from, if those drawn are such.
    fn begin(&self, state: &State, random: &mut Random) -> Option<(usize, usize)> {
        let process = self.bound[random.index(self.bound.len())] as usize;
        let is_for_home = random.below(100) < HOME;
        let to = if is_for_home { state.home(process) } else { state.draw_machine(process, random) };
        self.is_worth_it(state, process, to).then_some((process, to))
    }

    /// Whether dependencies keep a process from a machine, and no more must follow it than a convoy has room for.
    fn is_worth_it(&self, state: &State, process: usize, to: usize) -> bool {
        let service = self.instance.service[process] as usize;
        let [from, to] = [state.machine_of(process), to].map(|machine| self.neighborhood(machine));
        if from == to {
            return false;
        }
        let rules = &self.instance.rules[service];
        let lacking = rules.dependencies.iter().filter(|&&on| state.neighbors(on as usize, to) == 0).count();
        let left = |&by: &u32| state.neighbors(by as usize, from) as usize;
        let is_last = state.neighbors(service, from) == 1;
        let stranded = if is_last { rules.dependants.iter().map(left).sum() } else { 0 };
        // One that the process depends on and that depends on it is counted twice.
        lacking + stranded > 0 && lacking.max(stranded) < LENGTH_MAX
    }

    fn neighborhood(&self, machine: usize) -> usize {
        self.instance.neighborhood[machine] as usize
    }
}

/// The numbers of all that has each name.
fn grouped(names: &[u32], count: usize) -> Vec<Vec<u32>> {
    let mut groups = vec![Vec::new(); count];
    (0..).zip(names).for_each(|(number, &name)| groups[name as usize].push(number));
    groups
}

/// A convoy, and the next in its place.
#[derive(Debug, Default)]
pub(super) struct Convoy {
    trail: Trail,
}

impl Convoy {
    /// The processes that moved.
    pub(super) fn processes(&self) -> impl Iterator<Item = usize> {
        self.trail.processes()
    }

    /// Some process goes somewhere that dependencies keep it from, and others follow. Where all rules hold in the end and the
    /// cost rises by no more than a limit, the convoy stands; otherwise everything is as before. The result tells which.
    pub(super) fn drive(&mut self, state: &mut State, fleet: &Fleet, limit: f64, random: &mut Random) -> bool {
        self.trail.clear();
        let Some((process, to)) = fleet.begin(state, random) else { return false };
        let before = state.cost();
        let mut next = step(state, fleet, (process, to), random);
        for _ in 0..LENGTH_MAX {
            let Some((step, _)) = next else { break };
            self.trail.go(state, step);
            match self.need(state, fleet) {
                Some(need) => next = self.follow(state, fleet, need, random),
                None if state.cost() - before <= limit => return true,
                None => break,
            }
        }
        self.trail.take_back(state);
        false
    }

    /// What dependencies lack first. They held before, so that only what moved can have broken them.
    fn need(&self, state: &State, fleet: &Fleet) -> Option<Need> {
        self.trail.links().iter().find_map(|&(process, from)| {
            let service = fleet.instance.service[process] as usize;
            let [from, to] = [from, state.machine_of(process)].map(|machine| fleet.neighborhood(machine));
            let rules = &fleet.instance.rules[service];
            if from == to || rules.dependency_row == NONE {
                return None;
            }
            let lacks = |&&on: &&u32| state.neighbors(on as usize, to) == 0;
            let lacking =
                rules.dependencies.iter().find(lacks).map(|&on| Need { service: on as usize, from: None, to });
            let is_left = |&&by: &&u32| state.neighbors(by as usize, from) > 0;
            let left = || rules.dependants.iter().find(is_left);
            let is_gone = state.neighbors(service, from) == 0;
            let stranded = || left().map(|&by| Need { service: by as usize, from: Some(from), to });
            lacking.or_else(|| is_gone.then(stranded).flatten())
        })
    }

    /// The cheapest of some moves that bring a process where it is needed.
    fn follow(&self, state: &State, fleet: &Fleet, need: Need, random: &mut Random) -> Option<(Move, f64)> {
        let (members, machines) = (&fleet.members[need.service], &fleet.machines[need.to]);
        let mut best: Option<(Move, f64)> = None;
        for at in 0..SAMPLE.min(members.len()) {
            let at = if members.len() <= SAMPLE { at } else { random.index(members.len()) };
            let process = members[at] as usize;
            let here = fleet.neighborhood(state.machine_of(process));
            if here == need.to || need.from.is_some_and(|from| from != here) || self.has(process) {
                continue;
            }
            let home = Some(state.home(process)).filter(|&home| fleet.neighborhood(home) == need.to);
            let drawn: [usize; DRAWN] = std::array::from_fn(|_| machines[random.index(machines.len())] as usize);
            for to in drawn.into_iter().chain(home) {
                let Some((step, rise)) = step(state, fleet, (process, to), random) else { continue };
                let is_new = !matches!(step, Move::Swap { other, .. } if self.has(other));
                if is_new && best.is_none_or(|(_, least)| rise < least) {
                    best = Some((step, rise));
                }
            }
        }
        best
    }

    fn has(&self, process: usize) -> bool {
        self.processes().any(|one| one == process)
    }
}

/// How a process comes to a machine if dependencies do not matter, and what that adds to the cost: it finds room, or some
/// process there makes room for it.
fn step(state: &State, fleet: &Fleet, (process, to): (usize, usize), random: &mut Random) -> Option<(Move, f64)> {
    let told = |step| state.difference_but_for_dependencies(step).map(|rise| (step, rise));
    told(Move::Shift { process, to }).or_else(|| {
        let members = state.members(to);
        let other = *members.get(random.index(members.len()))? as usize;
        let is_same = fleet.instance.service[process] == fleet.instance.service[other];
        (!is_same).then(|| told(Move::Swap { one: process, other })).flatten()
    })
}
