//! `lessor market quote`: what a quantity of an account costs at the prices of the last round, each while it holds.

use std::collections::BTreeSet;

use lessor_datasets::table::{PRICES, SALES, read_prices, read_sales};
use lessor_market::policy::{AccountClass, Format, PaymentRule};
use lessor_market::session::catalog::{Catalog, ListedGood, Wish, place};
use lessor_market::session::{Lost, OfferedGood};
use lessor_models::fleet::{NodeIndex, Owner, ZoneIndex};
use lessor_models::plan::Price;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, Span};
use lessor_models::words::{self, Round as Rounding};
use serde::Serialize;

use super::error::MarketError;
use super::record::Record;
use super::round::Round;
use crate::cli::MarketQuoteArgs;
use crate::command_error::CommandError;
use crate::console::say;
use crate::ending::Ending;

/// The object that `lessor market quote --json` prints.
#[derive(Debug, Serialize)]
struct QuoteSummary<'a> {
    account: &'a str,
    quantity: u64,
    seconds: f64,
    price: u64,
    reserve: u64,
    cost: u128,
    /// What there is of it all the time.
    offered: u64,
    /// What one bidder may win of that.
    most: u64,
    intervals: Vec<QuotedInterval>,
}

/// A part of the term at one price, in micro-credits per 10^6 base units and hour.
#[derive(Debug, Serialize)]
struct QuotedInterval {
    start_us: i64,
    end_us: i64,
    price: u64,
    /// Whether the round saw a bid for it; else the price is the reserve price.
    traded: bool,
}

/// Carries out `lessor market quote`.
pub(super) fn run(args: &MarketQuoteArgs) -> Result<Ending, CommandError> {
    let round = Round::again(&Record::read(&args.market)?)?;
    let unknown = || MarketError::UnknownAccount { name: args.account.clone() };
    let (owner, kind) = account(&round, &args.account).ok_or_else(unknown)?;
    let fleet = &round.fleet;
    let class = round.policy.class_of(place(fleet, owner), kind);
    let class = class.ok_or_else(|| MarketError::NotTraded { name: args.account.clone() })?;
    let wish = Wish { owner, kind, quantity: args.quantity, interval: term(&round, args)? };
    let prices = read_prices(&args.market.join(PRICES.file_name()), &round.fleet)?;
    let (catalog, priced) = goods(&round, class, wish, &prices);
    let (offered, most) = offered(&round, args, class, catalog.goods())?;
    if offered == 0 {
        return Err(MarketError::NothingOffered { name: args.account.clone() }.into());
    }
    if args.quantity > most {
        let (name, asked) = (args.account.clone(), args.quantity);
        return Err(MarketError::BeyondOffer { name, asked, offered, most }.into());
    }
    let quoted = |good: &ListedGood| {
        let holds = |(part, _): &&(Wish, u64)| part.owner == good.owner && part.interval.contains(&good.interval);
        let traded = priced.iter().find(holds).map(|(_, price)| *price);
        let price = traded.unwrap_or(good.reserve);
        QuotedInterval { start_us: good.interval.start.0, end_us: good.interval.end.0, price, traded: traded.is_some() }
    };
    let all: Vec<QuotedInterval> = catalog.goods().iter().map(quoted).collect();
    let cost = catalog.cost(&catalog.bundle(&[wish]), |good| all[good].price);
    let own = catalog.goods().iter().map(|good| good.owner == owner);
    let intervals: Vec<QuotedInterval> = all.into_iter().zip(own).filter(|(_, own)| *own).map(|(one, _)| one).collect();
    let summary = QuoteSummary {
        account: &args.account,
        quantity: args.quantity,
        seconds: args.term.as_secs_f64(),
        price: mean(&intervals),
        reserve: catalog.goods().iter().filter(|good| good.owner == owner).map(|good| good.reserve).max().unwrap_or(0),
        cost,
        offered,
        most,
        intervals,
    };
    if args.json {
        say(&serde_json::to_string(&summary).expect("a summary is JSON"));
    } else {
        let amount = |units| words::amount(kind, units, Rounding::Down);
        say(&format!("cost      {} credits", words::credits(u64::try_from(summary.cost).unwrap_or(u64::MAX))));
        say(&format!("price     {}", words::price(kind, summary.price)));
        say(&format!("offered   {}, {} to one bidder", amount(summary.offered), amount(summary.most)));
    }
    Ok(Ending::Done)
}

/// The goods that a wish takes, with those above it, and what the round says that each costs while it holds.
fn goods(round: &Round, class: &AccountClass, wish: Wish, prices: &[Price]) -> (Catalog, Vec<(Wish, u64)>) {
    let ground = round.session().ground;
    let over = |wishes: &[Wish]| {
        if class.format.takes_offers() {
            Catalog::of_named(&ground, &round.policy, class, wishes.iter())
        } else {
            Catalog::new(&ground, &round.policy, class, wishes.iter())
        }
    };
    // At one price for each good, a bundle pays for what lies above it too, of which no class lets anything.
    let pays_above = (class.format, class.payment) == (Format::SealedBid, PaymentRule::Uniform);
    let is_let = |good: &ListedGood| round.policy.class_of(place(&round.fleet, good.owner), good.kind).is_some();
    let is_priced = |good: &&ListedGood| good.is_of_class || (pays_above && !is_let(good));
    let owners: BTreeSet<Owner> = over(&[wish]).goods().iter().filter(is_priced).map(|good| good.owner).collect();
    let of_goods = prices.iter().filter(|price| price.kind == wish.kind && owners.contains(&price.owner));
    let part = |price: &Price| Some((within(&Wish { owner: price.owner, ..wish }, price.interval)?, price.price));
    let priced: Vec<(Wish, u64)> = of_goods.filter_map(part).collect();
    // Goods begin and end where prices do, so that each has one.
    let wishes: Vec<Wish> = std::iter::once(wish).chain(priced.iter().map(|(part, _)| *part)).collect();
    (over(&wishes), priced)
}

/// How much there is of each of some goods, and how much of that one bidder may win: what the policy lets trade, and where sellers
/// offer, no more than the round's offers that entered it hold.
fn offered(
    round: &Round,
    args: &MarketQuoteArgs,
    class: &AccountClass,
    goods: &[ListedGood],
) -> Result<(u64, u64), CommandError> {
    let mut offers: Vec<&OfferedGood> = Vec::new();
    if class.format.takes_offers() && !round.offers.is_empty() {
        let sales = read_sales(&args.market.join(SALES.file_name()))?;
        let entered = round.offers.iter().zip(&sales).filter(|(_, sale)| Lost::was_compared(sale.reason.as_deref()));
        offers = entered.flat_map(|(offer, _)| &offer.goods).collect();
    }
    let of_sellers = |good: &ListedGood| {
        let holds = offers.iter().map(|offered| &offered.wish).filter(|wish| {
            (wish.owner, wish.kind) == (good.owner, good.kind) && wish.interval.contains(&good.interval)
        });
        holds.map(|wish| wish.quantity).fold(0, u64::saturating_add)
    };
    let of_good = |good: &ListedGood| {
        if class.format.takes_offers() { good.offered.min(of_sellers(good)) } else { good.offered }
    };
    let most_of = |good: &ListedGood| if good.is_of_class { class.holder_cap(of_good(good)) } else { of_good(good) };
    let least = |of: &dyn Fn(&ListedGood) -> u64| goods.iter().map(of).min().unwrap_or(0);
    Ok((least(&of_good), least(&most_of)))
}

/// The term that is asked for, from the start of the round.
///
/// # Errors
/// A quantity or a term that no bid may be for.
fn term(round: &Round, args: &MarketQuoteArgs) -> Result<Interval, MarketError> {
    if args.quantity == 0 {
        return Err(MarketError::NoQuantity);
    }
    let limits = round.policy.rules().terms;
    let micros = u64::try_from(args.term.as_micros()).unwrap_or(u64::MAX);
    if !(limits.least.0..=limits.most.0).contains(&micros) {
        let seconds = |span: Span| span.0 as f64 / 1e6;
        return Err(MarketError::Term {
            asked: args.term.as_secs_f64(),
            least: seconds(limits.least),
            most: seconds(limits.most),
        });
    }
    Ok(Interval { start: round.at, end: round.at.after(Span(micros)) })
}

/// The part of a wish that lies within an interval.
fn within(wish: &Wish, interval: Interval) -> Option<Wish> {
    let (start, end) = (wish.interval.start.max(interval.start), wish.interval.end.min(interval.end));
    (start < end).then_some(Wish { interval: Interval { start, end }, ..*wish })
}

/// The mean price over all intervals, rounded up.
fn mean(intervals: &[QuotedInterval]) -> u64 {
    let span = |interval: &QuotedInterval| u128::from(interval.end_us.abs_diff(interval.start_us));
    let all: u128 = intervals.iter().map(span).sum();
    let priced = intervals.iter().map(|interval| u128::from(interval.price).saturating_mul(span(interval)));
    let sum = priced.fold(0, u128::saturating_add);
    u64::try_from(sum.div_ceil(all.max(1))).unwrap_or(u64::MAX)
}

/// The account that `node:NAME:KIND` or `zone:NAME:KIND` names.
fn account(round: &Round, text: &str) -> Option<(Owner, Kind)> {
    let (sort, rest) = text.split_once(':')?;
    let (name, kind) = rest.rsplit_once(':')?;
    let fleet = &round.fleet;
    let index = |position: usize| u32::try_from(position).ok();
    let owner = match sort {
        "node" => Owner::Node(NodeIndex(index(fleet.names().find(name)?)?)),
        "zone" => Owner::Zone(ZoneIndex(index(fleet.zone_names().find(name)?)?)),
        _ => return None,
    };
    Some((owner, Kind::from_name(kind)?))
}
