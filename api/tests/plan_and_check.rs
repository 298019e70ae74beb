//! A fleet is generated, planned, checked and explained by the real program.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs;
use std::path::Path;

use common::{Bench, names};
use lessor_datasets::table::{
    InstancePaths, read_instance, read_moves, read_placements, read_unplaced, write_move_costs, write_moves,
    write_placements,
};
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use lessor_models::plan::{Move, Placement, Seat, Stage};
use lessor_models::words::credits;

fn instance(fleet: &Path) -> Instance {
    read_instance(&InstancePaths::of_directory(fleet), Weights::default()).unwrap()
}

/// Writes the plan's placements again, changed.
fn tamper(bench: &Bench, change: impl FnOnce(&mut Vec<Placement>)) {
    let (instance, path) = (instance(&bench.path("fleet")), bench.path("plan/placements.parquet"));
    let mut placements = read_placements(&path, &instance).unwrap();
    change(&mut placements);
    write_placements(&path, &instance, &placements).unwrap();
}

#[test]
fn a_generated_fleet_is_planned_and_the_plan_passes_its_check() {
    let bench = Bench::with_fleet();
    let planned = bench.expect(0, "plan --fleet fleet --work 200 --seed 5 --json --out plan").json();
    let checked = bench.expect(0, "check plan --json").json();
    for key in ["value", "bound", "gap", "placed", "unplaced"] {
        assert_eq!(planned[key], checked[key], "{key}");
    }
    assert_eq!((&planned["seed"], &planned["tiles"], &checked["ok"]), (&5.into(), &60.into(), &true.into()));
    assert!(planned["value"].is_i64() && planned["placed"].as_u64() > Some(0), "{planned}");
    assert!(
        planned["seconds"].as_f64() > Some(0.0) && planned["peak_memory_bytes"].as_u64() > Some(1 << 20),
        "{planned}"
    );
    let bound = planned["bound"].as_i64().unwrap();
    assert!(bound >= planned["value"].as_i64().unwrap() && planned["gap"].as_f64() >= Some(0.0), "{planned}");
    let files =
        ["certificate.parquet", "moves.parquet", "placements.parquet", "prices.parquet", "report.html", "run.json"];
    let written = names(&bench.path("plan"));
    assert!(files.iter().all(|file| written.contains(&(*file).to_owned())), "{written:?}");
    assert_eq!(bench.names(), ["fleet", "plan"], "nothing is left beside the output");
}

#[test]
fn figures_for_people_and_for_programs_agree() {
    let bench = Bench::with_plan();
    let value = credits(bench.expect(0, "check plan --json").json()["value"].as_i64().unwrap());
    let said = bench.expect(0, "plan --fleet fleet --work 200 --out again");
    assert!(said.out.contains(&format!("value     {value} credits\n")), "{said:?}");
    assert!(said.out.starts_with("seed      1\n") && said.out.contains("report    again/report.html"), "{said:?}");
    assert_eq!(bench.expect(0, "plan --fleet fleet --work 200 --quiet --out quiet").out, "");
}

/// How many lines there are depends on the machine: at least the first incumbent has one.
#[test]
fn incumbents_are_told_on_standard_error_to_people_and_not_to_programs() {
    let bench = Bench::with_fleet();
    let told = bench.expect(0, "plan --fleet fleet --work 200 --out plan").err;
    let is_incumbent =
        |line: &str| line.contains(" s  value ") && line.trim_start().starts_with(|c: char| c.is_ascii_digit());
    assert!(!told.is_empty() && told.lines().all(is_incumbent), "{told}");
    for flag in ["--json", "--quiet"] {
        let said = bench.expect(0, &format!("plan --fleet fleet --work 200 {flag} --force --out plan"));
        assert_eq!(said.err, "", "{flag}");
    }
}

#[test]
fn the_same_work_gives_the_same_bytes_on_any_number_of_threads() {
    let bench = Bench::new();
    bench.expect(0, "datasets generate --tiles 80 --seed 2 --family sample --job-classes 40 --out fleet");
    for threads in [1, 2, 3] {
        bench.expect(0, &format!("plan --fleet fleet --work 300 --threads {threads} --quiet --out plan{threads}"));
    }
    let (first, others) = (bench.path("plan1"), [bench.path("plan2"), bench.path("plan3")]);
    for other in others {
        assert_eq!(names(&first), names(&other));
        for name in names(&first).iter().filter(|name| *name != "run.json") {
            assert!(fs::read(first.join(name)).unwrap() == fs::read(other.join(name)).unwrap(), "{name}");
        }
    }
}

#[test]
fn a_sample_with_telemetry_and_running_capsules_is_planned_and_checked() {
    let bench = Bench::new();
    bench.expect(0, "datasets generate --tiles 100 --seed 4 --family sample --job-classes 40 --out fleet");
    let tables = names(&bench.path("fleet"));
    assert!(
        ["telemetry.parquet", "placements.parquet", "capacities.parquet"]
            .iter()
            .all(|name| tables.contains(&(*name).to_owned()))
    );
    bench.expect(0, "plan --fleet fleet --deadline 5s --quiet --out plan");
    let said = bench.expect(0, "check plan");
    assert!(said.out.contains("every rule holds"), "{said:?}");
}

#[test]
fn placements_that_crowd_one_tile_fail_the_check() {
    let bench = Bench::with_plan();
    tamper(&bench, |placements| {
        let tile = placements[0].tile;
        placements.iter_mut().for_each(|placement| placement.tile = tile);
    });
    let said = bench.expect(1, "check plan");
    assert!(said.err.contains("the check failed") && said.err.contains("overdrawn"), "{said:?}");
    let told = bench.expect(1, "check plan --json").json();
    assert_eq!(told["ok"], false);
    assert!(told["findings"].as_u64() > Some(0), "{told}");
}

#[test]
fn moves_that_stop_a_capsule_for_no_reason_fail_the_check() {
    let bench = Bench::new();
    bench.expect(0, "datasets generate --tiles 100 --seed 4 --family sample --job-classes 40 --out fleet");
    bench.expect(0, "plan --fleet fleet --work 100 --quiet --out plan");
    bench.expect(0, "check plan");
    let (instance, path) = (instance(&bench.path("fleet")), bench.path("plan/moves.parquet"));
    let mut moves = read_moves(&path, &instance).unwrap();
    let mut running = instance.current().iter();
    let stays = running.find(|current| moves.iter().all(|change| change.job != current.job)).unwrap();
    let seat = Seat { tile: stays.tile, devices: stays.devices };
    let wave = moves.last().map_or(0, |last| last.wave);
    moves.push(Move { wave, stage: Stage::Stop, job: stays.job, from: seat, to: None, count: stays.count });
    write_moves(&path, &instance, &moves).unwrap();
    let said = bench.expect(1, "check plan");
    let name = instance.job_name(stays.job);
    assert!(said.err.contains(&format!("moves: job {name:?} has left tile")), "{said:?}");
    let told = bench.expect(1, "check plan --json").json();
    assert_eq!((&told["ok"], told["value"].is_i64()), (&false.into(), true));
}

#[test]
fn a_placement_taken_away_fails_the_check() {
    let bench = Bench::with_plan();
    tamper(&bench, |placements| placements.truncate(placements.len() - 1));
    let said = bench.expect(1, "check plan");
    assert!(said.err.contains("capsules are missing") && said.err.contains("run.json says"), "{said:?}");
}

#[test]
fn a_changed_record_fails_the_check() {
    let bench = Bench::with_plan();
    let path = bench.path("plan/run.json");
    let text = fs::read_to_string(&path).unwrap();
    let value = bench.expect(0, "check plan --json").json()["value"].to_string();
    fs::write(&path, text.replace(&value, "1")).unwrap();
    let said = bench.expect(1, "check plan");
    assert!(said.err.contains("run.json says 1"), "{said:?}");
}

#[test]
fn a_certificate_of_nothing_fails_the_check() {
    let bench = Bench::with_plan();
    let other = bench.path("other");
    fs::create_dir(&other).unwrap();
    let empty = lessor_models::certificate::Certificate::default();
    let instance = instance(&bench.path("fleet"));
    lessor_datasets::table::write_certificate(&bench.path("plan/certificate.parquet"), &instance, &empty).unwrap();
    // Without prices the bound is all bids: true, but not what the record says.
    let said = bench.expect(1, "check plan");
    assert!(said.err.contains("the bound is"), "{said:?}");
}

#[test]
fn a_changed_input_is_named_and_is_bad_input() {
    let bench = Bench::with_plan();
    let jobs = bench.path("fleet/jobs.parquet");
    let mut bytes = fs::read(&jobs).unwrap();
    bytes.push(0);
    fs::write(&jobs, bytes).unwrap();
    for words in ["check plan", "explain plan any"] {
        let said = bench.expect(2, words);
        assert!(said.err.contains("jobs.parquet") && said.err.contains("is not the file that was planned"), "{said:?}");
    }
}

#[test]
fn a_table_that_came_or_went_since_is_named() {
    let bench = Bench::with_fleet();
    let (capacities, aside) = (bench.path("fleet/capacities.parquet"), bench.path("aside"));
    fs::rename(&capacities, &aside).unwrap();
    bench.expect(0, "plan --fleet fleet --work 50 --quiet --out plan");
    fs::copy(&aside, &capacities).unwrap();
    let said = bench.expect(2, "check plan");
    assert!(said.err.contains("capacities.parquet: was not there when the plan was made"), "{said:?}");
    fs::remove_file(&capacities).unwrap();
    let moves = bench.path("fleet/move_costs.parquet");
    write_move_costs(&moves, instance(&bench.path("fleet")).fleet()).unwrap();
    let said = bench.expect(2, "check plan");
    assert!(said.err.contains("move_costs.parquet: was not there when the plan was made"), "{said:?}");
    fs::remove_file(&moves).unwrap();
    bench.expect(0, "check plan");
    fs::remove_file(bench.path("fleet/zones.parquet")).unwrap();
    let said = bench.expect(2, "check plan");
    assert!(said.err.contains("zones.parquet: cannot be read"), "{said:?}");
}

#[test]
fn every_job_can_be_explained_and_an_unplaced_one_has_a_reason() {
    let bench = Bench::new();
    bench.expect(0, "datasets generate --tiles 40 --seed 6 --load 3 --job-classes 20 --out fleet");
    bench.expect(0, "plan --fleet fleet --work 100 --quiet --out plan");
    let instance = instance(&bench.path("fleet"));
    let unplaced = read_unplaced(&bench.path("plan/unplaced.parquet"), &instance).unwrap();
    let left = unplaced.first().expect("three times the scarcest kind does not fit");
    let name = instance.job_name(left.job);
    let told = bench.expect(0, &format!("explain plan {name} --json")).json();
    assert_eq!(
        (&told["job"], &told["missing"], &told["reason"]),
        (&name.into(), &left.count.into(), &left.reason.name().into())
    );
    assert_eq!(told["conflict"].as_array().unwrap().len(), left.conflict.len());
    let said = bench.expect(0, &format!("explain plan {name}"));
    assert!(said.out.contains(told["reason_words"].as_str().unwrap()), "{said:?}");
    let refused = bench.expect(2, "explain plan no-such-job");
    assert!(refused.err.contains("no job is named \"no-such-job\""), "{refused:?}");
}

#[test]
fn a_plan_keeps_a_limit_on_memory_by_being_coarser() {
    let bench = Bench::new();
    bench.expect(0, "datasets generate --tiles 10000 --seed 3 --job-classes 30 --steps --out fleet");
    let taken = |planned: &serde_json::Value| planned["peak_memory_bytes"].as_u64().unwrap();
    let free = bench.expect(0, "plan --fleet fleet --work 0 --threads 1 --json --out free").json();
    let tight = bench.expect(0, "plan --fleet fleet --work 0 --threads 1 --memory 100MB --json --out tight").json();
    assert!(taken(&free) > 100_000_000 && taken(&tight) < 100_000_000, "{free} {tight}");
    assert!(tight["placed"].as_u64().unwrap() * 10 > free["placed"].as_u64().unwrap() * 9, "{free} {tight}");
    bench.expect(0, "check tight");
    let refused = bench.expect(2, "plan --fleet fleet --memory 1MB --out none");
    assert!(refused.err.contains("--memory 1MB is too little"), "{refused:?}");
    assert_eq!(bench.names(), ["fleet", "free", "tight"]);
}

#[test]
fn a_plan_made_in_time_is_there_by_its_deadline() {
    let bench = Bench::with_fleet();
    let planned = bench.expect(0, "plan --fleet fleet --deadline 3s --json --out plan").json();
    let record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(bench.path("plan/run.json")).unwrap()).unwrap();
    assert_eq!(record["settings"]["deadline_seconds"], 3.0);
    assert_eq!(record["figures"]["value"], planned["value"]);
    assert!(!record["timeline"].as_array().unwrap().is_empty());
}

#[test]
fn a_plan_is_carried_out_up_to_an_instant_and_planned_on_from_there() {
    let bench = Bench::new();
    bench.expect(0, "datasets generate --tiles 40 --seed 6 --job-classes 40 --distinct --steps --out fleet");
    bench.expect(0, "plan --fleet fleet --work 2000 --quiet --out plan");
    let words = "datasets advance --plan plan --at 2026-01-01T09:30:00Z --out later";
    let told = bench.expect(0, &format!("{words} --json")).json();
    assert!(["ended", "running", "queued"].iter().all(|key| told[key].as_u64() > Some(0)), "{told}");
    let kept = bench.expect(0, "plan --fleet later --keep 10 --work 2000 --json --out next").json();
    assert!(kept["placed"].as_u64() >= Some(told["running"].as_u64().unwrap() + told["queued"].as_u64().unwrap()));
    assert_eq!(bench.expect(0, "check next --json").json()["ok"], true);
    // Jobs that come are planned beside the others; a name that is there already is refused, and nothing is written.
    bench.expect(0, "datasets generate --tiles 40 --seed 7 --job-classes 3 --capsules 9 --out arrivals");
    let refused = bench.expect(2, &format!("{words} --force --arrivals arrivals/jobs.parquet"));
    assert!(refused.err.contains("jobs.parquet") && refused.err.contains("row 0, column name"), "{}", refused.err);
    assert!(bench.expect(2, words).err.contains("already exists"));
}
