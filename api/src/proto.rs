//! The messages and the service of `api/proto/lessor/lease/v1`, as generated, and in [`market`] those of
//! `api/proto/lessor/market/v1`. Documented there.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated code, documented in the proto files"
)]

tonic::include_proto!("lessor.lease.v1");

/// Every proto file with its imports, as reflection answers with it.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lessor.bin"));

/// The package: the domain of every `google.rpc.ErrorInfo` of the lease service.
pub const PACKAGE: &str = "lessor.lease.v1";

pub mod market {
    include!(concat!(env!("OUT_DIR"), "/market/lessor.market.v1.rs"));

    /// The package: the domain of every `google.rpc.ErrorInfo` of the market.
    pub const PACKAGE: &str = "lessor.market.v1";
}
