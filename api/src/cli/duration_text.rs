//! Durations as people write them on a command line: `30s`, `1.5m`, `250ms`, `24h`.

use std::time::Duration;

/// The longest duration that a flag may state: a century, as everywhere.
const SECONDS_MAX: f64 = 100.0 * 366.0 * 24.0 * 3_600.0;

/// Why a duration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DurationError {
    /// No number, or no unit that is known.
    #[error("{text:?} is not a duration; write a number and a unit: 250ms, 30s, 1.5m, 24h, 7d")]
    Malformed {
        /// What was written.
        text: String,
    },
    /// A deadline that is over before anything begins.
    #[error("{text:?} leaves no time to find anything in; give a deadline above zero: 250ms, 30s, 1.5m")]
    NoTime {
        /// What was written.
        text: String,
    },
    /// Negative, not a number, or longer than a century.
    #[error("{text:?} is out of range; a duration is at least zero and at most a century")]
    OutOfRange {
        /// What was written.
        text: String,
    },
}

/// Reads a duration.
///
/// # Errors
/// A number without a unit, an unknown unit, or a number out of range.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let malformed = || DurationError::Malformed { text: text.to_owned() };
    let split = text.find(|letter: char| letter.is_ascii_alphabetic()).ok_or_else(malformed)?;
    let (number, unit) = text.split_at(split);
    let seconds_per_unit = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(malformed()),
    };
    let number: f64 = number.trim().parse().map_err(|_| malformed())?;
    let seconds = number * seconds_per_unit;
    if !(0.0..=SECONDS_MAX).contains(&seconds) {
        return Err(DurationError::OutOfRange { text: text.to_owned() });
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| malformed())
}

/// Reads how long work may take, which is more than nothing.
///
/// # Errors
/// What [`parse`] refuses, and zero.
pub(crate) fn parse_deadline(text: &str) -> Result<Duration, DurationError> {
    let deadline = parse(text)?;
    if deadline.is_zero() { Err(DurationError::NoTime { text: text.to_owned() }) } else { Ok(deadline) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        let read = |text| parse(text).map(|duration| duration.as_millis()).unwrap();
        assert_eq!(
            ["250ms", "30s", "1.5m", "2min", "1h", "1d"].map(read),
            [250, 30_000, 90_000, 120_000, 3_600_000, 86_400_000]
        );
    }

    #[test]
    fn a_deadline_is_above_zero() {
        assert_eq!(parse_deadline("1ms"), Ok(Duration::from_millis(1)));
        for text in ["0s", "0ms", "-0s", "0.0h"] {
            assert_eq!(parse_deadline(text), Err(DurationError::NoTime { text: text.into() }), "{text}");
        }
        assert_eq!(parse_deadline("soon"), Err(DurationError::Malformed { text: "soon".into() }));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in ["", "30", "s", "30 parsecs", "1h30", "--1s"] {
            assert_eq!(parse(text), Err(DurationError::Malformed { text: text.into() }), "{text}");
        }
        for text in ["-1s", "1000000d"] {
            assert_eq!(parse(text), Err(DurationError::OutOfRange { text: text.into() }), "{text}");
        }
    }
}
