//! Flags of `lessor bench admission`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use lessor_engine::admission::PolicyName;

pub(super) const BENCH_ADMISSION_EXAMPLES: &str = "\
Examples:
  lessor bench admission default_42.csv --nodes openb_node_list_gpu_node.csv --policy lessor --out placements.csv
      one policy on one sequence: a row for each pod that was admitted
  lessor bench admission default_42.csv gpushare40_42.csv --nodes openb_node_list_gpu_node.csv --out admission
      every policy on every sequence, and the front between room and power";

/// Flags of `lessor bench admission`.
#[derive(Debug, Args)]
pub struct BenchAdmissionArgs {
    /// Arrival sequences, as CSV.
    #[arg(value_name = "SEQUENCE", required = true)]
    pub sequences: Vec<PathBuf>,
    /// The node list, as CSV.
    #[arg(long, value_name = "FILE")]
    pub nodes: PathBuf,
    /// The policy that decides, on one sequence [default: every policy in turn, on every sequence].
    #[arg(long, value_name = "NAME", value_parser = policy_names())]
    pub policy: Option<PolicyName>,
    /// Seed of the policy that decides by chance.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Replaces an existing output directory; a file is replaced in any case.
    #[arg(long)]
    pub force: bool,
    /// Where the answer goes with a policy, as a file, and the comparison without one, as a directory.
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
}

/// Reads the name of a policy.
pub(super) fn policy_names() -> impl TypedValueParser<Value = PolicyName> {
    PossibleValuesParser::new(PolicyName::ALL.map(PolicyName::name)).map(|name| {
        let found = PolicyName::ALL.into_iter().find(|policy| policy.name() == name);
        found.expect("only names of policies are let through")
    })
}
