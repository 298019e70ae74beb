//! Machine reassignment (ROADEF/EURO challenge 2012): processes that run on machines move so that the machines are loaded
//! well, and little is moved for it.
//!
//! Hard constraints, for the new machine of every process:
//! - *capacity*: what a machine's processes need of a resource is at most what it has; a process that leaves a machine still
//!   needs the *transient* resources there;
//! - *conflict*: two processes of a service never share a machine;
//! - *spread*: the processes of a service are in a least number of distinct locations;
//! - *dependency*: where a service has a process in a neighborhood, so have the services that it depends on.
//!
//! The cost is a sum of five parts, see [`Cost`].

use std::collections::BTreeSet;
use std::fmt;

use super::COEFFICIENT_MAX;

/// The most that a balance may cost.
const COST_MAX: u128 = 1 << 120;

/// Something that machines have and processes need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Whether a process that moves needs it at both ends.
    pub is_transient: bool,
    /// What each unit above a machine's safety capacity costs.
    pub load_weight: u64,
}

/// A place for processes. The vectors have an entry for each resource, the move costs one for each machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Dependencies hold within a neighborhood.
    pub neighborhood: u32,
    /// Spread is over locations.
    pub location: u32,
    /// What there is of each resource.
    pub capacities: Vec<u64>,
    /// What can be used of it without a cost.
    pub safety: Vec<u64>,
    /// What moving a process from here to each machine costs.
    pub move_costs: Vec<u64>,
}

/// Processes that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// In how many distinct locations its processes are at least.
    pub spread: u32,
    /// The services that it needs in its neighborhoods.
    pub dependencies: Vec<u32>,
}

/// What moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The service it belongs to.
    pub service: u32,
    /// What it needs of each resource.
    pub needs: Vec<u64>,
    /// What moving it costs, wherever it goes.
    pub move_cost: u64,
}

/// Two resources whose free amounts should be in proportion: `target` units of the second for each of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The first resource.
    pub first: u32,
    /// The second resource.
    pub second: u32,
    /// The proportion.
    pub target: u64,
    /// What each unit costs that the second falls short.
    pub weight: u64,
}

/// What the parts of the cost of moving weigh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveWeights {
    /// The sum of the moved processes' costs.
    pub process: u64,
    /// The most moves within a service.
    pub service: u64,
    /// The sum of the costs between machines.
    pub machine: u64,
}

/// All parts of an instance, to be made one by [`ReassignmentInstance::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// What machines have and processes need.
    pub resources: Vec<Resource>,
    /// Where processes run.
    pub machines: Vec<Machine>,
    /// What processes belong to.
    pub services: Vec<Service>,
    /// What moves.
    pub processes: Vec<Process>,
    /// Pairs of resources to keep in proportion.
    pub balances: Vec<Balance>,
    /// What moving weighs.
    pub weights: MoveWeights,
    /// The machine that each process runs on before.
    pub start: Vec<u32>,
}

/// A machine reassignment problem; valid once it exists. Its start may break constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReassignmentInstance {
    parts: Parts,
}

/// Why numbers make no instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReassignmentError {
    /// A list that has not one entry for each of what it lists.
    Length {
        /// The list.
        list: String,
        /// How many entries it has.
        found: usize,
        /// How many it must have.
        expected: usize,
    },
    /// Something that names another thing which is not there.
    NoSuch {
        /// What names it.
        owner: String,
        /// What it names.
        what: &'static str,
        /// The number it gives.
        number: u32,
        /// How many there are.
        count: usize,
    },
    /// A process that runs on a machine which is not there.
    Start {
        /// The process.
        process: usize,
        /// The machine named.
        machine: u32,
        /// How many there are.
        count: usize,
    },
    /// A number above [`COEFFICIENT_MAX`].
    TooLarge {
        /// What has the number.
        owner: String,
        /// The number.
        number: u64,
    },
    /// A balance whose cost may pass 2^120, where sums of costs no longer fit.
    TooCostly {
        /// The balance.
        balance: usize,
    },
}

impl fmt::Display for ReassignmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReassignmentError::Length { list, found, expected } => {
                write!(f, "{list}: {found} numbers where {expected} are needed")
            }
            ReassignmentError::NoSuch { owner, what, number, count } => {
                write!(f, "{owner} names {what} {number}, but there are {count}, counted from zero")
            }
            ReassignmentError::Start { process, machine, count } => {
                write!(f, "process {process} runs on machine {machine}, but there are {count}, counted from zero")
            }
            ReassignmentError::TooLarge { owner, number } => {
                write!(f, "{owner} has the number {number}, which is above {COEFFICIENT_MAX}")
            }
            ReassignmentError::TooCostly { balance } => {
                write!(
                    f,
                    "balance {balance} may cost more than 2^120: its target and its weight are too large together"
                )
            }
        }
    }
}

impl std::error::Error for ReassignmentError {}

impl ReassignmentInstance {
    /// An instance of these parts.
    ///
    /// # Errors
    /// See [`ReassignmentError`].
    pub fn new(parts: Parts) -> Result<ReassignmentInstance, ReassignmentError> {
        let resources = parts.resources.len();
        for resource in &parts.resources {
            within("a resource", &[resource.load_weight])?;
        }
        for (at, machine) in parts.machines.iter().enumerate() {
            let owner = || format!("machine {at}");
            length(&machine.capacities, resources, || format!("the capacities of machine {at}"))?;
            length(&machine.safety, resources, || format!("the safety capacities of machine {at}"))?;
            length(&machine.move_costs, parts.machines.len(), || format!("the move costs of machine {at}"))?;
            let numbers = [&machine.capacities, &machine.safety, &machine.move_costs];
            numbers.iter().try_for_each(|numbers| within_of(owner, numbers))?;
        }
        for (at, service) in parts.services.iter().enumerate() {
            let owner = || format!("service {at}");
            let mut named = service.dependencies.iter();
            named.try_for_each(|&other| exists(owner, "service", other, parts.services.len()))?;
        }
        for (at, process) in parts.processes.iter().enumerate() {
            let owner = || format!("process {at}");
            length(&process.needs, resources, || format!("the needs of process {at}"))?;
            exists(owner, "service", process.service, parts.services.len())?;
            within_of(owner, &process.needs)?;
            within_of(owner, &[process.move_cost])?;
        }
        for (at, balance) in parts.balances.iter().enumerate() {
            let owner = || format!("balance {at}");
            exists(owner, "resource", balance.first, resources)?;
            exists(owner, "resource", balance.second, resources)?;
            within_of(owner, &[balance.target, balance.weight])?;
            if worst(&parts, balance).is_none_or(|cost| cost > COST_MAX) {
                return Err(ReassignmentError::TooCostly { balance: at });
            }
        }
        within("moving", &[parts.weights.process, parts.weights.service, parts.weights.machine])?;
        length(&parts.start, parts.processes.len(), || "the initial assignment".to_owned())?;
        let count = parts.machines.len();
        match parts.start.iter().enumerate().find(|&(_, &machine)| machine as usize >= count) {
            Some((process, &machine)) => Err(ReassignmentError::Start { process, machine, count }),
            None => Ok(ReassignmentInstance { parts }),
        }
    }

    /// What the instance consists of.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }
}

/// More than a balance costs in any assignment, if that fits.
fn worst(parts: &Parts, balance: &Balance) -> Option<u128> {
    let both = [balance.first as usize, balance.second as usize];
    let of = |numbers: &[u64]| both.iter().map(|&at| u128::from(numbers[at])).sum::<u128>();
    let there: u128 = parts.machines.iter().map(|machine| of(&machine.capacities)).sum();
    let needed: u128 = parts.processes.iter().map(|process| of(&process.needs)).sum();
    (there + needed).checked_mul(u128::from(balance.target) + 1)?.checked_mul(u128::from(balance.weight))
}

fn length<T>(list: &[T], expected: usize, name: impl Fn() -> String) -> Result<(), ReassignmentError> {
    if list.len() == expected {
        return Ok(());
    }
    Err(ReassignmentError::Length { list: name(), found: list.len(), expected })
}

fn exists(owner: impl Fn() -> String, what: &'static str, number: u32, count: usize) -> Result<(), ReassignmentError> {
    if (number as usize) < count {
        return Ok(());
    }
    Err(ReassignmentError::NoSuch { owner: owner(), what, number, count })
}

fn within(owner: &str, numbers: &[u64]) -> Result<(), ReassignmentError> {
    within_of(|| owner.to_owned(), numbers)
}

fn within_of(owner: impl Fn() -> String, numbers: &[u64]) -> Result<(), ReassignmentError> {
    match numbers.iter().find(|&&number| number > COEFFICIENT_MAX) {
        Some(&number) => Err(ReassignmentError::TooLarge { owner: owner(), number }),
        None => Ok(()),
    }
}

/// What an assignment costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// What is used above the safety capacities, weighted by resource.
    pub load: u128,
    /// What is free of the second resource of a balance below its proportion to the first, weighted.
    pub balance: u128,
    /// The moved processes' costs, weighted.
    pub process_moves: u128,
    /// The most moves within a service, weighted.
    pub service_moves: u128,
    /// The costs between the machines of each move, weighted.
    pub machine_moves: u128,
}

impl Cost {
    /// The sum of all parts.
    #[must_use]
    pub fn total(&self) -> u128 {
        self.load + self.balance + self.process_moves + self.service_moves + self.machine_moves
    }
}

/// A constraint that an assignment breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReassignmentFault {
    /// Not one machine for each process.
    Length {
        /// How many machines are named.
        named: usize,
        /// How many processes there are.
        processes: usize,
    },
    /// A process on a machine that is not there.
    NoSuchMachine {
        /// The process.
        process: usize,
        /// The machine named.
        machine: u32,
    },
    /// More is used than there is, what moves away from transient resources included.
    Capacity {
        /// The machine.
        machine: usize,
        /// The resource.
        resource: usize,
        /// What is used.
        used: u128,
        /// What there is.
        capacity: u64,
    },
    /// Two processes of a service on one machine.
    Conflict {
        /// The service.
        service: usize,
        /// The machine.
        machine: u32,
    },
    /// A service in too few locations.
    Spread {
        /// The service.
        service: usize,
        /// In how many it is.
        found: usize,
        /// In how many it must be.
        spread: u32,
    },
    /// A service in a neighborhood without one that it depends on.
    Dependency {
        /// The service.
        service: usize,
        /// What it depends on.
        on: u32,
        /// The neighborhood.
        neighborhood: u32,
    },
}

impl fmt::Display for ReassignmentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReassignmentFault::Length { named, processes } => {
                write!(f, "{named} machines are named for {processes} processes")
            }
            ReassignmentFault::NoSuchMachine { process, machine } => {
                write!(f, "process {process} is on machine {machine}, which is not there")
            }
            ReassignmentFault::Capacity { machine, resource, used, capacity } => {
                write!(f, "machine {machine} uses {used} of resource {resource}, where it has {capacity}")
            }
            ReassignmentFault::Conflict { service, machine } => {
                write!(f, "service {service} has two processes on machine {machine}")
            }
            ReassignmentFault::Spread { service, found, spread } => {
                write!(f, "service {service} is in {found} locations, where it must be in {spread}")
            }
            ReassignmentFault::Dependency { service, on, neighborhood } => {
                write!(f, "service {service} is in neighborhood {neighborhood} without service {on}")
            }
        }
    }
}

/// The cost of an assignment: the machine of each process.
///
/// # Errors
/// The first of [`faults`].
pub fn check(instance: &ReassignmentInstance, machines: &[u32]) -> Result<Cost, ReassignmentFault> {
    match faults(instance, machines).into_iter().next() {
        Some(fault) => Err(fault),
        None => Ok(cost(instance, machines)),
    }
}

/// Every constraint that an assignment breaks; where machines are missing or unknown, that alone.
#[must_use]
pub fn faults(instance: &ReassignmentInstance, machines: &[u32]) -> Vec<ReassignmentFault> {
    let parts = &instance.parts;
    if machines.len() != parts.processes.len() {
        return vec![ReassignmentFault::Length { named: machines.len(), processes: parts.processes.len() }];
    }
    let unknown = |&(_, &machine): &(usize, &u32)| machine as usize >= parts.machines.len();
    if let Some((process, &machine)) = machines.iter().enumerate().find(unknown) {
        return vec![ReassignmentFault::NoSuchMachine { process, machine }];
    }
    let mut faults = capacity_faults(parts, machines);
    faults.extend(service_faults(parts, machines));
    faults
}

/// Constraints that every assignment breaks, whatever moves; there may be none and yet no assignment.
///
/// A process needs transient resources of its first machine wherever it goes, and a service is in no more locations than it
/// has processes or there are.
#[must_use]
pub fn impossible(instance: &ReassignmentInstance) -> Vec<ReassignmentFault> {
    let parts = &instance.parts;
    let mut stay = vec![vec![0_u128; parts.resources.len()]; parts.machines.len()];
    let mut sizes = vec![0; parts.services.len()];
    for (process, &home) in parts.processes.iter().zip(&parts.start) {
        sizes[process.service as usize] += 1;
        for (resource, &need) in process.needs.iter().enumerate().filter(|&(at, _)| parts.resources[at].is_transient) {
            stay[home as usize][resource] += u128::from(need);
        }
    }
    let mut faults = overdrawn(parts, &stay);
    let locations = parts.machines.iter().map(|machine| machine.location).collect::<BTreeSet<u32>>().len();
    for (service, (rules, size)) in parts.services.iter().zip(sizes).enumerate() {
        let found = locations.min(size);
        if found < rules.spread as usize {
            faults.push(ReassignmentFault::Spread { service, found, spread: rules.spread });
        }
    }
    faults
}

fn capacity_faults(parts: &Parts, machines: &[u32]) -> Vec<ReassignmentFault> {
    let mut used = vec![vec![0_u128; parts.resources.len()]; parts.machines.len()];
    for (process, (&now, &before)) in parts.processes.iter().zip(machines.iter().zip(&parts.start)) {
        for (resource, &need) in process.needs.iter().enumerate() {
            used[now as usize][resource] += u128::from(need);
            if now != before && parts.resources[resource].is_transient {
                used[before as usize][resource] += u128::from(need);
            }
        }
    }
    overdrawn(parts, &used)
}

/// The machines that have less of a resource than is used there, of what is used by machine and resource.
fn overdrawn(parts: &Parts, used: &[Vec<u128>]) -> Vec<ReassignmentFault> {
    let mut faults = Vec::new();
    for (machine, used) in used.iter().enumerate() {
        for (resource, &used) in used.iter().enumerate() {
            let capacity = parts.machines[machine].capacities[resource];
            if used > u128::from(capacity) {
                faults.push(ReassignmentFault::Capacity { machine, resource, used, capacity });
            }
        }
    }
    faults
}

fn service_faults(parts: &Parts, machines: &[u32]) -> Vec<ReassignmentFault> {
    let mut faults = Vec::new();
    let mut places = vec![BTreeSet::new(); parts.services.len()];
    for (process, &machine) in parts.processes.iter().zip(machines) {
        if !places[process.service as usize].insert(machine) {
            faults.push(ReassignmentFault::Conflict { service: process.service as usize, machine });
        }
    }
    let of_machines = |places: &BTreeSet<u32>, what: fn(&Machine) -> u32| -> BTreeSet<u32> {
        places.iter().map(|&machine| what(&parts.machines[machine as usize])).collect()
    };
    let neighborhoods: Vec<BTreeSet<u32>> =
        places.iter().map(|places| of_machines(places, |machine| machine.neighborhood)).collect();
    for (service, rules) in parts.services.iter().enumerate() {
        let found = of_machines(&places[service], |machine| machine.location).len();
        if found < rules.spread as usize {
            faults.push(ReassignmentFault::Spread { service, found, spread: rules.spread });
        }
        for &on in &rules.dependencies {
            let alone = neighborhoods[service].difference(&neighborhoods[on as usize]);
            faults.extend(alone.map(|&neighborhood| ReassignmentFault::Dependency { service, on, neighborhood }));
        }
    }
    faults
}

/// The parts of the cost of an assignment, whatever it breaks.
///
/// # Panics
/// Where machines are missing or unknown, which [`faults`] says.
#[must_use]
pub fn cost(instance: &ReassignmentInstance, machines: &[u32]) -> Cost {
    let parts = &instance.parts;
    let mut used = vec![vec![0_u128; parts.resources.len()]; parts.machines.len()];
    let mut moves = vec![0_u128; parts.services.len()];
    let mut cost = Cost::default();
    for (process, (&now, &before)) in parts.processes.iter().zip(machines.iter().zip(&parts.start)) {
        for (used, &need) in used[now as usize].iter_mut().zip(&process.needs) {
            *used += u128::from(need);
        }
        if now != before {
            moves[process.service as usize] += 1;
            cost.process_moves += u128::from(parts.weights.process) * u128::from(process.move_cost);
        }
        let between = parts.machines[before as usize].move_costs[now as usize];
        cost.machine_moves += u128::from(parts.weights.machine) * u128::from(between);
    }
    cost.service_moves = u128::from(parts.weights.service) * moves.into_iter().max().unwrap_or(0);
    for (machine, used) in parts.machines.iter().zip(&used) {
        for ((resource, &used), &safety) in parts.resources.iter().zip(used).zip(&machine.safety) {
            cost.load += u128::from(resource.load_weight) * used.saturating_sub(u128::from(safety));
        }
        let free = |at: u32| signed(u128::from(machine.capacities[at as usize])) - signed(used[at as usize]);
        for balance in &parts.balances {
            let short = i128::from(balance.target) * free(balance.first) - free(balance.second);
            cost.balance += u128::from(balance.weight) * u128::try_from(short).unwrap_or(0);
        }
    }
    cost
}

/// A cost below which no assignment is: the load and the balance of all machines taken as one.
///
/// Both are sums over machines of the positive part of a sum over processes, which is at least the positive part of the sum
/// over all machines; that does not depend on the assignment. Takes processes times resources steps.
#[must_use]
pub fn bound(instance: &ReassignmentInstance) -> u128 {
    let parts = &instance.parts;
    let sum = |numbers: &dyn Fn(usize) -> u64, count: usize| (0..count).map(|at| u128::from(numbers(at))).sum::<u128>();
    let needed = |resource: usize| sum(&|at| parts.processes[at].needs[resource], parts.processes.len());
    let safe = |resource: usize| sum(&|at| parts.machines[at].safety[resource], parts.machines.len());
    let there = |resource: usize| sum(&|at| parts.machines[at].capacities[resource], parts.machines.len());
    let load = parts
        .resources
        .iter()
        .enumerate()
        .map(|(at, resource)| u128::from(resource.load_weight) * needed(at).saturating_sub(safe(at)));
    let free = |at: u32| signed(there(at as usize)) - signed(needed(at as usize));
    let balance = parts.balances.iter().map(|balance| {
        let short = i128::from(balance.target) * free(balance.first) - free(balance.second);
        u128::from(balance.weight) * u128::try_from(short).unwrap_or(0)
    });
    load.chain(balance).sum()
}

/// Sums of fewer than 2^64 numbers below 2^54 fit.
fn signed(number: u128) -> i128 {
    i128::try_from(number).expect("sums of coefficients are far below 2^127")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(place: u32, capacities: [u64; 2], move_costs: [u64; 3]) -> Machine {
        let safety = capacities.map(|capacity| capacity / 2).to_vec();
        let (neighborhood, location) = (place / 2, place);
        Machine { neighborhood, location, capacities: capacities.to_vec(), safety, move_costs: move_costs.to_vec() }
    }

    /// Three machines, the first two in one neighborhood, each in a location of its own; two resources, the second
    /// transient. Service 0 has processes 0 and 1 and must be in two locations; service 1 has process 2 and depends on
    /// service 0. Process p needs p + 1 of both resources.
    fn small() -> ReassignmentInstance {
        let process = |service, need| Process { service, needs: vec![need, need], move_cost: 7 };
        ReassignmentInstance::new(Parts {
            resources: vec![
                Resource { is_transient: false, load_weight: 10 },
                Resource { is_transient: true, load_weight: 1 },
            ],
            machines: vec![machine(0, [8, 4], [0, 1, 2]), machine(1, [4, 4], [1, 0, 3]), machine(2, [2, 6], [2, 3, 0])],
            services: vec![Service { spread: 2, dependencies: vec![] }, Service { spread: 0, dependencies: vec![0] }],
            processes: vec![process(0, 1), process(0, 2), process(1, 3)],
            balances: vec![Balance { first: 0, second: 1, target: 2, weight: 5 }],
            weights: MoveWeights { process: 1, service: 10, machine: 100 },
            start: vec![0, 1, 0],
        })
        .unwrap()
    }

    #[test]
    fn the_cost_of_staying_is_that_of_load_and_balance() {
        // Machine 0 uses 4 of 8 and 4 of 4 (2 safe), machine 1 uses 2 of 4 twice, machine 2 nothing.
        // Balance: 2 * 4 - 0 = 8; 2 * 2 - 2 = 2; 2 * 2 - 6 < 0.
        let expected = Cost { load: 2, balance: 5 * 10, ..Cost::default() };
        assert_eq!(check(&small(), &[0, 1, 0]), Ok(expected));
    }

    #[test]
    fn moves_cost_by_process_service_and_machine() {
        // Process 0 goes to machine 2, process 2 stays. Machine 0 uses 3 of both, machine 2 uses 1 of both, none above.
        // Load: 1 unit of the second resource above safety 2. Balance: 2 * 5 - 1 = 9; 2; 2 * 1 - 5 < 0.
        let expected = Cost { load: 1, balance: 5 * 11, process_moves: 7, service_moves: 10, machine_moves: 200 };
        assert_eq!(check(&small(), &[2, 1, 0]), Ok(expected));
        assert_eq!(expected.total(), 273);
    }

    #[test]
    fn what_leaves_still_needs_transient_resources() {
        // Processes 0 and 2 left machine 0, where process 1 came: 2 + 1 + 3 of the second resource, of which there are 4.
        let faults = faults(&small(), &[2, 0, 1]);
        let capacity = ReassignmentFault::Capacity { machine: 0, resource: 1, used: 6, capacity: 4 };
        assert!(faults.contains(&capacity), "{faults:?}");
        // Of the first resource, nothing stays behind.
        assert!(!faults.iter().any(|fault| matches!(fault, ReassignmentFault::Capacity { resource: 0, .. })));
    }

    #[test]
    fn rules_of_services_are_checked() {
        let instance = small();
        let together = faults(&instance, &[1, 1, 0]);
        assert!(together.contains(&ReassignmentFault::Conflict { service: 0, machine: 1 }));
        assert!(together.contains(&ReassignmentFault::Spread { service: 0, found: 1, spread: 2 }));
        let alone = faults(&instance, &[0, 1, 2]);
        assert!(alone.contains(&ReassignmentFault::Dependency { service: 1, on: 0, neighborhood: 1 }));
    }

    #[test]
    fn what_no_move_mends_is_told() {
        assert_eq!(impossible(&small()), []);
        let mut parts = small().parts;
        // Processes 0 and 2 begin on machine 0 and need 1 + 3 of its second resource, which is transient.
        parts.machines[0].capacities[1] = 3;
        parts.machines[0].safety[1] = 0;
        parts.services[0].spread = 3;
        let instance = ReassignmentInstance::new(parts).unwrap();
        let capacity = ReassignmentFault::Capacity { machine: 0, resource: 1, used: 4, capacity: 3 };
        let spread = ReassignmentFault::Spread { service: 0, found: 2, spread: 3 };
        assert_eq!(impossible(&instance), [capacity, spread]);
    }

    #[test]
    fn an_assignment_that_is_none_is_refused() {
        assert_eq!(check(&small(), &[0]), Err(ReassignmentFault::Length { named: 1, processes: 3 }));
        assert_eq!(check(&small(), &[0, 3, 0]), Err(ReassignmentFault::NoSuchMachine { process: 1, machine: 3 }));
    }

    #[test]
    fn no_assignment_costs_less_than_the_bound() {
        let instance = small();
        // Needs 6 of both; safe are 7 and 7; free are 8 and 8: 2 * 8 - 8 = 8 short.
        assert_eq!(bound(&instance), 5 * 8);
        for code in 0_u32..27 {
            let machines = [code % 3, code / 3 % 3, code / 9];
            assert!(cost(&instance, &machines).total() >= bound(&instance));
        }
    }

    #[test]
    fn numbers_that_make_no_instance_are_refused() {
        let refused = |change: fn(&mut Parts)| {
            let mut parts = small().parts.clone();
            change(&mut parts);
            ReassignmentInstance::new(parts).unwrap_err().to_string()
        };
        assert_eq!(
            refused(|parts| parts.start[1] = 3),
            "process 1 runs on machine 3, but there are 3, counted from zero"
        );
        assert_eq!(
            refused(|parts| parts.services[0].dependencies.push(9)),
            "service 0 names service 9, but there are 2, counted from zero"
        );
        assert_eq!(
            refused(|parts| parts.processes[2].needs.truncate(1)),
            "the needs of process 2: 1 numbers where 2 are needed"
        );
        assert_eq!(
            refused(|parts| parts.machines[1].safety[0] = COEFFICIENT_MAX + 1),
            "machine 1 has the number 9007199254740993, which is above 9007199254740992"
        );
        let costly = |parts: &mut Parts| {
            parts.balances[0] = Balance { target: COEFFICIENT_MAX, weight: COEFFICIENT_MAX, ..parts.balances[0] };
            parts.machines[0].capacities[0] = COEFFICIENT_MAX;
        };
        assert!(refused(costly).starts_with("balance 0 may cost more than 2^120"));
    }
}
