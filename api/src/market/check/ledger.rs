//! The entries of a round, added up again by the names that tables have of parties.

use std::collections::{BTreeMap, BTreeSet};

use lessor_datasets::table::{BalanceRow, EntryRow};
use lessor_market::money::Money;
use lessor_market::settlement::{Party, Purpose, Transfer};

use super::told::Tables;
use crate::market::parties::Parties;
use crate::market::round::Round;

/// What is wrong with a ledger.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ledger {
    /// Entries that do not follow the one before, are of another round, or move nothing from one party to another.
    pub(super) entries: u64,
    /// By how much what the issuer hands out differs from what bidders may owe, in micro-credits.
    pub(super) issued: u128,
    /// By how much what is paid for revoked leases differs from what it should be, in micro-credits.
    pub(super) revoked: u128,
    /// By how much balances are not what entries lead to, and parties have less than they may, in micro-credits.
    pub(super) balances: u128,
    /// Balances that state another round, or another hold than before.
    pub(super) held: u64,
}

/// The number of the round, which its entries and balances state.
fn number(round: &Round) -> u64 {
    round.purses.as_ref().map_or(1, |purses| purses.last.0.saturating_add(1))
}

/// Adds the entries of a round up.
pub(super) fn look(round: &Round, tables: &Tables) -> Ledger {
    let number = number(round);
    let follows = |pair: &[EntryRow]| pair[0].sequence.checked_add(1) == Some(pair[1].sequence);
    let gaps = tables.entries.windows(2).filter(|pair| !follows(pair)).count();
    let is_of_round = |row: &&EntryRow| {
        let of_purpose = if row.purpose == Purpose::Issue.name() { 0 } else { number };
        let is_known = Purpose::ALL.into_iter().any(|purpose| purpose.name() == row.purpose);
        is_known && row.round == of_purpose && row.from != row.to && row.amount > 0
    };
    let astray = tables.entries.iter().filter(|row| !is_of_round(row)).count();
    let before = round.purses.iter().flat_map(|purses| &purses.held);
    let held: BTreeMap<String, i128> = before.map(|(&party, &held)| (round.parties.name(party), held)).collect();
    let is_astray =
        |row: &&BalanceRow| row.round != number || i128::from(row.held) != held.get(&row.party).copied().unwrap_or(0);
    Ledger {
        entries: (gaps + astray) as u64,
        issued: issued(round, tables),
        revoked: revoked(round, tables),
        balances: balances(round, tables),
        held: tables.balances.iter().filter(is_astray).count() as u64,
    }
}

/// What moved for the round itself, with parties by number; new names get numbers that nobody else has.
pub(super) fn transfers(round: &Round, tables: &Tables) -> Vec<Transfer> {
    let mut parties: Parties = round.parties.clone();
    let number = number(round);
    let of_round = tables.entries.iter().filter(|row| row.round == number);
    let transfer = |row: &EntryRow| {
        let mut party = |text: &str| if text == "issuer" { Some(Party::Issuer) } else { parties.read(text) };
        Some(Transfer {
            from: party(&row.from)?,
            to: party(&row.to)?,
            amount: Money::of(row.amount.into()),
            purpose: Purpose::ALL.into_iter().find(|purpose| purpose.name() == row.purpose)?,
        })
    };
    of_round.filter_map(transfer).collect()
}

/// What entries of a purpose move to each party.
fn moved(tables: &Tables, purpose: Purpose) -> BTreeMap<String, i128> {
    let mut moved: BTreeMap<String, i128> = BTreeMap::new();
    for row in tables.entries.iter().filter(|row| row.purpose == purpose.name()) {
        *moved.entry(row.to.clone()).or_default() += i128::from(row.amount);
    }
    moved
}

/// How far two lists of sums are apart, all of them together.
fn apart(one: &BTreeMap<String, i128>, other: &BTreeMap<String, i128>) -> u128 {
    let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let sum = |of: &BTreeMap<String, i128>, name: &String| of.get(name).copied().unwrap_or(0);
    names.into_iter().map(|name| sum(one, name).abs_diff(sum(other, name))).sum()
}

/// Where nobody says what bidders have, each is issued the greatest bid of each of its groups, and their fees.
fn issued(round: &Round, tables: &Tables) -> u128 {
    let mut most: BTreeMap<(&str, &str, bool), u64> = BTreeMap::new();
    for bid in round.rows.iter().filter(|_| round.purses.is_none()) {
        let group = bid.group.as_deref();
        let of_group = most.entry((&bid.bidder, group.unwrap_or(&bid.name), group.is_some())).or_default();
        *of_group = bid.amount.max(*of_group);
    }
    let mut due: BTreeMap<String, i128> = BTreeMap::new();
    for ((bidder, ..), amount) in most {
        let fee = i128::from(round.policy.rules().fees.per_group.0);
        *due.entry(format!("holder:{bidder}")).or_default() += i128::from(amount) + fee;
    }
    apart(&due, &moved(tables, Purpose::Issue))
}

/// What is left of a revoked lease is refunded, rounded up, and so many thousandths of that are paid on top.
fn revoked(round: &Round, tables: &Tables) -> u128 {
    let [mut refunds, mut extra]: [BTreeMap<String, i128>; 2] = [BTreeMap::new(), BTreeMap::new()];
    for revocation in &round.revocations {
        let (term, paid) = (revocation.term, u128::from(revocation.paid.micro_credits()));
        let left = term.end.0.abs_diff(revocation.revoked.clamp(term.start, term.end).0);
        let refund = (paid * u128::from(left)).div_ceil(u128::from(term.end.0.abs_diff(term.start.0)));
        let permille = u128::from(round.policy.rules().preemption.compensation_permille);
        let holder = round.parties.name(Party::Holder(revocation.holder));
        let whole = |amount: u128| i128::try_from(amount).unwrap_or(i128::MAX);
        *refunds.entry(holder.clone()).or_default() += whole(refund);
        *extra.entry(holder).or_default() += whole((refund * permille).div_ceil(1_000));
    }
    // Sellers give back what is refunded, as far as they have it.
    let sum = |moved: BTreeMap<String, i128>| moved.into_values().sum::<i128>();
    let returned = sum(moved(tables, Purpose::Return)) - refunds.values().sum::<i128>();
    returned.max(0).unsigned_abs()
        + apart(&refunds, &moved(tables, Purpose::Refund))
        + apart(&extra, &moved(tables, Purpose::Compensation))
}

/// Balances before and all entries lead to those after, and nobody has less than nothing but the operator, within its limit.
fn balances(round: &Round, tables: &Tables) -> u128 {
    let mut has: BTreeMap<String, i128> = BTreeMap::new();
    for (&party, &balance) in round.purses.iter().flat_map(|purses| &purses.balances) {
        has.insert(round.parties.name(party), balance);
    }
    for row in &tables.entries {
        *has.entry(row.from.clone()).or_default() -= i128::from(row.amount);
        *has.entry(row.to.clone()).or_default() += i128::from(row.amount);
    }
    has.remove("issuer");
    let told = tables.balances.iter().map(|row| (row.party.clone(), i128::from(row.balance) - i128::from(row.owed)));
    let least = |party: &str| if party == "operator" { -i128::from(round.policy.rules().deficit_max.0) } else { 0 };
    let short = has.iter().map(|(party, has)| (least(party) - has).max(0).unsigned_abs());
    short.sum::<u128>() + apart(&has, &told.collect())
}
