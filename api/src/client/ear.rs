//! Hearing of revocations at once: one session for each holder whose leases a client keeps, however many those are.
//!
//! The plain meaning: whoever keeps a lease hears that it is revoked as soon as the lessor says so. Deviation: where there is no
//! session, as while a server starts again, what was revoked meanwhile is heard once there is one; renewals tell as well.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use crate::proto::lease::State;
use crate::proto::lease_service_client::LeaseServiceClient;
use crate::proto::session_request::Call;
use crate::proto::session_response::Outcome;
use crate::proto::{GetLeaseRequest, Lease, SessionRequest, SessionResponse, WatchHolderRequest};

/// The first pause before another session is begun, and the longest; it doubles in between.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

type Calls = LeaseServiceClient<Channel>;

/// Who waits for the revocation of which lease.
type Wanted = Mutex<BTreeMap<String, oneshot::Sender<Lease>>>;

/// Those who hear for holders, each as long as somebody keeps a lease of its holder.
#[derive(Clone, Debug, Default)]
pub(super) struct Ears(Arc<Mutex<BTreeMap<String, Weak<Ear>>>>);

/// Hears for one holder.
#[derive(Debug)]
struct Ear {
    wanted: Arc<Wanted>,
    session: JoinHandle<()>,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.session.abort();
    }
}

/// Somebody's wish to hear of a lease; it ends with this.
struct Wish {
    ear: Arc<Ear>,
    lease: String,
}

impl Drop for Wish {
    fn drop(&mut self) {
        locked(&self.ear.wanted).remove(&self.lease);
    }
}

impl Ears {
    /// Waits until a lease is revoked, and returns it with its notice. Of two who wait for one lease the first may wait for ever.
    pub(super) async fn revoked(self, mut calls: Calls, lease: Lease) -> Lease {
        let (sender, told) = oneshot::channel();
        let wish = Wish { ear: self.of(&lease.holder, &calls), lease: lease.name };
        locked(&wish.ear.wanted).insert(wish.lease.clone(), sender);
        // What the session told before anybody wanted it.
        let look = GetLeaseRequest { name: wish.lease.clone() };
        match calls.get_lease(look).await {
            Ok(found) if found.get_ref().state() == State::Revoked => found.into_inner(),
            _ => match told.await {
                Ok(lease) => lease,
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// The one who hears for a holder.
    fn of(&self, holder: &str, calls: &Calls) -> Arc<Ear> {
        let mut ears = locked(&self.0);
        if let Some(ear) = ears.get(holder).and_then(Weak::upgrade) {
            return ear;
        }
        ears.retain(|_, ear| ear.strong_count() > 0);
        let wanted = Arc::new(Wanted::default());
        let session = tokio::spawn(hear(calls.clone(), holder.to_owned(), Arc::clone(&wanted)));
        let ear = Arc::new(Ear { wanted, session });
        ears.insert(holder.to_owned(), Arc::downgrade(&ear));
        ear
    }
}

/// Hears for a holder, session after session.
async fn hear(mut calls: Calls, holder: String, wanted: Arc<Wanted>) {
    let mut pause = PAUSES.0;
    loop {
        if listen(&mut calls, &holder, &wanted).await {
            pause = PAUSES.0;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Hears over one session, until it ends; says whether it was heard at all.
async fn listen(calls: &mut Calls, holder: &str, wanted: &Wanted) -> bool {
    let (asking, asked) = mpsc::channel(1);
    let watch = Call::WatchHolder(WatchHolderRequest { holder: holder.to_owned() });
    let is_asked = asking.send(SessionRequest { tag: 0, call: Some(watch) }).await.is_ok();
    let Ok(answers) = calls.session(ReceiverStream::new(asked)).await else { return false };
    let (mut answers, mut is_heard) = (answers.into_inner(), false);
    while is_asked
        && let Ok(Some(SessionResponse { outcome: Some(Outcome::WatchHolder(told)), .. })) = answers.message().await
    {
        is_heard = true;
        for lease in told.revoked {
            if let Some(sender) = locked(wanted).remove(&lease.name) {
                // Whoever waited is gone.
                let _ = sender.send(lease);
            }
        }
    }
    is_heard
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics while it holds what is wanted")
}
