//! What is wrong with a request whatever the state: the first of it, in the order of reasons.

use lessor_models::fleet::Level;
use lessor_models::resources::{AMOUNT_MAX, Kind};
use lessor_models::time::{Span, Timestamp};

use crate::authority::apply::Authority;
use crate::authority::vocabulary::event::{Request, Scope, Tenure, Term};
use crate::authority::vocabulary::money::{MONEY_MAX, Money};
use crate::authority::vocabulary::refusal::Reason;
use crate::ledger::Draw;

impl Authority {
    /// What is wrong with a request, if anything is; else how long its leases last.
    pub(in crate::authority) fn validate(&self, request: &Request) -> Result<Span, Reason> {
        check_vector(request)?;
        self.check_count(request)?;
        if request.bid.is_some_and(|bid| !(Money::ZERO..=MONEY_MAX).contains(&bid)) {
            return Err(Reason::BadBid);
        }
        let span = match request.term {
            Term::Immediate(span) => self.check_span(span)?,
            Term::Window(_) => return Err(Reason::WindowNotOffered),
        };
        if request.tenure == Tenure::Wholesale {
            return Err(Reason::WholesaleNotOffered);
        }
        match request.scope {
            Scope::Under(node) if !self.ledger.has_node(node) => Err(Reason::UnknownNode { node }),
            _ => Ok(span),
        }
    }

    fn check_count(&self, request: &Request) -> Result<(), Reason> {
        let (asked, most) = (request.count, self.terms.gang_max);
        if asked == 0 || asked > most {
            return Err(Reason::GangSize { asked, most });
        }
        let keys = &request.fence_keys;
        if keys.len() > usize::from(self.terms.fence_keys_max) {
            let asked = u32::try_from(keys.len()).unwrap_or(u32::MAX);
            return Err(Reason::TooManyKeys { asked, most: self.terms.fence_keys_max.into() });
        }
        if !keys.is_empty() && request.count > 1 {
            return Err(Reason::SharedKey { position: 0 });
        }
        match (1..keys.len()).find(|&at| keys[..at].contains(&keys[at])) {
            Some(at) => Err(Reason::SharedKey { position: u32::try_from(at).unwrap_or(u32::MAX) }),
            None => Ok(()),
        }
    }

    fn check_span(&self, span: Span) -> Result<Span, Reason> {
        if span < self.terms.term_min {
            return Err(Reason::TermTooShort { least: self.terms.term_min });
        }
        if span > self.terms.term_max {
            return Err(Reason::TermTooLong { most: self.terms.term_max });
        }
        Ok(span)
    }

    /// Whether a lease may end at an instant, seen from now.
    pub(in crate::authority) fn check_end(&self, end: Timestamp) -> Result<(), Reason> {
        if end <= self.now {
            return Err(Reason::TermTooShort { least: self.terms.term_min });
        }
        if end > self.now.after(self.terms.term_max) {
            return Err(Reason::TermTooLong { most: self.terms.term_max });
        }
        Ok(())
    }
}

fn check_vector(request: &Request) -> Result<(), Reason> {
    let draw = &request.draw;
    if draw.is_zero() && request.devices.count == 0 {
        return Err(Reason::ZeroVector);
    }
    let kinds = Kind::ALL.into_iter().map(|kind| (kind, draw.resources().get(kind)));
    let uplinks = Level::ALL.into_iter().map(|level| (Kind::Bandwidth, draw.uplink_bps(level)));
    if let Some((kind, asked)) = kinds.chain(uplinks).find(|(_, amount)| *amount > AMOUNT_MAX) {
        return Err(Reason::AmountTooLarge { kind, asked });
    }
    let stated = draw.resources().get(Kind::Accelerator);
    if !request.devices.is_valid() || (stated != 0 && stated != request.devices.total()) {
        return Err(Reason::BadDevices);
    }
    Ok(())
}

/// What each lease of a request draws, devices included.
pub(in crate::authority) fn full_draw(request: &Request) -> Draw {
    request.draw.with(Kind::Accelerator, request.devices.total())
}
