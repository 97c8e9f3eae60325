//! CRC-64/XZ, the checksum of `x-oss-hash-crc64ecma`, by carry-less multiplication.
//!
//! The header's name says ECMA; the algorithm is the reflected one with all ones at both ends, which others call XZ:
//! `123456789` gives 11051210869376104954 (service document "CRC-64", and the official Go SDK).

use std::fmt;

use crc_fast::{CrcAlgorithm::Crc64Xz, Digest};

/// The checksum of `bytes`.
///
/// ```
/// assert_eq!(campaign_oss::crc64::checksum(b"123456789"), 11_051_210_869_376_104_954);
/// ```
#[must_use]
pub fn checksum(bytes: &[u8]) -> u64 {
    crc_fast::checksum(Crc64Xz, bytes)
}

/// The checksum of two pieces one after the other, from theirs and the length of the second in bytes.
#[must_use]
pub fn combine(first: u64, second: u64, second_bytes: u64) -> u64 {
    crc_fast::checksum_combine(Crc64Xz, first, second, second_bytes)
}

/// A checksum of pieces as they come.
#[derive(Clone)]
pub struct Crc64(Digest);

impl Crc64 {
    /// The checksum of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Digest::new(Crc64Xz))
    }

    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all pieces so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.finalize()
    }
}

impl Default for Crc64 {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Crc64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crc64({})", self.value())
    }
}
