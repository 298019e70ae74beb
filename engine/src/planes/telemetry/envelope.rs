//! What a tile's readings leave of what it was built for.

use lessor_models::resources::Kind;

use crate::plane::ClosureCause;

/// What is left of a tile's headroom: its capacity beyond what it draws when idle. Shares are in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Of power: lowered by temperature, by overdraw and by errors, whichever is worst.
    pub power_permille: u32,
    /// Of heat: lowered by temperature, by rejecting too much, and by errors, whichever is worst.
    pub heat_permille: u32,
    /// Of every other kind: lowered by errors.
    pub share_permille: u32,
    /// Why the tile takes nothing new, if so; the first cause that holds, in the order of [`ClosureCause`].
    pub closure: Option<ClosureCause>,
}

impl Envelope {
    /// Everything that the tile was built for.
    pub const WHOLE: Envelope =
        Envelope { power_permille: 1_000, heat_permille: 1_000, share_permille: 1_000, closure: None };

    /// What is left of one kind.
    #[must_use]
    pub const fn permille(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Power => self.power_permille,
            Kind::Heat => self.heat_permille,
            Kind::Compute | Kind::Memory | Kind::Bandwidth | Kind::Accelerator | Kind::Storage | Kind::Reversible => {
                self.share_permille
            }
        }
    }
}
