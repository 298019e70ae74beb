//! Any value reads back as written, and any bytes are read without harm.

use std::convert::Infallible;

use lessor_engine::authority::{Decision, Event, Piece, Reason, Snapshot};
use proptest::prelude::*;

use super::form::{Chance, Form, Input};
use super::*;

fn record(chance: &mut Chance) -> Record {
    Record { now: Form::sample(chance), event: Form::sample(chance), decision: Form::sample(chance) }
}

fn write(record: &Record, out: &mut Vec<u8>) {
    RecordRef { now: record.now, event: &record.event, decision: &record.decision }.write(out);
}

fn state(chance: &mut Chance) -> Snapshot {
    Snapshot {
        now: Form::sample(chance),
        revision: Form::sample(chance),
        minted: Form::sample(chance),
        generation: Form::sample(chance),
        slots: Form::sample(chance),
        free: Form::sample(chance),
        ended: Form::sample(chance),
        repeats: Form::sample(chance),
        horizon: Form::sample(chance),
        balances: Form::sample(chance),
        planes: Form::sample(chance),
        drains: Form::sample(chance),
        floors: Form::sample(chance),
        floor_shares: Form::sample(chance),
        deficits: Form::sample(chance),
        unsettled: Form::sample(chance),
        retention: Form::sample(chance),
        priced: None,
        prices: Vec::new(),
        changes: Form::sample(chance),
    }
}

fn read_state(parts: &[Vec<u8>]) -> Result<Option<Snapshot>, DecodeError> {
    let mut reader = StateReader::default();
    let mut state: Option<Snapshot> = None;
    for part in parts {
        match reader.part(part)? {
            StatePart::Head(head) => state = Some(*head),
            StatePart::Piece(piece) => state.as_mut().expect("the head comes first").append(piece),
        }
    }
    Ok(state)
}

fn parts(state: &Snapshot) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let Ok(()) = write_state(state.clone(), |part| {
        parts.push(part.to_vec());
        Ok::<(), Infallible>(())
    });
    parts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn records_read_back_as_written(seed in any::<u64>(), count in 0usize..5) {
        let chance = &mut Chance(seed);
        let records: Vec<Record> = (0..count).map(|_| record(chance)).collect();
        let mut bytes = Vec::new();
        records.iter().for_each(|record| write(record, &mut bytes));
        let read: Result<Vec<Record>, DecodeError> = Records::new(&bytes).collect();
        prop_assert_eq!(read.unwrap(), records);
    }

    #[test]
    fn a_state_reads_back_as_written(seed in any::<u64>()) {
        let state = state(&mut Chance(seed));
        prop_assert_eq!(&read_state(&parts(&state)).unwrap().unwrap(), &state);
        let chance = &mut Chance(!seed);
        let state = Snapshot { priced: Some(Form::sample(chance)), prices: Form::sample(chance), ..state };
        prop_assert_eq!(read_state(&parts(&state)).unwrap().unwrap(), state);
    }

    #[test]
    fn a_state_that_comes_in_small_pieces_is_written_the_same(seed in any::<u64>(), most in 1usize..4) {
        let chance = &mut Chance(seed);
        let state = Snapshot { priced: Some(Form::sample(chance)), prices: Form::sample(chance), ..state(chance) };
        let head = Snapshot { slots: Vec::new(), repeats: Vec::new(), ..state.clone() };
        let slots = state.slots.chunks(most).map(|slots| Piece::Slots(slots.to_vec()));
        let repeats = state.repeats.chunks(most).map(|repeats| Piece::Repeats(repeats.to_vec()));
        let (mut writer, mut parts) = (StateWriter::default(), Vec::new());
        let mut put = |part: &[u8]| {
            parts.push(part.to_vec());
            Ok::<(), Infallible>(())
        };
        let Ok(()) = writer.head(head, &mut put);
        for piece in slots.chain(repeats) {
            let Ok(()) = writer.piece(&piece, &mut put);
        }
        let Ok(()) = writer.finish(&mut put);
        prop_assert_eq!(parts, self::parts(&state));
    }

    /// Bytes that read as a value are what that value is written as: one value, one form.
    #[test]
    fn damaged_records_are_refused_or_are_other_records(
        seed in any::<u64>(), at in any::<usize>(), to in any::<u8>(), cut in any::<bool>()
    ) {
        let mut bytes = Vec::new();
        write(&record(&mut Chance(seed)), &mut bytes);
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = to }
        let mut again = Vec::new();
        if Records::new(&bytes).try_for_each(|record| record.map(|record| write(&record, &mut again))).is_ok() {
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Records::new(&bytes).count();
        let mut again = Vec::new();
        if Records::new(&bytes).try_for_each(|record| record.map(|record| write(&record, &mut again))).is_ok() {
            prop_assert_eq!(again, &bytes[..]);
        }
        let _ = read_state(&[bytes.clone(), bytes]);
    }

    #[test]
    fn damaged_states_are_refused_or_are_other_states(
        seed in any::<u64>(), part in any::<usize>(), at in any::<usize>(), to in any::<u8>()
    ) {
        let mut parts = parts(&state(&mut Chance(seed)));
        let part = part % parts.len();
        let at = at % parts[part].len();
        parts[part][at] = to;
        if let Ok(Some(state)) = read_state(&parts) {
            prop_assert_eq!(self::parts(&state), parts);
        }
    }

    #[test]
    fn parts_out_of_place_are_refused(seed in any::<u64>(), one in any::<usize>(), other in any::<usize>()) {
        let mut parts = parts(&state(&mut Chance(seed)));
        let (one, other) = (one % parts.len(), other % parts.len());
        let moved = parts[one].clone();
        parts.insert(other, moved);
        prop_assert!(!matches!(read_state(&parts), Ok(Some(_))));
    }
}

#[test]
fn samples_reach_every_choice() {
    let chance = &mut Chance(1);
    let mut seen = [false; 256];
    for _ in 0..5000 {
        let mut bytes = Vec::new();
        Event::sample(chance).write(&mut bytes);
        seen[usize::from(bytes[0])] = true;
        bytes.clear();
        Reason::sample(chance).write(&mut bytes);
        seen[100 + usize::from(bytes[0])] = true;
        bytes.clear();
        Decision::sample(chance).write(&mut bytes);
        seen[200 + usize::from(bytes[0])] = true;
    }
    let count = |from: usize, to: usize| seen[from..to].iter().filter(|&&is_seen| is_seen).count();
    assert_eq!((count(0, 100), count(100, 200), count(200, 256)), (12, 28, 8));
}

#[test]
fn numbers_have_one_form() {
    let read = |bytes: &[u8]| u16::read(&mut Input::new(bytes));
    assert_eq!(read(&[0xff, 0xff, 0x03]).unwrap(), u16::MAX);
    for bytes in [&[0x80, 0x00][..], &[0xff, 0xff, 0x07], &[0xff, 0xff, 0xff, 0x03], &[0x80], &[]] {
        assert!(read(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn a_long_list_takes_no_memory_before_its_items_are_there() {
    let mut bytes = Vec::new();
    u64::MAX.write(&mut bytes);
    assert!(Vec::<u64>::read(&mut Input::new(&bytes)).is_err());
}

#[test]
fn a_large_state_is_written_in_parts_of_bounded_size() {
    let state = Snapshot { free: vec![u32::MAX; 1 << 20], ..state(&mut Chance(1)) };
    let parts = parts(&state);
    assert!(parts.len() > 5 && parts.iter().all(|part| part.len() < (1 << 20) + 100), "{}", parts.len());
    assert_eq!(read_state(&parts).unwrap().unwrap(), state);
}
