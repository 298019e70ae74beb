//! Commands as people write them: words, some in quotes, with blanks that each run fills.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

/// What differs from run to run. In a command it stands in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Blank {
    /// The file of the instance: of openb the sequence, of reassignment the model.
    Instance,
    Model,
    Initial,
    Nodes,
    Arrived,
    Seconds,
    Threads,
    Seed,
    /// The file for incumbents, a line `seconds,cost,bound` each.
    Incumbents,
    /// The file for the answer.
    Out,
}

impl Blank {
    pub(crate) const ALL: [Blank; 10] = [
        Blank::Instance,
        Blank::Model,
        Blank::Initial,
        Blank::Nodes,
        Blank::Arrived,
        Blank::Seconds,
        Blank::Threads,
        Blank::Seed,
        Blank::Incumbents,
        Blank::Out,
    ];

    /// The word between the braces.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Blank::Instance => "instance",
            Blank::Model => "model",
            Blank::Initial => "initial",
            Blank::Nodes => "nodes",
            Blank::Arrived => "arrived",
            Blank::Seconds => "seconds",
            Blank::Threads => "threads",
            Blank::Seed => "seed",
            Blank::Incumbents => "incumbents",
            Blank::Out => "out",
        }
    }
}

/// Why a text is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandTextError {
    /// No word at all.
    #[error("there is no command")]
    Empty,
    /// A quote that is opened and not closed.
    #[error("the quote {0} is not closed")]
    Unclosed(char),
    /// A word in braces that is no blank.
    #[error(
        "{{{0}}} is not known; these are: {{instance}}, {{model}}, {{initial}}, {{nodes}}, {{arrived}}, {{seconds}}, \
         {{threads}}, {{seed}}, {{incumbents}}, {{out}}"
    )]
    Unknown(String),
    /// No file for the answer, so nothing could be checked.
    #[error("{{out}} is missing: where the answer goes")]
    NoOut,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(OsString),
    Blank(Blank),
}

/// Words with blanks; the first is the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    words: Vec<Vec<Piece>>,
}

impl Command {
    /// Reads a command: words apart by white space; `'..'` takes everything as it is, `".."` and what is bare take a
    /// backslash before a sign that would mean something.
    ///
    /// # Errors
    /// See [`CommandTextError`].
    pub(super) fn parse(text: &str) -> Result<Command, CommandTextError> {
        let words = split(text)?.iter().map(|word| pieces(word)).collect::<Result<Vec<_>, _>>()?;
        let command = Command { words };
        if command.words.is_empty() {
            return Err(CommandTextError::Empty);
        }
        if command.blanks().contains(&Blank::Out) { Ok(command) } else { Err(CommandTextError::NoOut) }
    }

    /// A program with words of our own.
    ///
    /// # Panics
    /// A word in braces that is no blank: they are written in this program.
    pub(super) fn of(program: &OsStr, words: &[&str]) -> Command {
        let words = words.iter().map(|word| pieces(word).expect("the words of this program name known blanks"));
        Command { words: [vec![Piece::Text(program.to_owned())]].into_iter().chain(words).collect() }
    }

    /// The blanks that there are.
    pub(super) fn blanks(&self) -> BTreeSet<Blank> {
        let pieces = self.words.iter().flatten();
        pieces.filter_map(|piece| if let &Piece::Blank(blank) = piece { Some(blank) } else { None }).collect()
    }

    /// The words with their blanks filled.
    pub(super) fn fill(&self, value: impl Fn(Blank) -> OsString) -> Vec<OsString> {
        let word = |pieces: &Vec<Piece>| {
            let mut word = OsString::new();
            for piece in pieces {
                match piece {
                    Piece::Text(text) => word.push(text),
                    &Piece::Blank(blank) => word.push(value(blank)),
                }
            }
            word
        };
        self.words.iter().map(word).collect()
    }
}

/// Splits a text into words as a shell splits plain ones.
fn split(text: &str) -> Result<Vec<String>, CommandTextError> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match sign {
            sign if sign.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match signs.next() {
                        None => return Err(CommandTextError::Unclosed(sign)),
                        Some(end) if end == sign => break,
                        Some('\\') if sign == '"' => word.extend(signs.next()),
                        Some(inside) => word.push(inside),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(signs.next()),
            sign => word.get_or_insert_default().push(sign),
        }
    }
    words.extend(word);
    Ok(words)
}

/// A word cut at its blanks. Braces around anything but small letters are text.
fn pieces(word: &str) -> Result<Vec<Piece>, CommandTextError> {
    let (mut pieces, mut text, mut rest) = (Vec::new(), String::new(), word);
    while let Some((before, after)) = rest.split_once('{') {
        text += before;
        let name = after.split_once('}').map(|(name, _)| name);
        let name = name.filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()));
        let Some(name) = name else {
            text.push('{');
            rest = after;
            continue;
        };
        let blank = Blank::ALL.into_iter().find(|blank| blank.name() == name);
        pieces.push(Piece::Text(std::mem::take(&mut text).into()));
        pieces.push(Piece::Blank(blank.ok_or_else(|| CommandTextError::Unknown(name.to_owned()))?));
        rest = &after[name.len() + 1..];
    }
    pieces.push(Piece::Text((text + rest).into()));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Vec<String> {
        let words = Command::parse(text).unwrap().fill(|blank| format!("<{}>", blank.name()).into());
        words.into_iter().map(|word| word.into_string().unwrap()).collect()
    }

    #[test]
    fn words_are_split_and_blanks_are_filled() {
        assert_eq!(
            filled(" run  {instance} --for={seconds}s\t{out}"),
            ["run", "<instance>", "--for=<seconds>s", "<out>"]
        );
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(filled(r#"sh -c 'a "b" \c > {out}'"#), ["sh", "-c", r#"a "b" \c > <out>"#]);
        assert_eq!(filled(r#"a"b c"'d e' "\"\\" \'f '' {out}"#), ["ab cd e", r#""\"#, "'f", "", "<out>"]);
    }

    #[test]
    fn braces_around_anything_else_are_text() {
        assert_eq!(filled("awk '{ print } {} ${X} {' {out}"), ["awk", "{ print } {} ${X} {", "<out>"]);
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for (text, error) in [
            ("", CommandTextError::Empty),
            ("a 'b {out}", CommandTextError::Unclosed('\'')),
            ("a {time} {out}", CommandTextError::Unknown("time".into())),
            ("a {instance}", CommandTextError::NoOut),
        ] {
            assert_eq!(Command::parse(text), Err(error), "{text}");
        }
    }
}
