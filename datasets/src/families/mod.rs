//! Readers of public benchmark instances and of answers to them: text of whole numbers, each error with its line, and
//! comma-separated tables, each error with its row and column.

mod answers;
mod assignment;
mod auction;
mod decimal;
mod double_auction;
mod gap;
mod numbers;
mod openb;
mod reassignment;
mod references;
mod vector_packing;

use std::path::PathBuf;

use lessor_models::families::COEFFICIENT_MAX;
use lessor_models::families::assignment::AssignmentError;
use lessor_models::families::auction::AuctionError;
use lessor_models::families::double_auction::DoubleAuctionError;
use lessor_models::families::gap::GapError;
use lessor_models::families::openb::OpenbError;
use lessor_models::families::reassignment::ReassignmentError;
use lessor_models::families::vector_packing::VectorPackingError;

use crate::import::ImportError;

pub use answers::{assignment_answer, gap_answer, reassignment_answer, vector_packing_answer};
pub use assignment::assignment;
pub use auction::{AUCTION_UNITS, BidFault, ReadAuction, auction};
pub use double_auction::{DOUBLE_AUCTION_UNITS, double_auction};
pub use gap::gap;
pub use openb::{OpenbBatch, openb};
pub use reassignment::reassignment;
pub use references::{
    Reference, auction_references, gap_references, reassignment_references, vector_packing_references,
};
pub use vector_packing::vector_packing;

/// Why an instance or an answer was not read. Lines count from one.
#[derive(Debug, thiserror::Error)]
pub enum FamilyError {
    /// The file cannot be read as text.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A byte that is no text.
    #[error("{}: line {line}: byte 0x{byte:02x} is no UTF-8 text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The first byte that is none.
        byte: u8,
    },
    /// A word that is no whole number of at most 2^53, or as far below zero.
    #[error("{}: line {line}: {token:?} is not a whole number of at most 2^53", path.display())]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The word.
        token: String,
    },
    /// More goods than an auction has.
    #[error("{}: line {line}: there are {count} goods, but an auction has {most} at most", path.display())]
    Goods {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// How many there are to be.
        count: u64,
        /// The most.
        most: u32,
    },
    /// A size that a line before states.
    #[error("{}: line {line}: states {what} again, as a line before does; leave one of them out", path.display())]
    SizeAgain {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What it is of, in the word of the file.
        what: String,
    },
    /// A word that is no amount of a bid.
    #[error(
        "{}: line {line}: {token:?} is not an amount: write a number from 0 to {most}{}",
        path.display(),
        if *most < COEFFICIENT_MAX { ", rounded to six decimals" } else { "" }
    )]
    NotAnAmount {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The word.
        token: String,
        /// The most that an amount may be.
        most: u64,
    },
    /// The file ends too early.
    #[error("{}: line {line}: ends after {found}, before {missing}", path.display())]
    Ends {
        /// The file.
        path: PathBuf,
        /// Its last line.
        line: usize,
        /// How many numbers or bids there are, and the last of them.
        found: String,
        /// What should follow.
        missing: String,
    },
    /// Something follows where the file should end.
    #[error("{}: line {line}: {token:?} follows after the last number: a file holds one instance", path.display())]
    Follows {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The word.
        token: String,
    },
    /// A number below zero that may not be.
    #[error("{}: line {line}: {number} is below zero", path.display())]
    BelowZero {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The number.
        number: i64,
    },
    /// A number that is out of its range.
    #[error("{}: line {line}: {what} is {number}, but must be {range}", path.display())]
    Range {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What the number is.
        what: &'static str,
        /// The number.
        number: i64,
        /// Where it must lie.
        range: String,
    },
    /// A line that is neither a size nor a bid.
    #[error("{}: line {line}: {text:?} is neither a size nor a bid that ends with #", path.display())]
    NotABid {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The line's text.
        text: String,
    },
    /// A bid that is none of the auction.
    #[error("{}: line {line}: bid {id} {fault}", path.display())]
    Bid {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The bid's number.
        id: u64,
        /// What is wrong with it.
        fault: BidFault,
    },
    /// Bids that make no auction.
    #[error("{}: not an auction", path.display())]
    Auction {
        /// The file.
        path: PathBuf,
        /// Why.
        source: AuctionError,
    },
    /// A column of orders that has no place in their vector.
    #[error("{}: column {column:?} {problem}", path.display())]
    OrderColumn {
        /// The file.
        path: PathBuf,
        /// The title in its header.
        column: String,
        /// Why, and what to do about it.
        problem: &'static str,
    },
    /// An order whose number another has.
    #[error("{}: line {line}: order {id} is there already, on line {first}; ids of a table must differ", path.display())]
    OrderTwice {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The order's number.
        id: u64,
        /// The line of the first.
        first: usize,
    },
    /// Numbers that make no assignment problem.
    #[error("{}: line {line}: not an assignment problem", path.display())]
    Assignment {
        /// The file.
        path: PathBuf,
        /// The line of the number at fault.
        line: usize,
        /// Why.
        source: AssignmentError,
    },
    /// Bids and asks that make no double auction.
    #[error("{}: not a double auction", path.display())]
    DoubleAuction {
        /// The file.
        path: PathBuf,
        /// Why.
        source: DoubleAuctionError,
    },
    /// Numbers that make no generalized assignment problem.
    #[error("{}: not a generalized assignment problem", path.display())]
    Gap {
        /// The file.
        path: PathBuf,
        /// Why.
        source: GapError,
    },
    /// Numbers that make no vector packing problem.
    #[error("{}: line {line}: not a vector packing problem", path.display())]
    VectorPacking {
        /// The file.
        path: PathBuf,
        /// The line of the number at fault.
        line: usize,
        /// Why.
        source: VectorPackingError,
    },
    /// A table that cannot be read; its rows count from zero.
    #[error(transparent)]
    Table(#[from] ImportError),
    /// Tables that make no batch of pods.
    #[error("{}: not a batch of pods", path.display())]
    Openb {
        /// The file.
        path: PathBuf,
        /// Why.
        source: OpenbError,
    },
    /// Numbers that make no machine reassignment problem.
    #[error("{}: line {line}: not a machine reassignment problem", path.display())]
    Reassignment {
        /// The file.
        path: PathBuf,
        /// The line of the number at fault.
        line: usize,
        /// Why.
        source: Box<ReassignmentError>,
    },
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// An error with its source.
    pub(super) fn told(error: &FamilyError) -> String {
        error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
    }

    /// What a reader makes of a text; an error is told with its source, and calls the file `instance`.
    pub(super) fn read<T>(reader: impl Fn(&Path) -> Result<T, FamilyError>, text: &str) -> Result<T, String> {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("instance");
        fs::write(&path, text).unwrap();
        reader(&path).map_err(|error| told(&error).replace(&path.display().to_string(), "instance"))
    }
}
