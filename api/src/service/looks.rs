//! Calls that change nothing: one lease, pages of leases, quotes and explanations.

use lessor_engine::authority::{
    Decision, Explanation, Filter, Grant, HolderId, LeaseState, Money, RequestId, Revocation, Term,
};
use lessor_engine::ledger::Account;
use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::Span;
use prost::Message;
use tonic::Code;

use super::desk::Desk;
use super::failure::Failure;
use super::reading::{self, Asker, holder, lease_id, spec_for};
use super::refusing::{Form, no_room, refusal};
use super::telling::{account, lease, revision};
use super::times::timestamp;
use crate::proto;
use crate::proto::explain_response::Obstacle;
use crate::proto::lease::State;
use crate::shell::{UNSTATED, View};

/// Leases of a page where its size is left out, and at most.
const PAGE: (usize, usize) = (100, 1_000);

impl Desk {
    /// One lease.
    ///
    /// # Errors
    /// A lease that is not remembered.
    pub(crate) async fn get_lease(&self, asked: proto::GetLeaseRequest) -> Result<proto::Lease, Failure> {
        let id = lease_id(&asked.name)?;
        let found = self.look(move |view| view.lease(id)).await?;
        found.map(|found| lease(self.names(), &found)).ok_or_else(unknown_lease)
    }

    /// A page of leases.
    ///
    /// # Errors
    /// A filter or a token that makes no sense.
    pub(crate) async fn list_leases(
        &self,
        asked: proto::ListLeasesRequest,
    ) -> Result<proto::ListLeasesResponse, Failure> {
        let after = read_page_token(&asked)?;
        let filter = filter(self.fleet(), &asked)?;
        let size = match usize::try_from(asked.page_size) {
            Ok(0) => PAGE.0,
            Ok(size) => size.min(PAGE.1),
            Err(_) => return Err(Failure::field("page_size", "BAD_PAGE_SIZE", "the size of a page is not negative")),
        };
        let (page, at, now) =
            self.look(move |view| (view.leases(after, &filter, size), view.revision(), view.now())).await?;
        Ok(proto::ListLeasesResponse {
            leases: page.leases.iter().map(|found| lease(self.names(), found)).collect(),
            next_page_token: page.next.map_or(String::new(), |slot| page_token(slot, &asked)),
            revision: Some(revision(at)),
            read_time: Some(timestamp(now)),
        })
    }

    /// What a request would come to.
    ///
    /// # Errors
    /// A request that makes no sense.
    pub(crate) async fn quote(&self, asked: proto::QuoteRequest) -> Result<proto::QuoteResponse, Failure> {
        let spec = asked.spec.ok_or_else(|| Failure::field("spec", "MISSING", "nothing is asked for"))?;
        let request = spec_for(self.fleet(), &spec, quoter())?;
        let Term::Immediate(term) = request.term else { return Err(unknown_lease()) };
        let (decision, at) = self.look(move |view| (view.quote(&request), view.revision())).await?;
        let told = proto::QuoteResponse { revision: Some(revision(at)), ..proto::QuoteResponse::default() };
        Ok(match decision {
            Decision::Granted(grant) => self.quoted((&grant, term), &[], told),
            Decision::Offered { grant, revoked } => self.quoted((&grant, term), &revoked, told),
            Decision::Refused(refused) => {
                proto::QuoteResponse { refusal: Some(refusal(self.fleet(), &refused, Form::Spec)?), ..told }
            }
            _ => return Err(Failure::new(Code::Internal, "NO_QUOTE", "the authority decided about something else")),
        })
    }

    /// What is granted at once, or once those that are revoked for it are gone.
    fn quoted(
        &self,
        (grant, term): (&Grant, Span),
        revoked: &[Revocation],
        told: proto::QuoteResponse,
    ) -> proto::QuoteResponse {
        let compensation = revoked.iter().fold(Money::ZERO, |sum, revocation| sum.plus(revocation.compensation));
        proto::QuoteResponse {
            nodes: nodes(self.fleet(), grant),
            price_micro_credits: price(grant, term).0,
            displaced_lease_count: u32::try_from(revoked.len()).unwrap_or(u32::MAX),
            compensation_micro_credits: compensation.0,
            ..told
        }
    }

    /// What the accounts of a node have and hold, and what stands in the way of a request there.
    ///
    /// # Errors
    /// A node, a lease or a request that makes no sense.
    pub(crate) async fn explain(&self, asked: proto::ExplainRequest) -> Result<proto::ExplainResponse, Failure> {
        let node = self.explained(&asked).await?;
        let request = asked.spec.map(|mut spec| {
            self.fleet().name(node).clone_into(&mut spec.node);
            spec_for(self.fleet(), &spec, quoter())
        });
        let request = request.transpose()?;
        let (standings, drain, explained, at) = self
            .look(move |view| {
                let explained = request.map(|request| view.explain(&request));
                let drain = view.ledger().path(node).filter_map(|owner| view.ledger().drain(owner)).min();
                (standings(view, node), drain, explained, view.revision())
            })
            .await?;
        let accounts = standings.into_iter().map(|found| proto::AccountStanding {
            account: Some(account(self.fleet(), found.account)),
            capacity: found.capacity,
            commitment: found.commitment,
            posted_price: found.posted_price,
        });
        let mut told =
            explained.map_or_else(|| Ok(proto::ExplainResponse::default()), |found| self.explanation(&found))?;
        told.revision = Some(revision(at));
        told.accounts = accounts.collect();
        told.drain_deadline_time = drain.map(timestamp);
        Ok(told)
    }

    /// What stands in the way of a request, tile by tile.
    fn explanation(&self, found: &Explanation) -> Result<proto::ExplainResponse, Failure> {
        let refused = match &found.decision {
            Decision::Refused(refused) => Some(refusal(self.fleet(), refused, Form::Spec)?),
            _ => None,
        };
        let obstacles = found.obstacles.iter().map(|obstacle| Obstacle {
            refusal: Some(no_room(self.fleet(), obstacle.barrier)),
            tile_count: obstacle.tiles,
        });
        Ok(proto::ExplainResponse {
            refusal: refused,
            tile_count: found.tiles,
            fitting_tile_count: found.fitting,
            obstacles: obstacles.collect(),
            ..proto::ExplainResponse::default()
        })
    }

    /// The node that is to be explained.
    async fn explained(&self, asked: &proto::ExplainRequest) -> Result<NodeIndex, Failure> {
        if !asked.node.is_empty() {
            return reading::node(self.fleet(), &asked.node);
        }
        if asked.lease.is_empty() {
            return Err(Failure::field("node", "MISSING", "neither a node nor a lease is named"));
        }
        let id = lease_id(&asked.lease)?;
        self.look(move |view| view.lease(id)).await?.map(|found| found.node).ok_or_else(unknown_lease)
    }
}

/// An account with what it may give, what is held of it, and what it costs.
struct Standing {
    account: Account,
    capacity: u64,
    commitment: u64,
    posted_price: u64,
}

/// Every account that a lease at a node debits and that limits anything.
fn standings(view: &View<'_>, node: NodeIndex) -> Vec<Standing> {
    let ledger = view.ledger();
    let path: Vec<Owner> = ledger.path(node).collect();
    // What is drained takes nothing new, nor does anything under it: the path begins at the leaf.
    let drained = path.iter().rposition(|owner| ledger.drain(*owner).is_some()).map_or(0, |at| at + 1);
    let accounts = path.iter().enumerate().flat_map(|(at, owner)| {
        let is_drained = at < drained && matches!(owner, Owner::Node(_));
        Kind::ALL.map(|kind| (is_drained, Account { owner: *owner, kind }))
    });
    let known = accounts.filter_map(|(is_drained, account)| {
        let (capacity, commitment) = ledger.balance(account)?;
        let is_limit = is_drained && capacity != UNLIMITED;
        let capacity = if is_limit { capacity.min(commitment) } else { capacity };
        let posted_price = view.posted_price(account).unwrap_or(0);
        Some(Standing { account, capacity, commitment, posted_price })
    });
    known.filter(|standing| standing.capacity != UNLIMITED).collect()
}

fn nodes(fleet: &Fleet, grant: &Grant) -> Vec<String> {
    std::iter::once(&grant.seat).chain(&grant.others).map(|seat| fleet.name(seat.node).to_owned()).collect()
}

fn price(grant: &Grant, term: Span) -> Money {
    std::iter::once(&grant.seat).chain(&grant.others).fold(Money::ZERO, |sum, seat| sum.plus(seat.rate.over(term)))
}

/// The one who asks for a quote: nobody is told apart, and nothing is remembered.
fn quoter() -> Asker {
    let word = "quote";
    Asker {
        holder: HolderId::new(word).expect("the word is a name"),
        request: RequestId::new(word).expect("the word is a name"),
        first_sent: UNSTATED,
    }
}

fn filter(fleet: &Fleet, asked: &proto::ListLeasesRequest) -> Result<Filter, Failure> {
    let state = match State::try_from(asked.state) {
        Ok(State::Unspecified) => None,
        Ok(State::Offered) => Some(LeaseState::Offered),
        Ok(State::Active) => Some(LeaseState::Active),
        Ok(State::Released) => Some(LeaseState::Released),
        Ok(State::Expired) => Some(LeaseState::Expired),
        Ok(State::Revoked) => Some(LeaseState::Revoked),
        Err(_) => return Err(Failure::field("state", "UNKNOWN_VALUE", "there is no such state")),
    };
    Ok(Filter {
        holder: (!asked.holder.is_empty()).then(|| holder(&asked.holder)).transpose()?,
        node: (!asked.node.is_empty()).then(|| reading::node(fleet, &asked.node)).transpose()?,
        state,
    })
}

/// The token of the page that begins at a slot: where that is, and a digest of it and of the filter.
fn page_token(slot: u32, asked: &proto::ListLeasesRequest) -> String {
    let filter = proto::ListLeasesRequest { page_size: 0, page_token: String::new(), ..asked.clone() };
    let mut digest = blake3::Hasher::new();
    digest.update(&slot.to_be_bytes()).update(&filter.encode_to_vec());
    format!("{slot:08x}{}", &digest.finalize().to_hex()[..16])
}

/// Where the page begins that is asked for.
fn read_page_token(asked: &proto::ListLeasesRequest) -> Result<Option<u32>, Failure> {
    if asked.page_token.is_empty() {
        return Ok(None);
    }
    let slot = asked.page_token.get(..8).and_then(|slot| u32::from_str_radix(slot, 16).ok());
    let own = slot.filter(|slot| page_token(*slot, asked) == asked.page_token);
    let words = "the token is not one that a page of this filter ended with";
    own.map(Some).ok_or_else(|| Failure::field("page_token", "BAD_PAGE_TOKEN", words))
}

fn unknown_lease() -> Failure {
    Failure::new(Code::NotFound, "UNKNOWN_LEASE", "there is no such lease, or it ended too long ago to be remembered")
}
