//! Request ids of the services that have UUIDs.

/// A new upper-case UUID.
pub(crate) fn new() -> String {
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("the system has random bytes");
    // RFC 9562: version 4, variant 10.
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let hex = format!("{:032X}", u128::from_be_bytes(random));
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
