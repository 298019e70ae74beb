//! What happens at holders, things, watchers and the operator.

use std::time::Duration;

use lessor_engine::authority::{Event, FenceKey, LeaseId, Token};

use super::calls::{Call, From, Said};
use super::faults::Fault;
use super::holder::Deed;
use super::invariants::exclusion::Standing;
use super::invariants::fencing::Effect;
use super::invariants::{Violation, durability};
use super::network::{Direction, Party};
use super::watcher::Told;
use super::world::{Asked, HOLDERS, Happening, OPERATOR, PAUSE_MAX, THINGS, World};

impl World {
    pub(super) fn acts(&mut self, holder: usize, asked: Asked) -> Result<(), Violation> {
        let again = match asked {
            Asked::Again => Happening::Acts(holder),
            Asked::Once => Happening::Tends(holder),
        };
        let paused_until = self.holders[holder].paused_until;
        if self.now < paused_until {
            self.agenda.put(paused_until, again);
            return Ok(());
        }
        let mut deeds = Vec::new();
        let next = self.holders[holder].act(self.now, &mut deeds);
        if asked == Asked::Again {
            self.agenda.put(next, again);
        }
        self.does(holder, deeds)
    }

    pub(super) fn answers(&mut self, from: From, said: Said) -> Result<(), Violation> {
        if from.party >= HOLDERS {
            if from.party == OPERATOR && matches!(said, Said::Answered(_)) {
                self.operator.open.remove(&from.call);
            }
            return Ok(());
        }
        let holder = &mut self.holders[from.party];
        if self.now < holder.paused_until {
            self.agenda.put(holder.paused_until, Happening::Answers(from, said));
            return Ok(());
        }
        let mut deeds = Vec::new();
        holder.hear(self.now, (from.call, &said), &mut deeds);
        if let Some(stop) = holder.stops().map(|stop| stop.1).min() {
            self.agenda.put(stop.max(self.now), Happening::Tends(from.party));
        }
        self.does(from.party, deeds)
    }

    pub(super) fn does(&mut self, holder: usize, deeds: Vec<Deed>) -> Result<(), Violation> {
        for deed in deeds {
            match deed {
                Deed::Send(call, what) => self.send(From { party: holder, call }, &what),
                Deed::Begin(lease, keys) => {
                    let standing = self.standing(holder);
                    self.seen.exclusion.begin(self.now, &lease, keys, standing)?;
                }
                Deed::End(lease) => self.seen.exclusion.end(lease),
                Deed::Act(lease, key, token) => self.act_on(lease, key, token),
                Deed::ReturnsSlowly => self.faults.note(Fault::SlowReturn),
            }
        }
        Ok(())
    }

    pub(super) fn send(&mut self, from: From, call: &Call) {
        for at in self.network.arrivals((from.party, Direction::There), self.now, &mut self.faults) {
            self.agenda.put(at, Happening::Arrives(from, call.clone()));
        }
    }

    /// A holder that has just looked at its clock acts on what a key protects.
    fn act_on(&mut self, lease: LeaseId, key: FenceKey, token: Token) {
        let delay = if self.is_rough && self.chance.happens(100) {
            self.chance.millis(200..20_000)
        } else {
            self.chance.millis(1..200)
        };
        if delay > PAUSE_MAX {
            self.faults.note(Fault::EffectBeyondBand);
        }
        self.agenda.put(self.now + delay, Happening::Affects(lease, key, token));
    }

    pub(super) fn affects(&mut self, lease: LeaseId, key: FenceKey, token: Token) -> Result<(), Violation> {
        // Whoever still uses its lease, and is within the promise, must not be refused, however long the effect took.
        let is_promised = self.seen.exclusion.is_promised(lease);
        let is_accepted = self.things.act(key, token);
        self.seen.fencing.observe(Effect { key, token, lease, is_promised }, is_accepted)
    }

    pub(super) fn fences(&mut self, lease: LeaseId, token: Token, keys: &[FenceKey]) {
        keys.iter().for_each(|key| self.things.fence(*key, token));
        self.seen.exclusion.fence(lease);
        self.seen.fenced.insert(lease);
        self.send(From { party: THINGS, call: 0 }, &Call::Event(Event::ConfirmFence { lease, token }));
    }

    pub(super) fn watches(&mut self, watcher: usize) -> Result<(), Violation> {
        let party: Party = HOLDERS + watcher;
        // Now and then a reader is so slow that it falls out of range.
        let pause = if self.is_rough && self.chance.happens(5) { 30_000..90_000 } else { 20..1_500 };
        let at = self.now + self.chance.millis(pause);
        self.agenda.put(at, Happening::Watches(watcher));
        let is_cut = self.network.is_cut(party, self.now) || self.now < self.server.paused_until;
        let Some(life) = self.server.life.as_ref().filter(|_| !is_cut) else { return Ok(()) };
        let (told, stream) = (self.watchers[watcher].poll(&life.handle), self.watchers[watcher].stream);
        let durable = (self.witness.revision(), self.witness.now());
        for told in told {
            let revision = match &told {
                Told::Changes(changes) => changes.last().map(|change| (change.revision, change.at)),
                Told::List(_, revision) => Some((*revision, durable.1)),
            };
            durability::check("a watch", revision.unwrap_or(durable), durable)?;
            let delay = self.chance.millis(1..if self.is_rough { 2_000 } else { 5 });
            let at = self.seen.streamed[watcher].max(self.now + delay);
            self.seen.streamed[watcher] = at;
            self.agenda.put(at, Happening::Changes(watcher, stream, told));
        }
        self.is_woken();
        Ok(())
    }

    pub(super) fn changes(&mut self, watcher: usize, stream: u64, told: Told) -> Result<(), Violation> {
        if self.watchers[watcher].stream != stream {
            return Ok(());
        }
        if self.network.is_cut(HOLDERS + watcher, self.now) {
            self.faults.note(Fault::StreamBroken);
            self.watchers[watcher].broken();
            return Ok(());
        }
        self.watchers[watcher].hear(told, &self.witness)
    }

    pub(super) fn meddles(&mut self) {
        let at = self.now + self.chance.millis(2_000..25_000);
        self.agenda.put(at, Happening::Meddles);
        let Some(authority) = self.witness.authority().filter(|_| self.is_rough) else { return };
        let deed = if self.chance.happens(500) { self.operator.meddle(authority) } else { self.operator.relent() };
        if let Some((call, event)) = deed {
            self.send(From { party: OPERATOR, call }, &Call::Event(event));
        }
    }

    pub(super) fn insists(&mut self) {
        let at = self.now + self.chance.millis(1_000..3_000);
        self.agenda.put(at, Happening::Insists);
        let open: Vec<(u64, Event)> = self.operator.open.iter().map(|(call, event)| (*call, event.clone())).collect();
        for (call, event) in open {
            self.send(From { party: OPERATOR, call }, &Call::Event(event));
        }
    }

    /// A holder does nothing until an instant; what it uses meanwhile beyond its end is more than the band covers where that is
    /// long.
    pub(super) fn pause(&mut self, holder: usize, until: Duration) {
        if !self.is_rough {
            return;
        }
        self.faults.note(Fault::HolderPaused);
        self.holders[holder].paused_until = until;
        let late: Vec<LeaseId> = self.holders[holder]
            .stops()
            .filter(|(_, stop)| *stop + PAUSE_MAX < until)
            .map(|(lease, _)| lease)
            .collect();
        if self.standing(holder) == Standing::Within && !late.is_empty() {
            self.faults.note(Fault::PauseBeyondBand);
        }
        late.into_iter().for_each(|lease| self.seen.exclusion.leave(lease));
    }
}
