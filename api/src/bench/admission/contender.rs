//! Who decides.

use lessor_engine::admission::{Policy, PolicyName, PowerModel, lessor};

/// What a watt costs in the policies between `lessor` and `lessor-power`, and on either side of them, in millionths of a device.
const WATTS: [i64; 5] = [0, 1_000, 2_000, 8_000, 40_000];

/// A policy by its name, or `lessor` at another price of a watt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contender {
    pub(super) name: String,
    maker: Maker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Named(PolicyName),
    Watt(i64),
}

impl Contender {
    /// A policy as it is.
    pub(super) fn named(policy: PolicyName) -> Contender {
        Contender { name: policy.name().to_owned(), maker: Maker::Named(policy) }
    }

    /// Every policy, then the rest of the front.
    pub(super) fn all() -> Vec<Contender> {
        let watt = |watt| Contender { name: format!("lessor, watt at {watt}"), maker: Maker::Watt(watt) };
        PolicyName::ALL.into_iter().map(Contender::named).chain(WATTS.map(watt)).collect()
    }

    /// Whether it is on the front between room and power: `lessor` at some price of a watt.
    pub(super) fn is_of_front(&self) -> bool {
        match self.maker {
            Maker::Watt(_) => true,
            Maker::Named(policy) => matches!(policy, PolicyName::Lessor | PolicyName::LessorPower),
        }
    }

    /// Whether it has a name of its own.
    pub(super) fn is_named(&self) -> bool {
        matches!(self.maker, Maker::Named(_))
    }

    pub(super) fn policy(&self, power: PowerModel, seed: u64) -> Box<dyn Policy> {
        match self.maker {
            Maker::Named(policy) => policy.policy(power, seed),
            Maker::Watt(watt) => lessor(power, watt),
        }
    }
}
