//! Machine reassignment problems are solved by the real program, and its answers checked from the files alone.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{Bench, numbers, public_files};

/// One resource; two equal machines of capacity 8, of which 4 are safe; two processes that need 3 each on the first, without
/// services in common. Both there cost 2 units of load at 10; one that moves costs 1 for itself, 1 for its service and 1
/// for the way.
const MODEL: &str = "1\n0 10\n2\n0 0 8 4 0 1\n0 1 8 4 1 0\n2\n0 0\n0 0\n2\n0 3 1\n1 3 1\n0\n1 1 1\n";

/// Reads numbers one after another.
struct Words<'a>(std::str::SplitWhitespace<'a>);

impl Words<'_> {
    fn one(&mut self) -> usize {
        self.0.next().unwrap().parse().unwrap()
    }

    fn many(&mut self, count: usize) -> Vec<usize> {
        (0..count).map(|_| self.one()).collect()
    }
}

/// The cost of an answer, read and added up anew from the texts; `None` where it breaks a rule.
fn cost(model: &str, before: &str, answer: &str) -> Option<usize> {
    let mut words = Words(model.split_whitespace());
    let resource_count = words.one();
    let resources: Vec<Vec<usize>> = (0..resource_count).map(|_| words.many(2)).collect();
    let machine_count = words.one();
    let machines: Vec<Vec<usize>> =
        (0..machine_count).map(|_| words.many(2 + 2 * resource_count + machine_count)).collect();
    let services: Vec<(usize, Vec<usize>)> = (0..words.one())
        .map(|_| {
            let head = words.many(2);
            (head[0], words.many(head[1]))
        })
        .collect();
    let processes: Vec<Vec<usize>> = (0..words.one()).map(|_| words.many(2 + resource_count)).collect();
    let balances: Vec<Vec<usize>> = (0..words.one()).map(|_| words.many(4)).collect();
    let weights = words.many(3);
    let [before, after] = [before, answer].map(|text| Words(text.split_whitespace()).many(processes.len()));

    let mut used = vec![vec![0; resource_count]; machine_count];
    let mut left = used.clone();
    let (mut moved, mut cost) = (vec![0; services.len()], 0);
    for (process, (&from, &to)) in processes.iter().zip(before.iter().zip(&after)) {
        for at in 0..resource_count {
            used[to][at] += process[1 + at];
            left[from][at] += usize::from(from != to) * resources[at][0] * process[1 + at];
        }
        moved[process[0]] += usize::from(from != to);
        cost += usize::from(from != to) * weights[0] * process[1 + resource_count];
        cost += weights[2] * machines[from][2 + 2 * resource_count + to];
    }
    cost += weights[1] * moved.iter().max().unwrap();
    for (machine, (used, left)) in machines.iter().zip(used.iter().zip(&left)) {
        for at in 0..resource_count {
            if used[at] + left[at] > machine[2 + at] {
                return None;
            }
            cost += resources[at][1] * used[at].saturating_sub(machine[2 + resource_count + at]);
        }
        for balance in &balances {
            let free = [0, 1].map(|at| machine[2 + balance[at]] - used[balance[at]]);
            cost += balance[3] * (balance[2] * free[0]).saturating_sub(free[1]);
        }
    }
    let of = |service: usize, what: fn(&[usize], usize) -> usize| -> Vec<usize> {
        let all = processes.iter().zip(&after).filter(|(process, _)| process[0] == service);
        all.map(|(_, &machine)| what(&machines[machine], machine)).collect()
    };
    let set = |numbers: Vec<usize>| numbers.into_iter().collect::<BTreeSet<usize>>();
    for (service, (spread, dependencies)) in services.iter().enumerate() {
        let on = of(service, |_, machine| machine);
        let neighborhoods = set(of(service, |machine, _| machine[0]));
        let depends = |&other: &usize| neighborhoods.is_subset(&set(of(other, |machine, _| machine[0])));
        let keeps = set(on.clone()).len() == on.len()
            && set(of(service, |machine, _| machine[1])).len() >= *spread
            && dependencies.iter().all(depends);
        if !keeps {
            return None;
        }
    }
    Some(cost)
}

#[test]
fn an_answer_is_written_with_its_cost_and_bound() {
    let bench = Bench::new();
    fs::write(bench.path("model"), MODEL).unwrap();
    fs::write(bench.path("start"), "0 0\n").unwrap();
    let solved = bench.expect(0, "solve roadef model start --seconds 1 --json --out answer").json();
    // All four assignments are tried; the sums alone prove nothing.
    assert_eq!((&solved["cost"], &solved["bound"], &solved["proof"]), (&3.into(), &3.into(), &"enumeration".into()));
    let solved = bench.expect(0, "solve roadef model start --seconds 1 --method annealing --json --out answer").json();
    assert_eq!((&solved["cost"], &solved["bound"], &solved["proof"]), (&3.into(), &0.into(), &"sums".into()));
    assert_eq!(cost(MODEL, "0 0", &fs::read_to_string(bench.path("answer")).unwrap()), Some(3));
}

#[test]
fn a_start_that_breaks_a_rule_is_told_and_repaired() {
    let bench = Bench::new();
    // Both processes are of one service, which must be in two locations.
    let model = MODEL.replace("2\n0 0\n0 0\n2\n0 3 1\n1 3 1", "1\n2 0\n2\n0 3 1\n0 3 1");
    fs::write(bench.path("model"), &model).unwrap();
    fs::write(bench.path("start"), "0 0\n").unwrap();
    let said = bench.expect(0, "solve roadef model start --seconds 1 --json --out answer");
    assert!(
        said.err.contains("the initial assignment is broken: service 0 has two processes on machine 0"),
        "{said:?}"
    );
    assert!(said.err.contains("service 0 is in 1 locations, where it must be in 2"), "{said:?}");
    // One moves, for 1 + 1 + 1.
    assert_eq!(said.json()["cost"], 3);
    assert_eq!(cost(&model, "0 0", &fs::read_to_string(bench.path("answer")).unwrap()), Some(3));
}

#[test]
fn what_no_assignment_mends_is_told_at_once() {
    let bench = Bench::new();
    // One process alone, of a service that must be in two locations.
    fs::write(bench.path("model"), MODEL.replace("2\n0 0\n0 0\n2", "2\n2 0\n0 0\n2")).unwrap();
    fs::write(bench.path("start"), "0 0\n").unwrap();
    let said = bench.expect(1, "solve roadef model start --seconds 60 --json --out answer");
    assert!(
        said.err.contains("no assignment mends this: service 0 is in 1 locations, where it must be in 2"),
        "{said:?}"
    );
    assert!(said.json()["cost"].is_null() && !bench.path("answer").exists());
}

/// So many machines with two processes each, of services of two, all to begin with on machines that are full beyond what is safe.
fn drawn(machines: u64) -> (String, String) {
    let mut below = numbers(1);
    let mut lines = vec!["2".to_owned(), "1 10".to_owned(), "0 7".to_owned(), machines.to_string()];
    for machine in 0..machines {
        let ways: Vec<String> = (0..machines).map(|to| u64::from(to != machine).to_string()).collect();
        lines.push(format!("{} {} 200 200 {} {} {}", machine % 3, machine % 5, below(80), below(80), ways.join(" ")));
    }
    lines.push(machines.to_string());
    lines.extend(
        (0..machines).map(|service| if service % 4 == 3 { format!("1 1 {}", service - 1) } else { "1 0".to_owned() }),
    );
    lines.push((2 * machines).to_string());
    lines.extend((0..2 * machines).map(|process| format!("{} {} {} 3", process / 2, below(60), below(60))));
    lines.extend(["1", "0 1 2", "5", "1 4 2"].map(str::to_owned));
    // The processes of a service begin side by side, so that dependencies hold where services begin in one neighborhood.
    let start: Vec<String> =
        (0..2 * machines).map(|process| ((process / 2 + process % 2 * 3) % machines).to_string()).collect();
    (lines.join("\n") + "\n", start.join(" "))
}

#[test]
fn a_work_limit_has_one_answer_on_any_number_of_threads() {
    // Two chains anneal few machines side by side, and two hands carry on one where the machines are many.
    for machines in [15, 150] {
        let bench = Bench::new();
        let (model, start) = drawn(machines);
        fs::write(bench.path("model"), &model).unwrap();
        fs::write(bench.path("start"), &start).unwrap();
        let answer = bench.solve_on_any_threads("roadef model start --work 1");
        let found = cost(&model, &start, &answer).expect("it breaks no rule");
        assert!(cost(&model, &start, &start).is_none_or(|before| found < before), "{found}");
    }
}

#[test]
fn malformed_instances_are_refused_with_file_and_line() {
    let bench = Bench::new();
    fs::write(bench.path("model"), MODEL).unwrap();
    fs::write(bench.path("start"), "0 0\n").unwrap();
    for (text, told) in [
        ("1\n0 x", "line 2: \"x\" is not a whole number"),
        (
            "1\n0 10\n2\n0 0 8",
            "line 4: ends after 7 numbers, the last 8, before the last of 1 safety capacities of machine 0",
        ),
        ("", "line 1: ends after 0 numbers, before the number of resources"),
    ] {
        fs::write(bench.path("bad"), text).unwrap();
        let said = bench.expect(2, "solve roadef bad start --out answer");
        assert!(said.err.contains("bad: ") && said.err.contains(told), "{said:?}");
    }
    fs::write(bench.path("bad"), "0 2").unwrap();
    let said = bench.expect(2, "solve roadef model bad --out answer");
    assert!(said.err.contains("bad: line 1: the machine of a process is 2, but must be from 0 to 1"), "{said:?}");
    assert!(!bench.path("answer").exists());
}

#[test]
fn a_public_instance_comes_close_to_the_best_known() {
    let Some([model, start]) = public_files(["roadef2012/model_a1_1.txt", "roadef2012/assignment_a1_1.txt"]) else {
        return;
    };
    let bench = Bench::new();
    let run = format!("solve roadef {} {} --seconds 4 --json --out answer", model.display(), start.display());
    let solved = bench.expect(0, &run).json();
    let [model, start, answer] = [model, start, bench.path("answer")].map(|path| fs::read_to_string(path).unwrap());
    let found = cost(&model, &start, &answer).expect("it breaks no rule");
    assert_eq!(solved["cost"], found);
    // The optimum, as published, is 44,306,501; a few seconds on a busy machine come within a ten-thousandth of it.
    assert!((44_306_501..44_311_000).contains(&found), "{found}");
}
