//! The model sees histories that were tampered with.

use std::time::{Duration, Instant};

use lessor_datasets::generate::Scenario;
use lessor_models::fleet::Fleet;

use super::super::history::{Answer, Call};
use super::super::wishes::{request, spec};
use super::check;
use crate::proto::lease::State;
use crate::proto::refusal::Reason;
use crate::proto::{Lease, Refusal, Resources};

/// Numbers of requests: alone without a key, alone with one, and a gang of three.
const ALONE: u64 = 1;
const WITH_KEY: u64 = 3;
const GANG: u64 = 5;

fn fleet() -> Fleet {
    Scenario::new(2, 1).generate().unwrap().fleet().clone()
}

/// A lease of client 0 as it was granted; its token is its number.
fn granted(fleet: &Fleet, number: u64, (token, index): (u64, u32)) -> Lease {
    let asked = request(0, number);
    let (memory_bytes, gang_size, _) = spec(&asked);
    Lease {
        name: format!("leases/{token}"),
        holder: asked.holder.clone(),
        request_id: asked.request_id.clone(),
        node: fleet.name(fleet.tiles().next().unwrap()).to_owned(),
        resources: Some(Resources { memory_bytes, ..Resources::default() }),
        state: State::Active.into(),
        version: 1,
        token,
        gang_index: index,
        gang_size,
        ..Lease::default()
    }
}

fn released(lease: &Lease) -> Lease {
    Lease { state: State::Released.into(), returned: true, ..lease.clone() }
}

/// A call that was under way between two milliseconds.
fn call(since: Instant, (begun, ended): (u64, u64), answer: Answer) -> Call {
    let at = |millis| since + Duration::from_millis(millis);
    Call { begun: at(begun), ended: at(ended), answer }
}

fn refused(number: u64, reason: Reason) -> Answer {
    Answer::Refused(Box::new(request(0, number)), Refusal { reason: reason.into(), ..Refusal::default() })
}

#[test]
fn a_history_in_order_is_taken_and_every_other_one_is_not() {
    let fleet = fleet();
    let (first, second) = (granted(&fleet, ALONE, (1, 0)), granted(&fleet, WITH_KEY, (2, 0)));
    let renewed =
        Lease { version: 2, end_time: Some(prost_types::Timestamp { seconds: 9, nanos: 0 }), ..first.clone() };
    let gang: Vec<Lease> = (0..3).map(|index| granted(&fleet, GANG, (3 + u64::from(index), index))).collect();
    let history = [vec![first.clone(), second.clone(), renewed.clone(), released(&second)], gang.clone()].concat();
    assert_eq!(check(&fleet, &history, &[]), Vec::<String>::new());

    let tampered: [&[Lease]; 9] = [
        &[second.clone(), Lease { token: 2, ..first.clone() }],
        &[first.clone(), Lease { name: "leases/9".into(), token: 9, ..first.clone() }],
        &[second.clone(), Lease { name: "leases/9".into(), token: 9, ..second.clone() }],
        &[first.clone(), Lease { version: 3, ..renewed.clone() }],
        &[first.clone(), Lease { end_time: None, ..renewed.clone() }],
        &[Lease { resources: Some(Resources { memory_bytes: 1, ..Resources::default() }), ..first.clone() }],
        &[first.clone(), released(&second)],
        &[first.clone(), Lease { state: State::Expired.into(), ..first.clone() }],
        &gang[..2],
    ];
    for history in tampered {
        assert_ne!(check(&fleet, history, &[]), Vec::<String>::new(), "{history:?}");
    }
}

#[test]
fn an_account_that_is_overdrawn_is_found() {
    let fleet = fleet();
    let numbers = (1..).filter(|number| number % 3 != 0 && number % 5 != 0);
    let many: Vec<Lease> = numbers.zip(1..=100).map(|(number, token)| granted(&fleet, number, (token, 0))).collect();
    assert!(check(&fleet, &many, &[]).iter().any(|wrong| wrong.contains("overdrawn")));
}

#[test]
fn calls_are_held_against_the_history_and_its_order() {
    let (fleet, begun) = (fleet(), Instant::now());
    let (first, second) = (granted(&fleet, ALONE, (1, 0)), granted(&fleet, WITH_KEY, (2, 0)));
    let history = [first.clone(), second.clone(), released(&second)];
    let asked = |number| Box::new(request(0, number));
    let ask_first = |span| call(begun, span, Answer::Granted(asked(ALONE), vec![first.clone()]));
    let ask_second = |span| call(begun, span, Answer::Granted(asked(WITH_KEY), vec![second.clone()]));
    let give_back = |span| call(begun, span, Answer::Released(released(&second)));
    // The key is held between the grant and the release.
    let refuse = |span| call(begun, span, refused(WITH_KEY, Reason::KeyHeld));
    let right = [ask_first((0, 1)), ask_second((2, 3)), give_back((6, 7)), refuse((4, 5))];
    assert_eq!(check(&fleet, &history, &right), Vec::<String>::new());
    assert_eq!(check(&fleet, &history, &[ask_first((0, 4)), ask_second((2, 3))]), Vec::<String>::new());

    let other = Lease { token: 7, ..first.clone() };
    for wrong in [
        vec![ask_first((2, 3)), ask_second((0, 1))],
        vec![call(begun, (0, 1), Answer::Granted(asked(ALONE), vec![other]))],
        vec![call(begun, (0, 1), Answer::Released(released(&first)))],
        vec![ask_first((0, 1)), ask_second((4, 5)), refuse((2, 3))],
        vec![ask_second((0, 1)), give_back((2, 3)), refuse((4, 5))],
        vec![ask_second((0, 1)), give_back((4, 5)), call(begun, (2, 3), refused(ALONE, Reason::AccountShort))],
    ] {
        assert_ne!(check(&fleet, &history, &wrong), Vec::<String>::new(), "{wrong:?}");
    }
}
