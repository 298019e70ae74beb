//! `lessor market why`: the cheapest bid that would have won, or the dearest ask that would have sold, and against whom.

use lessor_datasets::table::{AWARDS, SALES, read_awards, read_sales};
use lessor_market::session::why::why;
use lessor_market::session::why_offer::{WhyOffer, why_offer};
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

/// The object that `lessor market why --json` prints of a bid.
#[derive(Debug, Serialize)]
struct WhySummary<'a> {
    bid: &'a str,
    amount: u64,
    won: bool,
    reason: Option<&'a str>,
    cheapest: Option<i64>,
    /// Where it won, or would have at the cheapest, where it is for any node of a class.
    node: Option<&'a str>,
    against: Vec<&'a str>,
}

/// The object that it prints of an offer.
#[derive(Debug, Serialize)]
struct OfferSummary<'a> {
    offer: &'a str,
    ask: u64,
    sold: bool,
    reason: Option<&'a str>,
    dearest: Option<i64>,
    against: Vec<&'a str>,
}

/// Carries out `lessor market why`.
pub(super) fn run(args: &MarketWhyArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let record = Record::read(&args.market)?;
    let round = Round::again(&record)?;
    let stop = Stop::new();
    let alarms: Vec<_> = clock.instant_after(args.deadline).into_iter().map(|at| (at, &stop)).collect();
    // Of a round that was not settled whole, what would have won nobody can know, for who would have won without it is not known.
    let is_settled = record.figures.unsettled.is_empty();
    if let Some(bid) = round.find(&args.bid) {
        let found = if is_settled {
            with_alarms(&alarms, || why(&round.session(), bid, &stop)).map_err(MarketError::from)?
        } else {
            None
        };
        let Some(found) = found else { return as_written(args, round.rows[bid].amount) };
        let summary = WhySummary {
            bid: &args.bid,
            amount: round.rows[bid].amount,
            won: false,
            reason: Some(found.lost.name()),
            cheapest: found.cheapest.map(|cheapest| cheapest.0),
            node: found.node.map(|node| round.fleet.name(node)),
            against: found.against.iter().map(|&at| round.rows[at].name.as_str()).collect(),
        };
        print(args, &summary);
        return Ok(Ending::Done);
    }
    let unknown = || MarketError::UnknownBid { name: args.bid.clone(), book: record.inputs.book.clone() };
    let offer = round.offer_rows.iter().position(|offer| offer.name == args.bid).ok_or_else(unknown)?;
    let found = if is_settled {
        with_alarms(&alarms, || why_offer(&round.session(), offer, &stop)).map_err(MarketError::from)?
    } else {
        None
    };
    of_offer(args, &round, found.as_ref())
}

/// What came of a bid of an amount, as it was written.
fn as_written(args: &MarketWhyArgs, amount: u64) -> Result<Ending, CommandError> {
    let path = args.market.join(AWARDS.file_name());
    let awards = read_awards(&path)?;
    let award = awards.iter().find(|award| award.bid == args.bid).ok_or(MarketError::Changed { path })?;
    let (won, reason, node) = (award.payment.is_some(), award.reason.as_deref(), award.node.as_deref());
    print(args, &WhySummary { bid: &args.bid, amount, won, reason, cheapest: None, node, against: Vec::new() });
    Ok(Ending::Done)
}

/// What came of an offer, as it was written, with what was found.
fn of_offer(args: &MarketWhyArgs, round: &Round, found: Option<&WhyOffer>) -> Result<Ending, CommandError> {
    let path = args.market.join(SALES.file_name());
    let sales = read_sales(&path)?;
    let sale = sales.iter().find(|sale| sale.offer == args.bid).ok_or(MarketError::Changed { path })?;
    let against = found.iter().flat_map(|why| &why.against).map(|&at| round.offer_rows[at].name.as_str());
    let summary = OfferSummary {
        offer: &args.bid,
        ask: sale.ask,
        sold: sale.proceeds.is_some(),
        reason: sale.reason.as_deref(),
        dearest: found.and_then(|why| Some(why.dearest?.0)),
        against: against.collect(),
    };
    if args.json {
        say(&serde_json::to_string(&summary).expect("a summary is JSON"));
        return Ok(Ending::Done);
    }
    say(&format!("offer     {} at {} credits", summary.offer, credits(summary.ask)));
    match (summary.reason, summary.dearest) {
        (None, _) => say("result    sold"),
        (Some(reason), dearest) => {
            say(&format!("result    sold nothing: {reason}"));
            match dearest {
                Some(dearest) => say(&format!("dearest   at {} credits it would have sold", credits(dearest))),
                None => say("dearest   no ask is known to sell"),
            }
            tell_against(&summary.against);
        }
    }
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
    let at = summary.node.map_or_else(String::new, |node| format!(" at {node:?}"));
    let Some(reason) = summary.reason else { return say(&format!("result    won{at}")) };
    say(&format!("result    won nothing: {reason}"));
    match summary.cheapest {
        Some(cheapest) => say(&format!("cheapest  {} credits would have won{at}", credits(cheapest))),
        None => say("cheapest  no amount that a bidder may state is known to win"),
    }
    tell_against(&summary.against);
}

fn tell_against(names: &[&str]) {
    if !names.is_empty() {
        say(&format!("against   {}", names.join(", ")));
    }
}
