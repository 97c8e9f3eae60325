//! What a read asks of an object before it is given out: conditions on its tag and time, and a range.
//!
//! Sources: service documents "GetObject" and "HeadObject".

use std::ops::Range;

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, header};

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// The object is to be given out.
    Yes,
    /// 304: the caller has it.
    NotModified,
    /// 412.
    Failed,
}

/// Whether the conditions of `headers` hold for an object with `tag` (without quotes) of this time.
///
/// A condition whose date is none is no condition (RFC 9110, section 13.1.3).
pub(super) fn met(headers: &HeaderMap, tag: &str, modified: DateTime<Utc>) -> Met {
    let text = |name| headers.get(name).map(HeaderValue::as_bytes);
    let date = |name| text(name).and_then(|date| std::str::from_utf8(date).ok()).and_then(time);
    // Dates have seconds.
    let modified = modified.timestamp();
    if text(header::IF_MATCH).is_some_and(|tags| !names(tags, tag)) {
        return Met::Failed;
    }
    if date(header::IF_UNMODIFIED_SINCE).is_some_and(|date| modified > date) {
        return Met::Failed;
    }
    match text(header::IF_NONE_MATCH) {
        Some(tags) if names(tags, tag) => Met::NotModified,
        Some(_) => Met::Yes,
        None if date(header::IF_MODIFIED_SINCE).is_some_and(|date| modified <= date) => Met::NotModified,
        None => Met::Yes,
    }
}

fn time(text: &str) -> Option<i64> {
    let time = httpdate::parse_http_date(text.trim()).ok()?;
    Some(DateTime::<Utc>::from(time).timestamp())
}

/// Whether a list of tags names this one; letters of either case, quotes or none.
fn names(tags: &[u8], tag: &str) -> bool {
    let Ok(tags) = std::str::from_utf8(tags) else { return false };
    tags.split(',').map(str::trim).any(|one| {
        let one = one.strip_prefix("W/").unwrap_or(one);
        one == "*" || one.trim_matches('"').eq_ignore_ascii_case(tag)
    })
}

/// What a `Range` header comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The whole object.
    Whole,
    /// These bytes of it.
    Bytes(Range<u64>),
    /// 416, which only `x-oss-range-behavior: standard` brings about.
    Unsatisfiable,
}

/// The part of an object of `length` bytes that `headers` ask for.
///
/// A range that is malformed, beyond the end or more than one gives the whole object, unless the
/// caller asks for the standard behaviour, with which one beyond the end is refused.
pub(super) fn part(headers: &HeaderMap, length: u64) -> Part {
    let Some(value) = headers.get(header::RANGE) else { return Part::Whole };
    let standard = headers.get("x-oss-range-behavior").is_some_and(|value| value.as_bytes() == b"standard");
    match value.to_str().ok().and_then(|value| asked(value, length)) {
        // RFC 9110, section 14.2: a range that cannot be read is none.
        None => Part::Whole,
        Some(range) if !range.is_empty() => Part::Bytes(range),
        Some(_) if standard => Part::Unsatisfiable,
        Some(_) => Part::Whole,
    }
}

/// The bytes that `bytes=…` names; empty if there are none; `None` if it is malformed.
fn asked(value: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = value.trim().strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (first, last) {
        ("", last) => {
            let count = number(last)?;
            Some(length.saturating_sub(count)..length)
        }
        (first, "") => {
            let first = number(first)?;
            Some(first..length.max(first))
        }
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            // "5-2" is malformed; "9-" of nine bytes is beyond the end.
            let end = if first <= last { last.saturating_add(1).min(length) } else { return None };
            Some(first..end.max(first))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "5EB63BBBE01EEED093CB22BB8F5ACDC3";
    const BEFORE: &str = "Wed, 11 Nov 2026 00:00:00 GMT";
    const AT: &str = "Wed, 11 Nov 2026 00:00:01 GMT";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn holds(pairs: &[(&'static str, &str)]) -> Met {
        let modified = DateTime::parse_from_rfc3339("2026-11-11T00:00:01.700Z").unwrap();
        met(&headers(pairs), TAG, modified.into())
    }

    #[test]
    fn conditions_are_those_of_the_document() {
        let quoted = format!("\"{}\"", TAG.to_ascii_lowercase());
        let other = "\"00000000000000000000000000000000\"";
        let list = format!("{other}, {quoted}");
        for (pairs, expected) in [
            (&[][..], Met::Yes),
            (&[("if-match", TAG)], Met::Yes),
            (&[("if-match", &quoted)], Met::Yes),
            (&[("if-match", "*")], Met::Yes),
            (&[("if-match", other)], Met::Failed),
            (&[("if-none-match", other)], Met::Yes),
            (&[("if-none-match", &quoted)], Met::NotModified),
            (&[("if-none-match", &list)], Met::NotModified),
            (&[("if-modified-since", AT)], Met::NotModified),
            (&[("if-modified-since", BEFORE)], Met::Yes),
            (&[("if-modified-since", "yesterday")], Met::Yes),
            (&[("if-unmodified-since", AT)], Met::Yes),
            (&[("if-unmodified-since", BEFORE)], Met::Failed),
            // The tag is the better witness of the two.
            (&[("if-none-match", other), ("if-modified-since", AT)], Met::Yes),
            (&[("if-match", other), ("if-none-match", &quoted)], Met::Failed),
        ] {
            assert_eq!(holds(pairs), expected, "{pairs:?}");
        }
    }

    #[test]
    fn ranges_are_those_of_the_document() {
        let ask = |range: &str, standard: bool| {
            let mut headers = headers(&[("range", range)]);
            if standard {
                headers.insert("x-oss-range-behavior", HeaderValue::from_static("standard"));
            }
            part(&headers, 10)
        };
        for (range, expected) in [
            ("bytes=0-0", Part::Bytes(0..1)),
            ("bytes=2-5", Part::Bytes(2..6)),
            ("bytes=5-", Part::Bytes(5..10)),
            ("bytes=-3", Part::Bytes(7..10)),
            ("bytes=-30", Part::Bytes(0..10)),
            ("bytes=5-99999999999999999999999", Part::Bytes(5..10)),
            ("bytes=5-2", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=0-1,3-4", Part::Whole),
            ("items=0-1", Part::Whole),
            ("bytes=+1-2", Part::Whole),
        ] {
            assert_eq!(ask(range, false), expected, "{range}");
            assert_eq!(ask(range, true), expected, "{range}");
        }
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(ask(range, false), Part::Whole, "{range}");
            assert_eq!(ask(range, true), Part::Unsatisfiable, "{range}");
        }
        assert_eq!(part(&headers(&[("range", "bytes=0-")]), 0), Part::Whole);
        assert_eq!(part(&HeaderMap::new(), 10), Part::Whole);
    }
}
