//! What the program has to do with the machine that it runs on: its [`clock`], deadlines that raise a stop, signals that end a
//! search ([`interrupt`]) and a [`child`] with it, how much memory it takes and may take, and what the [`machine`] is.

pub(crate) mod child;
pub(crate) mod clock;
pub(crate) mod deadline;
pub(crate) mod interrupt;
pub(crate) mod machine;
pub(crate) mod memory;
