//! What parties have before a round and after it, and what is paid for leases that were revoked.

use std::collections::BTreeMap;

use lessor_datasets::table::{BalanceRow, RevocationRow};
use lessor_market::money::Money;
use lessor_market::preemption::Revocation;
use lessor_market::settlement::{Ledger, Party, RoundId, SellerId, Transfer};

use super::error::MarketError;
use super::parties::{FLEET, Parties};

/// What parties have before a round.
#[derive(Debug)]
pub(super) struct Purses {
    /// All balances but the issuer's.
    pub(super) balances: BTreeMap<Party, i128>,
    /// What other open rounds hold.
    pub(super) held: BTreeMap<Party, i128>,
    /// The last round that was settled.
    pub(super) last: RoundId,
}

impl Purses {
    /// What a table of balances says.
    ///
    /// # Errors
    /// A party that is none.
    pub(super) fn of(rows: Vec<BalanceRow>, parties: &mut Parties) -> Result<Purses, MarketError> {
        let last = RoundId(rows.first().map_or(0, |row| row.round));
        let mut purses = Purses { balances: BTreeMap::new(), held: BTreeMap::new(), last };
        for row in rows {
            let party =
                parties.read(&row.party).ok_or_else(|| MarketError::UnknownParty { name: row.party.clone() })?;
            purses.balances.insert(party, i128::from(row.balance) - i128::from(row.owed));
            purses.held.insert(party, row.held.into());
        }
        Ok(purses)
    }

    /// What each holder has that no other round holds, in the order of their numbers.
    pub(super) fn budgets(&self, holders: usize) -> Vec<i128> {
        let mut budgets = vec![0; holders];
        for (party, balance) in &self.balances {
            if let Party::Holder(holder) = party {
                budgets[holder.0 as usize] = balance - self.held.get(party).copied().unwrap_or(0);
            }
        }
        budgets
    }
}

/// What sellers have that no other round holds, once some transfers have moved.
pub(super) fn sellers(purses: Option<&Purses>, transfers: &[Transfer]) -> BTreeMap<SellerId, u128> {
    let mut has: BTreeMap<Party, i128> = BTreeMap::new();
    if let Some(purses) = purses {
        has.extend(&purses.balances);
        purses.held.iter().for_each(|(&party, held)| *has.entry(party).or_default() -= held);
    }
    for transfer in transfers {
        *has.entry(transfer.from).or_default() -= i128::from(transfer.amount.0);
        *has.entry(transfer.to).or_default() += i128::from(transfer.amount.0);
    }
    let of_seller = |(party, has): (Party, i128)| match party {
        Party::Seller(seller) => Some((seller, u128::try_from(has).unwrap_or(0))),
        _ => None,
    };
    has.into_iter().filter_map(of_seller).collect()
}

/// The balances after a round, all but the issuer's, with what other rounds hold as it was.
///
/// # Errors
/// A balance that no table of balances can hold.
pub(super) fn rows(
    ledger: &Ledger,
    purses: Option<&Purses>,
    round: RoundId,
    parties: &Parties,
) -> Result<Vec<BalanceRow>, MarketError> {
    let row = |(party, balance): (Party, i128)| {
        let side = |sum: i128| Money::exactly(u128::try_from(sum).unwrap_or(0)).map(Money::micro_credits);
        let beyond = || MarketError::BeyondBalance { party: parties.name(party), balance };
        let held = purses.and_then(|purses| purses.held.get(&party)).copied().unwrap_or(0);
        Ok(BalanceRow {
            party: parties.name(party),
            balance: side(balance).ok_or_else(beyond)?,
            owed: side(-balance).ok_or_else(beyond)?,
            held: side(held).ok_or_else(beyond)?,
            round: round.0,
        })
    };
    ledger.balances().filter(|entry| entry.0 != Party::Issuer).map(row).collect()
}

/// Leases that were revoked.
pub(super) fn revocations(rows: Vec<RevocationRow>, parties: &mut Parties) -> Vec<Revocation> {
    let revocations = rows.into_iter().map(|row| Revocation {
        holder: parties.holder(&row.holder),
        seller: parties.seller(row.seller.as_deref().unwrap_or(FLEET)),
        paid: Money::of(row.paid.into()),
        term: row.term,
        revoked: row.revoked,
    });
    revocations.collect()
}
