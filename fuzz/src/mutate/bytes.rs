//! Edits of bytes that know nothing of their meaning.

use fastrand::Rng;

/// Numbers at the ends of ranges.
pub const INTERESTING: [u64; 24] = [
    0,
    1,
    2,
    3,
    4,
    7,
    8,
    9,
    0x0a,
    0x10,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x7fff_ffff_ffff_fffe,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];

/// One of them.
pub fn interesting(rng: &mut Rng) -> u64 {
    INTERESTING[rng.usize(..INTERESTING.len())]
}

/// Any bytes, few of them.
pub fn random(rng: &mut Rng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; rng.usize(..=most)];
    rng.fill(&mut bytes);
    bytes
}

/// Makes one edit; `other` is what is spliced in.
pub fn edit(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let at = rng.usize(..=bytes.len());
    let end = rng.usize(at..=bytes.len().min(at + 64));
    match rng.u8(..10) {
        0 | 1 => flip(bytes, rng),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let copy = bytes[at..end].to_vec();
            insert(bytes, at, &copy);
        }
        5 => overwrite(bytes, at, &interesting(rng).to_le_bytes()[..1 << rng.usize(..4)]),
        6 => {
            let from = rng.usize(..=other.len());
            let until = rng.usize(from..=other.len().min(from + 64));
            if rng.bool() {
                insert(bytes, at, &other[from..until]);
            } else {
                overwrite(bytes, at, &other[from..until]);
            }
        }
        7 => {
            // The front of one and the end of the other.
            bytes.truncate(at);
            bytes.extend_from_slice(&other[rng.usize(..=other.len())..]);
        }
        8 => insert(bytes, at, &random(rng, 8)),
        _ => overwrite(bytes, at, &[rng.u8(..)]),
    }
}

fn flip(bytes: &mut [u8], rng: &mut Rng) {
    if !bytes.is_empty() {
        bytes[rng.usize(..bytes.len())] ^= 1 << rng.u8(..8);
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, what: &[u8]) {
    bytes.splice(at..at, what.iter().copied());
}

fn overwrite(bytes: &mut [u8], at: usize, what: &[u8]) {
    for (to, from) in bytes[at..].iter_mut().zip(what) {
        *to = *from;
    }
}
