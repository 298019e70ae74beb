//! What calls came to; of a session, from the bytes of its answer: the field that is there, and of a failure its reason.

/// What a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CameTo {
    /// Leases.
    Granted,
    /// A refusal of the authority, with its reason.
    Refused,
    /// Not taken in, because too many waited, and said so.
    Overloaded,
    /// Given up at the deadline.
    GivenUp,
    /// Anything else.
    Other,
}

/// What became of some calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Calls that were due.
    pub(super) due: u64,
    /// Those that were made; the others were held back by flow control, or found nobody to make them.
    pub(super) sent: u64,
    pub(super) granted: u64,
    pub(super) refused: u64,
    pub(super) overloaded: u64,
    pub(super) given_up: u64,
    pub(super) other: u64,
}

impl Tally {
    /// Takes in what one call came to.
    pub(super) fn take_in(&mut self, came_to: CameTo) {
        *match came_to {
            CameTo::Granted => &mut self.granted,
            CameTo::Refused => &mut self.refused,
            CameTo::Overloaded => &mut self.overloaded,
            CameTo::GivenUp => &mut self.given_up,
            CameTo::Other => &mut self.other,
        } += 1;
    }

    /// Takes in what another one counted.
    pub(super) fn add(&mut self, other: Tally) {
        self.due += other.due;
        self.sent += other.sent;
        self.granted += other.granted;
        self.refused += other.refused;
        self.overloaded += other.overloaded;
        self.given_up += other.given_up;
        self.other += other.other;
    }
}

/// Fields of `SessionResponse`, of `RequestLeaseResponse` and of `Failure`, by their numbers in the protocol.
const REQUEST_LEASE: u64 = 2;
const FAILURE: u64 = 8;
const LEASES: u64 = 2;
const REFUSAL: u64 = 3;
const REASON: u64 = 2;

/// What the call of an answer came to.
pub(super) fn came_to(answer: &[u8]) -> CameTo {
    let found = Fields(answer).find_map(|(number, value)| match number {
        REQUEST_LEASE => Fields(value).find_map(|(number, _)| match number {
            LEASES => Some(CameTo::Granted),
            REFUSAL => Some(CameTo::Refused),
            _ => None,
        }),
        FAILURE => Fields(value)
            .find_map(|(number, reason)| (number == REASON && reason == b"OVERLOADED").then_some(CameTo::Overloaded)),
        _ => None,
    });
    found.unwrap_or(CameTo::Other)
}

/// The fields of a message in the encoding of protocol buffers, each with its number and, where it has a length, its bytes. Ends at
/// the first that cannot be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<(u64, &'a [u8])> {
        let key = self.varint()?;
        let value: &'a [u8] = match key & 7 {
            0 => {
                self.varint()?;
                &[]
            }
            1 => self.split(8)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                self.split(length)?
            }
            5 => self.split(4)?,
            _ => return None,
        };
        Some((key >> 3, value))
    }
}

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn split(&mut self, length: usize) -> Option<&'a [u8]> {
        let (value, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::proto::session_response::Outcome;
    use crate::proto::{Failure, Lease, Refusal, ReleaseResponse, RequestLeaseResponse, SessionResponse};

    #[test]
    fn answers_are_told_apart_by_their_bytes() {
        let granted = RequestLeaseResponse {
            decide_time: Some(prost_types::Timestamp { seconds: 1 << 40, nanos: 5 }),
            leases: vec![Lease { name: "leases/1".into(), ..Lease::default() }],
            refusal: None,
        };
        let refused = RequestLeaseResponse { leases: Vec::new(), refusal: Some(Refusal::default()), ..granted.clone() };
        let failed =
            |reason: &str| Failure { code: 8, reason: reason.into(), message: "2 wait".into(), ..Failure::default() };
        for (outcome, expected) in [
            (Outcome::RequestLease(granted), CameTo::Granted),
            (Outcome::RequestLease(refused), CameTo::Refused),
            (Outcome::RequestLease(RequestLeaseResponse::default()), CameTo::Other),
            (Outcome::Failure(failed("OVERLOADED")), CameTo::Overloaded),
            (Outcome::Failure(failed("STOPPED")), CameTo::Other),
            (Outcome::Release(ReleaseResponse::default()), CameTo::Other),
        ] {
            let bytes = SessionResponse { tag: 1 << 60, outcome: Some(outcome) }.encode_to_vec();
            assert_eq!(came_to(&bytes), expected);
            // Cut short it may be anything, but nothing that it was not.
            for length in 0..bytes.len() {
                assert!([expected, CameTo::Other].contains(&came_to(&bytes[..length])));
            }
        }
    }
}
