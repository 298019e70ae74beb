//! Machine reassignment problems in the format of the ROADEF/EURO challenge 2012: a model, and beside it the machine of each
//! process before.
//!
//! The model holds, each list after its length: resources (transient, load weight); machines (neighborhood, location,
//! capacities, safety capacities, move costs to every machine); services (spread, dependencies); processes (service, needs,
//! move cost); balances (two resources, target, weight); at last the weights of process, service and machine moves.

use std::path::Path;

use lessor_models::families::reassignment::{
    Balance, Machine, MoveWeights, Parts, Process, ReassignmentError, ReassignmentInstance, Resource, Service,
};

use super::FamilyError;
use super::numbers::Numbers;

/// Reads one instance from its two files.
///
/// # Errors
/// A file that cannot be read, a word that is no number, too few or too many numbers, each with its line; a number that
/// names something which is not there.
pub fn reassignment(model: &Path, start: &Path) -> Result<ReassignmentInstance, FamilyError> {
    let mut numbers = Numbers::read(model)?;
    let resources = many(&mut numbers, "the number of resources", resource)?;
    let kinds = resources.len();
    let machine_count = numbers.number_up_to_u32("the number of machines")? as usize;
    let machines =
        (0..machine_count).map(|at| machine(&mut numbers, at, kinds, machine_count)).collect::<Result<_, _>>()?;
    let service_count = numbers.number_up_to_u32("the number of services")? as usize;
    let services = (0..service_count).map(|_| service(&mut numbers, service_count)).collect::<Result<Vec<_>, _>>()?;
    let processes_at = numbers.taken() + 1;
    let processes =
        many(&mut numbers, "the number of processes", |numbers, at| process(numbers, at, (kinds, service_count)))?;
    let balances_at = numbers.taken() + 1;
    let balances = many(&mut numbers, "the number of balances", |numbers, at| balance(numbers, at, kinds))?;
    let [process, service, machine] = fixed(&mut numbers, || "the weights of moves".to_owned())?;
    numbers.end()?;
    let weights = MoveWeights { process, service, machine };
    let before = machines_before(start, processes.len(), machine_count)?;
    let parts = Parts { resources, machines, services, processes, balances, weights, start: before };
    ReassignmentInstance::new(parts).map_err(|source| {
        // Every number is in its range and names what is there: what is too large together is left to refuse.
        let at = match source {
            ReassignmentError::TooMuch { process } => processes_at + process * (kinds + PROCESS_NUMBERS),
            ReassignmentError::TooCostly { balance } => balances_at + balance * BALANCE_NUMBERS,
            _ => 0,
        };
        FamilyError::Reassignment { path: model.to_owned(), line: numbers.line(at), source: Box::new(source) }
    })
}

/// Numbers of one process besides its needs.
const PROCESS_NUMBERS: usize = 2;

/// Numbers of one balance.
const BALANCE_NUMBERS: usize = 4;

/// The machine of each process before.
fn machines_before(path: &Path, processes: usize, machines: usize) -> Result<Vec<u32>, FamilyError> {
    let mut numbers = Numbers::read(path)?;
    let read =
        (0..processes).map(|_| numbers.one_of("the machine of a process", machines)).collect::<Result<_, _>>()?;
    numbers.end()?;
    Ok(read)
}

/// A length, and as many entries.
fn many<'a, T>(
    numbers: &mut Numbers<'a>,
    what: &'static str,
    entry: impl Fn(&mut Numbers<'a>, usize) -> Result<T, FamilyError>,
) -> Result<Vec<T>, FamilyError> {
    let count = numbers.number_up_to_u32(what)? as usize;
    (0..count).map(|at| entry(numbers, at)).collect()
}

/// So many numbers.
fn fixed<const N: usize>(numbers: &mut Numbers, what: impl Fn() -> String) -> Result<[u64; N], FamilyError> {
    let read = numbers.many(N, what)?;
    Ok(read.try_into().expect("as many as were asked for"))
}

fn resource(numbers: &mut Numbers, at: usize) -> Result<Resource, FamilyError> {
    let is_transient = numbers.flag("whether a resource is transient")?;
    let [load_weight] = fixed(numbers, || format!("the load weight of resource {at}"))?;
    Ok(Resource { is_transient, load_weight })
}

fn machine(numbers: &mut Numbers, at: usize, resources: usize, machines: usize) -> Result<Machine, FamilyError> {
    let neighborhood = numbers.number_up_to_u32("the neighborhood of a machine")?;
    let location = numbers.number_up_to_u32("the location of a machine")?;
    let capacities = numbers.many(resources, || format!("the last of {resources} capacities of machine {at}"))?;
    let safety = numbers.many(resources, || format!("the last of {resources} safety capacities of machine {at}"))?;
    let move_costs = numbers.many(machines, || format!("the last of {machines} move costs of machine {at}"))?;
    Ok(Machine { neighborhood, location, capacities, safety, move_costs })
}

fn service(numbers: &mut Numbers, services: usize) -> Result<Service, FamilyError> {
    let spread = numbers.number_up_to_u32("the spread of a service")?;
    let count = numbers.number_up_to_u32("the number of dependencies of a service")?;
    let dependencies =
        (0..count).map(|_| numbers.one_of("a service depended on", services)).collect::<Result<_, _>>()?;
    Ok(Service { spread, dependencies })
}

fn process(numbers: &mut Numbers, at: usize, (resources, services): (usize, usize)) -> Result<Process, FamilyError> {
    let service = numbers.one_of("the service of a process", services)?;
    let needs = numbers.many(resources, || format!("the last of {resources} needs of process {at}"))?;
    let [move_cost] = fixed(numbers, || format!("the move cost of process {at}"))?;
    Ok(Process { service, needs, move_cost })
}

fn balance(numbers: &mut Numbers, at: usize, resources: usize) -> Result<Balance, FamilyError> {
    let first = numbers.one_of("the first resource of a balance", resources)?;
    let second = numbers.one_of("the second resource of a balance", resources)?;
    let [target, weight] = fixed(numbers, || format!("the target and the weight of balance {at}"))?;
    Ok(Balance { first, second, target, weight })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use lessor_models::families::reassignment::check;

    use super::super::tests::told;
    use super::*;
    use crate::families::reassignment_answer;
    use crate::import::tests::public_file;

    /// One resource, two machines, a service of its own for each of two processes, one balance.
    const MODEL: &str = "1\n0 10\n2\n0 0 8 4 0 1\n0 1 6 3 2 0\n2\n1 0\n1 1 0\n2\n0 3 5\n1 2 6\n1\n0 0 1\n7\n1 10 100\n";

    fn read(model: &str, start: &str) -> Result<ReassignmentInstance, String> {
        let scratch = tempfile::tempdir().unwrap();
        let (model_path, start_path) = (scratch.path().join("model"), scratch.path().join("start"));
        fs::write(&model_path, model).unwrap();
        fs::write(&start_path, start).unwrap();
        reassignment(&model_path, &start_path)
            .map_err(|error| told(&error).replace(&format!("{}/", scratch.path().display()), ""))
    }

    #[test]
    fn a_model_and_its_start_are_read() {
        let instance = read(MODEL, "0 1").unwrap();
        assert_eq!(instance.parts().services[1].dependencies, [0]);
        assert_eq!(instance.parts().machines[1].move_costs, [2, 0]);
        // Service 1 may go nowhere without service 0; machine 0 would use 5 of 8, one above its safe 4.
        assert_eq!(check(&instance, &[0, 0]).unwrap().total(), 10 + 6 + 10 + 200);
    }

    #[test]
    fn an_answer_has_a_machine_for_each_process() {
        let instance = read(MODEL, "0 1").unwrap();
        let answer = |text: &str| crate::families::tests::read(|path| reassignment_answer(path, &instance), text);
        assert_eq!(answer("1\n0"), Ok(vec![1, 0]));
        assert_eq!(
            answer("1").unwrap_err(),
            "instance: line 1: ends after 1 numbers, the last 1, before the machine of a process"
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let refused = |model: &str, start: &str| read(model, start).unwrap_err();
        assert_eq!(
            refused("1\n2 10\n", "0"),
            "model: line 2: whether a resource is transient is 2, but must be 0 or 1"
        );
        assert_eq!(refused("1\n0 x\n", "0"), "model: line 2: \"x\" is not a whole number of at most 2^53");
        assert_eq!(
            refused("1\n0 10\n2\n0 0 8 4 0", "0"),
            "model: line 4: ends after 9 numbers, the last 0, before the last of 2 move costs of machine 0"
        );
        assert_eq!(
            refused(&format!("{MODEL}9"), "0 1"),
            "model: line 16: \"9\" follows after the last number: a file holds one instance"
        );
        assert_eq!(
            refused(MODEL, "0"),
            "start: line 1: ends after 1 numbers, the last 0, before the machine of a process"
        );
        assert_eq!(
            refused(MODEL, "0\n1 1"),
            "start: line 2: \"1\" follows after the last number: a file holds one instance"
        );
        assert_eq!(refused(MODEL, "0\n2"), "start: line 2: the machine of a process is 2, but must be from 0 to 1");
        assert_eq!(
            refused(&MODEL.replace("1 1 0\n", "1 1 2\n"), "0 1"),
            "model: line 8: a service depended on is 2, but must be from 0 to 1"
        );
        assert_eq!(
            refused(&MODEL.replace("1 2 6\n", "9 2 6\n"), "0 1"),
            "model: line 11: the service of a process is 9, but must be from 0 to 1"
        );
        assert_eq!(
            refused(&MODEL.replace("0 0 1\n7", "0 3 1\n7"), "0 1"),
            "model: line 13: the second resource of a balance is 3, but must be from 0 to 0"
        );
    }

    #[test]
    fn a_public_instance_is_read_and_its_start_costs_what_is_published() {
        let Some(model) = public_file("roadef2012/model_a1_1.txt") else { return };
        let start = public_file("roadef2012/assignment_a1_1.txt").expect("it is beside the model");
        let instance = reassignment(&model, &start).unwrap();
        assert_eq!(check(&instance, &instance.parts().start).unwrap().total(), 49_528_750);
    }
}
