//! What an earlier plane said of a tile, and until when that still counts.
//!
//! Whoever starts anew has no samples, and the authority knows only what was made of those before. As silence proves nothing,
//! that stands until what is heard since could have outweighed the samples behind it: a whole window with enough of them, and
//! the length of the window of errors. Of a tile that was closed for heat or errors those count that tell of that. A word that
//! the uplink is up opens what was closed for the link at once.

use lessor_models::resources::Resources;
use lessor_models::telemetry::Sample;
use lessor_models::time::Timestamp;

use super::TelemetryPolicy;
use crate::plane::ClosureCause;

/// What was said of one tile, and how much was heard of it since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Former {
    /// The most that the tile may give.
    pub(super) most: Resources,
    /// Why it takes nothing new, if so.
    pub(super) closure: Option<ClosureCause>,
    /// The first sample heard since.
    first: Option<Timestamp>,
    /// Samples that count in the running window.
    samples: u32,
    /// Whether the running window is not the one in which the first sample came.
    is_whole: bool,
    /// Whether a whole window had enough samples.
    is_outweighed: bool,
}

impl Former {
    /// What limits nothing.
    pub(super) const NOTHING: Former = Former {
        most: Resources::UNLIMITED,
        closure: None,
        first: None,
        samples: 0,
        is_whole: false,
        is_outweighed: false,
    };

    /// The running window of the tile ends.
    pub(super) fn turn(&mut self, policy: &TelemetryPolicy) {
        self.is_outweighed |= self.is_whole && self.samples >= policy.window_samples_min;
        self.is_whole = self.first.is_some();
        self.samples = 0;
    }

    /// Takes in a sample of the running window.
    pub(super) fn hear(&mut self, sample: &Sample) {
        self.first = Some(self.first.map_or(sample.at, |first| first.min(sample.at)));
        let counts = match self.closure {
            Some(ClosureCause::TooHot) => sample.temperature_mk.is_some(),
            Some(ClosureCause::Errors) => sample.error_count.is_some(),
            Some(ClosureCause::LinkDown) | None => true,
        };
        self.samples = self.samples.saturating_add(u32::from(counts));
    }

    /// What of it still counts after a tile's latest sample, which may have said last that its uplink is up.
    pub(super) fn left(self, at: Timestamp, is_link_up: bool, policy: &TelemetryPolicy) -> Former {
        let errors_passed = self.first.is_some_and(|first| first.after(policy.error_window) <= at);
        if self.is_outweighed && errors_passed {
            return Former::NOTHING;
        }
        let closure = self.closure.filter(|cause| !(is_link_up && *cause == ClosureCause::LinkDown));
        Former { closure, ..self }
    }
}
