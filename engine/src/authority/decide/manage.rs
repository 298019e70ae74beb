//! What is decided about leases that exist: renewal, release, fences, checkpoints, floors.

use lessor_models::fleet::Owner;
use lessor_models::time::{Interval, Span, Timestamp};

use super::refused;
use crate::authority::apply::Authority;
use crate::authority::state::slots::Record;
use crate::authority::vocabulary::decision::Decision;
use crate::authority::vocabulary::event::Renewal;
use crate::authority::vocabulary::label::HolderId;
use crate::authority::vocabulary::lease::{LeaseId, LeaseState, Token, Version};
use crate::authority::vocabulary::money::{MONEY_MAX, Money};
use crate::authority::vocabulary::refusal::{CounterOffer, Reason, Refusal};
use crate::ledger::Barrier;
use crate::plane::PlaneEffect;

/// Ends that are tried before nothing is offered in place of a renewal: one for each account or price that stands in the way.
const SHORTER_MAX: usize = 8;

impl Authority {
    pub(in crate::authority) fn decide_renewal(&self, renewal: &Renewal) -> Decision {
        let slot = match self.held_by(&renewal.holder, renewal.lease) {
            Ok(slot) => slot,
            Err(reason) => return refused(reason),
        };
        let record = self.slots.record(slot);
        let state = record.state_at(self.now);
        if state != LeaseState::Active {
            return refused(Reason::NotActive { state });
        }
        if record.version != renewal.version {
            let is_repeat = Version(renewal.version.0.wrapping_add(1)) == record.version && renewal.end == record.end;
            return if is_repeat {
                Decision::Repeated
            } else {
                refused(Reason::StaleVersion { current: record.version })
            };
        }
        if let Err(reason) = self.check_renewal(renewal, record) {
            return refused(reason);
        }
        self.longer(renewal, slot).unwrap_or_else(|reason| {
            let later = self.latest_end(*renewal, slot, reason);
            Decision::Refused(Refusal { reason, counter: CounterOffer { later, ..CounterOffer::default() } })
        })
    }

    fn check_renewal(&self, renewal: &Renewal, record: &Record) -> Result<(), Reason> {
        if renewal.bid.is_some_and(|bid| !(Money::ZERO..=MONEY_MAX).contains(&bid)) {
            return Err(Reason::BadBid);
        }
        self.check_end(renewal.end)?;
        if renewal.end <= record.end { Err(Reason::NotLonger { end: record.end }) } else { Ok(()) }
    }

    /// A renewal that makes sense.
    ///
    /// # Errors
    /// Why it is refused.
    fn longer(&self, renewal: &Renewal, slot: u32) -> Result<Decision, Reason> {
        let record = self.slots.record(slot);
        let mut entry = self.slots.entry(slot);
        entry.interval.start = self.now;
        // The holder counts from the renewal on.
        let wait = self.terms.wait_after(renewal.end.since(self.now));
        let returns_at = renewal.end.after(wait).max(record.returns_at);
        if let Some(barrier) = self.ledger.check_longer(record.node, &entry, returns_at) {
            return Err(Reason::NoRoom(barrier));
        }
        let rate = self.rate_anew(record.node, &entry);
        let most = self.terms.stretches_max;
        let ahead = self.slots.stretches_ahead(slot, self.now);
        if rate != record.rate && ahead >= most as usize {
            return Err(Reason::TooManyStretches { most });
        }
        let price = rate.over(Interval { start: record.end, end: renewal.end }.span());
        if renewal.bid.is_some_and(|bid| price > bid) {
            return Err(Reason::TooDear { price });
        }
        Ok(Decision::Renewed { end: renewal.end, returns_at, rate, price })
    }

    /// The latest end to which a refused renewal would be granted instead, as far as what stands in its way says one.
    fn latest_end(&self, renewal: Renewal, slot: u32, mut reason: Reason) -> Option<Timestamp> {
        let old_end = self.slots.record(slot).end;
        let mut shorter = renewal;
        for _ in 0..SHORTER_MAX {
            shorter.end = match reason {
                Reason::NoRoom(Barrier::Draining { by: free_at, .. }) => self.end_before(free_at),
                Reason::NoRoom(Barrier::Short(found)) => self.end_before(found.at),
                Reason::TooDear { price } => {
                    let (added, bid) = (u128::from(shorter.end.since(old_end).0), shorter.bid?.0.unsigned_abs());
                    let paid = added * u128::from(bid) / u128::from(price.0.unsigned_abs().max(1));
                    old_end.after(Span(u64::try_from(paid).unwrap_or(u64::MAX)))
                }
                _ => return None,
            };
            if shorter.end <= old_end {
                return None;
            }
            match self.longer(&shorter, slot) {
                Ok(_) => return Some(shorter.end),
                Err(next) => reason = next,
            }
        }
        None
    }

    /// The end of a renewal that gives back what it holds by an instant.
    fn end_before(&self, free_at: Timestamp) -> Timestamp {
        let wait = self.terms.wait_after(free_at.since(self.now));
        Timestamp(free_at.0.saturating_sub_unsigned(wait.0))
    }

    pub(in crate::authority) fn decide_release(&self, holder: &HolderId, lease: LeaseId) -> Decision {
        let slot = match self.held_by(holder, lease) {
            Ok(slot) => slot,
            Err(reason) => return refused(reason),
        };
        let record = self.slots.record(slot);
        if record.is_returned {
            return Decision::Repeated;
        }
        let refund = match record.state {
            LeaseState::Active => self.slots.refund(slot, self.now),
            _ => Money::ZERO,
        };
        Decision::Released { refund }
    }

    pub(in crate::authority) fn decide_fence(&self, lease: LeaseId, token: Token) -> Decision {
        let Some(slot) = self.slots.find(lease) else { return refused(Reason::UnknownLease) };
        let record = self.slots.record(slot);
        if record.token != token || token == Token(0) {
            return refused(Reason::WrongToken);
        }
        match record.state_at(self.now) {
            LeaseState::Revoked | LeaseState::Expired if record.is_returned => Decision::Repeated,
            LeaseState::Revoked | LeaseState::Expired => Decision::Accepted { revoked: Vec::new() },
            _ => refused(Reason::NotRevoked),
        }
    }

    pub(in crate::authority) fn decide_checkpoint(&self, holder: &HolderId, lease: LeaseId) -> Decision {
        let slot = match self.held_by(holder, lease) {
            Ok(slot) => slot,
            Err(reason) => return refused(reason),
        };
        match self.slots.record(slot).state_at(self.now) {
            LeaseState::Active => Decision::Accepted { revoked: Vec::new() },
            state => refused(Reason::NotActive { state }),
        }
    }

    pub(in crate::authority) fn decide_plane(&self, effect: &PlaneEffect) -> Decision {
        let owner = match *effect {
            PlaneEffect::Limit { owner, .. } => owner,
            PlaneEffect::Closure { tile, .. } | PlaneEffect::Notice { tile, .. } => Owner::Node(tile),
        };
        match self.decide_floors(owner) {
            Decision::Accepted { .. } => Decision::Accepted { revoked: self.cure() },
            refused => refused,
        }
    }

    pub(in crate::authority) fn decide_floors(&self, owner: Owner) -> Decision {
        if self.ledger.has_owner(owner) {
            Decision::Accepted { revoked: Vec::new() }
        } else {
            refused(Reason::UnknownOwner { owner })
        }
    }

    fn held_by(&self, holder: &HolderId, lease: LeaseId) -> Result<u32, Reason> {
        let slot = self.slots.find(lease).ok_or(Reason::UnknownLease)?;
        if self.slots.names(slot).holder == *holder { Ok(slot) } else { Err(Reason::WrongHolder) }
    }
}
