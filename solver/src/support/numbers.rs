//! Conversions between integers and floats, each named for how it rounds. Casts live here and nowhere else.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each function states what it does to its range"
)]

/// The nearest integer; saturates, and a NaN is zero.
#[must_use]
pub fn round(value: f64) -> i64 {
    value.round() as i64
}

/// The integer at or below; saturates at zero below and at the type's maximum above, and a NaN is zero.
#[must_use]
pub fn floor(value: f64) -> u64 {
    value.floor() as u64
}

/// The nearest single-precision float.
#[must_use]
pub fn narrow(value: f64) -> f32 {
    value as f32
}

/// The nearest integer of 128 bits; saturates, and a NaN is zero.
#[must_use]
pub fn round_wide(value: f64) -> i128 {
    value.round() as i128
}
