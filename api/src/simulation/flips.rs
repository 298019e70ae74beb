//! Bits that turn over on the device while no server runs: found, or of no consequence, never silently passed over.

use super::faults::Fault;
use super::invariants::Violation;
use super::server::BEGINNING;
use super::world::World;
use crate::journal::simulated::SimulatedDisk;
use crate::journal::{Finding, History, Storage};
use crate::shell::{Parts, RecoveryReport, fleet_id, open};
use lessor_engine::authority::Snapshot;

/// Bits tried before each start.
const FLIPS: usize = 2;

impl World {
    /// Turns bits over in copies of the disk, one in each, and starts from them.
    pub(super) fn flip_bits(&mut self) -> Result<(), Violation> {
        if !self.is_rough || self.witness.sequence == 0 {
            return Ok(());
        }
        let sound = self.server.disk.survivors();
        let (state, report) = self.recovered(&sound.fork()).map_err(|error| Violation::Unopened { error })?;
        for _ in 0..FLIPS {
            let damaged = sound.fork();
            let names = damaged.list().unwrap_or_default();
            let Some(at) = self.chance.position(names.len()) else { return Ok(()) };
            let file = names[at].clone();
            let Some(bit) = self.chance.position(damaged.bytes(&file).len() * 8) else { continue };
            damaged.flip(&file, bit);
            let fault = match self.recovered(&damaged) {
                Err(_) => Fault::BitFlipFound,
                Ok((found, _)) if found == state => Fault::BitFlipHarmless,
                Ok((_, found)) if passes_for_torn(&found, report.sequence) && !self.is_attested(&sound) => {
                    Fault::BitFlipInLastCommit
                }
                Ok(_) => return Err(Violation::FlipUnnoticed { file, bit }),
            };
            self.faults.note(fault);
        }
        Ok(())
    }

    fn recovered(&self, disk: &SimulatedDisk) -> Result<(Snapshot, RecoveryReport), String> {
        let opened = open(disk.clone(), self.server.options(1), BEGINNING);
        let Parts { engine, recovery, .. } = opened.map_err(|error| error.to_string())?;
        Ok((engine.snapshot(), recovery))
    }

    /// Whether something after the last commit proves that it was durable.
    fn is_attested(&self, disk: &SimulatedDisk) -> bool {
        let Ok(mut history) = History::read(disk.clone(), fleet_id(&self.server.fleet)) else { return false };
        while history.next_commit().is_ok_and(|commit| commit.is_some()) {}
        history.is_attested()
    }
}

/// Whether just the last commit is missing, and said to be torn.
fn passes_for_torn(found: &RecoveryReport, sequence: u64) -> bool {
    let is_torn = found.findings.iter().any(|finding| matches!(finding, Finding::TornTail { .. }));
    is_torn && found.sequence + 1 == sequence
}
