//! Whatever bytes come over the edge: they are no message, or a call that is refused by itself, or an event that reads back from a
//! record as it is and that the authority answers in words of the wire. Nothing of it panics, and nothing of it is a defect.

use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;

use lessor_engine::authority::{Answer, Decision, Event, Terms};
use lessor_models::time::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use prost::Message;
use tokio::runtime::Runtime;
use tonic::{Code, Status};

use super::Desk;
use super::calls::{event_of, revoke, revoked};
use super::failure::Failure;
use super::notices::Notices;
use super::reading::holder;
use super::telemetry::sample;
use super::watch;
use crate::journal::simulated::SimulatedDisk;
use crate::process::clock::unix_micros;
use crate::proto::session_request::Call;
use crate::proto::{
    Accelerators, CheckpointRequest, ConfirmFenceRequest, DrainRequest, ExplainRequest, GetLeaseRequest, LeaseSpec,
    ListLeasesRequest, PublishTelemetryRequest, QuoteRequest, ReleaseRequest, RenewRequest, RequestLeaseRequest,
    Resources, Revision, RevokeRequest, SessionRequest, WatchHolderRequest, WatchRequest,
};
use crate::serve::{Ended, Metrics, ending};
use crate::shell::test_world::fleet;
use crate::shell::{Shell, ShellOptions};
use crate::wire::{Record, RecordRef, Records};

/// A desk in front of a running shell.
struct Office {
    desk: Arc<Desk>,
    runtime: Runtime,
    /// Calls of sessions that made sense by themselves, and those of them that the authority did what was asked.
    taken: Cell<u32>,
    done: Cell<u32>,
    ended: Ended,
    /// Keeps the server from ending.
    _ending: Box<dyn Any>,
    _shell: Shell,
}

impl Office {
    fn open() -> Office {
        let fleet = Arc::new(fleet(4));
        let options = ShellOptions::new(&fleet, Terms::default(), [1; 16]);
        let (shell, handle) = Shell::start(SimulatedDisk::new(1), options).unwrap();
        let desk = Arc::new(Desk::new(handle, (fleet, Terms::default()), &[], Notices::new(), Metrics::new()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (ending, ended) = ending();
        Office {
            desk,
            runtime,
            taken: Cell::new(0),
            done: Cell::new(0),
            ended,
            _ending: Box::new(ending),
            _shell: shell,
        }
    }

    /// What a failure may say: anything but that the program has a defect.
    fn judge<T>(came: Result<T, Failure>) {
        if let Err(failure) = came {
            let status = Status::from(failure);
            assert!(!matches!(status.code(), Code::Internal | Code::Unknown), "{status:?}");
        }
    }

    /// One message of a session.
    fn session(&self, bytes: &[u8]) {
        let Ok(SessionRequest { call: Some(call), .. }) = message::<SessionRequest>(bytes) else { return };
        if let Call::Quote(asked) = call {
            return Office::judge(self.runtime.block_on(self.desk.quote(asked)));
        }
        if let Call::WatchHolder(asked) = call {
            return Office::judge(
                holder(&asked.holder).and_then(|holder| self.runtime.block_on(self.desk.revoked(Some(holder)))),
            );
        }
        match event_of(&self.desk, call) {
            Ok((event, told)) => {
                reads_back(&event);
                let answered = self.desk.submit(event).unwrap().wait().unwrap();
                self.taken.set(self.taken.get() + 1);
                self.done.set(self.done.get() + u32::from(!matches!(answered.answer, Answer::Refused(_))));
                Office::judge(told(&self.desk, answered));
            }
            Err(failure) => Office::judge::<()>(Err(failure)),
        }
    }

    /// Bytes as the message of every call that is none of a session.
    fn single(&self, bytes: &[u8]) {
        if let Ok(asked) = message::<GetLeaseRequest>(bytes) {
            Office::judge(self.runtime.block_on(self.desk.get_lease(asked)));
        }
        if let Ok(asked) = message::<ListLeasesRequest>(bytes) {
            Office::judge(self.runtime.block_on(self.desk.list_leases(asked)));
        }
        if let Ok(asked) = message::<ExplainRequest>(bytes) {
            Office::judge(self.runtime.block_on(self.desk.explain(asked)));
        }
        if let Ok(asked) = message::<RevokeRequest>(bytes) {
            let event = revoke(&self.desk, &asked);
            Office::judge(event.and_then(|event| revoked(&self.desk, self.desk.submit(event)?.wait().unwrap())));
        }
        if let Ok(asked) = message::<DrainRequest>(bytes) {
            Office::judge(self.runtime.block_on(self.desk.drain(asked)));
        }
        if let Ok(asked) = message::<PublishTelemetryRequest>(bytes) {
            Office::judge(sample(self.desk.fleet(), &asked));
        }
        if let Ok(asked) = message::<WatchRequest>(bytes) {
            let place = self.desk.watches().take(None).unwrap();
            let opened = self
                .runtime
                .block_on(async { watch::open(Arc::clone(&self.desk), &asked, (place, self.ended.clone())) });
            Office::judge(opened);
        }
    }
}

/// A message, which is the same when it is written and read again.
fn message<M: Message + Default + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Result<M, prost::DecodeError> {
    let read = M::decode(bytes)?;
    assert!(M::decode(read.encode_to_vec().as_slice())? == read, "{read:?}");
    Ok(read)
}

/// An event that was accepted is what its record says.
fn reads_back(event: &Event) {
    let (now, decision) = (Timestamp(0), Decision::Repeated);
    let mut bytes = Vec::new();
    RecordRef { now, event, decision: &decision }.write(&mut bytes);
    let read: Vec<Record> = Records::new(&bytes).collect::<Result<_, _>>().unwrap();
    assert_eq!(read, [Record { now, event: event.clone(), decision }]);
}

/// Mostly what makes sense, so that calls meet the authority, and now and then anything. Boxed, for a tree of strategies is large,
/// and a test's stack is not.
fn mostly<T: std::fmt::Debug + 'static>(
    usual: impl Strategy<Value = T> + 'static,
    any: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    prop_oneof![15 => usual, 1 => any].boxed()
}

fn odd_text() -> BoxedStrategy<String> {
    prop_oneof![Just(String::new()), any::<String>(), "[!-~]{60,70}", "leases/[0-9]{1,22}"].boxed()
}

/// A holder, a request or a key: few, so that calls meet.
fn label() -> BoxedStrategy<String> {
    mostly("[a-c]{1,2}", odd_text())
}

/// A lease: the first ones of an authority, whose slots are used over and over.
fn name() -> BoxedStrategy<String> {
    mostly((0..3_u64, 0..30_u64).prop_map(|(use_, slot)| format!("leases/{}", (use_ << 32) + slot)), odd_text())
}

fn node() -> BoxedStrategy<String> {
    mostly(prop_oneof![3 => Just(String::new()), 1 => Just("tile-1".to_owned())], odd_text())
}

fn amount() -> BoxedStrategy<u64> {
    mostly(0..20_u64, any::<u64>())
}

fn span() -> BoxedStrategy<prost_types::Duration> {
    let seconds = mostly(1..100_i64, any::<i64>());
    let nanos = mostly(0..1_000_000_000_i32, any::<i32>());
    (seconds, nanos).prop_map(|(seconds, nanos)| prost_types::Duration { seconds, nanos }).boxed()
}

/// Mostly an instant not long from now: the authority begins at the time of day.
fn instant() -> BoxedStrategy<prost_types::Timestamp> {
    let now = i64::try_from(unix_micros() / 1_000_000).unwrap();
    let at = |span: prost_types::Duration| prost_types::Timestamp { seconds: span.seconds, nanos: span.nanos };
    let soon = (0..300_i64).prop_map(move |left| prost_types::Timestamp { seconds: now + left, nanos: 0 });
    mostly(soon, span().prop_map(at))
}

fn number() -> BoxedStrategy<i32> {
    mostly(0..3_i32, any::<i32>())
}

fn spec() -> BoxedStrategy<LeaseSpec> {
    let resources =
        (amount(), amount(), mostly(Just(0), any::<u64>())).prop_map(|(compute, memory, accelerators)| Resources {
            compute_mops: compute,
            memory_bytes: memory,
            accelerator_milli: accelerators,
            ..Resources::default()
        });
    let accelerators = (0..300_u32, any::<u32>()).prop_map(|(count, each)| Accelerators { count, milli_each: each });
    let odd_devices = mostly(Just(None), accelerators.prop_map(Some));
    let first = (option::weighted(0.95, resources), odd_devices, option::weighted(0.95, span()), node());
    let second = (number(), mostly(0..3_u32, any::<u32>()), vec(label(), 0..3), number());
    let third = (option::of(mostly(0..1_000_i64, any::<i64>())), mostly(Just(Vec::new()), vec(amount(), 0..12)));
    let spec = (first, second, third).prop_map(|(first, second, third)| {
        let (resources, accelerators, term, node) = first;
        let (service_class, gang_size, fence_keys, displacement) = second;
        let (bid_micro_credits, uplinks_bps) = third;
        LeaseSpec {
            resources,
            accelerators,
            term,
            node,
            service_class,
            gang_size,
            fence_keys,
            bid_micro_credits,
            displacement,
            uplinks_bps,
        }
    });
    spec.boxed()
}

fn call() -> BoxedStrategy<Call> {
    let request_id = mostly("[a-z]{2}", odd_text());
    let first_sent = mostly(Just(None), instant().prop_map(Some));
    let request = (label(), request_id, option::weighted(0.95, spec()), first_sent).prop_map(
        |(holder, request_id, spec, first_send_time)| {
            Call::RequestLease(RequestLeaseRequest { holder, request_id, spec, first_send_time })
        },
    );
    let version = mostly(1..3_u32, any::<u32>());
    let bid = option::of(mostly(0..1_000_i64, any::<i64>()));
    let renew = (name(), label(), version, option::weighted(0.95, instant()), bid).prop_map(
        |(name, holder, version, end_time, bid_micro_credits)| {
            Call::Renew(RenewRequest { name, holder, version, end_time, bid_micro_credits })
        },
    );
    let call = prop_oneof![
        6 => request,
        3 => renew,
        2 => (name(), label()).prop_map(|(name, holder)| Call::Release(ReleaseRequest { name, holder })),
        1 => (name(), any::<u64>()).prop_map(|(name, token)| Call::ConfirmFence(ConfirmFenceRequest { name, token })),
        1 => (name(), label()).prop_map(|(name, holder)| Call::Checkpoint(CheckpointRequest { name, holder })),
        1 => option::of(spec()).prop_map(|spec| Call::Quote(QuoteRequest { spec })),
        1 => label().prop_map(|holder| Call::WatchHolder(WatchHolderRequest { holder })),
    ];
    call.boxed()
}

/// Any of the messages of single calls, as bytes.
fn single() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        name().prop_map(|name| GetLeaseRequest { name }.encode_to_vec()),
        (any::<i32>(), odd_text(), label(), node(), number()).prop_map(
            |(page_size, page_token, holder, node, state)| {
                ListLeasesRequest { page_size, page_token, holder, node, state }.encode_to_vec()
            }
        ),
        (node(), prop_oneof![Just(String::new()), name()], option::of(spec()))
            .prop_map(|(node, lease, spec)| ExplainRequest { node, lease, spec }.encode_to_vec()),
        (name(), option::of(span())).prop_map(|(name, notice)| RevokeRequest { name, notice }.encode_to_vec()),
        (node(), option::of(span()), any::<bool>()).prop_map(|(node, notice, cancel)| DrainRequest {
            node,
            notice,
            cancel
        }
        .encode_to_vec()),
        (node(), option::of(instant()), option::of(any::<u32>())).prop_map(|(tile, sample_time, temperature_mk)| {
            PublishTelemetryRequest { tile, sample_time, temperature_mk, ..PublishTelemetryRequest::default() }
                .encode_to_vec()
        }),
        (option::of((0..3_u32, 0..9_u64)), label(), any::<bool>()).prop_map(|(after, holder, fences)| {
            let after = after.map(|(incarnation, number)| Revision { incarnation, number });
            WatchRequest { after, holder, fences }.encode_to_vec()
        }),
    ]
}

/// Bytes that are replaced, and where the message is cut, if it is.
type Damage = (Vec<(Index, u8)>, Option<Index>);

fn damage() -> impl Strategy<Value = Damage> {
    (vec(any::<(Index, u8)>(), 0..4), option::weighted(0.2, any::<Index>()))
}

fn damaged(mut bytes: Vec<u8>, (edits, cut): &Damage) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    for (at, byte) in edits {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()));
    }
    bytes
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

#[test]
fn any_call_of_a_session_is_answered_and_damaged_ones_are_too() {
    let office = Office::open();
    proptest!(cases(20_000), |(call in call(), tag in any::<u64>(), damage in damage())| {
        let bytes = SessionRequest { tag, call: Some(call) }.encode_to_vec();
        office.session(&bytes);
        office.session(&damaged(bytes, &damage));
    });
    // Or they would be turned away before they met anything.
    assert!(office.taken.get() > 1_000 && office.done.get() > 100, "{:?} {:?}", office.taken, office.done);
}

#[test]
fn any_single_call_is_answered_and_damaged_ones_are_too() {
    let office = Office::open();
    proptest!(cases(10_000), |(bytes in single(), damage in damage())| {
        office.single(&bytes);
        office.single(&damaged(bytes, &damage));
    });
}

#[test]
fn any_bytes_are_no_message_or_are_answered() {
    let office = Office::open();
    proptest!(cases(10_000), |(bytes in vec(any::<u8>(), 0..200))| {
        office.session(&bytes);
        office.single(&bytes);
    });
}
