//! Edits of a SimpleRowMatrix with its checksum put right.

use fastrand::Rng;

use super::{
    bytes::{self, interesting},
    plain_buffer::crc8,
};

/// Whether these bytes begin as a matrix does.
pub fn is_matrix(bytes: &[u8]) -> bool {
    bytes.starts_with(b"SRM0")
}

/// Makes one edit: of a number in the header, of a row, or of any bytes.
pub fn edit(matrix: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    // Magic, offset of the rows, offset of the options, two counts.
    const HEADER: usize = 4 * 5;
    match rng.u8(..4) {
        0 if matrix.len() >= HEADER => {
            let at = 4 * rng.usize(1..5);
            let number = if rng.bool() { rng.u64(..64) } else { interesting(rng) };
            matrix[at..at + 4].copy_from_slice(&number.to_le_bytes()[..4]);
        }
        1 => {
            // Rows of absent columns, which take least on the wire.
            let end = matrix.len().saturating_sub(2);
            let times = if rng.u8(..64) == 0 { rng.usize(..3_000) } else { rng.usize(..6) };
            let row: &[u8] = if rng.bool() { &[2] } else { &[2, 6] };
            matrix.splice(end..end, row.repeat(times));
        }
        _ => bytes::edit(matrix, other, rng),
    }
    if rng.u8(..8) != 0 {
        seal(matrix);
    }
}

/// Puts the checksum right, which is the last byte.
fn seal(matrix: &mut [u8]) {
    if let Some((last, body)) = matrix.split_last_mut() {
        if let Some(tag) = body.last_mut() {
            *tag = 1;
        }
        *last = crc8(0, body);
    }
}
