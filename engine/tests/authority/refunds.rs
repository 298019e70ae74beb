//! What comes back of what was paid, after renewals at other rates.

use lessor_engine::authority::{
    Authority, Decision, Event, Filter, HolderId, LeaseId, Money, Reason, Renewal, Request, Revocation, Scope, Term,
    Terms, UnitPrices, Version,
};
use lessor_models::fleet::NodeIndex;
use lessor_models::resources::Kind;
use lessor_models::time::{Span, Timestamp};
use proptest::prelude::*;

use super::support::{SECOND, Watched, request, terms, vector};

const TILE: NodeIndex = NodeIndex(3);

/// So many quarters of a micro-credit for a unit of compute and a second, whatever is used.
fn at_quarters(quarters: u64) -> Terms {
    let mut prices = UnitPrices([0; Kind::COUNT]);
    prices.0[Kind::Compute.index()] = quarters << 54;
    Terms { unit_prices: prices, scarcity_permille: 0, ..terms() }
}

fn at(second: i64) -> Timestamp {
    Timestamp(second * SECOND)
}

/// A lease of ann's on four of compute for a hundred seconds, and then what follows from another tariff in each line: the second,
/// quarters a unit and second, and the end that a renewal asks for then.
struct Lasting {
    watched: Watched,
    lease: LeaseId,
}

impl Lasting {
    fn granted(quarters: u64) -> Lasting {
        let mut watched = Watched::new(at_quarters(quarters));
        let wish = Request { term: Term::Immediate(Span(100_000_000)), ..request("ann", "r", vector(4, 0)) };
        let (decision, _) = watched.apply(at(0), Event::Request(wish));
        assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
        let lease = watched.authority.leases(None, &Filter::default(), 1).leases[0].id;
        Lasting { watched, lease }
    }

    fn under(&mut self, terms: Terms) {
        let snapshot = self.watched.authority.snapshot();
        self.watched.authority = Authority::restore(&self.watched.fleet, terms, snapshot).unwrap();
    }

    fn renew(&mut self, second: i64, end: i64) -> Decision {
        let version = self.watched.authority.lease(self.lease).unwrap().version;
        let holder = HolderId::new("ann").unwrap();
        self.watched
            .apply(at(second), Event::Renew(Renewal { holder, lease: self.lease, version, end: at(end), bid: None }))
            .0
    }

    fn checkpoint(&mut self, second: i64) {
        let holder = HolderId::new("ann").unwrap();
        self.watched.apply(at(second), Event::Checkpoint { holder, lease: self.lease });
    }

    /// What comes back where the holder releases it.
    fn release(mut self, second: i64) -> i64 {
        let holder = HolderId::new("ann").unwrap();
        match self.watched.apply(at(second), Event::Release { holder, lease: self.lease }).0 {
            Decision::Released { refund } => refund.0,
            other => panic!("{other:?}"),
        }
    }

    /// What comes back, and what is paid beside it, where the lessor revokes it.
    fn revoke(mut self, second: i64) -> (i64, i64) {
        match self.watched.apply(at(second), Event::Revoke { lease: self.lease, notice: None }).0 {
            Decision::Accepted { revoked } => (revoked[0].refund.0, revoked[0].compensation.0),
            other => panic!("{other:?}"),
        }
    }
}

/// A hundred seconds at 4 micro-credits a second, then nine hundred at 1; or the other way round.
fn twice(first: u64, second: u64) -> Lasting {
    let mut lasting = Lasting::granted(first);
    lasting.under(at_quarters(second));
    assert!(matches!(lasting.renew(0, 1_000), Decision::Renewed { .. }));
    lasting
}

#[test]
fn what_is_not_used_comes_back_at_the_rate_at_which_it_was_paid() {
    // 400 for the first hundred seconds and 900 for the rest: half of the first is used.
    assert_eq!(twice(4, 1).release(50), 200 + 900);
    // 100 and 3,600.
    assert_eq!(twice(1, 4).release(50), 50 + 3_600);
    // 100 seconds into the second part.
    assert_eq!(twice(4, 1).release(200), 800);
    assert_eq!(twice(4, 1).release(0), 1_300);
}

#[test]
fn whoever_is_revoked_gets_what_its_work_cost_and_a_share_of_what_comes_back() {
    assert_eq!(twice(4, 1).revoke(50), (200 + 900, 550 + 200));
    let mut safe = twice(4, 1);
    safe.checkpoint(30);
    assert_eq!(safe.revoke(50), (200 + 900, 550 + 80));
    // A renewal after the first part is over forgets the part, and not what its work cost.
    let mut later = twice(4, 1);
    later.under(at_quarters(2));
    later.renew(150, 1_100);
    assert_eq!(later.revoke(160), (840 + 200, 520 + 400 + 60));
    let mut safe = twice(4, 1);
    safe.under(at_quarters(2));
    safe.renew(150, 1_100);
    safe.checkpoint(155);
    assert_eq!(safe.revoke(160), (840 + 200, 520 + 5));
}

#[test]
fn a_lease_has_so_many_parts_ahead_and_can_be_renewed_once_one_is_over() {
    let mut lasting = Lasting::granted(1);
    for (quarters, end) in [(2, 200), (3, 300)] {
        lasting.under(Terms { stretches_max: 3, ..at_quarters(quarters) });
        assert!(matches!(lasting.renew(0, end), Decision::Renewed { .. }));
    }
    assert!(matches!(lasting.renew(0, 350), Decision::Renewed { .. }), "the same rate makes no part");
    lasting.under(Terms { stretches_max: 3, ..at_quarters(4) });
    let refused = |decision: Decision| match decision {
        Decision::Refused(refusal) => refusal.reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(lasting.renew(99, 400)), Reason::TooManyStretches { most: 3 });
    assert!(matches!(lasting.renew(100, 400), Decision::Renewed { .. }));
}

/// What happens to a lease of ann's: seconds pass, and then this.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// Bob takes or gives back some of the tile, so that its price changes.
    Bob(u64),
    Renew(i64),
    Checkpoint,
}

fn turns() -> impl Strategy<Value = Vec<(i64, Turn)>> {
    let turn = prop_oneof![
        2 => (0..6_u64).prop_map(Turn::Bob),
        2 => (1..2_000_i64).prop_map(Turn::Renew),
        1 => Just(Turn::Checkpoint),
    ];
    proptest::collection::vec((0..900_i64, turn), 0..24)
}

/// A payment for a part of a term: from, to, how much.
type Payment = (i64, i64, i64);

/// What of payments is for the time from one second to another, in millionths of a micro-credit, each rounded down.
fn part(payments: &[Payment], from: i64, to: i64) -> i128 {
    let parts = payments.iter().map(|&(start, end, paid)| {
        let covered = (to.min(end) - from.max(start)).max(0);
        i128::from(paid) * i128::from(covered) * 1_000_000 / i128::from(end - start)
    });
    parts.sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_refund_is_what_was_paid_for_the_time_left_whatever_the_prices_were(
        turns in turns(),
        rest in 0..900_i64,
        is_revoked in any::<bool>(),
    ) {
        let mut prices = UnitPrices([0; Kind::COUNT]);
        prices.0[Kind::Compute.index()] = 1 << 56;
        let terms = Terms { unit_prices: prices, term_max: Span(1 << 50), ..terms() };
        let mut watched = Watched::new(terms);
        let holder = HolderId::new("ann").unwrap();
        let wish = Request {
            scope: Scope::Under(TILE),
            term: Term::Immediate(Span(5_000_000_000)),
            ..request("ann", "r", vector(4, 0))
        };
        watched.apply(at(0), Event::Request(wish));
        let lease = watched.authority.leases(None, &Filter::default(), 1).leases[0];
        let mut payments = vec![(0, 5_000, lease.price.0)];
        let (mut second, mut safe_until, mut bobs) = (0, 0, Vec::new());
        for (number, (seconds, turn)) in turns.into_iter().enumerate() {
            let end = payments.last().unwrap().1;
            if second + seconds >= end {
                break;
            }
            second += seconds;
            watched.tick(at(second));
            match turn {
                Turn::Bob(0) => {
                    if let Some(lease) = bobs.pop() {
                        watched.apply(at(second), Event::Release { holder: HolderId::new("bob").unwrap(), lease });
                    }
                }
                Turn::Bob(compute) => {
                    let wish = Request {
                        scope: Scope::Under(TILE),
                        first_sent: at(second),
                        term: Term::Immediate(Span(1 << 45)),
                        ..request("bob", &format!("b{number}"), vector(compute, 0))
                    };
                    let (_, effects) = watched.apply(at(second), Event::Request(wish));
                    if let lessor_engine::authority::Answer::Lease(lease) = super::support::answer(&effects) {
                        bobs.push(lease.id);
                    }
                }
                Turn::Renew(more) => {
                    let version = Version(u32::try_from(payments.len()).unwrap());
                    let renewal = Renewal { holder, lease: lease.id, version, end: at(end + more), bid: None };
                    match watched.apply(at(second), Event::Renew(renewal)).0 {
                        Decision::Renewed { price, .. } => payments.push((end, end + more, price.0)),
                        Decision::Refused(refusal) => prop_assert_eq!(refusal.reason, Reason::TooManyStretches { most: 16 }),
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
                Turn::Checkpoint => {
                    watched.apply(at(second), Event::Checkpoint { holder, lease: lease.id });
                    safe_until = second;
                }
            }
        }
        let end = payments.last().unwrap().1;
        let now = (second + rest).min(end - 1);
        let paid: i64 = payments.iter().map(|payment| payment.2).sum();
        prop_assert_eq!(watched.authority.lease(lease.id).unwrap().price, Money(paid));
        // Each payment was rounded up once, and each part rounds once more.
        let rounding = 1_000_001 * payments.len() as i128;
        let close = |got: Money, expected: i128| (i128::from(got.0) * 1_000_000 - expected).abs() <= rounding;
        let (refund, gain) = if is_revoked {
            let (decision, _) = watched.apply(at(now), Event::Revoke { lease: lease.id, notice: None });
            let Decision::Accepted { revoked } = decision else { panic!("{decision:?}") };
            let Revocation { refund, compensation, .. } = revoked[0];
            let lost = Money(compensation.0 - refund.permille(500).0);
            prop_assert!(close(lost, part(&payments, safe_until, now)), "{lost} was lost of {payments:?}");
            (refund, refund.plus(compensation))
        } else {
            let (decision, _) = watched.apply(at(now), Event::Release { holder, lease: lease.id });
            let Decision::Released { refund } = decision else { panic!("{decision:?}") };
            (refund, refund)
        };
        prop_assert!(close(refund, part(&payments, now, end)), "{refund} comes back of {payments:?} at {now}");
        prop_assert_eq!(watched.authority.lease(lease.id).unwrap().price, Money(paid - refund.0));
        prop_assert_eq!(watched.authority.balance(&holder), i128::from(gain.0 - paid));
    }
}
