//! Instants and spans between the wire, which counts seconds and nanoseconds, and the engine, which counts microseconds.

use lessor_models::time::{MICROS_PER_HOUR, MICROS_PER_SECOND, SPAN_MAX, Span, TIMESTAMP_MAX, Timestamp};
use lessor_models::words::counted;

use super::failure::Failure;

const NANOS_PER_MICRO: i32 = 1_000;
const NANOS_PER_SECOND: i32 = 1_000_000_000;

/// An instant for the wire.
pub(crate) fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let per_second = MICROS_PER_SECOND.cast_signed();
    let micros = i32::try_from(at.0.rem_euclid(per_second)).expect("a part of a second fits 32 bits");
    prost_types::Timestamp { seconds: at.0.div_euclid(per_second), nanos: micros * NANOS_PER_MICRO }
}

/// A span in words for people: in the largest unit of which it is a whole number.
pub(crate) fn span_words(span: Span) -> String {
    let units = [
        (24 * MICROS_PER_HOUR, "day", "days"),
        (MICROS_PER_HOUR, "hour", "hours"),
        (60 * MICROS_PER_SECOND, "minute", "minutes"),
        (MICROS_PER_SECOND, "second", "seconds"),
        (1_000, "millisecond", "milliseconds"),
    ];
    let whole = units.into_iter().find(|(unit, ..)| span.0 > 0 && span.0.is_multiple_of(*unit));
    let (unit, one, many) = whole.unwrap_or((1, "microsecond", "microseconds"));
    counted(span.0 / unit, one, many)
}

/// A span for the wire.
pub(crate) fn duration(span: Span) -> prost_types::Duration {
    let seconds = i64::try_from(span.0 / MICROS_PER_SECOND).expect("a count of seconds fits 63 bits");
    let micros = i32::try_from(span.0 % MICROS_PER_SECOND).expect("a part of a second fits 32 bits");
    prost_types::Duration { seconds, nanos: micros * NANOS_PER_MICRO }
}

/// An instant from the wire, rounded down to the microsecond.
///
/// # Errors
/// Nanoseconds out of range, or an instant beyond what an instance may hold.
pub(crate) fn read_timestamp(field: &'static str, time: prost_types::Timestamp) -> Result<Timestamp, Failure> {
    let malformed = || Failure::field(field, "BAD_TIME", "the instant is out of range");
    if !(0..NANOS_PER_SECOND).contains(&time.nanos) {
        return Err(malformed());
    }
    let micros = time.seconds.checked_mul(MICROS_PER_SECOND.cast_signed());
    let micros = micros.and_then(|micros| micros.checked_add(i64::from(time.nanos / NANOS_PER_MICRO)));
    let at = micros.map(Timestamp).ok_or_else(malformed)?;
    if at.0.unsigned_abs() > TIMESTAMP_MAX.0.unsigned_abs() { Err(malformed()) } else { Ok(at) }
}

/// A span from the wire, rounded down to the microsecond.
///
/// # Errors
/// A span below zero or beyond a century, or nanoseconds out of range.
pub(crate) fn read_duration(field: &'static str, span: prost_types::Duration) -> Result<Span, Failure> {
    let malformed = || Failure::field(field, "BAD_DURATION", "the duration is below zero, or beyond a century");
    let seconds = u64::try_from(span.seconds).map_err(|_| malformed())?;
    let nanos = u64::try_from(span.nanos).ok().filter(|_| span.nanos < NANOS_PER_SECOND).ok_or_else(malformed)?;
    let micros = seconds.checked_mul(MICROS_PER_SECOND).and_then(|micros| micros.checked_add(nanos / 1_000));
    micros.map(Span).filter(|span| *span <= SPAN_MAX).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_spans_survive_the_wire() {
        for at in [0, 1, -1, 1_700_000_000_123_456, -1_500_000] {
            assert_eq!(read_timestamp("at", timestamp(Timestamp(at))), Ok(Timestamp(at)));
        }
        for span in [0, 1, 1_500_000, SPAN_MAX.0] {
            assert_eq!(read_duration("term", duration(Span(span))), Ok(Span(span)));
        }
    }

    #[test]
    fn what_is_out_of_range_is_a_bad_field() {
        for (seconds, nanos) in [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000), (1 << 60, 0)] {
            assert!(read_timestamp("at", prost_types::Timestamp { seconds, nanos }).is_err(), "{seconds} {nanos}");
        }
        for (seconds, nanos) in [(i64::MAX, 0), (-1, 0), (0, -1), (0, 1_000_000_000), (0, i32::MIN)] {
            assert!(read_duration("term", prost_types::Duration { seconds, nanos }).is_err(), "{seconds} {nanos}");
        }
    }
}
