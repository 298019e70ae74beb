//! `lessor solve double`: a double auction of vectors.

use lessor_datasets::families::{self, DOUBLE_AUCTION_UNITS};
use lessor_market::double::{DoubleOutcome, clear_until, reduced};
use lessor_models::families::double_auction::{self, DoubleAuctionInstance};
use serde::Serialize;

use crate::cli::{DoubleRuleFlag, SolveDoubleArgs};
use crate::command_error::CommandError;
use crate::console::{print_json, say, warn};
use crate::ending::Ending;
use crate::process::clock::ProcessClock;
use crate::process::machine::peak_memory_bytes;

use super::answer_file;
use super::error::SolveError;
use super::limits::in_time;

/// The answer, as it is written. Money is in the units of the files.
#[derive(Debug, Serialize)]
struct Cleared {
    surplus: f64,
    trades: Vec<Traded>,
    /// What sellers get beyond what buyers pay.
    deficit: f64,
}

/// One trade.
#[derive(Debug, Serialize)]
struct Traded {
    bid: u64,
    ask: u64,
    pays: f64,
    gets: f64,
}

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
struct SolvedDouble {
    /// Nothing where the time was over before the trades were known.
    surplus: Option<f64>,
    trades: usize,
    pays: f64,
    gets: f64,
    deficit: f64,
    clearing_seconds: f64,
    seconds: f64,
    peak_memory_bytes: u64,
    seed: u64,
    threads: usize,
}

/// Carries out `lessor solve double`.
pub(super) fn run(args: &SolveDoubleArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let instance = families::double_auction(&args.bids, &args.asks).map_err(SolveError::from)?;
    let begun = clock.seconds();
    let outcome = in_time(&args.limits, clock, |stop| match args.rule {
        DoubleRuleFlag::Vcg => clear_until(&instance, stop),
        // One pass over sorted orders: over before any deadline that leaves time to read them.
        DoubleRuleFlag::TradeReduction => Some(reduced(&instance)),
    })?;
    let clearing_seconds = clock.seconds() - begun;
    let cleared = outcome.map(|outcome| cleared(&instance, &outcome));
    if let Some(cleared) = &cleared {
        answer_file::write(&args.out, &(serde_json::to_string(cleared).expect("keys are text") + "\n"))?;
    }
    let trades = cleared.as_ref().map_or(&[][..], |cleared| &cleared.trades);
    let solved = SolvedDouble {
        surplus: cleared.as_ref().map(|cleared| cleared.surplus),
        trades: trades.len(),
        pays: trades.iter().map(|trade| trade.pays).fold(0.0, |sum, paid| sum + paid),
        gets: trades.iter().map(|trade| trade.gets).fold(0.0, |sum, got| sum + got),
        deficit: cleared.as_ref().map_or(0.0, |cleared| cleared.deficit),
        clearing_seconds,
        seconds: clock.seconds(),
        peak_memory_bytes: peak_memory_bytes(),
        seed: args.limits.seed,
        threads: 1,
    };
    tell(&solved, args);
    Ok(if solved.surplus.is_some() { Ending::Done } else { Ending::Failed })
}

fn tell(solved: &SolvedDouble, args: &SolveDoubleArgs) {
    if solved.surplus.is_none() {
        warn("not cleared in time: payments need all trades, so there is no answer; give more --seconds");
    }
    if args.json {
        return print_json(solved);
    }
    let Some(surplus) = solved.surplus else { return };
    say(&format!("surplus   {surplus:.9}"));
    say(&format!("trades    {}", solved.trades));
    say(&format!("buyers    pay {:.6}", solved.pays));
    say(&format!("sellers   get {:.6}, deficit {:.6}", solved.gets, solved.deficit));
    say(&format!("seconds   {:.3}, of which clearing {:.4}", solved.seconds, solved.clearing_seconds));
    say(&format!("answer    {}", args.out.display()));
}

/// The answer, once it was looked at by code that shares nothing with what made it.
fn cleared(instance: &DoubleAuctionInstance, outcome: &DoubleOutcome) -> Cleared {
    let pairs: Vec<(usize, usize)> = outcome.trades.iter().map(|trade| (trade.bid, trade.ask)).collect();
    let surplus = double_auction::check(instance, &pairs).expect("trades are feasible");
    assert_eq!(u128::try_from(surplus), Ok(outcome.surplus), "trades are worth what is said");
    let traded = |trade: &lessor_market::double::Trade| Traded {
        bid: instance.bids()[trade.bid].id,
        ask: instance.asks()[trade.ask].id,
        pays: units(i128::from(trade.pays)),
        gets: units(i128::from(trade.gets)),
    };
    Cleared {
        surplus: units(surplus),
        trades: outcome.trades.iter().map(traded).collect(),
        deficit: units(outcome.deficit()),
    }
}

/// An amount in the units of the files.
fn units(amount: i128) -> f64 {
    amount as f64 / DOUBLE_AUCTION_UNITS as f64
}
