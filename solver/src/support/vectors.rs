//! Vectors of floating-point numbers.

/// The inner product of two vectors of one length.
#[must_use]
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
