//! What happens on the authority's machine.

use std::sync::Arc;
use std::time::Duration;

use lessor_engine::authority::Effect;

use super::calls::{Call, From, Said};
use super::faults::Fault;
use super::fleet::{Equipment, fleet};
use super::invariants::{Violation, durability};
use super::network::Direction;
use super::server::Delivered;
use super::world::{Happening, THINGS, World};
use crate::shell::{FleetChange, ShellError};

/// One commit in so many is held against the worst that may happen to the disk right then, and one idle moment in so many has its
/// state compared with the witness's.
const COMMITS_LOOKED_AT: u64 = 16;

impl World {
    /// Whether the process of a number is there and not paused; what comes while it is paused comes after.
    fn is_up(&mut self, life: u64, what: Happening) -> bool {
        if self.server.life.as_ref().is_none_or(|there| there.number != life) {
            return false;
        }
        let is_paused = self.now < self.server.paused_until;
        if is_paused {
            self.agenda.put(self.server.paused_until, what);
        }
        !is_paused
    }

    pub(super) fn arrives(&mut self, from: From, call: Call) {
        let Some(number) = self.server.life.as_ref().map(|life| life.number) else { return };
        if !self.is_up(number, Happening::Arrives(from, call.clone())) {
            return;
        }
        let said = self.server.life.as_mut().and_then(|life| life.take_in(from, call));
        if let Some(said) = said {
            self.faults.note(Fault::Overload);
            self.send_back(from, &said);
        }
        self.is_woken();
    }

    /// Something waits: the process looks at it in a moment, and what comes meanwhile waits with it.
    pub(super) fn is_woken(&mut self) {
        let moment = if self.is_rough && self.chance.happens(10) { 50..400 } else { 0..2 };
        let at = self.now + self.chance.millis(moment);
        let Some(life) = &mut self.server.life else { return };
        if at < life.wakes_at || life.wakes_at < self.now {
            life.wakes_at = at;
            self.agenda.put(at, Happening::Wakes(life.number));
        }
    }

    pub(super) fn wakes(&mut self, number: u64) {
        let is_due = self.server.life.as_ref().is_some_and(|life| life.wakes_at <= self.now);
        if is_due && self.is_up(number, Happening::Wakes(number)) {
            self.drive();
        }
    }

    /// The process does what there is to do, and is woken when more is due.
    pub(super) fn drive(&mut self) {
        let (now, shown) = (self.now, self.server.clock.shows(self.now));
        let Some(life) = &mut self.server.life else { return };
        let number = life.number;
        if now < self.server.paused_until {
            return;
        }
        if life.step(shown) {
            let takes = if now < self.slow_until {
                self.faults.note(Fault::DeviceSlow);
                self.chance.millis(1_000..4_000)
            } else {
                self.chance.millis(1..8)
            };
            self.agenda.put(now + takes, Happening::Appends(number));
        }
        let due = life.due();
        let (wakes_at, was) = (self.server.when(due, now).max(now + Duration::from_millis(1)), self.wakes_at());
        if wakes_at < was || was <= now {
            self.agenda.put(wakes_at, Happening::Wakes(number));
            if let Some(life) = &mut self.server.life {
                life.wakes_at = wakes_at;
            }
        }
    }

    fn wakes_at(&self) -> Duration {
        self.server.life.as_ref().map_or(Duration::MAX, |life| life.wakes_at)
    }

    pub(super) fn appends(&mut self, number: u64) -> Result<(), Violation> {
        if !self.is_up(number, Happening::Appends(number)) {
            return Ok(());
        }
        if self.commits()? {
            let at = self.now + self.chance.millis(0..2);
            self.agenda.put(at, Happening::Delivers(number));
        }
        Ok(())
    }

    /// The batch is made durable, and the witness told of it; false where the process ended over it.
    fn commits(&mut self) -> Result<bool, Violation> {
        let Some(life) = &mut self.server.life else { return Ok(false) };
        let records = life.records();
        if let Err(error) = life.append() {
            self.in_doubt = Some(records);
            self.fails(&error)?;
            return Ok(false);
        }
        if !records.is_empty() {
            self.seen.commits += 1;
            self.witness.take_in(&records)?;
            if self.seen.commits.is_multiple_of(COMMITS_LOOKED_AT) {
                self.witness.survives(&self.server.disk)?;
            }
        }
        Ok(true)
    }

    pub(super) fn delivers(&mut self, number: u64) -> Result<(), Violation> {
        if !self.is_up(number, Happening::Delivers(number)) {
            return Ok(());
        }
        // Durable, and nobody is told.
        if self.is_rough && self.chance.happens(2) {
            self.faults.note(Fault::Killed);
            self.ends();
            return Ok(());
        }
        let Some(life) = &mut self.server.life else { return Ok(()) };
        let commits = life.commits;
        let delivered = life.deliver();
        if self.server.disk.is_down() {
            self.ends();
            return Ok(());
        }
        if delivered.has_snapshot {
            let at = self.now + self.chance.millis(1..800);
            self.agenda.put(at, Happening::Snaps(number));
        }
        self.tell(delivered)?;
        self.agenda.put(self.now + Duration::from_millis(2), Happening::Idles(number, commits));
        self.drive();
        Ok(())
    }

    /// What leaves is looked at, and goes its way.
    fn tell(&mut self, delivered: Delivered) -> Result<(), Violation> {
        let durable = (self.witness.revision(), self.witness.now());
        for (from, request, said) in delivered.answers {
            self.seen.told += 1;
            match &said {
                Said::Answered(answered) => {
                    durability::check("an answer", (answered.revision, answered.now), durable)?;
                    self.seen.time.observe(answered.now)?;
                    self.seen.memory.told(&answered.answer);
                    if let Some(request) = &request {
                        self.seen.answers.observe(self.now, request, (&answered.answer, answered.decided))?;
                    }
                }
                Said::Seen(lease, now) => {
                    durability::check("a read", (durable.0, *now), durable)?;
                    if let Some(lease) = lease {
                        self.seen.memory.told(&lessor_engine::authority::Answer::Lease(*lease));
                    }
                }
                Said::Overloaded => {}
            }
            self.send_back(from, &said);
        }
        for effect in delivered.effects {
            if let Effect::Fence { lease, token, keys } = effect
                && !keys.is_empty()
            {
                for at in self.network.arrivals((THINGS, Direction::Back), self.now, &mut self.faults) {
                    self.agenda.put(at, Happening::Fences(lease, token, keys.clone()));
                }
            }
        }
        Ok(())
    }

    fn send_back(&mut self, from: From, said: &Said) {
        for at in self.network.arrivals((from.party, Direction::Back), self.now, &mut self.faults) {
            self.agenda.put(at, Happening::Answers(from, said.clone()));
        }
    }

    pub(super) fn snaps(&mut self, number: u64) -> Result<(), Violation> {
        if !self.is_up(number, Happening::Snaps(number)) {
            return Ok(());
        }
        let Some(life) = &mut self.server.life else { return Ok(()) };
        if let Err(error) = life.write_snapshot() {
            return self.fails(&error);
        }
        if self.server.disk.is_down() {
            // What only had no room is done without; a process ends with the power.
            self.ends();
        }
        Ok(())
    }

    /// The process ends in order, and the next one finds a fleet of other equipment.
    pub(super) fn refits(&mut self) -> Result<(), Violation> {
        let is_paused = self.now < self.server.paused_until;
        let shown = self.server.clock.shows(self.now);
        let Some(life) = self.server.life.as_mut().filter(|life| !is_paused && !life.is_busy() && !life.is_writing())
        else {
            return Ok(());
        };
        life.step_last(shown);
        if !self.commits()? {
            return Ok(());
        }
        let Some(mut life) = self.server.life.take() else { return Ok(()) };
        let delivered = life.deliver();
        let written = life.write_snapshot();
        self.tell(delivered)?;
        if let Err(error) = written.and(life.close()) {
            return self.fails(&error);
        }
        if !self.server.disk.is_down() && self.witness.is_settled(&self.server.disk) {
            self.faults.note(Fault::FleetChanged);
            let equipment = Equipment::other(&mut self.chance);
            self.seen.exclusion.refit(self.now, equipment);
            let fleet = Arc::new(fleet(&equipment));
            self.witness.refit(Arc::clone(&fleet))?;
            (self.server.fleet, self.server.fleet_change) = (fleet, FleetChange::Accepted);
        }
        self.ends();
        Ok(())
    }

    pub(super) fn idles(&mut self, number: u64, commits: u64) -> Result<(), Violation> {
        if !self.is_up(number, Happening::Idles(number, commits)) {
            return Ok(());
        }
        let Some(life) = &mut self.server.life else { return Ok(()) };
        if life.commits != commits || life.is_busy() {
            return Ok(());
        }
        if let Err(error) = life.attest() {
            return self.fails(&error);
        }
        if commits.is_multiple_of(COMMITS_LOOKED_AT) && Some(life.snapshot()) != self.witness.state() {
            return Err(Violation::StateDiffers { sequence: self.witness.sequence });
        }
        Ok(())
    }

    pub(super) fn starts(&mut self) -> Result<(), Violation> {
        if self.server.life.is_some() {
            return Ok(());
        }
        self.flip_bits()?;
        let is_struck = self.is_rough && self.chance.happens(200);
        if is_struck {
            self.server.disk.lose_power_after(self.chance.within(0..14));
        }
        let recovery = match self.server.start(self.now, self.chance.seed()) {
            Ok(recovery) => recovery,
            Err(_) if is_struck => {
                self.faults.note(Fault::PowerLostInRecovery);
                self.ends();
                return Ok(());
            }
            Err(error) => return Err(Violation::Unopened { error: error.to_string() }),
        };
        self.server.paused_until = Duration::ZERO;
        let doubt = self.in_doubt.take();
        self.witness.take_in_found(&self.server.disk, doubt.as_deref())?;
        let Some(life) = &self.server.life else { return Ok(()) };
        let state = life.snapshot();
        if recovery.sequence.max(1) != self.witness.sequence || Some(&state) != self.witness.state().as_ref() {
            return Err(Violation::StateDiffers { sequence: self.witness.sequence });
        }
        let witness = &self.witness;
        self.seen.memory.check(&state, |lease| witness.is_returned(lease))?;
        self.drive();
        Ok(())
    }

    /// The process found that it cannot go on. It must not end for anything but what the disk did to it.
    fn fails(&mut self, error: &ShellError) -> Result<(), Violation> {
        let is_the_disk = matches!(error, ShellError::Journal(crate::journal::JournalError::Io { .. }));
        if !is_the_disk {
            return Err(Violation::Unopened { error: error.to_string() });
        }
        // After a failed sync the machine may go on, or go down with what it has in memory.
        if self.chance.happens(500) {
            self.server.disk.lose_power();
        }
        self.ends();
        Ok(())
    }

    /// The process is gone, and another one begins after a while.
    pub(super) fn ends(&mut self) {
        self.server.end();
        self.server.disk.restart();
        self.watchers.iter_mut().for_each(super::watcher::Watcher::broken);
        let at = self.now + self.chance.millis(50..15_000);
        self.agenda.put(at, Happening::Starts);
    }
}
