//! What a holder is paid whose lease the lessor ends before its term: what it paid for the time left, and compensation by policy.

use lessor_models::time::{Interval, Timestamp};

use crate::money::Money;
use crate::policy::Preemption;
use crate::settlement::{HolderId, Party, Purpose, Transfer};

/// A lease that was ended before its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Whose it was.
    pub holder: HolderId,
    /// What was paid for the whole term; an amount.
    pub paid: Money,
    /// The term; not empty.
    pub term: Interval,
    /// When it was ended; what lies before the term counts as its start, what lies after it as its end.
    pub revoked: Timestamp,
}

/// What the operator pays for revoked leases, lease by lease: the part of the payment for the time left, rounded up, and so many
/// thousandths of that again. Nothing moves where there is nothing to pay.
#[must_use]
pub fn transfers(rules: &Preemption, revocations: &[Revocation]) -> Vec<Transfer> {
    let of_lease = |revocation: &Revocation| {
        let (holder, refund) = (Party::Holder(revocation.holder), refund(revocation));
        let compensation = (refund * u128::from(rules.compensation_permille)).div_ceil(1_000);
        [(refund, Purpose::Refund), (compensation, Purpose::Compensation)].into_iter().flat_map(
            move |(sum, purpose)| {
                Money::amounts(sum).map(move |amount| Transfer { from: Party::Operator, to: holder, amount, purpose })
            },
        )
    };
    revocations.iter().flat_map(of_lease).collect()
}

/// What was paid for the time that is left.
fn refund(revocation: &Revocation) -> u128 {
    let term = revocation.term;
    let revoked = revocation.revoked.clamp(term.start, term.end);
    let left = if revoked < term.end { Interval { start: revoked, end: term.end }.span().0 } else { 0 };
    let paid = u128::from(revocation.paid.micro_credits());
    (paid * u128::from(left)).div_ceil(u128::from(term.span().0).max(1))
}

#[cfg(test)]
mod tests {
    use lessor_models::time::Span;

    use super::*;
    use crate::money::MONEY_MAX;

    #[test]
    fn the_time_left_is_refunded_and_compensated() {
        // 90 for an hour of three, of which two thirds are left: 60, and half of that again.
        let revoked = |at: i64| Revocation {
            holder: HolderId(3),
            paid: Money(90),
            term: Interval { start: Timestamp(0), end: Timestamp(3_600) },
            revoked: Timestamp(at),
        };
        let rules = Preemption { notice: Span(0), compensation_permille: 500 };
        let amounts = |at| -> Vec<(i64, Purpose)> {
            let moved = transfers(&rules, &[revoked(at)]);
            assert!(moved.iter().all(|transfer| transfer.purpose.allows(transfer.from, transfer.to)));
            moved.into_iter().map(|transfer| (transfer.amount.0, transfer.purpose)).collect()
        };
        assert_eq!(amounts(1_200), [(60, Purpose::Refund), (30, Purpose::Compensation)]);
        assert_eq!(amounts(3_600), []);
        // Three times the most that one transfer moves: three of them.
        let dear = Revocation { paid: MONEY_MAX, ..revoked(0) };
        let moved = transfers(&Preemption { notice: Span(0), compensation_permille: 3_000 }, &[dear]);
        assert_eq!(moved.iter().map(|transfer| transfer.amount).collect::<Vec<_>>(), [MONEY_MAX; 4]);
        // Before the term began, all of it is left.
        assert_eq!(amounts(-5), [(90, Purpose::Refund), (45, Purpose::Compensation)]);
    }
}
