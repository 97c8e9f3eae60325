//! The first byte of every key says whose it is. All of them stand here, so that no two services
//! ever share one.

/// What the management calls have set: routes, functions, faults.
pub const ADMIN: u8 = b'a';

/// Table Store: one entry per table with its meta.
pub const TABLES: u8 = b't';

/// Table Store: one entry per row.
pub const ROWS: u8 = b'r';

/// Table Store: all that belongs to the stream of a table.
pub const STREAMS: u8 = b's';

/// Table Store: what a transaction did that is not yet committed. In memory only, never on the disk.
pub const TRANSACTION: u8 = b'x';

/// OSS: one entry per bucket.
pub const BUCKETS: u8 = b'b';

/// OSS: one entry per object with its meta.
pub const OBJECTS: u8 = b'o';

/// OSS: the contents of objects, in pieces.
pub const CONTENTS: u8 = b'c';

/// OSS: one entry per content that belongs to no object, or not yet, and the last number of each kind.
pub const LOOSE_CONTENTS: u8 = b'l';

/// The smallest key after every key that begins with `prefix`: the open end of a range over it.
///
/// A prefix of only `0xff` bytes has no such key; the store's prefixes begin with an ASCII letter,
/// so for those there is always one.
///
/// ```
/// assert_eq!(campaign_local::store::space::end_of(b"ab"), b"ac");
/// assert_eq!(campaign_local::store::space::end_of(b"a\xff"), b"b");
/// ```
#[must_use]
pub fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            break;
        }
    }
    end
}
