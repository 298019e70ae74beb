//! Runs the real program on small fleets in a scratch directory.

#![allow(dead_code, reason = "each test file uses a part of this")]
#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lessor_datasets::table::{BidGood, OfferGood, OfferRows, read_bids, read_fleet};
use tempfile::TempDir;

/// A scratch directory in which the program runs.
pub(crate) struct Bench {
    dir: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench { dir: tempfile::tempdir().unwrap() }
    }

    /// With `fleet`: sixty tiles, generated.
    pub(crate) fn with_fleet() -> Bench {
        let bench = Bench::new();
        bench.expect(0, "datasets generate --tiles 60 --seed 3 --job-classes 30 --out fleet");
        bench
    }

    /// Offers of two sellers on the uplink of the only layer, for the hours that bids of `market book` are for.
    pub(crate) fn offers(&self) -> Vec<OfferRows> {
        let fleet = read_fleet(&self.path("fleet")).unwrap();
        let bids = read_bids(&self.path("bids.parquet"), &fleet).unwrap();
        let goods = bids.iter().flat_map(|bid| &bid.goods).take(12).enumerate();
        let offer = |(at, good): (usize, &BidGood)| OfferRows {
            name: format!("offer-{at}"),
            seller: format!("seller-{}", at % 2),
            goods: vec![OfferGood { good: *good, price: 1 + at as u64, draw_mw: 100, heat_price: 5_000 }],
            is_divisible: at % 3 == 0,
            row: at,
        };
        goods.map(offer).collect()
    }

    /// With `fleet` and with `plan`, a plan of it.
    pub(crate) fn with_plan() -> Bench {
        let bench = Bench::with_fleet();
        bench.expect(0, "plan --fleet fleet --work 200 --quiet --out plan");
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Runs a command line of words without spaces in them.
    pub(crate) fn run(&self, words: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lessor"));
        command.current_dir(self.dir.path()).args(words.split_whitespace()).output().unwrap()
    }

    /// Runs a command line and gives what it said on both streams, after checking its exit code.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, words: &str) -> Said {
        let output = self.run(words);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let said = Said { out: text(&output.stdout), err: text(&output.stderr) };
        assert_eq!(output.status.code(), Some(code), "lessor {words}: {said:?}");
        said
    }

    /// Solves on several numbers of threads, and gives the answer, after checking that it is the same on each.
    #[track_caller]
    pub(crate) fn solve_on_any_threads(&self, words: &str) -> String {
        let solve = |threads: u32| {
            self.expect(0, &format!("solve {words} --threads {threads} --json --out answer"));
            std::fs::read_to_string(self.path("answer")).unwrap()
        };
        let [one, two, five] = [1, 2, 5].map(solve);
        assert!(one == two && one == five, "solve {words}: an answer depends on the threads");
        one
    }

    /// Every name in the scratch directory, hidden ones too, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        names(self.dir.path())
    }
}

/// What the program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Standard output as one line of JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }
}

/// Numbers below limits, one after another, from a seed (Knuth's linear congruential generator of 64 bits).
pub(crate) fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |limit| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % limit
    }
}

/// The names in a directory, sorted.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// Files of the public data, or `None` with a line that says so where they are not there.
pub(crate) fn public_files<const N: usize>(names: [&str; N]) -> Option<[PathBuf; N]> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let base = std::env::var_os("LESSOR_PUBLIC_DATA").map_or("../shared/data".into(), PathBuf::from);
    let files = names.map(|name| root.join(&base).join(name));
    match files.iter().find(|file| !file.is_file()) {
        None => Some(files),
        Some(missing) => {
            println!(
                "skipped: {} is not there; set LESSOR_PUBLIC_DATA to the folder of public data",
                missing.display()
            );
            None
        }
    }
}
