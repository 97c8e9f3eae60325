//! Eight bytes of text in one step.

/// The lowest bit of every byte.
pub(crate) const ONES: u64 = u64::from_ne_bytes([1; 8]);
/// The highest bit of every byte.
pub(crate) const HIGH: u64 = ONES << 7;

/// Marks, by its highest bit, each byte that is this one of ASCII, exactly.
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    !unequal(word, byte) & HIGH
}

/// Marks each byte that is one of these two of ASCII, exactly.
pub(crate) const fn either(word: u64, one: u8, two: u8) -> u64 {
    !(unequal(word, one) & unequal(word, two)) & HIGH
}

/// Has the highest bit of each other byte set, and any of the lower ones.
const fn unequal(word: u64, byte: u8) -> u64 {
    let other = word ^ (ONES * byte as u64);
    ((other & !HIGH) + (HIGH - ONES)) | other
}

/// Marks, by its highest bit, each byte of a word that is not printable ASCII. None is left out; one above a marked one
/// may be marked wrongly, which costs time only.
pub(crate) const fn odd(word: u64) -> u64 {
    (word | word.wrapping_sub(ONES * b' ' as u64) | word.wrapping_add(ONES)) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_told_from_every_other_whatever_stands_beside_it() {
        for byte in 0..=u8::MAX {
            let word = u64::from_le_bytes([byte, b'"', byte, b'\\', 0, u8::MAX, byte, b'\n']);
            let marks = |is: fn(u8) -> bool| u64::from_le_bytes(word.to_le_bytes().map(|b| u8::from(is(b)) << 7));
            assert_eq!(equal(word, b'\n'), marks(|b| b == b'\n'), "{byte}");
            assert_eq!(either(word, b'"', b'\\'), marks(|b| matches!(b, b'"' | b'\\')), "{byte}");
            assert_ne!(odd(word), 0, "{byte}");
            let alone = u64::from_le_bytes([byte; 8]);
            assert_eq!(odd(alone) == 0, (b' '..=b'~').contains(&byte), "{byte}");
        }
    }
}
