//! Double auctions as two comma-separated tables, bids and asks: `id`, `value`, and the vector `q0`, `q1` and so on.
//!
//! Values are decimal numbers in the files and whole numbers in the instance: in units of 10^-9, rounded to the nearest, half
//! away from zero.

use std::collections::BTreeMap;
use std::path::Path;

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order};

use super::FamilyError;
use crate::import::ImportError;
use crate::import::csv_table::CsvTable;
use crate::table::{DatasetError, Problem};

/// Units of a value of the instance in one of the files.
pub const DOUBLE_AUCTION_UNITS: u64 = 1_000_000_000;

/// The names of the columns of vectors.
const RESOURCES: [&str; 8] = ["q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7"];

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
    let resources: Vec<_> = RESOURCES.iter().map_while(|name| table.find(name)).collect();
    let mut first = BTreeMap::new();
    let order = |row: usize| {
        let text = table.text(row, value);
        let expected = "a decimal number from 0 to 9000000".to_owned();
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

/// A decimal number in units of 10^-9, rounded to the nearest; `None` where it is none, or not from 0 to 9,000,000.
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
    fn public_tables_are_read() {
        let Some(bids) = public_file("auctions/double/test_dataset_small_bids.csv") else { return };
        let Some(asks) = public_file("auctions/double/test_dataset_small_asks.csv") else { return };
        let instance = double_auction(&bids, &asks).unwrap();
        assert_eq!((instance.bids().len(), instance.asks().len()), (100, 100));
        assert_eq!(instance.bids()[0].vector, [24, 8, 8]);
    }
}
