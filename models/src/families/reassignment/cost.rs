//! What an assignment costs, and what none costs less than.

use super::ReassignmentInstance;

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
