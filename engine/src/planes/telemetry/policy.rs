//! The telemetry plane's policy: every constant that decides how much a reading costs a tile.

use lessor_models::time::{MICROS_PER_HOUR, Span};

use super::errors::SLICES;

/// The constants of the telemetry plane. [`TelemetryPlane::new`](super::TelemetryPlane::new) checks their ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TelemetryPolicy {
    /// Length of the windows over which quantiles are taken; windows start at its multiples since the epoch. Above zero.
    pub window: Span,
    /// A finished window with fewer readings than this cannot clear a tile, only add to what is held against it; at
    /// least 1.
    pub window_samples_min: u32,
    /// Which quantile of a window's temperatures counts, in thousandths, 1 to 1,000.
    pub temperature_quantile_permille: u32,
    /// Which quantile of a window's power and heat counts, in thousandths, 1 to 1,000.
    pub power_quantile_permille: u32,
    /// How far below the hot end of the class's band derating starts, in millikelvin; above zero. Half the band, where
    /// that is less.
    pub derate_margin_mk: u32,
    /// How far above nameplate power and heat may be before it counts as overdraw, in thousandths of nameplate, 0 to
    /// 1,000: the error of the meter.
    pub overdraw_tolerance_permille: u32,
    /// Envelopes are rounded down to multiples of this, in thousandths, 1 to 1,000: equal tiles stay in few groups.
    pub envelope_step_permille: u32,
    /// Length of the sliding window in which errors are counted; above zero.
    pub error_window: Span,
    /// New errors in the window from which a tile loses headroom; at least 1.
    pub errors_derate: u64,
    /// New errors in the window from which a tile is closed; more than `errors_derate`.
    pub errors_close: u64,
    /// Over how many slices in a row, each an eighth of the window, errors must rise to count like `errors_derate`; 2
    /// to 7.
    pub rising_slices: u32,
    /// The share of its headroom that a tile with too many errors keeps, in thousandths, 0 to 1,000.
    pub error_share_permille: u32,
    /// How long after its last sample a tile is stale; above zero.
    pub stale_after: Span,
}

impl Default for TelemetryPolicy {
    fn default() -> TelemetryPolicy {
        TelemetryPolicy {
            window: Span(24 * MICROS_PER_HOUR),
            window_samples_min: 6,
            temperature_quantile_permille: 990,
            power_quantile_permille: 990,
            derate_margin_mk: 10_000,
            overdraw_tolerance_permille: 20,
            envelope_step_permille: 50,
            error_window: Span(24 * MICROS_PER_HOUR),
            errors_derate: 10,
            errors_close: 100,
            rising_slices: 4,
            error_share_permille: 500,
            stale_after: Span(3 * MICROS_PER_HOUR),
        }
    }
}

/// A policy constant outside its range. Nothing was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("telemetry policy: {field} {problem}")]
pub struct PolicyError {
    /// The constant.
    pub field: &'static str,
    /// What would be right.
    pub problem: &'static str,
}

impl TelemetryPolicy {
    /// Checks every range, in the order of the fields.
    pub(super) fn check(&self) -> Result<(), PolicyError> {
        const QUANTILE: &str = "must be 1 to 1,000 thousandths";
        const SHARE: &str = "must be at most 1,000 thousandths";
        const POSITIVE: &str = "must be above zero";
        let permille = 1..=1_000;
        let rising = 2..u32::try_from(SLICES).expect("there are few slices");
        let ranges = [
            ("window", self.window > Span(0) && i64::try_from(self.window.0).is_ok(), POSITIVE),
            ("window_samples_min", self.window_samples_min > 0, POSITIVE),
            ("temperature_quantile_permille", permille.contains(&self.temperature_quantile_permille), QUANTILE),
            ("power_quantile_permille", permille.contains(&self.power_quantile_permille), QUANTILE),
            ("derate_margin_mk", self.derate_margin_mk > 0, POSITIVE),
            ("overdraw_tolerance_permille", self.overdraw_tolerance_permille <= 1_000, SHARE),
            ("envelope_step_permille", permille.contains(&self.envelope_step_permille), QUANTILE),
            (
                "error_window",
                self.error_window.0 >= SLICES as u64 && i64::try_from(self.error_window.0).is_ok(),
                "must have at least a microsecond for each of its slices",
            ),
            ("errors_derate", self.errors_derate > 0, POSITIVE),
            ("errors_close", self.errors_close > self.errors_derate, "must be more than errors_derate"),
            ("rising_slices", rising.contains(&self.rising_slices), "must be 2 to 7"),
            ("error_share_permille", self.error_share_permille <= 1_000, SHARE),
            ("stale_after", self.stale_after > Span(0), POSITIVE),
        ];
        match ranges.into_iter().find(|(_, holds, _)| !holds) {
            Some((field, _, problem)) => Err(PolicyError { field, problem }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_policy_is_within_its_ranges() {
        assert_eq!(TelemetryPolicy::default().check(), Ok(()));
    }

    #[test]
    fn the_first_constant_out_of_range_is_named() {
        let default = TelemetryPolicy::default();
        let cases = [
            (TelemetryPolicy { window: Span(0), ..default }, "window"),
            (TelemetryPolicy { window_samples_min: 0, ..default }, "window_samples_min"),
            (TelemetryPolicy { temperature_quantile_permille: 1_001, ..default }, "temperature_quantile_permille"),
            (TelemetryPolicy { power_quantile_permille: 0, ..default }, "power_quantile_permille"),
            (TelemetryPolicy { derate_margin_mk: 0, ..default }, "derate_margin_mk"),
            (TelemetryPolicy { overdraw_tolerance_permille: 1_001, ..default }, "overdraw_tolerance_permille"),
            (TelemetryPolicy { envelope_step_permille: 0, ..default }, "envelope_step_permille"),
            (TelemetryPolicy { error_window: Span(7), ..default }, "error_window"),
            (TelemetryPolicy { errors_derate: 0, ..default }, "errors_derate"),
            (TelemetryPolicy { errors_close: 10, ..default }, "errors_close"),
            (TelemetryPolicy { rising_slices: 8, ..default }, "rising_slices"),
            (TelemetryPolicy { error_share_permille: 1_001, ..default }, "error_share_permille"),
            (TelemetryPolicy { stale_after: Span(0), window: Span(0), ..default }, "window"),
        ];
        for (policy, field) in cases {
            assert_eq!(policy.check().map_err(|error| error.field), Err(field));
        }
    }
}
