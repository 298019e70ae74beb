//! Stories as text: one event a line, and what came of it.
//!
//! A line is `SECOND WHO VERB ARGUMENTS`. Leases are named by the request that they answer.

use std::fmt::Write as _;

use expect_test::Expect;
use lessor_engine::authority::{
    Answer, Displacement, Effect, Event, HolderId, Lease, LeaseId, Money, Renewal, Scope, Term, Terms, Token, Version,
};
use lessor_engine::ledger::{Barrier, Devices, FloorShares, Floors};
use lessor_engine::plane::{ClosureCause, PlaneEffect, PlaneName};
use lessor_models::fleet::{NodeIndex, Owner, ZoneIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{Span, Timestamp};

use super::support::{SECOND, Watched, answer, key, request, terms, vector};

/// Plays a story under the usual terms.
pub(crate) fn check(script: &str, expected: &Expect) {
    check_under(terms(), script, expected);
}

/// Plays a story under other terms.
pub(crate) fn check_under(terms: Terms, script: &str, expected: &Expect) {
    let mut stage = Stage { watched: Watched::new(terms), names: Vec::new(), told: String::new(), said: 0 };
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
        stage.play(line);
    }
    expected.assert_eq(&stage.told);
}

struct Stage {
    watched: Watched,
    names: Vec<(String, LeaseId)>,
    told: String,
    said: u64,
}

impl Stage {
    fn play(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [second, who, verb, arguments @ ..] = &words[..] else { panic!("{line}: SECOND WHO VERB ..") };
        let now = seconds(second);
        self.settle(now);
        let event = self.event(who, verb, arguments);
        let (_, effects) = self.watched.apply(now, event.clone());
        writeln!(self.told, "{line}").unwrap();
        self.tell(&event, &effects);
    }

    /// Works off what is due before the next event, and tells it if it is anything.
    fn settle(&mut self, now: Timestamp) {
        while let Some(due) = self.watched.authority.next_deadline().filter(|due| *due <= now) {
            let due = due.max(self.watched.authority.now());
            let (_, effects) = self.watched.apply(due, Event::Tick);
            if !effects.is_empty() {
                writeln!(self.told, "{} tick", due.0 / SECOND).unwrap();
                self.tell(&Event::Tick, &effects);
            }
        }
    }

    fn event(&self, who: &str, verb: &str, arguments: &[&str]) -> Event {
        let holder = HolderId::new(who).unwrap();
        let value = |name: &str| arguments.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let number = |name: &str| value(name).map(|text| text.parse::<u64>().unwrap());
        let lease = || self.lease(arguments[0]);
        match verb {
            "asks" => {
                let mut asked = request(who, arguments[0], vector(number("c").unwrap_or(0), number("p").unwrap_or(0)));
                if let Some(scope) = value("at") {
                    asked.scope = Scope::Under(self.node(scope));
                }
                asked.term = Term::Immediate(Span(number("for").unwrap_or(10) * 1_000_000));
                asked.first_sent = value("sent").map_or(self.watched.authority.now(), seconds);
                asked.class = class(value("class").unwrap_or("C"));
                asked.bid = value("bid").map(|bid| Money(bid.parse().unwrap()));
                asked.count = value("gang").map_or(1, |count| count.parse().unwrap());
                asked.fence_keys = value("keys").into_iter().flat_map(|keys| keys.split(',')).map(key).collect();
                asked.devices = value("dev").map_or(Devices::NONE, devices);
                if arguments.contains(&"never") {
                    asked.displacement = Displacement::Never;
                }
                Event::Request(asked)
            }
            "renews" => Event::Renew(Renewal {
                holder,
                lease: lease(),
                version: Version(value("v").unwrap().parse().unwrap()),
                end: seconds(value("end").unwrap()),
                bid: None,
            }),
            "releases" => Event::Release { holder, lease: lease() },
            "checkpoints" => Event::Checkpoint { holder, lease: lease() },
            "revokes" => {
                Event::Revoke { lease: lease(), notice: number("notice").map(|notice| Span(notice * 1_000_000)) }
            }
            "fenced" => {
                let token = self.watched.authority.lease(lease()).map_or(Token(0), |lease| lease.token);
                Event::ConfirmFence { lease: lease(), token }
            }
            "limits" => {
                let most = Kind::ALL.into_iter().fold(Resources::UNLIMITED, |most, kind| match number(kind.name()) {
                    Some(amount) => most.with(kind, amount),
                    None => most,
                });
                let (plane, version) = (PlaneName::Telemetry, number("version").unwrap());
                Event::Plane(PlaneEffect::Limit { plane, version, owner: self.owner(arguments[0]), most })
            }
            "closes" | "opens" => Event::Plane(PlaneEffect::Closure {
                plane: PlaneName::Telemetry,
                version: number("version").unwrap(),
                tile: self.node(arguments[0]),
                cause: (verb == "closes").then_some(ClosureCause::TooHot),
            }),
            "drains" => Event::Drain { node: self.node(arguments[0]), by: value("by").map(seconds) },
            "floors" => Event::Floors {
                owner: self.owner(arguments[0]),
                floors: Floors { a: vector(number("a").unwrap_or(0), 0), b: vector(number("b").unwrap_or(0), 0) },
            },
            "shares" => Event::FloorShares {
                owner: self.owner(arguments[0]),
                shares: FloorShares { a: vector(number("a").unwrap_or(0), 0), b: vector(number("b").unwrap_or(0), 0) },
            },
            other => panic!("no verb {other}"),
        }
    }

    fn lease(&self, name: &str) -> LeaseId {
        self.names.iter().find(|(known, _)| known == name).map_or(LeaseId(u64::MAX), |(_, id)| *id)
    }

    fn name(&self, id: LeaseId) -> &str {
        self.names.iter().find(|(_, known)| *known == id).map_or("?", |(name, _)| name)
    }

    fn node(&self, name: &str) -> NodeIndex {
        let row = self.watched.fleet.names().find(name);
        NodeIndex(row.map_or(99, |row| u32::try_from(row).unwrap()))
    }

    fn owner(&self, name: &str) -> Owner {
        if name == "feed" { Owner::Zone(ZoneIndex(0)) } else { Owner::Node(self.node(name)) }
    }

    fn tell(&mut self, event: &Event, effects: &[Effect]) {
        self.learn(effects);
        for effect in effects {
            match effect {
                Effect::Answer(_) => {}
                Effect::Changed(change) => {
                    self.said += 1;
                    assert_eq!(change.revision.number, self.said, "every change is told once");
                    let told = self.show(&change.lease);
                    writeln!(self.told, "  {told}").unwrap();
                }
                Effect::Fence { lease, keys, .. } => {
                    let told = format!("fence {} {keys:?}", self.name(*lease));
                    writeln!(self.told, "  {told}").unwrap();
                }
                Effect::Posted(posting) => {
                    writeln!(self.told, "  {} {:+}", posting.holder, posting.gain.0).unwrap();
                }
                Effect::Deficit { owner, missing } => {
                    let name = self.watched.fleet.owner_name(*owner);
                    writeln!(self.told, "  deficit of {name}: {}", amounts(missing)).unwrap();
                }
            }
        }
        if *event != Event::Tick
            && let Answer::Refused(refusal) = answer(effects)
        {
            let offer = self.counter(&refusal.counter);
            let reason = match refusal.reason {
                lessor_engine::authority::Reason::NoRoom(barrier) => self.barrier(barrier),
                other => format!("{other:?}"),
            };
            writeln!(self.told, "  refused: {reason}{offer}").unwrap();
        } else if !effects.iter().any(|effect| matches!(effect, Effect::Changed(_))) && *event != Event::Tick {
            match answer(effects) {
                Answer::Lease(lease) => writeln!(self.told, "  again {}", self.show(lease)).unwrap(),
                Answer::Gang(leases) => writeln!(self.told, "  again {} leases", leases.len()).unwrap(),
                _ => {}
            }
        }
    }

    fn learn(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Changed(change) = effect {
                let lease = change.lease;
                let name = if lease.member.1 > 1 {
                    format!("{}.{}", lease.request, lease.member.0)
                } else {
                    lease.request.to_string()
                };
                if !self.names.iter().any(|(_, id)| *id == lease.id) {
                    self.names.push((name, lease.id));
                }
            }
        }
    }

    fn show(&self, lease: &Lease) -> String {
        let (from, to) = (lease.start.0 / SECOND, lease.end.0 / SECOND);
        let mut shown = format!(
            "{} {} at {} v{} t{} {from}..{to}",
            self.name(lease.id),
            lease.state.name(),
            self.watched.fleet.name(lease.node),
            lease.version.0,
            lease.token.0 & 0xffff,
        );
        if lease.device_mask != 0 {
            write!(shown, " devices {:b}", lease.device_mask).unwrap();
        }
        if let Some(notice) = lease.notice {
            write!(shown, " {:?} until {}", notice.cause, notice.until.0 / SECOND).unwrap();
        }
        if lease.is_returned {
            shown.push_str(" returned");
        }
        shown
    }

    fn barrier(&self, barrier: Barrier) -> String {
        let name = |node| self.watched.fleet.name(node);
        match barrier {
            Barrier::Closed { node } => format!("{} is closed", name(node)),
            Barrier::Draining { node, by } => format!("{} drains by {}", name(node), by.0 / SECOND),
            Barrier::Short(short) => {
                let owner = self.watched.fleet.owner_name(short.account.owner);
                let at = short.at.0 / SECOND;
                format!("{owner} has {} of {} {} at {at}", short.left, short.asked, short.account.kind)
            }
            Barrier::Fragmented { node, found } => format!("{} has {found} devices", name(node)),
        }
    }

    fn counter(&self, counter: &lessor_engine::authority::CounterOffer) -> String {
        let mut told = String::new();
        if let Some((node, permille)) = counter.smaller {
            write!(told, "; {permille}/1000 at {}", self.watched.fleet.name(node)).unwrap();
        }
        if let Some(later) = counter.later {
            write!(told, "; at {}", later.0 / SECOND).unwrap();
        }
        if let Some(node) = counter.elsewhere {
            write!(told, "; on {}", self.watched.fleet.name(node)).unwrap();
        }
        told
    }
}

fn amounts(resources: &Resources) -> String {
    let some = Kind::ALL.into_iter().filter(|&kind| resources.get(kind) > 0);
    let some: Vec<String> = some.map(|kind| format!("{kind} {}", resources.get(kind))).collect();
    if some.is_empty() { "none".into() } else { some.join(", ") }
}

fn seconds(text: &str) -> Timestamp {
    Timestamp(text.parse::<i64>().unwrap() * SECOND)
}

fn class(name: &str) -> ServiceClass {
    match name {
        "A" => ServiceClass::A,
        "B" => ServiceClass::B,
        "C" => ServiceClass::C,
        _ => ServiceClass::D,
    }
}

fn devices(text: &str) -> Devices {
    let (count, milli) = text.split_once('x').unwrap();
    Devices { count: count.parse().unwrap(), milli: milli.parse().unwrap() }
}
