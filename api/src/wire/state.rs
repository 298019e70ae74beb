//! The state of an authority in parts of bounded size, for a snapshot: first a head with all that is small, then parts of
//! the long lists, list by list.
//!
//! One state has one form: parts come in the order in which they are written, none is empty, and of one kind each but the last
//! is as long as parts become, however small the pieces were in which the state came.

use std::collections::VecDeque;

use lessor_engine::authority::{Piece, Snapshot};

use super::error::{DecodeError, Fault};
use super::form::{Form, Input};
use super::former::SlotOf2;

/// A part ends once it is longer than this.
const PART_BYTES: usize = 1 << 20;

/// Writes a whole state.
///
/// # Errors
/// What `put` says, which takes one part at a time.
pub fn write_state<E>(state: Snapshot, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut writer = StateWriter::default();
    writer.head(state, &mut put)?;
    writer.finish(put)
}

/// Writes a state piece by piece. Dropped before its end it has written no state.
#[derive(Debug, Default)]
pub struct StateWriter {
    part: Vec<u8>,
    /// Lists that came with the head, in the order in which they are written.
    waiting: VecDeque<Piece>,
}

impl StateWriter {
    /// Writes everything but the long lists, as the first part. The lists that are in the head are written in their turn.
    ///
    /// # Errors
    /// What `put` says, which takes one part at a time.
    pub fn head<E>(&mut self, mut head: Snapshot, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        self.waiting = head.take_pieces().into();
        put(&head_part(&head))
    }

    /// Writes a piece of a long list. Pieces come in the order of [`Snapshot::take_pieces`], and those of one list together.
    ///
    /// # Errors
    /// What `put` says, which takes one part at a time.
    pub fn piece<E>(&mut self, piece: &Piece, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        while let Some(list) = self.waiting.pop_front_if(|list| code(list) <= code(piece)) {
            self.append(&list, &mut put)?;
        }
        self.append(piece, &mut put)
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// What `put` says, which takes one part at a time.
    pub fn finish<E>(mut self, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        while let Some(list) = self.waiting.pop_front() {
            self.append(&list, &mut put)?;
        }
        self.end_part(&mut put)
    }

    fn append<E>(&mut self, piece: &Piece, put: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.part.first() != Some(&code(piece)) {
            self.end_part(put)?;
            self.part.clear();
            self.part.push(code(piece));
        }
        match piece {
            Piece::Slots(slots) => self.items(slots, put),
            Piece::Free(free) => self.items(free, put),
            Piece::Ended(ended) => self.items(ended, put),
            Piece::Repeats(repeats) => self.items(repeats, put),
            Piece::Balances(balances) => self.items(balances, put),
            Piece::FloorShares(shares) => self.items(shares, put),
            Piece::Changes(changes) => self.items(changes, put),
            Piece::Prices(None, _) => Ok(()),
            Piece::Prices(Some(at), prices) => {
                at.write(&mut self.part);
                prices.iter().for_each(|price| price.write(&mut self.part));
                Ok(())
            }
        }
    }

    fn items<T: Form, E>(&mut self, items: &[T], put: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        for item in items {
            item.write(&mut self.part);
            if self.part.len() > PART_BYTES {
                put(&self.part)?;
                self.part.truncate(1);
            }
        }
        Ok(())
    }

    fn end_part<E>(&self, put: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.part.len() > 1 { put(&self.part) } else { Ok(()) }
    }
}

/// The head of versions 1 and 2: slots have the form of then.
const FORMER_HEAD: u8 = 0;
/// From version 3 on.
const HEAD: u8 = 7;
const SLOTS: u8 = 1;
const FREE: u8 = 2;
const ENDED: u8 = 3;
const REPEATS: u8 = 4;
const BALANCES: u8 = 5;
/// From version 2 on, and one part: as many as there are accounts with posted prices.
const PRICES: u8 = 6;
/// From version 4 on.
const FLOOR_SHARES: u8 = 8;
/// From version 6 on.
const CHANGES: u8 = 9;

fn code(piece: &Piece) -> u8 {
    match piece {
        Piece::Slots(_) => SLOTS,
        Piece::Free(_) => FREE,
        Piece::Ended(_) => ENDED,
        Piece::Repeats(_) => REPEATS,
        Piece::Balances(_) => BALANCES,
        Piece::Prices(..) => PRICES,
        Piece::FloorShares(_) => FLOOR_SHARES,
        Piece::Changes(_) => CHANGES,
    }
}

fn head_part(state: &Snapshot) -> Vec<u8> {
    let Snapshot {
        now,
        revision,
        minted,
        generation,
        horizon,
        planes,
        drains,
        floors,
        floor_shares: _,
        deficits,
        unsettled,
        retention,
        slots: _,
        free: _,
        ended: _,
        repeats: _,
        balances: _,
        priced: _,
        prices: _,
        changes: _,
    } = state;
    let mut part = vec![HEAD];
    now.write(&mut part);
    revision.write(&mut part);
    minted.write(&mut part);
    generation.write(&mut part);
    horizon.write(&mut part);
    planes.write(&mut part);
    drains.write(&mut part);
    floors.write(&mut part);
    deficits.write(&mut part);
    unsettled.write(&mut part);
    retention.write(&mut part);
    part
}

/// A part of a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatePart {
    /// The first one: everything but the long lists.
    Head(Box<Snapshot>),
    /// One of the others.
    Piece(Piece),
}

/// Reads a state part by part, and takes no other order of parts than that in which they are written.
#[derive(Debug, Default)]
pub struct StateReader {
    /// The kind of the last part, and its length; none before the head.
    last: Option<(u8, usize)>,
    /// Whether the state is of version 1 or 2.
    is_former: bool,
}

impl StateReader {
    /// Reads the next part.
    ///
    /// # Errors
    /// Bytes that are no part of a state, or none that comes here.
    pub fn part(&mut self, bytes: &[u8]) -> Result<StatePart, DecodeError> {
        let mut input = Input::new(bytes);
        let code = input.byte("part")?;
        let Some((last, length)) = self.last.replace((code, bytes.len())) else {
            self.is_former = code == FORMER_HEAD;
            self.last = Some((FORMER_HEAD, bytes.len()));
            let is_head = self.is_former || code == HEAD;
            return if is_head {
                read_head(self.is_former, &mut input)
            } else {
                Err(input.fault(Fault::Code { of: "part", code }))
            };
        };
        let follows = code > last || (code == last && length > PART_BYTES);
        if follows && bytes.len() > 1 {
            read_piece(code, self.is_former, &mut input).map(StatePart::Piece)
        } else {
            Err(input.fault(Fault::Code { of: "part", code }))
        }
    }
}

fn read_piece(code: u8, is_former: bool, input: &mut Input<'_>) -> Result<Piece, DecodeError> {
    Ok(match code {
        SLOTS if is_former => Piece::Slots(read_all(input, |input| SlotOf2::read(input).map(|slot| slot.0))?),
        SLOTS => Piece::Slots(read_items(input)?),
        FREE => Piece::Free(read_items(input)?),
        ENDED => Piece::Ended(read_items(input)?),
        REPEATS => Piece::Repeats(read_items(input)?),
        BALANCES => Piece::Balances(read_items(input)?),
        FLOOR_SHARES => Piece::FloorShares(read_items(input)?),
        CHANGES => Piece::Changes(read_items(input)?),
        PRICES => Piece::Prices(Some(Form::read(input)?), read_items(input)?),
        code => return Err(input.fault(Fault::Code { of: "part", code })),
    })
}

fn read_head(is_former: bool, input: &mut Input<'_>) -> Result<StatePart, DecodeError> {
    let head = Snapshot {
        now: Form::read(input)?,
        revision: Form::read(input)?,
        minted: Form::read(input)?,
        generation: Form::read(input)?,
        horizon: Form::read(input)?,
        planes: Form::read(input)?,
        drains: Form::read(input)?,
        floors: Form::read(input)?,
        floor_shares: Vec::new(),
        deficits: Form::read(input)?,
        unsettled: Form::read(input)?,
        retention: if is_former { None } else { Form::read(input)? },
        slots: Vec::new(),
        free: Vec::new(),
        ended: Vec::new(),
        repeats: Vec::new(),
        balances: Vec::new(),
        priced: None,
        prices: Vec::new(),
        changes: Vec::new(),
    };
    input.end()?;
    Ok(StatePart::Head(Box::new(head)))
}

fn read_items<T: Form>(input: &mut Input<'_>) -> Result<Vec<T>, DecodeError> {
    read_all(input, T::read)
}

fn read_all<T>(
    input: &mut Input<'_>,
    read: impl Fn(&mut Input<'_>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let mut items = Vec::new();
    while input.left() > 0 {
        items.push(read(input)?);
    }
    Ok(items)
}
