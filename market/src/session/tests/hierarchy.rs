//! What is let of a node is taken from every account above it, in all formats and across classes.

use lessor_models::fleet::{Zone, ZoneIndex, ZoneKind};

use super::*;
use crate::session::{AccountOffer, OfferedGood, SessionError};
use crate::settlement::SellerId;

pub(super) const TILES: [NodeIndex; 4] = [NodeIndex(2), NodeIndex(3), NodeIndex(4), NodeIndex(5)];

/// Four tiles of a thousand bytes of memory each and ten milliwatts, in a cell that has a thousand bytes for them together, on a
/// feed of fifteen milliwatts.
pub(super) fn four_tiles() -> Fleet {
    let bytes = |bytes| Resources::UNLIMITED.with(Kind::Memory, bytes);
    let tile = bytes(1_000).with(Kind::Power, 10);
    let nodes = NodeColumns {
        names: ["layer", "cell", "t0", "t1", "t2", "t3"].map(String::from).to_vec(),
        parents: vec![None, Some(0), Some(1), Some(1), Some(1), Some(1)],
        levels: [vec![Level::Layer, Level::Cell], vec![Level::Tile; 4]].concat(),
        classes: [vec![None, None], vec![Some(ClassIndex(0)); 4]].concat(),
        capacities: [vec![Resources::UNLIMITED, bytes(1_000)], vec![tile; 4]].concat(),
        uplink_delays_us: vec![0; 6],
    };
    let feed =
        Zone { kind: ZoneKind::PowerFeed, capacity: Resources::UNLIMITED.with(Kind::Power, 15), energy_price: None };
    let parts = FleetParts {
        nodes,
        classes: vec![TileClass::plain("plain")],
        zone_names: vec!["feed".into()],
        zones: vec![feed],
        members: vec![(0, 1)],
        ..FleetParts::default()
    };
    Fleet::new(parts).unwrap()
}

fn of(owner: Owner, kind: Kind, quantity: u64) -> Wish {
    Wish { owner, kind, quantity, interval: Interval { start: hour(0), end: hour(1) } }
}

/// 900 bytes of each tile and of the cell, which has 1,000 for all of them.
fn five_bids() -> Vec<AccountBid> {
    let nodes = TILES.into_iter().chain([CELL]);
    let wishes = nodes.map(|node| of(Owner::Node(node), Kind::Memory, 900));
    (0..).zip(wishes).map(|(bidder, wish)| bid(bidder, 500 + i64::from(bidder), &[wish])).collect()
}

fn memory(name: &str, levels: &[Level], format: Format, payment: PaymentRule) -> AccountClass {
    let kinds = vec![Kind::Memory, Kind::Power];
    let places = levels.iter().map(|&level| Domain::Level(level)).collect();
    let steering = at_posted_price().steering.filter(|_| format == Format::Posted);
    AccountClass { kinds, places, steering, price_cap: None, ..class(name, Level::Tile, format, payment) }
}

fn winners(outcome: &SessionOutcome) -> Vec<usize> {
    (0..outcome.fates.len()).filter(|&at| outcome.fates[at].result.is_ok()).collect()
}

const LET: [(Format, PaymentRule); 6] = [
    (Format::SealedBid, PaymentRule::PayAsBid),
    (Format::SealedBid, PaymentRule::Vcg),
    (Format::SealedBid, PaymentRule::Core),
    (Format::SealedBid, PaymentRule::NearestCore),
    (Format::Greedy, PaymentRule::CriticalBid),
    (Format::Posted, PaymentRule::PostedPrice),
];

#[test]
fn tiles_and_their_cell_hand_out_what_the_cell_has() {
    let (fleet, bids) = (four_tiles(), five_bids());
    for (format, payment) in LET {
        let both = policy(vec![memory("all", &[Level::Tile, Level::Cell], format, payment)]);
        assert_eq!(winners(&looked_at(&fleet, &both, &bids, &[])).len(), 1, "{payment:?}");
        // A cell that is in no class limits its tiles all the same, and so does one that is cleared after them.
        let tiles = memory("tiles", &[Level::Tile], format, payment);
        assert_eq!(winners(&looked_at(&fleet, &policy(vec![tiles.clone()]), &bids[..4], &[])).len(), 1, "{payment:?}");
        let cells = memory("cells", &[Level::Cell], format, payment);
        for classes in [vec![tiles.clone(), cells.clone()], vec![cells, tiles]] {
            assert_eq!(winners(&looked_at(&fleet, &policy(classes), &bids, &[])).len(), 1, "{payment:?}");
        }
    }
}

#[test]
fn who_wins_a_tile_pays_vcg_to_who_would_have_had_the_cell() {
    let fleet = four_tiles();
    let vcg = policy(vec![memory("all", &[Level::Tile, Level::Cell], Format::SealedBid, PaymentRule::Vcg)]);
    let outcome = looked_at(&fleet, &vcg, &five_bids(), &[]);
    // The cell's bid of 504 goes before the best of a tile, 503, whose place it takes.
    assert_eq!((winners(&outcome), outcome.fates[4].result), (vec![4], Ok(Money(503))));
}

#[test]
fn a_zone_limits_what_is_let_of_its_members() {
    let fleet = four_tiles();
    let tiles = policy(vec![memory("tiles", &[Level::Tile], Format::SealedBid, PaymentRule::PayAsBid)]);
    // Ten milliwatts of two tiles are twenty of their feed, which has fifteen; with five they fit.
    for (second, count) in [(10, 1), (5, 2)] {
        let wishes = [(TILES[0], 10), (TILES[1], second)].map(|(tile, mw)| of(Owner::Node(tile), Kind::Power, mw));
        let bids = [bid(0, 500, &[wishes[0]]), bid(1, 400, &[wishes[1]])];
        let outcome = looked_at(&fleet, &tiles, &bids, &[]);
        assert_eq!(winners(&outcome).len(), count);
        let goods = outcome.classes[0].catalog.goods();
        assert!(goods.iter().any(|good| good.owner == Owner::Zone(ZoneIndex(0)) && !good.is_of_class));
    }
}

#[test]
fn an_account_of_the_class_has_its_reserve_price_whoever_takes_from_it() {
    let fleet = four_tiles();
    let reserve = Reserve::Fixed(100_000_000);
    let of_levels = |levels: &[Level]| {
        let all = memory("all", levels, Format::SealedBid, PaymentRule::PayAsBid);
        policy(vec![AccountClass { reserve, ..all }])
    };
    // 900 bytes cost 90,000 of the tile, and as much again of the cell, as a lease pays for all of its path.
    let bids = [bid(0, 99_999, &[of(Owner::Node(TILES[0]), Kind::Memory, 900)])];
    let reserve_of = |policy: &Policy| looked_at(&fleet, policy, &bids, &[]).fates[0];
    assert_eq!(reserve_of(&of_levels(&[Level::Tile])).reserve, Some(Money(90_000)));
    let both = reserve_of(&of_levels(&[Level::Tile, Level::Cell]));
    assert_eq!((both.reserve, both.result), (Some(Money(180_000)), Err(Lost::Reserve)));
}

#[test]
fn sellers_of_tiles_sell_no_more_than_their_cell_has() {
    let fleet = four_tiles();
    for payment in [PaymentRule::Vcg, PaymentRule::Uniform, PaymentRule::TradeReduction] {
        let tiles = policy(vec![memory("tiles", &[Level::Tile], Format::DoubleAuction, payment)]);
        let offer = |(seller, tile): (u32, NodeIndex)| {
            let good = OfferedGood { wish: of(Owner::Node(tile), Kind::Memory, 900), cost: Reserve::Fixed(10) };
            AccountOffer { seller: SellerId(seller), goods: vec![good], is_divisible: false }
        };
        let offers: Vec<AccountOffer> = (1..).zip(TILES).map(offer).collect();
        let outcome = looked_at(&fleet, &tiles, &five_bids()[..4], &offers);
        let entered = outcome.offer_fates.iter().filter(|fate| fate.result != Err(Lost::Supply)).count();
        assert_eq!((entered, winners(&outcome).len() <= 1), (1, true), "{payment:?}");
    }
}

#[test]
fn what_is_overdrawn_above_is_found_whoever_overdrew_it() {
    let (fleet, bids) = (four_tiles(), five_bids());
    let all = policy(vec![memory("all", &[Level::Tile, Level::Cell], Format::SealedBid, PaymentRule::PayAsBid)]);
    let session = session(&fleet, &all, &bids);
    let mut outcome = looked_at(&fleet, &all, &bids, &[]);
    for (fate, bid) in outcome.fates.iter_mut().zip(&bids) {
        fate.result = Ok(bid.amount);
    }
    let found = residuals(&session, &outcome, &posting::transfers(&session, &outcome));
    assert_eq!(found.overdrawn, 5 * 900 - 1_000);
}

#[test]
fn who_took_what_lies_above_is_named() {
    let (fleet, bids) = (four_tiles(), five_bids());
    let posted = policy(vec![memory("tiles", &[Level::Tile], Format::Posted, PaymentRule::PostedPrice)]);
    let session = session(&fleet, &posted, &bids[..4]);
    let won = winners(&clear_session(&session, &Stop::new()).unwrap());
    for loser in (0..4).filter(|at| !won.contains(at)) {
        // Each bids for a tile of its own: what they share is the cell.
        assert_eq!(why::why(&session, loser, &Stop::new()).unwrap().unwrap().against, won);
    }
}

#[test]
fn terms_that_cut_each_other_above_without_end_are_refused() {
    let fleet = four_tiles();
    let term = |at: i64| Interval { start: Timestamp(hour(0).0 + at), end: Timestamp(hour(1).0 + at) };
    let crowd = |apart: i64| -> Vec<AccountBid> {
        let wish =
            |at: u32| Wish { interval: term(apart * i64::from(at)), ..of(Owner::Node(TILES[0]), Kind::Memory, 1) };
        (0..3_000).map(|at| bid(at, 500, &[wish(at)])).collect()
    };
    let greedy = policy(vec![memory("tiles", &[Level::Tile], Format::Greedy, PaymentRule::CriticalBid)]);
    let clear = |bids: &[AccountBid]| clear_session(&session(&fleet, &greedy, bids), &Stop::new()).map(|_| ());
    assert_eq!(clear(&crowd(1)), Err(SessionError::TooManyParts { most: 1 << 23 }));
    assert_eq!(clear(&crowd(0)), Ok(()));
}
