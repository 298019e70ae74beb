//! `lessor bench plan`: small fleets, planned and checked by the real program, and the files that come of it.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs::{self, File};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type, UInt64Type};
use common::{Bench, names};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const FILES: [&str; 4] = ["curves.html", "curves.svg", "runs.parquet", "summary.md"];

fn runs(bench: &Bench, table: &str) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(bench.path(table)).unwrap()).unwrap();
    reader.build().unwrap().next().unwrap().unwrap()
}

#[test]
fn a_small_bench_leaves_a_table_curves_and_exponents() {
    let bench = Bench::new();
    let said = bench.expect(0, "bench plan --tiles 100,50 --family small,devices --job-classes 20 --json --out curves");
    let object = said.json();
    assert_eq!(object["runs"].as_array().unwrap().len(), 4);
    let exponents = object["exponents"].as_array().unwrap();
    assert_eq!(exponents.iter().map(|row| row["family"].as_str().unwrap()).collect::<Vec<_>>(), ["small", "devices"]);
    for row in exponents {
        assert!(row["load"].is_f64() && row["exponent"].is_f64() && row["r_squared"].is_number(), "{row}");
    }
    assert_eq!(
        (names(&bench.path("curves")), bench.names()),
        (FILES.map(String::from).to_vec(), vec!["curves".into()])
    );

    let table = runs(&bench, "curves/runs.parquet");
    let tiles = table.column_by_name("tiles").unwrap().as_primitive::<UInt32Type>();
    assert_eq!(tiles.values(), &[50, 100, 50, 100]);
    let of = |name: &str| table.column_by_name(name).unwrap().as_primitive::<UInt64Type>();
    let (capsules, placed, unplaced) = (of("capsules"), of("placed"), of("unplaced"));
    assert!((0..4).all(|row| capsules.value(row) == placed.value(row) + unplaced.value(row)));
    assert!(of("peak_memory_bytes").values().iter().all(|&bytes| bytes > 0));
    assert!(table.column_by_name("load").unwrap().as_primitive::<Float64Type>().values() == [1.0].repeat(4).as_slice());
}

#[test]
fn the_pages_are_self_contained_and_name_every_curve() {
    let bench = Bench::new();
    let words = "bench plan --tiles 50,100 --load 0.8,1.3 --job-classes 20 --repeat 2 --seed 4 --out curves";
    let said = bench.expect(0, words);
    let summary = fs::read_to_string(bench.path("curves/summary.md")).unwrap();
    assert!(said.out.starts_with(&summary) && said.out.contains("curves.html"), "{said:?}");
    assert!(summary.contains("| mixed | 1.3 | 100 |") && summary.contains("seeds 4 to 5"), "{summary}");
    for file in ["curves.html", "curves.svg"] {
        let text = fs::read_to_string(bench.path("curves").join(file)).unwrap();
        assert!(text.contains("mixed, load 0.8") && text.contains("mixed, load 1.3"), "{file}");
        let outside = text.replace("http://www.w3.org/2000/svg", "");
        for loads_something in ["http:", "https:", "<script", "<link", "@import", "NaN", "{{"] {
            assert!(!outside.contains(loads_something), "{file}: {loads_something}");
        }
    }
}

#[test]
fn one_size_has_no_exponent() {
    let bench = Bench::new();
    let object = bench.expect(0, "bench plan --tiles 50 --job-classes 20 --deadline 5s --json --out curves").json();
    assert_eq!(object["exponents"], serde_json::json!([]));
    assert_eq!(names(&bench.path("curves")), FILES);
}

#[test]
fn an_existing_output_is_refused_without_force() {
    let bench = Bench::new();
    fs::create_dir(bench.path("curves")).unwrap();
    let said = bench.expect(2, "bench plan --tiles 50 --job-classes 20 --out curves");
    assert!(said.err.contains("already exists; give --force"), "{said:?}");
    assert_eq!(names(&bench.path("curves")), [""; 0]);
    bench.expect(0, "bench plan --tiles 50 --job-classes 20 --json --force --out curves");
    assert_eq!(
        (names(&bench.path("curves")), bench.names()),
        (FILES.map(String::from).to_vec(), vec!["curves".into()])
    );
}

#[test]
fn flags_that_make_no_sense_are_bad_usage_and_leave_nothing() {
    let bench = Bench::new();
    let cases = [
        "bench",
        "bench plan --tiles 50",
        "bench plan --tiles 50,many --out curves",
        "bench plan --tiles 50,,100 --out curves",
        "bench plan --tiles 0 --out curves",
        "bench plan --tiles 50 --family huge --out curves",
        "bench plan --tiles 50 --load 0 --out curves",
        "bench plan --tiles 50 --job-classes 0 --out curves",
        "bench plan --tiles 50 --capsules-per-tile 4294967295 --out curves",
        "bench plan --tiles 50 --deadline 1s --work-per-tile 1 --out curves",
        "bench plan --tiles 50 --repeat 0 --out curves",
    ];
    for words in cases {
        let said = bench.expect(2, words);
        assert!(!said.err.is_empty() && bench.names().is_empty(), "{words}: {said:?}");
    }
}

#[test]
fn methods_plan_the_same_fleets_side_by_side() {
    let bench = Bench::new();
    let words = "bench plan --tiles 30,60 --family small --job-classes 40 --load 1.3 --steps --work-per-tile 200 --json \
                 --method construction,tiles,construction --out curves";
    let object = bench.expect(0, words).json();
    let runs = object["runs"].as_array().unwrap();
    let methods: Vec<&str> = runs.iter().map(|run| run["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["construction", "tiles", "construction", "tiles"]);
    for pair in runs.chunks(2) {
        let [first, searched] = [&pair[0], &pair[1]].map(|run| run["value"].as_i64().unwrap());
        assert_eq!(pair[0]["capsules"], pair[1]["capsules"]);
        assert!(searched > first, "a search made nothing better: {pair:?}");
        assert_eq!(pair[1]["primal_gap"], 0.0);
        let gap = (searched - first) as f64 / searched as f64;
        assert!((pair[0]["primal_gap"].as_f64().unwrap() - gap).abs() < 1e-9, "{pair:?}");
        assert!(pair[0]["primal_integral"].as_f64().unwrap() > 0.0, "{pair:?}");
    }
    assert_eq!(object["exponents"].as_array().unwrap().len(), 2);
    let page = fs::read_to_string(bench.path("curves/curves.html")).unwrap();
    assert!(page.contains("Performance profile") && page.contains("small, load 1.3, tiles"), "the page compares");
    let summary = fs::read_to_string(bench.path("curves/summary.md")).unwrap();
    assert!(summary.contains("| small | 1.3 | tiles | 60 |"), "{summary}");
}
