//! What the machine is, and how much memory the process takes: for the record, and for whoever must stay within a limit.

use std::fs;

use serde::{Deserialize, Serialize};

/// The machine that a plan was made on.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Machine {
    /// Operating system.
    os: String,
    /// Processor architecture.
    architecture: String,
    /// Processor model; empty where the system does not say.
    processor: String,
    /// Threads that the process may run at once.
    parallelism: usize,
    /// Memory of the machine in bytes; zero where the system does not say.
    memory_bytes: u64,
}

impl Machine {
    /// Looks at this machine.
    pub(crate) fn here() -> Machine {
        let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Machine {
            os: std::env::consts::OS.to_owned(),
            architecture: std::env::consts::ARCH.to_owned(),
            processor: model.map_or(String::new(), |(_, model)| model.trim().to_owned()),
            parallelism: parallelism(),
            memory_bytes: kibibytes_of("/proc/meminfo", "MemTotal:"),
        }
    }
}

impl Machine {
    /// The machine in words: `2 threads of Some Processor, 23.4 GiB of memory, linux x86_64`.
    pub(crate) fn words(&self) -> String {
        let threads = if self.parallelism == 1 { "1 thread" } else { &format!("{} threads", self.parallelism) };
        let processor = match self.processor.as_str() {
            "" => "an unnamed processor",
            named => named,
        };
        let memory = match self.memory_bytes {
            0 => "memory unknown".to_owned(),
            bytes => format!("{:.1} GiB of memory", bytes as f64 / f64::from(1u32 << 30)),
        };
        format!("{threads} of {processor}, {memory}, {} {}", self.os, self.architecture)
    }
}

/// How many threads the process may run at once; one where the system does not say.
pub(crate) fn parallelism() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Time that the process has had on cores so far, its threads together, in seconds; zero where the system does not say.
pub(crate) fn core_seconds() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the program's name in parentheses, which may hold anything.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks as f64 / TICKS_PER_SECOND
}

/// What Linux counts time on cores in, on every architecture that this program runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// The greatest resident memory of the process so far, in bytes; zero where the system does not say.
pub(crate) fn peak_memory_bytes() -> u64 {
    kibibytes_of("/proc/self/status", PEAK)
}

/// The resident memory of the process, in bytes; zero where the system does not say.
pub(crate) fn resident_bytes() -> u64 {
    kibibytes_of("/proc/self/status", "VmRSS:")
}

/// The resident memory of another process that runs, in bytes; `None` where the system does not say.
pub(crate) fn resident_bytes_of(process: u32) -> Option<u64> {
    Some(kibibytes_of(&format!("/proc/{process}/status"), "VmRSS:")).filter(|&bytes| bytes > 0)
}

/// The greatest resident memory so far of another process that runs, in bytes; `None` where the system does not say.
pub(crate) fn peak_memory_bytes_of(process: u32) -> Option<u64> {
    Some(kibibytes_of(&format!("/proc/{process}/status"), PEAK)).filter(|&bytes| bytes > 0)
}

/// What the kernel calls the greatest resident memory of a process.
const PEAK: &str = "VmHWM:";

/// A line `KEY  NUMBER kB` of a file of the kernel, in bytes.
fn kibibytes_of(file: &str, key: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let number = text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0).saturating_mul(1_024)
}
