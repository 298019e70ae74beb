//! Nothing is seen before it is durable: whatever leaves the authority is in the history of durable commits already.

use lessor_engine::authority::Revision;
use lessor_models::time::Timestamp;

use super::Violation;

/// Looks at what somebody is told: a revision and an instant, against the last ones that are durable.
pub(in crate::simulation) fn check(
    what: &'static str,
    (told, now): (Revision, Timestamp),
    durable: (Revision, Timestamp),
) -> Result<(), Violation> {
    if told <= durable.0 && now <= durable.1 { Ok(()) } else { Err(Violation::Early { what, told, now }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_a_commit_or_a_moment_early_is_found() {
        let revision = |number| Revision { incarnation: 1, number };
        let durable = (revision(5), Timestamp(50));
        let check = |number, now| check("an answer", (revision(number), Timestamp(now)), durable);
        assert_eq!(check(5, 50), Ok(()));
        assert!(check(6, 50).is_err() && check(5, 51).is_err());
    }
}
