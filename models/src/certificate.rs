//! The proof that comes with a plan: prices from which anyone can compute a bound on every plan's value.

use crate::fleet::{ClassIndex, NodeIndex, Owner};
use crate::job::JobIndex;
use crate::resources::Kind;
use crate::time::{Interval, Timestamp};

/// Dual prices are counted in units of 2^-56 micro-credits per base unit and second.
pub const DUAL_SHIFT: u32 = 56;

/// Prices of pieces and of shapes are counted in units of 2^-10 micro-credits, so that the dearest bid, 2^53, still has a
/// price of 64 bits.
pub const PIECE_PRICE_SHIFT: u32 = 10;

/// Which accounts a dual price belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// One node above the tiles, or one zone.
    Owner(Owner),
    /// Every tile of one class under one node, each at the same price.
    Tiles {
        /// The class.
        class: ClassIndex,
        /// The node that they are under.
        under: NodeIndex,
    },
}

/// A non-negative price on the capacity that a scope gives during an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dual {
    /// Whose capacity.
    pub scope: Scope,
    /// Of which kind.
    pub kind: Kind,
    /// When.
    pub interval: Interval,
    /// Price in 2^-[`DUAL_SHIFT`] micro-credits per base unit and second.
    pub price: u64,
}

/// A non-negative price of holding one piece of a device on a scope's tiles at an instant.
///
/// A capsule of `n` devices of `m` milli holds `n` pieces of `m` milli while it runs. The scope is every tile of one class
/// under one node; prices of the same piece, scope and instant add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PiecePrice {
    /// The class of the tiles.
    pub class: ClassIndex,
    /// The node that they are under.
    pub under: NodeIndex,
    /// How much of a device the piece is, in milli-devices: 1 to 1,000.
    pub milli: u16,
    /// When.
    pub instant: Timestamp,
    /// Price in 2^-[`PIECE_PRICE_SHIFT`] micro-credits per piece.
    pub price: u64,
}

/// A non-negative price of running one capsule of a shape on a scope's tiles at an instant.
///
/// A shape is what one capsule draws from a tile of a class, in every kind. A job tells it: every capsule, of whatever job,
/// that draws exactly as much from tiles of the class pays while it runs. The scope is every tile of the class under one node;
/// prices of the same shape, scope and instant add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShapePrice {
    /// The class of the tiles.
    pub class: ClassIndex,
    /// The node that they are under.
    pub under: NodeIndex,
    /// A job whose capsules are of the shape.
    pub job: JobIndex,
    /// When.
    pub instant: Timestamp,
    /// Price in 2^-[`PIECE_PRICE_SHIFT`] micro-credits per capsule.
    pub price: u64,
}

/// The prices from which `check::bound` computes a bound that holds for every plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Prices of capacity.
    pub duals: Vec<Dual>,
    /// Prices of pieces of devices, where capsules are large against a device.
    pub pieces: Vec<PiecePrice>,
    /// Prices of shapes, where capsules are large against a tile.
    pub shapes: Vec<ShapePrice>,
}

impl Certificate {
    /// The same with so many eighths of every price, rounded down; at zero there is no price at all.
    #[must_use]
    pub fn eighths(&self, eighths: u64) -> Certificate {
        let part = |price: u64| {
            let part = u128::from(price) * u128::from(eighths) / 8;
            u64::try_from(part).unwrap_or(u64::MAX)
        };
        let duals = self.duals.iter().map(|dual| Dual { price: part(dual.price), ..*dual });
        let pieces = self.pieces.iter().map(|piece| PiecePrice { price: part(piece.price), ..*piece });
        let shapes = self.shapes.iter().map(|shape| ShapePrice { price: part(shape.price), ..*shape });
        Certificate {
            duals: duals.filter(|dual| dual.price > 0).collect(),
            pieces: pieces.filter(|piece| piece.price > 0).collect(),
            shapes: shapes.filter(|shape| shape.price > 0).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_prices_round_down_and_nothing_is_left_of_none() {
        let (class, under, instant) = (ClassIndex(0), NodeIndex(0), Timestamp(0));
        let interval = Interval { start: instant, end: Timestamp(1) };
        let dual = |price| Dual { scope: Scope::Tiles { class, under }, kind: Kind::Memory, interval, price };
        let piece = |price| PiecePrice { class, under, milli: 500, instant, price };
        let shape = |price| ShapePrice { class, under, job: JobIndex(0), instant, price };
        let of = |duals: &[u64], [pieces, shapes]: [u64; 2]| Certificate {
            duals: duals.iter().copied().map(dual).collect(),
            pieces: vec![piece(pieces)],
            shapes: vec![shape(shapes)],
        };
        let all = of(&[u64::MAX, 1, 9], [16, 8]);
        assert_eq!(all.eighths(8), all);
        assert_eq!(all.eighths(4), of(&[u64::MAX / 2, 4], [8, 4]));
        assert_eq!(all.eighths(0), Certificate::default());
    }
}
