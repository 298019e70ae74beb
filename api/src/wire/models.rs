//! The forms of what `models` names.

use lessor_models::fleet::{NodeIndex, Owner, ZoneIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{Interval, Span, Timestamp};

use super::error::{DecodeError, Fault};
use super::form::{Form, Input, form_enum, form_newtype, form_struct};

form_newtype!(Timestamp, Span, NodeIndex, ZoneIndex);
form_struct!(Interval { start, end });
form_enum!(Owner { 0 => Node(node), 1 => Zone(zone) });
form_enum!(ServiceClass { 0 => A, 1 => B, 2 => C, 3 => D });
form_enum!(Kind {
    0 => Compute, 1 => Memory, 2 => Bandwidth, 3 => Power, 4 => Heat, 5 => Accelerator, 6 => Storage, 7 => Reversible,
});

/// A byte that says which amounts are not zero, and those amounts.
impl Form for Resources {
    fn write(&self, out: &mut Vec<u8>) {
        let mask = self.0.iter().enumerate().fold(0u8, |mask, (kind, &amount)| mask | u8::from(amount != 0) << kind);
        out.push(mask);
        self.0.iter().filter(|&&amount| amount != 0).for_each(|amount| amount.write(out));
    }

    fn read(input: &mut Input<'_>) -> Result<Resources, DecodeError> {
        let mask = input.byte("vector")?;
        let mut resources = Resources::ZERO;
        for (kind, amount) in resources.0.iter_mut().enumerate() {
            if mask >> kind & 1 == 1 {
                *amount = u64::read(input)?;
                if *amount == 0 {
                    return Err(input.fault(Fault::Number { of: "vector" }));
                }
            }
        }
        Ok(resources)
    }

    #[cfg(test)]
    fn sample(chance: &mut super::form::Chance) -> Resources {
        Resources(std::array::from_fn(|_| Option::sample(chance).unwrap_or_default()))
    }
}
