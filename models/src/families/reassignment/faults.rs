//! What an assignment breaks.

use std::collections::BTreeSet;
use std::fmt;

use super::cost::{Cost, cost};
use super::{Machine, Parts, ReassignmentInstance};

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
    /// A process that needs more than any machine has.
    TooLarge {
        /// The process.
        process: usize,
    },
    /// All processes together need more than all machines have.
    TooMuch {
        /// The resource.
        resource: usize,
        /// What is needed.
        needed: u128,
        /// What there is.
        capacity: u128,
    },
    /// A service of more processes than there are machines.
    TooMany {
        /// The service.
        service: usize,
        /// Its processes.
        processes: usize,
        /// The machines.
        machines: usize,
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
            ReassignmentFault::TooLarge { process } => {
                write!(f, "process {process} needs more than any machine has, even empty")
            }
            ReassignmentFault::TooMuch { resource, needed, capacity } => {
                write!(f, "all processes need {needed} of resource {resource}, of which all machines have {capacity}")
            }
            ReassignmentFault::TooMany { service, processes, machines } => {
                write!(
                    f,
                    "service {service} has {processes} processes, each on a machine of its own, for {machines} machines"
                )
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
/// A process needs transient resources of its first machine wherever it goes, and all it needs of some machine; all of them
/// together need no more than there is; a service has a machine for each process, and is in no more locations than it has
/// processes or there are. O(processes times machines times resources), and far less where most processes fit somewhere.
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
    faults.extend(too_large(parts));
    faults.extend(too_much(parts));
    let locations = parts.machines.iter().map(|machine| machine.location).collect::<BTreeSet<u32>>().len();
    let machines = parts.machines.len();
    for (service, (rules, size)) in parts.services.iter().zip(sizes).enumerate() {
        if size > machines {
            faults.push(ReassignmentFault::TooMany { service, processes: size, machines });
        }
        let found = locations.min(size);
        if found < rules.spread as usize {
            faults.push(ReassignmentFault::Spread { service, found, spread: rules.spread });
        }
    }
    faults
}

/// The processes that no machine could hold alone.
fn too_large(parts: &Parts) -> impl Iterator<Item = ReassignmentFault> + '_ {
    let holds = |machine: &Machine, needs: &[u64]| machine.capacities.iter().zip(needs).all(|(has, need)| need <= has);
    let fits = move |needs: &[u64]| parts.machines.iter().any(|machine| holds(machine, needs));
    let large = parts.processes.iter().enumerate().filter(move |(_, process)| !fits(&process.needs));
    large.map(|(process, _)| ReassignmentFault::TooLarge { process })
}

/// The resources of which all processes need more than all machines have.
fn too_much(parts: &Parts) -> impl Iterator<Item = ReassignmentFault> + '_ {
    (0..parts.resources.len()).filter_map(|resource| {
        let needed: u128 = parts.processes.iter().map(|process| u128::from(process.needs[resource])).sum();
        let capacity: u128 = parts.machines.iter().map(|machine| u128::from(machine.capacities[resource])).sum();
        (needed > capacity).then_some(ReassignmentFault::TooMuch { resource, needed, capacity })
    })
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
