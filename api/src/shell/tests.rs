//! What the shell promises, over disks that lose, tear and reorder whatever no sync covers.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use lessor_engine::authority::{
    Answer, Event, Filter, Lease, LeaseId, LeaseState, Reason, Renewal, Request, Revision, Terms,
};
use lessor_models::job::ServiceClass;
use lessor_models::time::{Span, Timestamp};
use proptest::prelude::*;

use super::test_world::{GatedDisk, block_on, fleet, grant, kill, lease, request, start, terms};
use super::*;
use crate::journal::JournalError;
use crate::journal::simulated::SimulatedDisk;

fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn look_at_the_clock(view: &mut View<'_>) -> Timestamp {
    view.now()
}

fn release(lease: LeaseId) -> Event {
    Event::Release { holder: request("any").holder, lease }
}

#[test]
fn what_was_granted_is_there_after_a_crash_and_after_an_orderly_end() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (shell, handle) = start(&disk, &fleet);
    let first = lease(&grant(&handle, "one"));
    kill(shell, &disk);
    let (shell, handle) = start(&disk, &fleet);
    assert_eq!((shell.recovery().snapshot, shell.recovery().live), (None, 1));
    let second = lease(&grant(&handle, "two"));
    shell.close().unwrap();
    let (shell, handle) = start(&disk, &fleet);
    assert_eq!((shell.recovery().live, shell.recovery().records), (2, 0), "the snapshot of an orderly end is enough");
    let page = handle.read(ServiceClass::C, |view| view.leases(None, &Filter::default(), 10)).unwrap().wait().unwrap();
    assert_eq!(page.leases, [first, second]);
}

#[test]
fn a_repeat_gets_the_first_answer_after_a_crash_too() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (shell, handle) = start(&disk, &fleet);
    let told = |answered: Answered| (answered.answer, answered.decided);
    let first = grant(&handle, "one");
    assert_eq!(first.decided, first.now);
    let first = told(first);
    assert_eq!(told(grant(&handle, "one")), first);
    kill(shell, &disk);
    let (shell, handle) = start(&disk, &fleet);
    assert_eq!(told(grant(&handle, "one")), first);
    shell.close().unwrap();
    let (_shell, handle) = start(&disk, &fleet);
    let again = grant(&handle, "one");
    assert!(again.now > again.decided, "time goes on");
    assert_eq!(told(again), first);
}

#[test]
fn a_newer_policy_does_not_decide_the_past_again() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (shell, handle) = start(&disk, &fleet);
    let granted: Vec<_> = (0..5).map(|name| lease(&grant(&handle, &name.to_string()))).collect();
    kill(shell, &disk);
    let strict = Terms { leases_max: 2, term_max: terms().term_min, ..terms() };
    let (_shell, handle) = Shell::start(disk, ShellOptions::new(&fleet, strict, [1; 16])).unwrap();
    let page = handle.read(ServiceClass::C, |view| view.leases(None, &Filter::default(), 10)).unwrap().wait().unwrap();
    assert_eq!(page.leases, granted);
    let refused = grant(&handle, "five");
    assert!(
        matches!(&refused.answer, Answer::Refused(refusal) if matches!(refusal.reason, Reason::TermTooLong { .. }))
    );
}

#[test]
fn nothing_is_seen_before_it_is_durable() {
    let (disk, fleet) = (GatedDisk::new(1), fleet(4));
    let (_shell, handle) = start(&disk, &fleet);
    let before = handle.revision();
    let mut watch = handle.watch(before);
    let shut = disk.gate().shut();
    let mut answer = pin!(handle.submit(Event::Request(request("one"))).unwrap());
    disk.gate().wait_for_a_sync();
    let mut refusal = pin!(handle.submit(release(LeaseId(77))).unwrap());
    let mut read = pin!(handle.read(ServiceClass::A, |view| view.live()).unwrap());
    {
        let mut change = pin!(watch.next());
        for _ in 0..100 {
            assert!(poll(answer.as_mut()).is_pending() && poll(refusal.as_mut()).is_pending());
            assert!(poll(read.as_mut()).is_pending() && poll(change.as_mut()).is_pending());
            assert_eq!(handle.revision(), before);
            std::thread::yield_now();
        }
    }
    drop(shut);
    block_on(async {
        let granted = lease(&answer.await.unwrap());
        assert!(matches!(refusal.await.unwrap().answer, Answer::Refused(_)));
        assert_eq!(read.await.unwrap(), 1);
        let changes = watch.next().await.unwrap();
        assert_eq!(changes.iter().map(|change| change.lease).collect::<Vec<_>>(), [granted]);
    });
}

#[test]
fn a_failed_sync_ends_the_shell_and_nobody_is_told_anything() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (shell, handle) = start(&disk, &fleet);
    grant(&handle, "one");
    disk.fail_sync_after(0);
    let unknown = handle.submit(Event::Request(request("two"))).unwrap();
    assert_eq!(unknown.wait(), Err(Stopped));
    block_on(handle.ended());
    assert_eq!(handle.submit(release(LeaseId(1))).unwrap().wait(), Err(Stopped));
    assert_eq!(block_on(handle.watch(handle.revision()).next()), Err(WatchError::Stopped(Stopped)));
    let error = shell.close().unwrap_err();
    assert!(matches!(error, ShellError::Journal(JournalError::Io { action: "sync", .. })), "{error}");
}

#[test]
fn a_full_queue_refuses_what_is_for_it_and_leaves_the_others_open() {
    let (disk, fleet) = (GatedDisk::new(1), fleet(1));
    let limits = Limits { waiting_max: 100, ..Limits::default() };
    let options = ShellOptions { limits, ..ShellOptions::new(&fleet, terms(), [1; 16]) };
    let (_shell, handle) = Shell::start(disk.clone(), options).unwrap();
    let shut = disk.gate().shut();
    let (sink, mut answers) = answer_stream();
    let mut taken = 0;
    // What the journal has, the batch behind it, and the queue: more is not kept, however slow the device.
    let refused = (0..100_000).find_map(|tag| match handle.submit_to(release(LeaseId(77)), tag, &sink) {
        Ok(()) => {
            taken += 1;
            None
        }
        Err(refused) => Some(refused),
    });
    assert_eq!(refused, Some(Overloaded { queue: Queue::Held, most: 100 }));
    assert_eq!(handle.counters().overloads(), [0, 0, 1, 0, 0]);
    let urgent = handle.read(ServiceClass::A, |view| view.live()).unwrap();
    drop(shut);
    assert_eq!(urgent.wait().unwrap(), 0);
    let (mut seen, mut next) = (Vec::new(), 0);
    while next < taken {
        answers.wait_many(&mut seen, 1000);
        for (tag, _) in seen.drain(..) {
            assert_eq!(tag, next, "one queue is answered in order");
            next += 1;
        }
    }
}

#[test]
fn no_flood_of_requests_keeps_a_lease_from_being_renewed() {
    let (disk, fleet) = (GatedDisk::new(1), fleet(1));
    let limits = Limits { waiting_max: 100, ..Limits::default() };
    let options = ShellOptions { limits, ..ShellOptions::new(&fleet, terms(), [1; 16]) };
    let (_shell, handle) = Shell::start(disk.clone(), options).unwrap();
    let urgent = Request { class: ServiceClass::A, ..request("urgent") };
    let held = lease(&handle.submit(Event::Request(urgent)).unwrap().wait().unwrap());
    let shut = disk.gate().shut();
    for (class, queue) in [(ServiceClass::D, Queue::D), (ServiceClass::C, Queue::C)] {
        let refused = (0..100_000).find_map(|number| {
            let asked = Request { class, ..request(&format!("{queue}{number}")) };
            handle.submit(Event::Request(asked)).err()
        });
        assert_eq!(refused, Some(Overloaded { queue, most: 100 }));
    }
    let end = held.end.after(Span(1_000_000));
    let Lease { holder, id, version, .. } = held;
    let renewal = Renewal { holder, lease: id, version, end, bid: None };
    let renewed = handle.submit(Event::Renew(renewal)).expect("what is held has a queue of its own");
    drop(shut);
    assert_eq!(lease(&renewed.wait().unwrap()).end, end);
}

#[test]
fn now_never_goes_back_not_even_over_a_crash() {
    let (disk, fleet) = (SimulatedDisk::new(3), fleet(100));
    let mut last = Timestamp(i64::MIN);
    for life in 0..20 {
        let (shell, handle) = start(&disk, &fleet);
        // A repeat leaves no record of its own, and tells the time all the same.
        for name in ["a".to_owned(), format!("life-{life}"), "a".to_owned(), "a".to_owned()] {
            let now = grant(&handle, &name).now;
            assert!(now >= last, "{now:?} after {last:?}");
            last = now;
            let seen = handle.read(ServiceClass::C, look_at_the_clock).unwrap().wait().unwrap();
            assert!(seen >= last, "{seen:?} after {last:?}");
            last = seen;
        }
        kill(shell, &disk);
    }
}

#[test]
fn a_lease_expires_on_time_without_anyone_asking() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (_shell, handle) = start(&disk, &fleet);
    let short = lessor_engine::authority::Term::Immediate(lessor_models::time::Span(1_000));
    let mut wish = request("short");
    wish.term = short;
    let answered = handle.submit(Event::Request(wish)).unwrap().wait().unwrap();
    let granted = lease(&answered);
    assert!(handle.revision() >= answered.revision, "an answer comes after its revision");
    let mut watch = handle.watch(answered.revision);
    let changes = block_on(watch.next()).unwrap();
    let last = changes.last().unwrap();
    assert_eq!((last.lease.id, last.lease.state), (granted.id, LeaseState::Expired));
    assert!(last.at >= granted.end);
}

#[test]
fn a_watch_has_no_gap_whatever_its_pace_and_resumes() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(100));
    let (_shell, handle) = start(&disk, &fleet);
    let from = handle.revision();
    let (sink, mut answers) = answer_stream();
    let count = 3000;
    for tag in 0..count {
        handle.submit_to(Event::Request(request(&tag.to_string())), tag, &sink).unwrap();
    }
    let follow = |mut watch: Watch, most: u64| {
        let mut numbers = Vec::new();
        while numbers.len() as u64 + watch.reached().number < most && numbers.len() < 500 {
            numbers.extend(block_on(watch.next()).unwrap().iter().map(|change| change.revision.number));
        }
        (numbers, watch.reached())
    };
    let (mut numbers, mut reached) = (Vec::new(), from);
    while reached.number < from.number + count {
        let (more, last) = follow(handle.watch(reached), u64::MAX);
        numbers.extend(more);
        reached = last;
    }
    assert!(numbers.iter().copied().eq(from.number + 1..=from.number + count));
    let mut seen = Vec::new();
    while seen.len() < 3000 {
        answers.wait_many(&mut seen, 3000);
    }
    let beyond = Revision { number: reached.number + 1, ..reached };
    let error = block_on(handle.watch(beyond).next()).unwrap_err();
    assert!(matches!(error, WatchError::OutOfRange(range) if range.latest == reached), "{error}");
}

#[test]
fn a_watch_resumes_over_a_clean_end_and_over_a_kill() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (shell, handle) = start(&disk, &fleet);
    let from = handle.revision();
    let granted: Vec<_> = ["one", "two", "three"].iter().map(|name| lease(&grant(&handle, name)).id).collect();
    shell.close().unwrap();
    let (shell, handle) = start(&disk, &fleet);
    let changes = block_on(handle.watch(from).next()).unwrap();
    assert_eq!(changes.iter().map(|change| change.lease.id).collect::<Vec<_>>(), granted);
    let last = lease(&grant(&handle, "four")).id;
    kill(shell, &disk);
    let (_shell, handle) = start(&disk, &fleet);
    let middle = Revision { number: from.number + 2, ..from };
    let changes = block_on(handle.watch(middle).next()).unwrap();
    assert_eq!(changes.iter().map(|change| change.lease.id).collect::<Vec<_>>(), [granted[2], last]);
}

#[test]
fn snapshots_are_made_as_the_journal_grows_and_old_segments_go() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(100));
    let limits = Limits { snapshot_bytes: 2_000, ..Limits::default() };
    let journal = crate::journal::JournalOptions { segment_bytes: 3_000, salt: [1; 16] };
    let options = || ShellOptions { limits, journal, ..ShellOptions::new(&fleet, terms(), [1; 16]) };
    let (shell, handle) = Shell::start(disk.clone(), options()).unwrap();
    let granted: Vec<_> = (0..200).map(|name| lease(&grant(&handle, &name.to_string()))).collect();
    let snapshots = handle.counters().snapshots();
    assert!(snapshots >= 3, "{snapshots}");
    drop(shell);
    let names = crate::journal::Storage::list(&disk).unwrap();
    assert!(names.iter().filter(|name| name.ends_with("snapshot")).count() <= 3, "{names:?}");
    assert!(!names.contains(&"00000000000000000000.segment".to_owned()), "{names:?}");
    let (_shell, handle) = Shell::start(disk, options()).unwrap();
    let page =
        handle.read(ServiceClass::C, |view| view.leases(None, &Filter::default(), 1000)).unwrap().wait().unwrap();
    assert_eq!(page.leases, granted);
}

/// A server had ended where a snapshot found no room, though its journal had all that was acknowledged.
#[test]
fn a_snapshot_that_finds_no_room_is_given_up_and_made_once_there_is() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(100));
    let limits = Limits { snapshot_bytes: 2_000, ..Limits::default() };
    let options = || ShellOptions { limits, ..ShellOptions::new(&fleet, terms(), [1; 16]) };
    let snapshots = || {
        let names = crate::journal::Storage::list(&disk).unwrap();
        names.into_iter().filter(|name| name.contains("snapshot")).collect::<Vec<_>>()
    };
    let (shell, handle) = Shell::start(disk.clone(), options()).unwrap();
    disk.make_room_for_snapshots(false);
    let mut granted: Vec<_> = (0..200).map(|name| lease(&grant(&handle, &format!("a{name}")))).collect();
    let failed = handle.counters().failed_snapshots();
    assert!(failed >= 3, "{failed}");
    disk.make_room_for_snapshots(true);
    granted.extend((0..200).map(|name| lease(&grant(&handle, &format!("b{name}")))));
    assert!(snapshots().iter().any(|name| name.ends_with("snapshot")), "{:?}", snapshots());
    // An orderly end does without one, too.
    disk.make_room_for_snapshots(false);
    granted.push(lease(&grant(&handle, "last")));
    shell.close().unwrap();
    assert!(snapshots().iter().all(|name| name.ends_with("snapshot")), "{:?}", snapshots());
    let (_shell, handle) = Shell::start(disk.clone(), options()).unwrap();
    let page =
        handle.read(ServiceClass::C, |view| view.leases(None, &Filter::default(), 1000)).unwrap().wait().unwrap();
    assert_eq!(page.leases, granted);
}

#[test]
fn a_time_of_day_that_is_set_back_over_a_restart_sets_nothing_back() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(100));
    let year = 366 * 86_400_000_000;
    let (mut last, mut ends) = (Timestamp(i64::MIN), Vec::new());
    for life in 0..6 {
        // The machine's time of day is a year earlier each time, and it has just been booted.
        let beginning = Timestamp(1_800_000_000_000_000 - life * year);
        let options = ShellOptions::new(&fleet, terms(), [1; 16]);
        let Parts { mut engine, mut committer, handle, .. } = open(disk.clone(), options, beginning).unwrap();
        assert!(engine.now() >= last, "{:?} after {last:?}", engine.now());
        let clock = EngineClock::set(engine.now(), Duration::ZERO);
        for second in 0..3 {
            let pending = handle.submit(Event::Request(request(&format!("{life}-{second}")))).unwrap();
            let woken = engine.take_up(Duration::ZERO);
            assert!(engine.step(clock.at(Duration::from_secs(second)), &woken).goes);
            let mut batch = engine.batch(Batch::default());
            committer.append(&mut batch).unwrap();
            committer.deliver(batch);
            committer.set_free();
            let answered = pending.wait().unwrap();
            assert!(answered.now >= last, "{:?} after {last:?}", answered.now);
            last = answered.now;
            let granted = lease(&answered);
            assert!(granted.start >= answered.decided && granted.end > last);
            ends.push((granted.id, granted.end));
        }
        drop((engine, committer, handle));
        disk.restart();
    }
    let (_shell, handle) = start(&disk, &fleet);
    let page = handle.read(ServiceClass::C, |view| view.leases(None, &Filter::default(), 100)).unwrap().wait().unwrap();
    assert_eq!(page.leases.iter().map(|lease| (lease.id, lease.end)).collect::<Vec<_>>(), ends);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_acknowledged_grant_is_forgotten_whatever_the_disk_loses(
        seed in any::<u64>(),
        lives in prop::collection::vec((1u64..40, any::<bool>()), 1..5),
    ) {
        let (disk, fleet) = (SimulatedDisk::new(seed), fleet(50));
        let mut known: Vec<lessor_engine::authority::Lease> = Vec::new();
        let mut name = 0;
        for (operations, is_sync) in lives {
            let (shell, handle) = start(&disk, &fleet);
            let page = handle.read(ServiceClass::C, |view| view.leases(None, &Filter::default(), 10_000)).unwrap();
            let found = page.wait().unwrap().leases;
            for lease in &known {
                prop_assert!(found.contains(lease), "{lease:?} is forgotten");
            }
            if is_sync { disk.fail_sync_after(operations / 3) } else { disk.lose_power_after(operations) }
            let pending: Vec<_> = (0..60).map(|_| {
                name += 1;
                handle.submit(Event::Request(request(&name.to_string()))).unwrap()
            }).collect();
            known.extend(pending.into_iter().filter_map(|pending| pending.wait().ok()).map(|answered| lease(&answered)));
            drop(shell);
            disk.lose_power();
            disk.restart();
        }
        let (_shell, handle) = start(&disk, &fleet);
        let page = handle.read(ServiceClass::C, |view| view.leases(None, &Filter::default(), 10_000)).unwrap();
        let found = page.wait().unwrap().leases;
        prop_assert!(known.iter().all(|lease| found.contains(lease)));
    }
}

#[tokio::test]
async fn what_tasks_bring_together_goes_in_one_commit_where_somebody_attends() {
    const CALLS: u64 = 50;
    const ROUNDS: u64 = 10;
    let fleet = fleet(1);
    let (shell, handle) = start(&SimulatedDisk::new(1), &fleet);
    handle.attend();
    let mut whole = 0;
    for round in 1..=ROUNDS {
        let before = handle.counters().commits();
        let calls: Vec<_> = (0..CALLS)
            .map(|call| {
                let handle = handle.clone();
                let name = format!("{round}-{call}");
                tokio::spawn(async move { handle.submit(Event::Request(request(&name))).unwrap().await.unwrap() })
            })
            .collect();
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(handle.counters().answers(), round * CALLS);
        whole += u64::from(handle.counters().commits() == before + 1);
    }
    // A machine that is busy with something else may wake the engine in the middle of a round.
    assert!(whole > ROUNDS / 2, "{whole} of {ROUNDS} rounds went in one commit");
    tokio::task::spawn_blocking(|| shell.close()).await.unwrap().unwrap();
}
