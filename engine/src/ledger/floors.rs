//! What is kept for the classes that no market can crowd out.

use lessor_models::resources::Resources;

/// What is kept of one owner's accounts for classes A and B.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Floors {
    /// Kept for class A as long as A itself holds less.
    pub a: Resources,
    /// Kept for class B as long as B itself holds less.
    pub b: Resources,
}
