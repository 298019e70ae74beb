//! Simulated annealing (Kirkpatrick, Gelatt & Vecchi 1983) over shifts, swaps and chains of two shifts.
//!
//! A move sends an item to one of its candidate agents and, most of the time, an item of that agent on to where the first
//! came from or to a candidate of its own. Loads may exceed capacities at a price that rises while they do and falls while
//! they do not (strategic oscillation; Glover 1977), so that the search passes along the border of what fits.

use crate::support::random::Random;
use crate::support::stop::Stop;

use super::candidates::Candidates;
use super::lowered::Lowered;

/// Moves between two looks at the stop and at the price of overload.
const BLOCK: u64 = 4_096;

/// How much the price of overload changes from block to block.
const ADAPT: f64 = 1.05;

/// Agents tried for one item at most.
const AGENTS_MAX: usize = 10;

/// An assignment with its loads.
#[derive(Clone, Debug)]
pub(super) struct LoadedAssignment {
    pub(super) agents: Vec<u32>,
    pub(super) loads: Vec<i128>,
    pub(super) cost: i128,
    /// By how much the loads exceed the capacities together.
    pub(super) overload: i128,
    members: Vec<Vec<u32>>,
    places: Vec<u32>,
}

impl LoadedAssignment {
    pub(super) fn new(instance: &Lowered, agents: Vec<u32>) -> LoadedAssignment {
        let mut members = vec![Vec::new(); instance.agents];
        let mut loads = vec![0; instance.agents];
        let mut places = Vec::with_capacity(agents.len());
        let mut cost = 0;
        for (item, &agent) in agents.iter().enumerate() {
            let at = agent as usize;
            places.push(narrow(members[at].len()));
            members[at].push(narrow(item));
            loads[at] += heavy(instance, (item, at));
            cost += i128::from(instance.cost(item, at));
        }
        let overload = loads.iter().zip(0..).map(|(&load, agent)| over(instance, agent, load)).sum();
        LoadedAssignment { agents, loads, cost, overload, members, places }
    }

    fn shift(&mut self, instance: &Lowered, item: usize, to: usize) {
        let from = self.agents[item] as usize;
        self.cost += i128::from(instance.cost(item, to) - instance.cost(item, from));
        self.overload -= over(instance, from, self.loads[from]) + over(instance, to, self.loads[to]);
        self.loads[from] -= heavy(instance, (item, from));
        self.loads[to] += heavy(instance, (item, to));
        self.overload += over(instance, from, self.loads[from]) + over(instance, to, self.loads[to]);
        let place = self.places[item] as usize;
        self.members[from].swap_remove(place);
        if let Some(&moved) = self.members[from].get(place) {
            self.places[moved as usize] = narrow(place);
        }
        self.places[item] = narrow(self.members[to].len());
        self.members[to].push(narrow(item));
        self.agents[item] = narrow(to);
    }
}

/// What an item weighs with an agent, for sums of many.
fn heavy(instance: &Lowered, (item, agent): (usize, usize)) -> i128 {
    i128::from(instance.weight(item, agent))
}

/// By how much a load exceeds an agent's capacity.
fn over(instance: &Lowered, agent: usize, load: i128) -> i128 {
    (load - i128::from(instance.capacities[agent])).max(0)
}

pub(super) fn narrow(index: usize) -> u32 {
    u32::try_from(index).expect("items and agents are counted in 32 bits")
}

/// How one annealing goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// Temperature at the start and at the end, in cost.
    pub(super) hot: f64,
    pub(super) cold: f64,
    /// Moves tried.
    pub(super) moves: u64,
    /// Cost of a unit of overload at the start.
    pub(super) overload: f64,
}

/// Anneals from a state; returns the cheapest feasible assignment met, with its cost.
pub(super) fn anneal(
    instance: &Lowered,
    candidates: &Candidates,
    mut state: LoadedAssignment,
    schedule: &Schedule,
    (random, stop): (&mut Random, &Stop),
) -> Option<(i128, Vec<u32>)> {
    let mut best = (state.overload == 0).then(|| (state.cost, state.agents.clone()));
    let mut price = schedule.overload;
    let blocks = schedule.moves.div_ceil(BLOCK).max(1);
    for block in 0..blocks {
        let part = block as f64 / blocks as f64;
        let temperature = schedule.hot * (schedule.cold / schedule.hot).powf(part);
        let mut feasible = 0_u64;
        for _ in 0..BLOCK {
            if try_move(instance, candidates, &mut state, (temperature, price), random) && state.overload == 0 {
                feasible += 1;
                if best.as_ref().is_none_or(|(cost, _)| state.cost < *cost) {
                    best = Some((state.cost, state.agents.clone()));
                }
            }
        }
        stop.spend(BLOCK);
        if stop.is_raised() {
            break;
        }
        price = if feasible == 0 { price * ADAPT } else { (price / ADAPT).max(schedule.overload / 10.0) };
    }
    best
}

/// Draws a move and makes it where chance allows; whether it was made.
fn try_move(
    instance: &Lowered,
    candidates: &Candidates,
    state: &mut LoadedAssignment,
    (temperature, price): (f64, f64),
    random: &mut Random,
) -> bool {
    let item = random.index(instance.items);
    let from = state.agents[item] as usize;
    let to = draw_agent(candidates.agents(item), random);
    let Some(to) = to.filter(|&to| to != from) else { return false };
    let other = if random.below(8) == 0 || state.members[to].is_empty() {
        None
    } else {
        Some(state.members[to][random.index(state.members[to].len())] as usize)
    };
    let onward = other.and_then(|other| {
        if random.below(2) == 0 {
            Some(from)
        } else {
            draw_agent(candidates.agents(other), random).filter(|&on| on != to)
        }
    });
    let over = |agent: usize, load: i128| over(instance, agent, load);
    let mut change = instance.cost(item, to) - instance.cost(item, from);
    let mut overload = 0;
    let loads = &state.loads;
    let (mut from_load, mut to_load) =
        (loads[from] - heavy(instance, (item, from)), loads[to] + heavy(instance, (item, to)));
    if let (Some(other), Some(onward)) = (other, onward) {
        change += instance.cost(other, onward) - instance.cost(other, to);
        to_load -= heavy(instance, (other, to));
        if onward == from {
            from_load += heavy(instance, (other, from));
        } else {
            overload += over(onward, loads[onward] + heavy(instance, (other, onward))) - over(onward, loads[onward]);
        }
    }
    overload += over(from, from_load) - over(from, loads[from]) + over(to, to_load) - over(to, loads[to]);
    let rise = change as f64 + price * overload as f64;
    if !random.accepts(rise, temperature) {
        return false;
    }
    state.shift(instance, item, to);
    if let (Some(other), Some(onward)) = (other, onward) {
        state.shift(instance, other, onward);
    }
    true
}

/// A candidate; the better, the likelier.
fn draw_agent(agents: &[u32], random: &mut Random) -> Option<usize> {
    let count = agents.len().min(AGENTS_MAX);
    let at = random.index(count).min(random.index(count));
    agents.get(at).map(|&agent| agent as usize)
}
