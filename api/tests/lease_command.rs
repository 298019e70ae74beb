//! `lessor serve` and `lessor lease` as a script uses them: the lines, the JSON and the exit codes.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

mod common;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::{Bench, Said};
use lessor_datasets::table::{TelemetryWriter, read_fleet};
use lessor_models::telemetry::Sample;
use lessor_models::time::Timestamp;

/// A server of the real program.
struct Serving {
    bench: Bench,
    child: Child,
    url: String,
}

impl Serving {
    fn start(flags: &[&str]) -> Serving {
        let bench = Bench::with_fleet();
        let (child, url) = serve(&bench, "127.0.0.1:0", flags);
        Serving { bench, child, url }
    }

    fn lease(&self, code: i32, words: &str) -> Said {
        self.bench.expect(code, &format!("lease {words} --server {}", self.url))
    }

    fn signal(&mut self, name: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }

    fn start_again(&mut self, flags: &[&str]) {
        (self.child, self.url) = serve(&self.bench, "127.0.0.1:0", flags);
    }

    /// Starts again where it was before.
    fn come_back(&mut self) {
        let address = self.url.strip_prefix("http://").unwrap().to_owned();
        (self.child, self.url) = serve(&self.bench, &address, &[]);
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(bench: &Bench, address: &str, flags: &[&str]) -> (Child, String) {
    serve_by(Command::new(env!("CARGO_BIN_EXE_lessor")), bench, address, flags)
}

fn serve_by(mut command: Command, bench: &Bench, address: &str, flags: &[&str]) -> (Child, String) {
    command.arg("serve").args(flags).args(["--listen", address, "--fleet"]).arg(bench.path("fleet"));
    let mut child = command.arg("--data").arg(bench.path("data")).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim_end().strip_prefix("listening on ").unwrap().to_owned())
}

const REQUEST: &str = "request --holder web --compute 1 --memory 1MiB --term 10m --json --request-id";

#[test]
fn a_script_requests_lists_renews_and_releases() {
    let mut serving = Serving::start(&[]);
    let lease = serving.lease(0, &format!("{REQUEST} r1")).json();
    for key in
        ["lease_id", "holder", "request_id", "node", "state", "version", "token", "start", "end", "resources", "price"]
    {
        assert!(!lease[key].is_null(), "{key} is missing in {lease}");
    }
    assert_eq!((&lease["state"], &lease["resources"]["memory"]), (&"active".into(), &(1 << 20).into()));
    assert_eq!(lease["end"].as_i64().unwrap() - lease["start"].as_i64().unwrap(), 600_000_000);
    let listed = serving.lease(0, "list --json").json();
    assert_eq!(listed.as_array().unwrap()[..], *std::slice::from_ref(&lease));

    let id = lease["lease_id"].as_str().unwrap();
    let renewed = serving.lease(0, &format!("renew {id} --holder web --extend 5m --json")).json();
    assert_eq!(
        (&renewed["version"], renewed["end"].as_i64()),
        (&2.into(), lease["end"].as_i64().map(|end| end + 300_000_000))
    );
    let told = serving.lease(0, &format!("get {id}")).out;
    assert!(
        told.contains(": compute 1 Mop/s, memory 1 MiB; until 20") && told.contains(" UTC, price 0 micro-credits"),
        "{told}"
    );
    let stale = serving.lease(1, &format!("renew {id} --holder web --extend 5m --at-version 1 --json"));
    assert!(stale.err.contains("STALE_VERSION"), "{stale:?}");
    assert_eq!(serving.lease(0, &format!("release {id} --holder web --json")).json()["state"], "released");
    assert_eq!(serving.lease(0, &format!("get {id} --json")).json()["state"], "released");
    assert_eq!(serving.signal("TERM"), Some(0));
}

#[test]
fn calls_are_logged_where_that_is_asked_for_and_not_else() {
    let logged = |filter: Option<&str>| {
        let bench = Bench::with_fleet();
        let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
        command.env_remove("LESSOR_LOG").envs(filter.map(|filter| ("LESSOR_LOG", filter)));
        command.stderr(File::create(bench.path("log")).unwrap());
        let (child, url) = serve_by(command, &bench, "127.0.0.1:0", &[]);
        let mut serving = Serving { bench, child, url };
        serving.lease(0, &format!("{REQUEST} r1"));
        assert_eq!(serving.signal("TERM"), Some(0));
        std::fs::read_to_string(serving.bench.path("log")).unwrap()
    };
    let log = logged(Some("info,lessor::call=debug"));
    let is_said = |line: &str| line.contains("method=\"RequestLease\"") && line.contains("request=\"r1\"");
    assert_eq!(log.lines().filter(|line| is_said(line)).count(), 1, "{log}");
    let log = logged(None);
    assert!(log.contains("shutting down") && !log.contains("lessor::call"), "{log}");
}

#[test]
fn a_request_that_was_first_sent_says_so() {
    let serving = Serving::start(&[]);
    let said = serving.lease(2, &format!("{REQUEST} r1 --first-sent 9000000000000000"));
    assert!(said.err.contains("NOT_YET_SENT"), "{}", said.err);
}

#[test]
fn a_watch_outlives_its_server() {
    let mut serving = Serving::start(&[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
    command.args([
        "lease",
        "watch",
        "--json",
        "--bookmarks",
        "--changes",
        "3",
        "--timeout",
        "60s",
        "--server",
        &serving.url,
    ]);
    let mut watch = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<serde_json::Value>(&lines.next().unwrap().unwrap()).unwrap();
    // A watch begins with a bookmark: from here on it misses nothing.
    assert!(next()["changed"].is_null());
    let mut seen = Vec::new();
    for (number, signal) in ["KILL", "TERM", "KILL"].into_iter().enumerate() {
        let lease = serving.lease(0, &format!("{REQUEST} r{number}")).json();
        let changed = std::iter::from_fn(|| Some(next())).find(|said| !said["changed"].is_null()).unwrap();
        assert_eq!(changed["changed"]["lease_id"], lease["lease_id"]);
        seen.push(changed["revision"].as_str().unwrap().to_owned());
        serving.signal(signal);
        serving.come_back();
    }
    assert_eq!(seen, ["1.1", "1.2", "1.3"]);
    assert!(watch.wait().unwrap().success());
}

#[test]
fn a_watch_of_a_server_that_stays_away_ends_with_one() {
    let mut serving = Serving::start(&[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
    command.args(["lease", "watch", "--bookmarks", "--timeout", "200ms", "--server", &serving.url]);
    let mut watch = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(watch.stdout.take().unwrap()).read_line(&mut line).unwrap();
    serving.signal("KILL");
    let said = watch.wait_with_output().unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8(said.stderr).unwrap().contains("UNAVAILABLE"));
}

#[test]
fn a_refusal_ends_with_one_and_names_the_account_and_an_offer() {
    let serving = Serving::start(&[]);
    let said = serving.lease(1, "request --holder web --memory 1000TiB --term 10m --request-id r1 --json").json();
    let refused = &said["refused"];
    assert_eq!((&refused["reason"], &refused["account"]["kind"]), (&"account_short".into(), &"memory".into()));
    assert!(refused["left"].as_u64() < refused["asked"].as_u64(), "{said}");
    let words = serving.lease(1, "request --holder web --memory 1000TiB --term 10m --request-id r2");
    assert!(words.err.contains("no headroom: memory of"), "{words:?}");
    assert!(words.err.contains("iB left, and ") && words.err.contains(" would be needed\n"), "{words:?}");
    assert_eq!(words.out, "");
}

#[test]
fn bad_usage_ends_with_two() {
    let serving = Serving::start(&[]);
    for words in [
        "request --holder web --term 10m --request-id r1",
        "request --holder web --memory 1MiB --term 0s --request-id r2",
        "request --holder web --memory a-lot --term 10m --request-id r3",
        "renew 1 --holder web",
        "get what",
        "watch --after yesterday",
    ] {
        serving.lease(2, words);
    }
    serving.lease(1, "get 999");
    serving.bench.expect(2, "lease list --server http://lessor.example:7070");
    serving.bench.expect(1, "lease list --server 127.0.0.1:9");
    serving.bench.expect(2, "serve --fleet nowhere --data data2 --listen 127.0.0.1:0");
}

#[test]
fn a_server_that_cannot_start_says_why_once_and_leaves_no_directory() {
    let serving = Serving::start(&[]);
    let bench = &serving.bench;
    let taken = serving.url.trim_start_matches("http://");
    let said = bench.expect(2, &format!("serve --fleet fleet --data data2 --listen {taken}"));
    assert!(said.err.contains(taken) && said.err.contains("--listen"), "{said:?}");
    std::fs::write(bench.path("policy.toml"), "version = 1\nsurprise = 1\n").unwrap();
    let said = bench.expect(2, "serve --fleet fleet --data data2 --listen 127.0.0.1:0 --market-policy policy.toml");
    assert_eq!(said.err.matches("unknown field").count(), 1, "{said:?}");
    assert!(!bench.path("data2").exists());
}

#[test]
fn a_directory_of_something_else_is_no_data_directory() {
    let bench = Bench::with_fleet();
    let said = bench.expect(2, "serve --fleet fleet --data fleet --listen 127.0.0.1:0");
    let first = &common::names(&bench.path("fleet"))[0];
    assert!(said.err.contains(&format!("fleet/{first}: is nothing of a server's")), "{said:?}");
    assert!(!bench.path("fleet/lock").exists());
}

#[test]
fn a_lease_is_there_after_the_server_was_killed() {
    let mut serving = Serving::start(&[]);
    let lease = serving.lease(0, &format!("{REQUEST} r1")).json();
    assert_eq!(serving.signal("KILL"), None);
    serving.start_again(&[]);
    assert_eq!(serving.lease(0, "list --json").json().as_array().unwrap()[..], *std::slice::from_ref(&lease));
    // The answer might have been lost with the server: the same request is the same lease.
    assert_eq!(serving.lease(0, &format!("{REQUEST} r1")).json(), lease);
}

#[test]
fn a_watch_tells_changes_from_a_revision_on() {
    let serving = Serving::start(&[]);
    serving.lease(0, &format!("{REQUEST} r1"));
    serving.lease(0, &format!("{REQUEST} r2"));
    let said = serving.lease(0, "watch --after 1.0 --changes 2 --json");
    let lines: Vec<serde_json::Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (line["revision"].as_str().unwrap(), line["changed"]["request_id"].as_str().unwrap()))
        .collect();
    assert_eq!(told, [("1.1", "r1"), ("1.2", "r2")]);
}

#[test]
fn a_quote_and_an_explanation_change_nothing() {
    let serving = Serving::start(&[]);
    let quoted = serving.lease(0, "quote --memory 1MiB --term 10m --json").json();
    let node = quoted["nodes"][0].as_str().unwrap();
    let explained = serving.lease(0, &format!("explain --node {node} --json")).json();
    let accounts = explained["accounts"].as_array().unwrap();
    assert!(accounts.iter().any(|account| account["owner"] == node && account["kind"] == "memory"), "{explained}");
    assert_eq!((&quoted["displaced_leases"], &quoted["compensation"]), (&0.into(), &0.into()));
    assert_eq!(serving.lease(0, "list --json").json().as_array().map(Vec::len), Some(0));
    let of_memory = accounts.iter().find(|account| account["owner"] == node && account["kind"] == "memory");
    let whole = format!("--memory {} --term 10m --node {node}", of_memory.unwrap()["capacity"]);
    serving.lease(0, &format!("request --holder web --request-id r1 {whole} --json"));
    let quoted = serving.lease(0, &format!("quote {whole} --class C --bid 1 --json")).json();
    assert_eq!(
        (&quoted["displaced_leases"], &quoted["price"], &quoted["compensation"]),
        (&1.into(), &0.into(), &0.into())
    );
    let said = serving.lease(0, &format!("quote {whole} --class C --bid 1")).out;
    assert!(said.contains("once 1 lease of another is gone"), "{said}");
}

#[test]
fn an_explanation_shows_until_when_a_drain_lets_leases_last() {
    let serving = Serving::start(&[]);
    let quoted = serving.lease(0, "quote --memory 1MiB --term 10m --json").json();
    let node = quoted["nodes"][0].as_str().unwrap();
    let explain = |flags: &str| serving.lease(0, &format!("explain --node {node} {flags}"));
    assert!(explain("--json").json()["drain_deadline"].is_null() && !explain("").out.contains("drained"));
    let drained = serving.lease(0, &format!("drain {node} --notice 1h --json")).json();
    assert_eq!(explain("--json").json()["drain_deadline"], drained["deadline"]);
    assert!(explain("").out.contains("drained: it takes nothing new, and what would last longer is revoked by 20"));
    serving.lease(0, &format!("drain {node} --cancel"));
    assert!(explain("--json").json()["drain_deadline"].is_null());
}

#[test]
fn a_policy_places_what_comes_and_leaves_what_was_placed() {
    let mut serving = Serving::start(&["--policy", "best-fit"]);
    let node = |said: Said| said.json()["node"].as_str().unwrap().to_owned();
    let [first, second] = ["a", "b"].map(|id| node(serving.lease(0, &format!("{REQUEST} {id}"))));
    // The first filled its tile a little, so that nowhere is less left.
    assert_eq!(first, second);
    serving.signal("KILL");
    serving.start_again(&["--policy", "random"]);
    let listed = serving.lease(0, "list --json").json();
    let nodes: Vec<&str> = listed.as_array().unwrap().iter().map(|lease| lease["node"].as_str().unwrap()).collect();
    assert_eq!(nodes, [&first, &first]);
    serving.lease(0, &format!("{REQUEST} c"));
}

#[test]
fn readings_of_a_table_close_a_tile_and_open_it_again() {
    let serving = Serving::start(&[]);
    let quoted = serving.lease(0, "quote --memory 1MiB --term 10m --json").json();
    let tile = quoted["nodes"][0].as_str().unwrap();
    let tell = |file: &str, minute: i64, link_up: bool| {
        write_reading(&serving.bench, (file, tile), (minute, link_up));
        serving.lease(0, &format!("telemetry --readings {file} --fleet fleet --json")).json()
    };
    assert_eq!(tell("down.parquet", 0, false), serde_json::json!({ "samples": 1, "limits_changed": 1 }));
    let there = format!("--node {tile}");
    let refused = serving.lease(1, &format!("{REQUEST} r1 {there}")).json();
    assert_eq!((&refused["refused"]["reason"], &refused["refused"]["node"]), (&"node_closed".into(), &tile.into()));
    assert_eq!(tell("up.parquet", 1, true), serde_json::json!({ "samples": 1, "limits_changed": 1 }));
    assert_eq!(serving.lease(0, &format!("{REQUEST} r2 {there}")).json()["node"], tile);
    serving.lease(2, "telemetry --readings nowhere.parquet --fleet fleet");
}

/// A table with what a tile's uplink was at a minute.
fn write_reading(bench: &Bench, (file, tile): (&str, &str), (minute, link_up): (i64, bool)) {
    let fleet = read_fleet(&bench.path("fleet")).unwrap();
    let tile = fleet.nodes().find(|node| fleet.name(*node) == tile).unwrap();
    let at = Timestamp(1_700_000_000_000_000 + minute * 60_000_000);
    let mut table = TelemetryWriter::create(&bench.path(file), &fleet).unwrap();
    table.push(Sample { link_up: Some(link_up), ..Sample::silent(tile, at) }).unwrap();
    table.finish().unwrap();
}
