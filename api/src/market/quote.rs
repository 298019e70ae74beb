//! `lessor market quote`: what a quantity of an account costs at the prices of the last round.

use lessor_datasets::table::{PRICES, read_prices};
use lessor_market::catalog::{Catalog, Wish, place};
use lessor_models::fleet::{NodeIndex, Owner, ZoneIndex};
use lessor_models::resources::Kind;
use lessor_models::time::Interval;
use serde::Serialize;

use super::MarketError;
use super::round::{Record, Round};
use crate::Ending;
use crate::cli::MarketQuoteArgs;
use crate::command_error::CommandError;
use crate::console::say;
use crate::words::credits;

/// The object that `lessor market quote --json` prints.
#[derive(Debug, Serialize)]
struct QuoteSummary<'a> {
    account: &'a str,
    quantity: u64,
    seconds: f64,
    price: u64,
    reserve: u64,
    cost: i64,
    offered: u64,
}

/// Carries out `lessor market quote`.
pub(super) fn run(args: &MarketQuoteArgs) -> Result<Ending, CommandError> {
    let round = Record::read(&args.market)?.round()?;
    let unknown = || MarketError::UnknownAccount { name: args.account.clone() };
    let (owner, kind) = account(&round, &args.account).ok_or_else(unknown)?;
    let fleet = round.instance.fleet();
    let class = round.policy.class_of(place(fleet, owner), kind);
    let class = class.ok_or_else(|| MarketError::NotTraded { name: args.account.clone() })?;
    let micros = i64::try_from(args.term.as_micros()).unwrap_or(i64::MAX);
    let interval = Interval { start: round.at, end: lessor_models::time::Timestamp(round.at.0.saturating_add(micros)) };
    let wish = Wish { owner, kind, quantity: args.quantity, interval };
    let catalog = Catalog::new(&round.session().ground, class, std::iter::once(&wish));
    let offered = catalog.goods().iter().map(|good| good.offered).min().unwrap_or(0);
    if args.quantity > offered {
        return Err(MarketError::BeyondOffer { name: args.account.clone(), asked: args.quantity, offered }.into());
    }
    let prices = read_prices(&args.market.join(PRICES.file_name()), &round.instance)?;
    let dearest = prices.iter().filter(|price| {
        (price.owner, price.kind) == (owner, kind)
            && price.interval.start < interval.end
            && interval.start < price.interval.end
    });
    let dearest = dearest.map(|price| price.price).max().unwrap_or(0);
    let reserve = catalog.goods().iter().map(|good| good.reserve).max().unwrap_or(0);
    // Where the round saw no bid, the reserve price stands.
    let price = dearest.max(reserve);
    let summary = QuoteSummary {
        account: &args.account,
        quantity: args.quantity,
        seconds: args.term.as_secs_f64(),
        price,
        reserve,
        cost: catalog.cost(&catalog.bundle(&[wish]), |_| price).0,
        offered,
    };
    if args.json {
        say(&serde_json::to_string(&summary).expect("a summary is JSON"));
    } else {
        say(&format!("cost      {} credits", credits(u64::try_from(summary.cost).unwrap_or(0))));
        say(&format!("price     {} credits per 10^6 base units and hour", credits(price)));
        say(&format!("offered   {} base units", summary.offered));
    }
    Ok(Ending::Done)
}

/// The account that `node:NAME:KIND` or `zone:NAME:KIND` names.
fn account(round: &Round, text: &str) -> Option<(Owner, Kind)> {
    let (sort, rest) = text.split_once(':')?;
    let (name, kind) = rest.rsplit_once(':')?;
    let fleet = round.instance.fleet();
    let index = |position: usize| u32::try_from(position).ok();
    let owner = match sort {
        "node" => Owner::Node(NodeIndex(index(fleet.names().find(name)?)?)),
        "zone" => Owner::Zone(ZoneIndex(index(fleet.zone_names().find(name)?)?)),
        _ => return None,
    };
    Some((owner, Kind::from_name(kind)?))
}
