//! Once nothing goes wrong any more, everybody gets on: every call is answered, and every holder gets answers.

use std::time::Duration;

use super::Violation;

/// The longest that anybody may wait then: what a repeat, a queue and a restart take together.
const PATIENCE: Duration = Duration::from_mins(1);

/// Looks at one who waits, since when if at all, and at what it was answered since the faults ended.
pub(in crate::simulation) fn check(
    who: &str,
    (waits_since, at): (Option<Duration>, Duration),
    answers: u64,
) -> Result<(), Violation> {
    let waits = waits_since.map_or(Duration::ZERO, |since| at.saturating_sub(since));
    if answers > 0 && waits < PATIENCE {
        return Ok(());
    }
    Err(Violation::Stuck { who: who.to_owned(), seconds: waits.as_secs() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_waits_for_ever_or_hears_nothing_is_found() {
        let second = Duration::from_secs;
        assert_eq!(check("h", (Some(second(100)), second(110)), 1), Ok(()));
        assert_eq!(check("h", (None, second(110)), 1), Ok(()));
        assert!(check("h", (Some(second(100)), second(200)), 1).is_err());
        assert!(check("h", (None, second(200)), 0).is_err());
    }
}
