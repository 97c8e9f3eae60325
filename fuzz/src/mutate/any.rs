//! Which edits an input gets: those of its own format, and those of bytes.

use fastrand::Rng;

use super::{bytes, matrix, plain_buffer, protobuf};

/// An input made of `seed` and parts of `other`.
pub fn any(seed: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    if rng.u8(..64) == 0 {
        return noise(rng);
    }
    let mut input = seed.to_vec();
    if plain_buffer::is_buffer(seed) {
        let others = plain_buffer::parse(other).unwrap_or_default();
        edit_buffer(&mut input, &others, rng);
    } else if matrix::is_matrix(seed) {
        some(rng, |rng| matrix::edit(&mut input, other, rng));
    } else if let Some(mut message) = protobuf::parse(seed) {
        let others = protobuf::parse(other).unwrap_or_default();
        some(rng, |rng| protobuf::edit(&mut message, &others, rng));
        input = protobuf::write(&message);
    } else {
        some(rng, |rng| bytes::edit(&mut input, other, rng));
    }
    if rng.u8(..8) == 0 {
        some(rng, |rng| bytes::edit(&mut input, other, rng));
    }
    input
}

/// Changes a buffer of rows, mostly so that its checksums are right.
pub fn edit_buffer(buffer: &mut Vec<u8>, others: &[plain_buffer::Row], rng: &mut Rng) {
    let rows = if rng.u8(..4) == 0 { None } else { plain_buffer::parse(buffer) };
    if let Some(mut rows) = rows {
        some(rng, |rng| plain_buffer::edit(&mut rows, others, rng));
        *buffer = plain_buffer::write(&rows);
        return;
    }
    some(rng, |rng| bytes::edit(buffer, &[], rng));
    if rng.bool() {
        *buffer = plain_buffer::seal(buffer).unwrap_or_else(|| std::mem::take(buffer));
    }
}

/// Some times, mostly once.
pub fn some(rng: &mut Rng, mut edit: impl FnMut(&mut Rng)) {
    edit(rng);
    while rng.u8(..3) == 0 {
        edit(rng);
    }
}

/// Bytes of no meaning, sometimes behind the begin of something.
fn noise(rng: &mut Rng) -> Vec<u8> {
    let begin: &[u8] = match rng.u8(..4) {
        0 => b"\x75\0\0\0\x01\x03\x04",
        1 => b"SRM0",
        _ => b"",
    };
    [begin, &bytes::random(rng, 200)].concat()
}
