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

mod cost;
mod faults;
#[cfg(test)]
mod tests;

use std::fmt;

use super::COEFFICIENT_MAX;

pub use cost::{Cost, bound, cost};
pub use faults::{ReassignmentFault, check, faults, impossible};

/// The most that a balance may cost.
const COST_MAX: u128 = 1 << 120;

/// What all processes may need together, of all resources: what machines lack then fits a signed word, wherever processes run.
const NEEDS_MAX: u128 = 1 << 61;

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
    /// Processes that need more than 2^61 together, where sums of needs no longer fit.
    TooMuch {
        /// The first process with which they do.
        process: usize,
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
            ReassignmentError::TooMuch { process } => {
                write!(
                    f,
                    "the processes up to {process} need more than 2^61 of all resources together: take larger units"
                )
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
        let mut needed = 0;
        for (at, process) in parts.processes.iter().enumerate() {
            let owner = || format!("process {at}");
            length(&process.needs, resources, || format!("the needs of process {at}"))?;
            exists(owner, "service", process.service, parts.services.len())?;
            within_of(owner, &process.needs)?;
            within_of(owner, &[process.move_cost])?;
            needed += process.needs.iter().map(|&need| u128::from(need)).sum::<u128>();
            if needed > NEEDS_MAX {
                return Err(ReassignmentError::TooMuch { process: at });
            }
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
