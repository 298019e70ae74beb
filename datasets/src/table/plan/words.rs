//! Accounts, instants and cures in words. What is exact stands in columns of its own, and is what is read.

use arrow_array::temporal_conversions::timestamp_us_to_datetime;
use lessor_models::fleet::{Fleet, Owner};
use lessor_models::instance::Instance;
use lessor_models::plan::Cure;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, Timestamp};
use lessor_models::words::{Round, amount, counted, credits};

/// What an owner is: the name of its level or of its zone kind.
#[must_use]
pub fn owner_sort(fleet: &Fleet, owner: Owner) -> &'static str {
    match owner {
        Owner::Node(node) => fleet.level(node).name(),
        Owner::Zone(zone) => fleet.zones()[zone.at()].kind.name(),
    }
}

/// An account in words: `power of power feed "feed-1"`.
#[must_use]
pub fn account_words(fleet: &Fleet, owner: Owner, kind: Kind) -> String {
    format!("{kind} of {} {:?}", owner_sort(fleet, owner).replace('_', " "), fleet.owner_name(owner))
}

/// An instant as people write it.
#[must_use]
pub fn instant_words(at: Timestamp) -> String {
    let date = timestamp_us_to_datetime(at.0);
    date.map_or_else(|| format!("{} us after 1970-01-01 UTC", at.0), |date| format!("{date} UTC"))
}

/// An interval as people write it: the day is said once where both ends share it.
#[must_use]
pub fn interval_words(interval: Interval) -> String {
    let dates = [interval.start, interval.end].map(|at| timestamp_us_to_datetime(at.0));
    let [Some(start), Some(end)] = dates else {
        return format!("{} to {}", instant_words(interval.start), instant_words(interval.end));
    };
    if start.date() == end.date() { format!("{start} to {} UTC", end.time()) } else { format!("{start} to {end} UTC") }
}

/// A cure in words: an amount that is rounded is rounded up, so that it cures.
#[must_use]
pub fn cure_words(instance: &Instance, cure: Cure) -> String {
    let fleet = instance.fleet();
    match cure {
        Cure::Capacity { owner, kind, amount: more } => {
            format!("add {} to {}", amount(kind, more, Round::Up), account_words(fleet, owner, kind))
        }
        Cure::Relax(rule) => format!("waive the rule {}", rule.name()),
        Cure::Preempt { job, tile, count } => {
            let capsules = counted(count, "capsule", "capsules");
            format!("preempt {capsules} of job {:?} on tile {:?}", instance.job_name(job), fleet.name(tile))
        }
        Cure::Start(start) => format!("let it start at {}", instant_words(start)),
        Cure::Bid(more) => format!("bid {} credits more a capsule", credits(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_dates_as_far_as_the_calendar_goes() {
        let words = |us| instant_words(Timestamp(us));
        assert_eq!(words(1_767_312_000_000_000), "2026-01-02 00:00:00 UTC");
        assert_eq!(words(-1), "1969-12-31 23:59:59.999999 UTC");
        assert_eq!(words(i64::MAX), "9223372036854775807 us after 1970-01-01 UTC");
    }

    #[test]
    fn an_interval_says_the_day_once_where_both_ends_share_it() {
        let hour = 3_600_000_000;
        let words = |start, end| interval_words(Interval { start: Timestamp(start), end: Timestamp(end) });
        assert_eq!(words(5 * hour, 6 * hour), "1970-01-01 05:00:00 to 06:00:00 UTC");
        assert_eq!(words(0, 24 * hour), "1970-01-01 00:00:00 to 1970-01-02 00:00:00 UTC");
        assert_eq!(words(0, i64::MAX), "1970-01-01 00:00:00 UTC to 9223372036854775807 us after 1970-01-01 UTC");
    }
}
