//! What the resources on a job's path cost: the prices of the accounts that keep it out or that it debits, and what one of its
//! capsules uses there at each of them, dearest first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use lessor_datasets::table::{account_words, owner_sort};
use lessor_models::draw::{self, draw};
use lessor_models::fleet::{Fleet, Level, Owner};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, JobIndex};
use lessor_models::plan::{Blocker, PRICE_UNITS, Placement, Plan, Price, Unplaced};
use lessor_models::resources::Kind;
use lessor_models::time::{Interval, MICROS_PER_HOUR, Span, Timestamp};
use lessor_models::words;
use serde::Serialize;

/// One price of one account, as JSON has it.
#[derive(Debug, Serialize)]
pub(super) struct PriceView {
    owner: String,
    owner_type: &'static str,
    kind: &'static str,
    unit: &'static str,
    account: String,
    start_us: i64,
    end_us: i64,
    price: u64,
    /// What one capsule uses of the account while the price holds, in micro-credits, rounded up.
    per_capsule: u64,
}

/// The prices of one account over time.
#[derive(Debug)]
pub(super) struct AccountPrices {
    /// The account, and what is known of its prices, as people read it.
    pub(super) words: String,
    /// In the order of time.
    pub(super) rows: Vec<PriceView>,
}

/// What one capsule uses of an account, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// So much, while it runs.
    Debited { amount: u64, run: Interval },
    /// So much, for so long, were it let in at any time.
    Wanted { amount: u64, term: Span },
}

impl Use {
    /// What it costs at a price, in micro-credits, rounded up.
    fn cost(self, price: &Price) -> u64 {
        let (amount, micros) = match self {
            Use::Debited { amount, run } => {
                let (start, end) = (run.start.max(price.interval.start), run.end.min(price.interval.end));
                (amount, end.since(start).0)
            }
            Use::Wanted { amount, term } => (amount, term.0.min(price.interval.span().0)),
        };
        let cost = u128::from(amount).saturating_mul(u128::from(micros)).saturating_mul(u128::from(price.price));
        u64::try_from(cost.div_ceil(u128::from(PRICE_UNITS) * u128::from(MICROS_PER_HOUR))).unwrap_or(u64::MAX)
    }
}

type Account = (Owner, Kind);

/// The prices of the accounts that keep a job out, and then of those that it debits where it is placed, each dearest first.
///
/// O(prices of the plan + placements of the job).
pub(super) fn path_prices(
    instance: &Instance,
    plan: &Plan,
    (index, placements, left): (JobIndex, &[&Placement], Option<&Unplaced>),
) -> Vec<AccountPrices> {
    let (fleet, job) = (instance.fleet(), &instance.jobs()[index.at()]);
    let mut uses: BTreeMap<Account, BTreeSet<Use>> = BTreeMap::new();
    for placement in placements {
        debit(instance, placement, &mut uses);
    }
    let blockers: BTreeSet<Account> = left.iter().flat_map(|left| &left.conflict).filter_map(account_of).collect();
    for &blocker in &blockers {
        uses.entry(blocker).or_insert_with(|| BTreeSet::from([wanted(fleet, job, blocker)]));
    }
    let mut priced: BTreeMap<Account, Vec<&Price>> = BTreeMap::new();
    for price in plan.prices.iter().filter(|price| uses.contains_key(&(price.owner, price.kind))) {
        priced.entry((price.owner, price.kind)).or_default().push(price);
    }
    let mut accounts: Vec<(bool, u64, AccountPrices)> = priced
        .into_iter()
        .map(|(account, mut prices)| {
            prices.sort_by_key(|price| price.interval.start);
            let most = |price: &Price| uses[&account].iter().map(|of| of.cost(price)).max().unwrap_or(0);
            let costs: Vec<u64> = prices.iter().map(|price| most(price)).collect();
            // One capsule runs once: of several runs the dearest counts.
            let run = |of: &Use| prices.iter().map(|price| of.cost(price)).fold(0, u64::saturating_add);
            let dearest = match uses[&account].first() {
                Some(Use::Wanted { .. }) => costs.iter().copied().max().unwrap_or(0),
                _ => uses[&account].iter().map(run).max().unwrap_or(0),
            };
            let words = told(fleet, account, &prices, dearest);
            let view = |(price, per_capsule): (&&Price, u64)| price_view(fleet, price, per_capsule);
            let rows = prices.iter().zip(costs).map(view).collect();
            (blockers.contains(&account), dearest, AccountPrices { words, rows })
        })
        .collect();
    accounts.sort_by_key(|(blocks, dearest, _)| (Reverse(*blocks), Reverse(*dearest)));
    accounts.into_iter().map(|(_, _, account)| account).collect()
}

fn account_of(blocker: &Blocker) -> Option<Account> {
    match blocker {
        Blocker::Account { owner, kind } => Some((*owner, *kind)),
        Blocker::Tiles { .. } | Blocker::Rule(_) => None,
    }
}

/// Adds what a capsule of a placement uses of every account that it debits.
fn debit(instance: &Instance, placement: &Placement, uses: &mut BTreeMap<Account, BTreeSet<Use>>) {
    let (fleet, job) = (instance.fleet(), &instance.jobs()[placement.job.at()]);
    let class = fleet.class_of(placement.tile).expect("a placement is read only where it names a tile");
    let class = &fleet.classes()[class.at()];
    let run = Interval { start: placement.start, end: placement.start.after(draw::term(job, class)) };
    for node in fleet.path(placement.tile) {
        let drawn = draw(&job.demand, class, fleet.level(node));
        let zones = fleet.zones_listing(node).iter().map(|&zone| Owner::Zone(zone));
        for owner in std::iter::once(Owner::Node(node)).chain(zones) {
            for kind in Kind::ALL.into_iter().filter(|&kind| drawn.get(kind) > 0) {
                let of = Use::Debited { amount: drawn.get(kind), run };
                uses.entry((owner, kind)).or_default().insert(of);
            }
        }
    }
}

/// What a capsule would use at most of an account that keeps it out, on a class of tiles that its job allows.
fn wanted(fleet: &Fleet, job: &Job, (owner, kind): Account) -> Use {
    let level = match owner {
        Owner::Node(node) => fleet.level(node),
        Owner::Zone(_) => Level::Tile,
    };
    let of = |class| (draw(&job.demand, class, level).get(kind), draw::term(job, class));
    let most = fleet.classes_for(job).map(of).max_by_key(|(amount, term)| u128::from(*amount) * u128::from(term.0));
    let (amount, term) = most.unwrap_or((0, Span(0)));
    Use::Wanted { amount, term }
}

/// An account, what a capsule uses of it at its prices, and from what to what these range.
fn told(fleet: &Fleet, (owner, kind): Account, prices: &[&Price], dearest: u64) -> String {
    let account = account_words(fleet, owner, kind);
    let each = prices.iter().map(|price| price.price);
    let (least, most) = (each.clone().min().unwrap_or(0), each.max().unwrap_or(0));
    let range = match words::price_parts(kind, least).0 {
        _ if least == most => String::new(),
        least => format!("{least} to "),
    };
    format!("{account}: {} credits a capsule, at {range}{}", words::credits(dearest), words::price(kind, most))
}

fn price_view(fleet: &Fleet, price: &Price, per_capsule: u64) -> PriceView {
    let Interval { start: Timestamp(start_us), end: Timestamp(end_us) } = price.interval;
    PriceView {
        owner: fleet.owner_name(price.owner).to_owned(),
        owner_type: owner_sort(fleet, price.owner),
        kind: price.kind.name(),
        unit: price.kind.unit(),
        account: account_words(fleet, price.owner, price.kind),
        start_us,
        end_us,
        price: price.price,
        per_capsule,
    }
}
