//! What everybody asks for.

use crate::proto::{LeaseSpec, RequestLeaseRequest, Resources, ServiceClass};

/// Short enough that leases end by themselves while the crowd asks.
const TERM_SECONDS: i64 = 2;

/// A byte for two seconds. Request ids have one width, so that they can be counted up in a message.
pub(super) fn request(who: &str, number: u64, class: ServiceClass) -> RequestLeaseRequest {
    RequestLeaseRequest {
        holder: who.to_owned(),
        request_id: format!("{number:012}"),
        spec: Some(LeaseSpec {
            resources: Some(Resources { memory_bytes: 1, ..Resources::default() }),
            term: Some(prost_types::Duration { seconds: TERM_SECONDS, nanos: 0 }),
            service_class: class.into(),
            ..LeaseSpec::default()
        }),
        first_send_time: None,
    }
}
