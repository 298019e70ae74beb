//! `lessor market prices`: what accounts cost, what binds, and who competes for it.

use std::path::Path;

use lessor_datasets::table::{
    AWARDS, AwardRow, PRICES, RoundPrice, account_words, interval_words, read_awards, read_round_prices,
};
use lessor_market::session::catalog::takes;
use lessor_models::plan::Price;
use lessor_models::words::{self, Round as Rounding, amount};
use serde::Serialize;

use super::record::Record;
use super::round::Round;
use crate::cli::MarketPricesArgs;
use crate::command_error::CommandError;
use crate::console::say;
use crate::ending::Ending;

/// Competitors told of each price at most.
const COMPETITORS_MAX: usize = 5;

/// Why a bid that was compared with others won nothing; for any other reason it competed with nobody.
const COMPARED: [&str; 4] = ["outbid", "lot", "paradox", "unsettled"];

/// What keeps a price from being lower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Binds {
    /// All that there is was won.
    Supply,
    /// The price is the least that is taken.
    Reserve,
}

/// A price with what is behind it, as `lessor market prices --json` prints it.
#[derive(Debug, Serialize)]
struct PriceSummary<'a> {
    account: String,
    start_us: i64,
    end_us: i64,
    price: u64,
    reserve: u64,
    offered: u64,
    sold: u64,
    asked: u64,
    binds: Option<Binds>,
    competitors: Vec<&'a str>,
}

/// Carries out `lessor market prices`.
pub(super) fn run(args: &MarketPricesArgs) -> Result<Ending, CommandError> {
    let round = Round::again(&Record::read(&args.market)?)?;
    let prices = read_round_prices(&args.market.join(PRICES.file_name()), &round.fleet)?;
    let needing = needing(&round, &args.market)?;
    let mut shown: Vec<_> = prices.iter().map(|price| (&price.price, summary(&round, &needing, price))).collect();
    shown.sort_by(|(_, a), (_, b)| {
        b.price.cmp(&a.price).then_with(|| (&a.account, a.start_us).cmp(&(&b.account, b.start_us)))
    });
    if args.json {
        let summaries: Vec<_> = shown.into_iter().map(|(_, summary)| summary).collect();
        say(&serde_json::to_string(&summaries).expect("a summary is JSON"));
    } else {
        shown.iter().for_each(|(price, summary)| tell(price, summary));
    }
    Ok(Ending::Done)
}

fn tell(price: &Price, summary: &PriceSummary<'_>) {
    let holds = interval_words(price.interval);
    say(&format!("{}: {}, {holds}", words::price(price.kind, price.price), summary.account));
    let told = |units| amount(price.kind, units, Rounding::Down);
    let binds = match summary.binds {
        Some(Binds::Supply) => ": all there was",
        Some(Binds::Reserve) => ", at the reserve price",
        None => "",
    };
    let [sold, offered, asked] = [summary.sold, summary.offered, summary.asked].map(told);
    say(&format!("  sold {sold} of {offered}{binds}; asked for {asked}: {}", summary.competitors.join(", ")));
}

/// The bids that were compared with others, by position in the book, the greatest first.
fn needing(round: &Round, market: &Path) -> Result<Vec<usize>, CommandError> {
    let awards = read_awards(&market.join(AWARDS.file_name()))?;
    let was_compared = |award: &AwardRow| award.reason.as_deref().is_none_or(|reason| COMPARED.contains(&reason));
    let mut bids: Vec<usize> =
        (0..round.rows.len()).zip(&awards).filter(|(_, award)| was_compared(award)).map(|(at, _)| at).collect();
    bids.sort_by_key(|&at| (std::cmp::Reverse(round.rows[at].amount), &round.rows[at].name));
    Ok(bids)
}

/// A price with the bids that need its account: it, or one below it.
fn summary<'a>(round: &'a Round, needing: &[usize], told: &RoundPrice) -> PriceSummary<'a> {
    let RoundPrice { price, reserve, offered, sold } = *told;
    let account = (price.owner, price.kind);
    let wants = |&at: &usize| {
        let all = round.bids[at]
            .wishes
            .iter()
            .filter(|wish| wish.interval.start <= price.interval.start && price.interval.end <= wish.interval.end);
        let taken = all.filter(|wish| takes(&round.fleet, wish, account)).map(|wish| wish.quantity);
        let quantity = taken.fold(0, u64::saturating_add);
        (quantity > 0).then_some((round.rows[at].name.as_str(), quantity))
    };
    let needing: Vec<(&str, u64)> = needing.iter().filter_map(wants).collect();
    let at_reserve = (price.price == reserve).then_some(Binds::Reserve);
    PriceSummary {
        account: account_words(&round.fleet, price.owner, price.kind),
        start_us: price.interval.start.0,
        end_us: price.interval.end.0,
        price: price.price,
        reserve,
        offered,
        sold,
        asked: needing.iter().map(|needed| needed.1).fold(0, u64::saturating_add),
        binds: if sold == offered { Some(Binds::Supply) } else { at_reserve },
        competitors: needing.iter().take(COMPETITORS_MAX).map(|needed| needed.0).collect(),
    }
}
