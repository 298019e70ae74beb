//! What a front came to.

use super::pair::Pair;
use super::point::Point;
use crate::plan::run_file::Settings;

/// The folder of its plans, in its directory.
pub(super) const PLANS: &str = "plans";

/// What a front came to.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    pub(super) pair: Pair,
    /// Best in the first term first.
    pub(super) points: Vec<Point>,
    pub(super) settings: &'a Settings,
    pub(super) tiles: u64,
    pub(super) jobs: u64,
}
