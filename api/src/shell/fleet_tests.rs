//! What the shell does with a fleet that is not what it was.

use lessor_engine::authority::{Filter, LeaseState, RevocationCause};
use lessor_models::fleet::Owner;
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};

use super::test_world::{block_on, fleet, grant, kill, lease, start, terms};
use super::*;
use crate::journal::simulated::SimulatedDisk;
use crate::journal::{FleetContents, JournalError, Storage, write_contents};

#[test]
fn another_fleet_is_refused() {
    let (disk, small) = (SimulatedDisk::new(1), fleet(4));
    start(&disk, &small).0.close().unwrap();
    let error = Shell::start(disk, ShellOptions::new(&fleet(5), terms(), [1; 16])).unwrap_err();
    assert!(matches!(error, ShellError::Journal(JournalError::OtherFleet { .. })), "{error}");
}

#[test]
fn a_fleet_with_other_capacities_is_refused_unless_it_is_accepted() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (shell, handle) = start(&disk, &fleet);
    let answered = grant(&handle, "one");
    let granted = lease(&answered);
    shell.close().unwrap();
    let mut smaller = fleet.clone();
    smaller.limit(Owner::Node(granted.node), &Resources::UNLIMITED.with(Kind::Compute, 5));
    let options = || ShellOptions::new(&smaller, terms(), [1; 16]);
    let error = Shell::start(disk.clone(), options()).unwrap_err();
    assert!(matches!(error, ShellError::FleetChanged), "{error}");
    start(&disk, &fleet).0.close().unwrap();
    let accepted = ShellOptions { fleet_change: FleetChange::Accepted, ..options() };
    let (shell, handle) = Shell::start(disk.clone(), accepted).unwrap();
    // The tile gives half of what the lease holds: it is revoked with notice.
    let changes = block_on(handle.watch(answered.revision).next()).unwrap();
    let revoked = changes[0].lease;
    assert_eq!((revoked.id, revoked.state), (granted.id, LeaseState::Revoked));
    assert_eq!(revoked.notice.map(|notice| notice.cause), Some(RevocationCause::Deficit));
    shell.close().unwrap();
    // What was accepted once is the fleet of the directory.
    Shell::start(disk, options()).unwrap().0.close().unwrap();
}

#[test]
fn a_fleet_that_changed_is_not_accepted_before_all_is_carried_out_that_was_decided_on_the_one_before() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (shell, handle) = start(&disk, &fleet);
    let granted = lease(&grant(&handle, "one"));
    kill(shell, &disk);
    let mut larger = fleet.clone();
    larger.limit(Owner::Node(granted.node), &Resources::UNLIMITED.with(Kind::Compute, 7));
    let accepted =
        || ShellOptions { fleet_change: FleetChange::Accepted, ..ShellOptions::new(&larger, terms(), [1; 16]) };
    let error = Shell::start(disk.clone(), accepted()).unwrap_err();
    assert!(matches!(error, ShellError::FleetChangedUnderWay { commits } if commits > 0), "{error}");
    // The cure: a clean end on the fleet as it was.
    start(&disk, &fleet).0.close().unwrap();
    let (_shell, handle) = Shell::start(disk, accepted()).unwrap();
    let page = handle.read(ServiceClass::C, |view| view.leases(None, &Filter::default(), 10)).unwrap().wait().unwrap();
    assert_eq!(page.leases.iter().map(|lease| lease.id).collect::<Vec<_>>(), [granted.id]);
}

#[test]
fn what_was_decided_on_the_fleet_before_is_not_carried_out_where_snapshots_are_damaged() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (shell, handle) = start(&disk, &fleet);
    let granted = lease(&grant(&handle, "one"));
    shell.close().unwrap();
    let mut smaller = fleet.clone();
    smaller.limit(Owner::Node(granted.node), &Resources::UNLIMITED.with(Kind::Compute, 5));
    let options = |fleet_change| ShellOptions { fleet_change, ..ShellOptions::new(&smaller, terms(), [1; 16]) };
    kill(Shell::start(disk.clone(), options(FleetChange::Accepted)).unwrap().0, &disk);
    let snapshots = disk.list().unwrap().into_iter().filter(|name| name.ends_with(".snapshot"));
    assert!(snapshots.inspect(|name| disk.flip(name, 1_000)).count() > 0);
    for fleet_change in [FleetChange::Refused, FleetChange::Accepted] {
        let error = Shell::start(disk.clone(), options(fleet_change)).unwrap_err();
        assert!(matches!(error, ShellError::Journal(JournalError::FormerFleet { .. })), "{error}");
    }
    // Nor where nothing says any more when the fleet changed.
    disk.remove("fleet-contents").unwrap();
    let error = Shell::start(disk, options(FleetChange::Accepted)).unwrap_err();
    assert!(matches!(error, ShellError::Journal(JournalError::ContentsMissing)), "{error}");
}

#[test]
fn a_directory_that_lost_what_it_remembers_of_its_capacities_takes_no_fleet_for_the_same() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    let (shell, handle) = start(&disk, &fleet);
    let granted = lease(&grant(&handle, "one"));
    shell.close().unwrap();
    disk.remove("fleet-contents").unwrap();
    let mut smaller = fleet.clone();
    smaller.limit(Owner::Node(granted.node), &Resources::UNLIMITED.with(Kind::Compute, 5));
    let options = |fleet_change| ShellOptions { fleet_change, ..ShellOptions::new(&smaller, terms(), [1; 16]) };
    let error = Shell::start(disk.clone(), options(FleetChange::Refused)).unwrap_err();
    assert!(matches!(error, ShellError::Journal(JournalError::ContentsMissing)), "{error}");
    // Accepted, it is looked at as a fleet that changed.
    let (shell, handle) = Shell::start(disk.clone(), options(FleetChange::Accepted)).unwrap();
    let changes = block_on(handle.watch(handle.revision()).next()).unwrap();
    assert_eq!((changes[0].lease.id, changes[0].lease.state), (granted.id, LeaseState::Revoked));
    shell.close().unwrap();
    Shell::start(disk, options(FleetChange::Refused)).unwrap().0.close().unwrap();
}

#[test]
fn a_first_start_that_is_cut_short_anywhere_leaves_what_can_be_started() {
    for operations in 0.. {
        let (disk, larger) = (SimulatedDisk::new(operations), fleet(4));
        disk.lose_power_after(operations);
        let is_whole = Shell::start(disk.clone(), ShellOptions::new(&larger, terms(), [1; 16])).map(drop).is_ok();
        disk.restart();
        if is_whole {
            assert!(operations > 5, "{operations} operations");
            break;
        }
        start(&disk, &larger).0.close().unwrap();
        start(&disk, &larger).0.close().unwrap();
    }
    // Capacities are remembered before there is a journal, and count only with one.
    let disk = SimulatedDisk::new(1);
    write_contents(&disk, FleetContents([7; 32]), 9).unwrap();
    start(&disk, &fleet(4)).0.close().unwrap();
}

#[test]
fn what_is_damaged_of_the_capacities_is_told_and_cured_by_accepting_the_fleet() {
    let (disk, fleet) = (SimulatedDisk::new(1), fleet(4));
    start(&disk, &fleet).0.close().unwrap();
    disk.flip("fleet-contents", 100);
    let options = |fleet_change| ShellOptions { fleet_change, ..ShellOptions::new(&fleet, terms(), [1; 16]) };
    let error = Shell::start(disk.clone(), options(FleetChange::Refused)).unwrap_err();
    assert!(matches!(error, ShellError::Journal(JournalError::ContentsDamaged)), "{error}");
    Shell::start(disk.clone(), options(FleetChange::Accepted)).unwrap().0.close().unwrap();
    start(&disk, &fleet).0.close().unwrap();
}
