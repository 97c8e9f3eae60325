//! The checksum of cells and rows: CRC-8, polynomial x^8 + x^2 + x + 1, start 0, neither reflected nor inverted.
//!
//! Eight bytes are taken per step. The checksum is linear, so the effect of a byte that is followed by `n` others of the
//! same step can be looked up in a table of its own, and the eight look-ups do not wait for one another.

const POLYNOMIAL: u8 = 0x07;

/// `TABLES[n][byte]`: the checksum of `byte` followed by `n` zero bytes.
static TABLES: [[u8; 256]; 8] = tables();

const fn tables() -> [[u8; 256]; 8] {
    let mut tables = [[0u8; 256]; 8];
    let mut byte = 0u8;
    loop {
        let mut crc = byte;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x80 == 0 { crc << 1 } else { (crc << 1) ^ POLYNOMIAL };
            bit += 1;
        }
        tables[0][byte as usize] = crc;
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    let mut n = 1;
    while n < 8 {
        let mut index = 0;
        while index < 256 {
            tables[n][index] = tables[0][tables[n - 1][index] as usize];
            index += 1;
        }
        n += 1;
    }
    tables
}

/// The checksum of what `crc` stands for, followed by `byte`.
#[inline(always)]
pub(super) fn push(crc: u8, byte: u8) -> u8 {
    TABLES[0][usize::from(crc ^ byte)]
}

/// The checksum of `bytes`, also for names that are known when the program is compiled.
pub(crate) const fn checksum(bytes: &[u8]) -> u8 {
    let (mut crc, mut at) = (0, 0);
    while at < bytes.len() {
        crc = TABLES[0][(crc ^ bytes[at]) as usize];
        at += 1;
    }
    crc
}

/// The checksum of what `crc` stands for, followed by a byte and a length, little endian.
#[inline(always)]
pub(super) fn head(crc: u8, byte: u8, length: u32) -> u8 {
    // Zero bytes change nothing, and few lengths have more than one that is not zero.
    match u8::try_from(length) {
        Ok(length) => TABLES[4][usize::from(crc ^ byte)] ^ TABLES[3][usize::from(length)],
        Err(_) => long_head(crc, byte, length),
    }
}

#[inline(never)]
fn long_head(crc: u8, byte: u8, length: u32) -> u8 {
    let [n0, n1, n2, n3] = length.to_le_bytes();
    extend(crc, &[byte, n0, n1, n2, n3])
}

/// The checksum of what `crc` stands for, followed by eight bytes.
#[inline(always)]
pub(super) fn step(crc: u8, step: &[u8; 8]) -> u8 {
    TABLES[7][usize::from(crc ^ step[0])]
        ^ TABLES[6][usize::from(step[1])]
        ^ TABLES[5][usize::from(step[2])]
        ^ TABLES[4][usize::from(step[3])]
        ^ TABLES[3][usize::from(step[4])]
        ^ TABLES[2][usize::from(step[5])]
        ^ TABLES[1][usize::from(step[6])]
        ^ TABLES[0][usize::from(step[7])]
}

/// The checksum of what `crc` stands for, followed by `bytes`.
#[inline(always)]
pub(super) fn extend(mut crc: u8, bytes: &[u8]) -> u8 {
    let (steps, mut rest) = bytes.as_chunks::<8>();
    for bytes in steps {
        crc = step(crc, bytes);
    }
    // Texts are mostly some words: what is left of the last step counts.
    if let Some((half, after)) = rest.split_first_chunk::<4>() {
        crc = TABLES[3][usize::from(crc ^ half[0])]
            ^ TABLES[2][usize::from(half[1])]
            ^ TABLES[1][usize::from(half[2])]
            ^ TABLES[0][usize::from(half[3])];
        rest = after;
    }
    for byte in rest {
        crc = push(crc, *byte);
    }
    crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_give_the_checksum_of_the_bytes_taken_one_by_one() {
        let bytes: Vec<u8> = (0..64_u8).map(|n| n.wrapping_mul(37) ^ 0xa5).collect();
        for length in 0..bytes.len() {
            let bytes = bytes.get(..length).unwrap();
            assert_eq!(extend(7, bytes), bytes.iter().fold(7, |crc, byte| push(crc, *byte)), "{length}");
            assert_eq!(checksum(bytes), extend(0, bytes), "{length}");
        }
        assert_eq!(head(9, 3, 0x0400_0201), extend(9, &[3, 1, 2, 0, 4]));
        assert_eq!(head(9, 3, 0xfe), extend(9, &[3, 0xfe, 0, 0, 0]));
        assert_eq!(step(9, &[1, 2, 3, 4, 5, 6, 7, 8]), extend(9, &[1, 2, 3, 4, 5, 6, 7, 8]));
    }
}
