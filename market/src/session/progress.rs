//! How far a round is, as it is told while it is cleared.

use std::sync::Mutex;

use crate::clear::paying::Paying;

/// What an account class is at. Formats that need no program are over at once, and tell nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The class, by position in the policy.
    pub class: usize,
    /// Which part of clearing it.
    pub phase: Phase,
    /// What the best winners so far state beyond reserve prices, or beyond what sellers ask, in micro-credits.
    pub surplus: u128,
    /// A proven limit on that for every choice of winners.
    pub bound: u128,
}

/// A part of clearing a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Winners are chosen.
    Winners,
    /// What they pay is found, and what sellers get.
    Payments(Paying),
}

/// Called with a phase of one class, and the surplus and the bound, when the phase begins or gets on or either improves.
pub(super) type Report<'a> = &'a mut (dyn FnMut(Phase, u128, u128) + Send);

/// Tells how far payments are, from any thread, for winners of a surplus under a bound.
pub(super) fn paying(report: Report<'_>, surplus: u128, bound: u128) -> impl Fn(Paying) + Sync + '_ {
    let report = Mutex::new(report);
    move |paying| (report.lock().expect("no telling panics"))(Phase::Payments(paying), surplus, bound)
}
