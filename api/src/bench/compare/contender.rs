//! Who is compared: methods of this program, and other programs by their commands.

use std::collections::BTreeSet;

use crate::bench::error::BenchError;

use super::command::Command;
use super::task::Task;

/// Whoever solves instances. This program's own methods are run as any other program is.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) name: String,
    pub(super) command: Command,
    /// The command as people would write it.
    pub(super) text: String,
    /// Whether it is this program, whose exit code 1 says that nothing was found.
    pub(super) is_own: bool,
}

/// The method that has the program's own name.
const AUTO: &str = "auto";

/// What every one of our own is told, beside its instance.
const OWN_FLAGS: [&str; 11] = [
    "--seconds",
    "{seconds}",
    "--threads",
    "{threads}",
    "--seed",
    "{seed}",
    "--json",
    "--incumbents",
    "{incumbents}",
    "--out",
    "{out}",
];

/// All contenders of a task: our own methods, then peers in the order of the flags.
///
/// # Errors
/// A system that does not say where this program is; a peer without a name or a command, with a blank that the family does
/// not fill, or with a name that another has.
pub(super) fn all(task: &Task<'_>) -> Result<Vec<Contender>, BenchError> {
    let program = std::env::current_exe().map_err(|source| BenchError::Program { source })?;
    let own = |method: &String| {
        let words = [&["solve"], task.family.solve_words(), &[task.family.method_flag(), method], &OWN_FLAGS].concat();
        let name = if method == AUTO { "lessor".to_owned() } else { format!("lessor-{method}") };
        let text = format!("lessor {}", words.join(" "));
        Contender { name, command: Command::of(program.as_os_str(), &words), text, is_own: true }
    };
    let mut contenders: Vec<Contender> = task.methods.iter().map(own).collect();
    let mut names: BTreeSet<String> = contenders.iter().map(|contender| contender.name.clone()).collect();
    for text in &task.common.peer {
        let peer = peer(task, text)?;
        if !names.insert(peer.name.clone()) {
            return Err(BenchError::PeerTwice { name: peer.name });
        }
        contenders.push(peer);
    }
    Ok(contenders)
}

fn peer(task: &Task<'_>, text: &str) -> Result<Contender, BenchError> {
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "-_.+".contains(sign);
    let named = text.split_once('=').filter(|(name, _)| !name.is_empty() && name.chars().all(is_sign));
    let (name, written) = named.ok_or_else(|| BenchError::PeerName { text: text.to_owned() })?;
    let refuse = |source| BenchError::PeerCommand { name: name.to_owned(), source };
    let command = Command::parse(written).map_err(refuse)?;
    match command.blanks().into_iter().find(|&blank| !task.family.has(blank)) {
        Some(blank) => {
            Err(BenchError::PeerBlank { name: name.to_owned(), blank: blank.name(), family: task.family.name() })
        }
        None => Ok(Contender { name: name.to_owned(), command, text: written.to_owned(), is_own: false }),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::bench::compare::family::Family;
    use crate::cli::{BenchVerb, Cli, Verb};

    fn names(methods: &[&str], peers: &[&str]) -> Result<Vec<String>, String> {
        let words = ["lessor", "bench", "gap", "x", "--out", "o"];
        let peers = peers.iter().flat_map(|peer| ["--peer", peer]);
        let Verb::Bench(bench) = Cli::try_parse_from(words.into_iter().chain(peers)).unwrap().verb else {
            panic!("the verb is bench")
        };
        let BenchVerb::Gap(args) = bench.verb else { panic!("the family is gap") };
        let methods = methods.iter().map(|&method| method.to_owned()).collect();
        let task = Task { family: Family::Gap, cases: Vec::new(), methods, common: &args.common };
        let contenders = all(&task).map_err(|error| error.to_string())?;
        Ok(contenders.into_iter().map(|contender| contender.name).collect())
    }

    #[test]
    fn own_methods_come_first_and_auto_has_the_programs_name() {
        let names = names(&["auto", "exact"], &["b.2=run {out}", "a=run {out} {instance}"]);
        assert_eq!(names.unwrap(), ["lessor", "lessor-exact", "b.2", "a"]);
    }

    #[test]
    fn peers_that_are_none_are_refused() {
        for (peers, told) in [
            (&["run {out}"][..], "must be NAME=COMMAND"),
            (&["=run {out}"], "must be NAME=COMMAND"),
            (&["a b=run {out}"], "must be NAME=COMMAND"),
            (&["a=run"], "--peer a: not a command"),
            (&["a=run {out} {model}"], "{model} is nothing that instances of gap have"),
            (&["a=run {out}", "a=walk {out}"], "two contenders are called a"),
            (&["lessor=run {out}"], "two contenders are called lessor"),
        ] {
            let error = names(&["auto"], peers).unwrap_err();
            assert!(error.contains(told), "{peers:?}: {error}");
        }
    }
}
