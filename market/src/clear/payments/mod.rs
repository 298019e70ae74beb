//! Payment rules. Whatever needs exact optima refuses to settle without them.

pub(crate) mod choice;
pub(crate) mod core;
pub(crate) mod least;
pub(crate) mod nearest;
pub(crate) mod uniform;
pub(crate) mod vcg;
pub(crate) mod wide;
