//! Numbers of a bench as people read them.

/// A whole number with its thousands apart; fractions are rounded.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", &*digits), |digits| ("-", digits));
    let first = digits.len() % 3;
    let mut groups = vec![&digits[..first]];
    groups.extend((first..digits.len()).step_by(3).map(|at| &digits[at..at + 3]));
    groups.retain(|group| !group.is_empty());
    format!("{sign}{}", groups.join(","))
}

/// Three significant digits, never an exponent.
pub(crate) fn significant(number: f64) -> String {
    match number.abs() {
        size if size >= 99.95 => grouped(number),
        size if size >= 9.995 => format!("{number:.1}"),
        size if size >= 0.9995 => format!("{number:.2}"),
        _ => format!("{number:.3}"),
    }
}

/// A mark of an axis: no digit more than it needs.
pub(crate) fn mark(number: f64) -> String {
    if number.fract() == 0.0 {
        return grouped(number);
    }
    let text = format!("{number:.9}");
    // A mark is 1, 2, .. or 9 times a power of ten: what stands beyond nine places is the noise of its making.
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bytes in mebibytes.
pub(crate) fn mebibytes(bytes: f64) -> f64 {
    bytes / f64::from(1u32 << 20)
}

/// A gap in percent, or a dash without a proof.
pub(crate) fn gap(gap: Option<f64>) -> String {
    gap.map_or("–".to_owned(), |gap| format!("{:.2} %", gap * 100.0))
}

/// A share in percent, with the digits that small ones need: `0 %`, `0.0004 %`, `12.35 %`.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent.abs() {
        size if size < 1e-12 => "0 %".to_owned(),
        size if size < 1e-4 => format!("{}<0.0001 %", if share < 0.0 { "-" } else { "" }),
        size if size < 0.1 => format!("{percent:.4} %"),
        _ => format!("{percent:.2} %"),
    }
}

/// A load with no digit more than it needs, but one.
pub(crate) fn load(load: f64) -> String {
    let text = format!("{load:.3}");
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.to_owned() }
}

/// The share of the variance that a fit explains, or a dash.
pub(crate) fn r_squared(share: Option<f64>) -> String {
    share.map_or("–".to_owned(), |share| format!("{share:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(
            [0.0, 999.0, 1_000.0, 1_234_567.4, -1_000.0].map(grouped),
            ["0", "999", "1,000", "1,234,567", "-1,000"]
        );
    }

    #[test]
    fn three_digits_count() {
        assert_eq!([1_234.0, 99.96, 12.345, 1.0, 0.1234].map(significant), ["1,234", "100", "12.3", "1.00", "0.123"]);
    }

    #[test]
    fn marks_and_loads_have_no_digit_too_many() {
        assert_eq!([0.1 + 0.2, 0.01, 2.0, 20_000.0].map(mark), ["0.3", "0.01", "2", "20,000"]);
        assert_eq!([1.0, 0.8, 1.25, 1.005].map(load), ["1.0", "0.8", "1.25", "1.005"]);
    }

    #[test]
    fn small_shares_keep_digits() {
        assert_eq!(
            [0.0, 1e-8, 4e-6, 0.000_999, 0.123_45, -0.02, 1.0].map(percent),
            ["0 %", "<0.0001 %", "0.0004 %", "0.0999 %", "12.35 %", "-2.00 %", "100.00 %"]
        );
    }

    #[test]
    fn without_a_proof_there_is_a_dash() {
        assert_eq!(
            [gap(Some(0.01234)), gap(None), r_squared(Some(0.99876)), r_squared(None)],
            ["1.23 %", "–", "0.999", "–"]
        );
    }
}
