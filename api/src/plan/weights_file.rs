//! The weights of the objective as one TOML file. Every key may be left out; a key that is not known is an error.

use std::fs;
use std::path::{Path, PathBuf};

use lessor_models::objective::Weights;
use lessor_models::resources::Kinds;
use serde::{Deserialize, Serialize};

use super::kind_name::KindName;
use super::strain_rules::{BalanceRule, HeadroomRule};

/// The keys of the file, and of the record in `run.json`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WeightsFile {
    /// Weight of the energy cost, in thousandths.
    energy_permille: Option<u32>,
    /// Weight of the cost of emissions, in thousandths.
    carbon_permille: Option<u32>,
    /// Weight of the risk cost, in thousandths.
    risk_permille: Option<u32>,
    /// Weight of the thermal cost, in thousandths.
    thermal_permille: Option<u32>,
    /// Weight of the latency cost, in thousandths.
    latency_permille: Option<u32>,
    /// Weight of the move cost, in thousandths.
    moves_permille: Option<u32>,
    /// What moving a capsule costs where its job states no cost, in thousandths of its bid.
    move_share_permille: Option<u32>,
    /// Kinds that a capsule on the move holds at both ends.
    transient: Option<Vec<KindName>>,
    /// Micro-credits per kilowatt-hour where no zone states a price.
    energy_price: Option<u64>,
    /// Micro-credits per kilogram of carbon dioxide.
    carbon_price: Option<u64>,
    /// Micro-credits per kilowatt-hour of heat at a full thermal envelope.
    thermal_price: Option<u64>,
    /// Micro-credits per millisecond of delay and hour of term.
    latency_price: Option<u64>,
    /// Weight of what use above safety capacities costs, in thousandths.
    headroom_permille: Option<u32>,
    /// Weight of what kinds out of balance cost, in thousandths.
    balance_permille: Option<u32>,
    /// Weight of what accounts cost that the market priced, in thousandths.
    dues_permille: Option<u32>,
    /// Safety capacities of tiles.
    #[serde(default)]
    headroom: Vec<HeadroomRule>,
    /// What should be left of one kind for what is left of another.
    #[serde(default)]
    balance: Vec<BalanceRule>,
}

/// Why a file of weights was refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML of these keys.
    #[error("{}: not a file of weights", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
}

impl WeightsFile {
    /// The weights, with defaults for what the file leaves out.
    pub(crate) fn weights(&self) -> Weights {
        let default = Weights::default();
        Weights {
            energy_permille: self.energy_permille.unwrap_or(default.energy_permille),
            carbon_permille: self.carbon_permille.unwrap_or(default.carbon_permille),
            risk_permille: self.risk_permille.unwrap_or(default.risk_permille),
            thermal_permille: self.thermal_permille.unwrap_or(default.thermal_permille),
            latency_permille: self.latency_permille.unwrap_or(default.latency_permille),
            moves_permille: self.moves_permille.unwrap_or(default.moves_permille),
            move_share_permille: self.move_share_permille.unwrap_or(default.move_share_permille),
            transient: match &self.transient {
                Some(kinds) => kinds.iter().fold(Kinds::NONE, |all, name| all.with(name.0)),
                None => default.transient,
            },
            energy_price: self.energy_price.unwrap_or(default.energy_price),
            carbon_price: self.carbon_price.unwrap_or(default.carbon_price),
            thermal_price: self.thermal_price.unwrap_or(default.thermal_price),
            latency_price: self.latency_price.unwrap_or(default.latency_price),
            headroom_permille: self.headroom_permille.unwrap_or(default.headroom_permille),
            balance_permille: self.balance_permille.unwrap_or(default.balance_permille),
            dues_permille: self.dues_permille.unwrap_or(default.dues_permille),
            headroom: self.headroom.iter().map(HeadroomRule::rule).collect(),
            balance: self.balance.iter().map(BalanceRule::rule).collect(),
        }
    }

    /// The record of weights, every key stated.
    pub(crate) fn record(weights: &Weights) -> WeightsFile {
        WeightsFile {
            energy_permille: Some(weights.energy_permille),
            carbon_permille: Some(weights.carbon_permille),
            risk_permille: Some(weights.risk_permille),
            thermal_permille: Some(weights.thermal_permille),
            latency_permille: Some(weights.latency_permille),
            moves_permille: Some(weights.moves_permille),
            move_share_permille: Some(weights.move_share_permille),
            transient: Some(weights.transient.iter().map(KindName).collect()),
            energy_price: Some(weights.energy_price),
            carbon_price: Some(weights.carbon_price),
            thermal_price: Some(weights.thermal_price),
            latency_price: Some(weights.latency_price),
            headroom_permille: Some(weights.headroom_permille),
            balance_permille: Some(weights.balance_permille),
            dues_permille: Some(weights.dues_permille),
            headroom: weights.headroom.iter().map(HeadroomRule::record).collect(),
            balance: weights.balance.iter().map(BalanceRule::record).collect(),
        }
    }
}

/// Reads a file of weights.
///
/// # Errors
/// A file that cannot be read, is not TOML, or has an unknown key or a value out of range; the message shows the line.
pub(crate) fn read(path: &Path) -> Result<Weights, WeightsError> {
    let text = fs::read_to_string(path).map_err(|source| WeightsError::Read { path: path.to_owned(), source })?;
    let file: WeightsFile = toml::from_str(&text)
        .map_err(|source| WeightsError::Parse { path: path.to_owned(), source: Box::new(source) })?;
    Ok(file.weights())
}

#[cfg(test)]
mod tests {
    use lessor_models::objective::balance::Balance;
    use lessor_models::objective::headroom::Headroom;
    use lessor_models::resources::Kind;

    use super::*;

    #[test]
    fn keys_left_out_keep_their_defaults() {
        let file: WeightsFile = toml::from_str("energy_permille = 0\nlatency_price = 5").unwrap();
        assert_eq!(file.weights(), Weights { energy_permille: 0, latency_price: 5, ..Weights::default() });
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let refused = toml::from_str::<WeightsFile>("risk_permille = 1\nrisk = 1").unwrap_err().to_string();
        assert!(refused.contains("line 2") && refused.contains("risk"), "{refused}");
    }

    #[test]
    fn kinds_are_named_as_in_tables_and_others_are_refused_with_their_line() {
        let file: WeightsFile = toml::from_str("transient = [\"storage\", \"memory\"]").unwrap();
        let transient = Kinds::NONE.with(Kind::Memory).with(Kind::Storage);
        assert_eq!(file.weights(), Weights { transient, ..Weights::default() });
        let refused =
            toml::from_str::<WeightsFile>("risk_permille = 1\ntransient = [\"ram\"]").unwrap_err().to_string();
        assert!(
            refused.contains("line 2")
                && refused.contains("\"ram\" is no kind of resource; write one of compute, memory"),
            "{refused}"
        );
    }

    #[test]
    fn any_text_is_weights_that_read_back_or_is_refused() {
        use proptest::prelude::*;
        let line = prop_oneof![
            "(energy|risk|thermal|moves|carbon)_(permille|price) = -?[0-9]{1,21}",
            "transient = \\[\"(memory|ram|storage)\"\\]",
            "\\[\\[(headroom|balance)\\]\\]",
            "(kind|of|kept) = \"(memory|power|compute)\"",
            "(safe_permille|target_per_billion|price) = [0-9]{1,21}",
            "[ -~]{0,20}",
            any::<String>(),
        ];
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) };
        proptest!(config, |(lines in proptest::collection::vec(line, 0..7))| {
            if let Ok(file) = toml::from_str::<WeightsFile>(&lines.join("\n")) {
                let weights = file.weights();
                prop_assert_eq!(WeightsFile::record(&weights).weights(), weights);
            }
        });
    }

    #[test]
    fn a_record_reads_back() {
        let weights = Weights {
            energy_permille: 1,
            risk_permille: 2,
            thermal_permille: 3,
            latency_permille: 4,
            moves_permille: 5,
            move_share_permille: 6,
            transient: Kinds::NONE.with(Kind::Memory).with(Kind::Storage),
            energy_price: 7,
            thermal_price: 8,
            latency_price: 9,
            carbon_permille: 10,
            carbon_price: 11,
            headroom_permille: 12,
            balance_permille: 13,
            dues_permille: 18,
            headroom: vec![Headroom { kind: Kind::Memory, safe_permille: 14, price: 15 }],
            balance: vec![Balance { of: Kind::Compute, kept: Kind::Power, target_per_billion: 16, price: 17 }],
        };
        assert_eq!(WeightsFile::record(&weights).weights(), weights);
    }
}
