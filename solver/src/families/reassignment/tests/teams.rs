//! Moves that were made at the same time in regions of their own fit together.

use super::*;
use crate::families::reassignment::annealing::{Annealing, Mix, Ranks};
use crate::families::reassignment::convoy::Fleet;
use crate::families::reassignment::cooling::{Cooling, Pace};
use crate::families::reassignment::incumbent::Incumbent;
use crate::families::reassignment::state::Regions;
use crate::families::reassignment::team;

const SIZES: Sizes = Sizes { processes: 40, machines: 12, services: 9 };

/// Some instance with many neighborhoods and locations, neither within the other, and without dependencies where told.
fn scattered(has_dependencies: bool, random: &mut Random) -> ReassignmentInstance {
    let mut parts = any(SIZES, random).parts().clone();
    for machine in &mut parts.machines {
        (machine.neighborhood, machine.location) = (names(4, random), names(5, random));
        machine.capacities.iter_mut().for_each(|capacity| *capacity *= 3);
    }
    for (at, service) in parts.services.iter_mut().enumerate() {
        service.spread = 1 + names(3, random);
        service.dependencies.retain(|_| has_dependencies && at % 3 == 2);
    }
    ReassignmentInstance::new(parts).unwrap()
}

/// Such an instance with an assignment that breaks nothing.
fn kept(has_dependencies: bool, random: &mut Random) -> (ReassignmentInstance, Vec<u32>) {
    loop {
        let instance = scattered(has_dependencies, random);
        let lowered = Lowered::new(&instance, &Stop::new());
        let (machines, keeps_rules) = repair(&lowered, Some(3), random, &Stop::new());
        if keeps_rules && check(&instance, &machines).is_ok() {
            return (instance, machines);
        }
    }
}

#[test]
fn what_two_regions_come_to_breaks_nothing_together() {
    let mut random = Random::new(12);
    let mut moved = [0; 2];
    for round in 0..200 {
        let (instance, machines) = kept(false, &mut random);
        let lowered = Lowered::new(&instance, &Stop::new());
        let hands: Vec<usize> = (0..SIZES.machines).map(|_| random.index(2)).collect();
        let regions = Regions::new(&lowered, &machines, hands.clone());
        let mut together = machines.clone();
        for (own, moved) in moved.iter_mut().enumerate() {
            let mut state = State::new(&lowered, &machines);
            state.confine(&regions, own);
            for _ in 0..300 {
                let step = Move::Shift { process: random.index(SIZES.processes), to: random.index(SIZES.machines) };
                if state.difference(step).is_some() {
                    state.apply(step);
                    *moved += 1;
                }
            }
            for (process, (&from, &to)) in machines.iter().zip(state.machines()).enumerate() {
                assert_eq!(hands[from as usize], hands[to as usize], "nobody leaves a region");
                if from != to {
                    assert_eq!(hands[to as usize], own);
                    together[process] = to;
                }
            }
            state.release();
            assert_eq!(state.cost().to_bits(), total(&instance, state.machines()).to_bits());
            let anew = State::new(&lowered, state.machines());
            for process in 0..SIZES.processes {
                let step = Move::Shift { process, to: random.index(SIZES.machines) };
                assert_eq!(state.difference(step), anew.difference(step), "nothing is left of the region");
            }
        }
        assert_eq!(faults(&instance, &together), [], "round {round}");
    }
    assert!(moved.iter().all(|&moved| moved > 5_000), "{moved:?}");
}

#[test]
fn a_team_finds_what_breaks_nothing_and_costs_less() {
    let mut random = Random::new(13);
    let mut gained = 0;
    for round in 0..60 {
        let (instance, machines) = kept(round % 2 == 0, &mut random);
        let (lowered, stop) = (Lowered::new(&instance, &Stop::new()), Stop::new());
        let weights: Vec<f64> = (0..lowered.processes).map(|process| lowered.weight(process)).collect();
        let (ranks, fleet) = (Ranks::new(&weights, lowered.reach.movable()), Fleet::new(&lowered));
        let cooling = Cooling::even(100.0, 0.3);
        let annealing = Annealing {
            enough: f64::NEG_INFINITY,
            cooling: &cooling,
            part: (0.0, 1.0),
            pace: Pace::Steps(40_000),
            mix: Mix { homes: 10, shifts: 40 },
            fleet: &fleet,
            stop: &stop,
        };
        let from = State::new(&lowered, &machines);
        let mut best = [Incumbent::new(&from), Incumbent::new(&from)];
        for best in &mut best {
            let mut states = vec![from.clone(); 3];
            team::run(&annealing, (&lowered, &ranks), &mut states, best, &mut Random::new(round));
            for state in &states {
                assert_eq!(faults(&instance, state.machines()), []);
                assert_eq!(state.cost().to_bits(), total(&instance, state.machines()).to_bits());
            }
        }
        let [one, again] = best;
        assert_eq!(faults(&instance, &one.machines), []);
        assert_eq!(one.cost.to_bits(), total(&instance, &one.machines).to_bits());
        assert_eq!(one.machines, again.machines, "one seed, one answer");
        gained += u32::from(one.cost < from.cost());
    }
    assert!(gained > 30, "{gained} of 60");
}

#[test]
fn each_method_breaks_nothing_and_goes_its_own_way() {
    const METHODS: [ReassignmentMethod; 4] =
        [ReassignmentMethod::Repair, ReassignmentMethod::Annealing, ReassignmentMethod::Team, ReassignmentMethod::Auto];
    let mut random = Random::new(15);
    let (mut costs, mut differing) = ([0; 4], [[0; 4]; 4]);
    for _ in 0..12 {
        let (instance, _) = kept(true, &mut random);
        let answers = METHODS.map(|method| {
            let options = ReassignmentOptions { method, seed: 1, rounds_max: Some(1) };
            solve(&instance, &options, &Stop::new(), &mut |_, _| ()).best
        });
        let answers = answers.map(|answer| answer.expect("the repair is that of three starts and more"));
        for (one, (found, machines)) in answers.iter().enumerate() {
            assert_eq!(check(&instance, machines), Ok(*found));
            costs[one] += found.total();
            for (other, (_, others)) in answers.iter().enumerate() {
                differing[one][other] += u32::from(machines != others);
            }
        }
    }
    assert!(costs[1..].iter().all(|&cost| cost < costs[0]), "{costs:?}");
    let differ = (0..4).all(|one| (0..one).all(|other| differing[one][other] > 0));
    assert!(differ, "{differing:?}");
}
