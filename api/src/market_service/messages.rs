//! Rows in as many messages as they take: each is as large as a peer reads at once, and no larger.

use prost::Message;

/// Bytes from which on a further row goes into another message: well below what a peer reads.
const MESSAGE_BYTES: usize = 64 << 10;

/// Messages, at least one, of which the last is being filled.
#[derive(Debug)]
pub(crate) struct Messages<Part> {
    all: Vec<Part>,
    /// Of the last one.
    bytes: usize,
}

impl<Part: Default> Messages<Part> {
    /// One that is empty.
    pub(crate) fn new() -> Messages<Part> {
        Messages { all: vec![Part::default()], bytes: 0 }
    }

    /// The message that comes next to be filled.
    pub(crate) fn current(&mut self) -> &mut Part {
        if self.bytes >= MESSAGE_BYTES {
            self.all.push(Part::default());
            self.bytes = 0;
        }
        self.all.last_mut().expect("there is one from the beginning")
    }

    /// Adds a row to its list.
    pub(crate) fn push<Row: Message>(&mut self, row: Row, list: impl Fn(&mut Part) -> &mut Vec<Row>) {
        let bytes = row.encoded_len();
        list(self.current()).push(row);
        self.bytes += bytes;
    }

    /// Adds rows to their list.
    pub(crate) fn extend<Row: Message>(
        &mut self,
        rows: impl Iterator<Item = Row>,
        list: impl Fn(&mut Part) -> &mut Vec<Row>,
    ) {
        rows.for_each(|row| self.push(row, &list));
    }

    pub(crate) fn into_all(self) -> Vec<Part> {
        self.all
    }
}
