//! Auctions and assignments are solved by the real program, and its answers looked at from the files alone.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]

mod common;

use std::fs;

use common::Bench;
use serde_json::Value;

/// Two goods: bidder 0 wants either for 20, by bids that share the dummy good 2; bidder 1 the second for 15, bidder 2 both
/// for 21.
const SMALL: &str = "\
%% small
goods 2
bids 4
dummy 1

0\t20\t0\t2\t#
1\t20\t1\t2\t#
2\t15\t1\t#
3\t21\t0\t1\t#
";

fn outcome(bench: &Bench, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(bench.path(name)).unwrap()).unwrap()
}

#[test]
fn an_outcome_names_winners_and_what_they_pay() {
    let bench = Bench::new();
    fs::write(bench.path("small"), SMALL).unwrap();
    // Bids 0 and 2 win 35. Without bidder 0 the best is 21, without bidder 1 it is 21: VCG takes 6 and 1, the core 21 in all.
    for (rule, first, second) in [("pay-as-bid", 20.0, 15.0), ("vcg", 6.0, 1.0), ("core", 13.0, 8.0)] {
        let said =
            bench.expect(0, &format!("solve cats small --payments {rule} --seconds 30 --json --out outcome")).json();
        let outcome = outcome(&bench, "outcome");
        assert_eq!((&said["value"], &said["bound"], &said["winners"]), (&35.into(), &35.into(), &2.into()));
        assert_eq!((&outcome["winners"], &outcome["value"]), (&serde_json::json!([0, 2]), &35.into()));
        let paid = |bidder: &str| outcome["payments"][bidder].as_f64().unwrap();
        assert!((paid("0") - first).abs() < 1e-6 && (paid("1") - second).abs() < 1e-6, "{rule}: {outcome}");
        assert_eq!(outcome["settled"].as_object().unwrap().len(), 2);
    }
}

#[test]
fn a_time_that_is_over_once_an_auction_is_read_leaves_an_answer_with_a_bound_and_is_told() {
    let bench = Bench::new();
    // Bids for three of forty goods each, of which any two may meet.
    let mut below = common::numbers(5);
    let bid = |at: u64| {
        let first = below(38);
        format!("{at}\t{}\t{first}\t{}\t{}\t#\n", 100 + below(100), first + 1, first + 2)
    };
    let bids: String = (0..300).map(bid).collect();
    fs::write(bench.path("many"), format!("goods 40\nbids 300\ndummy 0\n{bids}")).unwrap();
    let best = bench.expect(0, "solve cats many --seconds 30 --json --out best").json()["value"].as_u64().unwrap();
    for (rule, code) in [("pay-as-bid", 0), ("vcg", 1)] {
        let words = format!("solve cats many --payments {rule} --seconds 0.000001 --json --out outcome");
        let said = bench.expect(code, &words);
        assert!(said.err.contains("all is read, and of --seconds 0.000001 none is left to search"), "{said:?}");
        let number = |key: &str| said.json()[key].as_u64().unwrap();
        assert!(number("value") > 0 && number("value") <= best && number("bound") > best, "{said:?}");
        let outcome = outcome(&bench, "outcome");
        assert_eq!(outcome["winners"].as_array().unwrap().len() as u64, number("winners"));
        assert_eq!(outcome["payments"].as_object().unwrap().is_empty(), code == 1, "{outcome}");
    }
}

#[test]
fn malformed_auctions_are_refused_with_file_and_line() {
    let bench = Bench::new();
    for (text, told) in [
        (SMALL.replace("20\t1", "-20\t1"), "line 7: \"-20\" is not an amount: write a number from 0"),
        (SMALL.replace("21\t0", "21\t7"), "line 9: bid 3 wants good 7, but there are 3"),
        (SMALL.replace("3\t21", "2\t21"), "line 9: bid 2 follows bid 2, but must come after bids of lower numbers"),
    ] {
        fs::write(bench.path("bad"), text).unwrap();
        let said = bench.expect(2, "solve cats bad --out outcome");
        assert!(said.err.contains("bad: ") && said.err.contains(told), "{said:?}");
        assert!(!bench.path("outcome").exists());
    }
}

#[test]
fn decimal_amounts_come_back_in_the_units_of_the_file() {
    let bench = Bench::new();
    fs::write(bench.path("decimal"), SMALL.replace("15\t1", "15.25\t1").replace("21\t0", "2.15e+01\t0")).unwrap();
    // Bids 0 and 2 win 35.25. Without bidder 0 the best is 21.5, and so it is without bidder 1.
    let said = bench.expect(0, "solve cats decimal --payments vcg --seconds 30 --json --out outcome").json();
    let outcome = outcome(&bench, "outcome");
    assert_eq!((&said["value"], &said["bound"], &said["revenue"]), (&35.25.into(), &35.25.into(), &7.75.into()));
    assert_eq!(outcome["payments"], serde_json::json!({"0": 6.25, "1": 1.5}));
    assert_eq!(outcome["settled"], outcome["payments"]);
}

#[test]
fn an_auction_that_nobody_wins_has_a_revenue_of_zero() {
    let bench = Bench::new();
    fs::write(bench.path("worthless"), "goods 1\nbids 1\ndummy 0\n0\t0\t0\t#\n").unwrap();
    let said = bench.expect(0, "solve cats worthless --json --out outcome");
    let solved = said.json();
    assert_eq!((&solved["winners"], &solved["revenue"]), (&0.into(), &0.0.into()));
    assert!(!said.out.contains("-0"), "{said:?}");
}

#[test]
fn a_double_auction_takes_limits_as_other_families_do() {
    let bench = Bench::new();
    fs::write(bench.path("bids"), "id,value,q0\n7,10.5,1\n8,8,1\n").unwrap();
    fs::write(bench.path("asks"), "id,value,q0\n1,2,1\n2,5.25,1\n").unwrap();
    let words = "solve double bids asks --seconds 30 --seed 5 --threads 2 --json --out outcome";
    let solved = bench.expect(0, words).json();
    assert_eq!(solved["surplus"].as_f64(), Some(11.25));
    assert_eq!((&solved["seed"], &solved["threads"]), (&5.into(), &1.into()));
    let said = bench.expect(2, "solve double bids asks --seconds 0 --out outcome");
    assert!(said.err.contains("--seconds 0: must be above 0"), "{said:?}");
}

#[test]
fn a_double_auction_that_is_not_cleared_in_time_has_no_answer() {
    let bench = Bench::new();
    // Every vector is a class of its own, and every ask covers every bid: many steps over many pairs.
    let table = |value: &dyn Fn(u32) -> u32, wanted: &dyn Fn(u32) -> u32| {
        let row = |at: u32| format!("{at},{},{}\n", value(at), wanted(at));
        "id,value,q0\n".to_owned() + &(0..6_000).map(row).collect::<String>()
    };
    fs::write(bench.path("bids"), table(&|at| 9_000 + at, &|at| at)).unwrap();
    fs::write(bench.path("asks"), table(&|at| at, &|at| 7_000 + at)).unwrap();
    let said = bench.expect(1, "solve double bids asks --seconds 0.02 --json --out outcome");
    assert!(said.err.contains("not cleared in time") && said.json()["surplus"].is_null(), "{said:?}");
    assert!(said.json()["seconds"].as_f64() < Some(10.0) && !bench.path("outcome").exists(), "{said:?}");
}

#[test]
fn a_double_auction_is_cleared_by_both_rules() {
    let bench = Bench::new();
    fs::write(bench.path("bids"), "id,value,q0\n7,10.5,1\n8,8,1\n9,3,2\n").unwrap();
    fs::write(bench.path("asks"), "id,value,q0\n1,2,1\n2,5.25,2\n3,9,1\n").unwrap();
    let said = bench.expect(0, "solve double bids asks --json --out outcome").json();
    // Bids 7 and 8 with asks 1 and 2: 18.5 less 7.25.
    assert_eq!((said["surplus"].as_f64(), &said["trades"]), (Some(11.25), &2.into()));
    let said = bench.expect(0, "solve double bids asks --rule trade-reduction --json --out outcome").json();
    // Of vector 1, bids 10.5 and 8 with asks 2 and 9: one pair gains, and the next would trade at 8.5.
    assert_eq!(
        (said["surplus"].as_f64(), said["pays"].as_f64(), said["deficit"].as_f64()),
        (Some(8.5), Some(8.5), Some(0.0))
    );
    assert_eq!(outcome(&bench, "outcome")["trades"][0]["bid"], 7);
    fs::write(bench.path("bids"), "id,value,q0\n7,ten,1\n").unwrap();
    let said = bench.expect(2, "solve double bids asks --out outcome");
    assert!(said.err.contains("ten"), "{said:?}");
}

#[test]
fn an_assignment_is_written_with_its_cost_and_a_proof() {
    let bench = Bench::new();
    fs::write(bench.path("square"), " 3\n 1 4 5\n 2 2 9\n 3 3 3\n").unwrap();
    let said = bench.expect(0, "solve assignment square --json --out columns").json();
    assert_eq!((&said["cost"], &said["bound"]), (&6.into(), &6.into()));
    assert_eq!(fs::read_to_string(bench.path("columns")).unwrap(), "0\n1\n2\n");
    fs::write(bench.path("square"), "2\n1 2 3\n").unwrap();
    let said = bench.expect(2, "solve assignment square --out columns");
    assert!(said.err.contains("ends after 4 numbers"), "{said:?}");
}
