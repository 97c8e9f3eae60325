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
pub(super) fn push(crc: u8, byte: u8) -> u8 {
    TABLES[0][usize::from(crc ^ byte)]
}

/// The checksum of what `crc` stands for, followed by `bytes`.
pub(super) fn extend(mut crc: u8, bytes: &[u8]) -> u8 {
    let (steps, rest) = bytes.as_chunks::<8>();
    for step in steps {
        crc = TABLES[7][usize::from(crc ^ step[0])]
            ^ TABLES[6][usize::from(step[1])]
            ^ TABLES[5][usize::from(step[2])]
            ^ TABLES[4][usize::from(step[3])]
            ^ TABLES[3][usize::from(step[4])]
            ^ TABLES[2][usize::from(step[5])]
            ^ TABLES[1][usize::from(step[6])]
            ^ TABLES[0][usize::from(step[7])];
    }
    for byte in rest {
        crc = push(crc, *byte);
    }
    crc
}
