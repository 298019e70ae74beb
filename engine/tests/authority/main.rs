//! The authority, told in stories, held against a slow and obvious oracle, and held to its invariants.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as tests do")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect_test writes them where a story quotes something")]

mod bad_input;
mod displacement;
mod first_fit;
mod many_revocations;
mod oracle;
mod prices;
mod questions;
mod random;
mod recovery;
mod refunds;
mod sabotage;
mod script;
mod stories;
mod support;
