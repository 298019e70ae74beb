//! Floors: what the market cannot take.
//!
//! Of an account with capacity `C`, of which the classes hold `h`, the market may still hand out
//!
//! ```text
//! max(0, min(C share, C - kept(A) - kept(B)) - h(C) - h(D)),    kept(X) = max(h(X), C floor(X) rounded up)
//! ```
//!
//! so whatever C and D ask for, what A and B can still take, up to their floors, is there.

use super::AccountClass;

/// What the service classes hold of an account, A to D.
pub type Held = [u64; 4];

/// How much of an account the market may still hand out to classes C and D; nothing where the account is in deficit.
#[must_use]
pub fn tradable(class: &AccountClass, capacity: u64, held: Held) -> u64 {
    let [_, _, interactive, bulk] = held;
    let kept = [0, 1].map(|protected| kept(class, capacity, held, protected));
    let left = capacity.saturating_sub(kept[0]).saturating_sub(kept[1]);
    let most = left.min(share(capacity, class.share_permille));
    most.saturating_sub(interactive).saturating_sub(bulk)
}

/// What is kept of an account for class A (0) or B (1): its floor, or what it holds where that is more.
#[must_use]
pub fn kept(class: &AccountClass, capacity: u64, held: Held, protected: usize) -> u64 {
    let floor = (u128::from(capacity) * u128::from(class.floors_permille[protected])).div_ceil(1_000);
    u64::try_from(floor).unwrap_or(u64::MAX).max(held[protected])
}

/// A share in thousandths of an amount, rounded down.
pub(crate) fn share(amount: u64, permille: u32) -> u64 {
    u64::try_from(u128::from(amount) * u128::from(permille) / 1_000).unwrap_or(u64::MAX)
}
