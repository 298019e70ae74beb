//! The messages and the service of `api/proto/lessor/lease/v1`, as generated. Documented there.

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
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lessor.lease.v1.bin"));

/// The package: the domain of every `google.rpc.ErrorInfo`.
pub const PACKAGE: &str = "lessor.lease.v1";
