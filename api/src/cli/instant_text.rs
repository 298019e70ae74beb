//! Instants as people write them on a command line: `2026-12-01T08:00:00Z`, in UTC.

use lessor_models::time::Timestamp;

/// Why an instant was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an instant; write a date and a time in UTC: 2026-12-01T08:00:00Z, or 2026-12-01T08:00:00.25Z")]
pub(crate) struct InstantError {
    /// What was written.
    text: String,
}

/// Reads an instant of RFC 3339 in UTC, with up to six decimals of a second.
///
/// # Errors
/// A text of another form, or a day or a time that does not exist.
pub(crate) fn parse(text: &str) -> Result<Timestamp, InstantError> {
    read(text).ok_or_else(|| InstantError { text: text.to_owned() })
}

fn read(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let micros = if fraction.len() <= 6 { number(&format!("{fraction:0<6}"), 6)? } else { return None };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = ((days_since_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(Timestamp(seconds * 1_000_000 + micros))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar. Years are counted from March, so that a leap day comes last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // From March on, months of 31 and 30 days follow one another as this fraction says.
    let before_month = (153 * month + 2) / 5;
    365 * year + leap_days + before_month + day - 1 - 719_468
}

/// Three numbers of so many digits, with a sign between them.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut next = |digits| number(parts.next()?, digits);
    let found = [next(digits[0])?, next(digits[1])?, next(digits[2])?];
    parts.next().is_none().then_some(found)
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_microseconds_since_1970() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2001-09-09T01:46:40Z", 1_000_000_000),
            ("2027-01-15T08:00:00Z", 1_800_000_000),
        ] {
            assert_eq!(parse(text), Ok(Timestamp(seconds * 1_000_000)), "{text}");
        }
        assert_eq!(parse("1970-01-01T00:00:00.25Z"), Ok(Timestamp(250_000)));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "Z",
            "0",
            "2026-12-01",
            "2026-12-01T08:00:00",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-12-01T24:00:00Z",
            "2026-12-01T08:00Z",
            "2026-12-01T08:00:00.1234567Z",
            "2026-12-01T08:00:00.Z+",
            "26-12-01T08:00:00Z",
            "2026-12-01T08:+1:00Z",
            "2026-12-01T08:00:00:00Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
