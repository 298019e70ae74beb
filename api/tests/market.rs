//! A market from files to files: policies are linted, a book is cleared and settled, and what came out explains itself.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{Field, Schema};
use common::{Bench, names};
use lessor_datasets::table::{
    AwardRow, BalanceRow, EntryRow, RevocationRow, read_awards, read_balances, read_entries, read_fleet, read_prices,
    read_round_prices, read_sales, write_offers, write_revocations,
};
use lessor_models::plan::Price;
use lessor_models::time::{Interval, Timestamp};
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

/// What is zero in every certificate, whatever a round's rules are.
const RESIDUALS: [&str; 11] = [
    "overdrawn",
    "above_holder_cap",
    "groups_broken",
    "misplaced",
    "above_bid",
    "below_reserve",
    "above_cap",
    "below_ask",
    "off_price",
    "off_surplus",
    "unbalanced",
];

#[test]
fn a_round_is_cleared_settled_and_explains_itself() {
    let bench = market();
    let round = bench.expect(0, CLEAR).json();
    assert_eq!(
        names(&bench.path("round")),
        ["awards.parquet", "balances.parquet", "entries.parquet", "prices.parquet", "report.html", "round.json"]
    );
    assert_eq!((&round["bids"], &round["bidders"]), (&40.into(), &20.into()));
    // Each winner's exact payment, rounded up, is what it pays.
    let awards = read_awards(&bench.path("round/awards.parquet")).unwrap();
    let exact = round["exact_payments"].as_array().unwrap();
    assert!(!exact.is_empty());
    for told in exact {
        let of = |award: &&AwardRow| {
            told["bidder"] == award.bidder && told["account_class"].as_str() == award.account_class.as_deref()
        };
        let paid: u64 = awards.iter().filter(of).filter_map(|award| award.payment).sum();
        let (whole, rest) = told["payment"].as_str().unwrap().split_once('.').unwrap();
        assert_eq!(paid, whole.parse::<u64>().unwrap() + u64::from(rest != "000000"), "{told}");
    }
    let proof = &round["certificate"];
    for residual in RESIDUALS.into_iter().chain(["core_violation"]) {
        assert_eq!(proof[residual], 0, "{residual}: {proof}");
    }
    assert!(round["winners"].as_u64().unwrap() > 0 && proof["surplus"] == proof["bound"], "{round}");
    assert!(proof["price_bound"].as_u64() >= proof["surplus"].as_u64());
    assert_eq!((&proof["misreports_cut"], &proof["misreports_unfinished"]), (&false.into(), &0.into()), "{proof}");

    let prices = bench.expect(0, "market prices round --json").json();
    assert!(prices.as_array().unwrap().iter().any(|price| price["sold"].as_u64() > Some(0)));
    let told = bench.expect(0, "market prices round").out;
    let (dearest, sold) = (told.lines().next().unwrap(), told.lines().nth(1).unwrap());
    assert!(dearest.contains(" credits per ") && dearest.ends_with(" UTC") && dearest.contains(":00 to "), "{told}");
    assert!(sold.starts_with("  sold ") && sold.contains("bit/s of ") && sold.contains("; asked for "), "{told}");
    for price in prices.as_array().unwrap() {
        let number = |key: &str| price[key].as_u64().unwrap();
        assert!(number("sold") <= number("offered") && number("sold") <= number("asked"), "{price}");
        assert!(number("price") >= number("reserve"), "{price}");
        assert_eq!(price["binds"] == "supply", number("sold") == number("offered"), "{price}");
    }
    let asked = (0..40).map(|at| bench.expect(0, &format!("market why round bid-{at} --json")).json());
    let asked: Vec<serde_json::Value> = asked.collect();
    assert_eq!(asked.iter().filter(|why| why["won"] == true).count() as u64, round["winners"].as_u64().unwrap());
    for why in asked.iter().filter(|why| why["reason"] == "outbid" && !why["cheapest"].is_null()) {
        assert!(why["cheapest"].as_u64() > why["amount"].as_u64(), "{why}");
    }
}

#[test]
fn a_round_tells_people_how_far_it_is_and_programs_nothing_but_its_outcome() {
    let bench = market();
    let said = bench.expect(0, &CLEAR.replace(" --json", ""));
    let told = |phase: &str| {
        let of_phase = format!(" s  links between layers  {phase}  surplus ");
        said.err.lines().position(|line| line.contains(&of_phase) && line.contains("  bound "))
    };
    assert!(told("winners").is_some() && told("winners") < told("payments"), "{said:?}");
    let said = bench.expect(0, &CLEAR.replace("round", "again"));
    assert!(said.err.is_empty() && said.json()["winners"].as_u64() > Some(0), "{said:?}");
}

#[test]
fn a_round_that_is_not_settled_says_what_was_open_and_shows_no_figures() {
    let bench = market();
    bench.expect(0, "market book --supply fleet --policy policy.toml --bids 300 --seed 3 --out tight.parquet");
    // The deadline is over before the first linear program.
    let said = bench.expect(1, &format!("{} --deadline 1ms", CLEAR.replace("bids", "tight"))).json();
    let reasons = said["unsettled"].as_array().unwrap();
    assert!(reasons.len() == 1 && reasons[0].as_str().unwrap().contains("not proved to be the best"), "{said}");
    let proof = &said["certificate"];
    for figure in [&said["efficiency"], &proof["gap"], &proof["core_violation"], &proof["regret"]] {
        assert!(figure.is_null(), "{said}");
    }
    assert!(proof["bound"].as_u64() > Some(0) && (&proof["surplus"], &proof["misreports"]) == (&0.into(), &0.into()));
    assert_eq!([&said["winners"], &said["revenue"], &said["fees"]], [&0; 3], "{said}");
    let awards = read_awards(&bench.path("round/awards.parquet")).unwrap();
    assert!(awards.iter().all(|award| award.payment.is_none() && award.reason.is_some()), "{awards:?}");
    assert!(awards.iter().any(|award| award.reason.as_deref() == Some("unsettled")), "{awards:?}");
    let page = fs::read_to_string(bench.path("round/report.html")).unwrap();
    assert!(page.contains("Not all of the round could be settled: the winners are not proved to be the best"));
    assert!(page.contains("as long as payments are not settled"));
    for shown in ["Efficiency", "Core violation", "Regret found"] {
        assert!(!page.contains(shown), "{shown}");
    }
}

#[test]
fn a_quantity_has_a_price_up_to_what_is_offered() {
    let bench = market();
    bench.expect(0, CLEAR);
    let words =
        |quantity: u64| format!("market quote round zone:link-000:bandwidth --quantity {quantity} --term 1h --json");
    let said = bench.expect(0, &words(1_000)).json();
    let [offered, most] = ["offered", "most"].map(|key| said[key].as_u64().unwrap());
    assert_eq!(most, offered * 4 / 10);
    assert_eq!(bench.expect(0, &words(most)).json()["quantity"], most);
    let said = bench.expect(2, &words(most + 1));
    assert!(said.err.contains(&format!("has {offered} base units on offer")) && said.out.is_empty(), "{said:?}");
    for (words, cause) in [
        ("--quantity 0 --term 1h", "above 0"),
        ("--quantity 1 --term 1000d", "--term"),
        ("--quantity 1 --term 1s", "--term"),
    ] {
        let said = bench.expect(2, &format!("market quote round zone:link-000:bandwidth {words}"));
        assert!(said.err.contains(cause) && said.out.is_empty(), "{said:?}");
    }
}

#[test]
fn what_no_balance_can_hold_is_refused_by_name_and_writes_nothing() {
    let bench = market();
    let most = 1_u64 << 53;
    replace_column(&bench.path("bids.parquet"), "amount", |rows| Arc::new(UInt64Array::from(vec![most; rows])));
    let free = POLICY.lines().filter(|line| !line.starts_with("price_cap")).map(|line| match line.split_once(" = ") {
        Some(("amount_max", _)) => format!("amount_max = {most}\n"),
        _ => line.replace("\"core\"", "\"pay-as-bid\"") + "\n",
    });
    fs::write(bench.path("policy.toml"), free.collect::<String>()).unwrap();
    let before = names(&bench.path("."));
    let said = bench.expect(1, CLEAR);
    assert!(said.err.contains("seller:fleet would have ") && said.err.contains("at most 2^53"), "{said:?}");
    assert!(said.out.is_empty() && names(&bench.path(".")) == before, "{said:?}");
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let bench = market();
    bench.expect(0, CLEAR);
    bench.expect(0, &CLEAR.replace("round", "again"));
    for file in ["awards.parquet", "balances.parquet", "entries.parquet", "prices.parquet", "report.html", "round.json"]
    {
        let read = |dir: &str| fs::read(bench.path(dir).join(file)).unwrap();
        assert_eq!(read("round"), read("again"), "{file}");
    }
}

#[test]
fn sellers_offer_under_every_rule_of_the_formats_with_offers() {
    let bench = market();
    let fleet = read_fleet(&bench.path("fleet")).unwrap();
    write_offers(&bench.path("offers.parquet"), &fleet, &bench.offers()).unwrap();
    for (format, payment) in [("double-auction", "uniform"), ("double-auction", "vcg"), ("unit-demand", "vcg")] {
        let policy =
            POLICY.replace("\"sealed-bid\"", &format!("{format:?}")).replace("\"core\"", &format!("{payment:?}"));
        fs::write(bench.path("policy.toml"), policy).unwrap();
        let round = bench.run(&format!("{CLEAR} --force --offers offers.parquet"));
        let said: serde_json::Value = serde_json::from_slice(&round.stdout).unwrap();
        let (proof, settled) = (&said["certificate"], said["unsettled"].as_array().unwrap().is_empty());
        assert_eq!(round.status.code(), Some(i32::from(!settled)), "{format} {payment}: {said}");
        for residual in RESIDUALS {
            assert_eq!(proof[residual], 0, "{format} {payment}: {residual}: {proof}");
        }
        // Whatever the rule proves by itself: there is a bound, and sellers were tried.
        assert!(proof["bound"].as_u64().unwrap() >= proof["surplus"].as_u64().unwrap(), "{format} {payment}: {proof}");
        assert!(!settled || proof["gap"].as_f64().is_some_and(|gap| (0.0..=1.0).contains(&gap)), "{format}: {proof}");
        assert!(!settled || proof["seller_misreports"].as_u64() > Some(0), "{format} {payment}: {proof}");
        let sales = read_sales(&bench.path("round/sales.parquet")).unwrap();
        assert_eq!((sales.len(), said["offers"].as_u64()), (12, Some(12)));
        let sold = sales.iter().filter(|sale| sale.proceeds.is_some());
        assert_eq!(sold.clone().count() as u64, said["sales"].as_u64().unwrap());
        assert!(sold.clone().all(|sale| sale.part.is_some() || sale.proceeds.unwrap() + 1 >= sale.ask), "{sales:?}");
        assert!(!settled || payment != "vcg" || said["winners"].as_u64() > Some(0), "{said}");
        bench.expect(0, "market prices round --json");
        for sale in &sales {
            let why = bench.expect(0, &format!("market why round {} --json", sale.offer)).json();
            assert_eq!(why["sold"], sale.proceeds.is_some(), "{why}");
            assert_eq!(why["reason"].as_str(), sale.reason.as_deref(), "{why}");
            assert!(
                why["dearest"].is_null() || (why["sold"] == false && why["dearest"].as_u64() <= Some(sale.ask)),
                "{why}"
            );
        }
        let told = bench.expect(0, "market why round offer-11").out;
        assert!(told.starts_with("offer     offer-11 at ") && told.contains("\nresult    "), "{told}");
    }
}

#[test]
fn no_seller_takes_the_name_of_the_fleet() {
    let bench = market();
    let fleet = read_fleet(&bench.path("fleet")).unwrap();
    let mut rows = bench.offers();
    rows[3].seller = "fleet".into();
    write_offers(&bench.path("offers.parquet"), &fleet, &rows).unwrap();
    let said = bench.expect(2, &format!("{CLEAR} --offers offers.parquet"));
    assert!(said.err.contains("offer \"offer-3\": a seller cannot be named \"fleet\""), "{}", said.err);
    assert!(!bench.path("round").exists());
}

#[test]
fn balances_go_from_round_to_round_and_bids_beyond_them_are_refused() {
    let bench = market();
    bench.expect(0, CLEAR);
    let first = read_balances(&bench.path("round/balances.parquet")).unwrap();
    let holders = |rows: &[BalanceRow]| -> u64 {
        rows.iter().filter(|row| row.party.starts_with("holder:")).map(|row| row.balance).sum()
    };
    // Whoever paid its bid in the first round has too little for the same bids in the second.
    let again = CLEAR.replace("round", "again") + " --balances round/balances.parquet";
    bench.expect(0, &again);
    let awards = read_awards(&bench.path("again/awards.parquet")).unwrap();
    assert!(awards.iter().any(|award| award.reason.as_deref() == Some("budget")), "{awards:?}");
    let second = read_balances(&bench.path("again/balances.parquet")).unwrap();
    let entries = read_entries(&bench.path("again/entries.parquet")).unwrap();
    let moved = |is_moved: &dyn Fn(&EntryRow) -> bool| -> u64 {
        entries.iter().filter(|entry| is_moved(entry)).map(|entry| entry.amount).sum()
    };
    let paid = moved(&|entry| entry.from.starts_with("holder:"));
    assert!(paid > 0 && paid == awards.iter().filter_map(|award| award.payment).sum::<u64>(), "{entries:?}");
    assert_eq!(moved(&|entry| entry.to.starts_with("holder:")), 0, "{entries:?}");
    assert!(second.iter().all(|row| row.round == 2));
    assert_eq!(holders(&second), holders(&first) - paid);
    assert!(entries.iter().all(|entry| entry.round == 2 && entry.purpose != "issue"));
    // A lease that was revoked at half of its term: half comes back, and by the policy half of that again.
    let term = Interval { start: Timestamp(0), end: Timestamp(1_000) };
    let revoke = |paid, seller: Option<&str>| {
        let seller = seller.map(str::to_owned);
        let row = RevocationRow { holder: "holder-0".into(), paid, term, revoked: Timestamp(500), seller };
        write_revocations(&bench.path("revoked.parquet"), &[row]).unwrap();
    };
    let third = CLEAR.replace("round", "third") + " --balances again/balances.parquet --revoked revoked.parquet";
    // The policy as it ships pays that.
    revoke(600, None);
    bench.expect(0, &third.replace("third", "shipped"));
    // A seller that has nothing gives nothing back; the operator has less than that, and falls below zero only as far as it may.
    revoke(1_000_000_000_000, Some("gone"));
    fs::write(bench.path("policy.toml"), POLICY.replace("deficit_max = 1_000_000_000_000", "")).unwrap();
    // A third of what was paid for the time left is not had, and with the compensation the operator would owe what it may not.
    let said = bench.expect(1, &third).err;
    assert!(
        said.contains("policy.toml, deficit_max: the operator would be ") && said.contains("and may be 0; let"),
        "{said}"
    );
    let below: u64 = said.split_once("would be ").unwrap().1.split_once(' ').unwrap().0.parse().unwrap();
    for (deficit_max, code) in [(below - 1, 1), (below, 0)] {
        let changed = format!("deficit_max = {deficit_max}");
        fs::write(bench.path("policy.toml"), POLICY.replace("deficit_max = 1_000_000_000_000", &changed)).unwrap();
        bench.expect(code, &third.replace("third", "lent"));
    }
    revoke(600, None);
    let lends = POLICY
        .replace("deficit_max = 1_000_000_000_000", "deficit_max = 450")
        .replace("seller_permille = 5", "per_group = 1");
    fs::write(bench.path("policy.toml"), lends).unwrap();
    let said = bench.expect(0, &third).json();
    let entries = read_entries(&bench.path("third/entries.parquet")).unwrap();
    // Fees are what was paid as such, whatever the operator is left with.
    let fees: u64 = entries.iter().filter(|entry| entry.purpose == "fee").map(|entry| entry.amount).sum();
    assert!(
        fees > 0 && said["fees"].as_u64() == Some(fees) && said["operator"].as_i64() != said["fees"].as_i64(),
        "{said}"
    );
    let back: Vec<(&str, u64)> = entries
        .iter()
        .filter(|entry| entry.from == "operator" && entry.to == "holder:holder-0")
        .map(|entry| (entry.purpose.as_str(), entry.amount))
        .collect();
    assert_eq!(back, [("refund", 300), ("compensation", 150)]);
    // What is refunded the fleet was paid, and gives back.
    let returned = entries.iter().filter(|entry| entry.purpose == "return");
    let returned: Vec<(&str, &str, u64)> =
        returned.map(|entry| (entry.from.as_str(), entry.to.as_str(), entry.amount)).collect();
    assert_eq!(returned, [("seller:fleet", "operator", 300)]);
}

#[test]
fn what_a_plan_holds_is_not_let_and_its_prices_are_reserves() {
    let bench = Bench::with_plan();
    // Power of the feeds: the plan holds most of it, and is short of it on some.
    let policy = POLICY.replace("\"bandwidth\"", "\"power\"").replace("\"layer\", \"optical_link\"", "\"power_feed\"");
    fs::write(bench.path("policy.toml"), policy.replace("price_cap = 100_000\n", "")).unwrap();
    bench.expect(0, "market book --supply fleet --policy policy.toml --bids 40 --seed 3 --out bids.parquet");
    bench.expect(0, CLEAR);
    bench.expect(0, &(CLEAR.replace("round", "beside") + " --plan plan"));
    let fleet = read_fleet(&bench.path("fleet")).unwrap();
    let duals = read_prices(&bench.path("plan/prices.parquet"), &fleet).unwrap();
    let [alone, beside] =
        ["round", "beside"].map(|dir| read_round_prices(&bench.path(dir).join("prices.parquet"), &fleet).unwrap());
    assert_eq!(alone.len(), beside.len());
    let mut raised = 0;
    for (alone, beside) in alone.iter().zip(&beside) {
        let account = |price: &Price| (price.owner, price.kind);
        assert_eq!((account(&alone.price), alone.price.interval), (account(&beside.price), beside.price.interval));
        assert!(beside.offered < alone.offered, "{beside:?} {alone:?}");
        let dual = duals.iter().find(|dual| account(dual) == account(&beside.price)).map_or(0, |dual| dual.price);
        assert_eq!(beside.reserve, alone.reserve.max(dual), "{beside:?} {alone:?}");
        raised += u32::from(dual > alone.reserve);
    }
    assert!(raised > 0, "{duals:?}");
    let record = fs::read_to_string(bench.path("beside/round.json")).unwrap();
    assert!(record.contains("placements.parquet") && record.contains("certificate.parquet"));
    // Another fleet's plan says nothing of these accounts.
    bench.expect(0, "datasets generate --tiles 70 --seed 4 --job-classes 30 --out other");
    bench.expect(0, "plan --fleet other --work 100 --quiet --out elsewhere");
    let said = bench.expect(2, &(CLEAR.replace("round", "wrong") + " --plan elsewhere"));
    assert!(said.err.contains("the plan is of another fleet"), "{said:?}");
}

#[test]
fn a_misspelled_word_is_refused_with_its_row_before_a_server_is_called() {
    let bench = market();
    let fleet = read_fleet(&bench.path("fleet")).unwrap();
    let cases = [
        ("bids", "owner_type", ["zone", "zonne"], "node, zone, "),
        ("bids", "kind", ["bandwidth", "bandwith"], "compute, "),
        ("bids", "service", ["D", "E"], "A, B, C, D"),
        ("offers", "owner_type", ["zone", "cell"], "node, zone"),
    ];
    for (table, column, [right, wrong], words) in cases {
        bench.expect(0, "market book --supply fleet --policy policy.toml --bids 40 --seed 3 --out bids.parquet");
        write_offers(&bench.path("offers.parquet"), &fleet, &bench.offers()).unwrap();
        let misspelled = |rows: usize| {
            Arc::new(StringArray::from_iter_values((0..rows).map(|row| if row == 3 { wrong } else { right })))
                as ArrayRef
        };
        replace_column(&bench.path(table).with_extension("parquet"), column, misspelled);
        let clear = "market clear --book bids.parquet --offers offers.parquet --out round";
        // Nobody listens there.
        for round in ["--supply fleet --policy policy.toml", "--server 127.0.0.1:1"] {
            let said = bench.expect(2, &format!("{clear} {round}"));
            let told = format!("{table}.parquet: row 3, column {column}: {wrong:?} is not one of: {words}");
            assert!(said.err.contains(&told) && !bench.path("round").exists(), "{round}: {said:?}");
        }
    }
}

#[test]
fn an_empty_group_is_refused_with_its_row_before_a_server_is_called() {
    let bench = market();
    // In a message it would be none.
    let groups = |rows: usize| {
        Arc::new(StringArray::from_iter_values((0..rows).map(|row| if row == 3 { "" } else { "one" }))) as ArrayRef
    };
    replace_column(&bench.path("bids.parquet"), "group", groups);
    for round in ["--supply fleet --policy policy.toml", "--server 127.0.0.1:1"] {
        let said = bench.expect(2, &format!("market clear --book bids.parquet --out round {round}"));
        let told = "bids.parquet: row 3, column group: is empty; state a name, or leave the cell NULL";
        assert!(said.err.contains(told) && !bench.path("round").exists(), "{round}: {said:?}");
    }
}

#[test]
fn a_policy_that_contradicts_itself_fails_with_line_and_field_and_clears_nothing() {
    let bench = market();
    bench.expect(0, "market lint policy.toml");
    fs::write(bench.path("policy.toml"), POLICY.replace("\"core\"", "\"trade-reduction\"")).unwrap();
    let said = bench.expect(1, "market lint policy.toml --json").json();
    assert_eq!((&said["ok"], &said["problem"]["line"]), (&false.into(), &39.into()), "{said}");
    assert_eq!(said["problem"]["field"], "account_class 0, payment");
    let said = bench.expect(2, CLEAR);
    assert!(
        said.err.contains("line 39, account_class 0, payment: sealed-bid does not support trade-reduction"),
        "{said:?}"
    );
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
