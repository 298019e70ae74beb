//! Verbs that are one call and one answer.

use lessor_models::words::counted;
use serde_json::{Value, json};

use super::connection::{connect, lease_name, timed};
use super::error::LeaseError;
use super::shown::{
    lease_json, lease_line, micros, quote_json, quote_line, refusal_json, refusal_lines, revision, standing_json,
    standing_line, time_words,
};
use super::spec::{span, spec};
use crate::cli::{
    LeaseConfirmArgs, LeaseDrainArgs, LeaseExplainArgs, LeaseListArgs, LeaseNameArgs, LeaseQuoteArgs, LeaseReleaseArgs,
    LeaseRenewArgs, LeaseRevokeArgs, ServerArgs, StateFlag,
};
use crate::console::{say, warn};
use crate::ending::Ending;
use crate::proto::explain_response::Obstacle;
use crate::proto::lease::State;
use crate::proto::{
    CheckpointRequest, ConfirmFenceRequest, DrainRequest, ExplainRequest, GetLeaseRequest, Lease, ListLeasesRequest,
    QuoteRequest, Refusal, ReleaseRequest, RenewRequest, RevokeRequest,
};

/// Leases that one page of a list holds.
const PAGE: i32 = 1_000;

pub(super) async fn quote(args: &LeaseQuoteArgs) -> Result<Ending, LeaseError> {
    let message = QuoteRequest { spec: Some(spec(&args.spec, args.term)) };
    let answer = connect(&args.server).await?.quote(timed(&args.server, message)).await?.into_inner();
    if let Some(refusal) = &answer.refusal {
        return Ok(refused(&args.server, refusal));
    }
    say(&if args.server.json { quote_json(&answer).to_string() } else { quote_line(&answer) });
    Ok(Ending::Done)
}

pub(super) async fn renew(args: &LeaseRenewArgs) -> Result<Ending, LeaseError> {
    let mut calls = connect(&args.server).await?;
    let name = lease_name(&args.lease);
    let known = calls.get_lease(timed(&args.server, GetLeaseRequest { name: name.clone() })).await?.into_inner();
    let end_time = match (args.end, args.extend) {
        (Some(micros), _) => Some(instant(micros)),
        (None, Some(more)) => {
            let end = known.end_time.ok_or(LeaseError::Incomplete { missing: "the end of the lease" })?;
            Some(instant(since_1970(end).saturating_add(i64::try_from(more.as_micros()).unwrap_or(i64::MAX))))
        }
        (None, None) => None,
    };
    let message = RenewRequest {
        name,
        holder: args.holder.clone(),
        version: args.version.unwrap_or(known.version),
        end_time,
        bid_micro_credits: args.bid,
    };
    let answer = calls.renew(timed(&args.server, message)).await?.into_inner();
    match &answer.refusal {
        Some(refusal) => Ok(refused(&args.server, refusal)),
        None => tell_lease(&args.server, answer.lease.as_ref()),
    }
}

/// An instant in microseconds since 1970.
pub(super) fn since_1970(instant: prost_types::Timestamp) -> i64 {
    instant.seconds.saturating_mul(1_000_000).saturating_add(i64::from(instant.nanos / 1_000))
}

pub(super) fn instant(micros: i64) -> prost_types::Timestamp {
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).expect("a part of a second fits 32 bits");
    prost_types::Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

pub(super) async fn release(args: &LeaseReleaseArgs) -> Result<Ending, LeaseError> {
    let message = ReleaseRequest { name: lease_name(&args.lease), holder: args.holder.clone() };
    let answer = connect(&args.server).await?.release(timed(&args.server, message)).await?.into_inner();
    tell_lease(&args.server, answer.lease.as_ref())
}

pub(super) async fn checkpoint(args: &LeaseReleaseArgs) -> Result<Ending, LeaseError> {
    let message = CheckpointRequest { name: lease_name(&args.lease), holder: args.holder.clone() };
    let answer = connect(&args.server).await?.checkpoint(timed(&args.server, message)).await?.into_inner();
    tell_lease(&args.server, answer.lease.as_ref())
}

pub(super) async fn revoke(args: &LeaseRevokeArgs) -> Result<Ending, LeaseError> {
    let message = RevokeRequest { name: lease_name(&args.lease), notice: args.notice.map(span) };
    let answer = connect(&args.server).await?.revoke(timed(&args.server, message)).await?.into_inner();
    tell_lease(&args.server, answer.lease.as_ref())
}

pub(super) async fn confirm(args: &LeaseConfirmArgs) -> Result<Ending, LeaseError> {
    let message = ConfirmFenceRequest { name: lease_name(&args.lease), token: args.token };
    let answer = connect(&args.server).await?.confirm_fence(timed(&args.server, message)).await?.into_inner();
    tell_lease(&args.server, answer.lease.as_ref())
}

pub(super) async fn get(args: &LeaseNameArgs) -> Result<Ending, LeaseError> {
    let message = GetLeaseRequest { name: lease_name(&args.lease) };
    let lease = connect(&args.server).await?.get_lease(timed(&args.server, message)).await?.into_inner();
    tell_lease(&args.server, Some(&lease))
}

pub(super) async fn list(args: &LeaseListArgs) -> Result<Ending, LeaseError> {
    let mut calls = connect(&args.server).await?;
    let mut message = ListLeasesRequest {
        page_size: PAGE,
        page_token: String::new(),
        holder: args.holder.clone().unwrap_or_default(),
        node: args.node.clone().unwrap_or_default(),
        state: args.state.map_or(State::Unspecified, state).into(),
    };
    let mut leases = Vec::new();
    loop {
        let page = calls.list_leases(timed(&args.server, message.clone())).await?.into_inner();
        leases.extend(page.leases);
        if page.next_page_token.is_empty() {
            break;
        }
        message.page_token = page.next_page_token;
    }
    if args.server.json {
        say(&Value::Array(leases.iter().map(lease_json).collect()).to_string());
    } else {
        leases.iter().for_each(|lease| say(&lease_line(lease)));
    }
    Ok(Ending::Done)
}

fn state(flag: StateFlag) -> State {
    match flag {
        StateFlag::Offered => State::Offered,
        StateFlag::Active => State::Active,
        StateFlag::Released => State::Released,
        StateFlag::Expired => State::Expired,
        StateFlag::Revoked => State::Revoked,
    }
}

pub(super) async fn explain(args: &LeaseExplainArgs) -> Result<Ending, LeaseError> {
    let message = ExplainRequest {
        node: args.spec.node.clone().unwrap_or_default(),
        lease: args.lease.as_deref().map(lease_name).unwrap_or_default(),
        spec: args.term.map(|term| spec(&args.spec, term)),
    };
    let answer = connect(&args.server).await?.explain(timed(&args.server, message)).await?.into_inner();
    if args.server.json {
        let accounts: Vec<Value> = answer.accounts.iter().map(standing_json).collect();
        let object = json!({
            "revision": answer.revision.as_ref().map(revision),
            "drain_deadline": micros(answer.drain_deadline_time),
            "accounts": accounts,
            "refused": answer.refusal.as_ref().map(refusal_json),
            "tiles": answer.tile_count,
            "fitting": answer.fitting_tile_count,
            "obstacles": answer.obstacles.iter().map(obstacle_json).collect::<Vec<_>>(),
        });
        say(&object.to_string());
    } else {
        answer.accounts.iter().for_each(|standing| say(&standing_line(standing)));
        if answer.drain_deadline_time.is_some() {
            let by = time_words(answer.drain_deadline_time);
            say(&format!("drained: it takes nothing new, and what would last longer is revoked by {by}"));
        }
        answer.refusal.iter().flat_map(refusal_lines).for_each(|line| say(&line));
        if args.term.is_some() {
            let tiles = counted(answer.tile_count, "tile that was", "tiles that were");
            say(&format!("fits on {} of {tiles} looked at", answer.fitting_tile_count));
        }
        for obstacle in &answer.obstacles {
            let words = obstacle.refusal.as_ref().map_or("", |refusal| refusal.message.as_str());
            say(&format!("{}: {words}", counted(obstacle.tile_count, "tile", "tiles")));
        }
    }
    Ok(Ending::Done)
}

pub(super) async fn drain(args: &LeaseDrainArgs) -> Result<Ending, LeaseError> {
    let message = DrainRequest { node: args.node.clone(), notice: args.notice.map(span), cancel: args.cancel };
    let answer = connect(&args.server).await?.drain(timed(&args.server, message)).await?.into_inner();
    let deadline = micros(answer.deadline_time);
    if args.server.json {
        say(&json!({ "node": args.node, "deadline": deadline }).to_string());
    } else if args.cancel {
        say(&format!("{} is no longer drained", args.node));
    } else {
        say(&format!(
            "{} takes nothing new, and what would last longer is revoked by {}",
            args.node,
            time_words(answer.deadline_time)
        ));
    }
    Ok(Ending::Done)
}

fn obstacle_json(obstacle: &Obstacle) -> Value {
    json!({ "tiles": obstacle.tile_count, "obstacle": obstacle.refusal.as_ref().map(refusal_json) })
}

/// Tells of one lease.
fn tell_lease(args: &ServerArgs, lease: Option<&Lease>) -> Result<Ending, LeaseError> {
    let lease = lease.ok_or(LeaseError::Incomplete { missing: "the lease" })?;
    say(&if args.json { lease_json(lease).to_string() } else { lease_line(lease) });
    Ok(Ending::Done)
}

/// Tells why there is no lease.
pub(super) fn refused(args: &ServerArgs, refusal: &Refusal) -> Ending {
    if args.json {
        say(&json!({ "refused": refusal_json(refusal) }).to_string());
    } else {
        refusal_lines(refusal).iter().for_each(|line| warn(line));
    }
    Ending::Failed
}
