//! The state of an authority as plain data: a snapshot, taken piece by piece while events go on, and brought back.

pub(super) mod cut;
pub(super) mod restore;
pub(super) mod snapshot;
