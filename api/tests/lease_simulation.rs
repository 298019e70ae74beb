//! The machine of the lease service in simulated worlds: whatever goes wrong, what is promised holds.

mod common;

use common::Bench;

/// Every kind of fault must have occurred, or the worlds would show less than they say.
const FAULTS: [&str; 25] = [
    "messages_lost",
    "messages_late",
    "messages_doubled",
    "messages_overtaken",
    "partitions",
    "streams_broken",
    "clocks_beyond_band",
    "holders_paused",
    "pauses_beyond_band",
    "effects_beyond_band",
    "authority_paused",
    "kills",
    "fleets_changed",
    "power_losses",
    "power_losses_in_recovery",
    "syncs_failed",
    "device_slow",
    "writes_lost",
    "writes_torn",
    "writes_reordered",
    "bit_flips_found",
    "bit_flips_harmless",
    "expiry_storms",
    "slow_returns",
    "overloads",
];

#[test]
fn what_is_promised_holds_in_worlds_where_everything_goes_wrong() {
    let report = Bench::new().expect(0, "bench leases simulate --seeds 20 --hours 1 --seed 1 --json").json();
    println!("{report}");
    assert_eq!(report["violations"].as_array().map(Vec::len), Some(0), "{report}");
    let missing = FAULTS.into_iter().find(|fault| report["faults"][fault].as_u64().is_none_or(|count| count == 0));
    assert_eq!(missing, None, "{report}");
    let count = |key: &str| report[key].as_u64().unwrap_or(0);
    assert!(count("simulated_seconds") >= 20 * 3_600 && count("leases_used") > 10_000, "{report}");
    // Without clocks beyond the band nothing would overlap: the worlds can see what they look for.
    assert!(count("overlaps_beyond_band") > 0 && count("repeats") > 1_000 && count("effects_refused") > 0, "{report}");
}
