//! `lessor market check`: a round as it was written, looked at again from its book, its supply and its policy.
//!
//! `told` reads the tables of a market directory, `ledger` adds its entries up, and `figures` counts what `round.json` states. What
//! the rules of a round are is in [`lessor_market::session::check`], which shares nothing with what cleared it.

mod figures;
mod ledger;
mod told;

use std::collections::BTreeMap;

use lessor_market::policy::{Format, PaymentRule};
use lessor_market::session::Session;
use lessor_market::session::check::program::{ClassProgram, Verdict};
use lessor_market::session::check::{self, Residuals, Told, ToldGood};
use lessor_models::time::Timestamp;
use lessor_models::words::{counted, credits};
use lessor_solver::support::stop::Stop;
use serde::Serialize;

use super::error::MarketError;
use super::record::{ClassRecord, Record, RoundPaths};
use super::round::Round;
use crate::cli::MarketCheckArgs;
use crate::command_error::CommandError;
use crate::console::{print_json, say, warn};
use crate::ending::Ending;
use crate::process::clock::ProcessClock;
use crate::process::deadline::with_alarms;
use crate::process::interrupt;
use crate::solve::limits;
use told::Tables;

/// The object that `lessor market check --json` prints.
#[derive(Debug, Serialize)]
struct CheckSummary {
    ok: bool,
    undecided: usize,
    checks: Vec<Check>,
    seconds: f64,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Holds,
    Undecided,
    Broken,
}

/// One check.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    account_class: Option<String>,
    state: State,
    /// By how much, or how often, the rule is broken; of what is undecided nothing is known.
    residual: Option<u128>,
    /// What the residual counts.
    unit: &'static str,
    /// What there is to say of it.
    note: String,
}

/// Carries out `lessor market check`.
pub(super) fn run(args: &MarketCheckArgs, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let seconds = limits::time(args.seconds)?;
    let record = Record::read(&args.market)?;
    if record.classes.is_empty() && record.figures.winners > 0 {
        return Err(MarketError::NoClasses { path: args.market.clone() }.into());
    }
    let round = Round::read(&inputs(args, &record).absolute())?;
    let tables = Tables::read(&args.market, &round)?;
    let in_time = |solve: &dyn Fn(&Stop) -> Verdict| {
        let stop = Stop::new();
        let alarm = clock.instant_after(clock.elapsed().saturating_add(seconds)).map(|end| (end, &stop));
        let alarms: Vec<_> = alarm.into_iter().collect();
        interrupt::heed(&[&stop], || with_alarms(&alarms, || solve(&stop)))
    };
    let checks = look(args, (&record, &round, &tables), &in_time)?;
    let broken = checks.iter().filter(|check| check.state == State::Broken).count();
    tell(args, checks, clock);
    Ok(if broken == 0 { Ending::Done } else { Ending::Failed })
}

/// Where the inputs are: as flags say, and else where they were.
fn inputs(args: &MarketCheckArgs, record: &Record) -> RoundPaths {
    let known = record.inputs.clone();
    RoundPaths {
        book: args.book.clone().unwrap_or(known.book),
        supply: args.supply.clone().unwrap_or(known.supply),
        policy: args.policy.clone().unwrap_or(known.policy),
        offers: args.offers.clone().or(known.offers),
        plan: args.plan.clone().or(known.plan),
        balances: args.balances.clone().or(known.balances),
        posted: args.posted.clone().or(known.posted),
        revoked: args.revoked.clone().or(known.revoked),
        at_us: known.at_us,
    }
}

/// Asks HiGHS for a verdict that it has a limited time for.
type InTime<'a> = &'a dyn Fn(&dyn Fn(&Stop) -> Verdict) -> Verdict;

/// All checks of a round, in the order in which they are told.
fn look(
    args: &MarketCheckArgs,
    (record, round, tables): (&Record, &Round, &Tables),
    in_time: InTime<'_>,
) -> Result<Vec<Check>, CommandError> {
    let fates = tables.fates(&args.market, round)?;
    let classes = told::classes(record, round);
    let surpluses: BTreeMap<usize, u128> =
        classes.iter().filter_map(|(at, class)| Some(((*at)?, class.surplus))).collect();
    let transfers = ledger::transfers(round, tables);
    let told = Told {
        fates: &fates.bids,
        offer_fates: &fates.offers,
        surpluses: &surpluses,
        is_settled: record.classes.iter().all(|class| class.unsettled.is_none()),
        transfers: &transfers,
    };
    let session = round.session();
    let mut checks = vec![hash(record, round)];
    checks.push(counted_check("awards", fates.astray_awards.into(), "rows"));
    if !round.offers.is_empty() {
        checks.push(counted_check("sales", fates.astray_sales.into(), "rows"));
    }
    let at = record.inputs.at_us.map(Timestamp);
    checks.push(counted_check("not_admitted", check::unlawful(&session, &told, at).into(), "bids"));
    checks.push(counted_check("refused", check::refused_wrongly(&session, &told, at).into(), "bids"));
    let goods: Vec<ToldGood> = tables
        .prices
        .iter()
        .map(|row| ToldGood { price: row.price, reserve: row.reserve, offered: row.offered, sold: row.sold })
        .collect();
    let found = Residuals {
        off_price: check::off_posted_prices(&session, &told, &goods),
        ..check::told_residuals(&session, &told)
    };
    checks.extend(of_residuals(&found));
    checks.push(counted_check("exact_payments", figures::off_exact(round, &told, (&args.market, record))?, MICRO));
    checks.push(counted_check("prices", check::misstated_goods(&session, &told, &goods).into(), "rows"));
    let ledger = ledger::look(round, tables);
    checks.push(counted_check("entries", ledger.entries.into(), "rows"));
    checks.push(counted_check("issued", ledger.issued, MICRO));
    checks.push(counted_check("revoked", ledger.revoked, MICRO));
    checks.push(counted_check("balances", ledger.balances, MICRO));
    checks.push(counted_check("held", ledger.held.into(), "rows"));
    checks.push(named("figures", &figures::misstated(round, tables, &told, record)));
    checks.push(named("certificate", &figures::uncertified(record)));
    for (at, class) in &classes {
        checks.extend(of_class((&session, &told), (*at, class), in_time));
    }
    Ok(checks)
}

const MICRO: &str = "micro-credits";

fn counted_check(name: &'static str, residual: u128, unit: &'static str) -> Check {
    let state = if residual == 0 { State::Holds } else { State::Broken };
    Check { name, account_class: None, state, residual: Some(residual), unit, note: String::new() }
}

/// A check of figures, with the names of those that are wrong.
fn named(name: &'static str, wrong: &[&'static str]) -> Check {
    Check { note: wrong.join(", "), ..counted_check(name, wrong.len() as u128, "figures") }
}

/// Whether the certificate is one of these inputs.
fn hash(record: &Record, round: &Round) -> Check {
    let stated = &record.certificate.inputs_blake3;
    let note = if *stated == round.hash { String::new() } else { format!("certified {stated}, found {}", round.hash) };
    Check { note, ..counted_check("inputs", u128::from(*stated != round.hash), "hashes") }
}

fn of_residuals(found: &Residuals) -> impl Iterator<Item = Check> {
    let whole = |amount: i128| amount.unsigned_abs();
    let all = [
        ("overdrawn", found.overdrawn, "base units"),
        ("above_holder_cap", found.above_holder_cap, "base units"),
        ("groups_broken", found.groups_broken.into(), "groups"),
        ("misplaced", found.misplaced.into(), "bids"),
        ("above_bid", whole(found.above_bid.into()), MICRO),
        ("below_ask", whole(found.below_ask.into()), MICRO),
        ("below_reserve", whole(found.below_reserve), MICRO),
        ("above_cap", whole(found.above_cap), MICRO),
        ("off_price", found.off_price, MICRO),
        ("off_surplus", found.off_surplus, MICRO),
        ("unbalanced", found.unbalanced, MICRO),
    ];
    all.into_iter().map(|(name, residual, unit)| counted_check(name, residual, unit))
}

/// What a class claims of its surplus, and of coalitions where its rule is one of the core.
fn of_class(
    (session, told): (&Session<'_>, &Told<'_>),
    (at, class): (Option<usize>, &ClassRecord),
    in_time: InTime<'_>,
) -> Vec<Check> {
    let of_class = |check: Check| Check { account_class: Some(class.account_class.clone()), ..check };
    let mut checks = vec![of_class(counted_check("above_bound", class.surplus.saturating_sub(class.bound), MICRO))];
    let Some((at, rules)) = at.map(|at| (at, &session.policy.rules().classes[at])) else {
        checks.push(of_class(Check {
            note: "the policy has no such class".into(),
            ..counted_check("class", 1, "classes")
        }));
        return checks;
    };
    if rules.format != Format::SealedBid {
        return checks;
    }
    let Some(program) = ClassProgram::of(session, told, at) else {
        checks.push(of_class(claim("optimum", Verdict::TooLarge)));
        return checks;
    };
    checks.push(of_class(claim("optimum", in_time(&|stop| program.beyond(class.bound, stop)))));
    let is_core = matches!(rules.payment, PaymentRule::Core | PaymentRule::NearestCore);
    if is_core && class.unsettled.is_none() {
        checks.push(of_class(claim("core", in_time(&|stop| program.blocking(stop)))));
    }
    checks
}

/// A claim that HiGHS was asked about.
fn claim(name: &'static str, verdict: Verdict) -> Check {
    let in_credits = |amount: u128| credits(i128::try_from(amount).unwrap_or(i128::MAX));
    let (state, residual, note) = match verdict {
        Verdict::Confirmed { margin } => {
            (State::Holds, Some(0), format!("confirmed by HiGHS, to {} credits", in_credits(margin)))
        }
        Verdict::OutOfTime => (State::Undecided, None, "not decided within the time".into()),
        Verdict::TooLarge => (State::Undecided, None, "not decided: too many bids, or too many nodes for them".into()),
        Verdict::Rounding => (State::Undecided, None, "not decided: within the tolerances of HiGHS".into()),
        Verdict::Contradicted { by } => {
            (State::Broken, Some(by), format!("contradicted by HiGHS: {} credits more", in_credits(by)))
        }
    };
    Check { name, account_class: None, state, residual, unit: MICRO, note }
}

fn tell(args: &MarketCheckArgs, checks: Vec<Check>, clock: &ProcessClock) {
    let count = |state: State| checks.iter().filter(|check| check.state == state).count();
    let (broken, undecided) = (count(State::Broken), count(State::Undecided));
    if args.json {
        return print_json(&CheckSummary { ok: broken == 0, undecided, checks, seconds: clock.seconds() });
    }
    for check in &checks {
        say(&line(check));
    }
    let dir = args.market.display();
    if broken > 0 {
        warn(&format!("{dir}: the check failed with {}", counted(broken, "finding", "findings")));
    } else if undecided > 0 {
        say(&format!("checked   {dir}: every rule holds that was decided; {undecided} not decided"));
    } else {
        say(&format!("checked   {dir}: every rule holds"));
    }
}

/// A check as people read it.
fn line(check: &Check) -> String {
    let of = check.account_class.as_ref().map_or(String::new(), |class| format!("  {class}"));
    let state = match check.state {
        State::Holds => "holds",
        State::Undecided => "undecided",
        State::Broken => "BROKEN",
    };
    let residual = check.residual.map_or("-".to_owned(), |residual| residual.to_string());
    let note = if check.note.is_empty() { String::new() } else { format!("  {}", check.note) };
    format!("{:<17} {state:<9} {residual:>12} {}{of}{note}", check.name, check.unit)
}
