//! An instance as flat tables, ordered so that a move touches a few rows.

use std::collections::BTreeMap;

use lessor_models::families::reassignment::{Parts, ReassignmentInstance, Service};

use crate::support::stop::Stop;

use super::reach::Reach;

/// No row: nothing constrains the service there.
pub(super) const NONE: usize = usize::MAX;

/// Columns of the cost tables come in pairs, so that two are added at once.
const LANES: usize = 2;

/// The tables of an instance.
///
/// A machine's cost is a sum of positive parts: with `D` columns, one for each resource and each balance, it is the sum of
/// `max(0, idle[machine, d] + sum over its processes of burden[process, d])`, weights included.
#[derive(Debug)]
pub(super) struct Lowered {
    pub(super) processes: usize,
    pub(super) machines: usize,
    pub(super) resources: usize,
    /// Columns of `burden` and `idle`.
    pub(super) columns: usize,
    /// Where each process runs before.
    pub(super) start: Vec<u32>,
    /// What a process needs where it comes to: a row of resources for each.
    needs: Vec<i64>,
    /// The same without what it needs at its start whether it is there or not.
    lasting: Vec<i64>,
    /// What a process adds to the columns of its machine.
    burden: Vec<f64>,
    /// The columns of each machine while nothing runs there.
    pub(super) idle: Vec<f64>,
    /// What each machine has of each resource.
    pub(super) capacities: Vec<i64>,
    /// The service of each process.
    pub(super) service: Vec<u32>,
    pub(super) rules: Vec<Rules>,
    /// The location of each machine, and how many there are.
    pub(super) location: Vec<u32>,
    pub(super) locations: usize,
    /// The neighborhood of each machine, and how many there are.
    pub(super) neighborhood: Vec<u32>,
    pub(super) neighborhoods: usize,
    /// Weighted costs of leaving the start.
    leaving: Vec<f64>,
    between: Between,
    /// What the most moves within a service weigh.
    pub(super) service_weight: f64,
    /// Where each process can ever run.
    pub(super) reach: Reach,
}

/// What constrains a service, with the rows where its counts are kept.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// The row of its machines, unless it has a single process.
    pub(super) conflict_row: usize,
    /// The row of its locations, if it must spread over more than one.
    pub(super) spread_row: usize,
    pub(super) spread: u32,
    /// The row of its neighborhoods, if anything depends on it or it on anything.
    pub(super) dependency_row: usize,
    pub(super) dependencies: Vec<u32>,
    pub(super) dependants: Vec<u32>,
}

impl Lowered {
    /// Lowers an instance; a stop leaves out where processes can go.
    pub(super) fn new(instance: &ReassignmentInstance, stop: &Stop) -> Lowered {
        let parts = instance.parts();
        let resources = parts.resources.len();
        let columns = (resources + parts.balances.len()).next_multiple_of(LANES);
        let (location, locations) = numbered(parts.machines.iter().map(|machine| machine.location));
        let (neighborhood, neighborhoods) = numbered(parts.machines.iter().map(|machine| machine.neighborhood));
        let needs = parts.processes.iter().flat_map(|process| process.needs.iter().copied().map(whole));
        let lasts = parts.resources.iter().map(|resource| !resource.is_transient);
        let lasting = parts.processes.iter().flat_map(|process| {
            process.needs.iter().zip(lasts.clone()).map(|(&need, lasts)| if lasts { whole(need) } else { 0 })
        });
        let weights = parts.weights;
        Lowered {
            processes: parts.processes.len(),
            machines: parts.machines.len(),
            resources,
            columns,
            start: parts.start.clone(),
            needs: needs.collect(),
            lasting: lasting.collect(),
            burden: parts.processes.iter().flat_map(|process| burden(parts, columns, &process.needs)).collect(),
            idle: (0..parts.machines.len()).flat_map(|machine| idle(parts, columns, machine)).collect(),
            capacities: parts
                .machines
                .iter()
                .flat_map(|machine| machine.capacities.iter().copied().map(whole))
                .collect(),
            service: parts.processes.iter().map(|process| process.service).collect(),
            rules: rules(parts),
            location,
            locations,
            neighborhood,
            neighborhoods,
            leaving: parts.processes.iter().map(|process| product(weights.process, process.move_cost)).collect(),
            between: Between::new(parts),
            service_weight: weights.service as f64,
            reach: Reach::new(parts, stop),
        }
    }

    /// What a process needs of each resource on a machine beyond what it leaves there when it goes: at its start, only what
    /// is not transient.
    pub(super) fn needs(&self, process: usize, machine: usize) -> &[i64] {
        let rows = if self.start[process] as usize == machine { &self.lasting } else { &self.needs };
        &rows[process * self.resources..(process + 1) * self.resources]
    }

    /// All that a process needs of each resource.
    pub(super) fn all_needs(&self, process: usize) -> &[i64] {
        &self.needs[process * self.resources..(process + 1) * self.resources]
    }

    /// What a process adds to the columns of its machine.
    pub(super) fn burden(&self, process: usize) -> &[f64] {
        &self.burden[process * self.columns..(process + 1) * self.columns]
    }

    /// What a process adds to its machine's columns, in absolute terms.
    pub(super) fn weight(&self, process: usize) -> f64 {
        self.burden(process).iter().map(|burden| burden.abs()).sum()
    }

    /// What it costs that a process moves to a machine from its start.
    pub(super) fn move_cost(&self, process: usize, machine: usize) -> f64 {
        let start = self.start[process] as usize;
        let between = self.between.of(start * self.machines + machine);
        if start == machine { between } else { between + self.leaving[process] }
    }
}

/// Weighted costs of every pair of machines, a row for each that is left. There are so many that bytes count: where they differ
/// by little, a byte each.
#[derive(Debug)]
enum Between {
    /// Whole multiples, and what one is worth.
    Small(Vec<u8>, f64),
    Any(Vec<f64>),
}

impl Between {
    fn new(parts: &Parts) -> Between {
        let weight = parts.weights.machine;
        let costs = || parts.machines.iter().flat_map(|machine| machine.move_costs.iter().copied());
        let small: Option<Vec<u8>> = costs().map(|cost| u8::try_from(cost).ok()).collect();
        small.map_or_else(
            || Between::Any(costs().map(|cost| product(weight, cost)).collect()),
            |small| Between::Small(small, weight as f64),
        )
    }

    #[inline]
    fn of(&self, pair: usize) -> f64 {
        match self {
            Between::Small(costs, weight) => f64::from(costs[pair]) * weight,
            Between::Any(costs) => costs[pair],
        }
    }
}

/// Coefficients are at most 2^53.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn product(a: u64, b: u64) -> f64 {
    a as f64 * b as f64
}

fn burden(parts: &Parts, columns: usize, needs: &[u64]) -> Vec<f64> {
    let load = parts.resources.iter().zip(needs).map(|(resource, &need)| product(resource.load_weight, need));
    let balance = parts.balances.iter().map(|balance| {
        let (first, second) = (needs[balance.first as usize] as f64, needs[balance.second as usize] as f64);
        balance.weight as f64 * (second - balance.target as f64 * first)
    });
    padded(load.chain(balance), columns, 0.0)
}

fn idle(parts: &Parts, columns: usize, machine: usize) -> Vec<f64> {
    let machine = &parts.machines[machine];
    let load = parts.resources.iter().zip(&machine.safety);
    let load = load.map(|(resource, &safety)| -product(resource.load_weight, safety));
    let balance = parts.balances.iter().map(|balance| {
        let capacity = |at: u32| machine.capacities[at as usize] as f64;
        balance.weight as f64 * (balance.target as f64 * capacity(balance.first) - capacity(balance.second))
    });
    padded(load.chain(balance), columns, 0.0)
}

fn padded(numbers: impl Iterator<Item = f64>, length: usize, with: f64) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.resize(length, with);
    numbers
}

/// Names as numbers from zero, and how many there are.
fn numbered(names: impl Iterator<Item = u32>) -> (Vec<u32>, usize) {
    let mut numbers = BTreeMap::new();
    let named = names.map(|name| {
        let next = u32::try_from(numbers.len()).expect("there are fewer numbers than 32-bit names");
        *numbers.entry(name).or_insert(next)
    });
    let named = named.collect();
    (named, numbers.len())
}

fn rules(parts: &Parts) -> Vec<Rules> {
    let mut sizes = vec![0_usize; parts.services.len()];
    for process in &parts.processes {
        sizes[process.service as usize] += 1;
    }
    let mut dependants = vec![Vec::new(); parts.services.len()];
    for (service, rules) in (0..).zip(&parts.services) {
        for &on in rules.dependencies.iter().filter(|&&on| on != service) {
            dependants[on as usize].push(service);
        }
    }
    let mut rows = [0_usize; 3];
    let mut row = |kind: usize, is_needed: bool| {
        let next = rows[kind];
        rows[kind] += usize::from(is_needed);
        if is_needed { next } else { NONE }
    };
    let of_service = |(at, service): (usize, &Service)| {
        let dependants = std::mem::take(&mut dependants[at]);
        let others = service.dependencies.iter().copied().filter(|&on| on as usize != at);
        let dependencies: Vec<u32> = others.collect();
        Rules {
            conflict_row: row(0, sizes[at] > 1),
            spread_row: row(1, service.spread > 1),
            spread: service.spread,
            dependency_row: row(2, !dependencies.is_empty() || !dependants.is_empty()),
            dependencies,
            dependants,
        }
    };
    parts.services.iter().enumerate().map(of_service).collect()
}
