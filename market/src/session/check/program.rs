//! Sealed bids of a class as the plain integer program, for HiGHS: nothing of what chose the winners, or found what they pay, has a
//! part in it.
//!
//! ```text
//! maximize   sum over bids of (counted - reserve) x  -  sum over winners of kept y
//! subject to sum over bids of quantity[bid, good] x  <=  quantity offered           every good
//!            sum over bids of a bidder of quantity[bid, good] x  <=  holder cap      every good and bidder
//!            sum over bids of a group of x  <=  1, and of a winner  <=  y            every group
//!            x, y binary
//! ```
//!
//! Without `y` it is winner determination: nothing is worth more than what is certified. With it, where winners keep what they
//! gained, it is the search for the coalition that could pay the seller most (Day & Raghavan 2007): no more than what is paid.
//!
//! HiGHS reckons in floating point. It is asked for a choice that is better by more than a margin, one part in 2^30 and a
//! micro-credit: that there is none is its word; one that it finds is looked at in whole numbers before anything is said of it.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::{NodeClass, NodeIndex, Owner};
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::{Interval, Timestamp};
use lessor_solver::program::integer::{IntegerAnswer, IntegerLimits, IntegerProgram};
use lessor_solver::support::stop::Stop;

use super::capacity::limits;
use super::goods::up;
use super::reserves::Reserves;
use super::{Told, above, is_offered, part_of, place, sold, taken, won};
use crate::book::{BidderIndex, GroupIndex};
use crate::policy::{AccountClass, Format};
use crate::session::catalog::Wish;
use crate::session::{AccountBid, Fate, Lost, Session};

/// Columns of one program at most, a bid at a node each: with more, no solver is done within a time that anyone waits.
pub const COLUMNS_MAX: usize = 1 << 17;

/// What the greatest bid is told to HiGHS as: of the order in which its tolerances are small.
const GREATEST: f64 = 16_384.0;

/// What rows and whole numbers may be off for HiGHS, so that nothing is better by a margin for that alone.
const TOLERANCE: f64 = 1e-9;

/// What HiGHS says of a claim that nothing is worth more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is worth more by so many micro-credits.
    Confirmed {
        /// One part in 2^30 of it, and a micro-credit.
        margin: u128,
    },
    /// The time was over first.
    OutOfTime,
    /// There are more columns than [`COLUMNS_MAX`].
    TooLarge,
    /// What it found is better within its tolerances alone.
    Rounding,
    /// It found what is worth so many micro-credits more.
    Contradicted {
        /// How many; there may be better still.
        by: u128,
    },
}

/// A bid at a node, or for what it names.
#[derive(Debug)]
struct Column {
    bidder: BidderIndex,
    group: GroupIndex,
    /// What it counts for beyond its reserve price.
    net: u64,
}

/// What columns take, and how much of it there is.
#[derive(Debug)]
struct Row {
    most: u64,
    takes: Vec<(usize, u64)>,
}

/// The program of one class.
#[derive(Debug)]
pub struct ClassProgram {
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// What winners of the class gained beyond what they paid.
    kept: BTreeMap<BidderIndex, u128>,
    /// What they pay beyond reserve prices.
    revenue: u128,
}

impl ClassProgram {
    /// The program of a class of sealed bids, with the bids that nothing kept out before anything was compared; `None` where it has
    /// more columns than [`COLUMNS_MAX`].
    ///
    /// # Panics
    /// Where the class is none of the policy, or takes no sealed bids.
    #[must_use]
    pub fn of(session: &Session<'_>, told: &Told<'_>, class: usize) -> Option<ClassProgram> {
        let rules = &session.policy.rules().classes[class];
        assert_eq!(rules.format, Format::SealedBid, "only sealed bids make the program");
        let nodes = nodes(session, told, class);
        let alternatives = |bid: &AccountBid| bid.anywhere.as_ref().map_or(1, |open| nodes[&open.class].len());
        let of_class = session.bids.iter().zip(told.fates).filter(|(_, fate)| fate.class == Some(class));
        if of_class.clone().map(|(bid, _)| alternatives(bid)).sum::<usize>() > COLUMNS_MAX {
            return None;
        }
        let reserves = Reserves::of(session);
        let goods = Listed::of(session, told, class, &nodes, &reserves);
        let mut program = ClassProgram { columns: Vec::new(), rows: goods.rows(), kept: BTreeMap::new(), revenue: 0 };
        let mut by_holder: BTreeMap<(BidderIndex, usize), Row> = BTreeMap::new();
        for (bid, fate) in of_class {
            // What is told to ask for too much, or to offer too little, has no column where that is so.
            for node in at(bid, &nodes).into_iter().filter(|_| is_bid_for(fate)) {
                let wishes = wishes(bid, node);
                let (net, takes) = (net(&reserves, rules, bid, &wishes), goods.taken(session, &wishes));
                if net == 0 || takes.iter().any(|&(good, quantity)| quantity > goods.list[good].cap) {
                    continue;
                }
                let column = program.columns.len();
                program.columns.push(Column { bidder: bid.bidder, group: bid.group, net });
                for (good, quantity) in takes {
                    program.rows[good].takes.push((column, quantity));
                    let own = Row { most: goods.list[good].cap, takes: Vec::new() };
                    by_holder.entry((bid.bidder, good)).or_insert(own).takes.push((column, quantity));
                }
            }
        }
        program.rows.extend(by_holder.into_values());
        program.rows = std::mem::take(&mut program.rows).into_iter().filter(|row| program.may_bind(row)).collect();
        for (bid, fate, paid) in won(session, told).filter(|(_, fate, _)| fate.class == Some(class)) {
            let (counted, reserve) = stated(&reserves, rules, bid, &taken(bid, fate));
            *program.kept.entry(bid.bidder).or_default() += u128::try_from(counted - paid).unwrap_or(0);
            program.revenue += u128::try_from(paid - reserve).unwrap_or(0);
        }
        Some(program)
    }

    /// Whether a choice of bids is worth more beyond reserve prices than so many micro-credits.
    #[must_use]
    pub fn beyond(&self, bound: u128, stop: &Stop) -> Verdict {
        self.better(bound, &BTreeMap::new(), stop)
    }

    /// Whether a coalition could pay the seller more than winners do, and be no worse off.
    #[must_use]
    pub fn blocking(&self, stop: &Stop) -> Verdict {
        self.better(self.revenue, &self.kept, stop)
    }

    /// Whether anything is worth more than so much, where some bidders keep something that come into it.
    fn better(&self, least: u128, kept: &BTreeMap<BidderIndex, u128>, stop: &Stop) -> Verdict {
        let greatest = self.columns.iter().map(|column| column.net).max().unwrap_or(0);
        if greatest == 0 {
            return Verdict::Confirmed { margin: 0 };
        }
        let margin = (least.max(greatest.into()) >> 30) + 1;
        let scale = GREATEST / greatest as f64;
        let mut program = IntegerProgram::default();
        self.columns.iter().for_each(|column| {
            program.column(-(column.net as f64) * scale, 1);
        });
        let comes: BTreeMap<BidderIndex, usize> = kept
            .iter()
            .filter(|(_, kept)| **kept > 0)
            .map(|(&bidder, &kept)| (bidder, program.column(kept as f64 * scale, 1)))
            .collect();
        for row in &self.rows {
            let takes = row.takes.iter().map(|&(column, quantity)| (column, quantity as f64 / row.most as f64));
            program.row(0.0, 1.0, takes.collect());
        }
        for ((bidder, _), members) in self.groups() {
            let entries = members.into_iter().map(|column| (column, 1.0));
            match comes.get(&bidder) {
                Some(&comes) => program.row(f64::NEG_INFINITY, 0.0, entries.chain([(comes, -1.0)]).collect()),
                None => program.row(0.0, 1.0, entries.collect()),
            }
        }
        let cost_max = Some(-((least + margin) as f64) * scale);
        let tolerance = Some(TOLERANCE);
        let limits = IntegerLimits { cost_max, solutions_max: Some(1), tolerance, ..IntegerLimits::default() };
        let worth = |counts: &[u32]| {
            let chosen: Vec<usize> = (0..self.columns.len()).filter(|&column| counts[column] > 0).collect();
            self.worth(&chosen, kept)
        };
        let better = |worth: u128| (worth > least).then(|| Verdict::Contradicted { by: worth - least });
        match program.solve(limits, stop) {
            IntegerAnswer::Infeasible => Verdict::Confirmed { margin },
            // What is solved before it comes to a search is told whether or not it is as good as was asked for.
            IntegerAnswer::Optimal(counts) => {
                worth(&counts).map_or(Verdict::Rounding, |worth| better(worth).unwrap_or(Verdict::Confirmed { margin }))
            }
            IntegerAnswer::Feasible(counts) => worth(&counts).and_then(better).unwrap_or(Verdict::Rounding),
            IntegerAnswer::Nothing | IntegerAnswer::Interrupted => Verdict::OutOfTime,
        }
    }

    /// What a choice is worth beside what its bidders keep, in whole micro-credits; `None` where it breaks a row or a group.
    fn worth(&self, chosen: &[usize], kept: &BTreeMap<BidderIndex, u128>) -> Option<u128> {
        let mut is_in = vec![false; self.columns.len()];
        chosen.iter().for_each(|&column| is_in[column] = true);
        let taken =
            |row: &Row| -> u128 { row.takes.iter().filter(|take| is_in[take.0]).map(|take| u128::from(take.1)).sum() };
        let groups: BTreeSet<_> = chosen.iter().map(|&at| (self.columns[at].bidder, self.columns[at].group)).collect();
        if groups.len() < chosen.len() || self.rows.iter().any(|row| taken(row) > row.most.into()) {
            return None;
        }
        let bidders: BTreeSet<BidderIndex> = groups.into_iter().map(|group| group.0).collect();
        let net: u128 = chosen.iter().map(|&column| u128::from(self.columns[column].net)).sum();
        net.checked_sub(bidders.iter().filter_map(|bidder| kept.get(bidder)).sum())
    }

    /// The columns of each group.
    fn groups(&self) -> BTreeMap<(BidderIndex, GroupIndex), Vec<usize>> {
        let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (at, column) in self.columns.iter().enumerate() {
            groups.entry((column.bidder, column.group)).or_default().push(at);
        }
        groups
    }

    /// Whether groups may take more than a row has, one column each.
    fn may_bind(&self, row: &Row) -> bool {
        let mut most: BTreeMap<(BidderIndex, GroupIndex), u64> = BTreeMap::new();
        for &(column, quantity) in &row.takes {
            let column = &self.columns[column];
            let of_group = most.entry((column.bidder, column.group)).or_default();
            *of_group = quantity.max(*of_group);
        }
        most.into_values().map(u128::from).sum::<u128>() > row.most.into()
    }
}

/// The nodes of each node class that bids of a class leave open.
fn nodes(session: &Session<'_>, told: &Told<'_>, class: usize) -> BTreeMap<NodeClass, Vec<NodeIndex>> {
    let of_class = session.bids.iter().zip(told.fates).filter(|(_, fate)| fate.class == Some(class));
    let open: BTreeSet<NodeClass> = of_class.filter_map(|(bid, _)| Some(bid.anywhere.as_ref()?.class)).collect();
    let mut nodes = session.ground.fleet.nodes_of(&open);
    open.into_iter().for_each(|class| {
        nodes.entry(class).or_default();
    });
    nodes
}

/// Where a bid may win: at each node of its class, or where it says.
fn at(bid: &AccountBid, nodes: &BTreeMap<NodeClass, Vec<NodeIndex>>) -> Vec<Option<NodeIndex>> {
    match &bid.anywhere {
        Some(open) => nodes[&open.class].iter().copied().map(Some).collect(),
        None => vec![None],
    }
}

/// What a bid takes that wins whole at a node.
fn wishes(bid: &AccountBid, node: Option<NodeIndex>) -> Vec<Wish> {
    let needs = bid.anywhere.iter().flat_map(|open| &open.needs);
    let at_node = node.into_iter().flat_map(|node| needs.clone().map(move |need| need.at(node)));
    bid.wishes.iter().copied().chain(at_node).collect()
}

/// What a bid for so much counts for, and its reserve price.
fn stated(reserves: &Reserves<'_>, class: &AccountClass, bid: &AccountBid, wishes: &[Wish]) -> (i128, i128) {
    let cap = class.price_cap.map_or(i128::MAX, |cap| up(reserves.cost_at(class, wishes, cap)));
    (i128::from(bid.amount.0).min(cap), up(reserves.cost(class, wishes)))
}

/// What it counts for beyond its reserve price; nothing where that is more.
fn net(reserves: &Reserves<'_>, class: &AccountClass, bid: &AccountBid, wishes: &[Wish]) -> u64 {
    let (counted, reserve) = stated(reserves, class, bid, wishes);
    u64::try_from(counted - reserve).unwrap_or(0)
}

/// A part of an account's time, in which so much of it may be won.
#[derive(Clone, Copy, Debug)]
struct Good {
    interval: Interval,
    offered: u64,
    /// The most that one bidder may win.
    cap: u64,
}

/// What service classes hold of accounts: when, which class, and how much.
type Held = BTreeMap<(Owner, Kind), Vec<(Interval, usize, u128)>>;

/// All that a class lets, account by account and in the order of time.
struct Listed {
    list: Vec<Good>,
    /// The first good of each account, and how many there are.
    by_account: BTreeMap<(Owner, Kind), std::ops::Range<usize>>,
}

impl Listed {
    /// Accounts that are bid for and those above them, cut where a term begins or ends or anything about them changes.
    fn of(
        session: &Session<'_>,
        told: &Told<'_>,
        class: usize,
        nodes: &BTreeMap<NodeClass, Vec<NodeIndex>>,
        reserves: &Reserves<'_>,
    ) -> Listed {
        let mut cuts: BTreeMap<(Owner, Kind), BTreeSet<Timestamp>> = BTreeMap::new();
        let of_class = session.bids.iter().zip(told.fates).filter(|(_, fate)| fate.class == Some(class));
        for (bid, _) in of_class.filter(|(_, fate)| is_bid_for(fate)) {
            for wish in at(bid, nodes).into_iter().flat_map(|node| wishes(bid, node)) {
                let owners = above(session.ground.fleet, &wish).into_iter().chain([wish.owner]);
                for owner in owners {
                    cuts.entry((owner, wish.kind)).or_default().extend([wish.interval.start, wish.interval.end]);
                }
            }
        }
        let (held, rules) = (held(session, told, class), &session.policy.rules().classes[class]);
        let mut list = Vec::new();
        let mut by_account = BTreeMap::new();
        for (account, cuts) in cuts {
            let first = list.len();
            let cuts: Vec<Timestamp> = cuts.into_iter().collect();
            for pair in cuts.windows(2) {
                let parts = reserves.parts(rules, account, Interval { start: pair[0], end: pair[1] });
                list.extend(parts.into_iter().filter_map(|part| good(session, class, account, &held, part)));
            }
            by_account.insert(account, first..list.len());
        }
        Listed { list, by_account }
    }

    fn rows(&self) -> Vec<Row> {
        self.list.iter().map(|good| Row { most: good.offered, takes: Vec::new() }).collect()
    }

    /// The goods that wishes take, with how much of each.
    fn taken(&self, session: &Session<'_>, wishes: &[Wish]) -> Vec<(usize, u64)> {
        let mut taken: BTreeMap<usize, u64> = BTreeMap::new();
        for wish in wishes {
            let owners = above(session.ground.fleet, wish).into_iter().chain([wish.owner]);
            for range in owners.filter_map(|owner| self.by_account.get(&(owner, wish.kind))) {
                let goods = &self.list[range.clone()];
                let first = goods.partition_point(|good| good.interval.start < wish.interval.start);
                let last = goods.partition_point(|good| good.interval.end <= wish.interval.end);
                for at in first..last {
                    let quantity = taken.entry(range.start + at).or_default();
                    *quantity = quantity.saturating_add(wish.quantity);
                }
            }
        }
        taken.into_iter().collect()
    }
}

/// Whether a bid was still in its class when its goods were listed.
fn is_bid_for(fate: &Fate) -> bool {
    let is_listed = |lost: Lost| Lost::COMPARED.contains(&lost) || matches!(lost, Lost::Supply | Lost::Reserve);
    fate.result.err().is_none_or(is_listed)
}

/// A part of an account's time as a class lets it; `None` where it has no limit.
fn good(session: &Session<'_>, class: usize, account: (Owner, Kind), held: &Held, interval: Interval) -> Option<Good> {
    let capacity = session.ground.fleet.capacity_at(account.0, account.1, interval.start);
    if capacity == UNLIMITED {
        return None;
    }
    let own = session.policy.class_of(place(session.ground.fleet, account.0), account.1);
    let at_one = |held: [u128; 4]| match own {
        Some(own) => limits(own, capacity, held),
        None => [u128::from(capacity).saturating_sub(held.iter().sum()); 2].into(),
    };
    let held = held_from_change_to_change(held.get(&account).map_or(&[], Vec::as_slice), interval);
    let held = held.into_iter().map(at_one);
    let (room, cap) = held.fold((u128::MAX, u128::MAX), |least, (room, cap)| (least.0.min(room), least.1.min(cap)));
    let is_own = own == Some(&session.policy.rules().classes[class]);
    let narrow = |amount: u128| u64::try_from(amount).expect("no more than a capacity");
    Some(Good { interval, offered: narrow(room), cap: narrow(if is_own { cap } else { room }) })
}

/// What is held when a class clears: before the round, and by what classes before it let.
fn held(session: &Session<'_>, told: &Told<'_>, class: usize) -> Held {
    let (fleet, rules) = (session.ground.fleet, session.policy.rules());
    let mut held = Held::new();
    for (account, holding) in session.ground.holdings.all() {
        held.entry(account).or_default().push((holding.interval, holding.service as usize, holding.amount.into()));
    }
    let lets = |of: Option<usize>| of.filter(|&of| of < class).map(|of| &rules.classes[of]);
    let bought = won(session, told).filter(|(_, fate, _)| lets(fate.class).is_some_and(|class| !is_offered(class)));
    let bought =
        bought.flat_map(|(bid, fate, _)| taken(bid, fate).into_iter().map(|wish| (wish, bid.service as usize)));
    let sold = sold(session, told).filter(|(_, fate, _)| lets(fate.class).is_some_and(is_offered));
    let bulk = lessor_models::job::ServiceClass::D as usize;
    let sold =
        sold.flat_map(|(offer, fate, _)| offer.goods.iter().map(move |good| (part_of(&good.wish, fate.part), bulk)));
    for (wish, service) in bought.chain(sold) {
        for owner in above(fleet, &wish).into_iter().chain([wish.owner]) {
            let of_account = held.entry((owner, wish.kind)).or_default();
            of_account.push((wish.interval, service, wish.quantity.into()));
        }
    }
    held
}

/// What service classes hold at the beginning of an interval, and after each instant of it at which that changes. O(n log n).
fn held_from_change_to_change(held: &[(Interval, usize, u128)], interval: Interval) -> Vec<[u128; 4]> {
    let mut changes: Vec<(Timestamp, bool, usize, u128)> = Vec::new();
    for &(term, service, amount) in held.iter().filter(|(term, ..)| term.meets(&interval)) {
        changes.extend([(term.start.max(interval.start), true, service, amount), (term.end, false, service, amount)]);
    }
    changes.retain(|change| change.0 < interval.end);
    // At one instant, terms end before others begin.
    changes.sort_unstable();
    let (mut now, mut found) = ([0_u128; 4], Vec::new());
    if changes.first().is_none_or(|first| first.0 > interval.start) {
        found.push(now);
    }
    for of_instant in changes.chunk_by(|one, two| one.0 == two.0) {
        for &(_, begins, service, amount) in of_instant {
            now[service] = if begins { now[service] + amount } else { now[service] - amount };
        }
        found.push(now);
    }
    found
}
