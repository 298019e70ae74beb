//! Why bytes are no value.

/// Why bytes could not be read. Nothing of them was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset}: {fault}")]
pub struct DecodeError {
    /// Where, from the first byte of what was read.
    pub offset: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Fault {
    /// They end in the middle of a value.
    #[error("the bytes end within {of}")]
    End {
        /// What was being read.
        of: &'static str,
    },
    /// A number that its type cannot hold, or that is written longer than need be.
    #[error("a number does not fit {of}")]
    Number {
        /// What was being read.
        of: &'static str,
    },
    /// A choice that there is not.
    #[error("{code} is no {of}")]
    Code {
        /// What was being read.
        of: &'static str,
        /// What was there.
        code: u8,
    },
    /// A name that no holder could have given.
    #[error("a name is no visible ASCII text of 1 to 63 characters")]
    Label,
    /// Bytes after the value.
    #[error("more bytes than the value has")]
    Rest,
}
