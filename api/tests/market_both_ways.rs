//! A round that a server clears is the round that files lead to: the same tables, byte for byte, the same figures and hash.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::Bench;
use lessor_datasets::table::{
    BIDS, BidGood, BidRows, OfferGood, OfferRows, POSTED as POSTED_TABLE, RevocationRow, StatedTable, read_awards,
    read_bids, read_fleet, write_bids, write_offers, write_revocations,
};
use lessor_models::fleet::{Fleet, Level, NodeIndex, Owner, ZoneIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, Timestamp};
use serde_json::Value;

const LAYERS: &str = include_str!("../../docs/policies/layer-bandwidth.toml");
const POSTED: &str = include_str!("../../docs/policies/live-quotes.toml");

/// 2027-01-15T08:00:00Z.
const EIGHT: i64 = 1_800_000_000_000_000;
const HOUR: i64 = 3_600_000_000;

/// A fleet, and a server of the real program on it.
struct BothWays {
    bench: Bench,
    fleet: Fleet,
    child: Child,
    url: String,
}

impl Drop for BothWays {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl BothWays {
    /// A server whose own policy is `house.toml`.
    fn start(house: &str) -> BothWays {
        let bench = Bench::with_fleet();
        fs::write(bench.path("house.toml"), house).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--fleet"]).arg(bench.path("fleet"));
        command.arg("--market-policy").arg(bench.path("house.toml")).arg("--data").arg(bench.path("data"));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        let fleet = read_fleet(&bench.path("fleet")).unwrap();
        BothWays { bench, fleet, child, url }
    }

    /// Clears `bids.parquet` by a policy both ways, and gives what both say.
    #[track_caller]
    fn clear(&self, policy: &str, flags: &str) -> Value {
        fs::write(self.bench.path("policy.toml"), policy).unwrap();
        let common = format!("market clear --book bids.parquet --force --json {flags}");
        let here = self.bench.run(&format!("{common} --supply fleet --policy policy.toml --out here"));
        let by_policy = if policy == fs::read_to_string(self.bench.path("house.toml")).unwrap() {
            String::new()
        } else {
            " --policy policy.toml".to_owned()
        };
        let there = self.bench.run(&format!("{common} --server {}{by_policy} --out there", self.url));
        assert_eq!(there.status.code(), here.status.code(), "{here:?}\n{there:?}");
        let [mut here, mut there]: [Value; 2] =
            [here, there].map(|output| serde_json::from_slice(&output.stdout).unwrap());
        for said in [&mut here, &mut there] {
            // How long it took, and where it was written.
            said["seconds"].take();
            said["out"].take();
        }
        assert_eq!(here, there);
        let tables = |dir: &str| -> Vec<(String, Vec<u8>)> {
            let names = common::names(&self.bench.path(dir)).into_iter().filter(|name| name.ends_with(".parquet"));
            names.map(|name| (name.clone(), fs::read(self.bench.path(dir).join(name)).unwrap())).collect()
        };
        assert_eq!(tables("here"), tables("there"), "{policy} {flags}");
        here
    }

    fn link(&self, at: u32) -> Owner {
        let name = format!("link-{at:03}");
        Owner::Zone(ZoneIndex(u32::try_from(self.fleet.zone_names().find(&name).unwrap()).unwrap()))
    }

    /// Writes a book that a seed draws: bundles, groups, tranches, all classes, a limit that is nothing.
    fn draw_bids(&self, seed: u64, count: usize, most: u64) {
        let mut dice = Dice(seed);
        let bids: Vec<BidRows> = (0..count)
            .map(|row| {
                let links = 1 + dice.below(2);
                let goods = (0..links).map(|at| self.good(&mut dice, u32::try_from(at).unwrap(), most)).collect();
                let service = [ServiceClass::D, ServiceClass::D, ServiceClass::D, ServiceClass::A][dice.at(4)];
                BidRows {
                    name: format!("bid {row} \u{20ac}"),
                    bidder: format!("holder-{}", dice.below(count as u64 / 2)),
                    group: (dice.below(2) == 0).then(|| format!("g{}", dice.below(2))),
                    service,
                    amount: dice.below(8) * dice.below(900_000),
                    goods,
                    anywhere: None,
                    is_divisible: dice.below(3) == 0,
                    row,
                }
            })
            .collect();
        write_bids(&self.bench.path("bids.parquet"), &self.fleet, &bids).unwrap();
    }

    fn draw_offers(&self, seed: u64, count: usize, most: u64) {
        let mut dice = Dice(seed);
        let offers: Vec<OfferRows> = (0..count)
            .map(|row| {
                let good = self.good(&mut dice, 0, most);
                let cost =
                    OfferGood { good, price: dice.below(50), draw_mw: dice.below(200), heat_price: dice.below(9) };
                OfferRows {
                    name: format!("offer-{row}"),
                    seller: format!("seller-{}", dice.below(3)),
                    goods: vec![cost],
                    is_divisible: dice.below(2) == 0,
                    row,
                }
            })
            .collect();
        write_offers(&self.bench.path("offers.parquet"), &self.fleet, &offers).unwrap();
    }

    fn good(&self, dice: &mut Dice, link: u32, most: u64) -> BidGood {
        let start = EIGHT + i64::try_from(dice.below(3)).unwrap() * HOUR;
        let end = start + i64::try_from(1 + dice.below(3)).unwrap() * HOUR;
        BidGood {
            owner: self.link(link),
            kind: Kind::Bandwidth,
            quantity: 1 + dice.below(most),
            interval: Interval { start: Timestamp(start), end: Timestamp(end) },
        }
    }
}

/// Numbers from a seed (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most.max(1)
    }

    fn at(&mut self, most: usize) -> usize {
        usize::try_from(self.below(most as u64)).unwrap()
    }
}

/// The policy of layers with another format and payment rule.
fn by(format: &str, payment: &str) -> String {
    LAYERS.replace("\"sealed-bid\"", &format!("{format:?}")).replace("\"core\"", &format!("{payment:?}"))
}

#[test]
fn books_of_every_format_have_one_outcome() {
    let both = BothWays::start(LAYERS);
    let capacity = both.fleet.base_capacity(both.link(0)).get(Kind::Bandwidth);
    let mut winners = 0;
    for (format, payment) in [
        ("sealed-bid", "pay-as-bid"),
        ("sealed-bid", "uniform"),
        ("sealed-bid", "vcg"),
        ("sealed-bid", "core"),
        ("sealed-bid", "nearest-core"),
        ("greedy", "critical-bid"),
        ("double-auction", "uniform"),
        ("double-auction", "trade-reduction"),
        ("double-auction", "vcg"),
        ("unit-demand", "vcg"),
    ] {
        let policy = by(format, payment);
        for seed in 1..=2 {
            both.draw_bids(seed, 24, capacity / 4);
            let mut flags = String::new();
            if ["double-auction", "unit-demand"].contains(&format) {
                both.draw_offers(seed, 12, capacity / 4);
                " --offers offers.parquet".clone_into(&mut flags);
            }
            let said = both.clear(&policy, &flags);
            winners += said["winners"].as_u64().unwrap();
            both.clear(&policy, &format!("{flags} --at 2027-01-15T09:00:00Z"));
        }
    }
    assert!(winners > 20, "{winners} bids won in 20 rounds");
}

#[test]
fn bids_on_node_classes_have_one_outcome() {
    let both = BothWays::start(POSTED);
    let book = "market book --supply fleet --policy house.toml --bids 80 --anywhere 60 --out bids.parquet --seed";
    let (rules, _) = POSTED.split_once("[account_class.steering]").unwrap();
    let sealed = rules.replace("\"posted\"", "\"sealed-bid\"").replace("\"posted-price\"", "\"pay-as-bid\"");
    for (policy, seed) in [(POSTED, 1), (&sealed, 2), (&sealed.replace("pay-as-bid", "vcg"), 3)] {
        both.bench.expect(0, &format!("{book} {seed}"));
        let bids = read_bids(&both.bench.path("bids.parquet"), &both.fleet).unwrap();
        both.clear(policy, "");
        let awards = read_awards(&both.bench.path("here/awards.parquet")).unwrap();
        let of_classes = || bids.iter().zip(&awards).filter(|(bid, _)| bid.anywhere.is_some());
        let won = of_classes().filter(|(_, award)| award.payment.is_some());
        for (bid, award) in won.clone() {
            let class = bid.anywhere.as_ref().unwrap().class;
            let at = both.fleet.names().find(award.node.as_ref().unwrap()).unwrap();
            let node = NodeIndex(u32::try_from(at).unwrap());
            assert_eq!(both.fleet.level(node), class.level);
            assert!(both.fleet.path(node).skip(1).any(|above| above == class.under));
        }
        assert!(won.count() > 5, "{} bids on classes", of_classes().count());
        let named = bids.iter().zip(&awards).filter(|(bid, _)| bid.anywhere.is_none());
        assert!(named.clone().count() > 5 && named.clone().all(|(_, award)| award.node.is_none()));
        let page = fs::read_to_string(both.bench.path("here/report.html")).unwrap();
        assert!(page.contains("won at "), "the page says where");
    }
    // Of the last round, which is `here`: whoever won is told where, and a loser where it would have.
    let bids = read_bids(&both.bench.path("bids.parquet"), &both.fleet).unwrap();
    let awards = read_awards(&both.bench.path("here/awards.parquet")).unwrap();
    let why = |name: &str| both.bench.expect(0, &format!("market why here {name} --json")).json();
    let of_classes = || bids.iter().zip(&awards).filter(|(bid, _)| bid.anywhere.is_some());
    for (bid, award) in of_classes().filter(|(_, award)| award.payment.is_some()).take(2) {
        assert_eq!(why(&bid.name)["node"].as_str(), award.node.as_deref(), "{award:?}");
        let said = both.bench.expect(0, &format!("market why here {}", bid.name)).out;
        assert!(said.ends_with(&format!("result    won at {:?}\n", award.node.as_deref().unwrap())), "{said}");
    }
    let mut would_win = 0;
    for (bid, _) in of_classes().filter(|(_, award)| award.reason.as_deref() == Some("outbid")).take(2) {
        let (told, class) = (why(&bid.name), bid.anywhere.as_ref().unwrap().class);
        assert_eq!(told["node"].is_null(), told["cheapest"].is_null(), "{told}");
        let Some(name) = told["node"].as_str() else { continue };
        let node = NodeIndex(u32::try_from(both.fleet.names().find(name).unwrap()).unwrap());
        assert!(
            both.fleet.level(node) == class.level && both.fleet.path(node).skip(1).any(|above| above == class.under)
        );
        would_win += 1;
    }
    assert!(would_win > 0, "a loser would have won somewhere");
    let named = bids.iter().zip(&awards).find(|(bid, award)| bid.anywhere.is_none() && award.payment.is_some());
    assert!(why(&named.unwrap().0.name)["node"].is_null());
}

#[test]
fn posted_prices_balances_and_revocations_go_on_alike() {
    let both = BothWays::start(POSTED);
    both.bench.expect(0, "market book --supply fleet --policy house.toml --bids 60 --seed 5 --out bids.parquet");
    let first = both.clear(POSTED, "");
    assert!(first["winners"].as_u64() > Some(0), "{first}");
    for name in ["posted", "balances"] {
        fs::rename(
            both.bench.path("there").join(format!("{name}.parquet")),
            both.bench.path(&format!("{name}.parquet")),
        )
        .unwrap();
    }
    let term = Interval { start: Timestamp(EIGHT), end: Timestamp(EIGHT + HOUR) };
    let revoked = RevocationRow {
        holder: "holder-0".into(),
        paid: 600,
        term,
        revoked: Timestamp(EIGHT + HOUR / 2),
        seller: None,
    };
    write_revocations(&both.bench.path("revoked.parquet"), &[revoked]).unwrap();
    let second = both.clear(POSTED, "--posted posted.parquet --balances balances.parquet --revoked revoked.parquet");
    assert_ne!(first["certificate"]["inputs_blake3"], second["certificate"]["inputs_blake3"]);
    // Nobody has anything, which is not what it is where nobody says.
    lessor_datasets::table::write_balances(&both.bench.path("none.parquet"), &[]).unwrap();
    let none = both.clear(POSTED, "--balances none.parquet");
    assert!(none["winners"].as_u64() < first["winners"].as_u64(), "{none}");
}

#[test]
fn a_round_that_is_not_settled_in_time_says_so_both_ways() {
    let both = BothWays::start(LAYERS);
    both.bench.expect(0, "market book --supply fleet --policy house.toml --bids 300 --seed 3 --out bids.parquet");
    let clear = "market clear --book bids.parquet --deadline 1ms --json";
    let here = both.bench.expect(1, &format!("{clear} --supply fleet --policy house.toml --out here")).json();
    let there = both.bench.expect(1, &format!("{clear} --server {} --out there", both.url)).json();
    for said in [&here, &there] {
        assert_eq!((said["unsettled"].as_array().unwrap().len(), &said["winners"]), (1, &0.into()), "{said}");
        assert!(said["certificate"]["gap"].is_null(), "{said}");
    }
    assert_eq!(here["certificate"]["inputs_blake3"], there["certificate"]["inputs_blake3"]);
}

#[test]
fn what_a_server_refuses_writes_nothing_and_names_the_row_as_files_do() {
    let both = BothWays::start(LAYERS);
    let tile = both.fleet.nodes().find(|&node| both.fleet.level(node) == Level::Tile).unwrap();
    let good = BidGood {
        owner: Owner::Node(tile),
        kind: Kind::Memory,
        quantity: 1,
        interval: Interval { start: Timestamp(EIGHT), end: Timestamp(EIGHT + HOUR) },
    };
    let bid = |row: usize, name: &str| BidRows {
        name: name.into(),
        bidder: "h".into(),
        group: None,
        service: ServiceClass::D,
        amount: 5,
        goods: vec![good],
        anywhere: None,
        is_divisible: false,
        row,
    };
    let bids = [bid(0, "one"), bid(1, "two"), bid(2, "one")];
    write_bids(&both.bench.path("bids.parquet"), &both.fleet, &bids).unwrap();
    let clear = "market clear --book bids.parquet --out round";
    let here = both.bench.expect(2, &format!("{clear} --supply fleet --policy house.toml")).err;
    let there = both.bench.expect(2, &format!("{clear} --server {}", both.url)).err;
    let what = "row 2, column bid: \"one\" is already the name of row 0; names must be unique";
    assert!(here.contains(what) && there.contains(what) && there.contains("REPEATED_NAME"), "{here}\n{there}");
    assert!(!both.bench.path("round").exists());
    let nobody = both.bench.expect(1, &format!("{clear} --server 127.0.0.1:1"));
    assert!(nobody.err.contains("cannot be reached"), "{nobody:?}");
    let plan = both.bench.expect(2, &format!("{clear} --server {} --plan plan", both.url));
    assert!(plan.err.contains("cannot be used with"), "{plan:?}");
}

/// Posted prices of the first two links, the second with these cells.
fn posted(excess: Option<u64>, shortfall: Option<u64>, excesses: Option<&str>) -> StatedTable {
    let mut table = StatedTable::new(&POSTED_TABLE, 2);
    table.text("owner", ["link-000", "link-001"].into_iter().map(Some));
    table.text("owner_type", ["zone"; 2].into_iter().map(Some));
    table.text("kind", ["bandwidth"; 2].into_iter().map(Some));
    table.integer("price", [7; 2].into_iter().map(Some));
    table.integer("excess", [None, excess].into_iter());
    table.integer("shortfall", [None, shortfall].into_iter());
    table.text("excesses", [None, excesses].into_iter());
    table
}

/// A book of one bid on what a place names.
fn bid_at(owner: &str, place: &str) -> StatedTable {
    let mut table = StatedTable::new(&BIDS, 1);
    let cells = [("bid", "b"), ("bidder", "h"), ("service", "D"), ("owner", owner), ("kind", "memory")];
    cells
        .into_iter()
        .chain([("owner_type", place)])
        .for_each(|(column, cell)| table.text(column, [Some(cell)].into_iter()));
    ["amount", "quantity"].into_iter().for_each(|column| table.integer(column, [Some(5)].into_iter()));
    [("start", EIGHT), ("end", EIGHT + HOUR)]
        .into_iter()
        .for_each(|(column, at)| table.time(column, [Some(Timestamp(at))].into_iter()));
    table
}

#[test]
fn what_files_refuse_and_messages_cannot_say_is_refused_before_anything_is_sent() {
    let bench = Bench::with_fleet();
    fs::write(bench.path("policy.toml"), POSTED).unwrap();
    bench.expect(0, "market book --supply fleet --policy policy.toml --bids 5 --out bids.parquet");
    let refused = |flags: &str, what: &str| {
        let clear = format!("market clear --policy policy.toml --out round {flags}");
        let here = bench.expect(2, &format!("{clear} --supply fleet")).err;
        // Nobody listens there.
        let there = bench.expect(2, &format!("{clear} --server 127.0.0.1:1")).err;
        // Files are found from the root, and sent as they are named.
        let words = |said: &str| said.split_once(".parquet: ").unwrap().1.to_owned();
        assert!(words(&here).starts_with(what), "{here}");
        assert_eq!(words(&here), words(&there));
    };
    let whole_numbers = "row 1, column excesses: must be at most 16 whole numbers with a comma between two";
    for (table, what) in [
        (posted(Some(3), None, Some("")), whole_numbers),
        (posted(Some(3), None, Some("1,x")), whole_numbers),
        (posted(Some(3), Some(4), None), "row 1, column shortfall: is above 0, and so is the excess"),
    ] {
        table.write(&bench.path("posted.parquet")).unwrap();
        refused("--book bids.parquet --posted posted.parquet", what);
    }
    let fleet = read_fleet(&bench.path("fleet")).unwrap();
    let root = fleet.nodes().find(|&node| fleet.level(node) == Level::Layer).unwrap();
    for (place, what) in [
        ("layer", "row 0, column owner_type: is not a level below that of the owner"),
        ("rack", "row 0, column owner_type: \"rack\" is not one of: node, zone, tile, cell, cluster, region, layer"),
    ] {
        bid_at(fleet.name(root), place).write(&bench.path("places.parquet")).unwrap();
        refused("--book places.parquet", what);
    }
}
