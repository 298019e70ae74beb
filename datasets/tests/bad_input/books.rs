//! The same of what takes part in a round of a market.

use super::*;
use lessor_datasets::table::{
    BalanceRow, BidGood, BidRows, DatasetError, OfferGood, OfferRows, PostedRow, RevocationRow, read_balances,
    read_bids, read_offers, read_posted, read_revocations, write_balances, write_bids, write_offers, write_posted,
    write_revocations,
};
use lessor_models::job::ServiceClass;

const TERM: Interval = Interval { start: Timestamp(0), end: Timestamp(9) };

/// Writes one row of each table into a directory.
fn write_all(dir: &Path, instance: &Instance) {
    let (fleet, owner) = (instance.fleet(), Owner::Node(NodeIndex(0)));
    let good = BidGood { owner, kind: Kind::Power, quantity: 5, interval: TERM };
    let bid = BidRows {
        name: "one".into(),
        bidder: "ann".into(),
        group: Some("either".into()),
        service: ServiceClass::D,
        amount: 7,
        goods: vec![good],
        anywhere: None,
        is_divisible: false,
        row: 0,
    };
    let goods = vec![OfferGood { good, price: 7, draw_mw: 1, heat_price: 2 }];
    let offer = OfferRows { name: "two".into(), seller: "bob".into(), goods, is_divisible: false, row: 0 };
    let balance = BalanceRow { party: "holder:ann".into(), balance: 9, owed: 0, held: 0, round: 1 };
    let revoked = RevocationRow { holder: "ann".into(), paid: 7, term: TERM, revoked: TERM.start, seller: None };
    let posted = PostedRow { owner, kind: Kind::Power, price: 7, excess: 0, excesses: vec![] };
    write_bids(&dir.join("bids.parquet"), fleet, &[bid]).unwrap();
    write_offers(&dir.join("offers.parquet"), fleet, &[offer]).unwrap();
    write_balances(&dir.join("balances.parquet"), &[balance]).unwrap();
    write_revocations(&dir.join("revocations.parquet"), &[revoked]).unwrap();
    write_posted(&dir.join("posted.parquet"), fleet, &[posted]).unwrap();
}

/// What reading all of them says.
fn read_all(dir: &Path, instance: &Instance) -> Result<(), DatasetError> {
    let fleet = instance.fleet();
    read_bids(&dir.join("bids.parquet"), fleet)?;
    read_offers(&dir.join("offers.parquet"), fleet)?;
    read_balances(&dir.join("balances.parquet"))?;
    read_revocations(&dir.join("revocations.parquet"))?;
    read_posted(&dir.join("posted.parquet"), fleet)?;
    Ok(())
}

/// The refusal of one table with a column replaced.
fn refused(table: &str, column: &str, array: ArrayRef) -> String {
    let (dir, instance) = (tempfile::tempdir().unwrap(), common::instance());
    write_all(dir.path(), &instance);
    read_all(dir.path(), &instance).unwrap();
    edit(&dir.path().join(table), |columns| set(columns, column, array));
    without_dir(&read_all(dir.path(), &instance).unwrap_err().to_string(), dir.path())
}

#[test]
fn money_in_floating_point_is_refused_with_its_row() {
    for (table, columns) in [
        ("bids.parquet", &["amount"][..]),
        ("offers.parquet", &["price", "heat_price"]),
        ("balances.parquet", &["balance", "owed", "held"]),
        ("revocations.parquet", &["paid"]),
        ("posted.parquet", &["price"]),
    ] {
        for column in columns {
            let found = refused(table, column, Arc::new(Float64Array::from(vec![1.0])));
            let expected = "is in floating point; money is in whole micro-credits";
            assert_eq!(found, format!("{table}: row 0, column {column}: {expected}"));
        }
    }
    // What is no money has a type of its own.
    let found = refused("bids.parquet", "quantity", Arc::new(Float64Array::from(vec![1.0])));
    assert!(found.starts_with("bids.parquet: column quantity has type Float64; it must be"), "{found}");
}

#[test]
fn a_group_and_a_seller_without_a_name_are_refused() {
    for (table, column) in [("bids.parquet", "group"), ("revocations.parquet", "seller")] {
        let found = refused(table, column, texts(&[Some("")]));
        let expected = "is empty; state a name, or leave the cell NULL";
        assert_eq!(found, format!("{table}: row 0, column {column}: {expected}"));
    }
}

#[test]
fn a_last_round_that_none_can_follow_is_refused() {
    let found = refused("balances.parquet", "round", Arc::new(UInt64Array::from(vec![u64::MAX])));
    assert_eq!(found, "balances.parquet: row 0, column round: is 2^64 - 1, after which there is no round");
}
