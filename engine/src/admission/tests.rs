//! Tiny boards on which each policy's choice is worked by hand.

use lessor_models::fleet::ClassIndex;
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::tile_class::TileClass;
use proptest::prelude::*;

use super::fragmentation::fragmented;
use super::*;
use crate::ledger::{ClassSet, Devices};

/// Class 0 draws 100 W for each 10 Mop/s begun and 50 W for each device; class 1 three times as much.
fn power() -> PowerModel {
    let class = |times: u64| TileClass {
        energy_uj_per_mop: [times * 10_000_000; 3],
        device_power_mw: times * 50_000,
        ..TileClass::plain("tile")
    };
    PowerModel::new(&[class(1), class(3)], 10)
}

fn amounts(compute: u64, memory: u64) -> Resources {
    Resources([0, 0, 0, UNLIMITED, UNLIMITED, 0, 0, 0]).with(Kind::Compute, compute).with(Kind::Memory, memory)
}

/// A tile of 40 Mop/s and 40 bytes with so much compute left.
fn tile(class: u32, compute_left: u64, devices: &[u16]) -> Room {
    let of = |compute, milli| amounts(compute, 40).with(Kind::Accelerator, milli);
    let left: u64 = devices.iter().map(|&left| u64::from(left)).sum();
    Room::new(ClassIndex(class), of(40, 1_000 * devices.len() as u64), of(compute_left, left), devices)
}

fn want(compute: u64, count: u8, milli: u16) -> Want {
    let draw = Resources::of(Kind::Compute, compute).with(Kind::Memory, 1);
    Want::anywhere(draw, Devices { count, milli })
}

fn admission(policy: PolicyName, rooms: &[Room]) -> Admission {
    Admission::new(rooms.to_vec(), policy.policy(power(), 7))
}

fn chosen(admission: &mut Admission, want: &Want) -> Option<(usize, u64)> {
    admission.choose(want, &mut |_| true).map(|chosen| (chosen.tile, chosen.devices))
}

/// Decides about a want and grants nothing.
fn decide(admission: &mut Admission, want: &Want) -> Option<(usize, u64)> {
    let chosen = chosen(admission, want);
    admission.hear(want);
    chosen
}

/// Grants a want: its tile, and what it holds from then on.
fn grant(admission: &mut Admission, want: &Want) -> Option<(usize, u64)> {
    let (tile, devices) = decide(admission, want)?;
    let after = admission.board().room(tile).after(want, devices);
    admission.update(tile, &after);
    Some((tile, devices))
}

#[test]
fn first_fit_takes_the_first_tile_and_its_tightest_device() {
    let rooms = [tile(0, 5, &[1_000]), tile(0, 40, &[1_000, 600]), tile(0, 40, &[500])];
    assert_eq!(chosen(&mut admission(PolicyName::FirstFit, &rooms), &want(10, 1, 500)), Some((1, 0b10)));
    assert_eq!(chosen(&mut admission(PolicyName::FirstFit, &rooms), &want(41, 1, 500)), None);
}

#[test]
fn best_fit_leaves_least() {
    // Shares of 40 Mop/s and 2 devices left after 10 and a half: 30/40 + 3/4, then 10/40 + 3/4, then 30/40 + 1/4.
    let rooms = [tile(0, 40, &[1_000, 1_000]), tile(0, 20, &[1_000, 1_000]), tile(0, 40, &[1_000, 0])];
    assert_eq!(chosen(&mut admission(PolicyName::BestFit, &rooms), &want(10, 1, 500)), Some((1, 0b1)));
    // With 10 Mop/s more the third leaves 30/40 + 1/4, the first 30/40 + 3/4, and the second has none left.
    let rooms = [rooms[0], tile(0, 5, &[1_000, 1_000]), rooms[2]];
    assert_eq!(chosen(&mut admission(PolicyName::BestFit, &rooms), &want(10, 1, 500)), Some((2, 0b1)));
}

#[test]
fn dot_product_keeps_room_that_suits_others() {
    // The want is all device: shares of devices left are 1, 1/2; of compute it asks for little either way.
    let rooms = [tile(0, 10, &[1_000, 1_000]), tile(0, 40, &[1_000, 0])];
    assert_eq!(chosen(&mut admission(PolicyName::DotProduct, &rooms), &want(1, 1, 1_000)), Some((1, 0b1)));
    // All compute: 1/4 of it is left on the first, all of it on the second.
    assert_eq!(chosen(&mut admission(PolicyName::DotProduct, &rooms), &want(10, 0, 0)), Some((0, 0)));
}

#[test]
fn power_aware_begins_no_block_and_no_device_that_it_need_not() {
    // Class 0, everything off: a block and a device, 150 W. Class 1, a device and 3 Mop/s of a block in use: nothing for 2 Mop/s,
    // 300 W where 8 Mop/s begin another block.
    let rooms = [tile(0, 40, &[1_000]), tile(1, 37, &[400])];
    assert_eq!(chosen(&mut admission(PolicyName::PowerAware, &rooms), &want(2, 1, 400)), Some((1, 0b1)));
    assert_eq!(chosen(&mut admission(PolicyName::PowerAware, &rooms), &want(8, 1, 400)), Some((0, 0b1)));
}

#[test]
fn random_reaches_every_tile_and_repeats_with_its_seed() {
    let rooms = [tile(0, 40, &[1_000]), tile(0, 40, &[1_000]), tile(0, 40, &[1_000])];
    let draw = || {
        let mut admission = admission(PolicyName::Random, &rooms);
        (0..60).map(|_| decide(&mut admission, &want(1, 1, 10)).unwrap().0).collect::<Vec<_>>()
    };
    assert!((0..3).all(|tile| draw().iter().filter(|&&drawn| drawn == tile).count() > 8));
    assert_eq!(draw(), draw());
}

#[test]
fn fgd_breaks_no_device_that_typical_requests_want_whole() {
    let rooms = [tile(0, 40, &[1_000]), tile(0, 40, &[400])];
    let mut admission = admission(PolicyName::Fgd, &rooms);
    // Twenty wishes for whole devices, refused nowhere and granted nowhere.
    for _ in 0..20 {
        decide(&mut admission, &want(1, 1, 1_000));
    }
    // 300 on the whole device would strand 700 of it; on the other, 400 of no use become 100.
    assert_eq!(chosen(&mut admission, &want(1, 1, 300)), Some((1, 0b1)));
}

#[test]
fn fragmentation_counts_what_a_request_could_not_use() {
    let room = tile(0, 10, &[1_000, 400, 0]);
    let whole = (want(1, 1, 1_000), 3);
    let half = (want(1, 1, 400), 2);
    let hungry = (want(11, 1, 100), 1);
    let compute = (want(1, 0, 0), 5);
    // A whole device cannot use 400, a share of 400 uses both, 11 Mop/s are not there, and no device is wanted by the last.
    assert_eq!(fragmented(&room, &[whole, half, hungry, compute]), 3 * 400 + 1_400 + 5 * 1_400);
}

#[test]
fn lessor_fills_a_device_with_what_completes_it() {
    let rooms = [tile(0, 40, &[530]), tile(0, 40, &[320]), tile(0, 40, &[1_000])];
    let mut admission = admission(PolicyName::Lessor, &rooms);
    // As many of 470 as of 680: the second half of a 470 is worth a half, and what a 680 leaves is good for 320 alone.
    for milli in [470, 680, 320].repeat(8) {
        decide(&mut admission, &want(1, 1, milli));
    }
    assert_eq!(chosen(&mut admission, &want(1, 1, 320)), Some((1, 0b1)));
    assert_eq!(chosen(&mut admission, &want(1, 1, 470)), Some((0, 0b1)));
}

#[test]
fn lessor_keeps_compute_with_devices() {
    // Whole devices want 10 each. The first tile has as much compute for each device as they want, the second twice as much.
    let rooms = [tile(0, 20, &[1_000, 1_000]), tile(0, 40, &[1_000, 1_000])];
    let mut admission = admission(PolicyName::Lessor, &rooms);
    for _ in 0..20 {
        decide(&mut admission, &want(10, 1, 1_000));
    }
    // Compute alone goes where it strands no device.
    assert_eq!(chosen(&mut admission, &want(20, 0, 0)), Some((1, 0)));
}

#[test]
fn lessor_keeps_classes_for_those_who_need_them() {
    let rooms = vec![tile(0, 40, &[1_000; 4]), tile(1, 40, &[1_000; 4])];
    let mut admission = admission(PolicyName::Lessor, &rooms);
    let choosy = Want { classes: ClassSet::of(&[ClassIndex(0)]).unwrap(), ..want(1, 1, 1_000) };
    // Every second request needs class 0, so that all of it is spoken for. The look at the tiles is after a hundred.
    for _ in 0..50 {
        decide(&mut admission, &choosy);
        decide(&mut admission, &want(1, 1, 1_000));
    }
    assert_eq!(chosen(&mut admission, &want(1, 1, 1_000)), Some((1, 0b1)));
    assert_eq!(chosen(&mut admission, &choosy), Some((0, 0b1)));
}

#[test]
fn lessor_keeps_whole_tiles_for_gangs_of_devices() {
    let rooms = vec![tile(0, 40, &[1_000; 4]), tile(1, 40, &[1_000, 1_000, 1_000, 0])];
    let mut admission = admission(PolicyName::Lessor, &rooms);
    for _ in 0..50 {
        decide(&mut admission, &want(1, 4, 1_000));
        decide(&mut admission, &want(1, 1, 1_000));
    }
    // Class 1 draws more power, but the first tile is the only one that four whole devices fit on.
    assert_eq!(chosen(&mut admission, &want(1, 1, 1_000)), Some((1, 0b1)));
}

#[test]
fn lessor_keeps_compute_that_some_gangs_need() {
    // Both tiles have four whole devices; gangs that need 30 of compute fit on the second alone, and want all that there is.
    let rooms = vec![tile(1, 20, &[1_000; 4]), tile(0, 40, &[1_000; 4])];
    let mut admission = admission(PolicyName::Lessor, &rooms);
    for _ in 0..50 {
        decide(&mut admission, &want(30, 4, 1_000));
        decide(&mut admission, &want(1, 4, 1_000));
    }
    // The first tile draws more power.
    assert_eq!(chosen(&mut admission, &want(1, 4, 1_000)), Some((0, 0b1111)));
    assert_eq!(chosen(&mut admission, &want(30, 4, 1_000)), Some((1, 0b1111)));
}

#[test]
fn what_begun_devices_and_blocks_leave_is_charged_to_those_who_come() {
    // A device of 50 W and a block of 10 Mop/s and 100 W, begun with half of a device and with 2 Mop/s.
    let room = tile(0, 38, &[500, 1_000]);
    let worth = |milli: u16| i64::from(milli) * 1_000;
    assert_eq!(power().drawn_mw(&room), 150_000);
    // Seven tenths of half of the device, and eight tenths of 8 of 10 Mop/s.
    assert_eq!(power().charged_mw(&room, worth), 150_000 - 17_500 - 64_000);
    assert_eq!(power().charged_mw(&tile(0, 30, &[0, 1_000]), worth), 150_000);
}

#[test]
fn where_the_cheapest_tile_may_not_the_next_does() {
    let rooms = [tile(0, 40, &[1_000]), tile(0, 40, &[500]), tile(0, 40, &[1_000])];
    let mut admission = admission(PolicyName::BestFit, &rooms);
    let mut allowed =
        |tiles: &[usize]| admission.choose(&want(1, 1, 100), &mut |tile| tiles.contains(&tile)).map(|at| at.tile);
    assert_eq!([allowed(&[0, 1, 2]), allowed(&[2, 0]), allowed(&[])], [Some(1), Some(0), None]);
}

fn some_wants() -> impl Strategy<Value = Vec<Want>> {
    let sizes = prop::sample::select(vec![(0, 0), (1, 100), (1, 250), (1, 470), (1, 600), (1, 1_000), (2, 1_000)]);
    let one = (0..6_u64, sizes, any::<bool>()).prop_map(|(compute, (count, milli), is_choosy)| {
        let classes = if is_choosy { ClassSet(1) } else { ClassSet::ALL };
        Want { classes, ..want(compute, count, milli) }
    });
    prop::collection::vec(one, 1..160)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What is kept from one want to the next never shows: a second admission that has rated nothing before chooses the same.
    #[test]
    fn kept_ratings_choose_what_fresh_ones_would(wants in some_wants(), policy in prop::sample::select(PolicyName::ALL.to_vec())) {
        let rooms: Vec<Room> = (0..70).map(|at| tile(at % 2, 40, &[1_000, 1_000])).collect();
        let mut kept = admission(policy, &rooms);
        let mut forgetful = admission(policy, &rooms);
        for want in &wants {
            forgetful.ratings.forget();
            prop_assert_eq!(grant(&mut kept, want), grant(&mut forgetful, want));
        }
    }

    /// Nothing is chosen where it does not fit, and something is chosen wherever it fits.
    #[test]
    fn what_fits_is_chosen_and_what_is_chosen_fits(
        wants in some_wants(), policy in prop::sample::select(PolicyName::ALL.to_vec())
    ) {
        let rooms: Vec<Room> = (0..4).map(|at| tile(at % 2, 20, &[1_000, 1_000])).collect();
        let mut admission = admission(policy, &rooms);
        for want in &wants {
            let fitting = admission.board().rooms().iter().any(|room| room.fits(want));
            let before = admission.board().rooms().to_vec();
            match grant(&mut admission, want) {
                None => prop_assert!(!fitting),
                Some((tile, devices)) => {
                    prop_assert!(before[tile].fits(want));
                    prop_assert_eq!(devices.count_ones(), u32::from(want.devices.count));
                }
            }
        }
    }
}
