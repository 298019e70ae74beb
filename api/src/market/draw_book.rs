//! `lessor market book`: a book of bids from a seed, on the accounts that a policy lets trade.

use std::path::Path;

use lessor_datasets::generate::START;
use lessor_datasets::table::{AnywhereGoods, BidGood, BidRows, JOBS, NodeGood, read_fleet, read_jobs, write_bids};
use lessor_market::lot::lot;
use lessor_market::policy::{AccountClass, Policy, tradable};
use lessor_market::session::catalog::place;
use lessor_models::fleet::{Fleet, NodeClass, Owner, ZoneIndex};
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::{Interval, MICROS_PER_HOUR, MICROS_PER_SECOND, Span, Timestamp};

use super::error::MarketError;
use super::policy_file;
use crate::cli::MarketBookArgs;
use crate::command_error::CommandError;
use crate::console::say;
use crate::ending::Ending;

/// Accounts that bids are drawn on at most, so that bids meet.
const ACCOUNTS_MAX: usize = 64;
/// Hours that terms begin in.
const HOURS: u64 = 6;

/// An account that trades, with its class and what of it does.
struct Traded<'p> {
    owner: Owner,
    kind: Kind,
    class: &'p AccountClass,
    offered: u64,
}

/// Carries out `lessor market book`.
pub(super) fn run(args: &MarketBookArgs) -> Result<Ending, CommandError> {
    let policy = policy_file::read(&args.policy)?;
    if !args.supply.is_dir() {
        return Err(MarketError::NoSupply { path: args.supply.clone() }.into());
    }
    let fleet = read_fleet(&args.supply)?;
    let traded = traded(&fleet, &policy);
    if traded.is_empty() {
        return Err(MarketError::NothingTrades { path: args.policy.clone() }.into());
    }
    let from = match args.at {
        Some(instant) => instant,
        None => first_start(&args.supply, &fleet)?,
    };
    let mut dice = Dice { seed: args.seed, drawn: 0 };
    let drawn = |at| {
        let mut bid = bid((&policy, &traded), (at, from), &mut dice);
        if args.anywhere > 0 && dice.below(100) < usize::from(args.anywhere) {
            leave_open(&mut bid, &fleet, &mut dice);
        }
        bid
    };
    let bids: Vec<BidRows> = (0..args.bids as usize).map(drawn).collect();
    write_bids(&args.out, &fleet, &bids)?;
    say(&format!("bids      {} on {} accounts", bids.len(), traded.len()));
    say(&format!("written   {}", args.out.display()));
    Ok(Ending::Done)
}

/// The earliest start of the jobs that a fleet directory has, so that a plan of these and the book speak of the same hours; that of
/// generated jobs where it has none.
fn first_start(supply: &Path, fleet: &Fleet) -> Result<Timestamp, CommandError> {
    let path = supply.join(JOBS.file_name());
    if !path.exists() {
        return Ok(START);
    }
    let (_, jobs) = read_jobs(&path, fleet)?;
    Ok(jobs.iter().map(|job| job.earliest).min().unwrap_or(START))
}

/// The first accounts of the fleet that trade, zones before nodes, since more nodes share a zone.
fn traded<'p>(fleet: &Fleet, policy: &'p Policy) -> Vec<Traded<'p>> {
    let zones = (0..u32::try_from(fleet.zones().len()).unwrap_or(u32::MAX)).map(|at| Owner::Zone(ZoneIndex(at)));
    let owners = zones.chain(fleet.nodes().map(Owner::Node));
    let accounts = owners.flat_map(|owner| Kind::ALL.map(|kind| (owner, kind)));
    let traded = accounts.filter_map(|(owner, kind)| {
        let class = policy.class_of(place(fleet, owner), kind)?;
        let capacity = fleet.base_capacity(owner).get(kind);
        let offered = if capacity == UNLIMITED { 0 } else { tradable(class, capacity, [0; 4]) };
        (offered > 0).then_some(Traded { owner, kind, class, offered })
    });
    traded.take(ACCOUNTS_MAX).collect()
}

/// A bid of one bidder, who has a second one in the same group where the rules let it: a tenth to four tenths of what one may
/// win of up to three accounts of one class, at one to four times a price of its own, for a term that begins then or up to five
/// hours later.
fn bid((policy, traded): (&Policy, &[Traded<'_>]), (at, from): (usize, Timestamp), dice: &mut Dice) -> BidRows {
    let first = &traded[dice.below(traded.len() as u64)];
    let same: Vec<&Traded<'_>> = traded.iter().filter(|other| std::ptr::eq(other.class, first.class)).collect();
    let terms = policy.rules().terms;
    let hours = 1 + dice.below(3) as u64;
    let span = (hours * MICROS_PER_HOUR).clamp(terms.least.0, terms.most.0);
    let ahead = (dice.below(HOURS) as u64 * MICROS_PER_HOUR).min(terms.ahead.0);
    let start = from.after(Span(ahead));
    let interval = Interval { start, end: start.after(Span(span)) };
    let limits = policy.rules().bids;
    let goods_max = 3.min(limits.goods_max).max(1);
    let mut chosen: Vec<usize> =
        (0..=dice.below(u64::from(goods_max))).map(|_| dice.below(same.len() as u64)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    let goods: Vec<BidGood> = chosen
        .into_iter()
        .map(|at| {
            let account = same[at];
            let most = account.class.holder_cap(account.offered);
            let quantity = (most / 10).saturating_mul(1 + dice.below(4) as u64).max(1);
            BidGood { owner: account.owner, kind: account.kind, quantity, interval }
        })
        .collect();
    let price = first.class.reserve.price(100_000).max(1) * (1 + dice.below(4) as u64);
    let micros = u128::from(span);
    let parts = goods.iter().map(|good| (u128::from(good.quantity) * u128::from(price)).saturating_mul(micros));
    let worth = parts.fold(0, u128::saturating_add);
    // Prices are for 10^6 units and an hour; a tenth more or less tells bids apart.
    let worth = worth / (1_000_000 * 3_600 * u128::from(MICROS_PER_SECOND)) * (900 + dice.below(201) as u128) / 1_000;
    let is_alone = first.class.format.is_single_minded() || limits.bundles_max < 2;
    let bidder = if is_alone { at } else { at / 2 };
    BidRows {
        name: format!("bid-{at}"),
        bidder: format!("holder-{bidder}"),
        group: Some(format!("either-{bidder}")),
        service: first.class.traders[0],
        amount: u64::try_from(worth).unwrap_or(u64::MAX).clamp(1, limits.amount_max.micro_credits()),
        goods,
        anywhere: None,
        is_divisible: false,
        row: 0,
    }
}

/// Makes what a bid is for at the first node that it names a need of any node of the same level below one above it.
fn leave_open(bid: &mut BidRows, fleet: &Fleet, dice: &mut Dice) {
    let of_node = |good: &BidGood| match good.owner {
        Owner::Node(node) => Some(node).filter(|&node| fleet.parent(node).is_some()),
        Owner::Zone(_) => None,
    };
    let Some(node) = bid.goods.iter().find_map(of_node) else { return };
    let above = 1 + dice.below(fleet.path(node).skip(1).count() as u64);
    let under = fleet.path(node).nth(above).expect("one of those above it");
    let (left_open, named): (Vec<BidGood>, Vec<BidGood>) =
        bid.goods.iter().partition(|good| good.owner == Owner::Node(node));
    let need = |good: BidGood| NodeGood { kind: good.kind, quantity: good.quantity, interval: good.interval };
    let class = NodeClass { under, level: fleet.level(node) };
    bid.anywhere = Some(AnywhereGoods { class, goods: left_open.into_iter().map(need).collect() });
    bid.goods = named;
}

/// Numbers from a seed.
struct Dice {
    seed: u64,
    drawn: usize,
}

impl Dice {
    /// A number below a bound.
    fn below(&mut self, bound: u64) -> usize {
        self.drawn += 1;
        usize::try_from(lot(self.seed, self.drawn).0 % bound.max(1)).expect("a bound of a list fits")
    }
}
