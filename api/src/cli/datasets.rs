//! Verbs and flags of `lessor datasets`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use lessor_models::time::Timestamp;

use super::exit_codes::EXIT_CODES;
use super::{duration_text, instant_text};

const GENERATE_EXAMPLES: &str = "\
Examples:
  lessor datasets generate --tiles 1000 --seed 1 --out fleet
      a day of mixed jobs that asks for about as much as there is
  lessor datasets generate --tiles 10000 --seed 1 --family small --load 1.3 --job-classes 500 --out fleet
      small jobs that ask for 1.3 times the scarcest kind
  lessor datasets generate --tiles 1000 --seed 1 --family sample --out fleet
      every feature: capacities over time, relations, telemetry, capsules that run already";

const IMPORT_EXAMPLES: &str = "\
Examples:
  lessor datasets import openb --nodes nodes.csv --pods pods.csv --arrived 100 --out fleet
  lessor datasets import opendc --tasks tasks.parquet --fragments fragments.parquet --fleet fleet --out day
  lessor datasets import gpu-servers --telemetry gpu_servers.parquet --out servers
  lessor datasets import carbon --series feed-a=2024_DE.parquet --earlier 735d --fleet day --out green-day";

const ADVANCE_EXAMPLES: &str = "\
Examples:
  lessor datasets advance --plan plan --at 2026-01-01T14:00:00Z --out fleet-14
      what ended by two is gone, what runs then has the rest of its term, what waits may start from then on
  lessor datasets advance --plan plan --at 2026-01-01T14:00:00Z --arrivals new-jobs.parquet --out fleet-14
      the same beside jobs that came meanwhile
  lessor plan --fleet fleet-14 --keep 10 --out next
      plans on from there, and moves little";

/// Verbs of `lessor datasets`.
#[derive(Debug, Args)]
pub struct DatasetsArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: DatasetsVerb,
}

/// The verbs of `lessor datasets`.
#[derive(Debug, Subcommand)]
pub enum DatasetsVerb {
    /// Makes a fleet with jobs from a seed: same flags, same bytes.
    #[command(after_help = format!("{GENERATE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Generate(GenerateArgs),
    /// Writes the fleet of a plan as it stands at an instant, to plan on from there.
    #[command(after_help = format!("{ADVANCE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Advance(AdvanceArgs),
    /// Turns a public trace into a fleet directory or a telemetry table.
    #[command(after_help = format!("{IMPORT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Import(ImportArgs),
}

/// What generated capsules are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum FamilyFlag {
    /// Every capsule asks for at most a tenth of a tile in each kind.
    Small,
    /// At most six tenths of a tile in each kind.
    Mixed,
    /// Fractions of devices and whole devices, as in public accelerator clusters.
    Devices,
    /// Mixed, with every feature: all the switches below, telemetry, and capsules that run already.
    Sample,
}

impl FamilyFlag {
    /// Every family, in the order of the help.
    pub(crate) const ALL: [FamilyFlag; 4] =
        [FamilyFlag::Small, FamilyFlag::Mixed, FamilyFlag::Devices, FamilyFlag::Sample];

    /// The word on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            FamilyFlag::Small => "small",
            FamilyFlag::Mixed => "mixed",
            FamilyFlag::Devices => "devices",
            FamilyFlag::Sample => "sample",
        }
    }
}

/// Flags of `lessor datasets generate`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub struct GenerateArgs {
    /// Number of tiles, 1 to 20,000,000.
    #[arg(long, value_name = "N")]
    pub tiles: u32,
    /// The one number that reproduces the fleet.
    #[arg(long, value_name = "S")]
    pub seed: u64,
    /// What capsules are like.
    #[arg(long, value_name = "FAMILY", value_enum, default_value_t = FamilyFlag::Mixed)]
    pub family: FamilyFlag,
    /// Demand for the scarcest kind against the fleet's capacity of it [default: 1.0; sample: 1.1].
    #[arg(long, value_name = "X")]
    pub load: Option<f64>,
    /// Number of job classes [default: 500; sample: 150].
    #[arg(long, value_name = "N")]
    pub job_classes: Option<u32>,
    /// Number of capsules [default: as many as the load needs].
    #[arg(long, value_name = "N")]
    pub capsules: Option<u32>,
    /// Every job is a class of its own.
    #[arg(long)]
    pub distinct: bool,
    /// Capacities change over the day, and jobs have starts, terms and deadlines of their own.
    #[arg(long)]
    pub steps: bool,
    /// Some jobs relate to others or to the place of their data.
    #[arg(long)]
    pub relations: bool,
    /// Moves cost by pair of clusters and, for some jobs, once; power feeds limit how many are under way.
    #[arg(long)]
    pub moves: bool,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Flags of `lessor datasets advance`.
#[derive(Debug, Args)]
pub struct AdvanceArgs {
    /// The plan, a directory that `lessor plan` wrote; its inputs must be as they were planned.
    #[arg(long, value_name = "DIR")]
    pub plan: PathBuf,
    /// The instant, as 2026-01-01T14:00:00Z.
    #[arg(long, value_name = "INSTANT", value_parser = instant_text::parse)]
    pub at: Timestamp,
    /// Jobs that came since, a table of jobs.
    #[arg(long, value_name = "FILE")]
    pub arrivals: Option<PathBuf>,
    /// One JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Sources of `lessor datasets import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What to import.
    #[command(subcommand)]
    pub source: ImportSource,
}

/// The public formats.
#[derive(Debug, Subcommand)]
pub enum ImportSource {
    /// The Alibaba GPU cluster trace of 2023: nodes and pods as CSV.
    Openb(OpenbArgs),
    /// A workload of OpenDC: tasks and fragments as Parquet, on a given fleet.
    Opendc(OpendcArgs),
    /// Hourly telemetry of GPU servers as Parquet.
    GpuServers(GpuServersArgs),
    /// Series of the carbon intensity of grids as Parquet, for places of a given fleet directory.
    Carbon(CarbonArgs),
}

/// Flags of `lessor datasets import carbon`.
#[derive(Debug, Args)]
pub struct CarbonArgs {
    /// A place, a zone or a node of the fleet, and the series of its grid; may be given several times.
    #[arg(long, value_name = "PLACE=FILE", required = true, value_parser = place_and_series)]
    pub series: Vec<(String, PathBuf)>,
    /// The fleet directory whose energy emits that; its jobs come with it.
    #[arg(long, value_name = "DIR")]
    pub fleet: PathBuf,
    /// Takes every instant of the series as so much earlier, to bring the series of one year to the jobs of another.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, conflicts_with = "later")]
    pub earlier: Option<Duration>,
    /// Takes every instant of the series as so much later.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse)]
    pub later: Option<Duration>,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

fn place_and_series(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((place, file)) if !place.is_empty() && !file.is_empty() => Ok((place.to_owned(), file.into())),
        _ => Err("write a zone or node, an equals sign and a file".to_owned()),
    }
}

/// Flags of `lessor datasets import openb`.
#[derive(Debug, Args)]
pub struct OpenbArgs {
    /// The node list.
    #[arg(long, value_name = "F")]
    pub nodes: PathBuf,
    /// The pod list, or an arrival sequence.
    #[arg(long, value_name = "F")]
    pub pods: PathBuf,
    /// Takes pods in order until N percent of the cluster's GPU milli has arrived [default: all pods].
    #[arg(long, value_name = "N")]
    pub arrived: Option<u32>,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Flags of `lessor datasets import opendc`.
#[derive(Debug, Args)]
pub struct OpendcArgs {
    /// The tasks.
    #[arg(long, value_name = "F")]
    pub tasks: PathBuf,
    /// Their use of CPU over time.
    #[arg(long, value_name = "F")]
    pub fragments: PathBuf,
    /// The fleet that they join.
    #[arg(long, value_name = "DIR")]
    pub fleet: PathBuf,
    /// A deadline is submission, plus duration, plus this.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, default_value = "24h")]
    pub slack: Duration,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Flags of `lessor datasets import gpu-servers`.
#[derive(Debug, Args)]
pub struct GpuServersArgs {
    /// The telemetry.
    #[arg(long, value_name = "F")]
    pub telemetry: PathBuf,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
