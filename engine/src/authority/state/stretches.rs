//! What was paid for which part of a lease's term.
//!
//! A term is paid for in *stretches*: the one that was granted, and one for each renewal at another rate. A stretch is paid for
//! evenly, so what its unused part comes back for is that part of what was paid for it, whatever other stretches cost. Those that
//! lie behind are kept as long as they may still matter: what was paid for work that is not safe yet is summed up when a renewal
//! finds them over.

use lessor_models::time::{Interval, Span, Timestamp};

use super::slots::Slots;
use crate::authority::vocabulary::lease::Version;
use crate::authority::vocabulary::money::{Money, Rate};

/// A part of a term, and what was paid for it. It lasts until the next one begins, the last one until the lease's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stretch {
    /// When it begins.
    pub from: Timestamp,
    /// What was paid for it, in micro-credits.
    pub paid: Money,
}

/// What a renewal makes of a lease.
#[derive(Clone, Copy, Debug)]
pub(in crate::authority) struct Longer {
    pub(in crate::authority) end: Timestamp,
    pub(in crate::authority) returns_at: Timestamp,
    pub(in crate::authority) rate: Rate,
    pub(in crate::authority) price: Money,
}

impl Slots {
    /// The stretches of a lease that are kept, with their ends, in order.
    fn stretches(&self, slot: u32) -> impl DoubleEndedIterator<Item = (Interval, Money)> + '_ {
        let record = self.record(slot);
        // A lease that was never renewed has one, and most are such.
        let further = if record.version > Version(1) { self.further(slot) } else { &[] };
        let stretch = |at: usize| if at == 0 { record.first } else { further[at - 1] };
        (0..=further.len()).map(move |at| {
            let Stretch { from, paid } = stretch(at);
            let end = if at < further.len() { further[at].from } else { record.end };
            (Interval { start: from, end }, paid)
        })
    }

    /// How many stretches end after an instant.
    pub(in crate::authority) fn stretches_ahead(&self, slot: u32, now: Timestamp) -> usize {
        self.stretches(slot).filter(|(when, _)| when.end > now).count()
    }

    /// What was paid for the time of a lease after an instant, of each stretch rounded down.
    pub(in crate::authority) fn refund(&self, slot: u32, now: Timestamp) -> Money {
        let unused =
            self.stretches(slot).map(|(when, paid)| share(paid, when.end.since(now.max(when.start)), when.span()));
        unused.fold(Money::ZERO, Money::plus)
    }

    /// What was paid for work of a lease that is not safe yet at an instant, of each stretch rounded up.
    pub(in crate::authority) fn lost_work(&self, slot: u32, now: Timestamp) -> Money {
        let record = self.record(slot);
        let worked = self.stretches(slot).map(|(when, paid)| unsafe_part((when, paid), record.safe_until, now));
        worked.fold(record.worked, Money::plus)
    }

    /// A lease was paid for as a whole: its term is one stretch.
    pub(in crate::authority) fn pay_whole(&mut self, slot: u32, paid: Money) {
        let record = self.record_mut(slot);
        record.first = Stretch { from: record.start, paid };
        record.price = paid;
    }

    /// A renewal adds to what was paid: a stretch of its own, or to the last one where the rate is the same. Stretches that are
    /// over go.
    pub(in crate::authority) fn pay_more(&mut self, slot: u32, now: Timestamp, to: &Longer) {
        let record = *self.record(slot);
        let mut ahead: Vec<Stretch> = Vec::new();
        let mut worked = record.worked;
        for (when, paid) in self.stretches(slot) {
            if when.end > now {
                ahead.push(Stretch { from: when.start, paid });
            } else {
                worked = worked.plus(unsafe_part((when, paid), record.safe_until, now));
            }
        }
        match ahead.last_mut().filter(|_| to.rate == record.rate) {
            Some(last) => last.paid = last.paid.plus(to.price),
            None => ahead.push(Stretch { from: record.end, paid: to.price }),
        }
        let first = ahead.remove(0);
        let record = self.record_mut(slot);
        (record.worked, record.first) = (worked, first);
        record.price = record.price.plus(to.price);
        self.set_further(slot, ahead);
    }

    /// All work of a lease until now is safe.
    pub(in crate::authority) fn make_safe(&mut self, slot: u32, now: Timestamp) {
        let record = self.record_mut(slot);
        (record.safe_until, record.worked) = (now, Money::ZERO);
    }
}

/// What of a stretch was paid for work after it was last made safe and before now, rounded up.
fn unsafe_part((when, paid): (Interval, Money), safe_until: Timestamp, now: Timestamp) -> Money {
    let worked = now.min(when.end).since(safe_until.max(when.start));
    let whole = when.span();
    Money(paid.0 - share(paid, Span(whole.0 - worked.0), whole).0)
}

/// A part of what was paid for a whole, rounded down.
fn share(paid: Money, part: Span, whole: Span) -> Money {
    let part = u128::from(paid.0.unsigned_abs()) * u128::from(part.0.min(whole.0));
    let part = part.checked_div(u128::from(whole.0)).unwrap_or(0);
    Money(i64::try_from(part).expect("a part is no more than the whole"))
}
