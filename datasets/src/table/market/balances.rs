//! Table `balances`: what parties have in a ledger of credits, from one round to the next.

use std::collections::HashMap;
use std::path::Path;

use crate::table::error::{DatasetError, Problem};
use crate::table::sink::write_table;
use crate::table::spec::ColumnType::{Amount, Text, U64};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::stated::{Batches, TableSource};

/// The schema of `balances.parquet`.
pub const BALANCES: TableSpec = TableSpec {
    name: "balances",
    row: "what one party has; the issuer is owed what all others have, and has no row",
    columns: &[
        required("party", Text, "operator, holder:NAME or seller:NAME"),
        required("balance", Amount, "what it has, in micro-credits"),
        optional("owed", Amount, "what the operator is below zero, in micro-credits, where it is; NULL: 0"),
        optional("held", Amount, "what other open rounds hold of it, in micro-credits; NULL: 0"),
        required("round", U64, "the last round that was settled; the same in all rows"),
    ],
};

/// A party as tables write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyName<'t> {
    /// The operator.
    Operator,
    /// A holder, by name.
    Holder(&'t str),
    /// A seller, by name.
    Seller(&'t str),
}

impl<'t> PartyName<'t> {
    /// The party that a text names: `operator`, `holder:NAME` or `seller:NAME`; `None` where it is none.
    #[must_use]
    pub fn read(text: &'t str) -> Option<PartyName<'t>> {
        match text.split_once(':') {
            None => (text == "operator").then_some(PartyName::Operator),
            Some((_, "")) => None,
            Some(("holder", name)) => Some(PartyName::Holder(name)),
            Some(("seller", name)) => Some(PartyName::Seller(name)),
            Some(_) => None,
        }
    }
}

/// What a party has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BalanceRow {
    /// The party: `operator`, `holder:NAME` or `seller:NAME`.
    pub party: String,
    /// What it has, in micro-credits.
    pub balance: u64,
    /// What it is below zero, in micro-credits.
    pub owed: u64,
    /// What other open rounds hold of it, in micro-credits.
    pub held: u64,
    /// The last round that was settled.
    pub round: u64,
}

/// Reads balances, in table order, from a file or as a caller states them.
///
/// # Errors
/// The first defect found, with its row and column: a party that is none or named twice, one but the operator that owes, a hold
/// of more than there is, rows of several rounds, and a last round that none can follow.
pub fn read_balances<'p>(source: impl Into<TableSource<'p>>) -> Result<Vec<BalanceRow>, DatasetError> {
    let mut reader = Batches::open(source.into(), &BALANCES)?;
    let mut balances: Vec<BalanceRow> = Vec::with_capacity(reader.row_count());
    let mut seen: HashMap<String, usize> = HashMap::new();
    while let Some(batch) = reader.next()? {
        let [party, balance, owed, held, round] =
            ["party", "balance", "owed", "held", "round"].map(|name| batch.column(name));
        for row in batch.rows() {
            let read = BalanceRow {
                party: party.need_text(row)?.to_owned(),
                balance: balance.need_integer(row)?,
                owed: owed.integer(row).unwrap_or(0),
                held: held.integer(row).unwrap_or(0),
                round: round.need_integer(row)?,
            };
            if read.round == u64::MAX {
                return Err(round.refuse(row, Problem::Model("is 2^64 - 1, after which there is no round")));
            }
            let Some(named) = PartyName::read(&read.party) else {
                return Err(party.refuse(row, Problem::Model("is not operator, holder:NAME or seller:NAME")));
            };
            if read.owed > 0 && (named != PartyName::Operator || read.balance > 0) {
                return Err(
                    owed.refuse(row, Problem::Model("is above 0; only the operator may owe, and has nothing then"))
                );
            }
            if read.held > read.balance {
                return Err(held.refuse(row, Problem::Model("is more than the balance")));
            }
            if balances.first().is_some_and(|first| first.round != read.round) {
                return Err(round.refuse(row, Problem::Model("differs from the row before")));
            }
            if let Some(first) = seen.insert(read.party.clone(), batch.file_row(row)) {
                return Err(party.refuse(row, Problem::Repeated { name: read.party, first }));
            }
            balances.push(read);
        }
    }
    Ok(balances)
}

/// Writes balances.
///
/// # Errors
/// A file that cannot be written.
pub fn write_balances(path: &Path, balances: &[BalanceRow]) -> Result<(), DatasetError> {
    write_table(path, &BALANCES, balances.len(), |rows, columns| {
        let balances = &balances[rows];
        columns.text("party", balances.iter().map(|row| Some(row.party.as_str())));
        columns.integer("balance", balances.iter().map(|row| Some(row.balance)));
        columns.integer("owed", balances.iter().map(|row| Some(row.owed)));
        columns.integer("held", balances.iter().map(|row| Some(row.held)));
        columns.integer("round", balances.iter().map(|row| Some(row.round)));
    })
}
