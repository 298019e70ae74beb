//! `--keep`: how strongly what runs stays where it is, as a factor on the weight of moves.

use lessor_models::objective::Weights;

/// A factor on the weight of moves, in exact thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    permille: u32,
}

/// The greatest factor: a move then costs a million times what the job states.
const FACTOR_MAX: u32 = 1_000_000;

/// Digits after the point at most, so that every factor is a whole number of thousandths.
const DECIMALS_MAX: usize = 3;

/// Why a factor was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// Not a number of the form that is read.
    #[error(
        "{text:?} is not a factor; write a number from 0 to {FACTOR_MAX} with at most three decimals: 0, 0.5, 1, 10"
    )]
    Malformed {
        /// What was written.
        text: String,
    },
    /// A product that no weight can hold.
    #[error("--keep times the moves_permille {moves_permille} is above {}; give a smaller factor or weight", u32::MAX)]
    TooHeavy {
        /// The weight of moves, in thousandths.
        moves_permille: u32,
    },
}

impl Keep {
    /// Reads a factor from the command line.
    ///
    /// # Errors
    /// Text that is not a number, a number below zero or above the greatest, or one with too many decimals.
    pub(crate) fn parse(text: &str) -> Result<Keep, KeepError> {
        let malformed = || KeepError::Malformed { text: text.to_owned() };
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number(whole) || !is_number(decimals) || decimals.len() > DECIMALS_MAX {
            return Err(malformed());
        }
        let permille = format!("{whole}{decimals:0<DECIMALS_MAX$}").parse::<u32>().map_err(|_| malformed())?;
        if permille > FACTOR_MAX * 1_000 {
            return Err(malformed());
        }
        Ok(Keep { permille })
    }

    /// The factor in thousandths.
    pub(crate) fn permille(self) -> u32 {
        self.permille
    }

    /// The weights with that of moves scaled, rounded up to a whole thousandth.
    ///
    /// # Errors
    /// A product that no weight can hold.
    pub(crate) fn scale(self, weights: &Weights) -> Result<Weights, KeepError> {
        let moves_permille = weights.moves_permille;
        let scaled = (u64::from(moves_permille) * u64::from(self.permille)).div_ceil(1_000);
        let scaled = u32::try_from(scaled).map_err(|_| KeepError::TooHeavy { moves_permille })?;
        Ok(Weights { moves_permille: scaled, ..weights.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_read_to_the_thousandth() {
        let read = |text| Keep::parse(text).map(Keep::permille);
        assert_eq!(
            ["0", "1", "10", "0.5", "0.001", "2.25", "1000000"].map(read),
            [Ok(0), Ok(1_000), Ok(10_000), Ok(500), Ok(1), Ok(2_250), Ok(1_000_000_000)]
        );
    }

    #[test]
    fn what_is_not_a_factor_is_refused() {
        for text in ["", "-1", "+1", "nan", "inf", "1e3", ".5", "2.", "0.0001", "1000000.001", "99999999999", "1,5"] {
            assert_eq!(Keep::parse(text), Err(KeepError::Malformed { text: text.into() }), "{text}");
        }
    }

    #[test]
    fn the_weight_of_moves_is_scaled_and_rounds_up() {
        let scaled = |text, moves_permille| {
            let weights = Weights { moves_permille, ..Weights::default() };
            Keep::parse(text).and_then(|keep| keep.scale(&weights)).map(|weights| weights.moves_permille)
        };
        assert_eq!((scaled("10", 1_000), scaled("0.001", 1_500), scaled("0", 7)), (Ok(10_000), Ok(2), Ok(0)));
        assert_eq!(scaled("1000000", 5_000), Err(KeepError::TooHeavy { moves_permille: 5_000 }));
    }
}
