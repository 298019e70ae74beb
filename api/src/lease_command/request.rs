//! `lessor lease request`: asks, repeats where the answer is lost, and holds what was granted where it is told to.

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use super::calls::{instant, refused, since_1970};
use super::error::LeaseError;
use super::shown::{lease_json, lease_line};
use super::spec::spec;
use crate::cli::LeaseRequestArgs;
use crate::client::{Answer, Ended, Grant, Holding, KeptLease, LeaseClient, RequestError};
use crate::console::{say, warn};
use crate::ending::Ending;
use crate::proto::RequestLeaseRequest;

pub(super) async fn run(args: &LeaseRequestArgs) -> Result<Ending, LeaseError> {
    let mut client = LeaseClient::connect(&args.server.server, args.server.certificate.as_ref()).await?;
    let message = RequestLeaseRequest {
        holder: args.holder.clone(),
        request_id: args.request_id.clone(),
        spec: Some(spec(&args.spec, args.term)),
        first_send_time: args.first_sent.map(instant),
    };
    let answer = client.request(&message, args.server.timeout).await;
    if let Err(RequestError::Unanswered { first_sent: Some(first_sent), .. }) = answer {
        warn(&format!("the request may have been granted: to repeat it, add --first-sent {}", since_1970(first_sent)));
    }
    match answer? {
        Answer::Refused(refusal) => Ok(refused(&args.server, &refusal)),
        Answer::Granted(grants) => {
            tell(args, &grants);
            if args.hold { hold(&client, grants).await } else { Ok(Ending::Done) }
        }
    }
}

/// One object for a lease alone, an array for a gang.
fn tell(args: &LeaseRequestArgs, grants: &[Grant]) {
    if !args.server.json {
        return grants.iter().for_each(|grant| say(&lease_line(&grant.lease)));
    }
    let mut leases: Vec<Value> = grants.iter().map(|grant| lease_json(&grant.lease)).collect();
    let alone = if leases.len() == 1 { leases.pop() } else { None };
    say(&alone.unwrap_or(Value::Array(leases)).to_string());
}

/// Holds leases until the program is told to end, or one of them may no longer be used.
async fn hold(client: &LeaseClient, grants: Vec<Grant>) -> Result<Ending, LeaseError> {
    let kept: Vec<KeptLease> = grants.into_iter().map(|grant| KeptLease::keep(client.clone(), grant)).collect();
    let mut terminate = signal(SignalKind::terminate()).map_err(LeaseError::Start)?;
    let lost = tokio::select! {
        noticed = first_noticed(&kept) => Some(noticed),
        _ = terminate.recv() => None,
        _ = tokio::signal::ctrl_c() => None,
    };
    for lease in kept {
        lease.release().await;
    }
    match lost {
        None => Ok(Ending::Done),
        Some(why) => {
            warn(match why {
                Holding::Revoked(_) => "stopped: the lessor revoked a lease",
                Holding::Ended(Ended::TermOver) => "stopped: the term is over and no renewal came in time",
                Holding::Ended(_) | Holding::Held(_) => "stopped: the lessor does not renew a lease",
            });
            Ok(Ending::Failed)
        }
    }
}

/// How the first lease stands that is revoked or ends.
async fn first_noticed(kept: &[KeptLease]) -> Holding {
    let mut waits = tokio::task::JoinSet::new();
    for lease in kept {
        waits.spawn(lease.noticed());
    }
    match waits.join_next().await {
        Some(Ok(noticed)) => noticed,
        Some(Err(_)) | None => Holding::Ended(Ended::Lost),
    }
}
