//! A second look at a ledger's entries: they alone, added up again.

use std::collections::BTreeMap;

use thiserror::Error;

use super::entry::{Entry, Party};

/// What is wrong with a list of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AuditDefect {
    /// A number is missing, or there twice.
    #[error("entry {at} has number {found}, where {expected} follows")]
    Sequence {
        /// The position of the entry.
        at: usize,
        /// Its number.
        found: u64,
        /// The number that follows.
        expected: u64,
    },
    /// A balance that the entries before do not lead to.
    #[error("entry {at} leaves {party} with {found} micro-credits, where the entries so far leave {expected}")]
    Balance {
        /// The position of the entry.
        at: usize,
        /// Whose balance.
        party: Party,
        /// What is stated.
        found: i128,
        /// What adds up.
        expected: i128,
    },
}

/// Adds up entries from what parties had before, or from nothing, and returns what each has; all of it together is what it was.
///
/// # Errors
/// The first entry that does not follow from those before it.
pub fn audit(before: &BTreeMap<Party, i128>, entries: &[Entry]) -> Result<BTreeMap<Party, i128>, AuditDefect> {
    let mut balances = before.clone();
    let first = entries.first().map_or(0, |entry| entry.sequence);
    for (at, (entry, expected)) in entries.iter().zip(first..).enumerate() {
        if entry.sequence != expected {
            return Err(AuditDefect::Sequence { at, found: entry.sequence, expected });
        }
        let amount = i128::from(entry.transfer.amount.0);
        let sides = [(entry.transfer.from, -amount, entry.from_after), (entry.transfer.to, amount, entry.to_after)];
        for (party, change, found) in sides {
            let balance = balances.entry(party).or_default();
            *balance += change;
            if *balance != found {
                return Err(AuditDefect::Balance { at, party, found, expected: *balance });
            }
        }
    }
    Ok(balances)
}
