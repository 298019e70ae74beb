//! What goes wrong next.

use std::time::Duration;

use super::faults::Fault;
use super::world::{HOLDERS, Happening, PARTIES, PAUSE_MAX, WATCHERS, World};

/// Holders that take part in a storm, and what each of them asks for: a hundred leases that end in one instant.
const STORM_HOLDERS: usize = 4;
const STORM_EACH: usize = 25;

/// How long beyond the end of its use a holder may be paused and be within the promise, to the limit.
const PAUSE_AT_A_STOP: Duration = PAUSE_MAX.saturating_sub(Duration::from_millis(20));

impl World {
    pub(super) fn goes_wrong(&mut self) {
        let at = self.now + self.chance.millis(1_000..30_000);
        self.agenda.put(at, Happening::GoesWrong);
        if !self.is_rough {
            return;
        }
        match self.chance.within(0..17) {
            0..=3 => self.strikes_the_authority(),
            4 => {
                self.faults.note(Fault::AuthorityPaused);
                self.server.paused_until = self.now + self.chance.millis(100..15_000);
            }
            5 => self.slow_until = self.now + self.chance.millis(2_000..10_000),
            6 | 7 => {
                let party = self.one_of(PARTIES);
                self.faults.note(Fault::Partition);
                let until = self.now + self.chance.millis(500..40_000);
                self.network.cut(party, until);
            }
            8..=10 => {
                let holder = self.one_of(HOLDERS);
                let length = if self.chance.happens(500) { 100..1_500 } else { 1_500..40_000 };
                let until = self.now + self.chance.millis(length);
                self.pause(holder, until);
            }
            11..=13 => (0..HOLDERS).for_each(|holder| self.pauses_at_a_stop(holder)),
            14 => self.storms(),
            15 => self.agenda.put(self.now, Happening::Refits),
            _ => {
                let watcher = self.one_of(WATCHERS);
                self.faults.note(Fault::StreamBroken);
                self.watchers[watcher].broken();
            }
        }
    }

    fn one_of(&mut self, count: usize) -> usize {
        self.chance.position(count).expect("there is at least one")
    }

    fn strikes_the_authority(&mut self) {
        if self.server.life.is_none() {
            return;
        }
        match self.chance.within(0..4) {
            0 => {
                self.faults.note(Fault::Killed);
                self.ends();
            }
            1 => {
                self.faults.note(Fault::PowerLost);
                self.server.disk.lose_power();
                self.ends();
            }
            2 => {
                self.faults.note(Fault::PowerLost);
                self.server.disk.lose_power_after(self.chance.within(0..12));
            }
            _ => {
                self.faults.note(Fault::SyncFailed);
                self.server.disk.fail_sync_after(self.chance.within(0..4));
            }
        }
    }

    /// A holder is paused just when it should stop using something, for as long as is within the promise.
    fn pauses_at_a_stop(&mut self, holder: usize) {
        let next_stop = self.holders[holder].stops().map(|stop| stop.1).filter(|stop| *stop > self.now).min();
        if let Some(stop) = next_stop {
            let until = stop + PAUSE_AT_A_STOP;
            let from = stop.saturating_sub(Duration::from_millis(20)).max(self.now);
            self.agenda.put(from, Happening::Pauses(holder, until));
        }
    }

    fn storms(&mut self) {
        self.faults.note(Fault::ExpiryStorm);
        for holder in 0..STORM_HOLDERS {
            if self.now < self.holders[holder].paused_until {
                continue;
            }
            let mut deeds = Vec::new();
            self.holders[holder].storm(self.now, STORM_EACH, &mut deeds);
            // A storm only asks.
            let _ = self.does(holder, deeds);
        }
    }

    /// Nothing goes wrong from now on.
    pub(super) fn calms(&mut self) {
        (self.is_rough, self.network.is_rough) = (false, false);
        (self.slow_until, self.server.paused_until) = (Duration::ZERO, self.now);
        self.holders.iter_mut().for_each(|holder| holder.paused_until = Duration::ZERO);
        if self.server.life.is_some() {
            self.server.disk.restart();
        }
    }

    /// Everything may go wrong from now on.
    pub(super) fn roughens(&mut self) {
        (self.is_rough, self.network.is_rough) = (true, true);
    }
}
