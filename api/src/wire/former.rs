//! Forms of earlier versions that differ from today's, and what their values mean today.

use lessor_engine::authority::{KeptLease, Lease, Money, Slot, Stretch};

use super::error::DecodeError;
use super::form::{Form, Input};

/// A slot of versions 1 and 2. They summed up what was paid for a lease over all its renewals, and gave back what was not used at
/// the mean of all rates; so what they kept counts as paid evenly for the whole term, all of it that no checkpoint covers for work
/// that is not safe.
pub(super) struct SlotOf2(pub(super) Slot);

impl SlotOf2 {
    pub(super) fn read(input: &mut Input<'_>) -> Result<SlotOf2, DecodeError> {
        let generation = Form::read(input)?;
        let lease = if bool::read(input)? { Some(kept_lease(input)?) } else { None };
        Ok(SlotOf2(Slot { generation, lease }))
    }
}

fn kept_lease(input: &mut Input<'_>) -> Result<KeptLease, DecodeError> {
    let lease = Lease::read(input)?;
    Ok(KeptLease {
        draw: Form::read(input)?,
        returns_at: Form::read(input)?,
        rate: Form::read(input)?,
        first: Stretch { from: lease.start, paid: lease.price },
        further: Vec::new(),
        safe_until: Form::read(input)?,
        worked: Money::ZERO,
        displacement: Form::read(input)?,
        keys: Form::read(input)?,
        is_fenced: Form::read(input)?,
        gang: Form::read(input)?,
        waits_for: Form::read(input)?,
        lease,
    })
}
