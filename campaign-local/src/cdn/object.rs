//! Something kept, and the answers made from it.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// Says where an answer comes from.
pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
/// The digest of the whole.
const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
/// This node.
const VIA: HeaderValue = HeaderValue::from_static("1.1 campaign-cdn");

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The cache.
    Hit,
    /// The origin.
    Miss,
}

/// An answer that is kept.
pub(super) struct Object {
    headers: HeaderMap,
    body: Bytes,
    /// When its request was sent: no byte of it is older.
    since: DateTime<Utc>,
    lifetime: Duration,
}

impl Object {
    pub(super) fn new(headers: HeaderMap, body: Bytes, since: DateTime<Utc>, lifetime: Duration) -> Self {
        Self { headers, body, since, lifetime }
    }

    /// How long it has been kept. A clock that was set back makes nothing younger than new.
    fn age(&self, now: DateTime<Utc>) -> Duration {
        (now - self.since).max(TimeDelta::zero()).to_std().unwrap_or_default()
    }

    pub(super) fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        self.age(now) < self.lifetime
    }

    /// Bytes of memory, about.
    pub(super) fn weight(&self) -> usize {
        let header = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 64;
        self.body.len() + self.headers.iter().map(header).sum::<usize>()
    }

    /// The answer to GET or HEAD with these request headers: whole, a range of it, or that nothing has changed.
    pub(super) fn answer(&self, method: &Method, asked: &HeaderMap, from: From, now: DateTime<Utc>) -> Response {
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = self.headers.clone();
        mark(response.headers_mut(), from);
        if from == From::Hit {
            response.headers_mut().insert(header::AGE, self.age(now).as_secs().into());
        }
        let body = if unchanged(asked, &self.headers) {
            not_modified(&mut response);
            return response;
        } else {
            self.part(method, asked, &mut response)
        };
        response.headers_mut().insert(header::CONTENT_LENGTH, body.len().into());
        if *method != Method::HEAD {
            *response.body_mut() = Body::from(body);
        }
        response
    }

    /// The bytes that are asked for, with the status and headers that say which.
    fn part(&self, method: &Method, asked: &HeaderMap, response: &mut Response) -> Bytes {
        response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let length = self.body.len();
        // RFC 9110, section 14.2: only GET has ranges.
        let wanted = if *method == Method::GET { wanted(asked, &self.headers, length) } else { Wanted::All };
        match wanted {
            Wanted::All => self.body.clone(),
            Wanted::Part(range) => {
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                response.headers_mut().remove(CONTENT_MD5);
                content_range(response, &format!("bytes {}-{}/{length}", range.start, range.end - 1));
                self.body.slice(range)
            }
            Wanted::Nothing => {
                *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                content_range(response, &format!("bytes */{length}"));
                Bytes::new()
            }
        }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Object").field("bytes", &self.body.len()).field("since", &self.since).finish_non_exhaustive()
    }
}

/// Puts where an answer comes from into its headers.
pub(super) fn mark(headers: &mut HeaderMap, from: From) {
    let text = match from {
        From::Hit => "HIT",
        From::Miss => "MISS",
    };
    headers.insert(X_CACHE, HeaderValue::from_static(text));
    headers.append(header::VIA, VIA);
}

/// Makes `response` say that nothing has changed.
pub(super) fn not_modified(response: &mut Response) {
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    *response.body_mut() = Body::empty();
    // RFC 9110, section 15.4.5: what describes the content is left out.
    for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_RANGE] {
        response.headers_mut().remove(name);
    }
}

fn content_range(response: &mut Response, text: &str) {
    let value = HeaderValue::from_str(text).expect("numbers are a header value");
    response.headers_mut().insert(header::CONTENT_RANGE, value);
}

/// True if the caller has this already (RFC 9110, section 13.2.2: `If-None-Match` decides if it is there).
pub(super) fn unchanged(asked: &HeaderMap, has: &HeaderMap) -> bool {
    let text = |headers: &HeaderMap, name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if asked.contains_key(header::IF_NONE_MATCH) {
        let Some(own) = text(has, header::ETAG) else { return false };
        let same = |tag: &str| tag == "*" || weak(tag) == weak(&own);
        let tags = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        return tags.flat_map(|tags| tags.split(',')).any(|tag| same(tag.trim()));
    }
    let date = |headers, name| text(headers, name).and_then(|text| DateTime::parse_from_rfc2822(&text).ok());
    match (date(asked, header::IF_MODIFIED_SINCE), date(has, header::LAST_MODIFIED)) {
        (Some(since), Some(modified)) => modified <= since,
        _ => false,
    }
}

fn weak(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// Which bytes are asked for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<usize>),
    Nothing,
}

/// Several ranges, other units and what cannot be read are answered with everything (RFC 9110, section 14.2).
fn wanted(asked: &HeaderMap, has: &HeaderMap, length: usize) -> Wanted {
    let mut ranges = asked.get_all(header::RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else { return Wanted::All };
    if let Some(condition) = asked.get(header::IF_RANGE) {
        let tag = has.get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
        if tag != Some(condition) && has.get(header::LAST_MODIFIED) != Some(condition) {
            return Wanted::All;
        }
    }
    let Some((first, last)) =
        range.to_str().ok().and_then(|text| text.strip_prefix("bytes=")).and_then(|text| text.split_once('-'))
    else {
        return Wanted::All;
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than a number holds is beyond any end.
        digits.then(|| text.parse().unwrap_or(usize::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), None) if last.is_empty() => part(first, length, length),
        (Some(first), Some(last)) if first <= last => part(first, last.saturating_add(1).min(length), length),
        (None, Some(count)) if first.is_empty() => part(length.saturating_sub(count), length, length),
        _ => Wanted::All,
    }
}

fn part(first: usize, end: usize, length: usize) -> Wanted {
    if first < end && first < length { Wanted::Part(first..end) } else { Wanted::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> Object {
        let mut headers = HeaderMap::new();
        headers.insert("etag", HeaderValue::from_static("\"abc\""));
        headers.insert("last-modified", HeaderValue::from_static("Wed, 11 Nov 2026 00:00:00 GMT"));
        headers.insert("content-type", HeaderValue::from_static("text/html"));
        headers.insert("content-md5", HeaderValue::from_static("eB5eJF1ptWaXm4bijSPyxw=="));
        Object::new(headers, Bytes::from_static(b"0123456789"), at(0), Duration::from_secs(60))
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_794_355_200 + second, 0).unwrap()
    }

    async fn ask(lines: &[(&'static str, &str)]) -> (u16, String, String) {
        let headers =
            lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
        let response = object().answer(&Method::GET, &headers, From::Hit, at(7));
        let range = response.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap(), range.unwrap_or_default())
    }

    #[tokio::test]
    async fn a_range_is_cut_out_and_anything_odd_gets_everything() {
        for (range, status, body, told) in [
            ("bytes=0-0", 206, "0", "bytes 0-0/10"),
            ("bytes=2-4", 206, "234", "bytes 2-4/10"),
            ("bytes=8-99", 206, "89", "bytes 8-9/10"),
            ("bytes=7-", 206, "789", "bytes 7-9/10"),
            ("bytes=-3", 206, "789", "bytes 7-9/10"),
            ("bytes=-99", 206, "0123456789", "bytes 0-9/10"),
            ("bytes=10-", 416, "", "bytes */10"),
            ("bytes=-0", 416, "", "bytes */10"),
            ("bytes=99999999999999999999999-", 416, "", "bytes */10"),
            ("bytes=5-2", 200, "0123456789", ""),
            ("bytes=0-1,3-4", 200, "0123456789", ""),
            ("lines=0-1", 200, "0123456789", ""),
            ("bytes=", 200, "0123456789", ""),
            ("bytes=-", 200, "0123456789", ""),
            ("bytes=+1-2", 200, "0123456789", ""),
        ] {
            assert_eq!(ask(&[("range", range)]).await, (status, body.to_owned(), told.to_owned()), "{range}");
        }
        let range = ("range", "bytes=0-0");
        assert_eq!(ask(&[range, ("if-range", "\"abc\"")]).await.0, 206);
        assert_eq!(ask(&[range, ("if-range", "\"old\"")]).await.0, 200);
        assert_eq!(ask(&[range, ("if-range", "Wed, 11 Nov 2026 00:00:00 GMT")]).await.0, 206);
    }

    #[test]
    fn a_part_does_not_carry_the_digest_of_the_whole() {
        let with = |range: &'static str| {
            let asked = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(range))]);
            object().answer(&Method::GET, &asked, From::Hit, at(7)).headers().contains_key("content-md5")
        };
        assert!(with("lines=0-1"));
        assert!(!with("bytes=0-1"));
    }

    #[tokio::test]
    async fn who_has_it_already_is_told_so() {
        for (name, value, status) in [
            ("if-none-match", "\"abc\"", 304),
            ("if-none-match", "\"x\", W/\"abc\"", 304),
            ("if-none-match", "*", 304),
            ("if-none-match", "\"x\"", 200),
            ("if-modified-since", "Wed, 11 Nov 2026 00:00:00 GMT", 304),
            ("if-modified-since", "Thu, 12 Nov 2026 00:00:00 GMT", 304),
            ("if-modified-since", "Tue, 10 Nov 2026 23:59:59 GMT", 200),
            ("if-modified-since", "yesterday", 200),
        ] {
            assert_eq!(ask(&[(name, value)]).await.0, status, "{name}: {value}");
        }
        let both = [("if-none-match", "\"x\""), ("if-modified-since", "Thu, 12 Nov 2026 00:00:00 GMT")];
        assert_eq!(ask(&both).await.0, 200, "the tag decides");
    }

    #[test]
    fn head_has_the_headers_of_get_and_no_body() {
        let response = object().answer(&Method::HEAD, &HeaderMap::new(), From::Hit, at(7));
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(
            (header("content-length"), header("age"), header("x-cache")),
            ("10".into(), "7".into(), "HIT".into())
        );
        assert_eq!(http_body::Body::size_hint(response.body()).exact(), Some(0));
    }

    #[test]
    fn it_is_fresh_until_its_time_is_over_and_a_clock_set_back_changes_nothing() {
        assert!(object().is_fresh(at(59)));
        assert!(!object().is_fresh(at(60)));
        assert!(object().is_fresh(at(-1000)));
    }
}
