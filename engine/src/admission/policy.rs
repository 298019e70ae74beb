//! The seam between admission and what tells policies apart.

use std::fmt::Debug;

use super::best_fit::BestFit;
use super::board::Board;
use super::dot_product::DotProduct;
use super::first_fit::FirstFit;
use super::fragmentation::Fragmentation;
use super::lessor::Lessor;
use super::power::PowerModel;
use super::power_aware::PowerAware;
use super::random::Random;
use super::room::Room;
use super::want::Want;

/// What it costs to put a want on a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating {
    /// The less the better; only ratings of one want by one policy compare.
    pub cost: i64,
    /// The devices that it would hold.
    pub devices: u64,
}

/// Whether what was rated before still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Every rating still holds.
    Kept,
    /// Every rating is out of date.
    Stale,
}

/// What tells policies apart.
pub trait Policy: Debug + Send {
    /// What it costs to put a want on a tile that it fits on. Between two calls of [`Policy::hear`] it depends on nothing but
    /// its arguments.
    fn rate(&self, want: &Want, tile: usize, room: &Room) -> Rating;

    /// What it needs to know of the tiles before the first want is rated.
    fn begin(&mut self, _board: &Board) {}

    /// Whether tiles that are just alike may be rated apart.
    fn tells_tiles_apart(&self) -> bool {
        false
    }

    /// A request for a want was decided about; what is learned of it holds from the next one on.
    fn hear(&mut self, _want: &Want, _board: &Board) -> Freshness {
        Freshness::Kept
    }
}

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
pub(super) const WATT: i64 = 4_000;

/// What a watt costs `lessor-power`.
pub(super) const DEAR_WATT: i64 = 12_000;

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
