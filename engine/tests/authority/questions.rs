//! Policies of placement that learn: only requests teach them, and each once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use lessor_engine::admission::{PolicyName, PolicyPlacement, PowerModel};
use lessor_engine::authority::{Ask, Authority, Decision, Event, Placement, Request, Scope};
use lessor_engine::ledger::{ClassSet, Devices, Ledger};
use lessor_models::fleet::NodeIndex;
use lessor_models::time::Timestamp;
use proptest::prelude::*;

use super::support::{SECOND, fleet, request, terms, vector};

/// An authority under a policy, and what was decided so far.
struct Run {
    authority: Authority,
    journal: Vec<(Timestamp, Event, Decision)>,
}

impl Run {
    fn new(policy: PolicyName) -> Run {
        let fleet = fleet();
        let power = PowerModel::new(fleet.classes(), 4);
        let authority = Authority::new(&fleet, terms(), Timestamp(0)).unwrap();
        let placed =
            |ledger: &Ledger| -> Box<dyn Placement> { Box::new(PolicyPlacement::new(ledger, policy.policy(power, 7))) };
        Run { authority: authority.with_placement(placed), journal: Vec::new() }
    }

    fn apply(&mut self, now: Timestamp, event: Event) -> Decision {
        let decision = self.authority.apply(now, &event, &mut Vec::new());
        self.journal.push((now, event, decision.clone()));
        decision
    }

    /// Time goes on by half a second for each request.
    fn reach(&mut self, at: i64) -> Timestamp {
        let now = Timestamp(at * SECOND / 2);
        self.apply(now, Event::Tick);
        while self.authority.next_deadline().is_some_and(|due| due <= now) {
            self.apply(now, Event::Tick);
        }
        now
    }

    fn decide(&mut self, (at, wish): (i64, &Request)) -> Decision {
        let now = self.reach(at);
        self.apply(now, Event::Request(wish.clone()))
    }
}

/// What is asked for, in small numbers: some of it alone, some as gangs; some under a node or on a class, some more than there is.
fn wish() -> impl Strategy<Value = Request> {
    let sizes = prop::sample::select(vec![(0, 0), (1, 300), (1, 470), (1, 600), (1, 1_000), (2, 1_000)]);
    (0..7_u64, 0..4_u64, sizes, 0..12_u32, 0..5_u32).prop_map(|(compute, power, (count, milli), at, gang)| Request {
        devices: Devices { count, milli },
        scope: match at {
            0..6 => Scope::Anywhere,
            6 | 7 => Scope::OfClasses(ClassSet(1)),
            node => Scope::Under(NodeIndex(node - 7)),
        },
        count: if gang == 0 { 3 } else { 1 },
        ..request("ann", "any", vector(compute + 1, power))
    })
}

/// Wishes one after another, more than after which every policy has thought again several times.
fn wishes() -> impl Strategy<Value = Vec<Request>> {
    let named = |wishes: Vec<Request>| {
        let name = |(at, wish)| Request { request: request("ann", &format!("r{at}"), vector(0, 0)).request, ..wish };
        wishes.into_iter().enumerate().map(name).collect()
    };
    prop::collection::vec(wish(), 110..150).prop_map(named)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_only_asks_changes_no_decision_whatever_the_policy(
        wishes in wishes(), others in prop::collection::vec(wish(), 1..4),
    ) {
        for policy in PolicyName::ALL {
            let (mut plain, mut asked) = (Run::new(policy), Run::new(policy));
            for wish in (0..).zip(&wishes) {
                for other in &others {
                    asked.authority.quote(other);
                    asked.authority.explain(other);
                }
                prop_assert_eq!(asked.decide(wish), plain.decide(wish), "{} at {}", policy.name(), wish.0);
                prop_assert_eq!(asked.decide(wish), Decision::Repeated);
            }
        }
    }

    #[test]
    fn a_quote_says_what_is_granted_then_whatever_the_policy(wishes in wishes()) {
        for policy in PolicyName::ALL {
            let mut run = Run::new(policy);
            for (at, wish) in (0..).zip(&wishes) {
                run.reach(at);
                let quoted = run.authority.quote(wish);
                prop_assert_eq!(run.decide((at, wish)), quoted, "{} at {}", policy.name(), at);
            }
        }
    }

    #[test]
    fn a_journal_teaches_a_policy_what_it_taught_then(wishes in wishes()) {
        for policy in PolicyName::ALL {
            let (mut first, mut second) = (Run::new(policy), Run::new(policy));
            let (before, after) = wishes.split_at(wishes.len() / 2);
            for wish in (0..).zip(before) {
                first.decide(wish);
            }
            for (now, event, decision) in &first.journal {
                second.authority.enact(*now, event, decision, &mut Vec::new());
            }
            for wish in (200..).zip(after) {
                prop_assert_eq!(second.decide(wish), first.decide(wish), "{} at {}", policy.name(), wish.0);
            }
        }
    }
}

/// Counts what it hears, and places nothing.
#[derive(Debug)]
struct Counting(Arc<AtomicUsize>);

impl Placement for Counting {
    fn place(&mut self, _: &Ledger, _: &Ask<'_>) -> Option<(NodeIndex, u64)> {
        None
    }

    fn hear(&mut self, _: &Request) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn changed(&mut self, _: &Ledger, _: NodeIndex) {}
}

#[test]
fn what_finds_no_room_is_heard_once_and_what_looks_for_none_never() {
    let heard = Arc::new(AtomicUsize::new(0));
    let counting = Box::new(Counting(Arc::clone(&heard)));
    let mut authority = Authority::new(&fleet(), terms(), Timestamp(0)).unwrap().with_placement(|_| counting);
    let mut heard_after = |wish: &Request| {
        authority.apply(Timestamp(0), &Event::Request(wish.clone()), &mut Vec::new());
        heard.load(Ordering::Relaxed)
    };
    let gang = Request { count: 3, scope: Scope::Under(NodeIndex(1)), ..request("ann", "gang", vector(1, 1)) };
    assert_eq!([&gang, &gang].map(&mut heard_after), [1, 1], "a repeat is no second request");
    assert_eq!(heard_after(&Request { count: 2, ..gang }), 1, "another body under the same name is none");
    assert_eq!(heard_after(&request("ann", "nothing", vector(0, 0))), 1, "what asks for nothing is none");
    assert_eq!(heard_after(&request("ann", "one", vector(1, 1))), 2);
}
