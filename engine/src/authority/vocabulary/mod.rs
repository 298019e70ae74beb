//! The words in which an authority is spoken to and answers: events and what is decided of them, effects and refusals, leases,
//! labels and money, and the terms that all of it goes by.

pub(super) mod decision;
pub(super) mod digest;
pub(super) mod effect;
pub(super) mod event;
pub(super) mod label;
pub(super) mod lease;
pub(super) mod money;
pub(super) mod refusal;
pub(super) mod terms;
