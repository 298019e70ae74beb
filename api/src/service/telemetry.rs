//! Samples of sensors on their way through the telemetry plane, whose limits the authority takes in.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use futures_util::{Stream, StreamExt};
use lessor_engine::authority::Event;
use lessor_models::fleet::{Fleet, Level};
use lessor_models::resources::AMOUNT_MAX;
use lessor_models::telemetry::{COLDEST_MK, Sample, WHOLE_PERMILLE};
use tonic::Status;

use super::desk::{Desk, RETRY_AFTER, stopped};
use super::failure::{Failure, LEASES};
use super::live_plane::LivePlane;
use super::reading::node;
use super::times::read_timestamp;
use crate::process::clock::unix_micros;
use crate::proto::{PublishTelemetryRequest, PublishTelemetryResponse};

/// Samples taken in at once: a limit on what one caller makes others wait for.
const BATCH: usize = 1_024;

/// How far a sensor's clock may be ahead of this machine's.
const AHEAD_MAX_MICROS: u64 = 1_000_000;

/// Takes in a stream of samples, each as soon as it is there: what comes while those before it become durable waits, and is
/// taken in together. Those before a bad one, or before the stream broke, count.
///
/// # Errors
/// The first sample that makes no sense, a stream that broke, or an authority that ended.
pub(crate) async fn take_in(
    desk: &Desk,
    mut samples: impl Stream<Item = Result<PublishTelemetryRequest, Status>> + Unpin,
) -> Result<PublishTelemetryResponse, Failure> {
    let mut told = PublishTelemetryResponse::default();
    loop {
        let (batch, goes_on) = gather(desk.fleet(), &mut samples).await;
        told.samples += batch.len() as u64;
        told.limits_changed += apply(desk, batch).await?;
        if let ControlFlow::Break(ended) = goes_on {
            // A stream that was given up ends like one that is whole: while this waits, the transport sees whether its caller is.
            tokio::task::yield_now().await;
            return ended.map(|()| told);
        }
    }
}

/// Waits for a sample, and takes those that are there behind it. With them comes how the stream goes on, or ended.
async fn gather(
    fleet: &Fleet,
    samples: &mut (impl Stream<Item = Result<PublishTelemetryRequest, Status>> + Unpin),
) -> (Vec<Sample>, ControlFlow<Result<(), Failure>>) {
    let mut batch = Vec::new();
    while batch.len() < BATCH {
        let next = tokio::select! {
            biased;
            next = samples.next() => next,
            () = std::future::ready(()), if !batch.is_empty() => break,
        };
        match next {
            None => return (batch, ControlFlow::Break(Ok(()))),
            Some(Err(status)) => return (batch, ControlFlow::Break(Err(Failure::of_transport(&status, &LEASES)))),
            Some(Ok(message)) => match sample(fleet, &message) {
                Ok(sample) => batch.push(sample),
                Err(failure) => return (batch, ControlFlow::Break(Err(failure))),
            },
        }
    }
    (batch, ControlFlow::Continue(()))
}

/// Applies what follows from samples, and waits until it is durable.
async fn apply(desk: &Desk, samples: Vec<Sample>) -> Result<u64, Failure> {
    // The plane is held until the authority has its effects, so that those of one tile arrive in order.
    let mut plane = desk.plane().lock().await;
    let count = plane.take_in(samples);
    send(&mut plane, desk).await?;
    Ok(count)
}

/// Hands the authority everything that is to be sent, in order, and waits until it is durable. Where the queue is full it
/// waits for room; whatever it has not handed over when its caller gives up, the next one does.
///
/// # Errors
/// An authority that ended.
async fn send(plane: &mut LivePlane, desk: &Desk) -> Result<(), Failure> {
    let mut under_way = VecDeque::new();
    while let Some(effect) = plane.unsent.front() {
        if let Ok(pending) = desk.submit(Event::Plane(*effect)) {
            plane.unsent.pop_front();
            under_way.push_back(pending);
            continue;
        }
        match under_way.pop_front() {
            Some(pending) => drop(pending.await.map_err(stopped)?),
            None => tokio::time::sleep(RETRY_AFTER).await,
        }
    }
    for pending in under_way {
        pending.await.map_err(stopped)?;
    }
    Ok(())
}

pub(super) fn sample(fleet: &Fleet, message: &PublishTelemetryRequest) -> Result<Sample, Failure> {
    let tile = node(fleet, &message.tile)?;
    if fleet.level(tile) != Level::Tile {
        return Err(Failure::field("tile", "NOT_A_TILE", format!("node {:?} is no tile", message.tile)));
    }
    let time =
        message.sample_time.ok_or_else(|| Failure::field("sample_time", "MISSING", "a sample has an instant"))?;
    let at = read_timestamp("sample_time", time)?;
    if at.0 > i64::try_from(unix_micros().saturating_add(AHEAD_MAX_MICROS)).unwrap_or(i64::MAX) {
        return Err(Failure::field("sample_time", "NOT_YET", "the sample is of an instant that has not come"));
    }
    let amounts =
        [("power_mw", message.power_mw), ("memory_bytes", message.memory_bytes), ("error_count", message.error_count)];
    if let Some((field, _)) = amounts.into_iter().find(|(_, amount)| amount.is_some_and(|amount| amount > AMOUNT_MAX)) {
        return Err(Failure::field(field, "OUT_OF_RANGE", format!("an amount is at most 2^53, which is {AMOUNT_MAX}")));
    }
    if message.temperature_mk.is_some_and(|temperature| temperature < COLDEST_MK) {
        return Err(Failure::field("temperature_mk", "OUT_OF_RANGE", "a temperature is in millikelvin"));
    }
    if message.utilization_permille.is_some_and(|used| used > u32::from(WHOLE_PERMILLE)) {
        return Err(Failure::field("utilization_permille", "OUT_OF_RANGE", "a use is in thousandths, at most 1000"));
    }
    Ok(Sample {
        tile,
        at,
        power_mw: message.power_mw,
        temperature_mk: message.temperature_mk,
        utilization_permille: message.utilization_permille.map(|used| u16::try_from(used).unwrap_or(WHOLE_PERMILLE)),
        memory_bytes: message.memory_bytes,
        error_count: message.error_count,
        link_up: message.link_up,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lessor_engine::authority::{Answer, HolderId, Reason, Request, RequestId, Scope, Terms};
    use lessor_engine::ledger::{Barrier, Draw};
    use lessor_engine::planes::telemetry::TelemetryPolicy;
    use lessor_models::fleet::NodeIndex;
    use lessor_models::resources::{Kind, Resources};
    use lessor_models::time::{Span, Timestamp};

    use super::super::notices::Notices;
    use super::*;
    use crate::serve::Metrics;
    use crate::shell::test_world::{GatedDisk, fleet};
    use crate::shell::{Limits, Shell, ShellOptions};

    /// A desk in front of a shell in which one thing of a class waits at most.
    fn desk(disk: &GatedDisk) -> (Shell, Desk) {
        let fleet = Arc::new(fleet(4));
        let limits = Limits { waiting_max: 1, ..Limits::default() };
        let options = ShellOptions { limits, ..ShellOptions::new(&fleet, Terms::default(), [1; 16]) };
        let (shell, handle) = Shell::start(disk.clone(), options).unwrap();
        (shell, Desk::new(handle, (fleet, Terms::default()), &[], Notices::new(), Metrics::new()))
    }

    /// Tiles 1 to 3 lose their uplinks.
    fn links_are_down(at: i64) -> Vec<Sample> {
        (1..=3).map(|tile| Sample { link_up: Some(false), ..Sample::silent(NodeIndex(tile), Timestamp(at)) }).collect()
    }

    /// The tiles that take nothing, of the four.
    async fn closed(desk: &Desk) -> Vec<u32> {
        let mut closed = Vec::new();
        for tile in 1..=4 {
            let names = (HolderId::new("holder").unwrap(), RequestId::new(&format!("r{tile}")).unwrap());
            let request = Request {
                draw: Draw::through(Resources::of(Kind::Compute, 1)),
                scope: Scope::Under(NodeIndex(tile)),
                first_sent: crate::shell::UNSTATED,
                ..Request::plain(names.0, names.1, Span(1_000_000))
            };
            let answered = desk.decide(Event::Request(request)).await.unwrap();
            if let Answer::Refused(refusal) = answered.answer {
                assert_eq!(refusal.reason, Reason::NoRoom(Barrier::Closed { node: NodeIndex(tile) }));
                closed.push(tile);
            }
        }
        closed
    }

    #[tokio::test]
    async fn what_follows_from_samples_waits_where_the_queue_is_full() {
        let (_shell, desk) = desk(&GatedDisk::new(1));
        assert_eq!(apply(&desk, links_are_down(1)).await.unwrap(), 3);
        assert_eq!(closed(&desk).await, [1, 2, 3]);
    }

    #[tokio::test]
    async fn tiles_that_fall_silent_are_counted_until_they_speak_again() {
        let (_shell, desk) = desk(&GatedDisk::new(1));
        apply(&desk, links_are_down(1)).await.unwrap();
        let stale_after = TelemetryPolicy::default().stale_after;
        let silent = Timestamp(1).after(stale_after);
        assert_eq!((desk.stale_tiles(Timestamp(1)), desk.stale_tiles(silent)), (0, 3));
        apply(&desk, vec![Sample::silent(NodeIndex(2), silent)]).await.unwrap();
        assert_eq!(desk.stale_tiles(silent), 2);
        assert_eq!(closed(&desk).await, [1, 2, 3], "a silent tile keeps its envelope");
    }

    #[tokio::test]
    async fn what_a_caller_that_gave_up_left_is_handed_over_by_the_next() {
        let disk = GatedDisk::new(1);
        let (_shell, desk) = desk(&disk);
        apply(&desk, vec![Sample::silent(NodeIndex(4), Timestamp(1))]).await.unwrap();
        let shut = disk.gate().shut();
        tokio::select! {
            biased;
            told = apply(&desk, links_are_down(2)) => panic!("nothing is durable: {told:?}"),
            () = std::future::ready(()) => {}
        }
        assert!(!desk.plane().lock().await.unsent.is_empty());
        drop(shut);
        assert_eq!(apply(&desk, Vec::new()).await.unwrap(), 0);
        assert_eq!(closed(&desk).await, [1, 2, 3]);
    }
}
