//! Bids on node classes: any node of one level below a node will do.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::{NodeClass, Zone, ZoneKind};

use super::*;
use crate::posted::{Standing, UnitPrice, Wobble};
use crate::session::anywhere::{Anywhere, Need};
use crate::session::posted_prices::PostedPrice;
use crate::session::{AccountOffer, OfferedGood, SessionError};
use crate::settlement::SellerId;

const CELLS: [NodeIndex; 2] = [NodeIndex(1), NodeIndex(2)];
const TILES: [NodeIndex; 4] = [NodeIndex(3), NodeIndex(4), NodeIndex(5), NodeIndex(6)];
const MEGABYTE: u64 = 1_000_000;

/// A layer over two cells over two tiles each, with so many megabytes of memory; 0 is no limit.
fn halls(cells: [u64; 2], tiles: [u64; 4]) -> Fleet {
    let of = |megabytes: u64| match megabytes {
        0 => Resources::UNLIMITED,
        _ => Resources::UNLIMITED.with(Kind::Memory, megabytes * MEGABYTE),
    };
    let nodes = NodeColumns {
        names: ["layer", "c1", "c2", "t1", "t2", "t3", "t4"].map(String::from).to_vec(),
        parents: [None, Some(0), Some(0), Some(1), Some(1), Some(2), Some(2)].to_vec(),
        levels: [vec![Level::Layer], vec![Level::Cell; 2], vec![Level::Tile; 4]].concat(),
        classes: [vec![None; 3], vec![Some(ClassIndex(0)); 4]].concat(),
        capacities: [0].into_iter().chain(cells).chain(tiles).map(of).collect(),
        uplink_delays_us: vec![0; 7],
    };
    Fleet::new(FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() }).unwrap()
}

/// Memory of tiles and cells, at 10 a megabyte and hour of each account or more.
fn memory(format: Format, payment: PaymentRule) -> Policy {
    let steering = at_posted_price().steering.filter(|_| format == Format::Posted);
    let class = AccountClass {
        kinds: vec![Kind::Memory],
        places: [Level::Tile, Level::Cell].map(Domain::Level).to_vec(),
        price_cap: None,
        steering,
        ..class("memory", Level::Tile, format, payment)
    };
    let mut rules = policy(vec![class]).rules().clone();
    (rules.bids.bundles_max, rules.bids.groups_max) = (99, 99);
    Policy::new(rules).unwrap()
}

const TILES_OF_ALL: NodeClass = NodeClass { under: LAYER, level: Level::Tile };
const TILES_OF_ONE: NodeClass = NodeClass { under: CELLS[0], level: Level::Tile };
const CELLS_OF_ALL: NodeClass = NodeClass { under: LAYER, level: Level::Cell };

fn need(megabytes: u64, hours: (i64, i64)) -> Need {
    let interval = Interval { start: hour(hours.0), end: hour(hours.1) };
    Need { kind: Kind::Memory, quantity: megabytes * MEGABYTE, interval }
}

/// A bid of a bidder for so many megabytes of any node of a class.
fn any_of(bidder: u32, amount: i64, class: NodeClass, needs: &[Need]) -> AccountBid {
    AccountBid { anywhere: Some(Anywhere { class, needs: needs.to_vec() }), ..bid(bidder, amount, &[]) }
}

/// What came of bids: the node and the payment, or why nothing did.
fn told(outcome: &SessionOutcome) -> Vec<Result<(Option<NodeIndex>, i64), Lost>> {
    outcome.fates.iter().map(|fate| fate.result.map(|paid| (fate.node, paid.0))).collect()
}

/// The same book with a bid at each node in the place of one on a node class.
fn spelled_out(fleet: &Fleet, bids: &[AccountBid]) -> Vec<AccountBid> {
    let at_each = |bid: &AccountBid| -> Vec<AccountBid> {
        let Some(Anywhere { class, .. }) = bid.anywhere else { return vec![bid.clone()] };
        let is_of = |&node: &NodeIndex| {
            fleet.level(node) == class.level && fleet.path(node).skip(1).any(|above| above == class.under)
        };
        let at = |node| AccountBid { wishes: bid.wishes_at(Some(node)), anywhere: None, ..bid.clone() };
        fleet.nodes().filter(is_of).map(at).collect()
    };
    bids.iter().flat_map(at_each).collect()
}

/// What each bidder gains: what it bids for what it wins, less what it pays.
fn gains(bids: &[AccountBid], outcome: &SessionOutcome) -> BTreeMap<BidderIndex, i64> {
    let mut gains = BTreeMap::new();
    for (bid, fate) in bids.iter().zip(&outcome.fates) {
        *gains.entry(bid.bidder).or_default() += fate.result.map_or(0, |paid| bid.amount.0 - paid.0);
    }
    gains
}

/// The greatest surplus of any choice of one bid at one node, or none, for each group: all of them are looked at.
fn best_of_all(fleet: &Fleet, bids: &[AccountBid]) -> i64 {
    let all = spelled_out(fleet, bids);
    let mut groups: BTreeMap<(BidderIndex, GroupIndex), Vec<&AccountBid>> = BTreeMap::new();
    all.iter().for_each(|bid| groups.entry((bid.bidder, bid.group)).or_default().push(bid));
    let groups: Vec<Vec<&AccountBid>> = groups.into_values().collect();
    best_from(fleet, &groups, &mut BTreeMap::new())
}

/// What is used of each account in each hour.
type Used = BTreeMap<(NodeIndex, i64), u64>;

fn best_from(fleet: &Fleet, groups: &[Vec<&AccountBid>], used: &mut Used) -> i64 {
    let Some((group, rest)) = groups.split_first() else { return 0 };
    let mut best = best_from(fleet, rest, used);
    for bid in group {
        let (mut with, mut reserve) = (used.clone(), 0);
        for wish in &bid.wishes {
            let Owner::Node(node) = wish.owner else { unreachable!("no zone is bid for") };
            for hour in wish.interval.start.0 / hour(1).0..wish.interval.end.0 / hour(1).0 {
                for account in fleet.path(node).filter(|&account| capacity(fleet, account) != UNLIMITED) {
                    *with.entry((account, hour)).or_default() += wish.quantity;
                    reserve += 10 * i64::try_from(wish.quantity / MEGABYTE).unwrap();
                }
            }
        }
        let fits = with.iter().all(|(&(account, _), &used)| used <= capacity(fleet, account));
        if fits && bid.amount.0 >= reserve {
            best = best.max(bid.amount.0 - reserve + best_from(fleet, rest, &mut with));
        }
    }
    best
}

fn capacity(fleet: &Fleet, node: NodeIndex) -> u64 {
    fleet.base_capacity(Owner::Node(node)).get(Kind::Memory)
}

/// Fleets whose tiles are alike in part, and bids on classes that overlap, beside bids on nodes.
fn any_book() -> impl Strategy<Value = (Fleet, Vec<AccountBid>)> {
    let fleet = (prop::array::uniform2(prop_oneof![Just(0), Just(5_u64)]), prop::array::uniform4(2..4_u64));
    let one = (0..4_u32, 0..2_u32, 1..400_i64, 0..6_usize, (1..4_u64, 0..2_i64, 1..3_i64), 0..4_usize);
    (fleet, prop::collection::vec(one, 1..7)).prop_map(|((cells, tiles), drawn)| {
        let bids = drawn.into_iter().map(|(bidder, group, amount, place, (megabytes, start, length), tile)| {
            let need = need(megabytes, (start, start + length));
            let class = match place {
                0 | 1 => Some(TILES_OF_ALL),
                2 => Some(TILES_OF_ONE),
                3 if !cells.contains(&0) => Some(CELLS_OF_ALL),
                _ => None,
            };
            // A fifth place has a named tile beside the class.
            let named = if class.is_none() || place == 1 && tile == 0 { vec![need.at(TILES[tile])] } else { vec![] };
            let anywhere = class.map(|class| Anywhere { class, needs: vec![need] });
            AccountBid { anywhere, group: GroupIndex(bidder * 2 + group), ..bid(bidder, amount, &named) }
        });
        (halls(cells, tiles), bids.collect())
    })
}

/// Each bidder's bids in one group.
fn one_group_each(bids: Vec<AccountBid>) -> Vec<AccountBid> {
    bids.into_iter().map(|bid| AccountBid { group: GroupIndex(bid.bidder.0), ..bid }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Winners are the best of all choices, prices bound what they are worth, and nothing is overdrawn.
    #[test]
    fn winners_are_the_best_of_all_choices((fleet, bids) in any_book()) {
        let best = u128::try_from(best_of_all(&fleet, &bids)).unwrap();
        for payment in [PaymentRule::PayAsBid, PaymentRule::Uniform] {
            let rules = memory(Format::SealedBid, payment);
            let outcome = looked_at(&fleet, &rules, &bids, &[]);
            let Some(class) = outcome.classes.first() else { continue };
            prop_assert_eq!((class.surplus, class.bound), (best, Some(best)));
            let prices = supporting_prices::find(&session(&fleet, &rules, &bids), &outcome, class, &Stop::new());
            prop_assert!(best <= prices.bound, "{} above {}", best, prices.bound);
        }
    }

    /// Under VCG each bidder gains what it does where every node is bid for by name, and no sampled misreport gains more.
    #[test]
    fn vcg_is_that_of_bids_at_each_node_and_truthful((fleet, bids) in any_book()) {
        let (rules, bids) = (memory(Format::SealedBid, PaymentRule::Vcg), one_group_each(bids));
        let outcome = looked_at(&fleet, &rules, &bids, &[]);
        let spelled = spelled_out(&fleet, &bids);
        prop_assert_eq!(gains(&bids, &outcome), gains(&spelled, &looked_at(&fleet, &rules, &spelled, &[])));
        let regret = probe::regret(&session(&fleet, &rules, &bids), &outcome, &Stop::new());
        prop_assert_eq!(regret.bidders.most, 0);
    }

    /// No coalition blocks core payments.
    #[test]
    fn core_payments_are_blocked_by_nobody((fleet, bids) in any_book()) {
        let rules = memory(Format::SealedBid, PaymentRule::Core);
        let outcome = looked_at(&fleet, &rules, &bids, &[]);
        let session = session(&fleet, &rules, &bids);
        prop_assert_eq!(probe::core_violation(&session, &outcome, &Stop::new()).unwrap(), Some(0));
    }

    /// At a posted price, who was put off by the lot finds no node with room, even when all is over.
    #[test]
    fn whom_the_lot_put_off_finds_no_node_with_room((fleet, bids) in any_book()) {
        let rules = memory(Format::Posted, PaymentRule::PostedPrice);
        let outcome = looked_at(&fleet, &rules, &bids, &[]);
        let won: Vec<AccountBid> = bids.iter().zip(&outcome.fates).filter(|(_, fate)| fate.result.is_ok())
            .map(|(bid, fate)| AccountBid { wishes: bid.wishes_at(fate.node), anywhere: None, ..bid.clone() }).collect();
        for (bid, _) in bids.iter().zip(&outcome.fates).filter(|(_, fate)| fate.result == Err(Lost::Lot)) {
            // Where what lies above has a price too, a bid may pay for some nodes and not for others.
            let pays = |at: &AccountBid| {
                looked_at(&fleet, &rules, std::slice::from_ref(at), &[]).fates[0].result.is_ok()
            };
            for alternative in spelled_out(&fleet, std::slice::from_ref(bid)).into_iter().filter(pays) {
                // Whoever gains nothing could be left out for nothing.
                let all = won.iter().chain([&alternative]).cloned().zip(0..);
                let all = all.map(|(bid, at)| AccountBid {
                    bidder: BidderIndex(at), group: GroupIndex(at), amount: Money(100_000), ..bid
                });
                let with: Vec<AccountBid> = all.collect();
                let all = with.iter().map(|bid| bid.amount.0).sum::<i64>();
                let fates = looked_at(&fleet, &rules, &with, &[]).fates;
                let reserves: i64 = fates.iter().filter_map(|fate| fate.reserve).map(|least| least.0).sum();
                prop_assert!(best_of_all(&fleet, &with) < all - reserves, "{alternative:?}");
            }
        }
        for class in &outcome.classes {
            let prices = supporting_prices::find(&session(&fleet, &rules, &bids), &outcome, class, &Stop::new());
            prop_assert!(class.surplus <= prices.bound, "{} above {}", class.surplus, prices.bound);
        }
    }

    /// Where sellers offer tiles, the trades and what all gain by them are those of bids at each node.
    #[test]
    fn trades_are_those_of_bids_at_each_node(
        (fleet, bids) in any_book(), asks in prop::collection::vec((0..4_usize, 1..4_u64, 0..40_u64), 1..5),
        is_unit in any::<bool>(),
    ) {
        let format = if is_unit { Format::UnitDemand } else { Format::DoubleAuction };
        let (mut rules, bids) = (memory(format, PaymentRule::Vcg).rules().clone(), one_group_each(bids));
        rules.deficit_max = crate::money::MONEY_MAX;
        let rules = Policy::new(rules).unwrap();
        let offers: Vec<AccountOffer> = (1..).zip(asks).map(|(seller, (tile, megabytes, price))| {
            let good = OfferedGood { wish: need(megabytes, (0, 3)).at(TILES[tile]), cost: Reserve::Fixed(price) };
            AccountOffer { seller: SellerId(seller), goods: vec![good], is_divisible: false }
        }).collect();
        let outcome = looked_at(&fleet, &rules, &bids, &offers);
        let spelled = spelled_out(&fleet, &bids);
        let by_name = looked_at(&fleet, &rules, &spelled, &offers);
        let surplus = |outcome: &SessionOutcome| outcome.classes.iter().map(|class| class.surplus).sum::<u128>();
        prop_assert_eq!(surplus(&outcome), surplus(&by_name));
        if !is_unit {
            prop_assert_eq!(gains(&bids, &outcome), gains(&spelled, &by_name));
        }
        let uniform = memory(Format::DoubleAuction, PaymentRule::Uniform);
        let found = looked_at(&fleet, &uniform, &bids, &offers);
        prop_assert!(found.classes.iter().all(|class| class.bound.is_none_or(|bound| class.surplus <= bound)));
    }
}

#[test]
fn a_winner_is_told_its_node_and_pays_what_others_lose() {
    // Two tiles hold one bid of three megabytes each; the third bidder is the best that stays out.
    let fleet = halls([0, 0], [3, 3, 1, 1]);
    let bids = [(0, 300), (1, 200), (2, 100)].map(|(at, amount)| any_of(at, amount, TILES_OF_ALL, &[need(3, (0, 1))]));
    let outcome = looked_at(&fleet, &memory(Format::SealedBid, PaymentRule::Vcg), &bids, &[]);
    let found = told(&outcome);
    let nodes: Vec<Option<NodeIndex>> = found.iter().flatten().map(|won| won.0).collect();
    assert!(nodes.len() == 2 && TILES[..2].iter().all(|&tile| nodes.contains(&Some(tile))), "{found:?}");
    assert_eq!(found.iter().map(|won| won.map(|won| won.1)).collect::<Vec<_>>(), [Ok(100), Ok(100), Err(Lost::Outbid)]);
}

#[test]
fn nodes_that_are_alike_have_one_price() {
    // Four tiles and six bids for a whole one: at the fifth's price beyond the reserve the first four take them all.
    let fleet = halls([0, 0], [3; 4]);
    let bids: Vec<AccountBid> =
        (0..6).map(|at| any_of(at, 330 + 100 * i64::from(at), TILES_OF_ALL, &[need(3, (0, 1))])).collect();
    let rules = memory(Format::SealedBid, PaymentRule::Vcg);
    let outcome = looked_at(&fleet, &rules, &bids, &[]);
    let class = &outcome.classes[0];
    let prices = supporting_prices::find(&session(&fleet, &rules, &bids), &outcome, class, &Stop::new());
    let first = prices.above_reserve[0];
    assert_eq!(prices.above_reserve, [first; 4]);
    assert!((130..=170).contains(&first) && prices.bound <= class.surplus * 101 / 100, "{prices:?} {}", class.surplus);
}

#[test]
fn a_node_of_another_class_or_none_is_found() {
    let fleet = halls([0, 0], [3; 4]);
    let rules = memory(Format::SealedBid, PaymentRule::PayAsBid);
    let bids = [any_of(0, 300, TILES_OF_ONE, &[need(3, (0, 1))]), bid(1, 100, &[need(1, (0, 1)).at(TILES[3])])];
    let session = session(&fleet, &rules, &bids);
    let outcome = looked_at(&fleet, &rules, &bids, &[]);
    let misplaced = |of: usize, node: Option<NodeIndex>| {
        let mut wrong = outcome.clone();
        wrong.fates[of].node = node;
        residuals(&session, &wrong, &posting::transfers(&session, &wrong)).misplaced
    };
    for tile in &TILES[..2] {
        assert_eq!(misplaced(0, Some(*tile)), 0);
    }
    for wrong in [None, Some(TILES[2]), Some(CELLS[0]), Some(LAYER)] {
        assert_eq!(misplaced(0, wrong), 1, "{wrong:?}");
    }
    assert_eq!((misplaced(1, None), misplaced(1, Some(TILES[3]))), (0, 1));
}

#[test]
fn what_is_won_at_a_node_is_counted_there_and_above() {
    // The cell has five for its two tiles of three: one bid of three goes to each cell, and a third to none.
    let fleet = halls([5, 5], [3; 4]);
    let bids = [0, 1, 2].map(|at| any_of(at, 300, TILES_OF_ALL, &[need(3, (0, 1))]));
    for (format, payment) in [(Format::SealedBid, PaymentRule::PayAsBid), (Format::Posted, PaymentRule::PostedPrice)] {
        let rules = memory(format, payment);
        let outcome = looked_at(&fleet, &rules, &bids, &[]);
        let cells: Vec<_> = told(&outcome).iter().flatten().map(|won| fleet.parent(won.0.unwrap()).unwrap()).collect();
        assert!(cells.len() == 2 && cells[0] != cells[1], "{outcome:?}");
        assert_eq!(told(&outcome).iter().filter(|one| **one == Err(Lost::Lot)).count(), 1, "{outcome:?}");
        // Moved to the other's cell, both together overdraw it by one.
        let mut wrong = outcome.clone();
        let mut won: Vec<usize> = (0..3).filter(|&at| outcome.fates[at].result.is_ok()).collect();
        let (first, second) = (won.remove(0), won.remove(0));
        let node = outcome.fates[first].node;
        wrong.fates[second].node =
            TILES.into_iter().find(|&tile| Some(tile) != node && fleet.parent(tile) == Some(cells[0]));
        let session = session(&fleet, &rules, &bids);
        let found = residuals(&session, &wrong, &posting::transfers(&session, &wrong));
        assert_eq!((found.overdrawn, found.misplaced), (u128::from(MEGABYTE), 0));
    }
}

#[test]
fn a_posted_price_serves_where_it_is_least_and_there_is_room() {
    let fleet = halls([0, 0], [2; 4]);
    let rules = memory(Format::Posted, PaymentRule::PostedPrice);
    let standing = |price| Standing { price: UnitPrice::from_stated(price), smoothed: 0 };
    let standing = |price| PostedPrice { standing: standing(price), wobble: Wobble::default() };
    let posted = [(TILES[0], 40), (TILES[1], 20), (TILES[2], 30), (TILES[3], 90)];
    let posted = posted.map(|(tile, price)| ((Owner::Node(tile), Kind::Memory), standing(price))).into();
    let bids: Vec<AccountBid> = (0..5).map(|at| any_of(at, 80, TILES_OF_ALL, &[need(2, (0, 1))])).collect();
    let ground = Ground { posted: &posted, ..Ground::bare(&fleet) };
    let session = Session { ground, ..session(&fleet, &rules, &bids) };
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    // Two megabytes at 20, then at 30, then at 40; at 90 nobody takes them.
    let mut won: Vec<(i64, NodeIndex)> =
        told(&outcome).into_iter().flatten().map(|won| (won.1, won.0.unwrap())).collect();
    won.sort_unstable();
    assert_eq!(won, [(40, TILES[1]), (60, TILES[2]), (80, TILES[0])]);
    let put_off = outcome.fates.iter().filter(|fate| fate.result == Err(Lost::Lot));
    assert_eq!(put_off.clone().count(), 2);
    // Who was put off would have paid the least price, which is what it counts for.
    assert!(put_off.clone().all(|fate| fate.reserve == Some(Money(40))));
    let found = residuals(&session, &outcome, &posting::transfers(&session, &outcome));
    assert!(found.are_zero(), "{found:?}");
    let after = crate::session::posted_prices::after(&session, &outcome);
    let rises = |tile: NodeIndex| {
        let account = (Owner::Node(tile), Kind::Memory);
        after[&account].standing.price > posted[&account].standing.price
    };
    // Three of two asked for at 20, one each at 30 and at 40, all of which is above the target; nothing at 90.
    assert_eq!(TILES.map(rises), [true, true, true, false]);
}

#[test]
fn formats_of_one_bundle_refuse_what_is_one_of_several() {
    let fleet = halls([0, 0], [3; 4]);
    for (format, payment) in
        [(Format::Greedy, PaymentRule::CriticalBid), (Format::DoubleAuction, PaymentRule::TradeReduction)]
    {
        let bids = [any_of(0, 300, TILES_OF_ONE, &[need(3, (0, 1))]), bid(0, 300, &[need(3, (0, 1)).at(TILES[3])])];
        let outcome = looked_at(&fleet, &memory(format, payment), &bids, &[]);
        assert_eq!(outcome.fates[0].result, Err(Lost::SeveralBids));
        assert_ne!(outcome.fates[1].result, Err(Lost::SeveralBids));
    }
}

#[test]
fn reasons_are_those_of_the_node_where_the_bid_got_furthest() {
    let lost = |fleet: &Fleet, amount, megabytes| {
        let bids = [any_of(0, amount, TILES_OF_ALL, &[need(megabytes, (0, 1))])];
        let outcome = looked_at(fleet, &memory(Format::SealedBid, PaymentRule::PayAsBid), &bids, &[]);
        (outcome.fates[0].result.map(|paid| paid.0), outcome.fates[0].reserve.map_or(0, |least| least.0))
    };
    // Of the second cell, which has a limit, a tile costs twice as much.
    let fleet = halls([0, 4], [1, 2, 3, 3]);
    assert_eq!(lost(&fleet, 300, 4), (Err(Lost::Supply), 40));
    assert_eq!(lost(&fleet, 59, 3), (Err(Lost::Reserve), 60));
    assert_eq!(lost(&fleet, 61, 3), (Ok(61), 60));
    assert_eq!(lost(&fleet, 21, 2), (Ok(21), 20));
    assert_eq!(lost(&halls([0, 0], [0; 4]), 300, 1).0, Err(Lost::Unlimited));
    // A node without a limit sells nothing, and others do.
    assert_eq!(lost(&halls([0, 0], [0, 0, 0, 3]), 300, 1).0, Ok(300));
}

#[test]
fn a_loser_learns_what_would_have_won_and_who_took_the_nodes() {
    let fleet = halls([0, 0], [3; 4]);
    let mut bids: Vec<AccountBid> =
        (0..3).map(|at| any_of(at, 100 + i64::from(at), TILES_OF_ONE, &[need(2, (0, 1))])).collect();
    let rules = memory(Format::SealedBid, PaymentRule::PayAsBid);
    let found = why::why(&session(&fleet, &rules, &bids), 0, &Stop::new()).unwrap().unwrap();
    assert_eq!((found.lost, found.cheapest, found.against), (Lost::Outbid, Some(Money(102)), vec![1]));
    bids[0].amount = Money(102);
    let fate = looked_at(&fleet, &rules, &bids, &[]).fates[0];
    assert!(fate.result.is_ok() && found.node.is_some_and(|node| TILES[..2].contains(&node)));
    assert_eq!(fate.node, found.node);
    let posted = memory(Format::Posted, PaymentRule::PostedPrice);
    let outcome = looked_at(&fleet, &posted, &bids, &[]);
    let loser = (0..3).find(|&at| outcome.fates[at].result.is_err()).unwrap();
    let found = why::why(&session(&fleet, &posted, &bids), loser, &Stop::new()).unwrap().unwrap();
    assert_eq!(found.against, (0..3).filter(|&at| at != loser).collect::<Vec<_>>());
}

#[test]
fn alternatives_count_towards_the_parts_of_a_class() {
    // Thousands of bids, each on tiles of one cell that are named apart: none is alike another.
    let tiles = 4_000_u32;
    let limited = Resources::UNLIMITED.with(Kind::Memory, MEGABYTE);
    let count = tiles as usize;
    let nodes = NodeColumns {
        names: ["layer".into(), "cell".into()].into_iter().chain((0..tiles).map(|at| format!("t{at}"))).collect(),
        parents: [None, Some(0)].into_iter().chain((0..tiles).map(|_| Some(1))).collect(),
        levels: [vec![Level::Layer, Level::Cell], vec![Level::Tile; count]].concat(),
        classes: [vec![None; 2], vec![Some(ClassIndex(0)); count]].concat(),
        capacities: [vec![Resources::UNLIMITED; 2], vec![limited; count]].concat(),
        uplink_delays_us: vec![0; count + 2],
    };
    let fleet = Fleet::new(FleetParts { nodes, classes: vec![TileClass::plain("plain")], ..FleetParts::default() });
    let fleet = fleet.unwrap();
    let class = NodeClass { under: CELL, level: Level::Tile };
    let named = (0..tiles).map(|at| bid(at, 1, &[need(1, (0, 1)).at(NodeIndex(2 + at))]));
    let crowd = |on_class: u32| -> Vec<AccountBid> {
        named.clone().chain((0..on_class).map(|at| any_of(tiles + at, 1, class, &[need(1, (0, 1))]))).collect()
    };
    let rules = memory(Format::Posted, PaymentRule::PostedPrice);
    let clear = |bids: &[AccountBid]| clear_session(&session(&fleet, &rules, bids), &Stop::new()).map(|_| ());
    assert_eq!(clear(&crowd(2_100)), Err(SessionError::TooManyParts { most: 1 << 23 }));
    // Where nobody names any they are all alike, and each bid is compared at as few as it takes.
    assert_eq!(clear(&crowd(2_100)[count..]), Ok(()));
}

#[test]
fn nodes_are_alike_whose_energy_costs_the_same_whichever_zone_says_so() {
    // Tiles of four feeds: energy costs 900, 50, 50 and 900 a kilowatt-hour, and a megabyte draws a kilowatt.
    let feed = |price| Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED, energy_price: Some(price) };
    let parts = halls([0; 2], [3; 4]);
    let nodes = NodeColumns {
        names: ["layer", "c1", "c2", "t1", "t2", "t3", "t4"].map(String::from).to_vec(),
        parents: [None, Some(0), Some(0), Some(1), Some(1), Some(2), Some(2)].to_vec(),
        levels: [vec![Level::Layer], vec![Level::Cell; 2], vec![Level::Tile; 4]].concat(),
        classes: [vec![None; 3], vec![Some(ClassIndex(0)); 4]].concat(),
        capacities: (0..7).map(|node| parts.base_capacity(Owner::Node(NodeIndex(node)))).collect(),
        uplink_delays_us: vec![0; 7],
    };
    let parts = FleetParts {
        nodes,
        classes: vec![TileClass::plain("plain")],
        zone_names: ["f1", "f2", "f3", "f4"].map(String::from).to_vec(),
        zones: [900, 50, 50, 900].map(feed).to_vec(),
        members: vec![(0, 3), (1, 4), (2, 5), (3, 6)],
        ..FleetParts::default()
    };
    let fleet = Fleet::new(parts).unwrap();
    let reserve = Reserve::MarginalCost { wear: 0, draw_mw: 1_000_000, heat_price: 0, markup_permille: 0 };
    let mut rules = memory(Format::SealedBid, PaymentRule::PayAsBid).rules().clone();
    rules.classes[0].reserve = reserve;
    let policy = Policy::new(rules).unwrap();
    // A bid below the dear tiles' reserve and above the cheap ones' is compared at a cheap one; the third finds none.
    let bids = [0, 1, 2].map(|bidder| any_of(bidder, 600, TILES_OF_ALL, &[need(3, (0, 1))]));
    let outcome = clear_session(&session(&fleet, &policy, &bids), &Stop::new()).unwrap();
    let won: BTreeSet<NodeIndex> = told(&outcome).into_iter().flatten().filter_map(|(node, _)| node).collect();
    assert_eq!(won, [TILES[1], TILES[2]].into());
    let mut alike = outcome.classes[0].alike.clone();
    alike.iter_mut().for_each(|nodes| nodes.sort_unstable());
    alike.sort();
    assert_eq!(alike, [vec![TILES[0], TILES[3]], vec![TILES[1], TILES[2]]]);
}
