//! What a holder is paid whose lease the lessor ends before its term: what it paid for the time left, and compensation by policy.
//!
//! Who was paid for the lease gives back what is refunded, as far as it has that; the operator adds what is missing, and the
//! compensation.

use std::collections::BTreeMap;

use lessor_models::time::{Interval, Timestamp};

use crate::money::Money;
use crate::policy::Preemption;
use crate::settlement::{HolderId, Party, Purpose, SellerId, Transfer};

/// A lease that was ended before its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Whose it was.
    pub holder: HolderId,
    /// Who was paid for it.
    pub seller: SellerId,
    /// What was paid for the whole term; an amount.
    pub paid: Money,
    /// The term; not empty.
    pub term: Interval,
    /// When it was ended; what lies before the term counts as its start, what lies after it as its end.
    pub revoked: Timestamp,
}

/// What is paid for revoked leases, lease by lease, where sellers have so much: the part of the payment for the time left, rounded
/// up, which the seller gives back as far as it has that, and so many thousandths of that again from the operator. Nothing moves
/// where there is nothing to pay.
#[must_use]
pub fn transfers(
    rules: &Preemption,
    revocations: &[Revocation],
    mut sellers: BTreeMap<SellerId, u128>,
) -> Vec<Transfer> {
    let mut moved = Vec::new();
    for revocation in revocations {
        let refund = refund(revocation);
        let compensation = (refund * u128::from(rules.compensation_permille)).div_ceil(1_000);
        let has = sellers.entry(revocation.seller).or_default();
        let returned = refund.min(*has);
        *has -= returned;
        let (seller, holder) = (Party::Seller(revocation.seller), Party::Holder(revocation.holder));
        for (from, to, sum, purpose) in [
            (seller, Party::Operator, returned, Purpose::Return),
            (Party::Operator, holder, refund, Purpose::Refund),
            (Party::Operator, holder, compensation, Purpose::Compensation),
        ] {
            moved.extend(Money::amounts(sum).map(|amount| Transfer { from, to, amount, purpose }));
        }
    }
    moved
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
            seller: SellerId(0),
            paid: Money(90),
            term: Interval { start: Timestamp(0), end: Timestamp(3_600) },
            revoked: Timestamp(at),
        };
        let rules = Preemption { notice: Span(0), compensation_permille: 500 };
        let amounts = |at| -> Vec<(i64, Purpose)> {
            let moved = transfers(&rules, &[revoked(at)], BTreeMap::new());
            assert!(moved.iter().all(|transfer| transfer.purpose.allows(transfer.from, transfer.to)));
            moved.into_iter().map(|transfer| (transfer.amount.0, transfer.purpose)).collect()
        };
        assert_eq!(amounts(1_200), [(60, Purpose::Refund), (30, Purpose::Compensation)]);
        assert_eq!(amounts(3_600), []);
        // Three times the most that one transfer moves: three of them.
        let dear = Revocation { paid: MONEY_MAX, ..revoked(0) };
        let moved = transfers(&Preemption { notice: Span(0), compensation_permille: 3_000 }, &[dear], BTreeMap::new());
        assert_eq!(moved.iter().map(|transfer| transfer.amount).collect::<Vec<_>>(), [MONEY_MAX; 4]);
        // Before the term began, all of it is left.
        assert_eq!(amounts(-5), [(90, Purpose::Refund), (45, Purpose::Compensation)]);
    }

    #[test]
    fn who_was_paid_gives_back_what_it_has_and_the_operator_adds_the_rest() {
        // Two leases of 100 and one of another seller, revoked as they begin; the first seller has 150 and the other nothing.
        let revoked = |seller| Revocation {
            holder: HolderId(7),
            seller: SellerId(seller),
            paid: Money(100),
            term: Interval { start: Timestamp(0), end: Timestamp(10) },
            revoked: Timestamp(0),
        };
        let rules = Preemption { notice: Span(0), compensation_permille: 500 };
        let sellers = BTreeMap::from([(SellerId(0), 150)]);
        let moved = transfers(&rules, &[revoked(0), revoked(0), revoked(1)], sellers);
        assert!(moved.iter().all(|transfer| transfer.purpose.allows(transfer.from, transfer.to)));
        let of = |party: Party| -> i64 {
            let sign = |at: Party| i64::from(at == party);
            moved.iter().map(|transfer| (sign(transfer.to) - sign(transfer.from)) * transfer.amount.0).sum()
        };
        let parties =
            [Party::Holder(HolderId(7)), Party::Seller(SellerId(0)), Party::Seller(SellerId(1)), Party::Operator];
        assert_eq!(parties.map(of), [450, -150, 0, -300]);
    }
}
