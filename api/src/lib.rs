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

mod amount;
mod bench;
mod check_command;
mod command_error;
mod console;
mod datasets_command;
mod deadline;
mod draw;
mod duration_text;
mod explain_command;
mod front;
mod import_command;
mod inputs;
mod interrupt;
mod journal_command;
mod keep;
mod kind_name;
mod lease_command;
mod loaded_plan;
mod machine;
mod market;
mod memory;
mod output_directory;
mod plan_command;
mod plan_tables;
mod process_clock;
mod progress_view;
mod report_data;
mod run_file;
mod service;
mod simulation;
mod solve;
mod strain_rules;
mod summary;
mod telemetry_limits;
mod usage;
mod verdict;
mod weights_file;
mod words;

use clap::CommandFactory;

use cli::{Cli, DatasetsVerb, Verb};
pub use command_error::{CommandError, chain};
pub use process_clock::ProcessClock;

/// How a command ended, where it ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It did what it was asked: exit code 0.
    Done,
    /// A check failed, or nothing could be planned: exit code 1.
    Failed,
}

/// Carries out one command line.
///
/// # Errors
/// Bad input, bad usage, or a result that did not pass its check; nothing was written then.
pub fn run(cli: Cli, clock: &ProcessClock) -> Result<Ending, CommandError> {
    match cli.verb {
        Verb::Plan(args) => plan_command::run(&args, clock),
        Verb::Check(args) => check_command::run(&args, clock),
        Verb::Explain(args) => explain_command::run(&args),
        Verb::Datasets(args) => match args.verb {
            DatasetsVerb::Generate(args) => datasets_command::generate(&args),
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
