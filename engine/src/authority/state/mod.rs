//! What an authority is at an instant: its leases, when they end, what was answered, who holds which key, and what changed.

pub(super) mod deadlines;
pub(super) mod history;
pub(super) mod keys;
pub(super) mod repeats;
pub(super) mod slots;
pub(super) mod stretches;
