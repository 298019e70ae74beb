//! Accounts, conflicts and prices in plain words, for the report and for `lessor explain`.

use lessor_models::fleet::{Fleet, Owner};
use lessor_models::instance::Instance;
use lessor_models::plan::{Blocker, Wait};
use lessor_models::resources::Kind;

use crate::report::rule_words;

/// What an owner is: the name of its level or of its zone kind.
pub(crate) fn owner_type(fleet: &Fleet, owner: Owner) -> &'static str {
    match owner {
        Owner::Node(node) => fleet.level(node).name(),
        Owner::Zone(zone) => fleet.zones()[zone.at()].kind.name(),
    }
}

/// An account in words: `power of power feed "feed-1"`.
pub(crate) fn account_words(fleet: &Fleet, owner: Owner, kind: Kind) -> String {
    let what = owner_type(fleet, owner).replace('_', " ");
    format!("{kind} of {what} {:?}", fleet.owner_name(owner))
}

/// A member of a conflict set in words.
pub(crate) fn blocker_words(instance: &Instance, blocker: Blocker) -> String {
    match blocker {
        Blocker::Account { owner, kind } => {
            format!("no headroom: {}", account_words(instance.fleet(), owner, kind))
        }
        Blocker::Tiles { kind } => format!("the eligible tiles together lack {kind}"),
        Blocker::Rule(rule) => rule_words(rule).to_owned(),
    }
}

/// What a move waits for in words: `memory of tile "t-1"`.
pub(crate) fn wait_words(fleet: &Fleet, wait: Wait) -> String {
    match wait {
        Wait::Account { owner, kind } => account_words(fleet, owner, kind),
        Wait::Device { tile } => format!("a device of tile {:?}", fleet.name(tile)),
        Wait::Turn { zone } => {
            let owner = Owner::Zone(zone);
            format!("a turn to move in {} {:?}", owner_type(fleet, owner).replace('_', " "), fleet.owner_name(owner))
        }
    }
}

/// Micro-credits as credits, every digit kept.
pub(crate) fn credits(micro_credits: u64) -> String {
    let (whole, part) = (micro_credits / 1_000_000, micro_credits % 1_000_000);
    format!("{whole}.{part:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credits_keep_every_digit() {
        assert_eq!([0, 5, 12_345_678].map(credits), ["0.000000", "0.000005", "12.345678"]);
    }
}
