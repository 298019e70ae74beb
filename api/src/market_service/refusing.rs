//! Why a book was not cleared, as a status: the row and the field of what is wrong with it.

use std::path::Path;

use lessor_datasets::table::{DatasetError, Problem};
use lessor_market::session::SessionError;
use tonic::Code;

use super::book::field;
use crate::command_error::CommandError;
use crate::market::error::MarketError;
use crate::market::policy_file::PolicyError;
use crate::service::Failure;

/// What an error of a round is on the wire.
pub(super) fn refused(error: CommandError) -> Failure {
    match error {
        CommandError::Dataset(DatasetError::Cell { path, row, column, problem }) => {
            cell((&path, row, column), &problem)
        }
        CommandError::Market(error) => market(error),
        other => Failure::new(Code::InvalidArgument, "BAD_BOOK", in_full(&other)),
    }
}

/// A policy that cannot be used.
pub(super) fn policy(error: &PolicyError) -> Failure {
    Failure::field("round.policy", "BAD_POLICY", in_full(error))
}

/// A cell that makes no sense.
fn cell((table, row, column): (&Path, usize, &'static str), problem: &Problem) -> Failure {
    let reason = match problem {
        Problem::Null => "MISSING",
        Problem::OutOfRange { .. } => "OUT_OF_RANGE",
        Problem::Unknown { .. } => "UNKNOWN_NAME",
        Problem::Word { .. } => "UNKNOWN_VALUE",
        Problem::Repeated { .. } => "REPEATED_NAME",
        Problem::EmptyName => "EMPTY_NAME",
        Problem::EndsBeforeStart { .. } => "EMPTY_TERM",
        Problem::BeyondTime => "BAD_TIME",
        _ => "BAD_CELL",
    };
    let table = table.to_string_lossy();
    // Of a bid whose account is there, what is wrong with the type of its owner is its level.
    let of_level = &*table == "bids" && column == "owner_type" && !matches!(problem, Problem::Null);
    let words = format!("{table}: row {row}, column {column}: {problem}");
    let failure = Failure::field(field(&table, row, if of_level { "level" } else { column }), reason, words);
    failure.with("table", table.as_ref()).with("row", &row).with("column", column)
}

fn market(error: MarketError) -> Failure {
    let words = in_full(&error);
    let unmet = |reason| Failure::new(Code::FailedPrecondition, reason, words.clone());
    match error {
        MarketError::NoBid { .. } => Failure::field("bids", "NO_BID", "the book has no bid"),
        MarketError::SellerIsFleet { row, .. } => {
            Failure::field(field("offers", row, "seller"), "SELLER_IS_FLEET", words)
                .with("table", "offers")
                .with("row", &row)
                .with("column", "seller")
        }
        MarketError::BeyondProceeds { offer, .. } => {
            Failure::field("offers", "BEYOND_PROCEEDS", words).with("offer", &offer)
        }
        MarketError::Session(SessionError::TooManyPairs { most }) => {
            Failure::new(Code::InvalidArgument, "BOOK_TOO_LARGE", words).with("most_pairs", &most)
        }
        MarketError::Session(SessionError::TooManyParts { most }) => {
            Failure::new(Code::InvalidArgument, "BOOK_TOO_LARGE", words).with("most_parts", &most)
        }
        MarketError::Session(_) => Failure::new(Code::InvalidArgument, "NOT_CLEARED", words),
        MarketError::Settle(_) => unmet("NOT_SETTLED"),
        MarketError::Short { party, .. } => unmet("SHORT").with("party", &party),
        MarketError::Deficit { .. } => unmet("SHORT").with("party", "operator"),
        MarketError::BeyondBalance { party, .. } => unmet("BEYOND_BALANCE").with("party", &party),
        MarketError::Refused { .. } => Failure::new(Code::Internal, "REFUSED_BY_CHECK", words),
        _ => Failure::new(Code::InvalidArgument, "BAD_BOOK", words),
    }
}

/// An error with its causes.
fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
