//! Services of one process that depend on each other: none can leave its neighborhood alone.

use super::super::convoy::{Convoy, Fleet};
use super::*;

/// The services that each of a group of three depends on, by position in the group.
type Links = [&'static [usize]; 3];

const PAIR_AND_ONE: Links = [&[1], &[0], &[]];
const CHAIN: Links = [&[1], &[2], &[]];
const RING: Links = [&[1], &[2], &[0]];

/// So many neighborhoods of one machine each, and two groups that begin together on the first machines, where there is hardly
/// room for them.
fn linked(links: Links, machines: usize, random: &mut Random) -> ReassignmentInstance {
    let service = |at: usize| Service {
        spread: 1,
        dependencies: links[at % 3].iter().map(|on| u32::try_from(at / 3 * 3 + on).unwrap()).collect(),
    };
    let process = |at: usize, random: &mut Random| Process {
        service: u32::try_from(at).unwrap(),
        needs: vec![1 + random.below(20), 1 + random.below(20)],
        move_cost: random.below(3),
    };
    let machine = |at: usize, random: &mut Random| Machine {
        neighborhood: u32::try_from(at).unwrap(),
        location: 0,
        capacities: vec![70 + random.below(50), 70 + random.below(50)],
        safety: vec![random.below(40), random.below(40)],
        move_costs: (0..machines).map(|to| u64::from(to != at) * random.below(3)).collect(),
    };
    ReassignmentInstance::new(Parts {
        resources: vec![
            Resource { is_transient: false, load_weight: 3 },
            Resource { is_transient: false, load_weight: 2 },
        ],
        machines: (0..machines).map(|at| machine(at, random)).collect(),
        services: (0..6).map(service).collect(),
        processes: (0..6).map(|at| process(at, random)).collect(),
        balances: vec![],
        weights: MoveWeights { process: 1, service: 1, machine: 1 },
        start: (0..6).map(|at| at / 3).collect(),
    })
    .unwrap()
}

#[test]
fn services_that_depend_on_each_other_come_to_the_least_cost() {
    let options = ReassignmentOptions { method: ReassignmentMethod::Auto, seed: 1, rounds_max: Some(40) };
    for (at, links) in (0..).zip([PAIR_AND_ONE, CHAIN, RING]) {
        let mut random = Random::new(at);
        let mut improved = 0;
        for _ in 0..12 {
            let instance = linked(links, 4, &mut random);
            let start = check(&instance, &instance.parts().start).unwrap();
            let (found, machines) = solve(&instance, &options, &Stop::new(), &mut |_, _| ()).best.unwrap();
            assert_eq!(check(&instance, &machines), Ok(found));
            assert_eq!(Some(found.total()), least(&instance), "from {} by {links:?}", start.total());
            improved += u32::from(found.total() < start.total());
        }
        assert!(improved >= 6, "{improved} of 12 starts are not the best");
    }
}

#[test]
fn a_convoy_leaves_what_the_checker_allows_or_everything_as_it_was() {
    let mut random = Random::new(6);
    let (mut stood, mut fell) = (0, 0);
    for _ in 0..60 {
        let instance = feasible(SMALL, &mut random);
        let lowered = Lowered::new(&instance, &Stop::new());
        let (mut state, fleet) = (State::new(&lowered, &lowered.start), Fleet::new(&lowered));
        if fleet.tried(&state, 1_000, &mut random) == [0; 2] {
            continue;
        }
        let mut convoy = Convoy::default();
        for _ in 0..200 {
            let (before, cost) = (state.machines().to_vec(), state.cost());
            let limit = random.below(200) as f64;
            if convoy.drive(&mut state, &fleet, limit, &mut random) {
                assert!(check(&instance, state.machines()).is_ok() && state.cost() <= cost + limit);
                let changed = before.iter().zip(state.machines()).enumerate().filter(|(_, (from, to))| from != to);
                let moved: Vec<usize> = changed.map(|(process, _)| process).collect();
                assert!(moved.len() > 1 && moved.iter().all(|&process| convoy.processes().any(|one| one == process)));
                stood += 1;
            } else {
                assert_eq!((state.machines(), convoy.processes().count()), (&before[..], 0));
                fell += 1;
            }
            assert_eq!(state.cost().to_bits(), total(&instance, state.machines()).to_bits());
            assert_eq!(State::new(&lowered, state.machines()).cost().to_bits(), state.cost().to_bits());
        }
    }
    assert!(stood > 200 && fell > 1_000, "{stood} stood, {fell} fell");
}

#[test]
fn no_convoy_is_tried_where_nothing_depends_on_anything() {
    let instance = crowded(4, 2, &mut Random::new(1));
    let lowered = Lowered::new(&instance, &Stop::new());
    let state = State::new(&lowered, &lowered.start);
    assert_eq!(Fleet::new(&lowered).tried(&state, 1 << 40, &mut Random::new(1)), [0; 2]);
}
