//! A run of a contender, watched from outside: its time, its greatest memory, and its incumbents as they appear in their
//! file, all by the clock of this process.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use crate::process::child::end_where_asked;
use crate::process::clock::ProcessClock;
use crate::process::machine;

/// The shortest and the longest pause between two looks.
const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(20);

/// A pause is this part of what has passed, so that short runs are measured as well as long ones.
const PAUSE_PART: u32 = 64;

/// Where a run writes. Nothing is there before.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) answer: PathBuf,
    pub(super) incumbents: PathBuf,
    output: PathBuf,
    errors: PathBuf,
}

impl Place {
    pub(super) fn within(dir: &Path) -> Place {
        let [answer, incumbents, output, errors] =
            ["answer", "incumbents.csv", "output", "errors"].map(|name| dir.join(name));
        Place { answer, incumbents, output, errors }
    }

    /// The last line that the run said on standard error, or on standard output.
    pub(super) fn last_words(&self) -> Option<String> {
        let last = |path: &Path| {
            let text = String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
            text.lines().rev().find(|line| !line.trim().is_empty()).map(str::to_owned)
        };
        last(&self.errors).or_else(|| last(&self.output))
    }
}

/// What was seen of a run.
#[derive(Debug)]
pub(super) struct Watched {
    /// From before the process was started until it had ended.
    pub(super) seconds: f64,
    /// The greatest resident memory of the process that was seen; `None` where the system does not say.
    pub(super) peak_memory_bytes: Option<u64>,
    pub(super) end: End,
    pub(super) incumbents: Vec<Incumbent>,
    /// Lines of its incumbents that are none.
    pub(super) lines_unread: u32,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum End {
    /// It did not begin.
    NotStarted(std::io::Error),
    /// By itself.
    Exited(ExitStatus),
    /// It was ended, for its time was up.
    Killed,
}

/// What a contender said of an incumbent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Incumbent {
    /// When the line was seen, from before the process was started.
    pub(super) seconds: f64,
    /// Nothing where the line tells a bound alone.
    pub(super) cost: Option<u128>,
    pub(super) bound: Option<u128>,
}

/// How a cost or a bound of an incumbent is read; `None` where it is none.
pub(super) type ReadAmount<'a> = &'a dyn Fn(&str) -> Option<i128>;

/// Runs a command and waits for its end, or ends it when it has run so long.
///
/// # Errors
/// Files for its output that cannot be made, or a process that cannot be waited for.
pub(super) fn watch(
    words: &[OsString],
    place: &Place,
    longest: Duration,
    clock: &ProcessClock,
    amount: ReadAmount<'_>,
) -> std::io::Result<Watched> {
    let (program, rest) = words.split_first().expect("a command has a word");
    let mut command = Command::new(program);
    // Files, not pipes: whoever holds a pipe open could not be waited for.
    command.args(rest).stdin(Stdio::null()).stdout(File::create(&place.output)?).stderr(File::create(&place.errors)?);
    let mut stream = Stream::new(place.incumbents.clone(), amount);
    let began = clock.seconds();
    let (end, peak_memory_bytes) = match command.spawn() {
        Err(error) => (End::NotStarted(error), None),
        Ok(mut child) => follow(&mut child, &mut stream, longest, &|| clock.seconds() - began)?,
    };
    let seconds = clock.seconds() - began;
    stream.look(seconds);
    stream.close(seconds);
    let Stream { incumbents, lines_unread, .. } = stream;
    Ok(Watched { seconds, peak_memory_bytes, end, incumbents, lines_unread })
}

/// Looks at a process until it has ended.
fn follow(
    child: &mut Child,
    stream: &mut Stream<'_>,
    longest: Duration,
    seconds: &dyn Fn() -> f64,
) -> std::io::Result<(End, Option<u64>)> {
    let mut peak = None;
    loop {
        peak = peak.max(machine::peak_memory_bytes_of(child.id()));
        if let Some(status) = child.try_wait()? {
            return Ok((End::Exited(status), peak));
        }
        end_where_asked(child)?;
        let passed = Duration::from_secs_f64(seconds());
        stream.look(passed.as_secs_f64());
        if passed >= longest {
            child.kill()?;
            child.wait()?;
            return Ok((End::Killed, peak));
        }
        thread::sleep((passed / PAUSE_PART).clamp(PAUSE_MIN, PAUSE_MAX).min(longest.saturating_sub(passed)));
    }
}

/// A file of incumbents that grows while it is read.
struct Stream<'a> {
    path: PathBuf,
    amount: ReadAmount<'a>,
    /// Bytes read.
    read: u64,
    /// The beginning of a line whose end is not there yet.
    part: Vec<u8>,
    incumbents: Vec<Incumbent>,
    lines_unread: u32,
}

impl<'a> Stream<'a> {
    fn new(path: PathBuf, amount: ReadAmount<'a>) -> Stream<'a> {
        Stream { path, amount, read: 0, part: Vec::new(), incumbents: Vec::new(), lines_unread: 0 }
    }

    /// Reads the lines that are there since the last look. A file that is not there yet, or cannot be read, has none.
    fn look(&mut self, seconds: f64) {
        if fs::metadata(&self.path).is_ok_and(|found| found.len() > self.read) {
            let mut fresh = Vec::new();
            let read = File::open(&self.path).and_then(|mut file| {
                file.seek(SeekFrom::Start(self.read))?;
                file.read_to_end(&mut fresh)
            });
            if read.is_ok() {
                self.take(&fresh, seconds);
            }
        }
    }

    fn take(&mut self, fresh: &[u8], seconds: f64) {
        self.read += u64::try_from(fresh.len()).unwrap_or(u64::MAX);
        self.part.extend_from_slice(fresh);
        while let Some(end) = self.part.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.part.drain(..=end).collect();
            self.line(&line, seconds);
        }
    }

    /// Takes what stands after the last end of a line as a line.
    fn close(&mut self, seconds: f64) {
        let line = std::mem::take(&mut self.part);
        self.line(&line, seconds);
    }

    fn line(&mut self, line: &[u8], seconds: f64) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if text.is_empty() || text == "seconds,cost,bound" {
            return;
        }
        match parse(text, self.amount) {
            Some((cost, bound)) => self.incumbents.push(Incumbent { seconds, cost, bound }),
            None => self.lines_unread += 1,
        }
    }
}

/// Cost and bound of a line `seconds,cost,bound`; the seconds are those of the contender and only have to be some. A bound
/// below zero is one of zero.
fn parse(line: &str, amount: ReadAmount<'_>) -> Option<(Option<u128>, Option<u128>)> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [seconds, cost, bound] = fields[..] else { return None };
    seconds.parse::<f64>().ok()?;
    let number = |text: &str| if text.is_empty() { Some(None) } else { amount(text).map(Some) };
    let (cost, bound) = (number(cost)?, number(bound)?);
    let cost = cost.map(u128::try_from).transpose().ok()?;
    Some((cost, bound.map(|bound| u128::try_from(bound).unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<i128> {
        text.parse().ok()
    }

    fn incumbent(seconds: f64, cost: Option<u128>, bound: Option<u128>) -> Incumbent {
        Incumbent { seconds, cost, bound }
    }

    #[test]
    fn lines_are_read_as_they_grow_and_have_the_time_of_the_look() {
        let mut stream = Stream::new(PathBuf::new(), &whole);
        stream.take(b"seconds,cost,bound\n0.1,20,", 1.0);
        assert_eq!(stream.incumbents, []);
        stream.take(b"7\n0.2,19,\nx\n0.3,-1,5\n", 2.0);
        stream.take(b"0.4,,-3", 3.0);
        stream.close(4.0);
        let expected =
            [incumbent(2.0, Some(20), Some(7)), incumbent(2.0, Some(19), None), incumbent(4.0, None, Some(0))];
        assert_eq!((&stream.incumbents[..], stream.lines_unread), (&expected[..], 2));
    }

    fn run(script: &str, longest_ms: u64) -> (Watched, Place, tempfile::TempDir) {
        let scratch = tempfile::tempdir().unwrap();
        let place = Place::within(scratch.path());
        let incumbents = place.incumbents.display().to_string();
        let words = ["sh", "-c", &script.replace("FILE", &incumbents)].map(OsString::from);
        let seen = watch(&words, &place, Duration::from_millis(longest_ms), &ProcessClock::start(), &whole).unwrap();
        (seen, place, scratch)
    }

    #[test]
    fn a_run_is_watched_to_its_end() {
        let (seen, place, _scratch) = run("printf '1,5,4\\n2,4,4' > FILE; echo said >&2; exit 3", 60_000);
        assert!(matches!(seen.end, End::Exited(status) if status.code() == Some(3)), "{seen:?}");
        let costs: Vec<_> = seen.incumbents.iter().map(|incumbent| incumbent.cost).collect();
        assert_eq!((costs, place.last_words().as_deref()), (vec![Some(5), Some(4)], Some("said")));
        assert!(seen.incumbents.iter().all(|incumbent| incumbent.seconds <= seen.seconds));
    }

    #[test]
    fn a_run_that_does_not_end_is_ended() {
        let (seen, ..) = run("while :; do :; done", 30);
        assert!(matches!(seen.end, End::Killed) && seen.seconds >= 0.03, "{seen:?}");
        if cfg!(target_os = "linux") {
            assert!(seen.peak_memory_bytes.is_some_and(|bytes| bytes > 0));
        }
    }

    #[test]
    fn a_program_that_is_not_there_does_not_begin() {
        let scratch = tempfile::tempdir().unwrap();
        let words = ["no-such-program-anywhere".into()];
        let place = Place::within(scratch.path());
        let seen = watch(&words, &place, Duration::from_secs(1), &ProcessClock::start(), &whole).unwrap();
        assert!(matches!(seen.end, End::NotStarted(_)), "{seen:?}");
    }
}
