//! Amounts as people write them on a command line: `1GiB`, `250W`, `10Gbps`, `2x1000`. A bare number is of base units.

/// Why an amount was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}; write a whole number{units}")]
pub(crate) struct AmountError {
    text: String,
    what: &'static str,
    units: &'static str,
}

const BYTES: [(&str, u64); 9] = [
    ("", 1),
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

const BITS_PER_SECOND: [(&str, u64); 5] =
    [("", 1), ("bps", 1), ("kbps", 1_000), ("Mbps", 1_000_000), ("Gbps", 1_000_000_000)];

const MILLIWATTS: [(&str, u64); 5] = [("", 1), ("mW", 1), ("W", 1_000), ("kW", 1_000_000), ("MW", 1_000_000_000)];

/// Reads an amount of memory or storage, in bytes.
///
/// # Errors
/// Text that is not a whole number with a known unit, or more than 64 bits.
pub(crate) fn bytes(text: &str) -> Result<u64, AmountError> {
    read(text, &BYTES).ok_or_else(|| AmountError {
        text: text.to_owned(),
        what: "an amount of bytes",
        units: " and B, kB, MB, GB, TB, MiB, GiB or TiB",
    })
}

/// Reads a bandwidth, in bit/s.
///
/// # Errors
/// Text that is not a whole number with a known unit, or more than 64 bits.
pub(crate) fn bits_per_second(text: &str) -> Result<u64, AmountError> {
    read(text, &BITS_PER_SECOND).ok_or_else(|| AmountError {
        text: text.to_owned(),
        what: "a bandwidth",
        units: " and bps, kbps, Mbps or Gbps",
    })
}

/// Reads a power, in milliwatts.
///
/// # Errors
/// Text that is not a whole number with a known unit, or more than 64 bits.
pub(crate) fn milliwatts(text: &str) -> Result<u64, AmountError> {
    read(text, &MILLIWATTS).ok_or_else(|| AmountError {
        text: text.to_owned(),
        what: "a power",
        units: " and mW, W, kW or MW",
    })
}

fn read(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let split = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = units.iter().find(|known| known.0 == unit)?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Devices of one tile, and how much of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Devices {
    /// How many distinct devices.
    pub count: u32,
    /// Thousandths of each.
    pub milli_each: u32,
}

impl Devices {
    /// Reads `2x1000`, or `2` for whole devices.
    ///
    /// # Errors
    /// Text of another form.
    pub(crate) fn parse(text: &str) -> Result<Devices, AmountError> {
        let (count, milli) = text.split_once('x').unwrap_or((text, "1000"));
        let of = |number: &str| number.parse::<u32>().ok().filter(|_| number.bytes().all(|b| b.is_ascii_digit()));
        match (of(count), of(milli)) {
            (Some(count), Some(milli_each)) => Ok(Devices { count, milli_each }),
            _ => Err(AmountError {
                text: text.to_owned(),
                what: "a number of devices",
                units: ", an x, and thousandths of each, as 2x1000",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_of_base_units_and_units_multiply() {
        assert_eq!(["7", "2kB", "1GiB"].map(bytes), [Ok(7), Ok(2_000), Ok(1 << 30)]);
        assert_eq!(["7", "250W", "3kW"].map(milliwatts), [Ok(7), Ok(250_000), Ok(3_000_000)]);
        assert_eq!(["7", "10Gbps"].map(bits_per_second), [Ok(7), Ok(10_000_000_000)]);
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "GiB", "-1", "1.5GiB", "1 GiB", "1gib", "99999999999999999999", "20000000TiB", "+1"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn devices_are_a_number_and_thousandths() {
        let of = |text| Devices::parse(text).map(|devices| (devices.count, devices.milli_each));
        assert_eq!(["2x1000", "1x250", "3"].map(of), [Ok((2, 1000)), Ok((1, 250)), Ok((3, 1000))]);
        for text in ["", "x", "2x", "ax1", "-1x1", "2x1000x3", "+2"] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
