//! What survives on a simulated device, seed by seed.

use super::*;

#[test]
fn what_a_sync_covers_survives_and_nothing_that_was_not_written_appears() {
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..200 {
        let disk = SimulatedDisk::new(seed);
        let mut file = disk.create("f").unwrap();
        file.write_at(0, &[1; 2000]).unwrap();
        file.sync().unwrap();
        disk.sync_names().unwrap();
        file.write_at(2000, &[2; 2000]).unwrap();
        disk.lose_power();
        let bytes = disk.bytes("f");
        assert_eq!(bytes[..2000], [1; 2000]);
        assert!(bytes[2000..].iter().all(|byte| [0, 2].contains(byte)));
        if bytes[2000..] == [2; 2000] {
            kept += 1;
        } else {
            lost += 1;
        }
    }
    assert!(lost > 20 && kept > 20, "lost {lost}, kept {kept}");
}

#[test]
fn a_name_that_was_not_synced_may_be_gone() {
    let survivors = (0..100).filter(|&seed| {
        let disk = SimulatedDisk::new(seed);
        disk.create("f").unwrap().sync().unwrap();
        disk.lose_power();
        disk.open("f").is_ok()
    });
    assert!((10..90).contains(&survivors.count()));
}

#[test]
fn after_a_failed_sync_reads_show_what_the_device_does_not_have() {
    let differs = (0..100).any(|seed| {
        let disk = SimulatedDisk::new(seed);
        let mut file = disk.create("f").unwrap();
        disk.sync_names().unwrap();
        file.write_at(0, &[1; 100]).unwrap();
        disk.fail_sync_after(0);
        file.sync().unwrap_err();
        file.sync().unwrap();
        assert_eq!(disk.bytes("f"), [1; 100]);
        disk.lose_power();
        disk.bytes("f") != [1; 100]
    });
    assert!(differs);
}
