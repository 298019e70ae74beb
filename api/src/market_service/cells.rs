//! Cells of tables as fields of messages, and back. What a field leaves out is NULL, and what no cell could hold is for the reader
//! of the table to refuse.

use lessor_datasets::table::{POSTED, StatedTable};
use lessor_models::fleet::Level;
use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;
use lessor_models::time::Timestamp;

use crate::proto::account::Owner;
use crate::proto::market::{BidRow, PostedPrice};
use crate::proto::{self, Account};
use crate::service::{self, read_timestamp};

/// What the reader refuses as a word of no set.
const UNKNOWN: &str = "unknown";

/// The types that tables have of an account's owner.
pub(crate) const OWNER_TYPES: [&str; 2] = ["node", "zone"];

/// The name of an account's owner, and whether it is a node or a zone.
fn owner(account: Option<&Account>) -> [Option<&str>; 2] {
    match account.and_then(|account| account.owner.as_ref()) {
        Some(Owner::Node(name)) => [Some(name), Some("node")],
        Some(Owner::Zone(name)) => [Some(name), Some("zone")],
        None => [None, None],
    }
}

/// The kind of an account.
fn kind(account: Option<&Account>) -> Option<&'static str> {
    let number = account?.kind;
    if number == proto::Kind::Unspecified as i32 {
        return None;
    }
    let known = Kind::ALL.into_iter().find(|&kind| service::kind(kind) as i32 == number);
    Some(known.map_or(UNKNOWN, Kind::name))
}

/// An account as tables write it: the name and the type of its owner, or the level that stands in its place, and its kind.
pub(crate) fn account([name, owner_type, kind]: [Option<&str>; 3]) -> Account {
    let name = name.unwrap_or_default().to_owned();
    let owner = owner_type.map(|word| if word == "zone" { Owner::Zone(name) } else { Owner::Node(name) });
    let kind = kind.and_then(Kind::from_name).map_or(proto::Kind::Unspecified, service::kind);
    Account { owner, kind: kind.into() }
}

/// The word of a service class.
pub(crate) fn class(number: i32) -> Option<&'static str> {
    if number == proto::ServiceClass::Unspecified as i32 {
        return None;
    }
    let known = ServiceClass::ALL.into_iter().find(|&class| service::class(class) as i32 == number);
    Some(known.map_or(UNKNOWN, ServiceClass::name))
}

/// A service class as tables write it.
pub(crate) fn class_of(word: Option<&str>) -> proto::ServiceClass {
    word.and_then(ServiceClass::from_name).map_or(proto::ServiceClass::Unspecified, service::class)
}

/// The instant of a field, rounded down to the microsecond; one beyond all where it is none.
fn instant(time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    Some(read_timestamp("time", *time?).unwrap_or(Timestamp(i64::MAX)))
}

/// The text of a field that may be left out.
pub(crate) fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The columns of a table that name an account.
pub(crate) fn put_accounts<'a>(table: &mut StatedTable, accounts: impl Iterator<Item = Option<&'a Account>> + Clone) {
    put_typed(table, accounts.map(|account| (account, owner(account)[1])));
}

/// The same, of accounts each with the type of its owner, or what stands in its place.
fn put_typed<'a>(
    table: &mut StatedTable,
    accounts: impl Iterator<Item = (Option<&'a Account>, Option<&'a str>)> + Clone,
) {
    table.text("owner", accounts.clone().map(|(account, _)| owner(account)[0]));
    table.text("owner_type", accounts.clone().map(|(_, owner_type)| owner_type));
    table.text("kind", accounts.map(|(account, _)| kind(account)));
}

/// The same of bids, which may state a level: any node of it below the account's will do.
pub(crate) fn put_places(table: &mut StatedTable, rows: &[BidRow]) {
    put_typed(
        table,
        rows.iter().map(|row| (row.account.as_ref(), level(row.level).or(owner(row.account.as_ref())[1]))),
    );
}

/// The levels below the root, as messages have them.
const LEVELS: [(Level, proto::market::Level); 4] = [
    (Level::Tile, proto::market::Level::Tile),
    (Level::Cell, proto::market::Level::Cell),
    (Level::Cluster, proto::market::Level::Cluster),
    (Level::Region, proto::market::Level::Region),
];

/// The word of a level, where one is stated.
fn level(number: i32) -> Option<&'static str> {
    if number == proto::market::Level::Unspecified as i32 {
        return None;
    }
    let known = LEVELS.into_iter().find(|&(_, level)| level as i32 == number);
    Some(known.map_or(UNKNOWN, |(level, _)| level.name()))
}

/// A level as tables write it in place of the type of an owner.
pub(crate) fn level_of(owner_type: Option<&str>) -> proto::market::Level {
    let known = LEVELS.into_iter().find(|(level, _)| Some(level.name()) == owner_type);
    known.map_or(proto::market::Level::Unspecified, |(_, level)| level)
}

/// A column of instants.
pub(crate) fn put_times<'a>(
    table: &mut StatedTable,
    column: &str,
    times: impl Iterator<Item = Option<&'a prost_types::Timestamp>>,
) {
    table.time(column, times.map(instant));
}

/// Posted prices as their table.
pub(crate) fn posted(rows: &[PostedPrice]) -> StatedTable {
    let side = |excess: i64| u64::try_from(excess).ok().filter(|&amount| amount > 0);
    let mut table = StatedTable::new(&POSTED, rows.len());
    put_accounts(&mut table, rows.iter().map(|row| row.account.as_ref()));
    table.integer("price", rows.iter().map(|row| row.price));
    table.integer("excess", rows.iter().map(|row| side(row.excess)));
    table.integer("shortfall", rows.iter().map(|row| side(row.excess.saturating_neg())));
    table.text("excesses", rows.iter().map(|row| text(&row.excesses)));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_null_and_what_is_no_word_is_none_of_a_set() {
        assert_eq!(owner(None), [None, None]);
        assert_eq!((kind(Some(&Account::default())), class(0)), (None, None));
        assert_eq!((kind(Some(&Account { owner: None, kind: 99 })), class(99)), (Some(UNKNOWN), Some(UNKNOWN)));
    }

    #[test]
    fn accounts_and_instants_survive_the_wire() {
        for kind_of in Kind::ALL {
            for owner_type in OWNER_TYPES {
                let there = account([Some("x"), Some(owner_type), Some(kind_of.name())]);
                assert_eq!(
                    (owner(Some(&there)), kind(Some(&there))),
                    ([Some("x"), Some(owner_type)], Some(kind_of.name()))
                );
            }
        }
        for (known, there) in LEVELS {
            assert_eq!((level_of(Some(known.name())), level(there as i32)), (there, Some(known.name())));
        }
        assert_eq!(owner(Some(&account([Some("x"), None, None]))), [None, None]);
        assert_eq!((level_of(Some("node")) as i32, level(0), level(99)), (0, None, Some(UNKNOWN)));
        for at in [0, -1, 1_700_000_000_123_456] {
            assert_eq!(instant(Some(&crate::service::timestamp(Timestamp(at)))), Some(Timestamp(at)));
        }
        for (seconds, nanos) in [(i64::MAX, 0), (0, -1), (0, 1_000_000_000)] {
            assert_eq!(instant(Some(&prost_types::Timestamp { seconds, nanos })), Some(Timestamp(i64::MAX)));
        }
    }
}
