//! A plan is fed back as what runs, and planned again.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs::{self, File};
use std::path::Path;

use arrow_array::{RecordBatch, StringArray};
use common::Bench;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

fn read(path: &Path) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

fn texts_of(batch: &RecordBatch, column: &str) -> Vec<String> {
    let cells = batch.column_by_name(column).unwrap().as_any().downcast_ref::<StringArray>().unwrap();
    cells.iter().map(|text| text.unwrap_or_default().to_owned()).collect()
}

/// The texts of a column.
fn texts(path: &Path, column: &str) -> Vec<String> {
    read(path).iter().flat_map(|batch| texts_of(batch, column)).collect()
}

/// Writes a table of nodes again without one of them.
fn drop_node(path: &Path, name: &str) {
    let batches = read(path);
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batches[0].schema(), None).unwrap();
    for batch in batches {
        let names = texts_of(&batch, "name");
        let at = names.iter().position(|node| node == name).unwrap_or(names.len());
        writer.write(&batch.slice(0, at)).unwrap();
        let rest = (at + 1).min(names.len());
        writer.write(&batch.slice(rest, names.len() - rest)).unwrap();
    }
    writer.close().unwrap();
}

/// With `fleet` and with `plan`, on which the search has found nothing more: else what may be preempted gives way.
fn with_settled_plan() -> Bench {
    let bench = Bench::with_fleet();
    bench.expect(0, "plan --fleet fleet --work 2000000 --quiet --out plan");
    bench
}

#[test]
fn a_plan_fed_back_as_table_or_directory_moves_nothing() {
    let bench = with_settled_plan();
    let value = bench.expect(0, "check plan --json").json()["value"].as_i64();
    for current in ["plan", "plan/placements.parquet"] {
        let words = format!("plan --fleet fleet --current {current} --keep 10 --work 200 --json --force --out next");
        let planned = bench.expect(0, &words).json();
        assert_eq!(planned["moves"], 0, "{current}");
        assert!(planned["value"].as_i64() >= value, "{current}: {planned}");
        bench.expect(0, "check next");
    }
    let record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(bench.path("next/run.json")).unwrap()).unwrap();
    assert_eq!(
        (&record["settings"]["keep_permille"], &record["weights"]["moves_permille"]),
        (&10_000.into(), &10_000.into())
    );
}

#[test]
fn what_a_lost_tile_ran_goes_elsewhere_and_the_rest_stays() {
    let bench = with_settled_plan();
    let lost = texts(&bench.path("plan/placements.parquet"), "node").swap_remove(0);
    drop_node(&bench.path("fleet/nodes.parquet"), &lost);
    let words = "plan --fleet fleet --current plan --keep 10 --work 200 --json --out next";
    let planned = bench.expect(0, words).json();
    // What the lost tile ran does not run any more: it starts again elsewhere. Nothing else goes to another tile; what is worth
    // little may stop to let it in.
    assert!(planned["moves"].as_u64() <= Some(1), "{planned}");
    assert!(texts(&bench.path("next/moves.parquet"), "to").iter().all(String::is_empty));
    assert!(!texts(&bench.path("next/placements.parquet"), "node").contains(&lost));
    bench.expect(0, "check next");
}

#[test]
fn an_output_that_holds_the_plan_fed_back_is_refused() {
    let bench = Bench::with_plan();
    let said = bench.expect(2, "plan --fleet fleet --current plan --work 10 --force --out plan");
    assert!(said.err.contains("holds the input"), "{said:?}");
}

#[test]
fn a_factor_that_is_none_is_refused_with_what_would_be_right() {
    let bench = Bench::with_fleet();
    for factor in ["-1", "nan", "lots", "0.0001"] {
        let said = bench.expect(2, &format!("plan --fleet fleet --keep {factor} --work 10 --out plan"));
        assert!(said.err.contains("is not a factor; write a number from 0"), "{said:?}");
    }
    fs::write(bench.path("weights.toml"), "moves_permille = 4000000000\n").unwrap();
    let said = bench.expect(2, "plan --fleet fleet --weights weights.toml --keep 2 --work 10 --out plan");
    assert!(said.err.contains("give a smaller factor or weight"), "{said:?}");
    assert_eq!(bench.names(), ["fleet", "weights.toml"]);
}
