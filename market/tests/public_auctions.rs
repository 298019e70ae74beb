//! Public auctions beside their published optima and payments; skipped where the data are absent.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use lessor_datasets::families;
use lessor_market::book::{BidderIndex, Book};
use lessor_market::clear::clear;
use lessor_market::clear::outcome::{EXACT_UNITS, Outcome};
use lessor_market::clear::rules::Rules;
use lessor_market::double;
use lessor_market::policy::PaymentRule;
use lessor_models::families::assignment;
use lessor_models::families::auction::AuctionInstance;
use lessor_solver::assignment::assign;
use lessor_solver::support::stop::Stop;

/// A file of the public data; `None` where they are absent.
fn public(name: &str) -> Option<PathBuf> {
    let base = std::env::var_os("LESSOR_PUBLIC_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    let path = base.join("auctions").join(name);
    let is_there = path.exists();
    if !is_there {
        println!("skipped: {} is not there; set LESSOR_PUBLIC_DATA to the folder of public data", path.display());
    }
    is_there.then_some(path)
}

fn cleared(instance: &AuctionInstance, payments: PaymentRule) -> Outcome {
    let (book, supply) = Book::of_auction(instance);
    clear(&book, &supply, &Rules { payments, seed: 1 }, &Stop::new(), &mut |_, _| {}).unwrap()
}

/// Rows of a table by their first cell.
fn table(name: &str) -> Option<BTreeMap<String, Vec<Vec<String>>>> {
    let mut rows: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for line in fs::read_to_string(public(name)?).unwrap().lines().skip(1) {
        let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        rows.entry(cells[0].clone()).or_default().push(cells);
    }
    Some(rows)
}

/// Families that take next to no time here.
const QUICK: [&str; 16] = [
    "L4_small_s1",
    "L4_small_s2",
    "L7_small_s1",
    "L7_small_s2",
    "arbitrary_small_s1",
    "arbitrary_small_s2",
    "paths_small_s1",
    "paths_small_s2",
    "regions_small_s1",
    "regions_small_s2",
    "scheduling_small_s1",
    "scheduling_small_s2",
    "L7_medium_s1",
    "paths_medium_s1",
    "scheduling_medium_s1",
    "scheduling_medium_s2",
];

#[test]
fn winners_and_payments_are_those_published() {
    let (Some(optima), Some(payments)) = (table("cats_optima.csv"), table("cats_payments.csv")) else { return };
    for name in QUICK {
        let file = format!("{name}.txt");
        let Some(path) = public(&format!("cats/{file}")) else { return };
        let instance = families::auction(&path).unwrap().instance;
        for (rule, column) in [(PaymentRule::Vcg, 5), (PaymentRule::Core, 6)] {
            let outcome = cleared(&instance, rule);
            assert!(outcome.is_optimal(), "{name}");
            assert_eq!(outcome.surplus.to_string(), optima[&file][0][6], "{name}");
            let rows: Vec<&Vec<String>> =
                payments.get(&file).into_iter().flatten().filter(|row| !row[column].is_empty()).collect();
            let settled = outcome.settlement.as_ref().unwrap();
            let number = |row: &[String], column: usize| row[column].parse::<f64>().unwrap();
            let paid = |row: &[String]| {
                let bidder = BidderIndex(row[2].parse().unwrap());
                let paid = settled.iter().find(|payment| payment.bidder == bidder);
                paid.map_or(0.0, |payment| payment.exact as f64 / EXACT_UNITS as f64)
            };
            let bids = |row: &[String]| row[3].parse::<u64>().unwrap();
            let won = |id: u64| outcome.winners.iter().any(|&at| instance.bids()[at].id == id);
            if rows.iter().all(|row| won(bids(row))) {
                for row in rows {
                    let (found, wanted) = (paid(row), number(row, column));
                    assert!(
                        (found - wanted).abs() <= 0.001,
                        "{name}: bidder {} pays {found}, not {wanted} ({rule:?})",
                        row[2]
                    );
                }
            } else {
                // Another choice of winners is as good: revenue is the same.
                let revenue: f64 = settled.iter().map(|payment| payment.exact as f64 / EXACT_UNITS as f64).sum();
                let wanted: f64 = rows.iter().map(|row| number(row, column)).sum();
                assert!((revenue - wanted).abs() <= 0.01, "{name}: revenue is {revenue}, not {wanted} ({rule:?})");
            }
        }
    }
}

#[test]
fn double_auctions_reach_the_published_surplus_and_deficit() {
    let Some(reference) = table("double/reference.csv") else { return };
    for name in ["test_dataset_small", "test_dataset"] {
        let file = |side: &str| public(&format!("double/{name}_{side}.csv")).unwrap();
        let instance = families::double_auction(&file("bids"), &file("asks")).unwrap();
        let outcome = double::clear(&instance);
        let row = &reference[name][0];
        let is_near = |found: f64, column: usize| (found - row[column].parse::<f64>().unwrap()).abs() < 0.001;
        let units = families::DOUBLE_AUCTION_UNITS as f64;
        assert!(is_near(outcome.surplus as f64 / units, 4), "{name}: {}", outcome.surplus);
        assert_eq!(outcome.trades.len().to_string(), row[5], "{name}");
        assert!(is_near(outcome.deficit() as f64 / units, 10), "{name}: {}", outcome.deficit());
    }
}

#[test]
fn assignments_reach_the_published_optima() {
    let Some(optima) = table("assignment/optimal.csv") else { return };
    assert_eq!(optima.len(), 4);
    for (file, rows) in &optima {
        let instance = families::assignment(&public(&format!("assignment/{file}")).unwrap()).unwrap();
        let found = assign(&instance, &Stop::new());
        let cost = assignment::check(&instance, &found.columns.unwrap()).unwrap();
        assert_eq!(cost.to_string(), rows[0][2], "{file}");
        assert_eq!(assignment::bound(&instance, &found.prices, found.parts), cost, "{file}");
    }
}
