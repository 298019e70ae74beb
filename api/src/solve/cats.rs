//! `lessor solve cats`: a combinatorial auction.

use std::collections::BTreeMap;

use lessor_datasets::families::{self, ReadAuction};
use lessor_market::book::Book;
use lessor_market::clear::clear;
use lessor_market::clear::outcome::{EXACT_UNITS, Outcome, Payment};
use lessor_market::clear::rules::Rules;
use lessor_market::policy::PaymentRule;
use lessor_models::families::auction;
use serde::Serialize;

use crate::cli::{PaymentRuleFlag, SolveCatsArgs};
use crate::command_error::CommandError;
use crate::console::{print_json, say, warn};
use crate::ending::Ending;
use crate::process::clock::ProcessClock;
use crate::process::machine::peak_memory_bytes;

use super::answer_file;
use super::error::SolveError;
use super::file_amount::FileAmount;
use super::incumbents::Incumbents;
use super::limits::{in_time, pool};

/// The answer, as it is written.
#[derive(Debug, Serialize)]
struct Cleared {
    /// Winning bids, by their numbers in the file.
    winners: Vec<u64>,
    value: FileAmount,
    bound: FileAmount,
    /// What the rule says, by bidder; nothing where it is not settled.
    payments: BTreeMap<u32, f64>,
    /// The same, rounded up to whole numbers, or to the last decimal that counts.
    settled: BTreeMap<u32, FileAmount>,
}

/// The object that `--json` prints.
#[derive(Debug, Serialize)]
struct SolvedCats {
    value: FileAmount,
    bound: FileAmount,
    gap: f64,
    winners: usize,
    /// Why there are no payments, where there are none.
    unsettled: Option<String>,
    revenue: Option<f64>,
    /// How long clearing took, without reading and writing.
    clearing_seconds: f64,
    seconds: f64,
    peak_memory_bytes: u64,
    seed: u64,
    threads: usize,
}

/// Carries out `lessor solve cats`.
pub(super) fn run(args: &SolveCatsArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let common = &args.common;
    let read = families::auction(&args.instance).map_err(SolveError::from)?;
    let ReadAuction { instance, units } = &read;
    let (book, supply) = Book::of_auction(instance);
    let rules = Rules { payments: rule(args.payments), seed: common.limits.seed };
    let (threads, pool) = pool(&common.limits)?;
    let mut incumbents = Incumbents::open(common, clock)?.in_units(*units);
    let begun = clock.seconds();
    let outcome = in_time(&common.limits, clock, |stop| {
        let mut report = |value, bound| incumbents.raised(value, bound);
        pool.install(|| clear(&book, &supply, &rules, stop, &mut report))
    })?;
    let outcome = outcome.expect("the goods of an auction are offered");
    let clearing_seconds = clock.seconds() - begun;
    let cleared = cleared(&read, &outcome);
    answer_file::write(&common.out, &(serde_json::to_string(&cleared).expect("keys are numbers") + "\n"))?;
    incumbents.ended(Some(outcome.surplus), Some(outcome.bound));
    let gap = (outcome.bound - outcome.surplus) as f64 / outcome.surplus.max(1) as f64;
    let solved = SolvedCats {
        value: FileAmount::new(outcome.surplus, *units),
        bound: FileAmount::new(outcome.bound, *units),
        gap,
        winners: outcome.winners.len(),
        unsettled: outcome.settlement.as_ref().err().map(ToString::to_string),
        revenue: outcome.settlement.as_ref().ok().map(|payments| revenue(payments, *units)),
        clearing_seconds,
        seconds: clock.seconds(),
        peak_memory_bytes: peak_memory_bytes(),
        seed: common.limits.seed,
        threads,
    };
    tell(&solved, args);
    Ok(if outcome.settlement.is_ok() { Ending::Done } else { Ending::Failed })
}

fn tell(solved: &SolvedCats, args: &SolveCatsArgs) {
    if let Some(why) = &solved.unsettled {
        warn(&format!("no payments: {why}"));
    }
    if args.common.json {
        return print_json(solved);
    }
    say(&format!("value     {}", solved.value));
    say(&format!("bound     {}", solved.bound));
    say(&format!("gap       {:.4} %", solved.gap * 100.0));
    say(&format!("winners   {}", solved.winners));
    if let Some(revenue) = solved.revenue {
        say(&format!("revenue   {revenue:.4}"));
    }
    say(&format!("seconds   {:.3}, of which clearing {:.3}", solved.seconds, solved.clearing_seconds));
    say(&format!("answer    {}", args.common.out.display()));
}

/// The answer, once it was looked at by code that shares nothing with what made it.
fn cleared(ReadAuction { instance, units }: &ReadAuction, outcome: &Outcome) -> Cleared {
    let amount = |amount: u128| FileAmount::new(amount, *units);
    let winners: Vec<u64> = outcome.winners.iter().map(|&at| instance.bids()[at].id).collect();
    let payments = outcome.settlement.as_deref().unwrap_or_default();
    let settled: Vec<(u32, u128)> =
        payments.iter().map(|payment| (payment.bidder.0, u128::from(payment.settled))).collect();
    let checked = auction::check(instance, &winners);
    assert_eq!(checked, Ok(outcome.surplus), "the winners are feasible and worth what is said");
    let revenue = auction::check_payments(instance, &winners, &settled);
    assert!(revenue.is_ok(), "nobody pays more than they bid: {revenue:?}");
    Cleared {
        winners,
        value: amount(outcome.surplus),
        bound: amount(outcome.bound),
        payments: payments.iter().map(|payment| (payment.bidder.0, exact(payment, *units))).collect(),
        settled: settled.into_iter().map(|(bidder, paid)| (bidder, amount(paid))).collect(),
    }
}

/// All payments together. A sum of floats begins at -0, which nobody means who says that nothing is paid.
fn revenue(payments: &[Payment], units: u64) -> f64 {
    payments.iter().map(|payment| exact(payment, units)).fold(0.0, |sum, paid| sum + paid)
}

/// An exact payment as a decimal number, in units of the file. Whole units apart from the rest: together they may be more than
/// a float tells apart.
fn exact(payment: &Payment, units: u64) -> f64 {
    let one = EXACT_UNITS * u128::from(units);
    (payment.exact / one) as f64 + (payment.exact % one) as f64 / one as f64
}

fn rule(flag: PaymentRuleFlag) -> PaymentRule {
    match flag {
        PaymentRuleFlag::PayAsBid => PaymentRule::PayAsBid,
        PaymentRuleFlag::Uniform => PaymentRule::Uniform,
        PaymentRuleFlag::Vcg => PaymentRule::Vcg,
        PaymentRuleFlag::Core => PaymentRule::Core,
        PaymentRuleFlag::NearestCore => PaymentRule::NearestCore,
    }
}
