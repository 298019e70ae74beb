//! The nouns of Lessor: fleets, jobs, plans, certificates, in exact integers, and the checker of whole plans.
//!
//! This crate does no planning, no input or output, and reads no clock. Everything conserved is an integer; a value that
//! exists is valid, because its constructor checked it. [`check`] shares no code with any solver: it is what every test,
//! and every plan that is written, is held against.

pub mod account_prices;
pub mod certificate;
pub mod check;
pub mod draw;
pub mod families;
pub mod fleet;
pub mod instance;
pub mod job;
pub mod names;
pub mod objective;
pub mod plan;
pub mod resources;
pub mod telemetry;
pub mod tile_class;
pub mod time;
pub mod words;

#[cfg(test)]
mod test_instance;
