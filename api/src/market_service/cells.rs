//! Cells of tables as fields of messages, and back. What a field leaves out is NULL, and what no cell could hold is for the reader
//! of the table to refuse.

use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;
use lessor_models::time::{MICROS_PER_SECOND, Timestamp};

use crate::proto::account::Owner;
use crate::proto::{self, Account};

/// What the reader refuses as a word of no set.
const UNKNOWN: &str = "unknown";

/// The name of an account's owner, and whether it is a node or a zone.
pub(crate) fn owner(account: Option<&Account>) -> [Option<&str>; 2] {
    match account.and_then(|account| account.owner.as_ref()) {
        Some(Owner::Node(name)) => [Some(name), Some("node")],
        Some(Owner::Zone(name)) => [Some(name), Some("zone")],
        None => [None, None],
    }
}

/// The kind of an account.
pub(crate) fn kind(account: Option<&Account>) -> Option<&'static str> {
    let number = account?.kind;
    if number == proto::Kind::Unspecified as i32 {
        return None;
    }
    let known = Kind::ALL.into_iter().find(|&kind| kind_number(kind) as i32 == number);
    Some(known.map_or(UNKNOWN, Kind::name))
}

/// An account as tables write it: the name and the type of its owner, and its kind.
pub(crate) fn account([name, owner_type, kind]: [Option<&str>; 3]) -> Account {
    let name = name.unwrap_or_default().to_owned();
    let owner = if owner_type == Some("zone") { Owner::Zone(name) } else { Owner::Node(name) };
    let kind = kind.and_then(Kind::from_name).map_or(proto::Kind::Unspecified, kind_number);
    Account { owner: Some(owner), kind: kind.into() }
}

fn kind_number(kind: Kind) -> proto::Kind {
    match kind {
        Kind::Compute => proto::Kind::Compute,
        Kind::Memory => proto::Kind::Memory,
        Kind::Bandwidth => proto::Kind::Bandwidth,
        Kind::Power => proto::Kind::Power,
        Kind::Heat => proto::Kind::Heat,
        Kind::Accelerator => proto::Kind::Accelerator,
        Kind::Storage => proto::Kind::Storage,
        Kind::Reversible => proto::Kind::Reversible,
    }
}

/// The word of a service class.
pub(crate) fn class(number: i32) -> Option<&'static str> {
    match proto::ServiceClass::try_from(number) {
        Ok(proto::ServiceClass::Unspecified) => None,
        Ok(proto::ServiceClass::A) => Some(ServiceClass::A.name()),
        Ok(proto::ServiceClass::B) => Some(ServiceClass::B.name()),
        Ok(proto::ServiceClass::C) => Some(ServiceClass::C.name()),
        Ok(proto::ServiceClass::D) => Some(ServiceClass::D.name()),
        Err(_) => Some(UNKNOWN),
    }
}

/// The instant of a field, rounded down to the microsecond; one beyond all where it is none.
pub(crate) fn instant(time: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    let time = time?;
    let micros = time.seconds.checked_mul(MICROS_PER_SECOND.cast_signed());
    let micros = micros.and_then(|micros| micros.checked_add(i64::from(time.nanos / 1_000)));
    let is_whole = (0..1_000_000_000).contains(&time.nanos);
    Some(Timestamp(micros.filter(|_| is_whole).unwrap_or(i64::MAX)))
}

/// The text of a field that may be left out.
pub(crate) fn text(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
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
            for owner_type in ["node", "zone"] {
                let there = account([Some("x"), Some(owner_type), Some(kind_of.name())]);
                assert_eq!(
                    (owner(Some(&there)), kind(Some(&there))),
                    ([Some("x"), Some(owner_type)], Some(kind_of.name()))
                );
            }
        }
        for at in [0, -1, 1_700_000_000_123_456] {
            assert_eq!(instant(Some(&crate::service::timestamp(Timestamp(at)))), Some(Timestamp(at)));
        }
        for (seconds, nanos) in [(i64::MAX, 0), (0, -1), (0, 1_000_000_000)] {
            assert_eq!(instant(Some(&prost_types::Timestamp { seconds, nanos })), Some(Timestamp(i64::MAX)));
        }
    }
}
