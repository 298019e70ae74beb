//! `lessor market prices`: what accounts cost, what binds, and who competes for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lessor_datasets::table::{
    AWARDS, AwardRow, PRICES, RoundPrice, account_words, interval_words, read_awards, read_round_prices,
};
use lessor_market::session::Lost;
use lessor_market::session::anywhere::Anywhere;
use lessor_market::session::catalog::{Wish, taken_from};
use lessor_models::fleet::{Fleet, NodeClass, NodeIndex, Owner};
use lessor_models::plan::Price;
use lessor_models::resources::Kind;
use lessor_models::time::Interval;
use lessor_models::words::{self, Round as Rounding, amount};
use serde::Serialize;

use super::record::Record;
use super::round::Round;
use crate::cli::MarketPricesArgs;
use crate::command_error::CommandError;
use crate::console::{say, warn};
use crate::ending::Ending;

/// Competitors told of each price at most.
const COMPETITORS_MAX: usize = 5;

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
    let record = Record::read(&args.market)?;
    let round = Round::again(&record)?;
    record.figures.swinging.iter().for_each(|found| warn(&found.words()));
    let prices = read_round_prices(&args.market.join(PRICES.file_name()), &round.fleet)?;
    let needing = needing(&round, &args.market)?;
    let competition = Competition::of(&round.fleet, &needing);
    let told = |price: &RoundPrice| summary(&round, &competition, price);
    let mut shown: Vec<_> = prices.iter().map(|price| (&price.price, told(price))).collect();
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

/// A bid that was compared with others.
struct Needing<'a> {
    name: &'a str,
    /// What it is for; with what it needs of a node where it won one.
    wishes: Vec<Wish>,
    /// What it needs of any node of a class, where it won none.
    open: Option<&'a Anywhere>,
}

/// The bids that were compared with others, the greatest first.
fn needing<'a>(round: &'a Round, market: &Path) -> Result<Vec<Needing<'a>>, CommandError> {
    let awards = read_awards(&market.join(AWARDS.file_name()))?;
    let mut bids: Vec<(usize, &AwardRow)> = (0..round.rows.len()).zip(&awards).collect();
    bids.retain(|(_, award)| Lost::was_compared(award.reason.as_deref()));
    bids.sort_by_key(|&(at, _)| (std::cmp::Reverse(round.rows[at].amount), &round.rows[at].name));
    let needing = |(at, award): (usize, &AwardRow)| {
        let node = award.node.as_ref().and_then(|name| u32::try_from(round.fleet.names().find(name)?).ok());
        let bid = &round.bids[at];
        let open = bid.anywhere.as_ref().filter(|_| node.is_none());
        Needing { name: &round.rows[at].name, wishes: bid.wishes_at(node.map(NodeIndex)), open }
    };
    Ok(bids.into_iter().map(needing).collect())
}

/// The accounts that something of a kind is taken from at any node of a class.
type Reach = BTreeMap<(NodeClass, Kind), BTreeSet<Owner>>;

fn reach(fleet: &Fleet, needing: &[Needing<'_>]) -> Reach {
    let open = || needing.iter().filter_map(|needing| needing.open);
    let nodes = fleet.nodes_of(&open().map(|open| open.class).collect());
    let mut reach = Reach::new();
    for (class, need) in open().flat_map(|open| open.needs.iter().map(|need| (open.class, need))) {
        reach.entry((class, need.kind)).or_insert_with(|| {
            let nodes = nodes.get(&class).into_iter().flatten();
            nodes.flat_map(|&node| taken_from(fleet, &need.at(node))).collect()
        });
    }
    reach
}

/// Who needs which account.
struct Competition<'n, 'a> {
    needing: &'n [Needing<'a>],
    /// The wishes that are taken from each account, with the positions of their bids, in order.
    wanted: BTreeMap<(Owner, Kind), Vec<(usize, &'n Wish)>>,
    /// The positions of bids that need any node of a class.
    open: Vec<usize>,
    reach: Reach,
}

impl<'n, 'a> Competition<'n, 'a> {
    fn of(fleet: &Fleet, needing: &'n [Needing<'a>]) -> Competition<'n, 'a> {
        let mut wanted: BTreeMap<(Owner, Kind), Vec<(usize, &Wish)>> = BTreeMap::new();
        for (at, wish) in needing.iter().enumerate().flat_map(|(at, one)| one.wishes.iter().map(move |wish| (at, wish)))
        {
            for owner in taken_from(fleet, wish) {
                wanted.entry((owner, wish.kind)).or_default().push((at, wish));
            }
        }
        let open = (0..needing.len()).filter(|&at| needing[at].open.is_some()).collect();
        Competition { needing, wanted, open, reach: reach(fleet, needing) }
    }

    /// The bids that need the account of a price, it or one below it, with how much: the greatest first.
    fn of_price(&self, price: &Price) -> Vec<(&'a str, u64)> {
        let has_term = |term: Interval| term.contains(&price.interval);
        let wanted = self.wanted.get(&(price.owner, price.kind)).into_iter().flatten();
        let wanted = wanted.filter(|(_, wish)| has_term(wish.interval)).map(|&(at, wish)| (at, wish.quantity));
        let reaches = |open: &Anywhere| {
            self.reach.get(&(open.class, price.kind)).is_some_and(|owners| owners.contains(&price.owner))
        };
        let open = self.open.iter().filter_map(|&at| Some((at, self.needing[at].open?)));
        let needs =
            open.filter(|(_, open)| reaches(open)).flat_map(|(at, open)| open.needs.iter().map(move |need| (at, need)));
        let needs = needs.filter(|(_, need)| need.kind == price.kind && has_term(need.interval));
        let mut sums: BTreeMap<usize, u64> = BTreeMap::new();
        for (at, quantity) in wanted.chain(needs.map(|(at, need)| (at, need.quantity))) {
            let sum = sums.entry(at).or_default();
            *sum = sum.saturating_add(quantity);
        }
        sums.into_iter().map(|(at, quantity)| (self.needing[at].name, quantity)).collect()
    }
}

/// A price with the bids that need its account.
fn summary<'a>(round: &Round, competition: &Competition<'_, 'a>, told: &RoundPrice) -> PriceSummary<'a> {
    let RoundPrice { price, reserve, offered, sold } = *told;
    let needing = competition.of_price(&price);
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
