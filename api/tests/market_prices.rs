//! Prices of a round go into the next plan: by the real program, from files to files.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs;

use common::Bench;
use lessor_datasets::table::{InstancePaths, read_instance, read_placements, write_prices};
use lessor_models::fleet::{Level, Owner, ZoneIndex};
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use lessor_models::plan::Price;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, Timestamp};

const POLICY: &str = include_str!("../../docs/policies/layer-bandwidth.toml");

fn instance(bench: &Bench) -> Instance {
    read_instance(&InstancePaths::of_directory(&bench.path("fleet")), Weights::default()).unwrap()
}

/// Writes `prices.parquet`: the memory of the first cell at a price, whenever any job may run.
fn price_first_cell(bench: &Bench, price: u64) {
    let instance = instance(bench);
    let cell = instance.fleet().nodes().find(|&node| instance.fleet().level(node) == Level::Cell).unwrap();
    let row = Price { owner: Owner::Node(cell), kind: Kind::Memory, interval: instance.horizon(), price };
    write_prices(&bench.path("prices.parquet"), instance.fleet(), &[row]).unwrap();
}

/// Capsules that a plan places in the first cell.
fn in_first_cell(bench: &Bench, plan: &str) -> u32 {
    let instance = instance(bench);
    let fleet = instance.fleet();
    let cell = fleet.nodes().find(|&node| fleet.level(node) == Level::Cell);
    let placements = read_placements(&bench.path(plan).join("placements.parquet"), &instance).unwrap();
    let here = placements.iter().filter(|placement| fleet.ancestor(placement.tile, Level::Cell) == cell);
    here.map(|placement| placement.count).sum()
}

/// With `fleet` of several cells, `policy.toml`, `bids.parquet` and `round`.
fn with_round() -> Bench {
    let bench = Bench::with_fleet();
    fs::write(bench.path("policy.toml"), POLICY).unwrap();
    bench.expect(0, "market book --supply fleet --policy policy.toml --bids 40 --seed 3 --out bids.parquet");
    bench.expect(0, "market clear --book bids.parquet --supply fleet --policy policy.toml --out round --json");
    bench
}

#[test]
fn the_prices_of_a_round_are_charged_recorded_and_checked() {
    let bench = with_round();
    let planned = bench.expect(0, "plan --fleet fleet --prices round --work 200 --json --out next").json();
    assert!(planned["dues_cost"].as_i64() > Some(0), "{planned}");
    let checked = bench.expect(0, "check next --json").json();
    assert_eq!((&checked["ok"], &checked["value"]), (&true.into(), &planned["value"]));
    // And the other way around: the next round looks at that plan.
    bench.expect(
        0,
        "market clear --book bids.parquet --supply fleet --policy policy.toml --plan next --out again --json",
    );
    // The round is an input: once it has changed, the plan cannot be checked against it.
    price_first_cell(&bench, 1);
    fs::copy(bench.path("prices.parquet"), bench.path("round/prices.parquet")).unwrap();
    assert!(bench.expect(2, "check next").err.contains("is not the file that was planned"));
}

#[test]
fn a_round_of_other_hours_than_the_jobs_charges_nobody_and_says_so() {
    let bench = with_round();
    bench.expect(
        0,
        "market book --supply fleet --policy policy.toml --bids 40 --at 2001-01-01T00:00:00Z --out bids.parquet",
    );
    bench.expect(0, "market clear --book bids.parquet --supply fleet --policy policy.toml --out round --force");
    let planned = bench.expect(0, "plan --fleet fleet --prices round --work 200 --out next");
    assert!(
        planned.err.contains("round: no price holds while jobs may run, 2026-01-01 00:00:00 to"),
        "{}",
        planned.err
    );
}

#[test]
fn each_part_of_a_term_costs_what_its_price_is() {
    let bench = with_round();
    let instance = instance(&bench);
    let link = instance.fleet().zone_names().find("link-000").unwrap();
    let at = |hour: i64| Timestamp(instance.horizon().start.0 + hour * 3_600_000_000);
    let row = |hours: (i64, i64), price| Price {
        owner: Owner::Zone(ZoneIndex(u32::try_from(link).unwrap())),
        kind: Kind::Bandwidth,
        interval: Interval { start: at(hours.0), end: at(hours.1) },
        price,
    };
    let rows = [row((0, 1), 4_089_766), row((1, 2), 3_017_458), row((2, 3), 0)];
    write_prices(&bench.path("round/prices.parquet"), instance.fleet(), &rows).unwrap();
    let quote = |term: &str| {
        bench
            .expect(0, &format!("market quote round zone:link-000:bandwidth --quantity 4000000 --term {term} --json"))
            .json()
    };
    // From the fourth hour on, the reserve price of 27 stands; half of an hour costs a half.
    for (term, parts, cost) in [
        ("1h", 1, 16_359_064_u64),
        ("90m", 2, 16_359_064 + 6_034_916),
        ("2h", 2, 28_428_896),
        ("3h", 3, 28_428_896),
        ("5h", 4, 28_428_896 + 2 * 108),
    ] {
        let quote = quote(term);
        assert_eq!((quote["cost"].as_u64(), quote["reserve"].as_u64()), (Some(cost), Some(27)), "{term}: {quote}");
        assert_eq!(quote["intervals"].as_array().unwrap().len(), parts, "{term}: {quote}");
    }
    assert_eq!(quote("2h")["price"], 3_553_612);
    assert_eq!(quote("5h")["intervals"][3]["traded"], false);
}

#[test]
fn a_dear_cell_is_left_to_those_who_pay_and_a_price_of_zero_changes_nothing() {
    let bench = Bench::with_plan();
    price_first_cell(&bench, 1 << 50);
    let dear = bench.expect(0, "plan --fleet fleet --prices prices.parquet --work 200 --json --out dear").json();
    assert!(in_first_cell(&bench, "dear") < in_first_cell(&bench, "plan"));
    assert!(dear["dues_cost"].is_i64(), "{dear}");
    let said = bench.expect(0, "check dear");
    assert!(said.out.contains("every rule holds"), "{said:?}");
    let report = fs::read_to_string(bench.path("dear/report.html")).unwrap();
    assert!(report.contains("credits for accounts that the market priced"));
    price_first_cell(&bench, 0);
    let free = bench.expect(0, "plan --fleet fleet --prices prices.parquet --work 200 --json --out free").json();
    assert!(free["dues_cost"].is_null(), "{free}");
    for table in ["placements.parquet", "unplaced.parquet", "certificate.parquet", "prices.parquet"] {
        let read = |plan: &str| fs::read(bench.path(plan).join(table)).unwrap();
        assert!(read("free") == read("plan"), "{table}");
    }
}

#[test]
fn prices_that_cannot_be_are_refused_with_file_row_and_column() {
    let bench = Bench::with_plan();
    let refused = |prices: &str| bench.expect(2, &format!("plan --fleet fleet --prices {prices} --out next")).err;
    let said = refused("plan");
    assert!(said.contains("the directory of no round of a market"), "{said}");
    assert!(refused("nowhere.parquet").contains("nowhere.parquet"));
    let instance = instance(&bench);
    let owner = Owner::Node(instance.fleet().nodes().next().unwrap());
    let row = |start, end| Price {
        owner,
        kind: Kind::Memory,
        interval: Interval { start: Timestamp(start), end: Timestamp(end) },
        price: 5,
    };
    write_prices(&bench.path("twice.parquet"), instance.fleet(), &[row(0, 10), row(20, 30), row(9, 12)]).unwrap();
    let said = refused("twice.parquet");
    let words = ["twice.parquet", "row 2", "start", "must not meet another interval of the same account"];
    assert!(words.iter().all(|word| said.contains(word)), "{said}");
    assert!(!bench.path("next").exists());
}
