//! What a shell is started with.

use lessor_engine::authority::{Effect, Placement, PriceList, Terms};
use lessor_engine::ledger::Ledger;
use lessor_models::fleet::Fleet;

use crate::journal::JournalOptions;

/// Who hears effects that are no answers, each once it is durable: [`Effect::Fence`], [`Effect::Posted`], [`Effect::Deficit`],
/// and [`Effect::Changed`] where a lease was revoked. It runs between two commits, so it must be quick.
pub type Listener = Box<dyn FnMut(&Effect) + Send>;

/// Makes the policy of placement for the ledger as it is before anything is granted, or as a snapshot has it.
pub type PlacementMaker = Box<dyn FnOnce(&Ledger) -> Box<dyn Placement>>;

/// What a shell is started with.
pub struct ShellOptions<'a> {
    /// The fleet whose capacity is leased.
    pub fleet: &'a Fleet,
    /// The policy.
    pub terms: Terms,
    /// Which accounts have posted prices.
    pub prices: PriceList,
    /// The policy of placement; none for the engine's own.
    pub placement: Option<PlacementMaker>,
    /// Who hears effects that are no answers.
    pub listener: Listener,
    /// What becomes of a data directory whose fleet has other capacities, classes or zones than it had.
    pub fleet_change: FleetChange,
    /// How much of everything.
    pub limits: Limits,
    /// Segments and salt of the journal.
    pub journal: JournalOptions,
}

impl std::fmt::Debug for ShellOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShellOptions").field("terms", &self.terms).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl<'a> ShellOptions<'a> {
    /// The usual limits, and nobody who listens.
    #[must_use]
    pub fn new(fleet: &'a Fleet, terms: Terms, salt: [u8; 16]) -> ShellOptions<'a> {
        ShellOptions {
            fleet,
            terms,
            prices: PriceList::default(),
            placement: None,
            listener: Box::new(|_| ()),
            fleet_change: FleetChange::Refused,
            limits: Limits::default(),
            journal: JournalOptions::with_salt(salt),
        }
    }
}

/// What becomes of a data directory whose fleet has changed in anything but its nodes and zones: those may not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FleetChange {
    /// It is not opened: what was granted may not be there.
    #[default]
    Refused,
    /// Its leases stay, and accounts that hold more than they may give now are in deficit.
    Accepted,
}

/// Limits of a shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many events and reads of one class may wait to be applied; more are refused. At a millisecond for a thousand events, the
    /// last of a full queue waits for some 16 ms.
    pub waiting_max: usize,
    /// How many events of one class may be under way for all streams together, from before they wait until their answers were
    /// taken; more are refused. Twice what waits, so that answers are taken while others wait.
    pub under_way_max: usize,
    /// How much the engine's thread takes up at once: what is put in meanwhile waits for so many, class A too.
    pub taken_max: usize,
    /// A snapshot is made once the journal grew by so many bytes: what a recovery reads beside the snapshot in a few seconds.
    pub snapshot_bytes: u64,
    /// Time is recorded at least this often, in microseconds: what a restart may lose of it.
    pub beat_us: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            waiting_max: 1 << 14,
            under_way_max: 1 << 15,
            taken_max: 1 << 9,
            snapshot_bytes: 256 << 20,
            beat_us: 5_000_000,
        }
    }
}
