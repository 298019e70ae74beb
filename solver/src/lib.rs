//! From an instance to a checked placement, a bound and conflict sets.
//!
//! This crate reads no clock, no file and no random source of its own: long work takes a [`support::stop::Stop`], random choices
//! a seed. It is the only place where a decision uses floating point; everything that leaves it is an integer, and nothing
//! that leaves it is trusted: `lessor_models::check` looks at it again.
//!
//! From the ground up: what any of it leans on ([`support`]), programs as such ([`program`]), an instance as a solver sees it
//! ([`lowering`]), what any plan is worth at most ([`bound`]), the plan while it is made ([`plan`]), what makes it better
//! ([`search`]), how to get there from what runs ([`migration`]), and why something is left out ([`conflict`]). Admission asks what
//! room is worth ([`appraisal`]); markets ask for winners ([`packing`]) and for prices of one thing each ([`assignment`]);
//! [`families`] are the problems of public benchmarks.

pub mod appraisal;
pub mod assignment;
pub mod bound;
pub mod conflict;
pub mod families;
pub mod lowering;
pub mod migration;
pub mod packing;
pub mod plan;
pub mod program;
pub mod search;
pub mod support;
