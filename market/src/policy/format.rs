//! Formats of rounds, and the payment rules that each supports.

/// How a round works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Sealed bids on bundles; winners by integer program.
    SealedBid,
    /// Sealed bids of bidders who each want one bundle; winners by value over the root of weighted size.
    Greedy,
    /// Each bidder wants one of many things.
    UnitDemand,
    /// Bids and offers on both sides.
    DoubleAuction,
    /// Whoever comes takes at the price that stands.
    Posted,
}

impl Format {
    /// Every format, in the order of the documents.
    pub const ALL: [Format; 5] =
        [Format::SealedBid, Format::Greedy, Format::UnitDemand, Format::DoubleAuction, Format::Posted];

    /// The name used in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Format::SealedBid => "sealed-bid",
            Format::Greedy => "greedy",
            Format::UnitDemand => "unit-demand",
            Format::DoubleAuction => "double-auction",
            Format::Posted => "posted",
        }
    }

    /// Whether sellers offer what is let; else it is what the fleet has.
    #[must_use]
    pub const fn takes_offers(self) -> bool {
        matches!(self, Format::UnitDemand | Format::DoubleAuction)
    }

    /// Whether a bidder states one bid and no more.
    #[must_use]
    pub const fn is_single_minded(self) -> bool {
        matches!(self, Format::Greedy)
    }

    /// The payment rules that the format supports.
    #[must_use]
    pub const fn supports(self) -> &'static [PaymentRule] {
        match self {
            Format::SealedBid => &[
                PaymentRule::PayAsBid,
                PaymentRule::Uniform,
                PaymentRule::Vcg,
                PaymentRule::Core,
                PaymentRule::NearestCore,
            ],
            Format::Greedy => &[PaymentRule::CriticalBid],
            Format::UnitDemand => &[PaymentRule::Vcg],
            Format::DoubleAuction => &[PaymentRule::Uniform, PaymentRule::TradeReduction, PaymentRule::Vcg],
            Format::Posted => &[PaymentRule::PostedPrice],
        }
    }
}

/// What winners pay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentRule {
    /// What they bid.
    #[default]
    PayAsBid,
    /// One price for all of a good.
    Uniform,
    /// What others lose by their being there (Vickrey 1961, Clarke 1971, Groves 1973), whole bidders at a time.
    Vcg,
    /// Of the payments that no coalition blocks, those of least revenue, and of these the nearest to VCG (Day & Cramton 2012).
    Core,
    /// Of the payments that no coalition blocks, the nearest to VCG, whatever the revenue.
    NearestCore,
    /// The least bid that would have won.
    CriticalBid,
    /// Prices that the least valuable trade sets, which then does not take place.
    TradeReduction,
    /// The price that stands.
    PostedPrice,
}

impl PaymentRule {
    /// Every rule, in the order of the documents.
    pub const ALL: [PaymentRule; 8] = [
        PaymentRule::PayAsBid,
        PaymentRule::Uniform,
        PaymentRule::Vcg,
        PaymentRule::Core,
        PaymentRule::NearestCore,
        PaymentRule::CriticalBid,
        PaymentRule::TradeReduction,
        PaymentRule::PostedPrice,
    ];

    /// The name used in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PaymentRule::PayAsBid => "pay-as-bid",
            PaymentRule::Uniform => "uniform",
            PaymentRule::Vcg => "vcg",
            PaymentRule::Core => "core",
            PaymentRule::NearestCore => "nearest-core",
            PaymentRule::CriticalBid => "critical-bid",
            PaymentRule::TradeReduction => "trade-reduction",
            PaymentRule::PostedPrice => "posted-price",
        }
    }
}
