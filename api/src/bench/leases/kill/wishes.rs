//! What clients ask for: each request is known from its number, so that it can be repeated and judged.

use crate::proto::{LeaseSpec, RequestLeaseRequest, Resources};

/// Longer than any run: nothing that is acknowledged ends by itself.
const TERM_SECONDS: i64 = 24 * 3_600;
/// What a request asks for at least, and at most four times as much: a tile takes some ten.
const MEMORY: u64 = 16 << 30;
/// Fence keys that clients ask for: fewer than there are clients.
const KEYS: u64 = 5;

/// A request of a client by its number: every third with a fence key, every fifth of the others a gang of three.
pub(super) fn request(client: usize, number: u64) -> RequestLeaseRequest {
    let mixed = mixed(number ^ (client as u64) << 32);
    let has_key = number.is_multiple_of(3);
    RequestLeaseRequest {
        holder: format!("client-{client}"),
        request_id: number.to_string(),
        spec: Some(LeaseSpec {
            resources: Some(Resources { memory_bytes: MEMORY * (1 + mixed % 4), ..Resources::default() }),
            term: Some(prost_types::Duration { seconds: TERM_SECONDS, nanos: 0 }),
            fence_keys: if has_key { vec![format!("key-{}", (mixed >> 8) % KEYS)] } else { Vec::new() },
            gang_size: if !has_key && number.is_multiple_of(5) { 3 } else { 1 },
            ..LeaseSpec::default()
        }),
        first_send_time: None,
    }
}

/// What a request asks for.
pub(super) fn spec(request: &RequestLeaseRequest) -> (u64, u32, &[String]) {
    let spec = request.spec.as_ref().expect("every wish has one");
    let memory = spec.resources.as_ref().map_or(0, |resources| resources.memory_bytes);
    (memory, spec.gang_size, &spec.fence_keys)
}

/// A number whose bits all depend on all of another's.
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ number >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ mixed >> 33
}
