//! `lessor market`: rules of trade, rounds, and what things cost.
//!
//! `policy_file` reads the rules of a market, in the words of `policy_words`; `round` puts a round together from a book, a
//! supply, what parties have (`parties`, `purses`) and what a plan holds (`standing_plan`), and `contents` hashes what was told.
//! `cleared` is the round itself, and `swinging` what it says of posted prices that do not settle. `clear` takes it from files to
//! files, with `progress_lines` meanwhile, `page`, its report, and `record`, which finds it again; `remote` lets a server clear it.
//! `check` looks at what was written, and `lint`, `draw_book`, `quote`, `prices` and `why` are verbs of their own.

mod check;
mod clear;
pub(crate) mod cleared;
mod contents;
mod draw_book;
pub(crate) mod error;
mod lint;
mod page;
mod parties;
pub(crate) mod policy_file;
#[cfg(test)]
mod policy_tests;
mod policy_words;
mod prices;
mod progress_lines;
mod purses;
mod quote;
pub(crate) mod record;
mod remote;
pub(crate) mod round;
pub(crate) mod standing_plan;
mod swinging;
mod why;

use crate::cli::MarketVerb;
use crate::command_error::CommandError;
use crate::ending::Ending;
use crate::process::clock::ProcessClock;

/// Carries out a verb of `lessor market`.
pub(crate) fn run(verb: &MarketVerb, clock: &ProcessClock) -> Result<Ending, CommandError> {
    match verb {
        MarketVerb::Lint(args) => lint::run(args),
        MarketVerb::Book(args) => draw_book::run(args),
        MarketVerb::Clear(args) => clear::run(args, clock),
        MarketVerb::Check(args) => check::run(args, clock),
        MarketVerb::Quote(args) => quote::run(args),
        MarketVerb::Prices(args) => prices::run(args),
        MarketVerb::Why(args) => why::run(args, clock),
    }
}
