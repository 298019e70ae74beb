//! What goes wrong in a simulated world, and how often it did.

use std::collections::BTreeMap;

/// One kind of misfortune.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A message never arrives.
    MessageLost,
    /// A message takes longer than a second.
    MessageLate,
    /// A message arrives twice.
    MessageDoubled,
    /// A message arrives before one that was sent earlier on the same way.
    MessageOvertaken,
    /// A party and the authority hear nothing of each other for a while.
    Partition,
    /// A stream of changes breaks, and what was under way on it is lost.
    StreamBroken,
    /// A holder's clock runs at a rate beyond what the guard band covers.
    ClockBeyondBand,
    /// A holder does nothing for a while, and its clock goes on.
    HolderPaused,
    /// A holder was paused over the end of its use for longer than the guard band covers.
    PauseBeyondBand,
    /// An effect arrives longer after the look at the clock that allowed it than the guard band covers.
    EffectBeyondBand,
    /// The authority does nothing for a while.
    AuthorityPaused,
    /// The authority's process is ended; what it wrote can still be read.
    Killed,
    /// The authority ends in order, and begins again on a fleet whose tiles, devices and feed give something else.
    FleetChanged,
    /// Power fails, while the authority is idle or in the middle of an operation of its journal.
    PowerLost,
    /// Power fails while the authority recovers.
    PowerLostInRecovery,
    /// A sync fails.
    SyncFailed,
    /// A commit takes a second or more.
    DeviceSlow,
    /// A part of a write that no sync covers is lost.
    WriteLost,
    /// A write that no sync covers survives in part of a sector.
    WriteTorn,
    /// Writes that no sync covers reach the device in another order.
    WriteReordered,
    /// A bit of a journal turned over, and the journal was refused.
    BitFlipFound,
    /// A bit of a journal turned over where nothing depends on it.
    BitFlipHarmless,
    /// A bit turned over in a last commit that nothing proves durable: it passes for one that never was.
    BitFlipInLastCommit,
    /// A hundred leases end in one instant.
    ExpiryStorm,
    /// A holder gives back what was revoked long after it learnt of it.
    SlowReturn,
    /// A class had as many waiting as may.
    Overload,
}

impl Fault {
    /// Its name in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Fault::MessageLost => "messages_lost",
            Fault::MessageLate => "messages_late",
            Fault::MessageDoubled => "messages_doubled",
            Fault::MessageOvertaken => "messages_overtaken",
            Fault::Partition => "partitions",
            Fault::StreamBroken => "streams_broken",
            Fault::ClockBeyondBand => "clocks_beyond_band",
            Fault::HolderPaused => "holders_paused",
            Fault::PauseBeyondBand => "pauses_beyond_band",
            Fault::EffectBeyondBand => "effects_beyond_band",
            Fault::AuthorityPaused => "authority_paused",
            Fault::Killed => "kills",
            Fault::FleetChanged => "fleets_changed",
            Fault::PowerLost => "power_losses",
            Fault::PowerLostInRecovery => "power_losses_in_recovery",
            Fault::SyncFailed => "syncs_failed",
            Fault::DeviceSlow => "device_slow",
            Fault::WriteLost => "writes_lost",
            Fault::WriteTorn => "writes_torn",
            Fault::WriteReordered => "writes_reordered",
            Fault::BitFlipFound => "bit_flips_found",
            Fault::BitFlipHarmless => "bit_flips_harmless",
            Fault::BitFlipInLastCommit => "bit_flips_in_last_commit",
            Fault::ExpiryStorm => "expiry_storms",
            Fault::SlowReturn => "slow_returns",
            Fault::Overload => "overloads",
        }
    }
}

/// How often each occurred.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults(BTreeMap<Fault, u64>);

impl Faults {
    /// One more.
    pub(super) fn note(&mut self, fault: Fault) {
        self.note_many(fault, 1);
    }

    /// So many more.
    pub(super) fn note_many(&mut self, fault: Fault, count: u64) {
        *self.0.entry(fault).or_default() += count;
    }

    /// Those of another world too.
    pub(crate) fn add(&mut self, other: &Faults) {
        other.all().for_each(|(fault, count)| self.note_many(fault, count));
    }

    /// Each that occurred, and how often.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Fault, u64)> + '_ {
        self.0.iter().map(|(fault, count)| (*fault, *count))
    }
}
