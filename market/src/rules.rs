//! What a round is cleared by.

/// What winners pay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PaymentRule {
    /// Their bids.
    #[default]
    PayAsBid,
    /// What others lose by their being there (Vickrey 1961, Clarke 1971, Groves 1973), whole bidders at a time.
    Vcg,
    /// Of the payments that no coalition blocks, those of least revenue, and of these the nearest to VCG (Day & Cramton 2012).
    Core,
    /// Of the payments that no coalition blocks, the nearest to VCG, whatever the revenue.
    NearestCore,
}

/// The rules of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// What winners pay.
    pub payments: PaymentRule,
    /// The seed of every choice by chance.
    pub seed: u64,
}
