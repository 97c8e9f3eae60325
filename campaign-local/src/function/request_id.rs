//! Request ids of Function Compute.

use std::fmt::Write as _;

/// A new id in the service's form, `1-xxxxxxxx-xxxxxxxx-xxxxxxxxxxxx`.
pub(super) fn request_id() -> String {
    let mut random = [0; 14];
    getrandom::fill(&mut random).expect("the system has random bytes");
    let mut id = String::with_capacity(32);
    id.push('1');
    for (index, byte) in random.iter().enumerate() {
        if matches!(index, 0 | 4 | 8) {
            id.push('-');
        }
        write!(id, "{byte:02x}").expect("a String takes what is written");
    }
    id
}
