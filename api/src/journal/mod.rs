//! The journal: durable, ordered group commits, and snapshots of the state that they lead to.
//!
//! A directory holds **segments** and **snapshots**. A segment is a header and the commits after the one that its name states;
//! a commit is one frame, written once and synced once, and it carries the digest of the one before it. A snapshot is a header
//! and a state in parts. The journal knows nothing of what it keeps: records are bytes. Small files beside them say how far the
//! journal is known to be durable (`mark`), what the fleet could give, and of a backup where it ends.
//!
//! What it promises, over any [`Storage`] that keeps its own contract:
//! - a commit whose `append` returned is there after any crash, and so is every commit before it, in order;
//! - nothing is there that was not appended; the last commit before a crash may be there although its `append` never returned;
//! - bytes that were durable and are not what was written are an error that says where, unless nothing depends on them;
//! - a failed write or sync ends the journal: it is opened again from what is on the device.
//!
//! One ambiguity is left to the device: the last commits of a server that lost power, where neither a later frame
//! ([`Journal::attest`]) nor the mark proves them durable and they are damaged or cut off afterwards, look as if they never were.
//! The mark is then as old as what the system last wrote back by itself.
//! The decisions and their figures are in `docs/adr/0009-the-journal.md` and `docs/adr/0019-a-mark-beside-the-journal.md`.

mod backup_end;
mod contents;
mod copy;
mod disk;
mod error;
mod frame;
mod header;
mod history;
mod identity;
mod link;
mod log;
mod mark;
pub mod simulated;
mod small_file;
mod snapshot;
mod storage;
#[cfg(test)]
mod tests;

pub use contents::write_contents;
pub(crate) use contents::{KnownContents, read_contents};
pub use copy::{back_up, copy, raise};
pub(crate) use disk::LOCK;
pub use disk::{Disk, DiskFile, fresh_salt};
pub use error::{Defect, JournalError};
pub use frame::PAYLOAD_BYTES_MAX;
pub use header::FORMAT_VERSION;
pub(crate) use header::is_of_a_journal;
pub use history::{Commit, Finding, History, fleet_of};
pub use identity::{FleetContents, FleetId, Incarnation};
pub use link::Link;
pub use log::{CommitBuffer, Journal, JournalOptions, forget_old};
pub use mark::Reached;
pub use snapshot::SnapshotWriter;
pub use storage::{Storage, StorageFile};
