//! From a journal to the authority that it leads to. Decisions are carried out as they were made: no policy is asked, and the one
//! that will be hears of them.

use lessor_engine::authority::{Authority, PriceList, Restoring, Terms};
use lessor_models::fleet::Fleet;
use lessor_models::time::Timestamp;

use super::error::ShellError;
use super::options::PlacementMaker;
use crate::journal::{Finding, History, Incarnation, Storage};
use crate::wire::{Record, Records, StatePart, StateReader};

/// What a recovery found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryReport {
    /// The commit of the snapshot that it began with, where there was one.
    pub snapshot: Option<u64>,
    /// The last commit.
    pub sequence: u64,
    /// Records carried out after the snapshot.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Leases that hold something or are offered.
    pub live: usize,
    /// The incarnation of the history.
    pub incarnation: Incarnation,
    /// What was passed over.
    pub findings: Vec<Finding>,
}

/// What an authority is made of beside its journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ground<'a> {
    pub(super) fleet: &'a Fleet,
    pub(super) terms: Terms,
    pub(super) prices: &'a PriceList,
}

/// Reads a journal to its end. There is no authority where there is no record yet; where there is one, it has the policy of
/// placement.
pub(super) fn recover<S: Storage>(
    history: &mut History<S>,
    ground: Ground<'_>,
    placement: &mut Option<PlacementMaker>,
) -> Result<(Option<Authority>, RecoveryReport), ShellError> {
    let mut authority = restore(history, ground)?.map(|authority| placed(authority, placement));
    let (mut records, mut bytes) = (0, 0);
    let mut effects = Vec::new();
    while let Some(commit) = history.next_commit()? {
        let (sequence, incarnation) = (commit.sequence, commit.incarnation);
        bytes += commit.payload.len() as u64;
        for record in Records::new(commit.payload) {
            let Record { now, event, decision } = record.map_err(|source| ShellError::Record { sequence, source })?;
            let begun = match authority.take() {
                Some(authority) => raise(authority, incarnation)?,
                None => {
                    let authority = Authority::new(ground.fleet, ground.terms, now)?;
                    placed(authority.with_prices(ground.prices), placement)
                }
            };
            let authority = authority.insert(begun);
            authority.enact(now, &event, &decision, &mut effects);
            effects.clear();
            records += 1;
        }
    }
    let (incarnation, sequence) = (history.incarnation(), history.sequence());
    let authority = authority.map(|authority| raise(authority, incarnation)).transpose()?;
    let report = RecoveryReport {
        snapshot: history.snapshot_sequence(),
        sequence,
        records,
        bytes,
        live: authority.as_ref().map_or(0, Authority::live),
        incarnation,
        findings: history.findings().to_vec(),
    };
    Ok((authority, report))
}

/// An authority with the policy of placement, if it is to have one and has it not yet.
pub(super) fn placed(authority: Authority, placement: &mut Option<PlacementMaker>) -> Authority {
    match placement.take() {
        Some(make) => authority.with_placement(make),
        None => authority,
    }
}

/// The state of the snapshot, part by part, so that it is there only once.
fn restore<S: Storage>(history: &mut History<S>, ground: Ground<'_>) -> Result<Option<Authority>, ShellError> {
    let Some(sequence) = history.snapshot_sequence() else { return Ok(None) };
    let contradiction = |source| ShellError::Restore { sequence, source };
    let mut reader = StateReader::default();
    let mut restoring: Option<Restoring> = None;
    while let Some(bytes) = history.next_part()? {
        let part = reader.part(bytes).map_err(|source| ShellError::Record { sequence, source })?;
        match part {
            StatePart::Head(head) => {
                restoring = Some(Restoring::begin(ground.fleet, ground.terms, *head).map_err(contradiction)?);
            }
            StatePart::Piece(piece) => {
                let restoring = restoring.as_mut().expect("the reader takes no piece before the head");
                restoring.take_in(piece).map_err(contradiction)?;
            }
        }
    }
    let restored = restoring.map(Restoring::finish).transpose().map_err(contradiction)?;
    Ok(restored.map(|authority| authority.with_prices(ground.prices)))
}

/// A restored backup begins a new incarnation at the commit where it ends: ids, tokens and revisions go on beyond everything
/// that the history which is lost may have given.
fn raise(mut authority: Authority, incarnation: Incarnation) -> Result<Authority, ShellError> {
    while authority.revision().incarnation < incarnation.0 {
        authority.begin_incarnation().map_err(ShellError::Incarnation)?;
    }
    Ok(authority)
}

/// The instant at which an authority without a history begins: the machine's time of day, the only time that it is asked.
pub(super) fn beginning() -> Timestamp {
    Timestamp(i64::try_from(crate::process::clock::unix_micros()).unwrap_or(i64::MAX))
}
