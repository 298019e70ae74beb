//! `lessor market clear`: one round, from files to files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lessor_datasets::table::{
    AWARDS, BALANCES, ENTRIES, POSTED, PRICES, SALES, write_awards, write_balances, write_entries, write_posted,
    write_round_prices, write_sales,
};
use lessor_models::words::{counted, credits};
use lessor_solver::support::stop::Stop;
use serde::Serialize;

use super::cleared::{self, Cleared, TENTHS, cleared};
use super::error::MarketError;
use super::page::{self, Shown};
use super::progress_lines::ProgressLines;
use super::record::{Certificate, Figures, RECORD, Record, RoundPaths};
use super::remote;
use super::round::Round;
use crate::cli::MarketClearArgs;
use crate::command_error::CommandError;
use crate::console::{say, warn};
use crate::ending::Ending;
use crate::output_directory::{OutputPlace, Replace, StagedDirectory};
use crate::process::clock::ProcessClock;
use crate::process::deadline::{self, with_alarms};
use crate::process::interrupt;

/// The page of a market directory.
const REPORT: &str = "report.html";

/// What a round may take however soon its deadline is: a small one is cleared by then, and says how far it came.
const LEAST: Duration = Duration::from_secs(2);

/// The object that `lessor market clear --json` prints.
#[derive(Debug, Serialize)]
struct ClearSummary<'a> {
    #[serde(flatten)]
    figures: &'a Figures,
    certificate: &'a Certificate,
    seconds: f64,
    out: &'a Path,
}

/// Carries out `lessor market clear`.
pub(super) fn run(args: &MarketClearArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    if let Some(server) = &args.server {
        return remote::run(args, server, clock);
    }
    let needed = |path: &Option<PathBuf>| path.clone().expect("a round without a server has a supply and a policy");
    let paths = RoundPaths {
        book: args.book.clone(),
        supply: needed(&args.supply),
        policy: needed(&args.policy),
        offers: args.offers.clone(),
        plan: args.plan.clone(),
        balances: args.balances.clone(),
        posted: args.posted.clone(),
        revoked: args.revoked.clone(),
        at_us: args.at.map(|at| at.0),
    };
    let paths = paths.absolute();
    let place = OutputPlace::claim(&args.out, Replace::from_force(args.force), &paths.all())?;
    let (round, cleared) = in_time(args, &paths, *clock)?;
    let staged = place.stage()?;
    write(&round, &cleared, &paths, &staged)?;
    staged.publish()?;
    let entries = cleared.entries.len();
    Ok(tell(args, (&cleared.figures, &cleared.certificate, entries), clock))
}

/// Reads and clears a round so that what comes of it is written by the deadline; refuses one that is not done by then, nor
/// within [`LEAST`].
///
/// Writing takes about as long as reading did. Of the rest seven tenths are for the round, and two for what the certificate
/// samples.
fn in_time(args: &MarketClearArgs, paths: &RoundPaths, clock: ProcessClock) -> Result<(Round, Cleared), CommandError> {
    let late = |doing| MarketError::Late { book: args.book.clone(), doing };
    let reading = paths.clone();
    let until = |end: Duration| clock.instant_after(end.max(LEAST));
    let read = deadline::by(until(args.deadline * 3 / 4), move || Round::read(&reading));
    let round = read.ok_or_else(|| late("read"))??;
    let left = args.deadline.saturating_sub(clock.elapsed().min(args.deadline / 4));
    let mut lines = (!args.json).then(|| ProgressLines::new(clock, &round.policy));
    let clearing = move || {
        let mut tell = |progress| lines.iter_mut().for_each(|lines| lines.show(progress));
        let (solving, probing) = (Stop::new(), Stop::new());
        let at = |tenths: u32| clock.instant_after(left * tenths / 10);
        let alarms = TENTHS.map(at).into_iter().zip([&solving, &probing]);
        let alarms: Vec<_> = alarms.filter_map(|(at, stop)| Some((at?, stop))).collect();
        let work = || with_alarms(&alarms, || cleared(&round, &solving, &probing, &mut tell));
        let cleared = interrupt::heed(&[&solving, &probing], work);
        (round, cleared)
    };
    let (round, cleared) = deadline::by(until(left), clearing).ok_or_else(|| late("cleared"))?;
    Ok((round, cleared?))
}

fn write(
    round: &Round,
    cleared: &Cleared,
    paths: &RoundPaths,
    staged: &StagedDirectory<'_>,
) -> Result<(), CommandError> {
    let into = staged.path();
    let awards = cleared::awards(round, cleared);
    write_awards(&into.join(AWARDS.file_name()), &awards)?;
    if !round.offers.is_empty() {
        write_sales(&into.join(SALES.file_name()), &cleared::sales(round, cleared))?;
    }
    write_balances(&into.join(BALANCES.file_name()), &cleared.balances)?;
    write_entries(&into.join(ENTRIES.file_name()), &cleared::entries(round, cleared))?;
    write_round_prices(&into.join(PRICES.file_name()), &round.fleet, &cleared::prices(round, cleared))?;
    if let Some(posted) = cleared::posted(round, cleared) {
        write_posted(&into.join(POSTED.file_name()), &round.fleet, &posted)?;
    }
    let record = Record {
        format: 1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs: paths.clone(),
        files: round.files.clone(),
        figures: cleared.figures.clone(),
        classes: cleared.classes.clone(),
        certificate: cleared.certificate.clone(),
    };
    let text = serde_json::to_string_pretty(&record).expect("a record is JSON");
    staged.write(RECORD, &(text + "\n"))?;
    let shown = Shown {
        round,
        outcome: &cleared.outcome,
        prices: &cleared.prices,
        figures: &cleared.figures,
        certificate: &cleared.certificate,
        awards: &awards,
    };
    staged.write(REPORT, &page::html(&shown))?;
    Ok(())
}

/// Says what came out, of how many entries of the ledger; how the command ends.
pub(super) fn tell(
    args: &MarketClearArgs,
    (figures, certificate, entries): (&Figures, &Certificate, usize),
    clock: &ProcessClock,
) -> Ending {
    let ending = if figures.unsettled.is_empty() { Ending::Done } else { Ending::Failed };
    figures.swinging.iter().for_each(|found| warn(&found.words()));
    if args.json {
        let summary = ClearSummary { figures, certificate, seconds: clock.seconds(), out: &args.out };
        say(&serde_json::to_string(&summary).expect("a summary is JSON"));
        return ending;
    }
    let money = |amount: u128| credits(u64::try_from(amount).unwrap_or(u64::MAX));
    let bidders = counted(figures.bidders, "bidder", "bidders");
    say(&format!("bids      {} of {bidders}; {} won", figures.bids, figures.winners));
    if figures.offers > 0 {
        say(&format!("offers    {}; {} sold", figures.offers, figures.sales));
    }
    say(&format!("value     {} credits, of which {} are paid", money(figures.value), money(figures.revenue)));
    let proof = certificate.gap.map_or("not settled".to_owned(), |gap| format!("gap {:.4} %", gap * 100.0));
    say(&format!("surplus   {} credits; {proof}", money(figures.surplus)));
    let entries = counted(entries, "entry", "entries");
    say(&format!("ledger    {entries}, which add up to zero; the operator has {} credits", credits(figures.operator)));
    figures.unsettled.iter().for_each(|reason| say(&format!("unsettled {reason}")));
    match args.server {
        None => say(&format!("report    {}", args.out.join(REPORT).display())),
        Some(_) => say(&format!("written   {}", args.out.display())),
    }
    ending
}
