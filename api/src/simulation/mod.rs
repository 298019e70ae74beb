//! The lease service in a world where everything goes wrong that may, from one seed.
//!
//! The authority's machine runs the very steps of the real server ([`crate::shell`]): what waits is taken up, applied, appended
//! to the journal as one commit, and told once that is durable; recovery is the same too. Around it are simulated a disk that
//! loses, tears and reorders what no sync covers, a network, clocks that drift, pauses, crashes, holders that count their terms
//! by the client's own [`HolderTerm`](crate::client::HolderTerm), things that check fence tokens, watchers and an operator.
//!
//! Where the authority ends in order, its fleet may be refitted: tiles, devices and the feed that give more or less.
//!
//! A world alternates between a phase in which faults happen, in which nothing that was promised may break, and one without, in
//! which everybody must get on. At the end all holders leave, and nothing may remain. [`invariants`] says what always holds. The
//! same seed is the same history, to the last byte.
//!
//! What is left out of the real program: its threads and sockets, and the form of messages on the wire.
//!
//! `world` has the time, and an `agenda` of what happens next; `phases` say when faults happen (`faults`, `misfortunes`,
//! `flips`). `server` drives the shell's steps in place of threads, `network` carries `calls`, each party has its
//! `drifting_clock`: `holder`, `watcher`, `operator`, and the `things` that leases protect. `witness` is a second authority
//! that is told what is durable.

mod agenda;
mod authority_side;
mod calls;
mod chance;
mod drifting_clock;
mod faults;
mod fleet;
mod flips;
mod holder;
mod invariants;
mod misfortunes;
mod network;
mod operator;
mod parties_side;
mod phases;
mod poll;
mod server;
#[cfg(test)]
mod tests;
mod things;
mod watcher;
mod wishes;
mod witness;
mod world;

pub(crate) use faults::Faults;
pub(crate) use phases::{Lived, live};
