//! Settlement: who owes what to whom, in a double-entry ledger of credits.
//!
//! Money only ever moves from one party to another, so all balances together are zero at every instant: the issuer is owed
//! what all others have. A round is settled once, whole or not at all. No party but the issuer spends what it does not have;
//! the operator may fall below zero by a stated amount, since a payment rule may pay sellers more than buyers pay.

mod audit;
mod entry;
mod ledger;
#[cfg(test)]
mod tests;

pub use audit::{AuditDefect, audit};
pub use entry::{Entry, HolderId, Party, Purpose, RoundId, SellerId, Transfer};
pub use ledger::{HoldError, Ledger, ROUNDS_MAX, Receipt, SettleError};
