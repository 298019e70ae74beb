//! A request that makes sense, on its way to a decision.

use lessor_models::time::Span;

use crate::authority::vocabulary::decision::{Grant, Seat};
use crate::authority::vocabulary::event::Request;
use crate::authority::vocabulary::money::Money;
use crate::ledger::Entry;

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub(in crate::authority) struct Wanted<'a> {
    pub(in crate::authority) request: &'a Request,
    /// For how long.
    pub(in crate::authority) span: Span,
    /// What each lease would hold from now on.
    pub(in crate::authority) entry: &'a Entry,
}

impl<'a> Wanted<'a> {
    /// The same request for something else.
    pub(in crate::authority) fn with(self, entry: &'a Entry) -> Wanted<'a> {
        Wanted { entry, ..self }
    }

    /// What is granted at such seats: for the span from now on, and held until the entry ends.
    pub(in crate::authority) fn granted(self, seat: Seat, others: Vec<Seat>) -> Grant {
        let held = self.entry.interval;
        Grant { seat, others, end: held.start.after(self.span), returns_at: held.end }
    }

    /// Whether the bid pays a price; whoever bids nothing pays any.
    pub(in crate::authority) fn pays(&self, price: Money) -> bool {
        self.request.bid.is_none_or(|bid| price <= bid)
    }
}
