//! The `lessor` program: parses its arguments, runs one command, and says how it ended by its exit code.

use std::process::ExitCode;

use clap::Parser;
use lessor_api::cli::Cli;
use lessor_api::{Ending, ProcessClock, chain};

fn main() -> ExitCode {
    let clock = ProcessClock::start();
    // The hook only words the message: whether the process ends is for whoever catches the panic, or nobody, to say.
    std::panic::set_hook(Box::new(|panic| {
        eprintln!("internal error: {panic}");
        eprintln!("this is a defect of lessor; please report it with the command line that led to it");
    }));
    match lessor_api::run(Cli::parse(), &clock) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Failed) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {}", chain(&error));
            ExitCode::from(error.exit_code())
        }
    }
}
