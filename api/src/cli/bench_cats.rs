//! Flags of `lessor bench cats`.

use std::path::PathBuf;

use clap::Args;

use super::{BenchCompareArgs, PaymentRuleFlag};

/// Shown below the flags.
pub(super) const BENCH_CATS_EXAMPLES: &str = "\
Example:
  lessor bench cats regions_small_s1.txt --payments pay-as-bid,vcg,core --seconds 20 --reference cats_optima.csv --out compared
      three payment rules on one auction: what their winners are worth, the bounds on it, what is paid, and what each takes";

/// Flags of `lessor bench cats`.
#[derive(Debug, Args)]
pub struct BenchCatsArgs {
    /// Instances, in the format of CATS.
    #[arg(value_name = "INSTANCE", required = true)]
    pub instances: Vec<PathBuf>,
    /// Payment rules of `lessor solve cats`, each a contender.
    #[arg(long, value_name = "RULE,..", value_delimiter = ',', value_enum, default_values_t = [PaymentRuleFlag::PayAsBid])]
    pub payments: Vec<PaymentRuleFlag>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: BenchCompareArgs,
}
