//! `lessor market check`: honest rounds hold, and whatever is changed in one afterwards is found by the check of that rule.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::collections::BTreeSet;
use std::fs;

use common::Bench;
use lessor_datasets::table::{
    AwardRow, BalanceRow, EntryRow, RoundPrice, read_awards, read_balances, read_bids, read_entries, read_fleet,
    read_round_prices, write_awards, write_balances, write_bids, write_entries, write_offers, write_round_prices,
};
use serde_json::{Value, json};

const LAYERS: &str = include_str!("../../docs/policies/layer-bandwidth.toml");
const POSTED: &str = include_str!("../../docs/policies/live-quotes.toml");

const CLEAR: &str = "market clear --book bids.parquet --supply fleet --policy policy.toml --out round --json --force";

/// With `fleet`, `policy.toml` and `bids.parquet`.
fn market(policy: &str, bids: &str) -> Bench {
    let bench = Bench::with_fleet();
    fs::write(bench.path("policy.toml"), policy).unwrap();
    bench.expect(0, &format!("market book --supply fleet --policy policy.toml --out bids.parquet {bids}"));
    bench
}

/// What the checks of a round say: of each its name, and how it ended.
fn checks(said: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    said["checks"].as_array().unwrap().iter().map(|check| (text(&check["name"]), text(&check["state"]))).collect()
}

/// The checks of `round` that do not hold, once it is as it was cleared.
#[track_caller]
fn holds(bench: &Bench, flags: &str) -> Value {
    let said = bench.expect(0, &format!("market check round --json {flags}")).json();
    assert!(said["ok"] == true, "{said}");
    said
}

/// The policy of layers with another format and payment rule.
fn by(format: &str, payment: &str) -> String {
    LAYERS.replace("\"sealed-bid\"", &format!("{format:?}")).replace("\"core\"", &format!("{payment:?}"))
}

#[test]
fn rounds_of_every_format_hold() {
    let bench = market(LAYERS, "--bids 60 --seed 3");
    let fleet = read_fleet(&bench.path("fleet")).unwrap();
    write_offers(&bench.path("offers.parquet"), &fleet, &bench.offers()).unwrap();
    let mut winners = 0;
    for (format, payment, claims) in [
        ("sealed-bid", "pay-as-bid", 1),
        ("sealed-bid", "uniform", 1),
        ("sealed-bid", "vcg", 1),
        ("sealed-bid", "core", 2),
        ("sealed-bid", "nearest-core", 2),
        ("greedy", "critical-bid", 0),
        ("double-auction", "uniform", 0),
        ("double-auction", "trade-reduction", 0),
        ("double-auction", "vcg", 0),
        ("unit-demand", "vcg", 0),
    ] {
        let offers = if ["double-auction", "unit-demand"].contains(&format) { " --offers offers.parquet" } else { "" };
        fs::write(bench.path("policy.toml"), by(format, payment)).unwrap();
        let round = bench.expect(0, &format!("{CLEAR}{offers}")).json();
        let said = holds(&bench, "--seconds 60");
        assert_eq!(said["undecided"], 0, "{format} {payment}: {said}");
        let claimed = checks(&said).into_iter().filter(|(name, _)| ["optimum", "core"].contains(&name.as_str()));
        assert_eq!(claimed.count(), claims, "{format} {payment}: {said}");
        winners += round["winners"].as_u64().unwrap();
    }
    assert!(winners > 60, "{winners} bids won in ten rounds");
}

#[test]
fn rounds_that_go_on_from_others_hold() {
    let bench = market(POSTED, "--bids 40 --seed 5 --anywhere 40");
    bench.expect(0, CLEAR);
    holds(&bench, "");
    for table in ["posted", "balances"] {
        fs::rename(bench.path(&format!("round/{table}.parquet")), bench.path(&format!("{table}.parquet"))).unwrap();
    }
    bench.expect(0, &format!("{CLEAR} --posted posted.parquet --balances balances.parquet"));
    holds(&bench, "");
    // On any node of a class, under a plan that holds some of the fleet, with what that makes dearer.
    bench.expect(0, "plan --fleet fleet --work 200 --quiet --out plan");
    let (rules, _) = POSTED.split_once("[account_class.steering]").unwrap();
    let sealed = rules.replace("\"posted\"", "\"sealed-bid\"").replace("\"posted-price\"", "\"vcg\"");
    let sealed = sealed.replace("bundles_max = 1\n", "bundles_max = 100\n").replace("ahead_s = 0", "ahead_s = 86_400");
    fs::write(bench.path("policy.toml"), sealed).unwrap();
    bench.expect(
        0,
        "market book --supply fleet --policy policy.toml --bids 60 --seed 6 --anywhere 40 --out bids.parquet",
    );
    let round = bench.expect(0, &format!("{CLEAR} --plan plan")).json();
    assert!(round["winners"].as_u64() > Some(0), "{round}");
    holds(&bench, "--seconds 5");
}

#[test]
fn the_inputs_of_an_auditor_take_the_place_of_those_that_are_recorded() {
    let bench = market(LAYERS, "--bids 20 --seed 2");
    bench.expect(0, CLEAR);
    for (was, is) in [("bids.parquet", "b.parquet"), ("policy.toml", "p.toml"), ("fleet", "f")] {
        fs::rename(bench.path(was), bench.path(is)).unwrap();
    }
    let gone = bench.expect(2, "market check round");
    assert!(gone.err.contains("policy.toml"), "{gone:?}");
    let flags = "--book b.parquet --policy p.toml --supply f";
    let said = bench.expect(0, &format!("market check round {flags}"));
    assert!(said.out.ends_with("checked   round: every rule holds\n") && said.out.starts_with("inputs "), "{said:?}");
    // Another book is not the one that was cleared.
    let fleet = read_fleet(&bench.path("f")).unwrap();
    let mut bids = read_bids(&bench.path("b.parquet"), &fleet).unwrap();
    bids[3].amount += 1;
    write_bids(&bench.path("b.parquet"), &fleet, &bids).unwrap();
    let said = bench.expect(1, &format!("market check round --json {flags}")).json();
    let broken = broken(&said);
    assert!(broken.contains("inputs") && broken.contains("awards"), "{said}");
}

/// The names of the checks that found something.
fn broken(said: &Value) -> BTreeSet<String> {
    checks(said).into_iter().filter(|(_, state)| state == "broken").map(|(name, _)| name).collect()
}

/// A market directory that is changed after the round.
struct Tampered {
    bench: Bench,
}

impl Tampered {
    fn awards(&self, change: impl FnOnce(&mut Vec<AwardRow>)) {
        let path = self.bench.path("round/awards.parquet");
        let mut rows = read_awards(&path).unwrap();
        change(&mut rows);
        write_awards(&path, &rows).unwrap();
    }

    fn entries(&self, change: impl FnOnce(&mut Vec<EntryRow>)) {
        let path = self.bench.path("round/entries.parquet");
        let mut rows = read_entries(&path).unwrap();
        change(&mut rows);
        write_entries(&path, &rows).unwrap();
    }

    fn balances(&self, change: impl FnOnce(&mut Vec<BalanceRow>)) {
        let path = self.bench.path("round/balances.parquet");
        let mut rows = read_balances(&path).unwrap();
        change(&mut rows);
        write_balances(&path, &rows).unwrap();
    }

    fn prices(&self, change: impl FnOnce(&mut Vec<RoundPrice>)) {
        let (path, fleet) = (self.bench.path("round/prices.parquet"), read_fleet(&self.bench.path("fleet")).unwrap());
        let mut rows = read_round_prices(&path, &fleet).unwrap();
        change(&mut rows);
        write_round_prices(&path, &fleet, &rows).unwrap();
    }

    fn record(&self, change: impl FnOnce(&mut Value)) {
        let path = self.bench.path("round/round.json");
        let mut record: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        change(&mut record);
        fs::write(&path, record.to_string()).unwrap();
    }
}

/// The winning row of least payment that is above some.
fn winner(rows: &mut [AwardRow], above: u64) -> &mut AwardRow {
    rows.iter_mut().find(|row| row.payment > Some(above)).unwrap()
}

/// The same number, changed by so much.
fn moved(value: &Value, by: i64) -> Value {
    json!(value.as_u64().unwrap().checked_add_signed(by).unwrap())
}

/// Changes something in a round that was written.
type Change = fn(&Tampered);

/// Checks that each change breaks the check of a name, in a round of its own.
#[track_caller]
fn are_found(changes: &[(&str, Change)]) {
    let round = Tampered { bench: market(LAYERS, "--bids 60 --seed 3") };
    for (name, change) in changes {
        round.bench.expect(0, CLEAR);
        change(&round);
        let output = round.bench.run("market check round --json --seconds 60");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(broken(&said).contains(*name), "{name}: {said}");
        assert_eq!((output.status.code(), &said["ok"]), (Some(1), &Value::Bool(false)), "{name}");
    }
}

#[test]
fn whatever_is_changed_in_who_wins_is_found_by_the_check_of_its_rule() {
    let changes: &[(&str, Change)] = &[
        ("awards", |round| {
            round.awards(|rows| {
                let again = winner(rows, 0).clone();
                rows.push(AwardRow { bid: "nobody's".into(), ..again });
            });
        }),
        ("awards", |round| {
            round.awards(|rows| {
                let again = winner(rows, 0).clone();
                rows.push(again);
            });
        }),
        ("awards", |round| round.awards(|rows| drop(rows.pop()))),
        ("not_admitted", |round| {
            round.awards(|rows| winner(rows, 0).account_class = None);
        }),
        ("refused", |round| {
            round.awards(|rows| {
                let row = rows.iter_mut().find(|row| row.reason.as_deref() == Some("outbid")).unwrap();
                row.reason = Some("not-a-trader".into());
            });
        }),
        ("overdrawn", |round| round.awards(|rows| rows.iter_mut().for_each(win))),
        ("groups_broken", |round| round.awards(|rows| rows.iter_mut().for_each(win))),
        ("misplaced", |round| {
            let fleet = read_fleet(&round.bench.path("fleet")).unwrap();
            round.awards(|rows| winner(rows, 0).node = fleet.names().iter().next().map(str::to_owned));
        }),
    ];
    are_found(changes);
}

#[test]
fn whatever_is_changed_in_what_is_paid_is_found_by_the_check_of_its_rule() {
    let changes: &[(&str, Change)] = &[
        ("above_bid", |round| {
            round.awards(|rows| {
                let row = winner(rows, 0);
                row.payment = Some(row.amount + 1);
            });
        }),
        ("below_reserve", |round| round.awards(|rows| winner(rows, 0).payment = Some(0))),
        ("unbalanced", |round| round.awards(|rows| less(winner(rows, 0)))),
        ("exact_payments", |round| round.awards(|rows| less(winner(rows, 0)))),
        ("exact_payments", |round| {
            round.record(|record| record["figures"]["exact_payments"] = json!([]));
        }),
        ("core", |round| {
            round.awards(|rows| {
                let reserve = |row: &AwardRow| row.reserve.unwrap_or(0);
                rows.iter_mut().filter(|row| row.payment.is_some()).for_each(|row| row.payment = Some(reserve(row)));
            });
        }),
        ("prices", |round| round.prices(|rows| rows[0].sold += 1)),
        ("prices", |round| round.prices(|rows| rows[0].reserve += 1)),
        ("entries", |round| round.entries(|rows| drop(rows.remove(3)))),
        ("balances", |round| round.entries(|rows| drop(rows.remove(3)))),
        ("unbalanced", |round| round.entries(|rows| drop(rows.pop()))),
        ("issued", |round| round.entries(|rows| rows[0].amount -= 1)),
        ("balances", |round| round.balances(|rows| rows[0].balance += 1)),
        ("held", |round| {
            round.balances(|rows| {
                let row = rows.iter_mut().find(|row| row.balance > 0).unwrap();
                row.held = 1;
            });
        }),
    ];
    are_found(changes);
}

#[test]
fn whatever_is_changed_in_the_record_is_found_by_the_check_of_its_rule() {
    let changes: &[(&str, Change)] = &[
        ("inputs", |round| round.record(|record| record["certificate"]["inputs_blake3"] = "0".repeat(64).into())),
        ("off_surplus", |round| {
            round.record(|record| record["classes"][0]["surplus"] = moved(&record["classes"][0]["surplus"], -1));
        }),
        ("above_bound", |round| {
            round.record(|record| record["classes"][0]["bound"] = moved(&record["classes"][0]["bound"], -1));
        }),
        ("optimum", |round| {
            round.record(|record| record["classes"][0]["bound"] = moved(&record["classes"][0]["bound"], -100_000));
        }),
        ("certificate", |round| round.record(|record| record["certificate"]["gap"] = json!(0.5))),
        ("certificate", |round| round.record(|record| record["certificate"]["overdrawn"] = json!(1))),
        ("figures", |round| {
            round.record(|record| record["figures"]["value"] = moved(&record["figures"]["value"], 1));
        }),
        ("figures", |round| round.record(|record| record["figures"]["efficiency"] = json!(0.9))),
    ];
    are_found(changes);
}

#[test]
fn people_are_told_which_rule_is_broken() {
    let round = Tampered { bench: market(LAYERS, "--bids 60 --seed 3") };
    round.bench.expect(0, CLEAR);
    round.awards(|rows| winner(rows, 0).payment = Some(0));
    let said = round.bench.expect(1, "market check round");
    assert!(said.out.lines().any(|line| line.starts_with("below_reserve     BROKEN")), "{said:?}");
    assert!(said.err.contains("round: the check failed with "), "{said:?}");
}

/// A bid that wins for nothing.
fn win(row: &mut AwardRow) {
    (row.payment, row.reason) = (row.payment.or(Some(row.reserve.unwrap_or(0))), None);
}

/// A micro-credit less to pay.
fn less(row: &mut AwardRow) {
    row.payment = row.payment.map(|payment| payment - 1);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let bench = market(LAYERS, "--bids 20 --seed 2");
    bench.expect(0, CLEAR);
    let round = Tampered { bench };
    let refused = |what: &str| {
        let said = round.bench.expect(2, "market check round");
        assert!(said.err.contains(what) && said.out.is_empty(), "{what}: {said:?}");
        round.bench.expect(0, CLEAR);
    };
    round.awards(|rows| rows[2].account_class = Some("nothing".into()));
    refused("awards.parquet: row 2, column account_class: no account class is named \"nothing\"");
    round.awards(|rows| rows[3].reason = Some("bad luck".into()));
    refused("awards.parquet: row 3, column reason: \"bad luck\" is not one of: not-traded");
    round.awards(|rows| rows[1].node = Some("nowhere".into()));
    refused("awards.parquet: row 1, column node: no node is named \"nowhere\"");
    for (table, bytes, what) in [
        ("awards", None, "cannot be opened"),
        ("entries", Some("PAR1"), "truncated"),
        ("balances", Some(""), "the file is empty"),
    ] {
        let path = round.bench.path(&format!("round/{table}.parquet"));
        fs::remove_file(&path).unwrap();
        bytes.into_iter().for_each(|bytes| fs::write(&path, bytes).unwrap());
        refused(&format!("{table}.parquet: {what}"));
    }
    for (bytes, what) in [("{", "not the record of a round"), ("", "not the record of a round")] {
        fs::write(round.bench.path("round/round.json"), bytes).unwrap();
        refused(what);
    }
    round.record(|record| drop(record.as_object_mut().unwrap().remove("classes")));
    refused("round.json has no classes");
    round.record(|record| record["figures"]["exact_payments"][0]["payment"] = json!("1e3"));
    refused("owes \"1e3\"");
    round.record(|record| record["classes"][0]["account_class"] = json!("nothing"));
    let said = round.bench.expect(1, "market check round --json").json();
    assert!(broken(&said).contains("class"), "{said}");
    for seconds in ["0", "-1", "nan"] {
        let said = round.bench.expect(2, &format!("market check round --seconds={seconds}"));
        assert!(said.err.contains("--seconds"), "{said:?}");
    }
}

#[test]
fn what_is_not_decided_in_time_is_said_and_breaks_nothing() {
    let bench = market(&by("sealed-bid", "pay-as-bid"), "--bids 300 --seed 3");
    bench.expect(0, CLEAR);
    let said = holds(&bench, "--seconds 0.000001");
    assert_eq!(said["undecided"], 1, "{said}");
    let open: Vec<_> = checks(&said).into_iter().filter(|(_, state)| state == "undecided").collect();
    assert_eq!(open[0].0, "optimum");
    let told = bench.expect(0, "market check round --seconds 0.000001").out;
    assert!(told.ends_with("checked   round: every rule holds that was decided; 1 not decided\n"), "{told}");
}
