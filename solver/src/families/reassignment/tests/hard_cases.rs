//! Nothing, one, equal and huge: whatever the coefficients are, answers are those of the checker.

use lessor_models::families::COEFFICIENT_MAX;
use proptest::prelude::*;

use super::*;

/// Coefficients at the ends of their range, and one that many things have in common.
fn coefficient() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(9), Just(COEFFICIENT_MAX - 1), Just(COEFFICIENT_MAX)]
}

fn coefficients(count: usize) -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(coefficient(), count)
}

prop_compose! {
    /// Up to four processes on up to three machines, perhaps with one giant, perhaps all equal.
    fn hard()(machines in 1_usize..4, processes in 0_usize..5)(
        capacities in coefficients(2 * machines),
        safety in coefficients(2 * machines),
        move_costs in coefficients(machines),
        needs in coefficients(2 * processes),
        loads in coefficients(4),
        spread in 0_u32..3,
        target in 0_u64..3,
        is_transient in prop::bool::ANY,
        start in prop::collection::vec(0..u32::try_from(machines).unwrap(), processes),
        machines in Just(machines),
    ) -> ReassignmentInstance {
        let machine = |at: usize| Machine {
            neighborhood: u32::try_from(at % 2).unwrap(),
            location: u32::try_from(at).unwrap(),
            capacities: capacities[2 * at..][..2].to_vec(),
            safety: safety[2 * at..][..2].to_vec(),
            move_costs: (0..machines).map(|to| if to == at { 0 } else { move_costs[to] }).collect(),
        };
        let process = |(at, needs): (usize, &[u64])| Process {
            service: u32::try_from(at % 2).unwrap(),
            needs: needs.to_vec(),
            move_cost: loads[2],
        };
        ReassignmentInstance::new(Parts {
            resources: vec![
                Resource { is_transient, load_weight: loads[0] },
                Resource { is_transient: false, load_weight: loads[1] },
            ],
            machines: (0..machines).map(machine).collect(),
            services: vec![Service { spread, dependencies: vec![] }, Service { spread: 0, dependencies: vec![0] }],
            processes: needs.chunks(2).enumerate().map(process).collect(),
            balances: vec![Balance { first: 0, second: 1, target, weight: 1 }],
            weights: MoveWeights { process: 1, service: loads[3], machine: 1 },
            start,
        })
        .unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn answers_are_those_of_the_checker_whatever_the_coefficients(instance in hard()) {
        let options = ReassignmentOptions { method: ReassignmentMethod::Auto, seed: 1, rounds_max: Some(1) };
        let outcome = solve(&instance, &options, &Stop::new(), &mut |_, _| ());
        let least = least(&instance);
        if let Some((found, machines)) = &outcome.best {
            prop_assert_eq!(check(&instance, machines), Ok(*found));
            prop_assert!(least.is_some_and(|least| outcome.bound <= least && least <= found.total()));
        }
        if let Ok(start) = check(&instance, &instance.parts().start) {
            prop_assert!(outcome.best.is_some_and(|(found, _)| found.total() <= start.total()));
        }
    }
}

#[test]
fn a_giant_beside_many_is_placed_alone() {
    // The giant fills one of two machines, which it shares at the start with forty others of no need at all and eight of one.
    let needs = |at: u64| if at == 0 { COEFFICIENT_MAX } else { u64::from(at <= 8) };
    let machine = |at: u32| Machine {
        neighborhood: 0,
        location: at,
        capacities: vec![COEFFICIENT_MAX],
        safety: vec![COEFFICIENT_MAX],
        move_costs: vec![0; 2],
    };
    let instance = ReassignmentInstance::new(Parts {
        resources: vec![Resource { is_transient: false, load_weight: 1 }],
        machines: vec![machine(0), machine(1)],
        services: vec![Service { spread: 0, dependencies: vec![] }; 49],
        processes: (0..49)
            .zip(0..)
            .map(|(at, service)| Process { service, needs: vec![needs(at)], move_cost: 1 })
            .collect(),
        balances: vec![],
        weights: MoveWeights { process: 1, service: 0, machine: 0 },
        start: vec![0; 49],
    })
    .unwrap();
    let options = ReassignmentOptions { method: ReassignmentMethod::Auto, seed: 1, rounds_max: Some(20) };
    let (found, machines) = solve(&instance, &options, &Stop::new(), &mut |_, _| ()).best.unwrap();
    assert_eq!(check(&instance, &machines), Ok(found));
    // One move at the least, of the giant itself.
    assert_eq!(found.total(), 1);
}
