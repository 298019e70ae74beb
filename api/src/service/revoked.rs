//! Revoked leases that have not returned what they hold: what notices said to whoever heard them.

use lessor_engine::authority::{FenceKey, Filter, HolderId, Lease, LeaseState};

use super::desk::Desk;
use super::failure::Failure;

/// Leases that one look goes through.
const PAGE: usize = 1_000;

/// A revoked lease that has not returned what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) lease: Lease,
    pub(crate) keys: Vec<FenceKey>,
    /// Its notice is over.
    pub(crate) is_fenced: bool,
}

impl Desk {
    /// Every revoked lease that has not returned what it holds, of one holder or of all. O(slots of the authority).
    ///
    /// # Errors
    /// An authority that takes nothing now, or that ended.
    pub(crate) async fn revoked(&self, holder: Option<HolderId>) -> Result<Vec<Standing>, Failure> {
        let filter = Filter { holder, state: Some(LeaseState::Revoked), node: None };
        let (mut found, mut from) = (Vec::new(), None);
        loop {
            let (standing, next) = self
                .look(move |view| {
                    let (now, page) = (view.now(), view.leases(from, &filter, PAGE));
                    let held = page.leases.iter().filter(|lease| !lease.is_returned);
                    let standing = held.map(|lease| Standing {
                        lease: *lease,
                        keys: view.keys(lease.id).to_vec(),
                        is_fenced: lease.notice.is_some_and(|notice| notice.until <= now),
                    });
                    (standing.collect::<Vec<_>>(), page.next)
                })
                .await?;
            found.extend(standing);
            if next.is_none() {
                return Ok(found);
            }
            from = next;
        }
    }
}
