//! Reassignment problems that nothing solves are told at once.

use lessor_models::families::reassignment::{
    Machine, MoveWeights, Parts, Process, ReassignmentFault, ReassignmentInstance, Resource, Service, impossible,
};

/// Machines of 10, processes of one service each that need so much.
fn instance(machines: usize, needs: &[u64], services: &[u32]) -> ReassignmentInstance {
    let machine = |at: usize| Machine {
        neighborhood: 0,
        location: u32::try_from(at).expect("few machines"),
        capacities: vec![10],
        safety: vec![10],
        move_costs: vec![0; machines],
    };
    let process = |(&need, &service): (&u64, &u32)| Process { service, needs: vec![need], move_cost: 0 };
    let kinds = services.iter().max().map_or(0, |&most| most as usize + 1);
    ReassignmentInstance::new(Parts {
        resources: vec![Resource { is_transient: false, load_weight: 1 }],
        machines: (0..machines).map(machine).collect(),
        services: (0..kinds).map(|_| Service { spread: 0, dependencies: vec![] }).collect(),
        processes: needs.iter().zip(services).map(process).collect(),
        balances: vec![],
        weights: MoveWeights { process: 1, service: 1, machine: 1 },
        start: vec![0; needs.len()],
    })
    .expect("a valid instance")
}

#[test]
fn a_process_that_no_machine_holds_is_told() {
    let told = impossible(&instance(3, &[4, 11], &[0, 1]));
    assert_eq!(told, [ReassignmentFault::TooLarge { process: 1 }]);
    assert_eq!(impossible(&instance(3, &[4, 10], &[0, 1])), []);
}

#[test]
fn more_than_all_machines_have_is_told() {
    let told = impossible(&instance(2, &[7, 7, 7], &[0, 1, 2]));
    assert_eq!(told, [ReassignmentFault::TooMuch { resource: 0, needed: 21, capacity: 20 }]);
}

#[test]
fn a_service_of_more_processes_than_machines_is_told() {
    let told = impossible(&instance(2, &[1, 1, 1], &[0, 0, 0]));
    assert_eq!(told, [ReassignmentFault::TooMany { service: 0, processes: 3, machines: 2 }]);
}
