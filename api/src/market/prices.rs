//! `lessor market prices`: what accounts cost, what binds, and who competes for it.

use lessor_datasets::table::{AWARDS, AwardRow, PRICES, account_words, interval_words, read_awards, read_prices};
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

/// A price with what is behind it, as `lessor market prices --json` prints it.
#[derive(Debug, Serialize)]
struct PriceSummary<'a> {
    account: String,
    start_us: i64,
    end_us: i64,
    price: u64,
    sold: u64,
    asked: u64,
    competitors: Vec<&'a str>,
}

/// Carries out `lessor market prices`.
pub(super) fn run(args: &MarketPricesArgs) -> Result<Ending, CommandError> {
    let round = Round::again(&Record::read(&args.market)?)?;
    let prices = read_prices(&args.market.join(PRICES.file_name()), &round.fleet)?;
    let awards = read_awards(&args.market.join(AWARDS.file_name()))?;
    let mut shown: Vec<_> = prices.iter().map(|price| (price, summary(&round, &awards, price))).collect();
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
    let [sold, asked] = [summary.sold, summary.asked].map(|sum| amount(price.kind, sum, Rounding::Down));
    say(&format!("  sold {sold} of {asked} asked for; {}", summary.competitors.join(", ")));
}

/// A price with the bids that need its good: the greatest first.
fn summary<'a>(round: &'a Round, awards: &[AwardRow], price: &Price) -> PriceSummary<'a> {
    let mut sold = 0_u64;
    let mut needing: Vec<(u64, &str, u64)> = Vec::new();
    for (row, award) in round.rows.iter().zip(awards) {
        let needs = row.goods.iter().filter(|good| {
            (good.owner, good.kind) == (price.owner, price.kind)
                && good.interval.start <= price.interval.start
                && price.interval.end <= good.interval.end
        });
        let quantity: u64 = needs.map(|good| good.quantity).fold(0, u64::saturating_add);
        if quantity > 0 {
            needing.push((row.amount, &row.name, quantity));
            sold = sold.saturating_add(if award.payment.is_some() { award.part.unwrap_or(quantity) } else { 0 });
        }
    }
    needing.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    PriceSummary {
        account: account_words(&round.fleet, price.owner, price.kind),
        start_us: price.interval.start.0,
        end_us: price.interval.end.0,
        price: price.price,
        sold,
        asked: needing.iter().map(|needed| needed.2).fold(0, u64::saturating_add),
        competitors: needing.iter().take(COMPETITORS_MAX).map(|needed| needed.1).collect(),
    }
}
