//! `lessor bench` on public families: tiny instances, our own methods, and peers that are a line of shell each.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs::{self, File};
use std::process::Command;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Float64Type, UInt64Type};
use common::{Bench, Said, names};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

const FILES: [&str; 5] = ["compare.html", "compare.svg", "incumbents.parquet", "runs.parquet", "summary.md"];

/// Two agents of capacity 6, three items that weigh 3: 7 is the least cost, with the first item alone with the first agent.
const SMALL: &str = "2 3\n1 4 6\n3 3 3\n3 3 3\n3 3 3\n6 6\n";

/// Its row in the table of best results.
const KNOWN: &str = "Path,Optimum,Best known solution value\nset/small,7,7\n";

fn with_small() -> Bench {
    let bench = Bench::new();
    fs::write(bench.path("small"), SMALL).unwrap();
    fs::write(bench.path("known.csv"), KNOWN).unwrap();
    bench
}

/// Runs words and, after them, peers whose commands have spaces in them.
#[track_caller]
fn expect(bench: &Bench, code: i32, words: &str, peers: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
    command.current_dir(bench.path(".")).args(words.split_whitespace());
    peers.iter().for_each(|peer| {
        command.args(["--peer", peer]);
    });
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let said = Said { out: text(&output.stdout), err: text(&output.stderr) };
    assert_eq!(output.status.code(), Some(code), "lessor {words}: {said:?}");
    said
}

/// The object about a contender in a list of them.
#[track_caller]
fn of<'v>(list: &'v Value, contender: &str) -> &'v Value {
    list.as_array().unwrap().iter().find(|object| object["contender"] == contender).unwrap()
}

fn table(bench: &Bench, name: &str) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(bench.path(name)).unwrap()).unwrap();
    reader.build().unwrap().next().unwrap().unwrap()
}

#[track_caller]
fn is_about(found: &Value, expected: f64, within: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() <= within, "{found}, not {expected}");
}

#[test]
fn own_methods_and_a_peer_are_compared_on_checked_answers() {
    let bench = with_small();
    let words =
        "bench gap small --method auto,exact --reference known.csv --seconds 5 --seeds 1,2 --threads 1 --json --out o";
    // Both items of cost 3 and 6 with the wrong agents: 1 + 4 + 3 = 8, told as 5 before, which the answer does not bear out.
    let peer = "peer=sh -c 'printf \"seconds,cost,bound\\n0,5,9\\n\" > {incumbents}; printf \"0 0 1\" > {out}'";
    let object = expect(&bench, 0, words, &[peer]).json();
    let (runs, means) = (&object["runs"], &object["means"]);
    assert_eq!(runs.as_array().unwrap().len(), 6);
    for contender in ["lessor", "lessor-exact"] {
        let run = of(runs, contender);
        assert_eq!((&run["status"], &run["cost"], &run["bound"]), (&"ok".into(), &7.into(), &7.into()), "{run}");
        assert_eq!((&run["reference"], &run["gap_to_reference"]), (&7.into(), &0.0.into()), "{run}");
        let mean = of(means, contender);
        assert_eq!((&mean["runs"], &mean["proven"], &mean["at_best"]), (&2.into(), &2.into(), &2.into()), "{mean}");
    }
    let run = of(runs, "peer");
    assert_eq!((&run["cost"], &run["best"], &run["bound"]), (&8.into(), &7.into(), &Value::Null), "{run}");
    assert_eq!(run["note"], "told a bound of 9, which an answer refutes");
    is_about(&run["gap_to_reference"], 1.0 / 7.0, 1e-12);
    is_about(&run["primal_gap"], 1.0 / 8.0, 1e-12);
    // The whole gap until it ends, an eighth from then to the fifth second.
    let ended = run["seconds"].as_f64().unwrap();
    is_about(&run["primal_integral"], ended + (5.0 - ended) / 8.0, 1e-9);
    let mean = of(means, "peer");
    assert_eq!((&mean["answered"], &mean["at_best"], &mean["overruns"]), (&2.into(), &0.into(), &0.into()), "{mean}");
    is_about(&mean["mean_gap"], 1.0 / 8.0, 1e-12);
    assert_eq!(
        (names(&bench.path("o")), bench.names()),
        (FILES.map(String::from).to_vec(), ["known.csv", "o", "small"].map(String::from).to_vec())
    );
}

#[test]
fn the_tables_hold_every_run_and_what_was_told() {
    let bench = with_small();
    let peer = "peer=sh -c 'printf \"0,9,1\\n1,8,2\\n\" > {incumbents}; printf \"0\\n0\\n1\\n\" > {out}'";
    expect(&bench, 0, "bench gap small --seconds 4 --out o", &[peer]);
    let runs = table(&bench, "o/runs.parquet");
    let costs = runs.column_by_name("cost").unwrap().as_primitive::<Decimal128Type>();
    assert_eq!(costs.values()[..], [7, 8]);
    let sizes =
        ["size", "machines", "seed"].map(|name| runs.column_by_name(name).unwrap().as_primitive::<UInt64Type>());
    assert_eq!(sizes.map(|column| column.value(1)), [3, 2, 1]);
    assert_eq!(runs.column_by_name("reference").unwrap().null_count(), 2);
    let limits = runs.column_by_name("seconds_limit").unwrap().as_primitive::<Float64Type>();
    assert_eq!(limits.values()[..], [4.0, 4.0]);
    let told = table(&bench, "o/incumbents.parquet");
    let contenders = told.column_by_name("contender").unwrap().as_string::<i32>();
    let costs = told.column_by_name("cost").unwrap().as_primitive::<Decimal128Type>();
    let of_peer: Vec<i128> =
        (0..told.num_rows()).filter(|&row| contenders.value(row) == "peer").map(|row| costs.value(row)).collect();
    assert_eq!(of_peer, [9, 8]);
    assert!(contenders.iter().any(|name| name == Some("lessor")));
}

#[test]
fn an_answer_that_is_none_is_a_row_with_its_reason() {
    let bench = with_small();
    let peers = [
        "overfull=sh -c 'echo 0 0 0 > {out}'",
        "garbled=sh -c 'echo 0 zero 0 > {out}'",
        "silent=sh -c 'exit 0'\\ {out}",
        "broken=sh -c 'echo it broke >&2; exit 7' {out}",
        "absent=no-such-program-anywhere {out}",
        "endless=sh -c 'while :; do :; done' {out}",
    ];
    let words = "bench gap small --seconds 0.3 --grace 0.2 --json --out o";
    let object = expect(&bench, 0, words, &peers[..]).json();
    for (contender, status, note) in [
        ("overfull", "infeasible", "agent 0 carries 9 of at most 6"),
        ("garbled", "malformed", "line 1: \"zero\" is not a whole number"),
        ("broken", "failed", "exit status: 7: it broke"),
        ("absent", "failed", "cannot be started"),
    ] {
        let run = of(&object["runs"], contender);
        assert_eq!(run["status"], status, "{run}");
        assert!(run["note"].as_str().unwrap().contains(note) && run["cost"].is_null(), "{run}");
        is_about(&run["primal_integral"], 0.3, 1e-12);
    }
    assert_eq!(of(&object["runs"], "silent")["status"], "no answer");
    let endless = of(&object["runs"], "endless");
    assert_eq!((&endless["status"], &endless["note"]), (&"overrun killed".into(), &Value::Null), "{endless}");
    assert!(endless["overrun_seconds"].as_f64().unwrap() >= 0.2, "{endless}");
    let mean = of(&object["means"], "endless");
    assert_eq!((&mean["answered"], &mean["overruns"], &mean["mean_gap"]), (&0.into(), &1.into(), &1.0.into()));
}

#[test]
fn the_page_and_the_summary_name_every_contender_and_load_nothing() {
    let bench = with_small();
    let peers = ["other=sh -c 'printf \"0 1 1\" > {out}'", "wrong=sh -c 'printf \"<b>|\" > {out}'"];
    let said = expect(&bench, 0, "bench gap small --reference known.csv --seconds 2 --out o", &peers);
    let summary = fs::read_to_string(bench.path("o/summary.md")).unwrap();
    assert!(said.out.starts_with(&summary) && said.out.contains("compare.html"), "{said:?}");
    assert!(summary.contains("| small | 3 | 7 | **7** (0 %, "), "{summary}");
    assert!(summary.contains("- small, wrong, seed 1: malformed: line 1: \"<b>|\" is not"), "{summary}");
    let page = fs::read_to_string(bench.path("o/compare.html")).unwrap();
    for name in ["lessor", "other", "wrong"] {
        assert!(page.contains(&format!("<td>{name}</td>")) && summary.contains(&format!("| {name} |")), "{name}");
    }
    let picture = fs::read_to_string(bench.path("o/compare.svg")).unwrap();
    for words in [
        ">lessor</text>",
        "runs at the best known: 1 of 1",
        "mean primal integral: ",
        "Performance profile",
        "Gap over time",
    ] {
        assert!(picture.contains(words), "{words}");
    }
    let picture = picture.replace("http://www.w3.org/2000/svg", "");
    for loads_something in ["http:", "https:", "<script", "<link", "@import", "NaN", "{{", "<b>"] {
        assert!(!page.contains(loads_something) && !picture.contains(loads_something), "{loads_something}");
    }
}

#[test]
fn vector_packings_are_compared() {
    let bench = Bench::new();
    // Bins of 10: two of 6 and two of 4 fill two.
    fs::create_dir(bench.path("set")).unwrap();
    fs::write(bench.path("set/pairs.vbp"), "1\n10\n2\n6 2\n4 2\n").unwrap();
    fs::write(bench.path("known.csv"), "instance,set,optimum,best_heuristic\npairs,set,2,3\npairs,other,1,1\n")
        .unwrap();
    let words = "bench vbp set/pairs.vbp --method fit --reference known.csv --seconds 2 --json --out o";
    let object = expect(&bench, 0, words, &["alone=sh -c 'echo 0 1 2 3 > {out}'"]).json();
    let (own, alone) = (of(&object["runs"], "lessor-fit"), of(&object["runs"], "alone"));
    assert_eq!((&own["cost"], &own["size"], &own["machines"]), (&2.into(), &4.into(), &Value::Null), "{own}");
    assert_eq!((&alone["cost"], &alone["reference"], &alone["gap_to_reference"]), (&4.into(), &2.into(), &1.0.into()));
}

#[test]
fn batches_of_pods_are_compared() {
    let bench = Bench::new();
    fs::write(bench.path("nodes"), "sn,cpu_milli,memory_mib,gpu,model\nn,8000,8000,2,G2\n").unwrap();
    let pods =
        "seq,pod,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n0,a,1,1,1,600,\n1,b,1,1,1,400,\n2,c,1,1,1,900,\n";
    fs::write(bench.path("pods.csv"), pods).unwrap();
    let peer = "one=sh -c 'test {arrived} = 100 && test -f {nodes} && printf \"seq,node,gpus\\n2,n,1\\n\" > {out}'";
    let object = expect(&bench, 0, "bench openb pods.csv --nodes nodes --seconds 2 --json --out o", &[peer]).json();
    // 600 and 400 fill a device, 900 leaves 100 of the other; the peer places 900 of 2,000.
    let costs = ["lessor", "one"].map(|contender| of(&object["runs"], contender)["cost"].as_u64().unwrap());
    assert_eq!(costs, [100, 1_100]);
    assert_eq!(of(&object["runs"], "one")["size"], 3);
}

/// Two goods: bidder 0 wants either for 20, by bids that share the dummy good 2; bidder 1 the second for 15, bidder 2 both
/// for 21. Bids 0 and 2 win 35; VCG takes 6 and 1, the core 21 in all.
const AUCTION: &str = "goods 2\nbids 4\ndummy 1\n0\t20\t0\t2\t#\n1\t20\t1\t2\t#\n2\t15\t1\t#\n3\t21\t0\t1\t#\n";

#[test]
fn payment_rules_and_a_peer_are_compared_by_what_the_winners_are_worth() {
    let bench = Bench::new();
    fs::write(bench.path("small.txt"), AUCTION).unwrap();
    fs::write(bench.path("known.csv"), "instance,best_objective\nsmall.txt,35\n").unwrap();
    // Bid 3 alone is worth 21, told as 30 before, which the answer does not bear out; answers of 35 refute a bound of 34.
    let peers = [
        "peer=sh -c 'printf \"0,15,50\\n0,30,34\\n\" > {incumbents}; printf \"{\\\"winners\\\": [3]}\" > {out}'",
        "greedy=sh -c 'printf \"{\\\"winners\\\": [0, 1]}\" > {out}'",
    ];
    let words = "bench cats small.txt --payments pay-as-bid,vcg,core --reference known.csv --seconds 20 --seeds 1,2 \
                 --threads 1 --json --out o";
    let object = expect(&bench, 0, words, &peers).json();
    let (runs, means) = (&object["runs"], &object["means"]);
    assert_eq!(runs.as_array().unwrap().len(), 10);
    for (rule, revenue) in [("pay-as-bid", 35), ("vcg", 7), ("core", 21)] {
        let run = of(runs, &format!("lessor-{rule}"));
        assert_eq!((&run["status"], &run["cost"], &run["bound"]), (&"ok".into(), &35.into(), &35.into()), "{run}");
        assert_eq!((&run["note"], &run["size"]), (&format!("revenue {revenue}").into(), &4.into()), "{run}");
        assert_eq!(
            (&run["best"], &run["gap_to_reference"], &run["primal_gap"]),
            (&35.into(), &0.0.into(), &0.0.into())
        );
        let mean = of(means, &format!("lessor-{rule}"));
        assert_eq!((&mean["runs"], &mean["proven"], &mean["at_best"]), (&2.into(), &2.into(), &2.into()), "{mean}");
    }
    let run = of(runs, "peer");
    assert_eq!((&run["cost"], &run["bound"]), (&21.into(), &Value::Null), "{run}");
    assert_eq!(run["note"], "told a bound of 34, which an answer refutes");
    is_about(&run["gap_to_reference"], 14.0 / 35.0, 1e-12);
    is_about(&run["primal_gap"], 14.0 / 35.0, 1e-12);
    // The gap of 21 at the least, however early: what was told as 30 does not count.
    let integral = run["primal_integral"].as_f64().unwrap();
    assert!((20.0 * 14.0 / 35.0..20.0).contains(&integral), "{run}");
    let greedy = of(runs, "greedy");
    assert_eq!((&greedy["status"], &greedy["note"]), (&"infeasible".into(), &"bidder 0 wins twice".into()), "{greedy}");
    assert_eq!(names(&bench.path("o")), FILES);
    let told = table(&bench, "o/incumbents.parquet");
    let values = told.column_by_name("cost").unwrap().as_primitive::<Decimal128Type>();
    assert!(values.values().contains(&35) && values.values().contains(&30));
    let page = fs::read_to_string(bench.path("o/compare.html")).unwrap();
    assert!(page.contains("Combinatorial auctions") && page.contains("lessor-core"));
}

#[test]
fn auctions_with_decimal_amounts_are_compared_in_units_of_a_millionth() {
    let bench = Bench::new();
    fs::write(bench.path("small.txt"), AUCTION.replace("15\t1", "15.25\t1")).unwrap();
    fs::write(bench.path("known.csv"), "instance,best_objective\nsmall.txt,36\n").unwrap();
    let words = "bench cats small.txt --reference known.csv --seconds 20 --json --out o";
    let object = expect(&bench, 0, words, &[]).json();
    let run = &object["runs"][0];
    assert_eq!((&run["contender"], &run["note"]), (&"lessor-pay-as-bid".into(), &"revenue 35.25".into()), "{run}");
    assert_eq!(
        (&run["cost"], &run["bound"], &run["best"]),
        (&35_250_000.into(), &35_250_000.into(), &36_000_000.into())
    );
    is_about(&run["gap_to_reference"], 0.75 / 36.0, 1e-12);
    for (words, told) in [
        ("bench cats small.txt --peer x={out}{nodes} --out p", "{nodes} is nothing that instances of cats have"),
        ("bench cats small.txt --reference small.txt --out p", "small.txt: column instance is missing"),
    ] {
        let said = bench.expect(2, words);
        assert!(said.err.contains(told) && bench.names() == ["known.csv", "o", "small.txt"], "{words}: {said:?}");
    }
    let summary = fs::read_to_string(bench.path("o/summary.md")).unwrap();
    assert!(summary.contains("| small | 4 | 36 | 35.25 ("), "{summary}");
}

/// One resource with a load weight of 10, two machines with a safety capacity of 4 and 3, two services of one process each
/// that need 3 and 2, no balance; moves weigh 1, 10 and 100.
const MODEL: &str = "1\n0 10\n2\n0 0 8 4 0 1\n0 1 6 3 2 0\n2\n1 0\n1 0\n2\n0 3 5\n1 2 6\n0\n1 10 100\n";

#[test]
fn reassignments_are_compared_by_the_score_of_the_contest() {
    let bench = Bench::new();
    fs::write(bench.path("model_x.txt"), MODEL).unwrap();
    fs::write(bench.path("assignment_x.txt"), "0 0\n").unwrap();
    fs::write(bench.path("known.csv"), "instance,initial_cost,best_listed\nx,10,8\n").unwrap();
    // Both on machine 0 use 5 of a safe 4: 10. Whoever moves pays 100 and more, so staying is best, and the peer's exchange of
    // the second costs a move of 6, one of its service, and 1 between the machines: 6 + 10 + 100 = 116.
    let words = "bench rebalance model_x.txt --reference known.csv --seconds 1 --json --out o";
    let peer = "mover=sh -c 'test -f {model} && test -f {initial} && echo 0 1 > {out}'";
    let object = expect(&bench, 0, words, &[peer]).json();
    let (own, mover) = (of(&object["runs"], "lessor"), of(&object["runs"], "mover"));
    assert_eq!((&own["cost"], &mover["cost"], &mover["instance"]), (&10.into(), &116.into(), &"x".into()), "{mover}");
    is_about(&own["score"], 100.0 * (10.0 - 8.0) / 10.0, 1e-12);
    is_about(&mover["score"], 100.0 * (116.0 - 8.0) / 10.0, 1e-9);
    assert_eq!(own["best"], 8);
    is_about(&of(&object["means"], "mover")["mean_score"], 1_080.0, 1e-9);

    fs::rename(bench.path("assignment_x.txt"), bench.path("before")).unwrap();
    expect(&bench, 2, "bench rebalance model_x.txt --seconds 1 --out p", &[]);
    expect(&bench, 0, "bench rebalance model_x.txt --initial before --seconds 1 --out p", &[]);
}

#[test]
fn what_cannot_be_compared_is_bad_usage_and_leaves_nothing() {
    let bench = with_small();
    let cases = [
        ("bench gap --out o", "INSTANCE"),
        ("bench gap absent --out o", "absent: cannot be read"),
        ("bench gap known.csv --out o", "known.csv: line 1"),
        ("bench gap small --seconds 0 --out o", "--seconds 0: must be above 0"),
        ("bench gap small --grace=-1 --out o", "--grace -1: must be at least 0"),
        ("bench gap small --method fastest --out o", "fastest"),
        ("bench gap small --peer x={out} --peer x={out} --out o", "two contenders are called x"),
        ("bench gap small --peer x=run --out o", "{out} is missing"),
        ("bench gap small --peer x={out}{nodes} --out o", "{nodes} is nothing that instances of gap have"),
        ("bench gap small --reference small --out o", "small: column Path is missing"),
        ("bench gap small --out small", "small: already exists"),
        ("bench rebalance small --out o", "give --initial"),
        ("bench rebalance a b --initial c --out o", "--initial: there are 2 models"),
        ("bench vbp small --out o", "small: "),
        ("bench cats --out o", "INSTANCE"),
        ("bench cats absent --out o", "absent: cannot be read"),
        ("bench cats small --out o", "small: line 1: \"2 3\" is neither a size nor a bid"),
        ("bench cats small --payments fair --out o", "fair"),
        ("bench openb small --nodes small --reference small --out o", "no table of best results for openb"),
    ];
    for (words, told) in cases {
        let said = bench.expect(2, words);
        assert!(said.err.contains(told), "{words}: {said:?}");
        assert_eq!(bench.names(), ["known.csv", "small"], "{words}");
    }
}
