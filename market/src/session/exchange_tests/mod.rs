//! Rounds with offers, budgets and running leases, against enumeration.

mod asks;
mod crowds;
mod decoys;
mod progress;
mod raised;
mod regret;
mod tampered;
mod ties;
mod uniform;

use std::collections::BTreeMap;
use std::iter::repeat_n;

use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::job::{Domain, ServiceClass};
use lessor_models::plan::Price;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Interval, MICROS_PER_HOUR, Span, Timestamp};
use lessor_solver::support::stop::Stop;
use proptest::prelude::*;

use crate::book::{BidderIndex, GroupIndex};
use crate::money::{MONEY_MAX, Money};
use crate::policy::{
    AccountClass, BidLimits, Fees, Format, PaymentRule, Policy, Preemption, Reserve, Rules, TermLimits,
};
use crate::session::catalog::{Ground, Wish};
use crate::session::check::{Residuals, residuals};
use crate::session::holdings::{Holding, Holdings};
use crate::session::{AccountBid, AccountOffer, Lost, OfferedGood, Session, SessionOutcome, clear_session};
use crate::session::{posting, supporting_prices, why};
use crate::settlement::{HolderId, Ledger, Party, RoundId, SellerId};

/// A layer over a cell over a tile, with ten million bit/s each of layer and cell.
fn fleet() -> Fleet {
    let limited = Resources::UNLIMITED.with(Kind::Bandwidth, 10_000_000);
    let nodes = NodeColumns {
        names: ["layer", "cell", "tile"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(1)],
        levels: vec![Level::Layer, Level::Cell, Level::Tile],
        classes: vec![None, None, Some(ClassIndex(0))],
        capacities: vec![limited, limited, Resources::UNLIMITED],
        uplink_delays_us: vec![0; 3],
    };
    let parts = FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() };
    Fleet::new(parts).unwrap()
}

fn policy(format: Format, payment: PaymentRule) -> Policy {
    let hours = |count: u64| Span(count * MICROS_PER_HOUR);
    let class = AccountClass {
        name: "links".into(),
        kinds: vec![Kind::Bandwidth],
        places: vec![Domain::Level(Level::Layer), Domain::Level(Level::Cell)],
        traders: vec![ServiceClass::D],
        format,
        payment,
        reserve: Reserve::Fixed(10),
        price_cap: None,
        share_permille: 1_000,
        floors_permille: [0, 0],
        holder_cap_permille: 1_000,
        steering: None,
    };
    Policy::new(Rules {
        name: "test".into(),
        revision: 1,
        tie_break_seed: 1,
        deficit_max: MONEY_MAX,
        terms: TermLimits { least: hours(1), most: hours(3), ahead: hours(4) },
        bids: BidLimits { groups_max: 9, bundles_max: 9, goods_max: 9, amount_max: Money(1_000_000) },
        preemption: Preemption { notice: Span(0), compensation_permille: 0 },
        fees: Fees { seller_permille: 100, per_group: Money(2) },
        classes: vec![class],
    })
    .unwrap()
}

/// So many million bit/s of the layer (0) or the cell (1) for the first hour.
fn wish(node: u32, millions: u64) -> Wish {
    let interval = Interval { start: Timestamp(0), end: Timestamp(0).after(Span(MICROS_PER_HOUR)) };
    Wish { owner: Owner::Node(NodeIndex(node)), kind: Kind::Bandwidth, quantity: millions * 1_000_000, interval }
}

fn bid(bidder: u32, amount: i64, wishes: &[Wish]) -> AccountBid {
    AccountBid {
        bidder: BidderIndex(bidder),
        group: GroupIndex(bidder),
        service: ServiceClass::D,
        amount: Money(amount),
        wishes: wishes.to_vec(),
        anywhere: None,
        is_divisible: false,
    }
}

/// An offer at a price for a million and an hour.
fn offer(seller: u32, price: u64, wishes: &[Wish]) -> AccountOffer {
    let goods = wishes.iter().map(|&wish| OfferedGood { wish, cost: Reserve::Fixed(price) }).collect();
    AccountOffer { seller: SellerId(seller), goods, is_divisible: false }
}

fn session<'a>(
    ground: Ground<'a>,
    policy: &'a Policy,
    bids: &'a [AccountBid],
    offers: &'a [AccountOffer],
) -> Session<'a> {
    Session { ground, policy, at: Timestamp(0), bids, offers, budgets: None }
}

fn cleared(policy: &Policy, bids: &[AccountBid], offers: &[AccountOffer]) -> SessionOutcome {
    clear_session(&session(Ground::bare(&fleet()), policy, bids, offers), &Stop::new()).unwrap()
}

type Results = Vec<Result<i64, Lost>>;

fn results(outcome: &SessionOutcome) -> (Results, Results) {
    let paid = |result: Result<Money, Lost>| result.map(|paid| paid.0);
    let bids = outcome.fates.iter().map(|fate| paid(fate.result)).collect();
    (bids, outcome.offer_fates.iter().map(|fate| paid(fate.result)).collect())
}

/// Bids and offers in plain numbers: millions of layer and of cell, and an amount.
type Side = Vec<([u64; 2], i64)>;

fn wishes([layer, cell]: [u64; 2]) -> Vec<Wish> {
    [(0, layer), (1, cell)]
        .into_iter()
        .filter(|entry| entry.1 > 0)
        .map(|(node, millions)| wish(node, millions))
        .collect()
}

fn bids_of(side: &Side) -> Vec<AccountBid> {
    (0_u32..).zip(side).map(|(at, &(bundle, amount))| bid(at, amount, &wishes(bundle))).collect()
}

fn offers_of(side: &Side) -> Vec<AccountOffer> {
    // A price for each million: what is asked is the price times the millions.
    (1_u32..).zip(side).map(|(at, &(bundle, price))| offer(at, price.unsigned_abs(), &wishes(bundle))).collect()
}

fn asked(offer: &([u64; 2], i64)) -> i64 {
    offer.1 * i64::try_from(offer.0[0] + offer.0[1]).unwrap()
}

/// The greatest surplus, by trying every choice of bids and of offers.
fn best(bids: &[([u64; 2], i64)], offers: &[([u64; 2], i64)]) -> i64 {
    let mut most = 0;
    for chosen in 0..1_u32 << (bids.len() + offers.len()) {
        let is_in = |at: usize| chosen >> at & 1 == 1;
        let (mut left, mut surplus) = ([0_i64; 2], 0);
        for (_, bid) in bids.iter().enumerate().filter(|(at, _)| is_in(*at)) {
            surplus += bid.1;
            left.iter_mut().zip(bid.0).for_each(|(left, millions)| *left -= i64::try_from(millions).unwrap());
        }
        for (_, offer) in offers.iter().enumerate().filter(|(at, _)| is_in(bids.len() + at)) {
            surplus -= asked(offer);
            left.iter_mut().zip(offer.0).for_each(|(left, millions)| *left += i64::try_from(millions).unwrap());
        }
        if left.iter().all(|&left| left >= 0) {
            most = most.max(surplus);
        }
    }
    most
}

/// The best of all ways to give items to bidders, in the order of bidders.
fn assigned(bidders: &[usize], left: &[usize], worth: &dyn Fn(usize, usize) -> i64) -> i64 {
    let Some((&bidder, rest)) = bidders.split_first() else { return 0 };
    let mut most = assigned(rest, left, worth);
    for (at, &item) in left.iter().enumerate() {
        let mut others = left.to_vec();
        others.remove(at);
        most = most.max(worth(bidder, item) + assigned(rest, &others, worth));
    }
    most
}

fn side(amounts: std::ops::Range<i64>, count_max: usize) -> impl Strategy<Value = Side> {
    let bundle = (0..4_u64, 0..4_u64).prop_filter("an empty bundle", |bundle| bundle.0 + bundle.1 > 0);
    let one = (bundle, amounts).prop_map(|((layer, cell), amount)| ([layer, cell], amount));
    // Three offers of three millions fit what may trade.
    proptest::collection::vec(one, 1..=count_max)
}

/// What holds whatever is bid and offered: the second look finds nothing, the ledger balances, and prices bound the surplus.
fn look(session: &Session<'_>, outcome: &SessionOutcome) -> Ledger {
    let transfers = posting::transfers(session, outcome);
    assert_eq!(residuals(session, outcome, &transfers), Residuals::default());
    for class in &outcome.classes {
        let prices = supporting_prices::find(session, outcome, class, &Stop::new());
        assert!(class.surplus <= prices.bound, "{} above {}", class.surplus, prices.bound);
    }
    let rules = session.policy.rules();
    let mut ledger = Ledger::new(rules.deficit_max);
    ledger.settle(RoundId(0), &posting::issues(&rules.fees, session.bids)).unwrap();
    ledger.settle(RoundId(1), &transfers).unwrap();
    assert_eq!(ledger.balances().map(|(_, balance)| balance).sum::<i128>(), 0);
    ledger
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Trades are those of greatest surplus; buyers pay what the others lose by them, and sellers get what they bring.
    #[test]
    fn bundles_on_both_sides_trade_as_enumeration_says(bids in side(1..200, 4), offers in side(1..40, 3)) {
        let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Vcg), fleet());
        let (account_bids, account_offers) = (bids_of(&bids), offers_of(&offers));
        let session = session(Ground::bare(&fleet), &policy, &account_bids, &account_offers);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        look(&session, &outcome);
        let surplus = best(&bids, &offers);
        prop_assert_eq!(outcome.classes.iter().map(|class| class.surplus).sum::<u128>(), surplus.unsigned_abs().into());
        for (at, fate) in outcome.fates.iter().enumerate() {
            if let Ok(paid) = fate.result {
                let mut others = bids.clone();
                let own = others.remove(at);
                prop_assert_eq!(paid.0, best(&others, &offers) - (surplus - own.1));
            }
        }
        for (at, fate) in outcome.offer_fates.iter().enumerate() {
            if let Ok(gets) = fate.result {
                let mut others = offers.clone();
                let own = others.remove(at);
                prop_assert_eq!(gets.0, surplus + asked(&own) - best(&bids, &others));
            }
        }
    }

    /// Under two-sided VCG no buyer and no seller gains by stating another amount.
    #[test]
    fn no_misreport_helps_on_either_side(
        bids in side(1..200, 4), offers in side(1..40, 3), who in 0..4_usize, told in 1..200_i64,
    ) {
        let policy = policy(Format::DoubleAuction, PaymentRule::Vcg);
        let clear = |bids: &Side, offers: &Side| cleared(&policy, &bids_of(bids), &offers_of(offers));
        let truth = clear(&bids, &offers);
        if who < bids.len() {
            let payoff = |outcome: &SessionOutcome| outcome.fates[who].result.map_or(0, |paid| bids[who].1 - paid.0);
            let mut lied = bids.clone();
            lied[who].1 = told;
            prop_assert!(payoff(&clear(&lied, &offers)) <= payoff(&truth));
        }
        if who < offers.len() {
            let payoff = |outcome: &SessionOutcome| outcome.offer_fates[who].result.map_or(0, |gets| gets.0 - asked(&offers[who]));
            let mut lied = offers.clone();
            lied[who].1 = told;
            prop_assert!(payoff(&clear(&bids, &lied)) <= payoff(&truth));
        }
    }

    /// Tranches: every good has a price, and the trades are the most valuable, a million at a time.
    #[test]
    fn divisible_orders_trade_in_part_at_one_price(
        bids in proptest::collection::vec((1..6_u64, 1..60_i64), 1..5),
        offers in proptest::collection::vec((1..4_u64, 1..60_u64), 1..4),
    ) {
        let (policy, fleet) = (policy(Format::DoubleAuction, PaymentRule::Uniform), fleet());
        let account_bids: Vec<AccountBid> = (0_u32..).zip(&bids).map(|(at, &(millions, price))| AccountBid {
            is_divisible: true,
            ..bid(at, price * i64::try_from(millions).unwrap(), &[wish(0, millions)])
        }).collect();
        let account_offers: Vec<AccountOffer> = (1_u32..).zip(&offers).map(|(at, &(millions, price))| AccountOffer {
            is_divisible: true,
            ..offer(at, price, &[wish(0, millions)])
        }).collect();
        let session = session(Ground::bare(&fleet), &policy, &account_bids, &account_offers);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        look(&session, &outcome);
        let wanted = bids.iter().flat_map(|&(millions, price)| repeat_n(price, usize::try_from(millions).unwrap()));
        let mut wanted: Vec<i64> = wanted.collect();
        let fitting = offers.iter().zip(&outcome.offer_fates).filter(|(_, fate)| fate.result != Err(Lost::Supply));
        let there = fitting.flat_map(|(&(millions, price), _)| {
            repeat_n(i64::try_from(price).unwrap(), usize::try_from(millions).unwrap())
        });
        let mut there: Vec<i64> = there.collect();
        wanted.sort_unstable_by_key(|price| -price);
        there.sort_unstable();
        let most: i64 = wanted.iter().zip(&there).map(|(bid, ask)| (bid - ask).max(0)).sum();
        // Nobody wins more than is offered, and a bid for more is for a part of it.
        prop_assert_eq!(outcome.classes[0].surplus, most.unsigned_abs().into());
    }

    /// Items go to those who value them most, and each pays what the others lose.
    #[test]
    fn items_are_assigned_at_vcg_prices(values in proptest::collection::vec([0..60_i64, 0..60_i64, 0..60_i64], 1..5)) {
        let policy = policy(Format::UnitDemand, PaymentRule::Vcg);
        // Three items of two, three and four millions, at 5 a million.
        let offers: Vec<AccountOffer> = (1..4_u32).map(|item| offer(item, 5, &[wish(0, u64::from(item) + 1)])).collect();
        let mut bids = Vec::new();
        for (bidder, values) in (0_u32..).zip(&values) {
            // A bid for an item is for just what it holds; larger items serve it too, so that values rise with size.
            let mut least = 0;
            for (item, &value) in (1_u64..).zip(values) {
                least = value.max(least);
                bids.push(bid(bidder, least, &[wish(0, item + 1)]));
            }
        }
        let outcome = cleared(&policy, &bids, &offers);
        let worth = |bidder: usize, item: usize| {
            let least = values[bidder][..=item].iter().copied().max().unwrap();
            (least - 5 * i64::try_from(item + 2).unwrap()).max(0)
        };
        let everyone: Vec<usize> = (0..values.len()).collect();
        let all = assigned(&everyone, &[0, 1, 2], &worth);
        prop_assert_eq!(outcome.classes[0].surplus, all.unsigned_abs().into());
        for (at, fate) in outcome.fates.iter().enumerate() {
            let Ok(paid) = fate.result else { continue };
            let bidder = at / 3;
            let others: Vec<usize> = everyone.iter().copied().filter(|&other| other != bidder).collect();
            let without = assigned(&others, &[0, 1, 2], &worth);
            // What it pays beyond the ask of its item is what the others lose: its payoff is what its being there brings.
            prop_assert_eq!(fate.counted.0 - paid.0, all - without);
        }
    }
}

#[test]
fn trade_reduction_on_accounts_gives_up_the_last_pair() {
    // Bids of 90, 70 and 50 for a million, offers at 10, 30 and 60: two pairs trade, and the price between 50 and 60 suits both.
    let bids: Vec<AccountBid> = (0..).zip([90, 70, 50]).map(|(at, amount)| bid(at, amount, &[wish(0, 1)])).collect();
    let offers: Vec<AccountOffer> =
        (1..).zip([10, 30, 60]).map(|(at, price)| offer(at, price, &[wish(0, 1)])).collect();
    let policy = policy(Format::DoubleAuction, PaymentRule::TradeReduction);
    let (bought, sold) = results(&cleared(&policy, &bids, &offers));
    assert_eq!(bought, [Ok(55), Ok(55), Err(Lost::Outbid)]);
    assert_eq!(sold, [Ok(55), Ok(55), Err(Lost::Outbid)]);
    // With two of each, the last pair stays out and sets both prices.
    let (bought, sold) = results(&cleared(&policy, &bids[..2], &offers[..2]));
    assert_eq!((bought, sold), (vec![Ok(70), Err(Lost::Outbid)], vec![Ok(30), Err(Lost::Outbid)]));
}

#[test]
fn formats_without_offers_refuse_them_and_formats_with_offers_let_nothing_else() {
    let (bids, offers) = ([bid(0, 100, &[wish(0, 1)])], [offer(1, 10, &[wish(0, 1)])]);
    let outcome = cleared(&policy(Format::SealedBid, PaymentRule::Vcg), &bids, &offers);
    assert_eq!(results(&outcome), (vec![Ok(10)], vec![Err(Lost::NoOffers)]));
    assert_eq!(outcome.offer_fates[0].ask, Money(10));
    for (format, payment) in [(Format::UnitDemand, PaymentRule::Vcg), (Format::DoubleAuction, PaymentRule::Uniform)] {
        let (bought, _) = results(&cleared(&policy(format, payment), &bids, &[]));
        assert_eq!(bought, [Err(Lost::Supply)]);
    }
    // More than the account may trade is not let, whoever offers it.
    let much = [offer(1, 10, &[wish(0, 11)])];
    let (_, sold) = results(&cleared(&policy(Format::DoubleAuction, PaymentRule::Vcg), &bids, &much));
    assert_eq!(sold, [Err(Lost::Supply)]);
}

#[test]
fn a_bid_above_the_budget_is_refused_by_itself() {
    let mut second = bid(0, 60, &[wish(1, 1)]);
    second.group = GroupIndex(7);
    let bids = [bid(0, 50, &[wish(0, 1)]), second, bid(1, 900, &[wish(0, 1)])];
    let (policy, fleet) = (policy(Format::SealedBid, PaymentRule::PayAsBid), fleet());
    let outcome = |budgets: &[i128]| {
        let session = Session { budgets: Some(budgets), ..session(Ground::bare(&fleet), &policy, &bids, &[]) };
        results(&clear_session(&session, &Stop::new()).unwrap()).0
    };
    // Both groups owe a fee of 2 as well: 114 in all.
    assert_eq!(outcome(&[114, 902]), [Ok(50), Ok(60), Ok(900)]);
    assert_eq!(outcome(&[113, 902]), [Ok(50), Err(Lost::Budget), Ok(900)]);
    assert_eq!(outcome(&[113, 901]), [Ok(50), Err(Lost::Budget), Err(Lost::Budget)]);
    assert_eq!(outcome(&[]), [Err(Lost::Budget); 3]);
}

#[test]
fn who_cannot_pay_a_fee_stops_nobody_else_and_pays_none() {
    // The third bids for what its class does not trade: that owes the fee of its group all the same.
    let refused = AccountBid { service: ServiceClass::A, ..bid(2, 70, &[wish(0, 1)]) };
    let mut second = bid(0, 60, &[wish(1, 1)]);
    second.group = GroupIndex(7);
    let bids = [bid(0, 50, &[wish(0, 1)]), second, bid(1, 900, &[wish(0, 1)]), refused];
    let (policy, fleet) = (policy(Format::SealedBid, PaymentRule::PayAsBid), fleet());
    let settled = |budgets: &[i128]| {
        let session = Session { budgets: Some(budgets), ..session(Ground::bare(&fleet), &policy, &bids, &[]) };
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let holders = budgets.iter().zip(0..).map(|(&budget, at)| (Party::Holder(HolderId(at)), budget));
        let mut ledger = Ledger::carried_on(MONEY_MAX, &holders.collect(), RoundId(0)).unwrap();
        ledger.settle(RoundId(1), &posting::transfers(&session, &outcome)).unwrap();
        let left: Vec<i128> = (0..3).map(|at| ledger.balance(Party::Holder(HolderId(at)))).collect();
        (results(&outcome).0, left)
    };
    let (budget, trader) = (Err(Lost::Budget), Err(Lost::NotTrader));
    assert_eq!(settled(&[52, 1, 2]), (vec![Ok(50), budget, budget, trader], vec![0, 1, 0]));
    assert_eq!(settled(&[114, 902, 1]), (vec![Ok(50), Ok(60), Ok(900), budget], vec![0, 0, 1]));
    // Of nobody it is known that it has anything.
    assert_eq!(settled(&[]), (vec![budget; 4], vec![0; 3]));
}

#[test]
fn what_runs_is_not_let_and_the_floors_stay() {
    let (fleet, mut rules) = (fleet(), policy(Format::SealedBid, PaymentRule::PayAsBid).rules().clone());
    rules.classes[0].floors_permille = [300, 0];
    rules.classes[0].share_permille = 700;
    let policy = Policy::new(rules).unwrap();
    let mut holdings = Holdings::default();
    let layer = Owner::Node(NodeIndex(0));
    let hour = wish(0, 1).interval;
    holdings.add(layer, Kind::Bandwidth, Holding { interval: hour, service: ServiceClass::A, amount: 4_000_000 });
    holdings.add(layer, Kind::Bandwidth, Holding { interval: hour, service: ServiceClass::D, amount: 1_000_000 });
    let ground = Ground { holdings: &holdings, ..Ground::bare(&fleet) };
    // A holds four, more than its floor of three; of the six that are left, D holds one.
    for (millions, fits) in [(5, true), (6, false)] {
        let bids = [bid(0, 900, &[wish(0, millions)])];
        let session = session(ground, &policy, &bids, &[]);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        look(&session, &outcome);
        assert_eq!(outcome.fates[0].result.is_ok(), fits, "{millions}");
    }
}

#[test]
fn dual_prices_seed_reserve_prices() {
    let fleet = fleet();
    let hour = wish(0, 1).interval;
    let half = Interval { start: hour.start, end: hour.start.after(Span(MICROS_PER_HOUR / 2)) };
    let price = |interval, price| Price { owner: Owner::Node(NodeIndex(0)), kind: Kind::Bandwidth, interval, price };
    let policy = policy(Format::SealedBid, PaymentRule::Vcg);
    let bids = [bid(0, 900, &[wish(0, 1)])];
    let paid = |seeds: &[Price]| {
        let ground = Ground { seeds, ..Ground::bare(&fleet) };
        results(&clear_session(&session(ground, &policy, &bids, &[]), &Stop::new()).unwrap()).0[0]
    };
    // The policy's 10 stands where the plan says less, and when: 61 for half of the hour and 10 for the other are 35.5, rounded up.
    assert_eq!((paid(&[]), paid(&[price(hour, 7)])), (Ok(10), Ok(10)));
    assert_eq!((paid(&[price(hour, 61)]), paid(&[price(half, 61)])), (Ok(61), Ok(36)));
    assert_eq!(paid(&[price(hour, 901)]), Err(Lost::Reserve));
}

#[test]
fn a_bidder_who_wins_with_two_groups_pays_once() {
    let mut second = bid(0, 40, &[wish(1, 1)]);
    second.group = GroupIndex(9);
    let rival = bid(1, 30, &[wish(0, 10), wish(1, 10)]);
    let bids = [bid(0, 50, &[wish(0, 1)]), second, rival];
    let mut rules = policy(Format::SealedBid, PaymentRule::Vcg).rules().clone();
    rules.classes[0].reserve = Reserve::Fixed(0);
    let outcome = cleared(&Policy::new(rules).unwrap(), &bids, &[]);
    // Without the bidder, the rival's 30 would win: that is paid once, for both bids together.
    let paid: BTreeMap<usize, i64> =
        outcome.fates.iter().enumerate().filter_map(|(at, fate)| Some((at, fate.result.ok()?.0))).collect();
    assert_eq!(paid.keys().copied().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(paid.values().sum::<i64>(), 30);
}

#[test]
fn who_wants_more_than_is_offered_sets_the_price() {
    let of_part = |bid: AccountBid| AccountBid { is_divisible: true, ..bid };
    let bids = [of_part(bid(0, 900, &[wish(0, 9)])), of_part(bid(1, 120, &[wish(0, 2)]))];
    let offers = [AccountOffer { is_divisible: true, ..offer(1, 10, &[wish(0, 4)]) }];
    // A million is worth 100 to the one and 60 to the other, and the four that are offered do not suffice for the first.
    let (bought, sold) = results(&cleared(&policy(Format::DoubleAuction, PaymentRule::Uniform), &bids, &offers));
    assert_eq!((bought, sold), (vec![Ok(400), Err(Lost::Outbid)], vec![Ok(400)]));
}
