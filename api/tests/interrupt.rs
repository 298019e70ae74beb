//! A signal ends a search and keeps its best answer; a second one ends the process.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::Bench;

/// How long what should be soon may take where the machine is busy.
const SOON: Duration = Duration::from_mins(1);

/// The numbers of two signals.
const INTERRUPT: i32 = 2;
const TERMINATE: i32 = 15;

/// Starts a command line that would take minutes, and waits until it listens for signals.
fn start(bench: &Bench, words: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
    command.current_dir(bench.path(".")).args(words.split_whitespace());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !listens(child.id()) {
        assert_eq!(child.try_wait().unwrap(), None, "lessor {words} ended by itself");
        assert!(begun.elapsed() < SOON, "lessor {words} listens for no signal");
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Whether a process handles both signals itself.
fn listens(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
    [INTERRUPT, TERMINATE].iter().all(|signal| caught >> (signal - 1) & 1 == 1)
}

fn send(child: &Child, signals: &[&str]) {
    for signal in signals {
        let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
        assert!(sent.success(), "{signal}");
    }
}

/// What a process said, which must end soon after its signal.
fn end(child: Child) -> Output {
    let begun = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(begun.elapsed() < SOON, "{output:?}");
    output
}

/// Forty agents and 1,600 items, of which the dear ones are light: no search proves it within minutes.
fn large_gap(bench: &Bench) {
    let (agents, items) = (40_u64, 1_600_u64);
    let mut state = 1_u64;
    let mut draw = |most: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1 + (state >> 33) % most
    };
    let weights: Vec<u64> = (0..agents * items).map(|_| draw(100)).collect();
    let costs: Vec<u64> = weights.iter().map(|weight| 111 - weight + draw(21) - 11).collect();
    let capacity = weights.iter().sum::<u64>() / agents / agents * 8 / 10;
    let mut text = format!("{agents} {items}\n");
    for row in [costs, weights, vec![capacity; 40]] {
        row.iter().for_each(|number| write!(text, "{number} ").unwrap());
        text.push('\n');
    }
    fs::write(bench.path("large"), text).unwrap();
}

#[test]
fn a_search_that_is_interrupted_writes_what_is_best_so_far() {
    let bench = Bench::new();
    large_gap(&bench);
    for signal in ["INT", "TERM"] {
        let words = "solve gap large --seconds 900 --incumbents told --json --out answer";
        let child = start(&bench, words);
        let begun = Instant::now();
        while fs::read_to_string(bench.path("told")).unwrap().lines().count() < 2 {
            assert!(begun.elapsed() < SOON, "there is no incumbent");
            std::thread::sleep(Duration::from_millis(5));
        }
        send(&child, &[signal]);
        let output = end(child);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), told.matches("interrupted").count()), (Some(0), 1), "{told}");
        let solved: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let answer = fs::read_to_string(bench.path("answer")).unwrap();
        assert!(answer.lines().count() == 1_600 && solved["cost"].as_u64() > solved["bound"].as_u64(), "{solved}");
        fs::remove_file(bench.path("answer")).unwrap();
        fs::remove_file(bench.path("told")).unwrap();
    }
}

#[test]
fn a_second_signal_ends_the_process_without_an_answer() {
    let bench = Bench::new();
    large_gap(&bench);
    let child = start(&bench, "solve gap large --seconds 900 --out answer");
    // While it stands still it hears neither, so that it cannot end between the two.
    send(&child, &["STOP", "INT", "TERM", "CONT"]);
    let output = end(child);
    assert!(matches!(output.status.signal(), Some(INTERRUPT | TERMINATE)), "{output:?}");
    assert_eq!(bench.names(), ["large"]);
}

#[test]
fn a_plan_that_is_interrupted_is_whole_and_says_so() {
    let bench = Bench::with_fleet();
    let child = start(&bench, "plan --fleet fleet --work 1000000000000 --quiet --out plan");
    send(&child, &["INT"]);
    let output = end(child);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2) && told.contains("interrupted"), "{told}");
    bench.expect(0, "check plan");
    let run: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(bench.path("plan/run.json")).unwrap()).unwrap();
    assert_eq!(run["interrupted"], true);
    assert_eq!(bench.names(), ["fleet", "plan"]);
    // The signal came before there was any plan: a first one is made all the same.
    let first = bench.expect(0, "plan --fleet fleet --work 0 --json --out first").json();
    let placed = |run: &serde_json::Value| run["placed"].as_u64().unwrap();
    assert!(2 * placed(&run["figures"]) > placed(&first), "{} and {first}", run["figures"]);
}

#[test]
fn a_bench_that_is_interrupted_ends_what_it_runs_and_leaves_nothing() {
    let bench = Bench::new();
    large_gap(&bench);
    let child = start(&bench, "bench gap large --seconds 900 --out compared");
    let list = format!("/proc/{0}/task/{0}/children", child.id());
    let runs = fs::read_to_string(list).unwrap();
    assert_eq!(runs.split_whitespace().count(), 1, "it runs {runs}");
    send(&child, &["TERM"]);
    let output = end(child);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code().is_some_and(|code| code > 0) && told.contains("interrupted by a signal"), "{told}");
    assert!(!fs::exists(format!("/proc/{}", runs.trim())).unwrap(), "{runs} still runs");
    assert_eq!(bench.names(), ["large"]);
}
