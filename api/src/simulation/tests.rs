//! A world is one history, and its judges see what they should.

use std::time::Duration;

use super::invariants::Violation;
use super::phases::live;
use super::world::World;

#[test]
fn one_seed_is_one_history() {
    let first = live(7, 1).unwrap();
    assert_eq!(live(7, 1).unwrap(), first);
    assert_ne!(live(8, 1).unwrap(), first);
}

/// A world in which nothing goes wrong, after some seconds.
fn after(seconds: u64) -> World {
    let mut world = World::new(1);
    world.begin();
    world.advance(Duration::from_secs(seconds)).unwrap();
    world
}

/// What comes of the next start, in the few seconds after the authority's end.
fn started_again(mut world: World) -> Result<(), Violation> {
    world.ends();
    world.advance(world.now + Duration::from_secs(20))
}

#[test]
fn an_authority_that_ends_and_starts_again_violates_nothing() {
    assert_eq!(started_again(after(30)), Ok(()));
}

#[test]
fn a_disk_that_forgets_durable_commits_is_found() {
    let mut world = after(30);
    let older = world.server.disk.fork();
    world.advance(Duration::from_secs(40)).unwrap();
    world.server.disk = older;
    let violation = started_again(world).unwrap_err();
    assert!(matches!(violation, Violation::CommitForgotten { .. }), "{violation}");
}

#[test]
fn commits_that_nobody_made_are_found() {
    let mut world = after(30);
    world.server.end();
    // Another server writes on the same disk, and nobody in the world knows of it.
    world.server.start(world.now, 5).unwrap();
    let shown = world.server.clock.shows(world.now);
    let life = world.server.life.as_mut().unwrap();
    for minutes in 1..=2 {
        assert!(life.step(shown + Duration::from_mins(minutes)));
        life.append().unwrap();
        life.deliver();
    }
    let violation = started_again(world).unwrap_err();
    assert!(matches!(violation, Violation::Invented { .. }), "{violation}");
}

#[test]
fn a_commit_in_doubt_may_be_there_and_no_other_in_its_place() {
    let mut world = after(30);
    world.in_doubt = Some(b"what was on its way".to_vec());
    assert_eq!(started_again(world), Ok(()), "it may be gone");
    let mut world = after(30);
    world.server.end();
    world.server.start(world.now, 5).unwrap();
    let shown = world.server.clock.shows(world.now);
    let life = world.server.life.as_mut().unwrap();
    assert!(life.step(shown + Duration::from_mins(1)));
    let records = life.records();
    life.append().unwrap();
    let mut other = records.clone();
    other[0] ^= 1;
    world.in_doubt = Some(other);
    let violation = started_again(world).unwrap_err();
    assert!(matches!(violation, Violation::Invented { .. }), "{violation}");
}

#[test]
fn leases_that_are_still_there_at_the_end_are_found() {
    let violation = after(60).nothing_remains().unwrap_err();
    assert!(matches!(violation, Violation::Remains { .. }), "{violation}");
}

#[test]
fn a_state_that_is_not_what_the_journal_leads_to_is_found() {
    let mut world = after(30);
    // The witness of another world knows another history of as many commits.
    let mut other = World::new(2);
    other.begin();
    while other.witness.sequence < world.witness.sequence {
        other.advance(other.now + Duration::from_millis(10)).unwrap();
    }
    std::mem::swap(&mut world.witness, &mut other.witness);
    assert!(started_again(world).is_err());
}
