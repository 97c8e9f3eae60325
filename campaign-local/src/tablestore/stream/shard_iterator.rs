//! Iterators of shards as callers have them: opaque, and checked when they come back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A place in a shard: that of the first record that is yet to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The stream's number.
    pub(crate) stream: u64,
    /// The shard's.
    pub(crate) shard: u64,
    /// In microseconds since 1970.
    pub(crate) place: i64,
}

const FIELDS: usize = 24;
const CHECK: usize = 8;

impl Place {
    /// The iterator.
    pub(crate) fn to_text(self) -> String {
        let fields = [self.stream.to_be_bytes(), self.shard.to_be_bytes(), self.place.to_be_bytes()].concat();
        URL_SAFE_NO_PAD.encode([fields.as_slice(), &check(&fields)].concat())
    }

    /// The place of an iterator; none if it is not one that was given to anybody.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == FIELDS + CHECK)?;
        let (fields, sent) = bytes.split_at(FIELDS);
        if check(fields) != *sent {
            return None;
        }
        let (stream, rest) = fields.split_first_chunk()?;
        let (shard, place) = rest.split_first_chunk()?;
        Some(Self {
            stream: u64::from_be_bytes(*stream),
            shard: u64::from_be_bytes(*shard),
            place: i64::from_be_bytes(*place.first_chunk()?),
        })
    }
}

/// What tells an iterator from other text, and from one that was changed.
fn check(fields: &[u8]) -> [u8; CHECK] {
    let digest = Sha256::new().chain_update(b"shard iterator").chain_update(fields).finalize();
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest[..CHECK]);
    check
}

/// The id of a shard as callers have it.
pub(crate) fn shard_name(id: u64) -> String {
    format!("{id:016x}")
}

/// Whether `name` is the id of this shard.
pub(crate) fn is_shard(name: &str, id: u64) -> bool {
    name == shard_name(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iterator_is_read_as_it_was_given_and_a_changed_one_is_none() {
        let place = Place { stream: 7, shard: 1, place: 1_793_923_200_000_000 };
        let text = place.to_text();
        assert_eq!(Place::read(&text), Some(place));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(Place::read(std::str::from_utf8(&changed).unwrap()), None, "{at}");
        }
        assert_eq!(Place::read(""), None);
        assert_eq!(Place::read(&text[1..]), None);
    }
}
