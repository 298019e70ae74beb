//! `lessor market prices`: what accounts cost, what binds, and who competes for it.

use lessor_datasets::table::{AWARDS, AwardRow, PRICES, read_awards, read_prices};
use lessor_models::plan::Price;
use serde::Serialize;

use super::record::Record;
use super::round::Round;
use crate::cli::MarketPricesArgs;
use crate::command_error::CommandError;
use crate::console::say;
use crate::ending::Ending;
use crate::words::{account_words, credits};

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
    let prices = read_prices(&args.market.join(PRICES.file_name()), &round.instance)?;
    let awards = read_awards(&args.market.join(AWARDS.file_name()))?;
    let mut shown: Vec<PriceSummary<'_>> = prices.iter().map(|price| summary(&round, &awards, price)).collect();
    shown.sort_by(|a, b| b.price.cmp(&a.price).then_with(|| (&a.account, a.start_us).cmp(&(&b.account, b.start_us))));
    if args.json {
        say(&serde_json::to_string(&shown).expect("a summary is JSON"));
        return Ok(Ending::Done);
    }
    for price in shown {
        let hours = |micros: i64| micros as f64 / 3.6e9;
        let span = hours(price.end_us - price.start_us);
        say(&format!("{} credits per 10^6 units and hour: {}, {span:.2} h", credits(price.price), price.account));
        say(&format!("  sold {} of {} asked for; {}", price.sold, price.asked, price.competitors.join(", ")));
    }
    Ok(Ending::Done)
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
        account: account_words(round.instance.fleet(), price.owner, price.kind),
        start_us: price.interval.start.0,
        end_us: price.interval.end.0,
        price: price.price,
        sold,
        asked: needing.iter().map(|needed| needed.2).fold(0, u64::saturating_add),
        competitors: needing.iter().take(COMPETITORS_MAX).map(|needed| needed.1).collect(),
    }
}
