//! The shell: owns the authority, its journal and its clock, and lets nothing out before it is durable.
//!
//! Two threads share the work. The **engine's** takes what waits, applies it, and gathers records and answers into a batch; the
//! **journal's** appends a batch as one commit, syncs it, and then hands out its answers. While one commit is being synced the
//! next batch grows, so the slower the device, the larger the batches. A batch leaves its thread in order, so an answer
//! waits for the sync of its own batch and of all before it; reads wait in the same line.
//!
//! Where callers are tasks of a runtime, two more of its tasks attend ([`Handle::attend`]): one lets a batch be begun only once the
//! others have brought what they can, and one tells what came of it.
//!
//! The plain meaning: for each event in turn, apply it, write it down, sync, answer.
//! Deviations: one sync for many events; events of a later batch are applied while an earlier one is being synced, which nobody
//! can see; a watch is not sent changes but told that there are some, and fetches them at its own pace.
//!
//! A failed write or sync ends the shell: whoever waits is told that nothing is known, and a new start finds out.
//!
//! Events wait in the queues (`queue`) of the `inbox`, which `places` keeps bounded for streams; `stage` applies them and gathers
//! a batch, and `committer` makes it durable and then tells; `trace` says how long each took. `engine` and `committer` are steps,
//! which `run` drives by two threads, with tasks among the callers (`attend`, `attendant`); `handle` is how the rest of the
//! program speaks to them (`answer`, `view`, `watch`). `open` and `recovery` bring a shell back, and `snapshot_task` writes a
//! snapshot beside the commits. `options` is what a shell is started with.

mod answer;
mod attend;
mod attendant;
mod clock;
mod committer;
mod counters;
mod engine;
mod error;
mod fleet_id;
#[cfg(test)]
mod fleet_tests;
mod handle;
mod inbox;
mod open;
mod options;
mod places;
mod queue;
mod recovery;
mod run;
mod snapshot_task;
mod stage;
#[cfg(test)]
pub(crate) mod test_world;
#[cfg(test)]
mod tests;
mod trace;
mod view;
mod watch;
mod work;

pub(crate) use clock::EngineClock;
pub(crate) use committer::Committer;
pub(crate) use engine::{Engine, Stepped};
pub(crate) use open::{Parts, open};
pub(crate) use snapshot_task::SnapshotTask;
pub(crate) use stage::Batch;
pub(crate) use trace::{CALLS, micros};

pub use answer::{AnswerSink, AnswerStream, Answered, Overloaded, Pending, Stopped, answer_stream};
pub use counters::{Counters, Histogram};
pub use error::ShellError;
pub use fleet_id::{fleet_contents, fleet_id};
pub use handle::Handle;
pub use options::{FleetChange, Limits, Listener, PlacementMaker, ShellOptions};
pub use places::Place;
pub use queue::Queue;
pub use recovery::RecoveryReport;
pub use run::Shell;
pub use stage::UNSTATED;
pub use view::View;
pub use watch::{CHANGES_AT_ONCE, Watch, WatchError};
