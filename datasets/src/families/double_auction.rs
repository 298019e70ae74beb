//! Double auctions as two comma-separated tables, bids and asks: `id`, `value`, and the vector `q0`, `q1` and so on.
//!
//! Values are decimal numbers in the files and whole numbers in the instance: in units of 10^-9, rounded to the nearest, half
//! away from zero.

use std::path::Path;

use lessor_models::families::double_auction::{DoubleAuctionInstance, Order};

use super::FamilyError;
use crate::import::csv_table::CsvTable;
use crate::table::Problem;

/// Units of a value of the instance in one of the files.
pub const DOUBLE_AUCTION_UNITS: u64 = 1_000_000_000;

/// The names of the columns of vectors.
const RESOURCES: [&str; 8] = ["q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7"];

/// Reads bids and asks.
///
/// # Errors
/// The first file, row or column that is not as the tables say; orders that make no auction.
pub fn double_auction(bids: &Path, asks: &Path) -> Result<DoubleAuctionInstance, FamilyError> {
    let (read_bids, read_asks) = (orders(bids)?, orders(asks)?);
    DoubleAuctionInstance::new(read_bids, read_asks)
        .map_err(|source| FamilyError::DoubleAuction { path: asks.to_owned(), source })
}

fn orders(path: &Path) -> Result<Vec<Order>, FamilyError> {
    let table = CsvTable::read_any(path)?;
    let id = table.need("id", "a whole number")?;
    let value = table.need("value", "a number")?;
    let resources: Vec<_> = RESOURCES.iter().map_while(|name| table.find(name)).collect();
    let order = |row: usize| {
        let text = table.text(row, value);
        let expected = "a decimal number from 0 to 9000000".to_owned();
        let refuse = || table.refuse(row, value, Problem::Word { found: text.to_owned(), expected });
        let value = scaled(text).ok_or_else(refuse)?;
        let vector = resources.iter().map(|&column| table.number(row, column, u64::MAX)).collect::<Result<_, _>>()?;
        Ok(Order { id: table.number(row, id, u64::MAX)?, value, vector })
    };
    (0..table.len()).map(order).collect()
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

    #[test]
    fn a_value_that_is_none_is_refused_with_its_row() {
        let scratch = tempfile::tempdir().unwrap();
        let (bids, asks) = (scratch.path().join("bids"), scratch.path().join("asks"));
        std::fs::write(&bids, "id,value,q0\n0,1.5,8\n1,x,8\n").unwrap();
        std::fs::write(&asks, "id,value,q0\n").unwrap();
        let error = told(&double_auction(&bids, &asks).unwrap_err());
        assert!(error.contains("row 1") && error.contains("value"), "{error}");
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
