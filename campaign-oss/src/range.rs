//! Ranges of an object.

#[cfg(feature = "server")]
use std::str::FromStr;

use campaign_client::{Error, ErrorKind, Result, Verdict};
use http::{StatusCode, response};
use thiserror::Error;

use crate::{ContentRange, ObjectMeta};

/// Some bytes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ByteRange {
    /// From the first to the last, itself included, counted from 0.
    Between(u64, u64),
    /// From this byte to the end.
    From(u64),
    /// The last so many bytes.
    Last(u64),
}

impl ByteRange {
    /// The value of `Range`.
    pub(crate) fn write(self) -> Result<String> {
        match self {
            Self::Between(first, last) if first <= last => Ok(format!("bytes={first}-{last}")),
            Self::From(first) => Ok(format!("bytes={first}-")),
            Self::Last(count) if count > 0 => Ok(format!("bytes=-{count}")),
            Self::Between(..) => Err(Error::invalid("the range ends before it begins")),
            Self::Last(_) => Err(Error::invalid("the last 0 bytes are no range")),
        }
    }

    /// Reads the value of `Range`; `None` if it is not one range of bytes.
    #[cfg(feature = "server")]
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
        let number = |text: &str| u64::from_str(text).ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
        match (first, last) {
            ("", count) => number(count).filter(|count| *count > 0).map(Self::Last),
            (first, "") => number(first).map(Self::From),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::Between(first, last))
            }
        }
    }

    /// The bytes of an object of `total` bytes that the range means: first, and last itself included; `None` if there are
    /// none.
    ///
    /// ```
    /// use campaign_oss::ByteRange;
    ///
    /// assert_eq!(ByteRange::Between(2, 99).of(10).map(|r| (r.first, r.last)), Some((2, 9)));
    /// assert_eq!(ByteRange::Last(3).of(10).map(|r| (r.first, r.last)), Some((7, 9)));
    /// assert_eq!(ByteRange::From(10).of(10), None);
    /// ```
    #[must_use]
    pub fn of(self, total: u64) -> Option<ContentRange> {
        let end = total.checked_sub(1)?;
        let (first, last) = match self {
            Self::Between(first, last) => (first, last.min(end)),
            Self::From(first) => (first, end),
            Self::Last(count) => (total.saturating_sub(count), end),
        };
        (first <= last).then_some(ContentRange { first, last, total })
    }
}

/// Why an answer is not the part of the object that was asked for. It is the source of the call's error.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RangeFault {
    /// A range was asked for and the whole object came.
    #[error("a range was asked for and the whole object came")]
    Ignored,
    /// The whole object was asked for and a part came.
    #[error("the whole object was asked for and a part came")]
    Unasked,
    /// Another range came than was asked for.
    #[error("another range came than was asked for")]
    Another,
    /// The body is not as long as the range.
    #[error("the body is not as long as the range")]
    Length,
}

/// Checks that an answer holds what was asked for.
pub(crate) fn check(asked: Option<ByteRange>, response: &response::Parts, meta: &ObjectMeta) -> Result<()> {
    let partial = response.status == StatusCode::PARTIAL_CONTENT;
    let fault = match (asked, partial) {
        (None, false) => return Ok(()),
        (None, true) => RangeFault::Unasked,
        (Some(_), false) => RangeFault::Ignored,
        (Some(range), true) if meta.content_range.is_some_and(|came| range.of(came.total) == Some(came)) => {
            return Ok(());
        }
        (Some(_), true) => RangeFault::Another,
    };
    Err(wrong(fault))
}

/// It would be as wrong again, and another attempt may fetch a large object for nothing.
pub(crate) fn wrong(fault: RangeFault) -> Error {
    Error::new(ErrorKind::Unreadable).with_verdict(Verdict::Final).with_message(fault.to_string()).with_source(fault)
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_it_is_written() {
        for range in [ByteRange::Between(0, 0), ByteRange::Between(5, 9), ByteRange::From(7), ByteRange::Last(3)] {
            assert_eq!(ByteRange::read(&range.write().unwrap()), Some(range));
        }
        assert!(ByteRange::Between(5, 2).write().is_err() && ByteRange::Last(0).write().is_err());
        for bad in ["", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=0-1,3-4", "bytes=+1-2", "items=0-1"] {
            assert_eq!(ByteRange::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_range_beyond_the_end_is_none() {
        assert_eq!(ByteRange::From(0).of(0), None);
        assert_eq!(ByteRange::Between(4, 9).of(4), None);
        assert_eq!(ByteRange::Last(9).of(4), Some(ContentRange { first: 0, last: 3, total: 4 }));
    }
}
