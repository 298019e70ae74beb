//! The same work for etcd: a lease, and a key that hangs on it. Only the fields that this needs, by their numbers in etcd's
//! public interface (version 3).

use std::time::{Duration, Instant};

use prost::Message;
use tokio::task::JoinSet;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use super::error::LeasesError;
use super::latencies::Latencies;
use super::load::Answered;

/// `etcdserverpb.LeaseGrantRequest`.
#[derive(Clone, PartialEq, Message)]
struct LeaseGrantRequest {
    #[prost(int64, tag = "1")]
    ttl_seconds: i64,
}

/// `etcdserverpb.LeaseGrantResponse`.
#[derive(Clone, PartialEq, Message)]
struct LeaseGrantResponse {
    #[prost(int64, tag = "2")]
    id: i64,
}

/// `etcdserverpb.PutRequest`.
#[derive(Clone, PartialEq, Message)]
struct PutRequest {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
    #[prost(int64, tag = "3")]
    lease: i64,
}

/// `etcdserverpb.PutResponse`, of which nothing is needed.
#[derive(Clone, PartialEq, Message)]
struct PutResponse {}

/// Bytes of a value: about what a lease of the service is on the wire.
const VALUE_BYTES: usize = 150;

/// Leases with a key each, so many workers at once, one call at a time each.
///
/// # Errors
/// The first call that fails.
pub(super) async fn unary(channel: &Channel, in_flight: usize, length: Duration) -> Result<Answered, LeasesError> {
    let begun = Instant::now();
    let mut workers = JoinSet::new();
    for worker in 0..in_flight {
        workers.spawn(run(channel.clone(), worker, begun + length));
    }
    let mut answered = Answered::default();
    while let Some(worker) = workers.join_next().await {
        answered.latencies.join(worker.expect("a worker does not panic")?);
    }
    answered.seconds = begun.elapsed().as_secs_f64();
    Ok(answered)
}

async fn run(channel: Channel, worker: usize, until: Instant) -> Result<Latencies, LeasesError> {
    let mut calls = Grpc::new(channel);
    let mut latencies = Latencies::default();
    let mut number = 0_u64;
    while Instant::now() < until {
        let begun = Instant::now();
        let granted: LeaseGrantResponse =
            call(&mut calls, "/etcdserverpb.Lease/LeaseGrant", LeaseGrantRequest { ttl_seconds: 3_600 }).await?;
        latencies.push(begun.elapsed());
        let key = format!("worker-{worker}/{number}").into_bytes();
        let begun = Instant::now();
        let put = PutRequest { key, value: vec![0x5a; VALUE_BYTES], lease: granted.id };
        let _: PutResponse = call(&mut calls, "/etcdserverpb.KV/Put", put).await?;
        latencies.push(begun.elapsed());
        number += 1;
    }
    Ok(latencies)
}

async fn call<Asked, Told>(calls: &mut Grpc<Channel>, path: &'static str, asked: Asked) -> Result<Told, Status>
where
    Asked: Message + 'static,
    Told: Message + Default + 'static,
{
    calls.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<Asked, Told>::default();
    Ok(calls.unary(Request::new(asked), PathAndQuery::from_static(path), codec).await?.into_inner())
}
