//! The trade-off between two terms of the objective, planned by the real program.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use common::{Bench, names};
use lessor_datasets::table::{InstancePaths, read_instance, read_placements};
use lessor_models::objective::Weights;
use lessor_models::objective::terms::{Objective, amounts};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

const WORDS: &str = "plan --fleet fleet --front value,energy --points 6 --work 600 --seed 5";

fn amount(point: &Value, key: &str) -> i128 {
    point[key].as_i64().unwrap().into()
}

/// Both amounts of a point of value against a cost: more of the first and less of the second is better.
fn both(point: &Value) -> (i128, i128) {
    (amount(point, "first_amount"), amount(point, "second_amount"))
}

fn front(told: &Value) -> Vec<&Value> {
    told["points"].as_array().unwrap().iter().filter(|point| point["is_dominated"] == false).collect()
}

#[test]
fn the_points_of_a_front_trade_one_term_for_the_other() {
    let bench = Bench::with_fleet();
    let told = bench.expect(0, &format!("{WORDS} --json --out front")).json();
    assert_eq!((&told["front"], &told["seed"]), (&serde_json::json!(["value", "energy"]), &5.into()));
    let (all, front) = (told["points"].as_array().unwrap(), front(&told));
    assert!((3..=6).contains(&all.len()) && front.len() >= 3, "{told}");
    for pair in front.windows(2) {
        let (better, worse) = (both(pair[0]), both(pair[1]));
        assert!(better.0 > worse.0 && better.1 > worse.1, "{better:?}, {worse:?}");
    }
    for point in all {
        assert!(both(point).0 <= both(front[0]).0 && both(point).1 >= both(front[front.len() - 1]).1, "{point}");
        assert_eq!((&point["first_permille"], &point["seconds"]), (&1_000.into(), &Value::Null));
    }
    // The ends of the front were weighed almost to one side.
    assert!(front[0]["second_permille"].as_u64() < front[front.len() - 1]["second_permille"].as_u64());
}

#[test]
fn every_plan_of_a_front_passes_its_check_and_comes_to_what_is_said() {
    let bench = Bench::with_fleet();
    let told = bench.expect(0, &format!("{WORDS} --json --out front")).json();
    let files = ["front.html", "front.parquet", "front.svg", "plans"];
    assert_eq!(
        (names(&bench.path("front")), bench.names()),
        (files.map(String::from).into(), vec!["fleet".into(), "front".into()])
    );
    let instance = read_instance(&InstancePaths::of_directory(&bench.path("fleet")), Weights::default()).unwrap();
    let front = front(&told);
    let plans: Vec<String> = (0..front.len()).map(|at| format!("{at:02}")).collect();
    assert_eq!(names(&bench.path("front/plans")), plans);
    for (name, point) in plans.iter().zip(front) {
        let dir = bench.path(&format!("front/plans/{name}"));
        let checked = bench.expect(0, &format!("check {} --json", dir.display())).json();
        for key in ["value", "bound", "gap", "placed", "unplaced"] {
            assert_eq!(checked[key], point[key], "{name}: {key}");
        }
        assert_eq!(point["plan"], name.as_str());
        // Weights of one for every term: these instances differ from those planned in nothing else.
        let placements = read_placements(&dir.join("placements.parquet"), &instance).unwrap();
        let amounts = amounts(&instance, &placements);
        let expected = [Objective::Value, Objective::Energy].map(|term| amounts[term.at()]);
        assert_eq!([both(point).0, both(point).1], expected, "{name}");
    }
}

#[test]
fn the_table_holds_what_is_printed() {
    let bench = Bench::with_fleet();
    let told = bench.expect(0, &format!("{WORDS} --json --out front")).json();
    let file = File::open(bench.path("front/front.parquet")).unwrap();
    let batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let rows: usize = batches.map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, told["points"].as_array().unwrap().len());
    let said = bench.expect(0, &format!("{WORDS} --out again"));
    assert!(said.out.starts_with("seed      5\nplan") && said.out.contains("again/front.html"), "{said:?}");
}

#[test]
fn the_same_work_gives_the_same_front_on_any_number_of_threads() {
    let bench = Bench::with_fleet();
    for threads in [1, 2] {
        bench.expect(0, &format!("{WORDS} --threads {threads} --quiet --out front{threads}"));
    }
    let files = ["front.html", "front.parquet", "front.svg", "plans/00/placements.parquet", "plans/00/report.html"];
    for file in files {
        let [one, two] = ["front1", "front2"].map(|out| fs::read(bench.path(out).join(file)).unwrap());
        assert!(one == two, "{file}");
    }
}

#[test]
fn a_front_in_time_is_there_by_its_deadline_with_every_weighing() {
    let bench = Bench::with_fleet();
    let told =
        bench.expect(0, "plan --fleet fleet --front energy,value --points 3 --deadline 6s --json --out front").json();
    let points = told["points"].as_array().unwrap();
    assert!(points.len() == 3 && points.iter().all(|point| point["seconds"].as_f64() > Some(0.0)), "{told}");
    assert_eq!(
        (&points[0]["second_permille"], &told["front"]),
        (&1_000.into(), &serde_json::json!(["energy", "value"]))
    );
}

#[test]
fn moves_are_a_term_like_any_other_where_something_runs() {
    let bench = Bench::new();
    bench.expect(0, "datasets generate --tiles 50 --seed 4 --load 1.4 --job-classes 30 --out fleet");
    bench.expect(0, "plan --fleet fleet --work 0 --quiet --out plan");
    let words = "plan --fleet fleet --current plan --front value,moves --points 4 --work 400";
    let told = bench.expect(0, &format!("{words} --json --out front")).json();
    let last = *front(&told).last().unwrap();
    assert_eq!((amount(last, "second_amount"), &last["moves"]), (0, &0.into()), "{told}");
    let said = bench.expect(2, &format!("{words} --keep 2 --out other"));
    assert!(said.err.contains("leave out --keep"), "{said:?}");
}

#[test]
fn pairs_that_are_none_are_refused_with_what_would_be_right() {
    let bench = Bench::with_fleet();
    let cases = [
        ("--front value", "write two with a comma between them, such as value,energy"),
        ("--front value,speed", "write two of value, energy, carbon, risk, thermal, latency, moves"),
        ("--front energy,energy", "a front lies between two different terms"),
        ("--front value,energy --points 1", "2..=99"),
        ("--points 5", "--front"),
    ];
    for (flags, expected) in cases {
        let said = bench.expect(2, &format!("plan --fleet fleet {flags} --work 10 --out front"));
        assert!(said.err.contains(expected), "{flags}: {said:?}");
        assert_eq!(bench.names(), ["fleet"]);
    }
}

#[test]
fn a_term_that_is_nothing_in_every_plan_is_refused_with_what_is_lacking() {
    let bench = Bench::with_fleet();
    for (terms, expected) in [
        (
            "value,moves",
            "--front weighs moves, which is nothing in every plan: nothing runs that could move; give --current",
        ),
        ("headroom,energy", "give a table [[headroom]] in --weights, or weigh another term"),
        ("energy,balance", "give a table [[balance]] in --weights"),
        ("value,dues", "no account has a price; give --prices"),
        ("carbon,value", "no zone says what its energy emits; give a table tariffs"),
    ] {
        let said = bench.expect(2, &format!("plan --fleet fleet --front {terms} --work 10 --out front"));
        assert!(said.err.contains(expected), "{terms}: {said:?}");
        assert_eq!(bench.names(), ["fleet"]);
    }
}

#[test]
fn the_page_of_a_front_runs_in_a_headless_browser() {
    let bench = Bench::with_fleet();
    bench.expect(0, &format!("{WORDS} --quiet --out front"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/check-report.sh");
    let checked =
        Command::new(script).arg(bench.path("front/front.html")).arg(bench.path("front.png")).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}");
    assert!(bench.path("front.png").exists() || said.contains("skipped"), "{said}");
}
