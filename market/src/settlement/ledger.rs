//! Balances, holds, and the settlement of rounds.

use std::collections::BTreeMap;

use thiserror::Error;

use super::entry::{Entry, HolderId, Party, RoundId, SellerId, Transfer};
use crate::money::Money;

/// How many settled rounds are remembered; a retry of an older one is refused as too old.
pub const ROUNDS_MAX: usize = 1 << 16;

/// The balances of all parties, what is held of them, and which rounds were settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    deficit_max: Money,
    balances: BTreeMap<Party, i128>,
    /// What each open round holds of each holder.
    holds: BTreeMap<(RoundId, HolderId), Money>,
    /// What all open rounds hold of each holder.
    held: BTreeMap<HolderId, i128>,
    settled: BTreeMap<RoundId, Settled>,
    /// The latest round that was forgotten.
    forgotten: Option<RoundId>,
    next_sequence: u64,
}

/// A settled round: what was posted, and a digest that tells a retry from another body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Settled {
    digest: [u8; 32],
    first_sequence: u64,
    count: usize,
}

/// What came of settling a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// Everything was posted now.
    Posted(Vec<Entry>),
    /// The very same was posted before; nothing happened now.
    Repeated {
        /// The number of its first entry.
        first_sequence: u64,
        /// How many entries it has.
        count: usize,
    },
}

/// Why a round was not settled. Nothing was posted, and its holds stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SettleError {
    /// The round was settled with other transfers.
    #[error("round {} is already settled, with other transfers", round.0)]
    OtherBody {
        /// The round.
        round: RoundId,
    },
    /// The round is older than all that are remembered.
    #[error("round {} is too old: rounds up to {} are forgotten", round.0, forgotten.0)]
    TooOld {
        /// The round.
        round: RoundId,
        /// The latest forgotten one.
        forgotten: RoundId,
    },
    /// An amount below zero or beyond the range.
    #[error("transfer {at} moves {}, which is outside 0 to 2^53 micro-credits", amount.0)]
    NotAnAmount {
        /// The position of the transfer.
        at: usize,
        /// The amount.
        amount: Money,
    },
    /// A transfer between parties that its purpose does not join.
    #[error("transfer {at} from {from} to {to} cannot be a {purpose}")]
    WrongPurpose {
        /// The position of the transfer.
        at: usize,
        /// Who would give.
        from: Party,
        /// Who would get.
        to: Party,
        /// What for.
        purpose: &'static str,
    },
    /// A party would spend what it does not have, or what another round holds.
    #[error("{party} is {short} micro-credits short")]
    Overspent {
        /// The party.
        party: Party,
        /// What it lacks.
        short: i128,
    },
}

/// Why nothing more was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HoldError {
    /// The round is over.
    #[error("round {} is already settled", round.0)]
    Settled {
        /// The round.
        round: RoundId,
    },
    /// An amount below zero or beyond the range.
    #[error("a hold of {} is outside 0 to 2^53 micro-credits", amount.0)]
    NotAnAmount {
        /// The amount.
        amount: Money,
    },
    /// The holder has less than that.
    #[error("holder {} has {available} micro-credits that are not held, {short} too few", holder.0)]
    Short {
        /// The holder.
        holder: HolderId,
        /// What it has free for this round.
        available: i128,
        /// What it lacks.
        short: i128,
    },
}

impl Ledger {
    /// A ledger without a credit, whose operator may fall so far below zero.
    ///
    /// # Panics
    /// Where that is not an amount.
    #[must_use]
    pub fn new(deficit_max: Money) -> Ledger {
        assert!(deficit_max.is_amount(), "the operator's deficit is an amount");
        Ledger {
            deficit_max,
            balances: BTreeMap::new(),
            holds: BTreeMap::new(),
            held: BTreeMap::new(),
            settled: BTreeMap::new(),
            forgotten: None,
            next_sequence: 0,
        }
    }

    /// A ledger that goes on from balances: all rounds up to one are over. What the issuer is owed follows from the others.
    ///
    /// # Errors
    /// A holder or a seller that owes.
    ///
    /// # Panics
    /// Where the operator's greatest deficit is not an amount.
    pub fn carried_on(
        deficit_max: Money,
        balances: &BTreeMap<Party, i128>,
        last: RoundId,
    ) -> Result<Ledger, SettleError> {
        let mut ledger = Ledger::new(deficit_max);
        for (&party, &balance) in balances.iter().filter(|(party, _)| **party != Party::Issuer) {
            if balance < 0 && party != Party::Operator {
                return Err(SettleError::Overspent { party, short: -balance });
            }
            ledger.balances.insert(party, balance);
        }
        let others: i128 = ledger.balances.values().sum();
        ledger.balances.insert(Party::Issuer, -others);
        ledger.forgotten = Some(last);
        Ok(ledger)
    }

    /// What a party has, in micro-credits.
    #[must_use]
    pub fn balance(&self, party: Party) -> i128 {
        self.balances.get(&party).copied().unwrap_or(0)
    }

    /// What all parties have, in order; those with nothing may be left out.
    pub fn balances(&self) -> impl Iterator<Item = (Party, i128)> + '_ {
        self.balances.iter().map(|(&party, &balance)| (party, balance))
    }

    /// What open rounds hold of a holder.
    #[must_use]
    pub fn held(&self, holder: HolderId) -> i128 {
        self.held.get(&holder).copied().unwrap_or(0)
    }

    /// Sets what a round holds of a holder, so that no other round spends it; an amount of zero ends the hold.
    ///
    /// # Errors
    /// Why the hold is as it was before.
    pub fn hold(&mut self, round: RoundId, holder: HolderId, amount: Money) -> Result<(), HoldError> {
        if self.is_over(round) {
            return Err(HoldError::Settled { round });
        }
        if !amount.is_amount() {
            return Err(HoldError::NotAnAmount { amount });
        }
        let available = self.balance(Party::Holder(holder)) - self.held_by_others(holder, round);
        let short = i128::from(amount.0) - available;
        if short > 0 {
            return Err(HoldError::Short { holder, available, short });
        }
        self.lift(round, holder);
        if amount > Money::ZERO {
            self.holds.insert((round, holder), amount);
            *self.held.entry(holder).or_default() += i128::from(amount.0);
        }
        Ok(())
    }

    /// Ends all holds of a round, as when it is called off. O(holds of the round).
    pub fn release(&mut self, round: RoundId) {
        let all = (round, HolderId(0))..=(round, HolderId(u32::MAX));
        let holders: Vec<HolderId> = self.holds.range(all).map(|(&(_, holder), _)| holder).collect();
        holders.into_iter().for_each(|holder| self.lift(round, holder));
    }

    /// Settles a round: posts all of its transfers and ends its holds, or does nothing. O(transfers x log parties).
    ///
    /// Spending is judged on what the round leaves, not on the order of its transfers. A retry with the same transfers
    /// posts nothing and gets the numbers of before.
    ///
    /// # Errors
    /// Why nothing was posted.
    pub fn settle(&mut self, round: RoundId, transfers: &[Transfer]) -> Result<Receipt, SettleError> {
        let digest = digest(transfers);
        if let Some(before) = self.settled.get(&round) {
            let same = before.digest == digest;
            let again = Receipt::Repeated { first_sequence: before.first_sequence, count: before.count };
            return if same { Ok(again) } else { Err(SettleError::OtherBody { round }) };
        }
        if let Some(forgotten) = self.forgotten.filter(|&forgotten| round <= forgotten) {
            return Err(SettleError::TooOld { round, forgotten });
        }
        self.check(round, transfers)?;
        let first_sequence = self.next_sequence;
        let entries = transfers.iter().map(|&transfer| self.post(round, transfer)).collect();
        self.release(round);
        self.remember(round, Settled { digest, first_sequence, count: transfers.len() });
        Ok(Receipt::Posted(entries))
    }

    /// Whether all transfers may be posted together.
    fn check(&self, round: RoundId, transfers: &[Transfer]) -> Result<(), SettleError> {
        let mut net: BTreeMap<Party, i128> = BTreeMap::new();
        for (at, transfer) in transfers.iter().enumerate() {
            let Transfer { from, to, amount, purpose } = *transfer;
            if !amount.is_amount() {
                return Err(SettleError::NotAnAmount { at, amount });
            }
            if !purpose.allows(from, to) {
                return Err(SettleError::WrongPurpose { at, from, to, purpose: purpose.name() });
            }
            *net.entry(from).or_default() -= i128::from(amount.0);
            *net.entry(to).or_default() += i128::from(amount.0);
        }
        for (party, change) in net {
            let least = match party {
                Party::Issuer => continue,
                Party::Operator => -i128::from(self.deficit_max.0),
                Party::Holder(holder) => self.held_by_others(holder, round),
                Party::Seller(_) => 0,
            };
            let short = least - (self.balance(party) + change);
            if short > 0 && change < 0 {
                return Err(SettleError::Overspent { party, short });
            }
        }
        Ok(())
    }

    fn post(&mut self, round: RoundId, transfer: Transfer) -> Entry {
        let amount = i128::from(transfer.amount.0);
        let mut moved = |party, change: i128| {
            let balance = self.balances.entry(party).or_default();
            *balance += change;
            *balance
        };
        let (from_after, to_after) = (moved(transfer.from, -amount), moved(transfer.to, amount));
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        Entry { sequence, round, transfer, from_after, to_after }
    }

    /// Remembers a round; where that is one too many, the oldest before it is forgotten, so that a retry of this one is known.
    fn remember(&mut self, round: RoundId, settled: Settled) {
        if self.settled.len() >= ROUNDS_MAX
            && let Some((oldest, _)) = self.settled.pop_first()
        {
            let forgotten = self.forgotten.map_or(oldest, |before| before.max(oldest));
            self.forgotten = Some(forgotten);
            self.release_up_to(forgotten);
        }
        self.settled.insert(round, settled);
    }

    /// Ends the holds of rounds that are too old to be settled.
    fn release_up_to(&mut self, forgotten: RoundId) {
        let open = self.holds.range(..=(forgotten, HolderId(u32::MAX)));
        let open: Vec<(RoundId, HolderId)> = open.map(|(&hold, _)| hold).collect();
        open.into_iter().for_each(|(round, holder)| self.lift(round, holder));
    }

    fn is_over(&self, round: RoundId) -> bool {
        self.settled.contains_key(&round) || self.forgotten.is_some_and(|forgotten| round <= forgotten)
    }

    fn held_by_others(&self, holder: HolderId, round: RoundId) -> i128 {
        let own = self.holds.get(&(round, holder)).map_or(0, |amount| i128::from(amount.0));
        self.held(holder) - own
    }

    /// Ends what a round holds of a holder.
    fn lift(&mut self, round: RoundId, holder: HolderId) {
        if let Some(amount) = self.holds.remove(&(round, holder)) {
            let left = self.held(holder) - i128::from(amount.0);
            match left {
                0 => self.held.remove(&holder),
                _ => self.held.insert(holder, left),
            };
        }
    }
}

/// A digest of transfers, in order.
fn digest(transfers: &[Transfer]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for Transfer { from, to, amount, purpose } in transfers {
        for party in [from, to] {
            let (sort, id) = match *party {
                Party::Issuer => (0, 0),
                Party::Operator => (1, 0),
                Party::Holder(HolderId(id)) => (2, id),
                Party::Seller(SellerId(id)) => (3, id),
            };
            hasher.update(&[sort]).update(&id.to_le_bytes());
        }
        hasher.update(&amount.0.to_le_bytes()).update(purpose.name().as_bytes()).update(&[0]);
    }
    *hasher.finalize().as_bytes()
}
