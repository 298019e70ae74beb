//! The tables of a file of weights that say what the use of tiles costs: `[[headroom]]` and `[[balance]]`.

use lessor_models::objective::balance::Balance;
use lessor_models::objective::headroom::Headroom;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::kind_name::KindName;

/// A safety capacity for one kind on every tile.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeadroomRule {
    /// The kind.
    kind: KindName,
    /// The safety capacity, in thousandths of the tile's.
    #[serde(deserialize_with = "permille")]
    safe_permille: u32,
    /// Micro-credits per 10^6 base units above it and hour.
    price: u64,
}

/// What should be left of one kind for what is left of another, on every tile.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(try_from = "BalanceTable")]
pub(crate) struct BalanceRule {
    /// The kind that is measured.
    of: KindName,
    /// The kind that should be kept for it.
    kept: KindName,
    /// Base units of the kept kind for 10^9 base units of the other.
    target_per_billion: u64,
    /// Micro-credits per 10^6 base units of the kept kind that are lacking and hour.
    price: u64,
}

/// A table `[[balance]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BalanceTable {
    of: KindName,
    kept: KindName,
    target_per_billion: u64,
    price: u64,
}

/// A kind that is to be kept for itself.
#[derive(Debug, thiserror::Error)]
#[error(
    "of and kept are both {kind:?}: a balance is between two kinds; name another, or write [[headroom]] to keep some of one"
)]
struct OneKind {
    kind: &'static str,
}

impl TryFrom<BalanceTable> for BalanceRule {
    type Error = OneKind;

    fn try_from(table: BalanceTable) -> Result<BalanceRule, OneKind> {
        let BalanceTable { of, kept, target_per_billion, price } = table;
        if of.0 == kept.0 {
            return Err(OneKind { kind: of.0.name() });
        }
        Ok(BalanceRule { of, kept, target_per_billion, price })
    }
}

/// A share in thousandths.
fn permille<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let share = u32::deserialize(deserializer)?;
    if share > 1_000 {
        return Err(D::Error::custom(format!("{share} is above 1000 thousandths: all of a tile is 1000")));
    }
    Ok(share)
}

impl HeadroomRule {
    /// The rule of the objective.
    pub(crate) fn rule(&self) -> Headroom {
        Headroom { kind: self.kind.0, safe_permille: self.safe_permille, price: self.price }
    }

    /// The record of a rule.
    pub(crate) fn record(rule: &Headroom) -> HeadroomRule {
        HeadroomRule { kind: KindName(rule.kind), safe_permille: rule.safe_permille, price: rule.price }
    }
}

impl BalanceRule {
    /// The rule of the objective.
    pub(crate) fn rule(&self) -> Balance {
        let BalanceRule { of, kept, target_per_billion, price } = *self;
        Balance { of: of.0, kept: kept.0, target_per_billion, price }
    }

    /// The record of a rule.
    pub(crate) fn record(rule: &Balance) -> BalanceRule {
        let &Balance { of, kept, target_per_billion, price } = rule;
        BalanceRule { of: KindName(of), kept: KindName(kept), target_per_billion, price }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_above_all_and_a_kind_that_is_none_are_refused_in_words() {
        let refused = |text: &str| toml::from_str::<HeadroomRule>(text).unwrap_err().to_string();
        let above = refused("kind = \"compute\"\nsafe_permille = 1001\nprice = 1");
        assert!(above.contains("line 2") && above.contains("1001 is above 1000"), "{above}");
        let unknown = refused("kind = \"speed\"\nsafe_permille = 1\nprice = 1");
        assert!(unknown.contains("\"speed\" is no kind") && unknown.contains("compute, memory"), "{unknown}");
    }

    #[test]
    fn a_kind_is_not_balanced_against_itself() {
        let text = |kept: &str| format!("of = \"compute\"\nkept = \"{kept}\"\ntarget_per_billion = 1\nprice = 1");
        let refused = toml::from_str::<BalanceRule>(&text("compute")).unwrap_err().to_string();
        assert!(refused.contains("both \"compute\"") && refused.contains("[[headroom]]"), "{refused}");
        assert!(toml::from_str::<BalanceRule>(&text("memory")).is_ok());
        let unknown = toml::from_str::<BalanceRule>(&(text("memory") + "\nmore = 1")).unwrap_err().to_string();
        assert!(unknown.contains("line 5") && unknown.contains("more"), "{unknown}");
    }
}
