//! Verbs and flags of `lessor market`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use lessor_models::time::Timestamp;

use super::exit_codes::EXIT_CODES;
use super::{duration_text, instant_text};
use crate::client::ServerUrl;

const LINT_EXAMPLES: &str = "\
Examples:
  lessor market lint policy.toml
  lessor market lint --schema > policy.schema.json";

const BOOK_EXAMPLES: &str = "\
Example:
  lessor market book --supply fleet --policy policy.toml --bids 60 --seed 1 --out bids.parquet";

const CLEAR_EXAMPLES: &str = "\
Examples:
  lessor market clear --book bids.parquet --supply fleet --policy policy.toml --out round
      who wins, what they pay, prices, the entries of the ledger, a certificate, and report.html
  lessor market clear --book bids.parquet --server http://127.0.0.1:7070 --out round
      the same tables, cleared by `lessor serve` on its fleet and by its policy";

const CHECK_EXAMPLES: &str = "\
Examples:
  lessor market check round
      the inputs are where they were when the round was cleared
  lessor market check round --book bids.parquet --supply fleet --policy policy.toml --seconds 60
      the inputs of an auditor, and a minute for each program";

const AFTER_EXAMPLES: &str = "\
Examples:
  lessor market prices round
  lessor market why round bid-7
  lessor market quote round zone:link-002:bandwidth --quantity 1000000000 --term 1h";

/// Verbs of `lessor market`.
#[derive(Debug, Args)]
pub struct MarketArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: MarketVerb,
}

/// The verbs of `lessor market`.
#[derive(Debug, Subcommand)]
pub enum MarketVerb {
    /// Checks a policy: exit code 0 where it can be used, 1 where it cannot; the message names line and field.
    #[command(after_help = format!("{LINT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Lint(MarketLintArgs),
    /// Draws a book of bids from a seed, on the accounts that a policy lets trade.
    #[command(after_help = format!("{BOOK_EXAMPLES}\n\n{EXIT_CODES}"))]
    Book(MarketBookArgs),
    /// Clears a round: who wins, what they pay, prices, settlement, a certificate and a report.
    #[command(after_help = format!("{CLEAR_EXAMPLES}\n\n{EXIT_CODES}"))]
    Clear(Box<MarketClearArgs>),
    /// Checks a round that was written against its book, supply and policy: exit code 1 where a rule is broken.
    #[command(after_help = format!("{CHECK_EXAMPLES}\n\n{EXIT_CODES}"))]
    Check(Box<MarketCheckArgs>),
    /// Says what a quantity of an account costs at the prices of a round.
    #[command(after_help = format!("{AFTER_EXAMPLES}\n\n{EXIT_CODES}"))]
    Quote(MarketQuoteArgs),
    /// Says what accounts cost, dearest first, and who competes for them.
    #[command(after_help = format!("{AFTER_EXAMPLES}\n\n{EXIT_CODES}"))]
    Prices(MarketPricesArgs),
    /// Says why a bid won nothing: the cheapest that would have won, and against whom.
    #[command(after_help = format!("{AFTER_EXAMPLES}\n\n{EXIT_CODES}"))]
    Why(MarketWhyArgs),
}

/// Flags of `lessor market lint`.
#[derive(Debug, Args)]
pub struct MarketLintArgs {
    /// The policy, TOML.
    #[arg(value_name = "FILE", required_unless_present = "schema", conflicts_with = "schema")]
    pub policy: Option<PathBuf>,
    /// Prints the JSON Schema of a policy, and nothing else.
    #[arg(long, conflicts_with = "json")]
    pub schema: bool,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor market book`.
#[derive(Debug, Args)]
pub struct MarketBookArgs {
    /// The fleet directory whose accounts are bid for.
    #[arg(long, value_name = "DIR")]
    pub supply: PathBuf,
    /// The policy, TOML.
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// Number of bids, 1 to 1,000,000; two share a bidder and an XOR group.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub bids: u32,
    /// Of 100 bids that name a node, about how many are for any node of its level below one above it in its place.
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub anywhere: u8,
    /// When the round takes place, as 2026-12-01T08:00:00Z: terms begin then or up to five hours later; without it, the earliest
    /// start of the fleet's jobs.
    #[arg(long, value_name = "INSTANT", value_parser = instant_text::parse)]
    pub at: Option<Timestamp>,
    /// The one number that reproduces the book.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Where the book goes; a file there is replaced.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Flags of `lessor market clear`.
#[derive(Debug, Args)]
pub struct MarketClearArgs {
    /// The book, a table of bids.
    #[arg(long, value_name = "FILE")]
    pub book: PathBuf,
    /// The fleet directory whose accounts are let; with --server those of the server's fleet are.
    #[arg(long, value_name = "DIR", required_unless_present = "server", conflicts_with = "server")]
    pub supply: Option<PathBuf>,
    /// The policy, TOML; with --server, that of the server where left out.
    #[arg(long, value_name = "FILE", required_unless_present = "server")]
    pub policy: Option<PathBuf>,
    /// A server that clears the round on its fleet: http://127.0.0.1:7070, or https://HOST:PORT.
    #[arg(long, value_name = "URL", value_parser = ServerUrl::parse)]
    pub server: Option<ServerUrl>,
    /// Trusts the certificates of this PEM file, such as the server's tls/certificate.pem.
    #[arg(long, value_name = "FILE", requires = "server")]
    pub certificate: Option<PathBuf>,
    /// What sellers offer, a table of offers; the formats double-auction and unit-demand let nothing else.
    #[arg(long, value_name = "FILE")]
    pub offers: Option<PathBuf>,
    /// The directory of the plan that runs: what it holds is not let, and its dual prices seed reserve prices.
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    pub plan: Option<PathBuf>,
    /// What parties have, a table of balances; without it each bidder is issued what it may owe.
    #[arg(long, value_name = "FILE")]
    pub balances: Option<PathBuf>,
    /// Posted prices as the round before left them, a table posted; without it each account begins at its reserve price.
    #[arg(long, value_name = "FILE")]
    pub posted: Option<PathBuf>,
    /// When the round takes place, as 2026-12-01T08:00:00Z; without it, at the earliest start of a bid that enters its market.
    #[arg(long, value_name = "INSTANT", value_parser = instant_text::parse)]
    pub at: Option<Timestamp>,
    /// Leases that were revoked, a table of revocations: refunds and compensation are settled with the round.
    #[arg(long, value_name = "FILE")]
    pub revoked: Option<PathBuf>,
    /// The outcome is there by then, counted from the start of the process.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse_deadline, default_value = "30s")]
    pub deadline: Duration,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the outcome goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Flags of `lessor market check`.
#[derive(Debug, Args)]
pub struct MarketCheckArgs {
    /// The directory of a round.
    #[arg(value_name = "DIR")]
    pub market: PathBuf,
    /// The book; where left out, the file that the round was cleared from, as are those below.
    #[arg(long, value_name = "FILE")]
    pub book: Option<PathBuf>,
    /// The fleet directory whose accounts are let.
    #[arg(long, value_name = "DIR")]
    pub supply: Option<PathBuf>,
    /// The policy, TOML.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// What sellers offer.
    #[arg(long, value_name = "FILE")]
    pub offers: Option<PathBuf>,
    /// The directory of the plan that ran.
    #[arg(long, value_name = "DIR")]
    pub plan: Option<PathBuf>,
    /// What parties had before.
    #[arg(long, value_name = "FILE")]
    pub balances: Option<PathBuf>,
    /// Posted prices as the round before left them.
    #[arg(long, value_name = "FILE")]
    pub posted: Option<PathBuf>,
    /// Leases that were revoked.
    #[arg(long, value_name = "FILE")]
    pub revoked: Option<PathBuf>,
    /// How long HiGHS may look for something better than what is certified, and again for a coalition that blocks.
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    pub seconds: f64,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor market quote`.
#[derive(Debug, Args)]
pub struct MarketQuoteArgs {
    /// The directory of a round.
    #[arg(value_name = "DIR")]
    pub market: PathBuf,
    /// The account, as node:NAME:KIND or zone:NAME:KIND.
    #[arg(value_name = "ACCOUNT")]
    pub account: String,
    /// How much, in base units of the kind.
    #[arg(long, value_name = "N")]
    pub quantity: u64,
    /// For how long, from the start of the round.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse)]
    pub term: Duration,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor market prices`.
#[derive(Debug, Args)]
pub struct MarketPricesArgs {
    /// The directory of a round.
    #[arg(value_name = "DIR")]
    pub market: PathBuf,
    /// Prints one JSON list on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor market why`.
#[derive(Debug, Args)]
pub struct MarketWhyArgs {
    /// The directory of a round.
    #[arg(value_name = "DIR")]
    pub market: PathBuf,
    /// The name of a bid, or of an offer.
    #[arg(value_name = "BID")]
    pub bid: String,
    /// The answer is there by then, counted from the start of the process.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse_deadline, default_value = "60s")]
    pub deadline: Duration,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}
