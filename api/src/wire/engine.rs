//! The forms of what an authority hears, decides and keeps.

use lessor_engine::authority::{
    Change, CounterOffer, Decision, Displacement, Event, FenceKey, Grant, GrantedLease, HolderId, KeptAnswer,
    KeptLease, Label, Lease, LeaseId, LeaseState, Money, Notice, PostedPrice, Rate, Reason, Refusal, Renewal, Repeat,
    Request, RequestId, Retention, Revision, Revocation, RevocationCause, Scope, Seat, Slot, Stretch, Tenure, Term,
    Token, Version,
};
use lessor_engine::ledger::{Account, Barrier, ClassSet, Devices, Draw, FloorShares, Floors, Shortage};
use lessor_engine::plane::{ClosureCause, Notice as PlaneNotice, PlaneEffect, PlaneName};
use lessor_models::fleet::Level;
use lessor_models::resources::{Kind, Resources};

use super::error::{DecodeError, Fault};
use super::form::{Form, Input, form_enum, form_newtype, form_struct};

form_newtype!(LeaseId, Token, Version, Money, Rate, HolderId, RequestId, FenceKey, ClassSet);

form_enum!(Event {
    0 => Tick,
    1 => Request(request),
    2 => Renew(renewal),
    3 => Release { holder, lease },
    4 => Revoke { lease, notice },
    5 => ConfirmFence { lease, token },
    6 => Checkpoint { holder, lease },
    7 => Plane(effect),
    8 => Drain { node, by },
    9 => Floors { owner, floors },
    10 => Retain(retention),
    11 => FloorShares { owner, shares },
});
form_struct!(Request {
    holder,
    request,
    first_sent,
    draw,
    devices,
    scope,
    term,
    class,
    bid,
    count,
    fence_keys,
    displacement,
    tenure,
});
form_struct!(Retention { repeat_window, repeats_max, ended_max });
form_struct!(Renewal { holder, lease, version, end, bid });
form_enum!(Scope { 0 => Anywhere, 1 => Under(node), 2 => OfClasses(classes) });
form_enum!(Term { 0 => Immediate(span), 1 => Window(interval) });
form_enum!(Displacement { 0 => Allowed, 1 => Never });
form_enum!(Tenure { 0 => Retail, 1 => Wholesale });

form_enum!(Decision {
    0 => Ticked { worked, revoked },
    1 => Granted(grant),
    2 => Offered { grant, revoked },
    3 => Renewed { end, returns_at, rate, price },
    4 => Released { refund },
    5 => Accepted { revoked },
    6 => Repeated,
    7 => Refused(refusal),
});
form_struct!(Grant { seat, others, end, returns_at });
form_struct!(Seat { node, device_mask, rate });
form_struct!(Revocation { lease, cause, until, refund, compensation });
form_enum!(RevocationCause { 0 => Operator, 1 => Deficit, 2 => Drain, 3 => Preempted });

form_struct!(Refusal { reason, counter });
form_struct!(CounterOffer { smaller, later, elsewhere });
form_enum!(Reason {
    0 => ReusedId,
    1 => TooOld { horizon },
    2 => NotYetSent,
    3 => ZeroVector,
    4 => AmountTooLarge { kind, asked },
    5 => BadDevices,
    6 => GangSize { asked, most },
    7 => TooManyKeys { asked, most },
    8 => SharedKey { position },
    9 => BadBid,
    10 => TermTooShort { least },
    11 => TermTooLong { most },
    12 => WindowNotOffered,
    13 => WholesaleNotOffered,
    14 => UnknownNode { node },
    15 => UnknownOwner { owner },
    16 => UnknownLease,
    17 => WrongHolder,
    18 => NotActive { state },
    19 => StaleVersion { current },
    20 => WrongToken,
    21 => NotRevoked,
    22 => NotLonger { end },
    23 => KeyHeld { position, until },
    24 => TooManyLeases { most },
    25 => TooDear { price },
    26 => NoRoom(barrier),
    27 => TooManyStretches { most },
});
form_enum!(LeaseState { 0 => Offered, 1 => Active, 2 => Released, 3 => Expired, 4 => Revoked });
form_enum!(Barrier {
    0 => Closed { node },
    1 => Draining { node, by },
    2 => Short(shortage),
    3 => Fragmented { node, found },
});
form_struct!(Shortage { account, at, asked, left });
form_struct!(Account { owner, kind });

form_struct!(Revision { incarnation, number });
form_struct!(Lease {
    id,
    holder,
    request,
    member,
    node,
    state,
    version,
    token,
    start,
    end,
    resources,
    devices,
    device_mask,
    class,
    price,
    notice,
    is_returned,
});
form_struct!(Notice { cause, until, compensation });
form_struct!(Slot { generation, lease });
form_struct!(KeptLease {
    lease,
    draw,
    returns_at,
    rate,
    first,
    further,
    safe_until,
    worked,
    displacement,
    keys,
    is_fenced,
    gang,
    waits_for,
});
form_struct!(Stretch { from, paid });
form_struct!(Change { revision, at, lease });
form_struct!(PostedPrice { account, price, smoothed });
form_struct!(Repeat { holder, request, at, digest, answer });
form_enum!(KeptAnswer { 0 => Lease(lease), 1 => Gang(leases), 2 => Refused(refusal) });
form_struct!(GrantedLease { id, node, device_mask, token, start, end, price });

form_struct!(Devices { count, milli });
form_struct!(Floors { a, b });
form_struct!(FloorShares { a, b });
form_enum!(PlaneName { 0 => Telemetry });
form_enum!(PlaneEffect {
    0 => Limit { plane, version, owner, most },
    1 => Closure { plane, version, tile, cause },
    2 => Notice { plane, tile, notice },
});
form_enum!(ClosureCause { 0 => LinkDown, 1 => TooHot, 2 => Errors });
form_enum!(PlaneNotice { 0 => Stale, 1 => Fresh });

/// The vector, and what crosses the uplinks where that is not the vector's bandwidth at every level.
impl Form for Draw {
    fn write(&self, out: &mut Vec<u8>) {
        let resources = self.resources();
        resources.write(out);
        let uplinks = Level::ALL.map(|level| self.uplink_bps(level));
        let is_through = uplinks.iter().all(|&uplink| uplink == resources.get(Kind::Bandwidth));
        out.push(u8::from(!is_through));
        if !is_through {
            uplinks.iter().for_each(|uplink| uplink.write(out));
        }
    }

    fn read(input: &mut Input<'_>) -> Result<Draw, DecodeError> {
        let resources = Resources::read(input)?;
        if !bool::read(input)? {
            return Ok(Draw::through(resources));
        }
        let mut uplinks = [0; Level::COUNT];
        for uplink in &mut uplinks {
            *uplink = u64::read(input)?;
        }
        if uplinks == [resources.get(Kind::Bandwidth); Level::COUNT] {
            return Err(input.fault(Fault::Number { of: "draw" }));
        }
        Ok(Draw::crossing(resources, uplinks))
    }

    #[cfg(test)]
    fn sample(chance: &mut super::form::Chance) -> Draw {
        let resources = Resources::sample(chance);
        if bool::sample(chance) {
            return Draw::through(resources);
        }
        Draw::crossing(resources, std::array::from_fn(|_| u64::sample(chance)))
    }
}

/// Its length in a byte, and its text.
impl Form for Label {
    #[inline]
    fn write(&self, out: &mut Vec<u8>) {
        let text = self.as_str().as_bytes();
        out.push(u8::try_from(text.len()).expect("a label has at most 63 bytes"));
        out.extend_from_slice(text);
    }

    #[inline]
    fn read(input: &mut Input<'_>) -> Result<Label, DecodeError> {
        let length = input.byte("name")?;
        let text = input.take(usize::from(length), "name")?;
        let text = std::str::from_utf8(text).map_err(|_| input.fault(Fault::Label))?;
        Label::new(text).map_err(|_| input.fault(Fault::Label))
    }

    #[cfg(test)]
    fn sample(chance: &mut super::form::Chance) -> Label {
        let length = 1 + chance.below(lessor_engine::authority::LABEL_MAX);
        let text: String =
            (0..length).map(|_| char::from(b'!' + u8::try_from(chance.below(94)).expect("small"))).collect();
        Label::new(&text).expect("the characters are visible")
    }
}
