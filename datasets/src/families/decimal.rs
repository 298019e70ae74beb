//! Decimal numbers as programs print them, with or without an exponent, counted in powers of ten.

use lessor_models::families::COEFFICIENT_MAX;

/// Digits that are read, at most: more say nothing that a number of ours could.
const DIGITS_MAX: usize = 30;

/// A decimal number in units of 10^-places, rounded to the nearest, half upwards; `None` where it is none, or comes to more than
/// [`COEFFICIENT_MAX`] of them.
pub(super) fn scaled(token: &str, places: i32) -> Option<u64> {
    scaled_sum(token, places).and_then(|sum| u64::try_from(sum).ok()).filter(|&number| number <= COEFFICIENT_MAX)
}

/// The same for a sum of such numbers, which may come to more.
pub(super) fn scaled_sum(token: &str, places: i32) -> Option<u128> {
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (token, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u128 = digits.parse().ok().filter(|_| is_number && digits.len() <= DIGITS_MAX)?;
    let shift = exponent.checked_add(places)?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let power = 10_u128.checked_pow(shift.unsigned_abs());
    match power {
        Some(power) if shift >= 0 => number.checked_mul(power),
        Some(power) => Some(number.checked_add(power / 2)? / power),
        None => (shift < 0 || number == 0).then_some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_to_the_nearest_unit() {
        let cases = [
            ("203.482", Some(203_482_000)),
            ("3", Some(3_000_000)),
            ("0.0000005", Some(1)),
            ("0.00000049", Some(0)),
            ("1.02394e+06", Some(1_023_940_000_000)),
            ("5E-3", Some(5_000)),
            ("1e-400", Some(0)),
            (".5", Some(500_000)),
            ("9007199254.740992", Some(COEFFICIENT_MAX)),
            ("9007199254.740993", None),
            ("1e400", None),
            ("-1", None),
            ("1.2.3", None),
            ("1e", None),
            (".", None),
            ("nan", None),
            ("", None),
        ];
        for (token, expected) in cases {
            assert_eq!(scaled(token, 6), expected, "{token:?}");
        }
    }
}
