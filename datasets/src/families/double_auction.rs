//! Double auctions as two comma-separated tables, bids and asks: `id`, `value`, and the vector `q0`, `q1` and so on.
//!
//! Values are decimal numbers in the files and whole numbers in the instance: in units of 10^-9, rounded to the nearest, half
//! away from zero.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order};

use super::FamilyError;
use crate::import::ImportError;
use crate::import::csv_table::{CsvColumn, CsvTable};
use crate::table::{DatasetError, Problem};

/// Units of a value of the instance in one of the files.
pub const DOUBLE_AUCTION_UNITS: u64 = 1_000_000_000;

/// The names of the columns of vectors.
const RESOURCES: [&str; 32] = [
    "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11", "q12", "q13", "q14", "q15", "q16", "q17",
    "q18", "q19", "q20", "q21", "q22", "q23", "q24", "q25", "q26", "q27", "q28", "q29", "q30", "q31",
];

/// Reads bids and asks.
///
/// # Errors
/// The first file, row or column that is not as the tables say; orders that make no auction.
pub fn double_auction(bids: &Path, asks: &Path) -> Result<DoubleAuctionInstance, FamilyError> {
    let ((bid_columns, read_bids), (ask_columns, read_asks)) = (orders(bids)?, orders(asks)?);
    if bid_columns != ask_columns {
        let path = if bid_columns < ask_columns { bids } else { asks };
        let column = RESOURCES[bid_columns.min(ask_columns)];
        let expected = "a whole number, as in the other table";
        let missing = DatasetError::MissingColumn { path: path.to_owned(), column, expected };
        return Err(ImportError::from(missing).into());
    }
    DoubleAuctionInstance::new(read_bids, read_asks)
        .map_err(|source| FamilyError::DoubleAuction { path: asks.to_owned(), source })
}

/// How many columns a vector has, and the orders.
fn orders(path: &Path) -> Result<(usize, Vec<Order>), FamilyError> {
    let table = CsvTable::read_any(path)?;
    let id = table.need("id", "a whole number")?;
    let value = table.need("value", "a number")?;
    let resources = resources(path, &table)?;
    let mut first = BTreeMap::new();
    let order = |row: usize| {
        let text = table.text(row, value);
        let expected = "a decimal number from 0 to below 9000000".to_owned();
        let refuse = || table.refuse(row, value, Problem::Word { found: text.to_owned(), expected });
        let value = scaled(text).ok_or_else(refuse)?;
        let vector = resources.iter().map(|&column| table.number(row, column, u64::MAX)).collect::<Result<_, _>>()?;
        let (id, line) = (table.number(row, id, u64::MAX)?, table.line(row));
        match first.insert(id, line) {
            Some(first) => Err(FamilyError::OrderTwice { path: path.to_owned(), line, id, first }),
            None => Ok(Order { id, value, vector }),
        }
    };
    let orders = (0..table.len()).map(order).collect::<Result<_, _>>()?;
    Ok((resources.len(), orders))
}

/// The columns of the vector; every other column but those of the number and the value is refused, so that nothing that an order
/// asks for is left out.
fn resources(path: &Path, table: &CsvTable) -> Result<Vec<CsvColumn>, FamilyError> {
    let vector: Vec<CsvColumn> = RESOURCES.iter().map_while(|name| table.find(name)).collect();
    let known: Vec<&str> = ["id", "value"].into_iter().chain(RESOURCES.into_iter().take(vector.len())).collect();
    let refuse = |column: &str, problem| {
        Err(FamilyError::OrderColumn { path: path.to_owned(), column: column.to_owned(), problem })
    };
    let mut met = BTreeSet::new();
    for title in table.titles() {
        if !known.contains(&title) {
            return refuse(
                title,
                "is no part of an order; columns are id, value and up to 32 of a vector, q0, q1 and so on to q31: \
                 name it as the next of these, or leave it out",
            );
        }
        if !met.insert(title) {
            return refuse(title, "is there twice; leave one out");
        }
    }
    if vector.is_empty() {
        return refuse(
            RESOURCES[0],
            "is missing; an order has a vector of at least one column: add it, a whole number",
        );
    }
    Ok(vector)
}

/// A decimal number in units of 10^-9, rounded to the nearest; `None` where it is none, or not from 0 to below 9,000,000.
fn scaled(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digits = fraction.bytes().map(|byte| u64::from(byte - b'0')).chain(std::iter::repeat(0));
    let ten: Vec<u64> = digits.take(10).collect();
    let below: u64 = ten[..9].iter().fold(0, |sum, digit| sum * 10 + digit) + u64::from(ten[9] >= 5);
    let whole: u64 = whole.parse().ok().filter(|&whole| whole < 9_000_000)?;
    Some(whole * DOUBLE_AUCTION_UNITS + below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::tests::told;
    use crate::import::tests::public_file;

    #[test]
    fn values_are_rounded_to_the_nearest_billionth() {
        assert_eq!(scaled("24.707432823815644"), Some(24_707_432_824));
        assert_eq!(scaled("3"), Some(3_000_000_000));
        assert_eq!(scaled("0.9999999996"), Some(1_000_000_000));
        for text in ["", "-1", "1e3", ".5", "1.x", "9000000"] {
            assert_eq!(scaled(text), None, "{text}");
        }
    }

    /// Why two tables are refused.
    fn refused(bids: &str, asks: &str) -> String {
        let scratch = tempfile::tempdir().unwrap();
        let [bids, asks] = [("bids", bids), ("asks", asks)].map(|(name, text)| {
            let path = scratch.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        });
        let error = told(&double_auction(&bids, &asks).unwrap_err());
        error.replace(&format!("{}/", scratch.path().display()), "")
    }

    #[test]
    fn a_value_that_is_none_is_refused_with_its_line() {
        let error = refused("id,value,q0\n0,1.5,8\n1,x,8\n", "id,value,q0\n");
        assert!(error.starts_with("bids: line 3, row 1, column value: \"x\" is not"), "{error}");
    }

    #[test]
    fn an_id_that_is_there_twice_is_named_with_both_lines() {
        let (once, twice) = ("id,value,q0\n7,1,8\n8,1,8\n", "id,value,q0\n7,1,8\n8,1,8\n7,2,8\n");
        let told = "line 4: order 7 is there already, on line 2; ids of a table must differ";
        assert_eq!(refused(twice, once), format!("bids: {told}"));
        assert_eq!(refused(once, twice), format!("asks: {told}"));
    }

    #[test]
    fn a_column_that_one_table_lacks_is_missed_there() {
        let (short, long) = ("id,value,q0\n0,1,8\n", "id,value,q0,q1\n0,1,8,8\n");
        assert!(refused(short, long).starts_with("bids: column q1 is missing"), "{}", refused(short, long));
        assert!(refused(long, short).starts_with("asks: column q1 is missing"), "{}", refused(long, short));
    }

    #[test]
    fn no_column_of_a_vector_is_left_out() {
        let fine = "id,value,q0\n0,1,8\n";
        for (header, column) in [
            ("id,value,q1", "q1"),
            ("id,value,q0,q2", "q2"),
            ("id,value,q0,Q1", "Q1"),
            ("id,value,q0,q01", "q01"),
            ("id,value,q0,note", "note"),
            ("id,value", "q0"),
            ("id,value,q0,q0", "q0"),
            ("id,value,q0,value", "value"),
        ] {
            let row = vec!["1"; header.split(',').count()].join(",");
            let told = refused(&format!("{header}\n{row}\n"), fine);
            assert!(told.starts_with(&format!("bids: column {column:?} is ")), "{header}: {told}");
        }
        let wide = |columns: usize| {
            let names: Vec<String> = (0..columns).map(|at| format!("q{at}")).collect();
            format!("id,value,{}\n0,1{}\n", names.join(","), ",8".repeat(columns))
        };
        assert!(refused(&wide(33), &wide(33)).starts_with("bids: column \"q32\" is no part of an order"));
    }

    #[test]
    fn a_long_vector_is_covered_in_every_column() {
        let scratch = tempfile::tempdir().unwrap();
        let written = |name: &str, last: &str| {
            let names: Vec<&str> = RESOURCES.to_vec();
            let path = scratch.path().join(name);
            std::fs::write(&path, format!("id,value,{}\n0,9{}{last}\n", names.join(","), ",1".repeat(31))).unwrap();
            path
        };
        let instance = double_auction(&written("bids", ",5"), &written("asks", ",4")).unwrap();
        assert_eq!((instance.bids()[0].vector[31], instance.asks()[0].vector[31]), (5, 4));
    }

    #[test]
    fn a_value_that_is_too_large_is_told_the_first_that_is() {
        let told = refused("id,value,q0\n0,9000000,8\n", "id,value,q0\n0,1,8\n");
        assert!(told.ends_with("\"9000000\" is not one of: a decimal number from 0 to below 9000000"), "{told}");
    }

    #[test]
    fn public_tables_are_read() {
        let Some(bids) = public_file("auctions/double/test_dataset_small_bids.csv") else { return };
        let Some(asks) = public_file("auctions/double/test_dataset_small_asks.csv") else { return };
        let instance = double_auction(&bids, &asks).unwrap();
        assert_eq!((instance.bids().len(), instance.asks().len()), (100, 100));
        assert_eq!(instance.bids()[0].vector, [24, 8, 8]);
    }
}
