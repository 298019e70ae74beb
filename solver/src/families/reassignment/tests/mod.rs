//! Moves against the checker, searches against brute force.

use lessor_models::families::reassignment::{
    Balance, Machine, MoveWeights, Parts, Process, ReassignmentFault, ReassignmentInstance, Resource, Service, bound,
    check, cost, faults, impossible,
};

mod convoys;
mod hard_cases;
mod teams;

use super::ejection::Chain;
use super::lowered::Lowered;
use super::repair::repair;
use super::state::{Move, State};
use super::{ReassignmentMethod, ReassignmentOptions, solve};
use crate::support::random::Random;
use crate::support::stop::Stop;

/// Sizes of a random instance.
#[derive(Clone, Copy)]
struct Sizes {
    processes: usize,
    machines: usize,
    services: usize,
}

const TINY: Sizes = Sizes { processes: 5, machines: 3, services: 3 };
const SMALL: Sizes = Sizes { processes: 14, machines: 6, services: 6 };

fn names(count: usize, random: &mut Random) -> u32 {
    u32::try_from(random.index(count)).unwrap()
}

/// Some instance, whose start may break rules.
fn any(sizes: Sizes, random: &mut Random) -> ReassignmentInstance {
    let resources: Vec<Resource> = [false, true, false]
        .iter()
        .map(|&is_transient| Resource { is_transient, load_weight: random.below(4) })
        .collect();
    let machine = |random: &mut Random| {
        let capacities: Vec<u64> = (0..3).map(|_| 20 + random.below(30)).collect();
        Machine {
            neighborhood: names(2, random),
            location: names(3, random),
            safety: capacities.iter().map(|&capacity| random.below(capacity)).collect(),
            capacities,
            move_costs: (0..sizes.machines).map(|_| random.below(5)).collect(),
        }
    };
    let service = |at: usize, random: &mut Random| Service {
        spread: names(3, random),
        dependencies: (0..at).filter(|_| random.below(4) == 0).map(|on| u32::try_from(on).unwrap()).collect(),
    };
    let process = |random: &mut Random| Process {
        service: names(sizes.services, random),
        needs: (0..3).map(|_| random.below(16)).collect(),
        move_cost: random.below(20),
    };
    let mut machines: Vec<Machine> = (0..sizes.machines).map(|_| machine(random)).collect();
    (0..sizes.machines).for_each(|at| machines[at].move_costs[at] = 0);
    ReassignmentInstance::new(Parts {
        resources,
        machines,
        services: (0..sizes.services).map(|at| service(at, random)).collect(),
        processes: (0..sizes.processes).map(|_| process(random)).collect(),
        balances: vec![Balance { first: 0, second: 1, target: random.below(4), weight: 1 + random.below(3) }],
        weights: MoveWeights { process: 1, service: random.below(12), machine: 2 },
        start: (0..sizes.processes).map(|_| names(sizes.machines, random)).collect(),
    })
    .unwrap()
}

/// Some instance whose start breaks nothing.
fn feasible(sizes: Sizes, random: &mut Random) -> ReassignmentInstance {
    loop {
        let instance = any(sizes, random);
        if check(&instance, &instance.parts().start).is_ok() {
            return instance;
        }
    }
}

fn total(instance: &ReassignmentInstance, machines: &[u32]) -> f64 {
    u32::try_from(cost(instance, machines).total()).unwrap().into()
}

#[test]
fn a_move_is_told_exactly_where_the_checker_allows_it_with_what_it_costs() {
    let mut random = Random::new(3);
    let (mut allowed, mut refused) = (0, 0);
    for _ in 0..60 {
        let instance = feasible(SMALL, &mut random);
        let lowered = Lowered::new(&instance, &Stop::new());
        let mut state = State::new(&lowered, &lowered.start);
        for _ in 0..300 {
            let process = random.index(SMALL.processes);
            let step = if random.below(2) == 0 {
                Move::Shift { process, to: random.index(SMALL.machines) }
            } else {
                Move::Swap { one: process, other: random.index(SMALL.processes) }
            };
            let mut after = state.clone();
            after.apply(step);
            if after.machines() == state.machines() {
                assert_eq!(state.difference(step), None, "nothing moves: {step:?}");
                continue;
            }
            let expected = check(&instance, after.machines()).ok();
            let told = state.difference(step).map(|difference| state.cost() + difference);
            assert_eq!(
                told,
                expected.map(|_| total(&instance, after.machines())),
                "{step:?} in {:?}",
                state.machines()
            );
            // A state made anew tells the same: marks and counts are those of the assignment alone.
            if random.below(16) == 0 {
                assert_eq!(State::new(&lowered, state.machines()).difference(step), state.difference(step), "{step:?}");
            }
            if told.is_some() {
                assert_eq!(after.cost().to_bits(), total(&instance, after.machines()).to_bits());
                state = after;
                allowed += 1;
            } else {
                refused += 1;
            }
        }
    }
    assert!(allowed > 1_000 && refused > 1_000, "{allowed} allowed, {refused} refused");
}

#[test]
fn whatever_the_checker_allows_is_within_reach() {
    let mut random = Random::new(8);
    let (mut used, mut ruled_out) = (0, 0);
    for _ in 0..60 {
        let instance = any(TINY, &mut random);
        let lowered = Lowered::new(&instance, &Stop::new());
        let feasible: Vec<Vec<u32>> = allowed(&instance).map(|(machines, _)| machines).collect();
        for (process, &home) in instance.parts().start.iter().enumerate() {
            let others = (0..).take(instance.parts().machines.len()).filter(|&machine| machine != home);
            for machine in others {
                let is_used = feasible.iter().any(|machines| machines[process] == machine);
                let is_reached = lowered.reach.contains(process, machine as usize);
                assert!(is_reached || !is_used, "process {process} runs on {machine} in some assignment");
                used += u32::from(is_used);
                ruled_out += u32::from(!is_reached);
            }
        }
        for _ in 0..20 {
            let process = random.index(instance.parts().processes.len());
            if lowered.reach.movable().contains(&u32::try_from(process).unwrap()) {
                let machine = lowered.reach.draw(process, |_| true, &mut random);
                assert!(lowered.reach.contains(process, machine), "few machines are listed");
            }
        }
    }
    assert!(used > 50 && ruled_out > 50, "{used} used, {ruled_out} ruled out");
}

#[test]
fn an_ejection_chain_leaves_what_the_checker_allows_or_everything_as_it_was() {
    let mut random = Random::new(6);
    let (mut stood, mut fell) = (0, 0);
    for _ in 0..60 {
        let instance = feasible(SMALL, &mut random);
        let lowered = Lowered::new(&instance, &Stop::new());
        let mut state = State::new(&lowered, &lowered.start);
        let mut chain = Chain::default();
        for _ in 0..100 {
            let (before, cost) = (state.machines().to_vec(), state.cost());
            let begin = (random.index(SMALL.processes), random.index(SMALL.machines));
            let limit = random.below(60) as f64;
            if chain.eject(&mut state, begin, limit, &mut random) {
                assert!(check(&instance, state.machines()).is_ok() && state.cost() <= cost + limit);
                let changed = before.iter().zip(state.machines()).enumerate().filter(|(_, (from, to))| from != to);
                assert!(changed.map(|(process, _)| process).all(|process| chain.processes().any(|one| one == process)));
                stood += 1;
            } else {
                assert_eq!((state.machines(), chain.processes().count()), (&before[..], 0));
                fell += 1;
            }
            assert_eq!(state.cost().to_bits(), total(&instance, state.machines()).to_bits());
        }
    }
    assert!(stood > 500 && fell > 500, "{stood} stood, {fell} fell");
}

#[test]
fn a_state_made_of_an_assignment_keeps_the_rules_wherever_its_processes_began() {
    let mut random = Random::new(14);
    let mut moved = 0;
    for _ in 0..200 {
        let instance = any(SMALL, &mut random);
        let lowered = Lowered::new(&instance, &Stop::new());
        let (machines, keeps_rules) = repair(&lowered, Some(6), &mut random, &Stop::new());
        if !keeps_rules || check(&instance, &machines).is_err() {
            continue;
        }
        let mut state = State::new(&lowered, &machines);
        for _ in 0..200 {
            let step = Move::Shift { process: random.index(SMALL.processes), to: random.index(SMALL.machines) };
            if state.difference(step).is_some() {
                state.apply(step);
                assert_eq!(faults(&instance, state.machines()), [], "{step:?}");
                moved += 1;
            }
        }
    }
    assert!(moved > 500, "{moved} moves");
}

#[test]
fn a_state_begins_wherever_it_is_told_to() {
    let mut random = Random::new(4);
    for _ in 0..50 {
        let instance = any(SMALL, &mut random);
        let lowered = Lowered::new(&instance, &Stop::new());
        let machines: Vec<u32> = (0..SMALL.processes).map(|_| names(SMALL.machines, &mut random)).collect();
        assert_eq!(State::new(&lowered, &machines).cost().to_bits(), total(&instance, &machines).to_bits());
    }
}

/// Every assignment that breaks nothing, with its cost.
fn allowed(instance: &ReassignmentInstance) -> impl Iterator<Item = (Vec<u32>, u128)> {
    let (processes, machines) = (instance.parts().processes.len(), instance.parts().machines.len());
    let assignments = (0..machines.pow(u32::try_from(processes).unwrap())).map(move |code| {
        let digit = |at: usize| u32::try_from(code / machines.pow(u32::try_from(at).unwrap()) % machines).unwrap();
        (0..processes).map(digit).collect::<Vec<u32>>()
    });
    assignments.filter_map(|assignment| {
        let cost = check(instance, &assignment).ok()?.total();
        Some((assignment, cost))
    })
}

#[test]
fn where_assignments_are_few_the_least_cost_is_found_and_proved() {
    let mut random = Random::new(6);
    let options = ReassignmentOptions { method: ReassignmentMethod::Auto, seed: 1, rounds_max: Some(1) };
    let (mut mended, mut impossible) = (0, 0);
    for _ in 0..200 {
        let instance = any(TINY, &mut random);
        let outcome = solve(&instance, &options, &Stop::new(), &mut |_, _| ());
        let least = least(&instance);
        assert_eq!(outcome.best.as_ref().map(|best| best.0.total()), least);
        assert!(least.is_none_or(|least| least == outcome.bound));
        impossible += u32::from(least.is_none());
        mended += u32::from(least.is_some() && check(&instance, &instance.parts().start).is_err());
    }
    assert!(mended >= 20 && impossible >= 5, "{mended} starts mended, {impossible} without an assignment");
}

#[test]
fn a_search_ends_where_the_bound_is_reached() {
    // Four processes begin on one of ten machines, each of which is safe with one: apart they cost nothing, which is the bound.
    let machine =
        || Machine { neighborhood: 0, location: 0, capacities: vec![20], safety: vec![5], move_costs: vec![0; 10] };
    let instance = ReassignmentInstance::new(Parts {
        resources: vec![Resource { is_transient: false, load_weight: 1 }],
        machines: (0..10).map(|_| machine()).collect(),
        services: (0..4).map(|_| Service { spread: 0, dependencies: Vec::new() }).collect(),
        processes: (0..4).map(|service| Process { service, needs: vec![5], move_cost: 0 }).collect(),
        balances: Vec::new(),
        weights: MoveWeights { process: 1, service: 0, machine: 1 },
        start: vec![0; 4],
    });
    let instance = instance.unwrap();
    for method in [ReassignmentMethod::Annealing, ReassignmentMethod::Team] {
        // Without an end to its rounds, only the bound ends the search.
        let options = ReassignmentOptions { method, seed: 1, rounds_max: Some(u32::MAX) };
        let stop = Stop::new();
        stop.allow(100_000_000);
        let outcome = solve(&instance, &options, &stop, &mut |_, _| ());
        assert_eq!((outcome.best.unwrap().0.total(), outcome.bound), (0, 0));
        assert!(!stop.is_raised(), "{method:?}");
    }
}

/// The least cost of all assignments that break nothing.
fn least(instance: &ReassignmentInstance) -> Option<u128> {
    allowed(instance).map(|(_, cost)| cost).min()
}

#[test]
fn annealing_finds_the_least_cost_of_most_tiny_instances() {
    let mut random = Random::new(5);
    let options = ReassignmentOptions { method: ReassignmentMethod::Annealing, seed: 1, rounds_max: Some(40) };
    let (mut improved, mut least_found) = (0, 0);
    for _ in 0..40 {
        let instance = feasible(TINY, &mut random);
        let outcome = solve(&instance, &options, &Stop::new(), &mut |_, _| ());
        let (found, machines) = outcome.best.unwrap();
        assert_eq!(check(&instance, &machines), Ok(found));
        assert!(outcome.bound <= found.total() && outcome.bound == bound(&instance));
        let least = least(&instance).expect("the start breaks nothing");
        assert!(found.total() >= least);
        least_found += u32::from(found.total() == least);
        improved += u32::from(found != cost(&instance, &instance.parts().start));
    }
    // Some are cut off: no shift or swap leads to them.
    assert!(improved >= 10 && least_found >= 36, "{improved} starts improved, {least_found} to the least cost");
}

/// Starts that break something although a tiny instance has an assignment that does not, as far as `fits` wants them: how
/// many of so many are repaired.
fn repaired(count: usize, fits: fn(&[ReassignmentFault]) -> bool) -> usize {
    let mut random = Random::new(7);
    let options = ReassignmentOptions { method: ReassignmentMethod::Auto, seed: 1, rounds_max: Some(40) };
    let (mut repaired, mut possible) = (0, 0);
    while possible < count {
        let instance = any(TINY, &mut random);
        let broken = faults(&instance, &instance.parts().start);
        if broken.is_empty() || !fits(&broken) {
            continue;
        }
        if least(&instance).is_none() {
            continue;
        }
        assert_eq!(impossible(&instance), [], "there is an assignment");
        possible += 1;
        let best = solve(&instance, &options, &Stop::new(), &mut |_, _| ()).best;
        repaired += usize::from(best.is_some_and(|(found, machines)| check(&instance, &machines) == Ok(found)));
    }
    repaired
}

fn is_of_room(fault: &ReassignmentFault) -> bool {
    matches!(fault, ReassignmentFault::Capacity { .. })
}

#[test]
fn a_start_that_lacks_room_is_repaired() {
    let repaired = repaired(20, |broken| broken.iter().all(is_of_room));
    // Shifts alone come to 16 or so.
    assert!(repaired >= 19, "{repaired} of 20");
}

#[test]
fn a_start_that_breaks_any_rules_is_repaired() {
    let repaired = repaired(60, |broken| !broken.iter().all(is_of_room));
    assert!(repaired >= 55, "{repaired} of 60");
}

#[test]
fn a_large_start_is_repaired_but_for_what_no_move_mends() {
    let mut random = Random::new(8);
    let sizes = Sizes { processes: 400, machines: 300, services: 20 };
    for _ in 0..5 {
        let instance = any(sizes, &mut random);
        let lowered = Lowered::new(&instance, &Stop::new());
        assert!(faults(&instance, &lowered.start).len() > 20);
        let (machines, _) = repair(&lowered, Some(1), &mut random, &Stop::new());
        assert_eq!(faults(&instance, &machines), impossible(&instance));
    }
}

/// Machines of so many resources of which a planted assignment fills five sixths, every process on the first to begin with.
fn crowded(machines: usize, resources: usize, random: &mut Random) -> ReassignmentInstance {
    let (processes, services) = (8 * machines, 2 * machines);
    let needs: Vec<Vec<u64>> =
        (0..processes).map(|_| (0..resources).map(|_| random.below(100) * random.below(100)).collect()).collect();
    let mut capacities = vec![vec![0_u64; resources]; machines];
    for (process, needs) in needs.iter().enumerate() {
        capacities[process % machines].iter_mut().zip(needs).for_each(|(capacity, need)| *capacity += need);
    }
    let machine = |(at, capacities): (usize, Vec<u64>)| {
        let capacities: Vec<u64> = capacities.iter().map(|capacity| capacity + capacity / 5).collect();
        Machine {
            neighborhood: 0,
            location: u32::try_from(at % 4).unwrap(),
            safety: capacities.clone(),
            capacities,
            move_costs: vec![0; machines],
        }
    };
    let process = |(at, needs): (usize, Vec<u64>)| Process {
        // Four processes of a service, on four machines in a row of the planted assignment.
        service: u32::try_from(at / 4 % services).unwrap(),
        needs,
        move_cost: 1,
    };
    ReassignmentInstance::new(Parts {
        resources: (0..resources).map(|_| Resource { is_transient: false, load_weight: 1 }).collect(),
        machines: capacities.into_iter().enumerate().map(machine).collect(),
        services: (0..services).map(|_| Service { spread: 4, dependencies: vec![] }).collect(),
        processes: needs.into_iter().enumerate().map(process).collect(),
        balances: vec![],
        weights: MoveWeights { process: 1, service: 1, machine: 1 },
        start: vec![0; processes],
    })
    .unwrap()
}

#[test]
fn processes_that_all_begin_on_one_machine_are_spread_over_all() {
    let mut random = Random::new(9);
    for _ in 0..3 {
        let instance = crowded(24, 8, &mut random);
        let lowered = Lowered::new(&instance, &Stop::new());
        let (machines, keeps_rules) = repair(&lowered, Some(6), &mut random, &Stop::new());
        assert!(
            keeps_rules && check(&instance, &machines).is_ok(),
            "{} rules broken",
            faults(&instance, &machines).len()
        );
    }
}

#[test]
fn a_stop_that_is_raised_at_once_leaves_a_start_that_breaks_nothing() {
    let instance = feasible(SMALL, &mut Random::new(2));
    let stop = Stop::new();
    stop.raise();
    let options = ReassignmentOptions { method: ReassignmentMethod::Auto, seed: 1, rounds_max: None };
    let best = solve(&instance, &options, &stop, &mut |_, _| ()).best.unwrap();
    assert_eq!(best.1, instance.parts().start);
}
