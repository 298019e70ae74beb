//! Placements and bounds worked by hand, and tiny instances against every placement.

use super::*;

fn node(devices: u32, model: u32) -> Node {
    Node { cpu_milli: 4_000, memory_mib: 100, devices, model }
}

fn pod(cpu_milli: u64, devices: u32, milli: u32) -> Pod {
    Pod { cpu_milli, memory_mib: 10, devices, milli, models: None }
}

fn seat(node: u32, devices: &[u32]) -> Seat {
    Seat { node, devices: devices.to_vec() }
}

/// A node of two devices of model 7 and one of one device of model 9; pods of 2 devices, 810, 160, 470 milli, none.
fn small() -> OpenbInstance {
    let mut last = pod(1_000, 1, 470);
    last.models = Some(vec![9]);
    let pods = vec![pod(1_000, 2, 1_000), pod(1_000, 1, 810), pod(500, 1, 160), last, pod(4_000, 0, 0)];
    OpenbInstance::new(vec![node(2, 7), node(1, 9)], pods).unwrap()
}

#[test]
fn what_is_left_unallocated_is_counted() {
    // 3,000 milli less 2,000 less 810 less 160.
    let seats = [Some(seat(0, &[1, 0])), Some(seat(1, &[0])), Some(seat(1, &[0])), None, None];
    assert_eq!(check(&small(), &seats), Ok(30));
    assert_eq!(check(&small(), &[None, None, None, None, Some(seat(1, &[]))]), Ok(3_000));
}

#[test]
fn faults_are_named() {
    let refused = |at: usize, wrong: Option<Seat>| {
        let mut seats = vec![Some(seat(0, &[0, 1])), None, None, None, None];
        seats[at] = wrong;
        check(&small(), &seats).unwrap_err()
    };
    assert_eq!(check(&small(), &[]), Err(OpenbFault::Length { named: 0, pods: 5 }));
    assert_eq!(refused(1, Some(seat(2, &[0]))), OpenbFault::NoNode { pod: 1, node: 2 });
    assert_eq!(refused(3, Some(seat(0, &[0]))), OpenbFault::Model { pod: 3, node: 0 });
    for devices in [&[0][..], &[0, 0], &[0, 2], &[0, 1, 2]] {
        assert_eq!(refused(0, Some(seat(0, devices))), OpenbFault::Devices { pod: 0, devices: devices.to_vec() });
    }
    assert_eq!(refused(4, Some(seat(1, &[0]))), OpenbFault::Devices { pod: 4, devices: vec![0] });
    assert_eq!(refused(1, Some(seat(0, &[1]))), OpenbFault::DeviceOverdrawn { node: 0, device: 1, milli: 1_810 });
    let overdrawn = OpenbFault::NodeOverdrawn { node: 0, cpu_milli: 5_000, memory_mib: 20, pods: 2 };
    assert_eq!(refused(4, Some(seat(0, &[]))), overdrawn);
}

#[test]
fn a_node_has_at_most_1001_pods() {
    let mut light = pod(0, 0, 0);
    light.memory_mib = 0;
    let instance = OpenbInstance::new(vec![node(0, 0)], vec![light; 1_002]).unwrap();
    let mut seats = vec![Some(seat(0, &[])); 1_002];
    assert!(matches!(check(&instance, &seats), Err(OpenbFault::NodeOverdrawn { pods: 1_002, .. })));
    seats[5] = None;
    assert_eq!(check(&instance, &seats), Ok(0));
}

#[test]
fn without_prices_devices_and_what_is_asked_bound() {
    // The two devices of one node could be filled; no sizes fill that of the other beyond 810 and 160.
    assert_eq!(bound(&small(), &OpenbPrices::default()), 30);
    // One pod of 810 asks for less than there is, and fits no more than once.
    let instance = OpenbInstance::new(vec![node(2, 7)], vec![pod(1_000, 1, 810)]).unwrap();
    assert_eq!(bound(&instance, &OpenbPrices::default()), 2_000 - 810);
}

#[test]
fn a_device_holds_one_of_810() {
    // Three of 810 on two devices: one on each, as the knapsack knows without a price.
    let instance = OpenbInstance::new(vec![node(2, 7)], vec![pod(1, 1, 810); 3]).unwrap();
    assert_eq!(bound(&instance, &OpenbPrices::default()), 2_000 - 2 * 810);
}

#[test]
fn a_price_of_pods_counts_how_many_there_are() {
    // Two of 810 and one of 160 on two devices. Without prices each device holds 970; with 160 paid by the pod itself,
    // a device holds 810 at most, and 160 comes once.
    let pods = vec![pod(1, 1, 810), pod(1, 1, 810), pod(1, 1, 160), pod(1, 1, 810)];
    let instance = OpenbInstance::new(vec![node(2, 7)], pods).unwrap();
    assert_eq!(bound(&instance, &OpenbPrices::default()), 2_000 - 2 * 970);
    let prices = OpenbPrices { pods: vec![0, 0, 160 * PRICE_ONE], nodes: vec![] };
    assert_eq!(bound(&instance, &prices), 2_000 - (2 * 810 + 160));
}

#[test]
fn a_price_of_cpu_counts_what_a_node_has() {
    // 4,000 milli-CPU hold one pod of 3,000; at a third of a milli for each, a pod is worth nothing beyond its CPU.
    let instance = OpenbInstance::new(vec![node(2, 7)], vec![pod(3_000, 1, 1_000); 2]).unwrap();
    let prices = OpenbPrices { pods: vec![], nodes: vec![(PRICE_ONE.div_ceil(3), 0)] };
    // 4,000 / 3 = 1,333, rounded down to a multiple of 1,000.
    assert_eq!(bound(&instance, &prices), 1_000);
}

#[test]
fn no_prices_exceed_the_least_cost_of_any_tiny_instance() {
    let sizes = [(1, 810), (1, 470), (1, 190), (2, 1_000)];
    for bits in 0_usize..1 << 6 {
        let one = |at: usize| sizes[bits >> (2 * at) & 3];
        let pods: Vec<Pod> = (0..3).map(|at| pod(1_500 + 700 * at as u64, one(at).0, one(at).1)).collect();
        let instance = OpenbInstance::new(vec![node(2, 0), node(1, 1)], pods.clone()).unwrap();
        let choices = |pod: &Pod| {
            let seats = [seat(0, &[0]), seat(0, &[1]), seat(1, &[0]), seat(0, &[0, 1])];
            let fitting = seats.into_iter().filter(|seat| seat.devices.len() == pod.devices as usize);
            std::iter::once(None).chain(fitting.map(Some)).collect::<Vec<_>>()
        };
        let [a, b, c] = [0, 1, 2].map(|at| choices(&pods[at]));
        let all = a.iter().flat_map(|x| b.iter().flat_map(|y| c.iter().map(|z| [x.clone(), y.clone(), z.clone()])));
        let least = all.filter_map(|seats| check(&instance, &seats).ok()).min().unwrap();
        for unit in [0, 1, 100, 700] {
            for cpu in [0, PRICE_ONE / 10, PRICE_ONE / 3] {
                let pods = vec![unit * PRICE_ONE, unit * PRICE_ONE / 2, 0];
                let prices = OpenbPrices { pods, nodes: vec![(cpu, 0), (0, cpu)] };
                assert!(bound(&instance, &prices) <= least, "bits {bits}, {unit}, {cpu}");
            }
        }
    }
}

#[test]
fn the_largest_numbers_and_prices_do_not_overflow() {
    let big = Node { cpu_milli: COEFFICIENT_MAX, memory_mib: COEFFICIENT_MAX, devices: DEVICES_MAX, model: 0 };
    let heavy = Pod { cpu_milli: COEFFICIENT_MAX, memory_mib: 0, devices: 1, milli: 10, models: None };
    let instance = OpenbInstance::new(vec![big; 3], vec![heavy; 3]).unwrap();
    let prices = OpenbPrices { pods: vec![u64::MAX; 3], nodes: vec![(u64::MAX, u64::MAX); 3] };
    assert_eq!(bound(&instance, &prices), 3 * 64_000 - 30);
    let seats = [Some(seat(0, &[0])), Some(seat(0, &[1])), None];
    assert!(matches!(check(&instance, &seats), Err(OpenbFault::NodeOverdrawn { .. })));
}

#[test]
fn numbers_that_make_no_instance_are_refused() {
    let refused = |nodes, pods| OpenbInstance::new(nodes, pods).unwrap_err();
    assert_eq!(refused(vec![node(65, 0)], vec![]), OpenbError::Devices(65));
    assert_eq!(refused(vec![], vec![pod(1, 1, 1_001)]), OpenbError::Milli { pod: 0, milli: 1_001 });
    assert_eq!(refused(vec![], vec![pod(1, 1, 1), pod(1, 0, 5)]), OpenbError::Milli { pod: 1, milli: 5 });
    assert_eq!(refused(vec![], vec![pod(1, 1, 0)]), OpenbError::Milli { pod: 0, milli: 0 });
    assert_eq!(refused(vec![], vec![pod(1 << 60, 0, 0)]), OpenbError::TooLarge(1 << 60));
}
