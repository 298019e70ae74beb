//! Counts, amounts, prices and money as people read them: `1 capsule`, `140.75 Mbit/s`, `2.88 credits per kW·h`.
//!
//! Integers alone. What is exact stands in tables and JSON; here an amount has at most three decimals, and says which way it
//! was rounded.

use std::fmt::Display;

use crate::resources::Kind;

/// Which way an amount is rounded that has more digits than are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// What there is: never more than it is.
    Down,
    /// What is needed: never less than is enough.
    Up,
}

/// A number and the word that goes with it: `1 wave`, `2 waves`.
#[must_use]
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let word = if number == N::from(1) { one } else { many };
    format!("{number} {word}")
}

/// Micro-credits as credits, every digit kept.
#[must_use]
pub fn credits(micro_credits: impl Into<i128>) -> String {
    millionths(micro_credits.into())
}

/// So many millionths, every digit kept.
#[must_use]
pub fn millionths(number: i128) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let size = number.unsigned_abs();
    format!("{sign}{}.{:06}", size / 1_000_000, size % 1_000_000)
}

/// Base units of a kind in the greatest unit of which there is one, with at most three decimals.
#[must_use]
pub fn amount(kind: Kind, base: u64, round: Round) -> String {
    let units = units(kind);
    let (size, name) = units[units.partition_point(|unit| unit.0 <= base).saturating_sub(1)];
    let (base, size) = (u128::from(base), u128::from(size));
    let thousandths = match round {
        Round::Down => base * 1_000 / size,
        Round::Up => (base * 1_000).div_ceil(size),
    };
    let name = if kind == Kind::Accelerator && thousandths == 1_000 { "device" } else { name };
    format!("{} {name}", decimal(thousandths, 3))
}

/// A price in micro-credits per 10^6 base units and hour, in credits of the unit that people think in, rounded up to a
/// billionth of a credit.
#[must_use]
pub fn price(kind: Kind, micro_credits: u64) -> String {
    let (credits, unit) = price_parts(kind, micro_credits);
    format!("{credits} credits per {unit}")
}

/// The same in two: how many credits, and per what.
#[must_use]
pub fn price_parts(kind: Kind, micro_credits: u64) -> (String, &'static str) {
    let (units, name): (u64, &str) = match kind {
        Kind::Compute | Kind::Reversible => (1_000_000, "Top/s·h"),
        Kind::Memory | Kind::Storage => (1 << 30, "GiB·h"),
        Kind::Bandwidth => (1_000_000_000, "Gbit/s·h"),
        Kind::Power | Kind::Heat => (1_000_000, "kW·h"),
        Kind::Accelerator => (1_000, "device·h"),
    };
    let billionths = (u128::from(micro_credits) * u128::from(units)).div_ceil(1_000);
    (decimal(billionths, 9), name)
}

/// A number of so many decimals, without the zeros at its end.
fn decimal(number: u128, decimals: usize) -> String {
    let digits = format!("{number:0>width$}", width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    match part.trim_end_matches('0') {
        "" => whole.to_owned(),
        part => format!("{whole}.{part}"),
    }
}

/// The units of a kind, the least first: what each is in base units.
const fn units(kind: Kind) -> &'static [(u64, &'static str)] {
    match kind {
        Kind::Compute | Kind::Reversible => {
            &[(1, "Mop/s"), (1_000, "Gop/s"), (1_000_000, "Top/s"), (1_000_000_000, "Pop/s")]
        }
        Kind::Memory | Kind::Storage => {
            &[(1, "B"), (1 << 10, "KiB"), (1 << 20, "MiB"), (1 << 30, "GiB"), (1 << 40, "TiB"), (1 << 50, "PiB")]
        }
        Kind::Bandwidth => &[
            (1, "bit/s"),
            (1_000, "kbit/s"),
            (1_000_000, "Mbit/s"),
            (1_000_000_000, "Gbit/s"),
            (1_000_000_000_000, "Tbit/s"),
        ],
        Kind::Power | Kind::Heat => &[(1, "mW"), (1_000, "W"), (1_000_000, "kW"), (1_000_000_000, "MW")],
        Kind::Accelerator => &[(1_000, "devices")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_thing_has_the_word_for_one() {
        let said = [0_u64, 1, 2].map(|number| counted(number, "entry", "entries"));
        assert_eq!(said, ["0 entries", "1 entry", "2 entries"]);
    }

    #[test]
    fn credits_keep_every_digit() {
        let said = [0, 5, 12_345_678, -1_000_001].map(|micros: i64| credits(micros));
        assert_eq!(said, ["0.000000", "0.000005", "12.345678", "-1.000001"]);
    }

    #[test]
    fn an_amount_is_in_the_greatest_unit_of_which_there_is_one() {
        let words = |kind, base| amount(kind, base, Round::Down);
        assert_eq!(words(Kind::Bandwidth, 140_750_000), "140.75 Mbit/s");
        assert_eq!(words(Kind::Memory, 100 << 40), "100 TiB");
        assert_eq!(words(Kind::Memory, 1_023), "1023 B");
        assert_eq!(words(Kind::Power, 358_981), "358.981 W");
        assert_eq!(words(Kind::Heat, 1_000), "1 W");
        assert_eq!(words(Kind::Compute, 0), "0 Mop/s");
        assert_eq!(
            [250, 1_000, 2_000].map(|base| words(Kind::Accelerator, base)),
            ["0.25 devices", "1 device", "2 devices"]
        );
    }

    /// 32275064313 B are 30.05849.. GiB.
    #[test]
    fn more_than_three_decimals_are_rounded_as_told() {
        let words = [Round::Down, Round::Up].map(|round| amount(Kind::Memory, 32_275_064_313, round));
        assert_eq!(words, ["30.058 GiB", "30.059 GiB"]);
    }

    #[test]
    fn every_amount_that_can_be_stated_has_words() {
        for kind in Kind::ALL {
            for base in [0, 1, u64::MAX] {
                assert!(amount(kind, base, Round::Up).contains(' '), "{kind} {base}");
            }
        }
    }

    /// 10^6 mW are a kW; 10^6 bit/s a thousandth of a Gbit/s; 10^6 thousandths of devices a thousand devices.
    #[test]
    fn a_price_is_of_the_unit_that_people_think_in() {
        assert_eq!(price(Kind::Power, 2_881_862), "2.881862 credits per kW·h");
        assert_eq!(price(Kind::Bandwidth, 69), "0.069 credits per Gbit/s·h");
        assert_eq!(price(Kind::Accelerator, 313), "0.000000313 credits per device·h");
        assert_eq!(price(Kind::Memory, 1), "0.001073742 credits per GiB·h");
    }
}
