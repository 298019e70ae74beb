//! Conflicts and waits in plain words, for the report and for `lessor explain`.

use lessor_datasets::table::{account_words, owner_sort};
use lessor_models::fleet::{Fleet, Owner};
use lessor_models::instance::Instance;
use lessor_models::plan::{Blocker, Wait};

use crate::report::rule_words;

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
            format!("a turn to move in {} {:?}", owner_sort(fleet, owner).replace('_', " "), fleet.owner_name(owner))
        }
    }
}
