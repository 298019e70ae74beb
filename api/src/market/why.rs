//! `lessor market why`: the cheapest bid that would have won, and against whom.

use lessor_datasets::table::{AWARDS, read_awards};
use lessor_market::session::why::why;
use lessor_models::words::credits;
use lessor_solver::support::stop::Stop;
use serde::Serialize;

use super::error::MarketError;
use super::record::Record;
use super::round::Round;
use crate::cli::MarketWhyArgs;
use crate::command_error::CommandError;
use crate::console::say;
use crate::ending::Ending;
use crate::process::clock::ProcessClock;
use crate::process::deadline::with_alarms;

/// The object that `lessor market why --json` prints.
#[derive(Debug, Serialize)]
struct WhySummary<'a> {
    bid: &'a str,
    amount: u64,
    won: bool,
    reason: Option<&'a str>,
    cheapest: Option<i64>,
    against: Vec<&'a str>,
}

/// Carries out `lessor market why`.
pub(super) fn run(args: &MarketWhyArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let record = Record::read(&args.market)?;
    let round = Round::again(&record)?;
    let unknown = || MarketError::UnknownBid { name: args.bid.clone(), book: record.inputs.book.clone() };
    let bid = round.find(&args.bid).ok_or_else(unknown)?;
    if !record.figures.unsettled.is_empty() {
        return unsettled(args, &round, bid);
    }
    let stop = Stop::new();
    let alarms: Vec<_> = clock.instant_after(args.deadline).into_iter().map(|at| (at, &stop)).collect();
    let found = with_alarms(&alarms, || why(&round.session(), bid, &stop)).map_err(MarketError::from)?;
    let summary = WhySummary {
        bid: &args.bid,
        amount: round.rows[bid].amount,
        won: found.is_none(),
        reason: found.as_ref().map(|why| why.lost.name()),
        cheapest: found.as_ref().and_then(|why| Some(why.cheapest?.0)),
        against: found.iter().flat_map(|why| &why.against).map(|&at| round.rows[at].name.as_str()).collect(),
    };
    print(args, &summary);
    Ok(Ending::Done)
}

/// What came of a bid of a round that was not settled whole: as it was written. What would have won nobody can know, for who would
/// have won without it is not known.
fn unsettled(args: &MarketWhyArgs, round: &Round, bid: usize) -> Result<Ending, CommandError> {
    let awards = read_awards(&args.market.join(AWARDS.file_name()))?;
    let award = awards.iter().find(|award| award.bid == args.bid);
    let award = award.ok_or_else(|| MarketError::Changed { path: args.market.join(AWARDS.file_name()) })?;
    let amount = round.rows[bid].amount;
    let (won, reason) = (award.payment.is_some(), award.reason.as_deref());
    print(args, &WhySummary { bid: &args.bid, amount, won, reason, cheapest: None, against: Vec::new() });
    Ok(Ending::Done)
}

fn print(args: &MarketWhyArgs, summary: &WhySummary<'_>) {
    if args.json {
        say(&serde_json::to_string(summary).expect("a summary is JSON"));
    } else {
        tell(summary);
    }
}

fn tell(summary: &WhySummary<'_>) {
    say(&format!("bid       {} for {} credits", summary.bid, credits(summary.amount)));
    let Some(reason) = summary.reason else { return say("result    won") };
    say(&format!("result    won nothing: {reason}"));
    match summary.cheapest {
        Some(cheapest) => {
            say(&format!("cheapest  {} credits would have won", credits(cheapest)));
        }
        None => say("cheapest  no amount that a bidder may state is known to win"),
    }
    if !summary.against.is_empty() {
        say(&format!("against   {}", summary.against.join(", ")));
    }
}
