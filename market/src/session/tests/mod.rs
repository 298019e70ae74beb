mod anywhere;
mod caps;
mod hierarchy;
mod holdings;
mod money;
mod one_price;
mod posted;
mod program;
mod proofs;
mod strangers;

use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::job::{Domain, ServiceClass};
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Interval, MICROS_PER_HOUR, Span, Timestamp};
use lessor_solver::support::stop::Stop;
use proptest::prelude::*;

use super::catalog::{Ground, Wish};
use super::check::{Residuals, residuals};
use super::posting;
use super::{AccountBid, AccountOffer, Lost, Session, SessionOutcome, clear_session};
use super::{probe, supporting_prices, why};
use crate::book::{BidderIndex, GroupIndex};
use crate::money::Money;
use crate::policy::{
    AccountClass, BidLimits, Fees, Format, PaymentRule, Policy, Preemption, Reserve, Rules, TermLimits,
};
use crate::settlement::{Ledger, Party, RoundId};

const LAYER: NodeIndex = NodeIndex(0);
const CELL: NodeIndex = NodeIndex(1);

/// A layer with ten million bit/s up, five from the second hour on, over a cell with four million, over a tile.
fn fleet() -> Fleet {
    fleet_of(10_000_000)
}

/// The same with so much over the layer in the first hour.
fn fleet_of(layer_bps: u64) -> Fleet {
    fleet_changing(layer_bps, 5_000_000)
}

/// The same with so much from the second hour on.
fn fleet_changing(layer_bps: u64, later_bps: u64) -> Fleet {
    let nodes = nodes(layer_bps);
    let steps = [((Owner::Node(LAYER), Kind::Bandwidth), vec![(hour(1), later_bps)])];
    let parts =
        FleetParts { nodes, classes: vec![TileClass::plain("plain")], steps: steps.into(), ..FleetParts::default() };
    Fleet::new(parts).unwrap()
}

/// A layer with so much up over a cell with four million bit/s, over a tile.
fn nodes(layer_bps: u64) -> NodeColumns {
    let limited = |bps| Resources::UNLIMITED.with(Kind::Bandwidth, bps);
    NodeColumns {
        names: ["layer", "cell", "tile"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(1)],
        levels: vec![Level::Layer, Level::Cell, Level::Tile],
        classes: vec![None, None, Some(ClassIndex(0))],
        capacities: vec![limited(layer_bps), limited(4_000_000), Resources::UNLIMITED],
        uplink_delays_us: vec![0; 3],
    }
}

fn hour(count: i64) -> Timestamp {
    Timestamp(count * i64::try_from(MICROS_PER_HOUR).unwrap())
}

/// All of an account trades, at 10 a million bit/s and hour or more.
fn class(name: &str, level: Level, format: Format, payment: PaymentRule) -> AccountClass {
    AccountClass {
        name: name.into(),
        kinds: vec![Kind::Bandwidth],
        places: vec![Domain::Level(level)],
        traders: vec![ServiceClass::D],
        format,
        payment,
        reserve: Reserve::Fixed(10),
        price_cap: Some(1_000),
        share_permille: 1_000,
        floors_permille: [0, 0],
        holder_cap_permille: 1_000,
        steering: None,
    }
}

fn policy(classes: Vec<AccountClass>) -> Policy {
    let hours = |count: u64| Span(count * MICROS_PER_HOUR);
    Policy::new(Rules {
        name: "test".into(),
        revision: 1,
        tie_break_seed: 1,
        deficit_max: Money::ZERO,
        terms: TermLimits { least: hours(1), most: hours(3), ahead: hours(4) },
        bids: BidLimits { groups_max: 3, bundles_max: 3, goods_max: 3, amount_max: Money(100_000) },
        preemption: Preemption { notice: Span(0), compensation_permille: 0 },
        fees: Fees { seller_permille: 100, per_group: Money(2) },
        classes,
    })
    .unwrap()
}

fn sealed(payment: PaymentRule) -> Policy {
    policy(vec![class("links", Level::Layer, Format::SealedBid, payment)])
}

/// So many million bit/s of a node from one hour to another.
fn wish(node: NodeIndex, millions: u64, hours: (i64, i64)) -> Wish {
    let interval = Interval { start: hour(hours.0), end: hour(hours.1) };
    Wish { owner: Owner::Node(node), kind: Kind::Bandwidth, quantity: millions * 1_000_000, interval }
}

/// A bid of a bidder, alone in its group, which has the bidder's number.
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

fn session<'a>(fleet: &'a Fleet, policy: &'a Policy, bids: &'a [AccountBid]) -> Session<'a> {
    Session { ground: Ground::bare(fleet), policy, at: hour(0), bids, offers: &[], budgets: None }
}

/// Clears bids and offers, and looks at the round again.
fn looked_at(fleet: &Fleet, policy: &Policy, bids: &[AccountBid], offers: &[AccountOffer]) -> SessionOutcome {
    let session = Session { offers, ..session(fleet, policy, bids) };
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    let found = residuals(&session, &outcome, &posting::transfers(&session, &outcome));
    assert!(found.are_zero(), "{found:?} {outcome:?}");
    outcome
}

fn cleared(policy: &Policy, bids: &[AccountBid]) -> SessionOutcome {
    clear_session(&session(&fleet(), policy, bids), &Stop::new()).unwrap()
}

fn results(policy: &Policy, bids: &[AccountBid]) -> Vec<Result<i64, Lost>> {
    cleared(policy, bids).fates.iter().map(|fate| fate.result.map(|paid| paid.0)).collect()
}

#[test]
fn a_term_needs_its_account_in_each_of_its_hours() {
    // In the second hour there are five: the long terms of three and three do not fit together.
    let bids = [
        bid(0, 900, &[wish(LAYER, 3, (0, 2))]),
        bid(1, 800, &[wish(LAYER, 3, (0, 2))]),
        bid(2, 300, &[wish(LAYER, 5, (0, 1))]),
    ];
    assert_eq!(results(&sealed(PaymentRule::PayAsBid), &bids), [Ok(900), Err(Lost::Outbid), Ok(300)]);
    // VCG: the second would have been worth 800; the third displaces nobody and pays the reserve of 10 a million and hour.
    assert_eq!(results(&sealed(PaymentRule::Vcg), &bids), [Ok(800), Err(Lost::Outbid), Ok(50)]);
}

#[test]
fn what_a_rule_says_exactly_is_told_beside_what_is_paid() {
    // The third, who would take all ten, is held back by 1,001: half each, in whole micro-credits rounded up.
    let bids = [(0, 900, 5), (1, 900, 5), (2, 1_001, 10)]
        .map(|(at, amount, millions)| bid(at, amount, &[wish(LAYER, millions, (0, 1))]));
    let outcome = cleared(&sealed(PaymentRule::Core), &bids);
    let paid = [0, 1].map(|at| outcome.fates[at].result.map(|paid| paid.0));
    assert_eq!(paid, [Ok(501), Ok(501)]);
    let exact: Vec<_> = outcome.classes[0].exact_payments.iter().map(|(bidder, exact)| (bidder.0, *exact)).collect();
    assert_eq!(exact, [(0, 500_500_000), (1, 500_500_000)]);
}

#[test]
fn every_bid_has_a_fate_and_a_reason() {
    let long = bid(3, 100, &[wish(LAYER, 1, (0, 4))]);
    let late = bid(4, 100, &[wish(LAYER, 1, (5, 6))]);
    let control = AccountBid { service: ServiceClass::A, ..bid(5, 100, &[wish(LAYER, 1, (0, 1))]) };
    let bids = [
        bid(0, 100, &[wish(CELL, 1, (0, 1))]),
        bid(1, 9, &[wish(LAYER, 1, (0, 1))]),
        bid(2, 10_000, &[wish(LAYER, 11, (0, 1))]),
        long,
        late,
        control,
        bid(6, 100_001, &[wish(LAYER, 1, (0, 1))]),
        bid(7, 100, &[wish(LAYER, 1, (0, 1))]),
    ];
    let expected =
        [Lost::NotTraded, Lost::Reserve, Lost::Supply, Lost::Term, Lost::Term, Lost::NotTrader, Lost::Limits].map(Err);
    let outcome = cleared(&sealed(PaymentRule::PayAsBid), &bids);
    let found: Vec<_> = outcome.fates.iter().map(|fate| fate.result.map(|paid| paid.0)).collect();
    assert_eq!((&found[..7], found[7]), (&expected[..], Ok(100)));
    // What was refused before anything was compared has no reserve price.
    let reserves: Vec<_> = outcome.fates.iter().map(|fate| fate.reserve.map(|reserve| reserve.0)).collect();
    assert_eq!(reserves, [None, Some(10), Some(110), None, None, None, None, Some(10)]);
}

#[test]
fn a_bid_counts_for_no_more_than_the_price_cap() {
    // A million bit/s for an hour count for 1,000 at most, so the two are equal and the lot decides.
    let bids = [bid(0, 90_000, &[wish(LAYER, 10, (0, 1))]), bid(1, 10_000, &[wish(LAYER, 10, (0, 1))])];
    let paid: Vec<_> = results(&sealed(PaymentRule::PayAsBid), &bids).into_iter().flatten().collect();
    assert_eq!(paid, [10_000]);
}

#[test]
fn classes_are_markets_of_their_own() {
    let both = policy(vec![
        class("links", Level::Layer, Format::SealedBid, PaymentRule::Core),
        class("cells", Level::Cell, Format::Greedy, PaymentRule::CriticalBid),
    ]);
    let bids = [
        bid(0, 500, &[wish(LAYER, 10, (0, 1))]),
        bid(1, 500, &[wish(CELL, 4, (0, 1))]),
        bid(2, 400, &[wish(CELL, 4, (0, 1))]),
        bid(3, 500, &[wish(CELL, 1, (0, 1)), wish(LAYER, 1, (0, 1))]),
    ];
    // At 400 the lot puts the second before the third.
    assert_eq!(results(&both, &bids), [Ok(100), Ok(400), Err(Lost::Outbid), Err(Lost::NotTraded)].map(|result| result));
}

#[test]
fn of_a_group_in_two_classes_the_first_class_that_it_wins_in_counts() {
    let both = policy(vec![
        class("links", Level::Layer, Format::SealedBid, PaymentRule::Vcg),
        class("cells", Level::Cell, Format::Greedy, PaymentRule::CriticalBid),
    ]);
    let of_group = |bid: AccountBid| AccountBid { group: GroupIndex(7), ..bid };
    let bids = [
        of_group(bid(0, 900, &[wish(CELL, 4, (0, 1))])),
        of_group(bid(0, 200, &[wish(LAYER, 10, (0, 1))])),
        bid(1, 500, &[wish(CELL, 4, (0, 1))]),
    ];
    // The cells come second, however dear.
    assert_eq!(results(&both, &bids), [Err(Lost::GroupWon), Ok(100), Ok(40)]);
    let (fleet, raised) = (fleet(), Stop::new());
    let session = session(&fleet, &both, &bids);
    let found = why::why(&session, 0, &Stop::new()).unwrap().unwrap();
    assert_eq!((found.lost, found.cheapest, found.against), (Lost::GroupWon, None, vec![1]));
    // In a class that is not settled nobody wins, so that the group goes on to the next. Of four bids for four, two fit.
    let cells = class("cells", Level::Cell, Format::SealedBid, PaymentRule::PayAsBid);
    let both = policy(vec![both.rules().classes[0].clone(), cells]);
    let fours = (1..4).zip([490, 480, 470]).map(|(at, amount)| bid(at, amount, &[wish(LAYER, 4, (0, 1))]));
    let own = [bids[0].clone(), of_group(bid(0, 500, &[wish(LAYER, 4, (0, 1))]))];
    let bids: Vec<AccountBid> = own.into_iter().chain(fours).collect();
    raised.raise();
    let outcome = clear_session(&Session { bids: &bids, policy: &both, ..session }, &raised).unwrap();
    let told: Vec<_> = outcome.fates.iter().map(|fate| fate.result.map(|paid| paid.0)).collect();
    let open = Err(Lost::Unsettled);
    assert_eq!(told, [Ok(900), open, open, open, open]);
}

/// The layer's bandwidth at a posted price.
fn at_posted_price() -> AccountClass {
    let steering = crate::posted::Steering {
        target_permille: 800,
        gain_permille: 500,
        step_max_permille: 125,
        newest_permille: 1_000,
        elasticity_permille: 1_000,
    };
    let posted = class("links", Level::Layer, Format::Posted, PaymentRule::PostedPrice);
    AccountClass { steering: Some(steering), ..posted }
}

#[test]
fn a_posted_price_serves_in_the_order_of_lots() {
    let bids: Vec<AccountBid> = (0..4).map(|bidder| bid(bidder, 500, &[wish(LAYER, 4, (0, 1))])).collect();
    let (fleet, rules) = (fleet(), policy(vec![at_posted_price()]));
    let served = results(&rules, &bids);
    let of = |wanted: Result<i64, Lost>| (0..4).filter(|&at| served[at] == wanted).collect::<Vec<usize>>();
    let (winners, losers) = (of(Ok(40)), of(Err(Lost::Lot)));
    assert_eq!((winners.len(), losers.len()), (2, 2), "{served:?}");
    // No amount would have won: the lot has put others first.
    let found = why::why(&session(&fleet, &rules, &bids), losers[0], &Stop::new()).unwrap().unwrap();
    assert_eq!((found.lost, found.cheapest, found.against), (Lost::Lot, None, winners));
}

#[test]
fn one_bid_of_a_group_is_served_at_a_posted_price() {
    let both = |at| AccountBid { group: GroupIndex(0), ..bid(at, 500, &[wish(LAYER, 4, (0, 1))]) };
    let bids = [0, 1].map(|_| both(0));
    let served = results(&policy(vec![at_posted_price()]), &bids);
    assert_eq!(served.iter().filter(|result| **result == Err(Lost::GroupWon)).count(), 1, "{served:?}");
}

#[test]
fn an_account_without_a_limit_at_the_end_of_a_term_is_not_sold() {
    let (fleet, rules) = (fleet_changing(10_000_000, UNLIMITED), sealed(PaymentRule::PayAsBid));
    let bids = [(0, 1), (0, 2), (1, 2)].map(|hours| bid(0, 900, &[wish(LAYER, 4, hours)]));
    let outcome = clear_session(&session(&fleet, &rules, &bids), &Stop::new()).unwrap();
    let told: Vec<_> = outcome.fates.iter().map(|fate| fate.result.map(|paid| paid.0)).collect();
    assert_eq!(told, [Ok(900), Err(Lost::Unlimited), Err(Lost::Unlimited)]);
}

#[test]
fn the_cheapest_winning_bid_wins_and_one_less_does_not() {
    let bids = |amount| {
        [
            bid(0, 900, &[wish(LAYER, 6, (0, 1))]),
            bid(1, 500, &[wish(LAYER, 4, (0, 1))]),
            bid(2, amount, &[wish(LAYER, 10, (0, 1))]),
        ]
    };
    let policy = sealed(PaymentRule::Core);
    let (fleet, losing) = (fleet(), bids(700));
    let session = session(&fleet, &policy, &losing);
    let found = why::why(&session, 2, &Stop::new()).unwrap().unwrap();
    assert_eq!((found.lost, found.against), (Lost::Outbid, vec![0, 1]));
    let cheapest = found.cheapest.unwrap().0;
    assert!((1_400..=1_401).contains(&cheapest), "{cheapest}");
    assert!(results(&policy, &bids(cheapest))[2].is_ok() && results(&policy, &bids(cheapest - 1))[2].is_err());
    assert_eq!(why::why(&session, 0, &Stop::new()), Ok(None));
}

fn any_bids() -> impl Strategy<Value = Vec<AccountBid>> {
    let wishes = prop::collection::vec((1..6_u64, 0..2_i64, 1..3_i64), 1..3);
    let bids = prop::collection::vec((0..5_u32, 0..2_u32, 0..3_000_i64, wishes), 1..9);
    bids.prop_map(|bids| {
        let bids = bids.into_iter().map(|(bidder, group, amount, wishes)| AccountBid {
            group: GroupIndex(bidder * 2 + group),
            // The second wish of a bundle comes after the first, so that they do not meet.
            ..bid(
                bidder,
                amount,
                &wishes
                    .iter()
                    .enumerate()
                    .map(|(at, &(millions, start, length))| {
                        let start = start + 4 * i64::try_from(at).unwrap();
                        wish(LAYER, millions, (start, start + length))
                    })
                    .collect::<Vec<_>>(),
            )
        });
        bids.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is bid: what the second look finds is all zero, nobody pays below the reserve price, the ledger balances, and
    /// the prices prove a bound that is no less than the surplus.
    #[test]
    fn a_round_holds_all_of_its_rules(bids in any_bids(), cap in 300..=1_000_u32, format in 0..4) {
        let links = match format {
            0 => class("links", Level::Layer, Format::Greedy, PaymentRule::CriticalBid),
            1 => class("links", Level::Layer, Format::SealedBid, PaymentRule::PayAsBid),
            2 => class("links", Level::Layer, Format::SealedBid, PaymentRule::Uniform),
            _ => at_posted_price(),
        };
        let policy = policy(vec![AccountClass { holder_cap_permille: cap, ..links }]);
        let (fleet, outcome) = (fleet(), cleared(&policy, &bids));
        let fees = &policy.rules().fees;
        let session = session(&fleet, &policy, &bids);
        let transfers = posting::transfers(&session, &outcome);
        prop_assert_eq!(residuals(&session, &outcome, &transfers), Residuals::default());
        for fate in &outcome.fates {
            if let Ok(paid) = fate.result {
                prop_assert!(fate.reserve.unwrap() <= paid && paid <= fate.counted);
            }
        }
        let mut ledger = Ledger::new(policy.rules().deficit_max);
        ledger.settle(RoundId(0), &posting::issues(fees, &bids)).unwrap();
        ledger.settle(RoundId(1), &transfers).unwrap();
        prop_assert_eq!(ledger.balances().map(|(_, balance)| balance).sum::<i128>(), 0);
        prop_assert!(ledger.balance(Party::Operator) >= 0);
        for class in &outcome.classes {
            let prices = supporting_prices::find(&session, &outcome, class, &Stop::new());
            prop_assert!(class.surplus <= prices.bound, "{} above {}", class.surplus, prices.bound);
        }
    }

    /// Groups with bids in both classes: one of each wins at most, all rules hold, and each class comes out as if it alone were
    /// there, the second one without the groups that won in the first.
    #[test]
    fn classes_clear_in_order_and_no_group_wins_in_two(
        bids in any_bids(), in_cells in prop::collection::vec(any::<bool>(), 9), rules in (0..4_usize, 0..4_usize),
    ) {
        let kinds = [
            (Format::SealedBid, PaymentRule::PayAsBid), (Format::SealedBid, PaymentRule::Vcg),
            (Format::SealedBid, PaymentRule::Core), (Format::Greedy, PaymentRule::CriticalBid),
        ];
        let of = |name, level, (format, payment)| class(name, level, format, payment);
        let policy = policy(vec![of("links", Level::Layer, kinds[rules.0]), of("cells", Level::Cell, kinds[rules.1])]);
        let mut bids = bids;
        let is_core = rules == (2, 2);
        for (bid, _) in bids.iter_mut().zip(&in_cells).filter(|entry| *entry.1) {
            bid.wishes.iter_mut().for_each(|wish| (wish.owner, wish.quantity) = (Owner::Node(CELL), wish.quantity.min(4_000_000)));
        }
        let fleet = fleet();
        let session = session(&fleet, &policy, &bids);
        let outcome = clear_session(&session, &Stop::new()).unwrap();
        let transfers = posting::transfers(&session, &outcome);
        prop_assert_eq!(residuals(&session, &outcome, &transfers), Residuals::default());
        for class in &outcome.classes {
            let prices = supporting_prices::find(&session, &outcome, class, &Stop::new());
            prop_assert!(class.surplus <= prices.bound, "{} above {}", class.surplus, prices.bound);
        }
        let is_won = |at: usize| outcome.fates[at].result.is_ok();
        let group = |at: usize| (bids[at].bidder, bids[at].group);
        for (at, fate) in outcome.fates.iter().enumerate().filter(|(_, fate)| fate.result == Err(Lost::GroupWon)) {
            prop_assert_eq!(fate.class, Some(1));
            let won_first = |other: usize| outcome.fates[other].class == Some(0) && is_won(other);
            prop_assert!((0..bids.len()).any(|other| group(other) == group(at) && won_first(other)));
        }
        for class in 0..2 {
            // Whoever is of a class that does not trade enters none, and keeps its place in the book.
            let enters = |at: usize| outcome.fates[at].class == Some(class) && outcome.fates[at].result != Err(Lost::GroupWon);
            let alone: Vec<AccountBid> = bids.iter().enumerate().map(|(at, bid)| AccountBid {
                service: if enters(at) { ServiceClass::D } else { ServiceClass::A }, ..bid.clone()
            }).collect();
            let alone = clear_session(&Session { bids: &alone, ..session }, &Stop::new()).unwrap();
            for at in (0..bids.len()).filter(|&at| enters(at)) {
                prop_assert_eq!(outcome.fates[at].result, alone.fates[at].result);
            }
        }
        if is_core {
            prop_assert_eq!(probe::core_violation(&session, &outcome, &Stop::new()).unwrap(), Some(0));
        }
    }
}
