//! `lessor market clear --server`: the same round, cleared by a server on its own fleet. Tables are sent as they stand in their
//! files; only the server looks at them, and what comes back is written as it would be here.

mod receiving;
mod sending;

use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Builder;
use tonic::Request;

use super::clear;
use super::error::MarketError;
use crate::cli::MarketClearArgs;
use crate::client::ServerUrl;
use crate::command_error::CommandError;
use crate::ending::Ending;
use crate::lease_command::error::LeaseError;
use crate::output_directory::{OutputPlace, Replace};
use crate::process::clock::ProcessClock;
use crate::proto::market::market_client::MarketClient;
use crate::proto::market::{ClearBookRequest, RoundSpec};
use receiving::Received;

/// How much longer than the deadline the command waits for a server that is about to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Carries out `lessor market clear --server`.
pub(super) fn run(args: &MarketClearArgs, server: &ServerUrl, clock: &ProcessClock) -> Result<Ending, CommandError> {
    let given = [&args.policy, &args.offers, &args.balances, &args.posted, &args.revoked].into_iter().flatten();
    let inputs: Vec<PathBuf> = given.chain([&args.book]).cloned().collect();
    let place = OutputPlace::claim(&args.out, Replace::from_force(args.force), &inputs)?;
    let policy = match &args.policy {
        Some(path) => {
            std::fs::read_to_string(path).map_err(|source| MarketError::NoPolicy { path: path.clone(), source })?
        }
        None => String::new(),
    };
    let mut parts = sending::parts(args)?;
    let left = args.deadline.saturating_sub(clock.elapsed()).max(Duration::from_millis(1));
    parts[0].round = Some(RoundSpec {
        policy,
        round_time: args.at.map(crate::service::timestamp),
        time_limit: Some(prost_types::Duration::try_from(left).unwrap_or_default()),
    });
    let runtime = Builder::new_current_thread().enable_all().build().map_err(LeaseError::Start)?;
    let received = runtime.block_on(cleared(args, server, (parts, left)))?;
    let staged = place.stage()?;
    received.write(staged.path())?;
    let (figures, certificate) = received.said()?;
    staged.publish()?;
    Ok(clear::tell(args, (&figures, &certificate, received.entries()), clock))
}

/// Sends a book and takes in what comes back.
async fn cleared(
    args: &MarketClearArgs,
    server: &ServerUrl,
    (parts, left): (Vec<ClearBookRequest>, Duration),
) -> Result<Received, LeaseError> {
    let channel = server.connect(args.certificate.as_ref()).await?;
    let mut request = Request::new(tokio_stream::iter(parts));
    request.set_timeout(left + PATIENCE);
    let mut told = MarketClient::new(channel).clear_book(request).await?.into_inner();
    let mut received = Received::default();
    while let Some(part) = told.message().await? {
        received.take_in(part);
    }
    Ok(received)
}
