//! Calls of a session that wait for their answers, by slot.

use super::call_span::CallSpan;
use super::calls::Told;
use crate::shell::Place;

/// The calls.
#[derive(Default)]
pub(super) struct Waiting {
    slots: Vec<Option<Call>>,
    free: Vec<usize>,
}

/// A call with its caller's tag, what becomes of its answer, its place until that is there, and its span.
struct Call {
    tag: u64,
    told: Told,
    place: Place,
    span: CallSpan,
}

impl Waiting {
    /// How many wait.
    pub(super) fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Takes in a call with its caller's tag; says where it is.
    pub(super) fn put(&mut self, tag: u64, told: Told, (place, span): (Place, CallSpan)) -> u64 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.slots[slot] = Some(Call { tag, told, place, span });
        slot as u64
    }

    /// Takes a call out.
    pub(super) fn take(&mut self, slot: u64) -> Option<(u64, Told, CallSpan)> {
        let slot = usize::try_from(slot).ok()?;
        let Call { tag, told, place, span } = self.slots.get_mut(slot)?.take()?;
        drop(place);
        self.free.push(slot);
        Some((tag, told, span))
    }

    /// Takes all of them out; says their tags.
    pub(super) fn take_all(&mut self) -> Vec<u64> {
        self.free.clear();
        std::mem::take(&mut self.slots).into_iter().flatten().map(|call| call.tag).collect()
    }
}

#[cfg(test)]
mod tests {
    use lessor_engine::authority::{Event, HolderId, LeaseId, Terms};
    use tonic::Code;

    use super::*;
    use crate::journal::simulated::SimulatedDisk;
    use crate::service::failure::Failure;
    use crate::shell::test_world::fleet;
    use crate::shell::{Limits, Shell, ShellOptions};

    #[test]
    fn a_slot_and_its_place_are_used_again_once_its_call_is_answered() {
        let fleet = fleet(1);
        let limits = Limits { under_way_max: 2, ..Limits::default() };
        let options = ShellOptions { limits, ..ShellOptions::new(&fleet, Terms::default(), [1; 16]) };
        let (_shell, handle) = Shell::start(SimulatedDisk::new(1), options).unwrap();
        let event = Event::Release { holder: HolderId::new("holder").unwrap(), lease: LeaseId(1) };
        let place = || handle.place(&event).map(|place| (place, CallSpan::new("Session/Release")));

        let mut waiting = Waiting::default();
        let told: Told = |_, _| Err(Failure::new(Code::Internal, "TEST", ""));
        let (first, second) = (waiting.put(7, told, place().unwrap()), waiting.put(8, told, place().unwrap()));
        assert_eq!((first, second, waiting.count()), (0, 1, 2));
        assert!(place().is_err());
        assert_eq!(waiting.take(first).map(|call| call.0), Some(7));
        assert!(waiting.take(first).is_none());
        assert_eq!((waiting.put(9, told, place().unwrap()), waiting.count()), (0, 2));
        assert_eq!(waiting.take_all(), [9, 8]);
        assert_eq!(waiting.count(), 0);
        waiting.put(7, told, place().unwrap());
        drop(waiting);
        assert!(place().and(place()).is_ok());
    }
}
