//! What is kept for the classes that no market can crowd out.

use lessor_models::resources::{Kind, Resources, UNLIMITED};

/// One, in thousandths.
const WHOLE: u64 = 1_000;

/// What is kept of one owner's accounts for classes A and B, in base units, whatever the accounts can give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Floors {
    /// Kept for class A as long as A itself holds less.
    pub a: Resources,
    /// Kept for class B as long as B itself holds less.
    pub b: Resources,
}

/// The same in thousandths of what each account can give at an instant; of an account without a limit nothing is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FloorShares {
    /// Kept for class A as long as A itself holds less.
    pub a: Resources,
    /// Kept for class B as long as B itself holds less.
    pub b: Resources,
}

/// Floors as they were last stated for an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// As amounts.
    Amounts(Floors),
    /// As shares.
    Shares(FloorShares),
}

impl Kept {
    /// Nothing is kept.
    pub const NOTHING: Kept = Kept::Amounts(Floors { a: Resources::ZERO, b: Resources::ZERO });

    /// What is kept for class A of accounts that can give so much.
    #[inline]
    pub(super) fn for_a(&self, limit: &Resources) -> Resources {
        match self {
            Kept::Amounts(floors) => floors.a,
            Kept::Shares(shares) => parts(limit, &shares.a),
        }
    }

    /// What is kept for class B of accounts that can give so much.
    #[inline]
    pub(super) fn for_b(&self, limit: &Resources) -> Resources {
        match self {
            Kept::Amounts(floors) => floors.b,
            Kept::Shares(shares) => parts(limit, &shares.b),
        }
    }
}

impl Default for Kept {
    fn default() -> Kept {
        Kept::NOTHING
    }
}

/// Shares are floors where they keep anything; what keeps nothing has one form.
impl From<FloorShares> for Kept {
    fn from(shares: FloorShares) -> Kept {
        if shares == FloorShares::default() { Kept::NOTHING } else { Kept::Shares(shares) }
    }
}

/// Shares of amounts, rounded up as rounds of the market do.
fn parts(limit: &Resources, shares: &Resources) -> Resources {
    let mut parts = Resources::ZERO;
    for kind in Kind::ALL {
        let (amount, share) = (limit.get(kind), shares.get(kind));
        if share > 0 && amount != UNLIMITED {
            let (thousands, rest) = (amount / WHOLE, amount % WHOLE);
            let part = thousands.saturating_mul(share).saturating_add(rest.saturating_mul(share).div_ceil(WHOLE));
            parts = parts.with(kind, part);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_what_there_is_rounded_up_and_there_is_none_of_what_has_no_limit() {
        let a = Resources::of(Kind::Compute, 200).with(Kind::Memory, 1).with(Kind::Power, 999);
        let kept = Kept::from(FloorShares { a, b: Resources::ZERO });
        let limit = Resources::UNLIMITED.with(Kind::Compute, 1_001).with(Kind::Memory, 0);
        assert_eq!(kept.for_a(&limit), Resources::of(Kind::Compute, 201));
        let most = 1 << 53;
        let power = kept.for_a(&Resources::UNLIMITED.with(Kind::Power, most)).get(Kind::Power);
        assert_eq!(u128::from(power), (u128::from(most) * 999).div_ceil(1_000));
        assert_eq!(kept.for_b(&limit), Resources::ZERO);
        assert_eq!(Kept::from(FloorShares::default()), Kept::default());
    }
}
