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
    assert_eq!(refused(|parts| parts.start[1] = 3), "process 1 runs on machine 3, but there are 3, counted from zero");
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
    let greedy = |parts: &mut Parts| {
        parts.start = vec![0; 300];
        parts.processes = vec![Process { service: 0, needs: vec![COEFFICIENT_MAX, 0], move_cost: 0 }; 300];
    };
    // 256 of them need 2^61.
    assert!(refused(greedy).starts_with("the processes up to 256 need more than 2^61"));
    let costly = |parts: &mut Parts| {
        parts.balances[0] = Balance { target: COEFFICIENT_MAX, weight: COEFFICIENT_MAX, ..parts.balances[0] };
        parts.machines[0].capacities[0] = COEFFICIENT_MAX;
    };
    assert!(refused(costly).starts_with("balance 0 may cost more than 2^120"));
}
