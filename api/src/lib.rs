//! The command line: flags and files in, files and one exit code out.
//!
//! This crate decides nothing about a plan. It is the only place that reads a clock: it turns a deadline into a flag that
//! the planner asks, reads inputs through `datasets`, lets planes lower limits, and writes nothing that `models::check`
//! has not looked at again. Output is written beside its place and renamed, so that it is whole or absent.

pub mod cli;
pub mod client;
pub mod journal;
pub mod proto;
pub mod report;
pub mod serve;
pub mod shell;
pub mod wire;

mod advance_command;
mod bench;
mod command_error;
mod console;
mod datasets_command;
mod draw;
mod ending;
mod front;
mod import_command;
mod journal_command;
mod lease_command;
mod market;
mod market_service;
mod output_directory;
mod plan;
mod process;
mod service;
mod simulation;
mod solve;
mod words;

use clap::CommandFactory;

use cli::{Cli, DatasetsVerb, Verb};
pub use command_error::CommandError;
pub use ending::{Ending, chain};
pub use process::clock::ProcessClock;

/// Carries out one command line.
///
/// # Errors
/// Bad input, bad usage, or a result that did not pass its check; nothing was written then.
pub fn run(cli: Cli, clock: &ProcessClock) -> Result<Ending, CommandError> {
    match cli.verb {
        Verb::Plan(args) => plan::command::run(&args, clock),
        Verb::Check(args) => plan::check::run(&args, clock),
        Verb::Explain(args) => plan::explain::run(&args),
        Verb::Datasets(args) => match args.verb {
            DatasetsVerb::Generate(args) => datasets_command::generate(&args),
            DatasetsVerb::Advance(args) => advance_command::run(&args),
            DatasetsVerb::Import(args) => import_command::run(&args.source),
        },
        Verb::Serve(args) => Ok(serve::run(&args)?),
        Verb::Lease(args) => Ok(lease_command::run(&args.verb)?),
        Verb::Market(args) => market::run(&args.verb, clock),
        Verb::Solve(args) => solve::run(&args.family, clock),
        Verb::Bench(args) => bench::run(&args.verb, clock),
        Verb::Journal(args) => journal_command::run(&args.verb),
        Verb::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "lessor", &mut script);
            console::say_all(&script);
            Ok(Ending::Done)
        }
    }
}
