//! The real server, killed with SIGKILL under clients: what was acknowledged is there after each restart, and is one history.

mod common;

use common::Bench;

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let report = Bench::new().expect(0, "bench leases kill --kills 10 --seed 1 --json").json();
    assert_eq!(report["violations"].as_array().map(Vec::len), Some(0), "{report}");
    assert_eq!(report["kills"], 10);
    // Every life was long enough for some work, or the test would show nothing.
    let count = |key: &str| report[key].as_u64().unwrap_or(0);
    assert!(count("acknowledged") > 100 && count("changes") > 100 && count("refused") > 0, "{report}");
}
