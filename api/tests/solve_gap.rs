//! Generalized assignment problems are solved by the real program, and its answers checked from the files alone.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

mod common;

use std::fs;

use common::{Bench, numbers, public_files};

/// Two agents of capacity 6, three items that weigh 3: 7 is the least cost, with the first item alone with the first agent.
const SMALL: &str = "2 3\n1 4 6\n3 3 3\n3 3 3\n3 3 3\n6 6\n";

/// The cost of an answer, read and added up anew; `None` where it does not fit.
fn cost(instance: &str, answer: &str) -> Option<u64> {
    let numbers: Vec<u64> = instance.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let [agents, items] = [0, 1].map(|at| usize::try_from(numbers[at]).unwrap());
    let (costs, rest) = numbers[2..].split_at(agents * items);
    let (weights, capacities) = rest.split_at(agents * items);
    let chosen: Vec<usize> = answer.split_whitespace().map(|word| word.parse().unwrap()).collect();
    assert_eq!(chosen.len(), items);
    let mut carried = vec![0; agents];
    chosen.iter().enumerate().for_each(|(item, &agent)| carried[agent] += weights[agent * items + item]);
    let fits = carried.iter().zip(capacities).all(|(carried, capacity)| carried <= capacity);
    fits.then(|| chosen.iter().enumerate().map(|(item, &agent)| costs[agent * items + item]).sum())
}

#[test]
fn an_answer_is_written_with_its_cost_and_bound() {
    let bench = Bench::new();
    fs::write(bench.path("small"), SMALL).unwrap();
    let solved = bench.expect(0, "solve gap small --seconds 30 --json --out answer").json();
    assert_eq!((&solved["cost"], &solved["bound"], &solved["gap"]), (&7.into(), &7.into(), &0.0.into()));
    assert_eq!(cost(SMALL, &fs::read_to_string(bench.path("answer")).unwrap()), Some(7));
}

#[test]
fn no_items_cost_nothing() {
    let bench = Bench::new();
    fs::write(bench.path("none"), "2 0\n6 6\n").unwrap();
    for method in ["auto", "annealing", "neighborhood", "exact"] {
        let solved =
            bench.expect(0, &format!("solve gap none --method {method} --seconds 5 --json --out answer")).json();
        assert_eq!((&solved["cost"], &solved["bound"]), (&0.into(), &0.into()), "{method}");
        assert_eq!(fs::read_to_string(bench.path("answer")).unwrap().trim(), "");
    }
}

#[test]
fn what_has_no_assignment_ends_with_one_and_leaves_the_old_answer() {
    let bench = Bench::new();
    fs::write(bench.path("crowded"), SMALL.replace("6 6\n", "5 5\n")).unwrap();
    fs::write(bench.path("answer"), "old").unwrap();
    let solved = bench.expect(1, "solve gap crowded --seconds 30 --json --out answer").json();
    assert!(solved["cost"].is_null() && solved["proof"] == "search");
    // There is no least cost, so nothing bounds it.
    assert!(solved["bound"].is_null() && solved["gap"].is_null(), "{solved}");
    assert_eq!(fs::read_to_string(bench.path("answer")).unwrap(), "old");
}

#[test]
fn an_item_that_nobody_can_carry_is_named() {
    let bench = Bench::new();
    // The second item weighs 9 and 7, where each agent carries 6.
    fs::write(bench.path("heavy"), SMALL.replace("3 3 3\n3 3 3\n6 6", "3 9 3\n3 7 3\n6 6")).unwrap();
    let said = bench.expect(1, "solve gap heavy --seconds 30 --json --out answer");
    assert!(said.err.contains("item 1, from zero, weighs more with each agent than it can carry"), "{said:?}");
}

#[test]
fn malformed_instances_are_refused_with_file_and_line() {
    let bench = Bench::new();
    for (text, told) in [
        ("2 3\n1 x", "line 2: \"x\" is not a whole number"),
        ("2 3\n1 2 3", "line 2: ends after 5 numbers, the last 3, before the last of 2 x 3 costs"),
        ("", "line 1: ends after 0 numbers"),
    ] {
        fs::write(bench.path("bad"), text).unwrap();
        let said = bench.expect(2, "solve gap bad --out answer");
        assert!(said.err.contains("bad: ") && said.err.contains(told), "{said:?}");
    }
    bench.expect(2, "solve gap absent --out answer");
    fs::write(bench.path("bad"), SMALL).unwrap();
    bench.expect(2, "solve gap bad --seconds 0 --out answer");
    assert!(!bench.path("answer").exists());
}

/// Agents and items of type D: what weighs more costs less, and capacities are four fifths of what all would weigh.
fn type_d(agents: u64, items: u64) -> String {
    let mut below = numbers(1);
    let pairs = agents * items;
    let weights: Vec<u64> = (0..pairs).map(|_| 1 + below(100)).collect();
    let costs: Vec<u64> = weights.iter().map(|weight| 111 - weight + below(21)).collect();
    let capacity = weights.iter().sum::<u64>() * 4 / (5 * agents * agents);
    let capacities = vec![capacity; usize::try_from(agents).unwrap()];
    let line = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    format!("{agents} {items}\n{}\n{}\n{}\n", line(&costs), line(&weights), line(&capacities))
}

#[test]
fn a_work_limit_has_one_answer_on_any_number_of_threads() {
    let bench = Bench::new();
    let instance = type_d(5, 25);
    fs::write(bench.path("d"), &instance).unwrap();
    for method in ["auto", "annealing", "neighborhood", "exact"] {
        let answer = bench.solve_on_any_threads(&format!("gap d --method {method} --work 1"));
        assert!(cost(&instance, &answer).is_some(), "{method}");
    }
    let said = bench.expect(2, "solve gap d --work 2 --seconds 2 --out answer");
    assert!(said.err.contains("cannot be used with"), "{said:?}");
}

#[test]
fn the_sixty_small_public_instances_are_solved_and_proved() {
    let Some([known]) = public_files(["gap/best_known.csv"]) else { return };
    let bench = Bench::new();
    let mut solved_count = 0;
    for line in fs::read_to_string(&known).unwrap().lines().filter(|line| line.starts_with("cattrysse1994/")) {
        let fields: Vec<&str> = line.split(',').collect();
        let instance = known.with_file_name(fields[0]);
        let solved =
            bench.expect(0, &format!("solve gap {} --seconds 60 --json --out answer", instance.display())).json();
        let optimum: u64 = fields[6].parse().unwrap();
        assert_eq!((&solved["cost"], &solved["bound"]), (&optimum.into(), &optimum.into()), "{}", fields[0]);
        let (instance, answer) =
            (fs::read_to_string(instance).unwrap(), fs::read_to_string(bench.path("answer")).unwrap());
        assert_eq!(cost(&instance, &answer), Some(optimum));
        solved_count += 1;
    }
    assert_eq!(solved_count, 60);
}

/// The lines of a stream of incumbents after its header, as (seconds, cost, bound).
fn stream(text: &str) -> Vec<(f64, Option<u64>, Option<u64>)> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("seconds,cost,bound"));
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [seconds, cost, bound] = fields[..] else { panic!("{line:?} has three fields") };
        let amount = |field: &str| (!field.is_empty()).then(|| field.parse().unwrap());
        (seconds.parse().unwrap(), amount(cost), amount(bound))
    };
    lines.map(row).collect()
}

#[test]
fn incumbents_are_told_in_a_file_that_ends_with_the_answer() {
    let bench = Bench::new();
    fs::write(bench.path("small"), SMALL).unwrap();
    fs::write(bench.path("told"), "old").unwrap();
    let solved = bench.expect(0, "solve gap small --seconds 30 --json --incumbents told --out answer").json();
    let told = stream(&fs::read_to_string(bench.path("told")).unwrap());
    assert!(told.is_sorted_by(|a, b| a.0 <= b.0 && a.1 >= b.1 && a.2 <= b.2), "{told:?}");
    let &(seconds, cost, bound) = told.last().unwrap();
    assert_eq!((cost, bound), (Some(7), Some(7)));
    assert!(seconds <= solved["seconds"].as_f64().unwrap() && solved["peak_memory_bytes"].as_u64().unwrap() > 0);
}

#[test]
fn a_search_that_proves_that_nothing_fits_tells_neither_cost_nor_bound() {
    let bench = Bench::new();
    fs::write(bench.path("crowded"), SMALL.replace("6 6\n", "5 5\n")).unwrap();
    bench.expect(1, "solve gap crowded --seconds 30 --incumbents told --out answer");
    let told = stream(&fs::read_to_string(bench.path("told")).unwrap());
    let &(_, cost, bound) = told.last().unwrap();
    assert_eq!((cost, bound), (None, None));
    let said = bench.expect(2, "solve gap crowded --seconds 30 --incumbents absent/told --out answer");
    assert!(said.err.contains("absent/told: cannot be written") && !bench.path("answer").exists(), "{said:?}");
}

#[test]
fn an_answer_that_has_no_place_is_refused_before_the_search() {
    let bench = Bench::new();
    fs::write(bench.path("small"), SMALL).unwrap();
    fs::write(bench.path("told"), "old").unwrap();
    fs::create_dir(bench.path("taken")).unwrap();
    for out in ["absent/answer", "small/answer", "taken"] {
        let words = format!("solve gap small --seconds 30 --incumbents told --out {out}");
        let said = bench.expect(2, &words);
        assert!(said.err.contains(&format!("{out}: cannot be written")), "{said:?}");
    }
    // A search would have told its incumbents.
    assert_eq!(fs::read_to_string(bench.path("told")).unwrap(), "old");
    assert_eq!(bench.names(), ["small", "taken", "told"]);
}
