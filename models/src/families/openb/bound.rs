//! The bound that prices prove, in exact integers.

use std::collections::BTreeMap;

use super::{DEVICE_MILLI, Node, OpenbInstance, Pod};

/// A price of one device-milli.
pub const PRICE_ONE: u64 = 1 << 20;

/// The largest price of [`bound`]: a hundred thousand devices for a unit.
pub const PRICE_MAX: u64 = 1 << 47;

/// Prices that prove a bound, each in 2^-20 device-milli; beyond [`PRICE_MAX`] they count as that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenbPrices {
    /// Of each pod that is placed; none where the list ends.
    pub pods: Vec<u64>,
    /// Of a milli-CPU and of a MiB of each node; none where the list ends.
    pub nodes: Vec<(u64, u64)>,
}

/// A number of device-milli of which at least so many stay unallocated in any placement, by prices.
///
/// ```text
/// placed <= sum over pods of price + sum over nodes of CPU * price + memory * price + devices * dearest device
/// dearest device = max of sum of worth of pieces that fit 1000 milli
/// worth of a piece = (milli * devices - price of the pod - what it draws at the prices of the node) / devices, rounded up
/// ```
///
/// Nor is more placed than the pods ask for that fit some empty node; and what is placed is a multiple of the greatest common
/// divisor of what they ask for. Any prices are valid. Takes a knapsack of 1000 for each sort of node and sort of pod.
#[must_use]
pub fn bound(instance: &OpenbInstance, prices: &OpenbPrices) -> u64 {
    let one = i128::from(PRICE_ONE);
    let limited = |price: u64| i128::from(price.min(PRICE_MAX));
    let pod_price = |at: usize| limited(prices.pods.get(at).copied().unwrap_or(0));
    let mut sorts: BTreeMap<(&Node, (i128, i128)), i128> = BTreeMap::new();
    for (at, node) in instance.nodes.iter().enumerate() {
        let (cpu, memory) = prices.nodes.get(at).copied().unwrap_or((0, 0));
        *sorts.entry((node, (limited(cpu), limited(memory)))).or_default() += 1;
    }
    let mut pods: BTreeMap<(&Pod, i128), i128> = BTreeMap::new();
    for (at, pod) in instance.pods.iter().enumerate() {
        // A pod without a device adds nothing to what is placed, and leaving it out only relaxes the rest.
        let is_asking = pod.devices > 0 && instance_fits(&sorts, pod);
        if is_asking {
            *pods.entry((pod, pod_price(at))).or_default() += 1;
        }
    }
    let mut most: i128 = pods.iter().map(|((_, price), count)| price * count).sum();
    for (&(node, (cpu, memory)), &count) in &sorts {
        let given = cpu * i128::from(node.cpu_milli) + memory * i128::from(node.memory_mib);
        let dearest = dearest_device(node, (cpu, memory), pods.keys().copied());
        most += count * (given + i128::from(node.devices) * dearest);
    }
    let asked: i128 = pods.iter().map(|((pod, _), count)| i128::from(pod.milli_sum()) * count).sum();
    let most = (most / one).min(asked).unsigned_abs();
    let divisor = pods.keys().fold(0, |divisor, (pod, _)| gcd(divisor, pod.milli_sum())).max(1);
    let most = most - most % u128::from(divisor);
    instance.device_milli().saturating_sub(u64::try_from(most).unwrap_or(u64::MAX))
}

/// Whether a pod fits some node that is empty.
fn instance_fits(sorts: &BTreeMap<(&Node, (i128, i128)), i128>, pod: &Pod) -> bool {
    sorts.keys().any(|(node, _)| fits_empty(node, pod))
}

fn fits_empty(node: &Node, pod: &Pod) -> bool {
    pod.allows(node)
        && pod.devices <= node.devices
        && pod.cpu_milli <= node.cpu_milli
        && pod.memory_mib <= node.memory_mib
}

/// The most that pieces on one device of a node are worth, as often as they fit.
fn dearest_device<'a>(node: &Node, (cpu, memory): (i128, i128), pods: impl Iterator<Item = (&'a Pod, i128)>) -> i128 {
    // The dearest piece of each size.
    let mut pieces = vec![0_i128; DEVICE_MILLI as usize + 1];
    for (pod, price) in pods.filter(|(pod, _)| fits_empty(node, pod)) {
        let drawn = cpu * i128::from(pod.cpu_milli) + memory * i128::from(pod.memory_mib);
        let worth = i128::from(pod.milli_sum()) * i128::from(PRICE_ONE) - price - drawn;
        let devices = i128::from(pod.devices);
        let piece = if worth > 0 { (worth + devices - 1) / devices } else { 0 };
        let dearest = &mut pieces[pod.milli as usize];
        *dearest = piece.max(*dearest);
    }
    let paying: Vec<(usize, i128)> = pieces.into_iter().enumerate().filter(|&(_, worth)| worth > 0).collect();
    let mut best = vec![0_i128; DEVICE_MILLI as usize + 1];
    for room in 1..best.len() {
        let fitting = paying.iter().take_while(|&&(size, _)| size <= room);
        let filled = fitting.map(|&(size, worth)| worth + best[room - size]);
        best[room] = filled.max().unwrap_or(0).max(best[room - 1]);
    }
    best[DEVICE_MILLI as usize]
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
