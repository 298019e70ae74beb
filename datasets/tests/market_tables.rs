//! The tables of a market: what is written is read back as it was, and what makes no sense is refused with its row.

#![allow(clippy::unwrap_used, reason = "a test stops where what it needs cannot be made")]

mod common;

use lessor_datasets::table::{
    AnywhereGoods, AwardRow, BalanceRow, BidGood, BidRows, DatasetError, EntryRow, NodeGood, OfferGood, OfferRows,
    POSTED, PostedRow, RevocationRow, SaleRow, StatedTable, read_awards, read_balances, read_bids, read_entries,
    read_offers, read_posted, read_revocations, read_sales, write_awards, write_balances, write_bids, write_entries,
    write_offers, write_posted, write_revocations, write_sales,
};
use lessor_models::account_prices::SWING_ROUNDS;
use lessor_models::fleet::{Level, NodeClass, NodeIndex, Owner, ZoneIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{AMOUNT_MAX, Kind};
use lessor_models::time::{Interval, Timestamp};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    "[a-zäß -]{1,8}"
}

fn good() -> impl Strategy<Value = BidGood> {
    let owner = prop_oneof![
        (0..7_u32).prop_map(|node| Owner::Node(NodeIndex(node))),
        (0..2_u32).prop_map(|zone| Owner::Zone(ZoneIndex(zone))),
    ];
    let kind = (0..Kind::COUNT).prop_map(|kind| Kind::ALL[kind]);
    (owner, kind, 1..=AMOUNT_MAX, -1_000..1_000_i64, 1..1_000_i64).prop_map(|(owner, kind, quantity, start, span)| {
        BidGood { owner, kind, quantity, interval: Interval { start: Timestamp(start), end: Timestamp(start + span) } }
    })
}

/// Goods that do not meet: each account once.
fn goods() -> impl Strategy<Value = Vec<BidGood>> {
    proptest::collection::vec(good(), 1..4).prop_map(|mut goods| {
        goods.sort_by_key(|good| (good.owner, good.kind));
        goods.dedup_by_key(|good| (good.owner, good.kind));
        goods
    })
}

/// What a bid may be for at any node of a class: tiles of the second cell, or of the layer, or its cells.
fn anywhere() -> impl Strategy<Value = AnywhereGoods> {
    let classes = [(5, Level::Tile), (6, Level::Tile), (6, Level::Cell)];
    (0..3_usize, goods()).prop_map(move |(class, mut goods)| {
        let (under, level) = classes[class];
        goods.sort_by_key(|good| good.kind);
        goods.dedup_by_key(|good| good.kind);
        let need = |good: BidGood| NodeGood { kind: good.kind, quantity: good.quantity, interval: good.interval };
        AnywhereGoods {
            class: NodeClass { under: NodeIndex(under), level },
            goods: goods.into_iter().map(need).collect(),
        }
    })
}

/// Numbers rows as a reader does: the row of the first good.
fn rows_before(counts: impl Iterator<Item = usize>) -> Vec<usize> {
    counts.scan(0, |sum, count| Some(std::mem::replace(sum, *sum + count))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn books_read_back(bids in proptest::collection::vec(
        (
            text(), proptest::option::of(text()), 0..4_usize, 0..=AMOUNT_MAX, goods(), any::<bool>(),
            proptest::option::of(anywhere()), any::<bool>(),
        ), 1..6
    )) {
        let instance = common::instance();
        let mut row = 0;
        let bids: Vec<BidRows> = bids.into_iter().enumerate().map(|(at, drawn)| {
            let (bidder, group, service, amount, mut goods, is_divisible, anywhere, is_class_alone) = drawn;
            if anywhere.is_some() && is_class_alone {
                goods.clear();
            }
            let first = row;
            row += goods.len() + anywhere.as_ref().map_or(0, |anywhere| anywhere.goods.len());
            let is_divisible = is_divisible && anywhere.is_none();
            let (name, service) = (format!("bid {at}"), ServiceClass::ALL[service]);
            BidRows { name, bidder, group, service, amount, goods, anywhere, is_divisible, row: first }
        }).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bids.parquet");
        write_bids(&path, instance.fleet(), &bids).unwrap();
        prop_assert_eq!(read_bids(&path, instance.fleet()).unwrap(), bids);
    }

    #[test]
    fn offers_read_back(offers in proptest::collection::vec(
        (text(), goods(), 0..=AMOUNT_MAX, 0..=AMOUNT_MAX, 0..=AMOUNT_MAX, any::<bool>()), 1..6
    )) {
        let instance = common::instance();
        let rows = rows_before(offers.iter().map(|offer| offer.1.len()));
        let offers = offers.into_iter().zip(rows).enumerate();
        let offers: Vec<OfferRows> = offers.map(|(at, ((seller, goods, price, draw_mw, heat_price, is_divisible), row))| OfferRows {
            name: format!("offer {at}"), seller, is_divisible, row,
            goods: goods.into_iter().map(|good| OfferGood { good, price, draw_mw, heat_price }).collect(),
        }).collect();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("offers.parquet");
        write_offers(&path, instance.fleet(), &offers).unwrap();
        prop_assert_eq!(read_offers(&path, instance.fleet()).unwrap(), offers);
    }

    #[test]
    fn outcomes_read_back(
        won in proptest::collection::vec(
            (text(), 0..=AMOUNT_MAX, proptest::option::of(0..=AMOUNT_MAX), proptest::option::of(0..=AMOUNT_MAX)), 0..6
        ),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let reason = |payment: Option<u64>| payment.is_none().then(|| "outbid".to_owned());
        let awards: Vec<AwardRow> = won.iter().map(|(name, amount, part, payment)| AwardRow {
            bid: name.clone(), bidder: name.clone(), group: part.map(|part| part.to_string()),
            account_class: payment.map(|_| name.clone()),
            amount: *amount, counted: *amount, reserve: part.map(|_| *amount / 2), node: payment.map(|_| name.clone()),
            part: *part, payment: *payment, reason: reason(*payment),
        }).collect();
        let path = dir.path().join("awards.parquet");
        write_awards(&path, &awards).unwrap();
        prop_assert_eq!(read_awards(&path).unwrap(), awards);
        let sales: Vec<SaleRow> = won.iter().map(|(name, ask, part, proceeds)| SaleRow {
            offer: name.clone(), seller: name.clone(), account_class: part.map(|_| name.clone()), ask: *ask, part: *part,
            proceeds: *proceeds, reason: reason(*proceeds),
        }).collect();
        let path = dir.path().join("sales.parquet");
        write_sales(&path, &sales).unwrap();
        prop_assert_eq!(read_sales(&path).unwrap(), sales);
        let entries: Vec<EntryRow> = won.iter().zip(7_u64..).map(|((name, amount, _, _), sequence)| EntryRow {
            sequence, round: sequence * 3, from: format!("holder:{name}"), to: "operator".into(),
            amount: *amount, purpose: "payment".into(),
        }).collect();
        let path = dir.path().join("entries.parquet");
        write_entries(&path, &entries).unwrap();
        prop_assert_eq!(read_entries(&path).unwrap(), entries);
    }

    #[test]
    fn balances_and_revocations_read_back(
        parties in proptest::collection::vec((0..=AMOUNT_MAX, 0..=AMOUNT_MAX), 0..6), round in 0..u64::MAX, owed in 0..=AMOUNT_MAX,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut balances = vec![BalanceRow { party: "operator".into(), balance: 0, owed, held: 0, round }];
        balances.extend(parties.iter().enumerate().map(|(at, &(balance, held))| BalanceRow {
            party: format!("{}:{at}", if at % 2 == 0 { "holder" } else { "seller" }), balance,
            owed: 0, held: held.min(balance), round,
        }));
        let path = dir.path().join("balances.parquet");
        write_balances(&path, &balances).unwrap();
        prop_assert_eq!(read_balances(&path).unwrap(), balances);
        let revocations: Vec<RevocationRow> = parties.iter().map(|&(paid, at)| {
            let (start, revoked) = (Timestamp(-5), Timestamp(i64::try_from(at).unwrap()));
            let term = Interval { start, end: Timestamp(revoked.0 + 1) };
            let seller = (paid % 2 == 1).then(|| format!("seller {paid}"));
            RevocationRow { holder: format!("holder {paid}"), paid, term, revoked, seller }
        }).collect();
        let path = dir.path().join("revocations.parquet");
        write_revocations(&path, &revocations).unwrap();
        prop_assert_eq!(read_revocations(&path).unwrap(), revocations);
    }
}

#[test]
fn node_classes_that_make_no_sense_are_refused_with_their_row() {
    let instance = common::instance();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bids.parquet");
    let term = |start| Interval { start: Timestamp(start), end: Timestamp(start + 5) };
    let needs = |under, level, starts: &[i64]| {
        let good = |&start: &i64| NodeGood { kind: Kind::Power, quantity: 5, interval: term(start) };
        let class = NodeClass { under: NodeIndex(under), level };
        Some(AnywhereGoods { class, goods: starts.iter().map(good).collect() })
    };
    let bid = |anywhere| BidRows {
        name: "one".into(),
        bidder: "ann".into(),
        group: None,
        service: ServiceClass::D,
        amount: 7,
        goods: vec![],
        anywhere,
        is_divisible: false,
        row: 0,
    };
    let first = bid(needs(6, Level::Tile, &[0]));
    let named = BidGood { owner: Owner::Node(NodeIndex(0)), kind: Kind::Power, quantity: 5, interval: term(0) };
    let cases = [
        (vec![bid(needs(4, Level::Cell, &[0]))], "row 0, column owner_type: is not a level below that of the owner"),
        (vec![bid(needs(0, Level::Tile, &[0]))], "row 0, column owner_type: is not a level below that of the owner"),
        (vec![bid(needs(6, Level::Layer, &[0]))], "row 0, column owner_type: is not a level below that of the owner"),
        (vec![bid(needs(6, Level::Region, &[0]))], "row 0, column owner: has no node of the level that the row states"),
        (
            vec![BidRows { is_divisible: true, ..first.clone() }],
            "row 0, column divisible: is true, and a row states a level; such a bid is whole: leave this out, or name the node",
        ),
        (
            vec![BidRows { goods: vec![named], is_divisible: true, ..first.clone() }],
            "row 1, column divisible: is true, and a row states a level",
        ),
        (vec![first.clone(), bid(needs(5, Level::Tile, &[9]))], "row 1, column owner: is of another node class"),
        (vec![first.clone(), bid(needs(6, Level::Cell, &[9]))], "row 1, column owner_type: is of another node class"),
        (
            vec![first.clone(), bid(needs(6, Level::Tile, &[3]))],
            "row 1, column owner: names an account that the bid has",
        ),
    ];
    for (bids, expected) in cases {
        write_bids(&path, instance.fleet(), &bids).unwrap();
        let refused: DatasetError = read_bids(&path, instance.fleet()).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    // Rows of one node at other times, and of a node by its name, go on with the bid.
    let further = BidRows { goods: vec![named], ..bid(needs(6, Level::Tile, &[5])) };
    write_bids(&path, instance.fleet(), &[first, further]).unwrap();
    let whole = BidRows { goods: vec![named], ..bid(needs(6, Level::Tile, &[0, 5])) };
    assert_eq!(read_bids(&path, instance.fleet()).unwrap(), [whole]);
}

#[test]
fn balances_that_make_no_sense_are_refused_with_their_row() {
    let row = |party: &str, balance, owed, held, round| BalanceRow { party: party.into(), balance, owed, held, round };
    let good = row("holder:a", 5, 0, 5, 1);
    let cases = [
        (row("nobody", 5, 0, 0, 1), "row 1, column party: is not operator, holder:NAME or seller:NAME"),
        (row("holder:", 5, 0, 0, 1), "row 1, column party: is not operator, holder:NAME or seller:NAME"),
        (row("holder:b", 0, 1, 0, 1), "row 1, column owed: is above 0"),
        (row("holder:b", 5, 0, 6, 1), "row 1, column held: is more than the balance"),
        (row("holder:b", 5, 0, 0, 2), "row 1, column round: differs from the row before"),
        (row("holder:a", 5, 0, 0, 1), "row 1, column party: \"holder:a\""),
    ];
    for (bad, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("balances.parquet");
        write_balances(&path, &[good.clone(), bad]).unwrap();
        let refused: DatasetError = read_balances(&path).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn posted_prices_read_back(rows in proptest::collection::vec(
        (good(), any::<u64>(), -(1_i64 << 53)..=1 << 53, proptest::collection::vec(any::<i64>(), 0..=16)), 0..6
    )) {
        let instance = common::instance();
        let mut rows: Vec<PostedRow> = rows.into_iter().map(|(good, price, excess, excesses)| {
            PostedRow { owner: good.owner, kind: good.kind, price, excess, excesses }
        }).collect();
        rows.sort_by_key(|row| (row.owner, row.kind));
        rows.dedup_by_key(|row| (row.owner, row.kind));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(POSTED.file_name());
        write_posted(&path, instance.fleet(), &rows).unwrap();
        prop_assert_eq!(read_posted(&path, instance.fleet()).unwrap(), rows);
    }
}

#[test]
fn excesses_that_are_no_numbers_or_too_many_are_refused_and_may_be_left_out() {
    let instance = common::instance();
    let name = instance.fleet().owner_name(Owner::Node(NodeIndex(0)));
    let read = |excesses: Option<&str>| {
        let mut table = StatedTable::new(&POSTED, 1);
        for (column, text) in [("owner", name), ("owner_type", "node"), ("kind", "memory")] {
            table.text(column, [Some(text)].into_iter());
        }
        table.integer("price", [Some(7)].into_iter());
        if excesses.is_some() {
            table.text("excesses", [excesses].into_iter());
        }
        read_posted(table, instance.fleet()).map(|rows| rows[0].excesses.clone()).map_err(|error| error.to_string())
    };
    assert_eq!((read(None), read(Some("-3,0,12"))), (Ok(vec![]), Ok(vec![-3, 0, 12])));
    let as_many = |count: usize| vec!["1"; count].join(",");
    assert_eq!(read(Some(&as_many(SWING_ROUNDS))).map(|read| read.len()), Ok(SWING_ROUNDS));
    for bad in ["", "1,", "1.5", "1;2", "9223372036854775808", &as_many(SWING_ROUNDS + 1)] {
        let said = read(Some(bad)).unwrap_err();
        let most = format!("row 0, column excesses: must be at most {SWING_ROUNDS} whole numbers");
        assert!(said.contains(&most), "{bad}: {said}");
    }
    let column = POSTED.columns.iter().find(|column| column.name == "excesses").unwrap();
    assert!(column.meaning.contains(&format!("oldest first, at most {SWING_ROUNDS},")), "{}", column.meaning);
}
