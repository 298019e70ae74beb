//! The state of an authority in parts of bounded size, for a snapshot.

use lessor_engine::authority::Snapshot;

use super::error::{DecodeError, Fault};
use super::form::{Form, Input};

/// A part ends once it is longer than this.
const PART_BYTES: usize = 1 << 20;

/// Writes a state: a part with all that is small, then parts with slots, then parts with kept answers.
///
/// # Errors
/// What `put` says, which takes one part at a time.
pub fn write_state<E>(state: &Snapshot, mut put: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let Snapshot {
        now,
        revision,
        minted,
        generation,
        slots,
        free,
        ended,
        repeats,
        horizon,
        balances,
        planes,
        drains,
        floors,
        deficits,
        unsettled,
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
    put(&part)?;
    write_items(SLOTS, slots, &mut put)?;
    write_items(FREE, free, &mut put)?;
    write_items(ENDED, ended, &mut put)?;
    write_items(REPEATS, repeats, &mut put)?;
    write_items(BALANCES, balances, &mut put)
}

const HEAD: u8 = 0;
const SLOTS: u8 = 1;
const FREE: u8 = 2;
const ENDED: u8 = 3;
const REPEATS: u8 = 4;
const BALANCES: u8 = 5;

fn write_items<T: Form, E>(code: u8, items: &[T], put: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let mut part = vec![code];
    for item in items {
        item.write(&mut part);
        if part.len() > PART_BYTES {
            put(&part)?;
            part.truncate(1);
        }
    }
    if part.len() > 1 { put(&part) } else { Ok(()) }
}

/// A state that is read part by part. One state has one form: parts come in the order in which they are written, none is empty,
/// and of one kind each but the last is as long as parts become.
#[derive(Debug, Default)]
pub struct StateReader {
    state: Option<Snapshot>,
    /// The kind of the last part, and its length.
    last: (u8, usize),
}

impl StateReader {
    /// Reads one part.
    ///
    /// # Errors
    /// Bytes that are no part of a state.
    pub fn part(&mut self, bytes: &[u8]) -> Result<(), DecodeError> {
        let mut input = Input::new(bytes);
        let code = input.byte("part")?;
        let (last, length) = std::mem::replace(&mut self.last, (code, bytes.len()));
        let follows = code > last || (code == last && length > PART_BYTES);
        if self.state.is_some() && (!follows || bytes.len() == 1) {
            return Err(input.fault(Fault::Code { of: "part", code }));
        }
        match (&mut self.state, code) {
            (head @ None, HEAD) => {
                *head = Some(read_head(&mut input)?);
                input.end()
            }
            (Some(state), SLOTS) => read_items(&mut input, &mut state.slots),
            (Some(state), FREE) => read_items(&mut input, &mut state.free),
            (Some(state), ENDED) => read_items(&mut input, &mut state.ended),
            (Some(state), REPEATS) => read_items(&mut input, &mut state.repeats),
            (Some(state), BALANCES) => read_items(&mut input, &mut state.balances),
            _ => Err(input.fault(Fault::Code { of: "part", code })),
        }
    }

    /// The state; none where no part was read.
    #[must_use]
    pub fn finish(self) -> Option<Snapshot> {
        self.state
    }
}

fn read_head(input: &mut Input<'_>) -> Result<Snapshot, DecodeError> {
    Ok(Snapshot {
        now: Form::read(input)?,
        revision: Form::read(input)?,
        minted: Form::read(input)?,
        generation: Form::read(input)?,
        horizon: Form::read(input)?,
        planes: Form::read(input)?,
        drains: Form::read(input)?,
        floors: Form::read(input)?,
        deficits: Form::read(input)?,
        unsettled: Form::read(input)?,
        slots: Vec::new(),
        free: Vec::new(),
        ended: Vec::new(),
        repeats: Vec::new(),
        balances: Vec::new(),
    })
}

fn read_items<T: Form>(input: &mut Input<'_>, items: &mut Vec<T>) -> Result<(), DecodeError> {
    while input.left() > 0 {
        items.push(T::read(input)?);
    }
    Ok(())
}
