//! Floors of the rules of a market, as a real server keeps them: shares of what an account can give at each instant.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

#[path = "common/service.rs"]
mod service;

use lessor_api::proto::{LeaseSpec, RequestLeaseRequest, ServiceClass};
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns, NodeIndex, Owner};
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::Timestamp;
use service::{Running, granted, refused, request_for, seconds};

/// Of the bandwidth of a layer a fifth is kept for class A, a tenth for class B.
const POLICY: &str = include_str!("../../docs/policies/layer-bandwidth.toml");

/// A layer of some bandwidth that became another one long ago; and a tile, two levels below it.
fn fleet(base: Option<u64>, became: u64) -> Instance {
    let open = Resources::UNLIMITED;
    let layer = base.map_or(open, |base| open.with(Kind::Bandwidth, base));
    let parts = FleetParts {
        nodes: NodeColumns {
            names: ["layer", "cell", "tile"].map(String::from).to_vec(),
            parents: vec![None, Some(0), Some(1)],
            levels: vec![Level::Layer, Level::Cell, Level::Tile],
            classes: vec![None, None, Some(ClassIndex(0))],
            capacities: vec![layer, open, open.with(Kind::Compute, 1_000)],
            uplink_delays_us: vec![0; 3],
        },
        classes: vec![TileClass::plain("plain")],
        steps: [((Owner::Node(NodeIndex(0)), Kind::Bandwidth), vec![(Timestamp(1_000_000), became)])].into(),
        ..FleetParts::default()
    };
    Instance::new(Fleet::new(parts).unwrap(), vec![], vec![], Weights::default()).unwrap()
}

/// A wish for so much of the layer's uplink.
fn uplink(id: &str, class: ServiceClass, bps: u64) -> RequestLeaseRequest {
    let resources = lessor_api::proto::Resources { compute_mops: 1, ..Default::default() };
    let spec = LeaseSpec {
        resources: Some(resources),
        uplinks_bps: vec![0, 0, 0, 0, bps],
        service_class: class.into(),
        term: Some(seconds(600)),
        ..LeaseSpec::default()
    };
    request_for(id, spec)
}

#[tokio::test]
async fn bulk_holders_leave_a_fifth_and_a_tenth_of_what_a_layer_gives_now() {
    for (base, became) in [(None, 1_000), (Some(1_000), 10_000), (Some(1_000), 200)] {
        let mut running = Running::start_on(&fleet(base, became), POLICY).await;
        let (a, b) = (became / 5, became / 10);
        let bulk = became - a - b;
        let more = running.calls.request_lease(uplink("more", ServiceClass::D, bulk + 1)).await.unwrap().into_inner();
        let shortage = refused(more).shortage.unwrap();
        assert_eq!((shortage.asked, shortage.left), (bulk + 1, bulk), "{base:?}, {became}");
        for (class, bps) in [(ServiceClass::D, bulk), (ServiceClass::A, a), (ServiceClass::B, b)] {
            let id = format!("{class:?}");
            granted(running.calls.request_lease(uplink(&id, class, bps)).await.unwrap().into_inner());
        }
        running.stop().await;
    }
}

#[tokio::test]
async fn a_server_that_starts_without_the_rules_keeps_no_floors_of_them() {
    let running = Running::start_on(&fleet(Some(1_000), 1_000), POLICY).await;
    let mut running = running.restart().await;
    granted(running.calls.request_lease(uplink("all", ServiceClass::D, 1_000)).await.unwrap().into_inner());
    running.stop().await;
}
