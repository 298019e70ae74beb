//! What the journal keeps, as bytes: records of events with their decisions, and the state of an authority in parts.
//!
//! What is written down is a promise, so every type of the engine that reaches the journal has its form here, field by field
//! and code by code; the engine derives nothing. The form belongs to the format version in the header of the file
//! ([`FORMAT_VERSION`](crate::journal::FORMAT_VERSION)): a change of it raises that version, and journals of earlier versions
//! are kept as tests.
//!
//! The form is plain: unsigned numbers are LEB128, signed ones are zigzagged first, a list is its length and its items, a choice
//! is a byte and what belongs to it, a struct is its fields in order. Reading is total: any bytes give a value or a
//! [`DecodeError`], and no more memory is taken than the bytes account for.

mod engine;
mod error;
mod form;
mod former;
mod models;
mod record;
mod state;
#[cfg(test)]
mod tests;

pub use error::{DecodeError, Fault};
pub use record::{Record, RecordRef, Records};
pub use state::{StatePart, StateReader, StateWriter, write_state};
