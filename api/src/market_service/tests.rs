//! Whatever books say: they are cleared, or refused with a reason, and nothing of it is a defect.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lessor_models::fleet::Fleet;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use prost::Message;
use tonic::Code;

use super::book::Book;
use super::rounds::{Hall, Stops};
use crate::proto::account::Owner;
use crate::proto::market::{
    Balance, Balances, BidRow, ClearBookRequest, Level, OfferRow, PostedPrice, PostedPrices, Revocation, RoundSpec,
};
use crate::proto::{Account, Kind};
use crate::service::{Failure, MARKET};
use crate::shell::test_world::fleet;

const POSTED: &str = include_str!("../../../docs/policies/live-quotes.toml");

const HOUR: i64 = 3_600;

fn hall() -> Hall {
    let fleet: Arc<Fleet> = Arc::new(fleet(4));
    Hall::new(fleet, Vec::new(), None)
}

/// The policy that posts prices, in another format.
fn policy(format: &str, payment: &str) -> String {
    let steering = POSTED.find("[account_class.steering]").unwrap();
    let sealed = POSTED[..steering].replace("\"posted\"", format).replace("\"posted-price\"", payment);
    sealed.replace("bundles_max = 1\n", "bundles_max = 100\n").replace("ahead_s = 0", "ahead_s = 86_400")
}

fn cleared(hall: &Hall, parts: Vec<ClearBookRequest>) -> Result<(), Failure> {
    let mut book = Book::default();
    parts.into_iter().try_for_each(|part| book.take_in(part))?;
    let times = (Instant::now(), Duration::from_millis(500));
    hall.hold(&book, &Stops::default(), times).map(|told| {
        assert!(told.last().unwrap().outcome.is_some());
        assert!(told[..told.len() - 1].iter().all(|part| part.outcome.is_none()));
    })
}

fn instant() -> impl Strategy<Value = Option<prost_types::Timestamp>> {
    let seconds = prop_oneof![8 => 0..5 * HOUR, 1 => any::<i64>()];
    let time = (seconds, prop_oneof![8 => Just(0), 1 => any::<i32>()]);
    option::weighted(0.95, time.prop_map(|(seconds, nanos)| prost_types::Timestamp { seconds, nanos }))
}

fn account() -> impl Strategy<Value = Option<Account>> {
    let fleet = fleet(4);
    let names: Vec<String> = fleet.names().iter().map(str::to_owned).chain(["nobody".to_owned()]).collect();
    let owner = (select(names), any::<bool>());
    let owner = owner.prop_map(|(name, is_node)| if is_node { Owner::Node(name) } else { Owner::Zone(name) });
    let kind = prop_oneof![8 => select(vec![Kind::Compute as i32, Kind::Memory as i32]), 1 => any::<i32>()];
    option::weighted(0.95, (option::weighted(0.95, owner), kind).prop_map(|(owner, kind)| Account { owner, kind }))
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![9 => "[a-f]{1,2}", 1 => Just(String::new()), 1 => Just("fleet".to_owned())]
}

fn amount() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 0_u64..10_000, 1 => Just(1 << 53), 1 => any::<u64>()]
}

fn bid() -> impl Strategy<Value = BidRow> {
    let who = (name(), name(), name(), 0..5_i32, option::weighted(0.95, amount()));
    let level = prop_oneof![4 => Just(0), 4 => 0..5_i32, 1 => any::<i32>()];
    (who, account(), amount(), [instant(), instant()], any::<bool>(), level).prop_map(
        |(who, account, quantity, [from, to], divisible, level)| {
            let (bid, bidder, group, service_class, amount_micro_credits) = who;
            BidRow {
                bid,
                bidder,
                group,
                service_class,
                amount_micro_credits,
                account,
                quantity,
                start_time: from,
                end_time: to,
                divisible,
                level,
            }
        },
    )
}

fn offer() -> impl Strategy<Value = OfferRow> {
    let costs = (option::weighted(0.95, amount()), amount(), amount());
    (name(), name(), account(), amount(), [instant(), instant()], costs, any::<bool>()).prop_map(
        |(offer, seller, account, quantity, [from, to], (price, draw_mw, heat_price), divisible)| OfferRow {
            offer,
            seller,
            account,
            quantity,
            start_time: from,
            end_time: to,
            price,
            draw_mw,
            heat_price,
            divisible,
        },
    )
}

fn balances() -> impl Strategy<Value = Balances> {
    let party = prop_oneof![Just("operator".to_owned()), name().prop_map(|name| format!("holder:{name}")), name()];
    let balance = (party, amount(), amount()).prop_map(|(party, balance, held)| Balance {
        party,
        balance_micro_credits: balance,
        owed_micro_credits: 0,
        held_micro_credits: held.min(balance),
    });
    (0..3_u64, vec(balance, 0..4)).prop_map(|(last_round, balances)| Balances { last_round, balances })
}

fn posted() -> impl Strategy<Value = PostedPrices> {
    let price = (account(), option::weighted(0.95, amount()), any::<i64>(), "(-?[0-9]{1,7}(,-?[0-9]{1,7}){0,16})?|,");
    let price = price.prop_map(|(account, price, excess, excesses)| PostedPrice { account, price, excess, excesses });
    vec(price, 0..3).prop_map(|posted_prices| PostedPrices { posted_prices })
}

fn revocation() -> impl Strategy<Value = Revocation> {
    (name(), option::weighted(0.95, amount()), [instant(), instant(), instant()], name()).prop_map(
        |(holder, paid_micro_credits, [from, to, at], seller)| Revocation {
            holder,
            paid_micro_credits,
            start_time: from,
            end_time: to,
            revoke_time: at,
            seller,
        },
    )
}

fn part() -> impl Strategy<Value = ClearBookRequest> {
    let rare = (option::weighted(0.2, balances()), option::weighted(0.2, posted()), vec(revocation(), 0..2));
    (vec(bid(), 0..4), vec(offer(), 0..3), rare).prop_map(|(bids, offers, (balances, posted_prices, revocations))| {
        ClearBookRequest { round: None, bids, offers, balances, posted_prices, revocations }
    })
}

/// A book that is mostly right: every bid on its own name, for an hour of a tile, or of any tile.
fn sound() -> impl Strategy<Value = ClearBookRequest> {
    let bid = (0..6_usize, 1_u64..500, 1_u64..50, 0..3_i64, any::<bool>());
    vec(bid, 1..8).prop_map(|bids| {
        let fleet = fleet(4);
        // The layer comes first.
        let nodes: Vec<&str> = fleet.names().iter().collect();
        let row = |(at, (tile, amount, quantity, hour, divisible)): (usize, (usize, u64, u64, i64, bool))| BidRow {
            bid: format!("bid-{at}"),
            bidder: format!("holder-{}", at / 2),
            group: format!("{}", at % 2),
            service_class: crate::proto::ServiceClass::D.into(),
            amount_micro_credits: Some(amount),
            account: Some(Account {
                owner: Some(Owner::Node(nodes[if tile < 4 { tile + 1 } else { 0 }].to_owned())),
                kind: Kind::Compute.into(),
            }),
            quantity,
            start_time: Some(prost_types::Timestamp { seconds: hour * HOUR, nanos: 0 }),
            end_time: Some(prost_types::Timestamp { seconds: (hour + 1) * HOUR, nanos: 0 }),
            divisible: divisible && tile < 4,
            level: if tile < 4 { 0 } else { Level::Tile.into() },
        };
        ClearBookRequest { bids: bids.into_iter().enumerate().map(row).collect(), ..ClearBookRequest::default() }
    })
}

/// A failure that is the caller's to mend.
fn judge(failure: Failure) {
    let status = failure.status(&MARKET);
    assert!(matches!(status.code(), Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange), "{status:?}");
}

const FORMATS: [(&str, &str); 7] = [
    ("\"sealed-bid\"", "\"core\""),
    ("\"sealed-bid\"", "\"pay-as-bid\""),
    ("\"sealed-bid\"", "\"uniform\""),
    ("\"greedy\"", "\"critical-bid\""),
    ("\"double-auction\"", "\"uniform\""),
    ("\"double-auction\"", "\"vcg\""),
    ("\"unit-demand\"", "\"vcg\""),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_book_is_cleared_or_refused_with_a_reason(
        parts in vec(part(), 1..3),
        first in option::of(sound()),
        (format, payment) in select(FORMATS.to_vec()),
    ) {
        let spec = RoundSpec { policy: policy(format, payment), ..RoundSpec::default() };
        let head = ClearBookRequest { round: Some(spec), ..ClearBookRequest::default() };
        let all = [head].into_iter().chain(first).chain(parts).collect();
        if let Err(failure) = cleared(&hall(), all) {
            judge(failure);
        }
    }

    #[test]
    fn a_sound_book_is_cleared(book in sound(), (format, payment) in select(FORMATS.to_vec())) {
        let spec = RoundSpec { policy: policy(format, payment), ..RoundSpec::default() };
        prop_assert_eq!(cleared(&hall(), vec![ClearBookRequest { round: Some(spec), ..book }]), Ok(()));
    }

    #[test]
    fn any_bytes_are_no_message_or_are_answered(book in sound(), at in any::<Index>(), byte in any::<u8>()) {
        let spec = RoundSpec { policy: policy("\"greedy\"", "\"critical-bid\""), ..RoundSpec::default() };
        let mut bytes = ClearBookRequest { round: Some(spec), ..book }.encode_to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(part) = ClearBookRequest::decode(bytes.as_slice())
            && let Err(failure) = cleared(&hall(), vec![part])
        {
            judge(failure);
        }
    }
}
