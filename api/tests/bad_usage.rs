//! Bad input and bad usage end with exit code 2, a message that names the place, and no output.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use common::{Bench, names};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Writes a table again without one of its columns.
fn drop_column(path: &Path, name: &str) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let schema = batches[0].schema();
    let kept: Vec<usize> = (0..schema.fields().len()).filter(|&at| schema.field(at).name() != name).collect();
    assert!(kept.len() < schema.fields().len(), "{name} is there to be dropped");
    let schema = Arc::new(Schema::new(kept.iter().map(|&at| schema.field(at).clone()).collect::<Vec<_>>()));
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
    batches.iter().for_each(|batch| writer.write(&batch.project(&kept).unwrap()).unwrap());
    writer.close().unwrap();
}

#[test]
fn a_missing_column_is_named_and_nothing_is_written() {
    let bench = Bench::with_fleet();
    drop_column(&bench.path("fleet/jobs.parquet"), "bid");
    let said = bench.expect(2, "plan --fleet fleet --work 10 --out plan");
    assert!(said.err.contains("jobs.parquet: column bid is missing"), "{said:?}");
    assert_eq!((said.out.as_str(), bench.names()), ("", vec!["fleet".to_owned()]));
}

#[test]
fn a_series_of_carbon_without_a_place_or_a_column_is_refused() {
    let bench = Bench::with_fleet();
    for (series, told) in [
        ("nowhere=fleet/jobs.parquet", "\"nowhere\""),
        ("layer=fleet/jobs.parquet", "timestamp"),
        ("layer=no-such.parquet", "no-such.parquet"),
        ("fleet/jobs.parquet", "--series"),
        ("=fleet/jobs.parquet", "--series"),
    ] {
        let said = bench.expect(2, &format!("datasets import carbon --fleet fleet --series {series} --out green"));
        assert!(said.err.contains(told), "{series}: {said:?}");
    }
    assert_eq!(bench.names(), ["fleet"]);
}

#[test]
fn an_existing_output_is_refused_without_force_and_replaced_with_it() {
    let bench = Bench::with_plan();
    let before = fs::read(bench.path("plan/run.json")).unwrap();
    for words in ["plan --fleet fleet --work 10 --out plan", "datasets generate --tiles 5 --seed 1 --out plan"] {
        let said = bench.expect(2, words);
        assert!(said.err.contains("plan: already exists; give --force"), "{said:?}");
    }
    assert_eq!(fs::read(bench.path("plan/run.json")).unwrap(), before);
    fs::write(bench.path("plan/stray"), "").unwrap();
    bench.expect(0, "plan --fleet fleet --work 10 --quiet --force --out plan");
    assert!(!names(&bench.path("plan")).contains(&"stray".to_owned()));
    assert_eq!(bench.names(), ["fleet", "plan"]);
}

#[test]
fn a_failed_run_with_force_keeps_the_old_output() {
    let bench = Bench::with_plan();
    fs::write(bench.path("fleet/zones.parquet"), "PAR1 and no more").unwrap();
    let said = bench.expect(2, "plan --fleet fleet --work 10 --force --out plan");
    assert!(said.err.contains("zones.parquet: truncated Parquet"), "{said:?}");
    assert!(names(&bench.path("plan")).contains(&"run.json".to_owned()));
}

#[test]
fn an_output_that_holds_an_input_is_refused() {
    let bench = Bench::with_fleet();
    let said = bench.expect(2, "plan --fleet fleet --work 10 --force --out fleet");
    assert!(said.err.contains("holds the input"), "{said:?}");
}

#[test]
fn what_is_not_there_is_named() {
    let bench = Bench::with_fleet();
    let cases = [
        ("plan --fleet nowhere --out plan", "nowhere: there is no fleet directory"),
        ("plan --fleet fleet --jobs nowhere.parquet --out plan", "nowhere.parquet"),
        ("plan --fleet fleet --telemetry nowhere.parquet --out plan", "nowhere.parquet"),
        ("plan --fleet fleet --weights nowhere.toml --out plan", "nowhere.toml: cannot be read"),
        ("check fleet", "run.json: cannot be read; is this a plan directory?"),
    ];
    for (words, expected) in cases {
        let said = bench.expect(2, words);
        assert!(said.err.starts_with("error: ") && said.err.contains(expected), "{words}: {said:?}");
        assert_eq!(bench.names(), ["fleet"]);
    }
    fs::remove_file(bench.path("fleet/jobs.parquet")).unwrap();
    let said = bench.expect(2, "plan --fleet fleet --out plan");
    assert!(said.err.contains("give --jobs FILE"), "{said:?}");
}

#[test]
fn weights_with_an_unknown_key_are_refused_with_their_line() {
    let bench = Bench::with_fleet();
    fs::write(bench.path("weights.toml"), "energy_permille = 5\nenergy = 5\n").unwrap();
    let said = bench.expect(2, "plan --fleet fleet --weights weights.toml --work 10 --out plan");
    assert!(said.err.contains("weights.toml") && said.err.contains("line 2"), "{said:?}");
    fs::write(bench.path("weights.toml"), "energy_permille = 0\nrisk_permille = 0\n").unwrap();
    bench.expect(0, "plan --fleet fleet --weights weights.toml --work 10 --quiet --out plan");
    bench.expect(0, "check plan");
}

#[test]
fn a_deadline_of_no_time_is_refused_by_every_verb() {
    let bench = Bench::new();
    for words in [
        "plan --fleet fleet --out plan --deadline 0s",
        "bench plan --deadline 0s --out bench",
        "market clear --book bids --supply fleet --policy policy --deadline 0ms --out round",
        "market why round bid --deadline 0s",
    ] {
        let said = bench.expect(2, words);
        assert!(said.err.contains("leaves no time") && said.err.contains("above zero"), "{words}: {said:?}");
    }
}

#[test]
fn flags_that_make_no_sense_are_bad_usage() {
    let bench = Bench::with_fleet();
    let cases = [
        "",
        "plan",
        "plan --fleet fleet",
        "plan --fleet fleet --out plan --deadline soon",
        "plan --fleet fleet --out plan --deadline 1s --work 5",
        "plan --fleet fleet --out plan --threads 0",
        "plan --fleet fleet --out plan --json --quiet",
        "datasets generate --tiles 0 --seed 1 --out other",
        "datasets generate --tiles 5 --seed 1 --load nan --out other",
        "datasets generate --tiles 5 --seed 1 --family huge --out other",
    ];
    for words in cases {
        let said = bench.expect(2, words);
        assert!(!said.err.is_empty(), "{words}");
        assert_eq!(bench.names(), ["fleet"], "{words}");
    }
}

#[test]
fn help_has_examples_and_exit_codes_for_every_verb() {
    let bench = Bench::new();
    let verbs = ["", "plan", "check", "explain", "datasets generate", "datasets import", "bench plan", "bench gap"];
    for verb in verbs.into_iter().chain(["bench vbp", "bench openb", "bench rebalance"]) {
        let said = bench.expect(0, &format!("{verb} --help"));
        assert!(said.out.contains("Example") && said.out.contains("Exit codes"), "{verb}: {said:?}");
    }
}

#[test]
fn completions_are_printed_for_every_shell() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = bench.expect(0, &format!("completions {shell}"));
        assert!(said.out.contains("lessor") && said.out.contains("generate"), "{shell}");
    }
}
