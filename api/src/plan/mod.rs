//! `lessor plan`, `lessor check` and `lessor explain`: a plan made, looked at again, and asked about.
//!
//! [`command`] makes a [`run`] of flags and says what came out; the run plans, checks and writes. [`check`] and [`explain`] begin
//! with a plan directory that is [`loaded`] back. What goes in: the files ([`inputs`], known again by the [`hashed_file`]), what
//! planes make of them ([`telemetry_limits`]), the [`method`], weights of the objective ([`weights_file`], with [`strain_rules`]
//! and [`kind_name`]), and what runs already ([`keep`]). What is said while it runs is in [`progress_view`].
//! What comes out: the [`verdict`] of the checker, the result [`tables`], how it was made ([`run_file`]),
//! figures for people and programs ([`summary`]), and what the report shows ([`report_data`], [`usage`]).

pub(crate) mod check;
pub(crate) mod command;
pub(crate) mod explain;
pub(crate) mod hashed_file;
pub(crate) mod input_error;
pub(crate) mod inputs;
pub(crate) mod keep;
mod kind_name;
pub(crate) mod loaded;
pub(crate) mod method;
mod path_prices;
pub(crate) mod progress_view;
mod report_data;
pub(crate) mod run;
pub(crate) mod run_file;
mod strain_rules;
pub(crate) mod summary;
pub(crate) mod tables;
mod telemetry_limits;
mod usage;
mod verdict;
pub(crate) mod weights_file;
