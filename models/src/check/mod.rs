//! The exact checker.
