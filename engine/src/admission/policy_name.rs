//! Every policy by its name.

use super::best_fit::BestFit;
use super::dot_product::DotProduct;
use super::first_fit::FirstFit;
use super::fragmentation::Fragmentation;
use super::lessor::Lessor;
use super::policy::Policy;
use super::power::PowerModel;
use super::power_aware::PowerAware;
use super::random::Random;

/// The policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyName {
    /// Anywhere, by chance.
    Random,
    /// The first tile.
    FirstFit,
    /// The tile with least left after it.
    BestFit,
    /// The tile whose room is least alike.
    DotProduct,
    /// The least growth of fragmentation.
    Fgd,
    /// The least growth of power.
    PowerAware,
    /// The least loss of worth.
    Lessor,
    /// The least loss of worth, where a watt is dear.
    LessorPower,
}

/// What a watt costs `lessor`, in millionths of a device, on empty tiles.
const WATT: i64 = 4_000;

/// What a watt costs `lessor-power`.
const DEAR_WATT: i64 = 12_000;

impl PolicyName {
    /// Every policy, the plainest first.
    pub const ALL: [PolicyName; 8] = [
        PolicyName::Random,
        PolicyName::FirstFit,
        PolicyName::BestFit,
        PolicyName::DotProduct,
        PolicyName::Fgd,
        PolicyName::PowerAware,
        PolicyName::Lessor,
        PolicyName::LessorPower,
    ];

    /// The name used in flags and tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PolicyName::Random => "random",
            PolicyName::FirstFit => "first-fit",
            PolicyName::BestFit => "best-fit",
            PolicyName::DotProduct => "dot-product",
            PolicyName::Fgd => "fgd",
            PolicyName::PowerAware => "power-aware",
            PolicyName::Lessor => "lessor",
            PolicyName::LessorPower => "lessor-power",
        }
    }

    /// The policy, on tiles whose classes draw power as the model says; chance comes from the seed.
    #[must_use]
    pub fn policy(self, power: PowerModel, seed: u64) -> Box<dyn Policy> {
        match self {
            PolicyName::Random => Box::new(Random::new(seed)),
            PolicyName::FirstFit => Box::new(FirstFit),
            PolicyName::BestFit => Box::new(BestFit::default()),
            PolicyName::DotProduct => Box::new(DotProduct),
            PolicyName::Fgd => Box::new(Fragmentation::default()),
            PolicyName::PowerAware => Box::new(PowerAware::new(power)),
            PolicyName::Lessor => lessor(power, WATT),
            PolicyName::LessorPower => lessor(power, DEAR_WATT),
        }
    }
}

/// `lessor` with another price of a watt, in millionths of a device: the front between room and power.
#[must_use]
pub fn lessor(power: PowerModel, watt: i64) -> Box<dyn Policy> {
    Box::new(Lessor::new(power, watt))
}
