//! Verbs and flags. What they mean to others is in `docs/cli.md`: they change only with a line in the changelog.

mod amount;
mod bench;
mod bench_admission;
mod bench_compare;
mod bench_leases;
mod datasets;
mod duration_text;
mod exit_codes;
mod instant_text;
mod journal;
mod lease;
mod market;
mod plan;
mod serve;
mod solve;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use exit_codes::EXIT_CODES;
use plan::{CHECK_EXAMPLES, EXPLAIN_EXAMPLES, PLAN_EXAMPLES};

pub use bench::{BenchArgs, BenchPlanArgs, BenchVerb};
pub use bench_admission::BenchAdmissionArgs;
pub use bench_compare::{
    BenchCatsArgs, BenchCompareArgs, BenchGapArgs, BenchOpenbArgs, BenchRebalanceArgs, BenchVbpArgs,
};
pub use bench_leases::{
    BenchLeasesArgs, BenchLeasesKillArgs, BenchLeasesLiveArgs, BenchLeasesLoadArgs, BenchLeasesOverloadArgs,
    BenchLeasesSimulateArgs, BenchLeasesVerb,
};
pub use datasets::{
    AdvanceArgs, CarbonArgs, DatasetsArgs, DatasetsVerb, FamilyFlag, GenerateArgs, GpuServersArgs, ImportArgs,
    ImportSource, OpenbArgs, OpendcArgs,
};
pub use journal::{JournalArgs, JournalBackupArgs, JournalRestoreArgs, JournalVerb, JournalVerifyArgs};
pub use lease::{
    ClassFlag, LeaseArgs, LeaseConfirmArgs, LeaseDrainArgs, LeaseExplainArgs, LeaseListArgs, LeaseNameArgs,
    LeaseQuoteArgs, LeaseReleaseArgs, LeaseRenewArgs, LeaseRequestArgs, LeaseRevokeArgs, LeaseTelemetryArgs, LeaseVerb,
    LeaseWatchArgs, ServerArgs, SpecArgs, StateFlag,
};
pub use market::{
    MarketArgs, MarketBookArgs, MarketCheckArgs, MarketClearArgs, MarketLintArgs, MarketPricesArgs, MarketQuoteArgs,
    MarketVerb, MarketWhyArgs,
};
pub use plan::{CheckArgs, ExplainArgs, PlanArgs};
pub use serve::ServeArgs;
pub use solve::{
    DoubleRuleFlag, GapMethodFlag, OpenbMethodFlag, PaymentRuleFlag, RoadefMethodFlag, SolveArgs, SolveAssignmentArgs,
    SolveCatsArgs, SolveCommonArgs, SolveDoubleArgs, SolveFamily, SolveGapArgs, SolveLimitArgs, SolveOpenbArgs,
    SolveRoadefArgs, SolveVbpArgs, VbpMethodFlag,
};

const EXAMPLES: &str = "\
Examples:
  lessor datasets generate --tiles 1000 --seed 1 --out fleet
  lessor plan --fleet fleet --deadline 30s --out plan
  lessor check plan
  lessor explain plan JOB
  lessor bench plan --tiles 1000,10000,100000 --out curves";

/// Plans the work of a fleet: where it goes, what did not fit and why, what is scarce, and a proof of how good the plan is.
#[derive(Debug, Parser)]
#[command(name = "lessor", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Places jobs on a fleet and writes a plan with its certificate and its report.
    #[command(after_help = format!("{PLAN_EXAMPLES}\n\n{EXIT_CODES}"))]
    Plan(PlanArgs),
    /// Checks a plan and its certificate again, from the files, in exact integers.
    #[command(after_help = format!("{CHECK_EXAMPLES}\n\n{EXIT_CODES}"))]
    Check(CheckArgs),
    /// Says why a job, or part of it, was left out, and what would cure it.
    #[command(after_help = format!("{EXPLAIN_EXAMPLES}\n\n{EXIT_CODES}"))]
    Explain(ExplainArgs),
    /// Makes fleet directories: generated, or imported from public traces.
    Datasets(DatasetsArgs),
    /// Leases the resources of a fleet to services, over gRPC.
    Serve(ServeArgs),
    /// Asks a server for leases, and renews, watches and ends them.
    Lease(LeaseArgs),
    /// Works with markets: their rules, their rounds, their prices.
    Market(MarketArgs),
    /// Solves one instance of a public benchmark family.
    Solve(SolveArgs),
    /// Measures the program: how time, memory and gap grow with the fleet, and how it compares with others.
    Bench(BenchArgs),
    /// Copies, restores and checks the journal of a server.
    Journal(JournalArgs),
    /// Prints a completion script for a shell.
    Completions(CompletionsArgs),
}

/// Flags of `lessor completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn verbs_and_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn deadline_and_work_exclude_each_other() {
        let parsed =
            Cli::try_parse_from(["lessor", "plan", "--fleet", "f", "--out", "o", "--deadline", "1s", "--work", "5"]);
        assert_eq!(parsed.unwrap_err().kind(), clap::error::ErrorKind::ArgumentConflict);
    }
}
