//! A market from files to files: policies are linted, a book is cleared and settled, and what came out explains itself.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field, Schema};
use common::{Bench, names};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const POLICY: &str = include_str!("../../docs/policies/layer-bandwidth.toml");

/// Values of a column of so many rows.
type MakeColumn<'a> = &'a dyn Fn(usize) -> ArrayRef;

/// With `fleet`, `policy.toml` and `bids.parquet`.
fn market() -> Bench {
    let bench = Bench::with_fleet();
    fs::write(bench.path("policy.toml"), POLICY).unwrap();
    bench.expect(0, "market book --supply fleet --policy policy.toml --bids 40 --seed 3 --out bids.parquet");
    bench
}

const CLEAR: &str = "market clear --book bids.parquet --supply fleet --policy policy.toml --out round --json";

/// Writes a table again with one of its columns replaced.
fn replace_column(path: &Path, name: &str, values: impl Fn(usize) -> ArrayRef) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap().build().unwrap();
    let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
    let batch = &batches[0];
    let at = batch.schema().index_of(name).unwrap();
    let mut columns = batch.columns().to_vec();
    columns[at] = values(batch.num_rows());
    let mut fields: Vec<Field> = batch.schema().fields().iter().map(|field| field.as_ref().clone()).collect();
    fields[at] = Field::new(name, columns[at].data_type().clone(), true);
    let schema = Arc::new(Schema::new(fields));
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema.clone(), None).unwrap();
    writer.write(&RecordBatch::try_new(schema, columns).unwrap()).unwrap();
    writer.close().unwrap();
}

#[test]
fn a_round_is_cleared_settled_and_explains_itself() {
    let bench = market();
    let round = bench.expect(0, CLEAR).json();
    assert_eq!(
        names(&bench.path("round")),
        ["awards.parquet", "entries.parquet", "prices.parquet", "report.html", "round.json"]
    );
    assert_eq!((&round["bids"], &round["bidders"]), (&40.into(), &20.into()));
    let proof = &round["certificate"];
    for residual in ["overdrawn", "above_holder_cap", "groups_broken", "above_bid", "unbalanced", "core_violation"] {
        assert_eq!(proof[residual], 0, "{residual}: {proof}");
    }
    assert!(round["winners"].as_u64().unwrap() > 0 && proof["surplus"] == proof["bound"], "{round}");
    assert!(proof["price_bound"].as_u64() >= proof["surplus"].as_u64());

    let prices = bench.expect(0, "market prices round --json").json();
    assert!(prices.as_array().unwrap().iter().any(|price| price["sold"].as_u64() > Some(0)));
    let asked = (0..40).map(|at| bench.expect(0, &format!("market why round bid-{at} --json")).json());
    let asked: Vec<serde_json::Value> = asked.collect();
    assert_eq!(asked.iter().filter(|why| why["won"] == true).count() as u64, round["winners"].as_u64().unwrap());
    for why in asked.iter().filter(|why| why["reason"] == "outbid" && !why["cheapest"].is_null()) {
        assert!(why["cheapest"].as_u64() > why["amount"].as_u64(), "{why}");
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let bench = market();
    bench.expect(0, CLEAR);
    bench.expect(0, &CLEAR.replace("round", "again"));
    for file in ["awards.parquet", "entries.parquet", "prices.parquet", "report.html", "round.json"] {
        let read = |dir: &str| fs::read(bench.path(dir).join(file)).unwrap();
        assert_eq!(read("round"), read("again"), "{file}");
    }
}

#[test]
fn a_policy_that_contradicts_itself_fails_with_line_and_field_and_clears_nothing() {
    let bench = market();
    bench.expect(0, "market lint policy.toml");
    fs::write(bench.path("policy.toml"), POLICY.replace("\"core\"", "\"uniform\"")).unwrap();
    let said = bench.expect(1, "market lint policy.toml --json").json();
    assert_eq!((&said["ok"], &said["problem"]["line"]), (&false.into(), &37.into()), "{said}");
    assert_eq!(said["problem"]["field"], "account_class 0, payment");
    let said = bench.expect(2, CLEAR);
    assert!(said.err.contains("line 37, account_class 0, payment: sealed-bid does not support uniform"), "{said:?}");
    assert!(!bench.names().contains(&"round".to_owned()));
    bench.expect(2, "market lint nowhere.toml");
    let schema: serde_json::Value = serde_json::from_str(&bench.expect(0, "market lint --schema").out).unwrap();
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn a_book_that_makes_no_sense_is_refused_with_its_row_and_nothing_is_written() {
    let floats = |rows: usize| Arc::new(Float64Array::from(vec![1.5; rows])) as ArrayRef;
    let negative = |rows: usize| {
        Arc::new(Int64Array::from_iter_values((0..rows).map(|row| 1 - 2 * i64::from(row == 3)))) as ArrayRef
    };
    let enormous = |rows: usize| Arc::new(Int64Array::from(vec![i64::MAX; rows])) as ArrayRef;
    let nothing = |rows: usize| Arc::new(Int64Array::from(vec![0; rows])) as ArrayRef;
    let unknown = |rows: usize| Arc::new(StringArray::from(vec!["nowhere"; rows])) as ArrayRef;
    let cases: [(&str, MakeColumn<'_>, &str); 5] = [
        ("amount", &floats, "bids.parquet: row 0, column amount: is in floating point"),
        ("amount", &negative, "row 3, column amount: -1 is outside 0 to 9007199254740992"),
        ("amount", &enormous, "row 0, column amount: 9223372036854775807 is outside 0 to 9007199254740992"),
        ("quantity", &nothing, "row 0, column quantity: is 0"),
        ("owner", &unknown, "row 0, column owner: no zone is named \"nowhere\""),
    ];
    for (column, values, expected) in cases {
        let bench = market();
        replace_column(&bench.path("bids.parquet"), column, values);
        let said = bench.expect(2, CLEAR);
        assert!(said.err.contains(expected), "{column}: {said:?}");
        assert!(!bench.names().contains(&"round".to_owned()));
    }
}
