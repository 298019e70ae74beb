//! A world is one history, and its judges see what they should.

use super::phases::live;

#[test]
fn one_seed_is_one_history() {
    let first = live(7, 1).unwrap();
    assert_eq!(live(7, 1).unwrap(), first);
    assert_ne!(live(8, 1).unwrap(), first);
}
