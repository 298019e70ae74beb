//! The course of a world: faults on, faults off, again and again; then everybody leaves, and what remains is looked at.

use std::time::Duration;

use lessor_models::fleet::{NodeIndex, Owner, ZoneIndex};
use lessor_models::resources::Resources;

use super::faults::{Fault, Faults};
use super::fleet::NODES;
use super::invariants::{Violation, progress};
use super::world::{Happening, World};

/// How long faults last at a time.
const ROUGH: Duration = Duration::from_mins(26);
/// After that, until the last messages have arrived and what the operator did is taken back.
const CLEARING: Duration = Duration::from_secs(20);
/// Then, until everybody has noticed.
const NOTICING: Duration = Duration::from_secs(100);
/// Then, until everybody must have got on.
const HEALING: Duration = Duration::from_mins(2);
/// How long it takes until everything has ended once nobody asks for more: terms, bands, notices and releases.
const LEAVING: Duration = Duration::from_mins(10);

/// What came of a world that held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lived {
    /// How long it lasted, in its own time.
    pub(crate) simulated: Duration,
    /// What went wrong.
    pub(crate) faults: Faults,
    /// Lives of the authority.
    pub(crate) lives: u64,
    /// Commits that were made durable.
    pub(crate) commits: u64,
    /// Events in them.
    pub(crate) records: u64,
    /// Answers that left the authority.
    pub(crate) answers: u64,
    /// Those that repeated an earlier one.
    pub(crate) repeats: u64,
    /// Leases that somebody was told of.
    pub(crate) acknowledged: u64,
    /// Leases that somebody used.
    pub(crate) uses: u64,
    /// Uses that overlapped because of a clock or a pause beyond the band.
    pub(crate) overlaps_beyond_band: u64,
    /// Effects that things accepted, and refused.
    pub(crate) effects: (u64, u64),
    /// How often a watcher was out of range and listed.
    pub(crate) lists: u64,
}

/// A world in which something happened that should never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The seed.
    pub(crate) seed: u64,
    /// When, in the world's time.
    pub(crate) at: Duration,
    /// What.
    pub(crate) violation: Violation,
}

/// Lets the world of a seed live for some hours, and judges it.
///
/// # Errors
/// The first thing that should never be.
pub(crate) fn live(seed: u64, hours: u32) -> Result<Lived, Broken> {
    let mut world = World::new(seed);
    let end = Duration::from_hours(hours.into());
    world.lives(end).map_err(|violation| Broken { seed, at: world.now, violation })?;
    Ok(world.lived())
}

impl World {
    fn lives(&mut self, end: Duration) -> Result<(), Violation> {
        self.begin();
        while self.now < end {
            self.roughens();
            self.advance(self.now + ROUGH)?;
            self.heals()?;
        }
        self.leaves()
    }

    /// Faults off: everybody gets on.
    fn heals(&mut self) -> Result<(), Violation> {
        self.calms();
        self.advance(self.now + CLEARING)?;
        self.operator.lift_all();
        self.advance(self.now + NOTICING)?;
        let before: Vec<u64> = self.holders.iter().map(|holder| holder.answers).collect();
        self.advance(self.now + HEALING)?;
        for (holder, before) in self.holders.iter().zip(before) {
            progress::check(holder.id.as_str(), (holder.waits_since(), self.now), holder.answers - before)?;
        }
        let answers = u64::from(self.operator.open.is_empty());
        progress::check("the operator", (None, self.now), answers)
    }

    /// The final scan: everybody leaves, and nothing is left but the history.
    fn leaves(&mut self) -> Result<(), Violation> {
        self.holders.iter_mut().for_each(|holder| holder.is_eager = false);
        self.advance(self.now + LEAVING)?;
        self.nothing_remains()?;
        self.watchers.iter().try_for_each(|watcher| watcher.compare(&self.witness))?;
        // What the server has is what the journal leads to, also when it is started once more.
        self.server.end();
        self.agenda.put(self.now, Happening::Starts);
        self.advance(self.now + Duration::from_secs(1))?;
        self.nothing_remains()
    }

    pub(super) fn nothing_remains(&self) -> Result<(), Violation> {
        let remains = |what| Err(Violation::Remains { what });
        let Some(authority) = self.witness.authority() else { return remains("no authority") };
        if authority.live() > 0 {
            return remains("a lease");
        }
        let nodes = (0..u32::try_from(NODES).expect("a small number")).map(|node| Owner::Node(NodeIndex(node)));
        let mut owners = nodes.chain([Owner::Zone(ZoneIndex(0))]);
        if owners.any(|owner| authority.ledger().held(owner).is_some_and(|held| *held != Resources::ZERO)) {
            return remains("a commitment");
        }
        if authority.deficits().next().is_some() {
            return remains("a deficit");
        }
        if self.holders.iter().any(|holder| holder.waits_since().is_some()) {
            return remains("a call without an answer");
        }
        Ok(())
    }

    fn lived(&self) -> Lived {
        let mut faults = self.faults.clone();
        let misfortunes = self.server.disk.misfortunes();
        faults.note_many(Fault::WriteLost, misfortunes.lost);
        faults.note_many(Fault::WriteTorn, misfortunes.torn);
        faults.note_many(Fault::WriteReordered, misfortunes.reordered);
        Lived {
            simulated: self.now,
            faults,
            lives: self.server.lives,
            commits: self.seen.commits,
            records: self.witness.records,
            answers: self.seen.told,
            repeats: self.seen.answers.repeats,
            acknowledged: self.seen.memory.acknowledged,
            uses: self.seen.exclusion.begun,
            overlaps_beyond_band: self.seen.exclusion.overlaps_outside,
            effects: (self.seen.fencing.accepted, self.seen.fencing.refused),
            lists: self.watchers.iter().map(|watcher| watcher.lists).sum(),
        }
    }
}
