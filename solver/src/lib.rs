//! From an instance to a checked placement, a bound and conflict sets.
//!
//! This crate reads no clock, no file and no random source of its own: long work takes a [`stop::Stop`], random choices a
//! seed. It is the only place where a decision uses floating point; everything that leaves it is an integer, and nothing
//! that leaves it is trusted: `lessor_models::check` looks at it again.

pub mod appraisal;
pub mod assemble;
pub mod assignment;
pub mod bound;
pub mod cell;
pub mod cohorts;
pub mod conflict;
pub mod gap;
pub mod index;
pub mod insert;
pub mod integer;
pub mod layer;
pub mod lowering;
pub mod migration;
pub mod numbers;
pub mod occupancy;
pub mod openb;
mod openings;
pub mod packing;
pub mod program;
pub mod random;
pub mod rank;
pub mod reassignment;
pub mod room;
pub mod running;
pub mod search;
pub mod shares;
pub mod spread_out;
pub mod stop;
pub mod strain;
pub mod transport;
pub mod unruly;
pub mod vector_packing;
pub mod vectors;
