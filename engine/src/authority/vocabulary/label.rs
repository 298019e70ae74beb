//! Names that holders choose: who they are, which request this is, what a token fences.

use std::fmt;
use std::hash::{Hash, Hasher};

use thiserror::Error;

/// The longest label in bytes: with its length it fills one cache line.
pub const LABEL_MAX: usize = 63;

/// A short name, kept in place so that no request allocates for one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    bytes: [u8; LABEL_MAX],
    length: u8,
}

/// Why a text is no label. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LabelError {
    /// It has no byte.
    #[error("a name is empty; give it 1 to {LABEL_MAX} characters")]
    Empty,
    /// It has too many bytes.
    #[error("a name has {length} bytes; give it 1 to {LABEL_MAX}")]
    TooLong {
        /// How many it has.
        length: usize,
    },
    /// It has a byte that is no visible ASCII character.
    #[error("a name has byte {byte:#04x} at position {position}; use visible ASCII characters")]
    NotVisible {
        /// The byte.
        byte: u8,
        /// Where it is, from 0.
        position: usize,
    },
}

impl Label {
    /// A label of 1 to [`LABEL_MAX`] visible ASCII characters.
    ///
    /// # Errors
    /// Where the text is empty, too long or has another character.
    pub fn new(text: &str) -> Result<Label, LabelError> {
        let length = text.len();
        if length == 0 {
            return Err(LabelError::Empty);
        }
        let too_long = LabelError::TooLong { length };
        let short = u8::try_from(length).map_err(|_| too_long)?;
        if length > LABEL_MAX {
            return Err(too_long);
        }
        if let Some(position) = text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(LabelError::NotVisible { byte: text.as_bytes()[position], position });
        }
        let mut bytes = [0; LABEL_MAX];
        bytes[..length].copy_from_slice(text.as_bytes());
        Ok(Label { bytes, length: short })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("a label is ASCII")
    }
}

/// What follows the text is always zero, so labels of equal text are equal and hash alike.
impl Hash for Label {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.bytes[..usize::from(self.length)]);
        state.write_u8(self.length);
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

macro_rules! label {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Label);

        impl $name {
            /// The name from its text.
            ///
            /// # Errors
            /// Where the text is no [`Label`].
            pub fn new(text: &str) -> Result<$name, LabelError> {
                Label::new(text).map($name)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

label! {
    /// Who holds leases: a service, or another authority that holds them wholesale.
    HolderId
}

label! {
    /// The holder's own name of a request, by which a repeat is known.
    RequestId
}

label! {
    /// A thing that one holder at a time may act on: a device, a fragment, a capsule's identity, a link window.
    FenceKey
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_cache_line_and_keeps_its_text() {
        assert_eq!(size_of::<Label>(), 64);
        assert_eq!(Label::new("job-7/a").unwrap().as_str(), "job-7/a");
        assert_eq!(Label::new(&"x".repeat(LABEL_MAX)).unwrap().as_str().len(), LABEL_MAX);
    }

    #[test]
    fn what_is_no_label_says_why() {
        assert_eq!(Label::new(""), Err(LabelError::Empty));
        assert_eq!(Label::new(&"x".repeat(300)), Err(LabelError::TooLong { length: 300 }));
        assert_eq!(Label::new("a b"), Err(LabelError::NotVisible { byte: b' ', position: 1 }));
        assert_eq!(Label::new("é"), Err(LabelError::NotVisible { byte: 0xc3, position: 0 }));
    }
}
