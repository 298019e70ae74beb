//! What a commit holds: events with their decisions, one after another.

use lessor_engine::authority::{Decision, Event};
use lessor_models::time::Timestamp;

use super::error::DecodeError;
use super::form::{Form, Input};

/// One event that was applied, and what was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The engine's clock.
    pub now: Timestamp,
    /// What happened.
    pub event: Event,
    /// What was decided about it.
    pub decision: Decision,
}

/// The same, of values that belong to somebody else.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    /// The engine's clock.
    pub now: Timestamp,
    /// What happened.
    pub event: &'a Event,
    /// What was decided about it.
    pub decision: &'a Decision,
}

impl RecordRef<'_> {
    /// Appends the record. O(length of what is appended).
    pub fn write(&self, out: &mut Vec<u8>) {
        self.now.write(out);
        self.event.write(out);
        self.decision.write(out);
    }
}

/// The records of a commit, in order.
#[derive(Clone, Debug)]
pub struct Records<'a>(Input<'a>);

impl<'a> Records<'a> {
    /// Those in a commit's payload.
    #[must_use]
    pub fn new(payload: &'a [u8]) -> Records<'a> {
        Records(Input::new(payload))
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, DecodeError>;

    fn next(&mut self) -> Option<Result<Record, DecodeError>> {
        if self.0.left() == 0 {
            return None;
        }
        let read = |input: &mut Input<'_>| {
            Ok(Record { now: Form::read(input)?, event: Form::read(input)?, decision: Form::read(input)? })
        };
        let record = read(&mut self.0);
        if record.is_err() {
            // What comes after bytes that cannot be read cannot be found.
            self.0 = Input::new(&[]);
        }
        Some(record)
    }
}
