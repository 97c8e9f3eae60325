//! What is kept, and how long (service document "Cache rules"; RFC 9111).

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

/// No longer, whatever the origin says.
const LONGEST: u64 = 365 * 86_400;

/// How long an answer to GET may be kept; `None`: not at all.
pub(super) fn lifetime(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if status != StatusCode::OK || headers.contains_key(header::SET_COOKIE) || varies(headers) {
        return None;
    }
    let pragma = headers.get_all(header::PRAGMA);
    if pragma.iter().any(|value| value.as_bytes().eq_ignore_ascii_case(b"no-cache")) {
        return None;
    }
    let (mut shared, mut own) = (None, None);
    for value in headers.get_all(header::CACHE_CONTROL) {
        for directive in value.to_str().ok()?.split(',') {
            let (name, value) = directive.trim().split_once('=').unwrap_or((directive.trim(), ""));
            match name.trim().to_ascii_lowercase().as_str() {
                // Also with names of headers behind them: what is left would be another answer.
                "no-cache" | "no-store" | "private" => return None,
                "s-maxage" => shared = shortest(shared, value),
                "max-age" => own = shortest(own, value),
                _ => {}
            }
        }
    }
    shared.or(own).filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// The shorter of two that contradict each other; what is no number is none (RFC 9111, section 4.2.1).
fn shortest(other: Option<u64>, value: &str) -> Option<u64> {
    let digits = value.trim().trim_matches('"');
    let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than a number holds is longer than the longest.
    let seconds = if number { digits.parse().unwrap_or(LONGEST) } else { 0 };
    Some(seconds.min(LONGEST).min(other.unwrap_or(LONGEST)))
}

/// True if the next caller might have to get something else. `Accept-Encoding` is never sent to the origin.
fn varies(headers: &HeaderMap) -> bool {
    let harmless = |name: &str| name.trim().is_empty() || name.trim().eq_ignore_ascii_case("accept-encoding");
    let vary = |value: &http::HeaderValue| value.to_str().is_ok_and(|names| names.split(',').all(harmless));
    let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    !headers.get_all(header::VARY).iter().all(vary) || allowed.is_some_and(|origin| origin != "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(lines: &[(&'static str, &str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        lifetime(StatusCode::OK, &headers).map(|time| time.as_secs())
    }

    #[test]
    fn a_time_is_read_from_cache_control_and_from_nothing_else() {
        for (value, kept) in [
            ("max-age=60", Some(60)),
            ("public, max-age=31536000, immutable", Some(31_536_000)),
            ("max-age=60, s-maxage=5", Some(5)),
            ("s-maxage=0, max-age=60", None),
            ("Public, MAX-AGE=\"60\"", Some(60)),
            ("max-age=60, max-age=30", Some(30)),
            ("max-age=99999999999999999999999", Some(LONGEST)),
            ("max-age=60, must-revalidate", Some(60)),
            ("max-age=0", None),
            ("max-age=-1", None),
            ("max-age=x", None),
            ("max-age", None),
            ("public", None),
            ("no-cache", None),
            ("no-store, max-age=60", None),
            ("max-age=60, private", None),
            ("max-age=60, private=\"x-user\"", None),
            ("max-age=60, no-cache=\"set-cookie\"", None),
            ("", None),
        ] {
            assert_eq!(seconds(&[("cache-control", value)]), kept, "{value}");
        }
        assert_eq!(seconds(&[]), None);
        assert_eq!(seconds(&[("expires", "Thu, 31 Dec 2099 23:59:59 GMT"), ("etag", "\"1\"")]), None);
        assert_eq!(seconds(&[("cache-control", "max-age=60"), ("cache-control", "no-store")]), None);
        assert_eq!(seconds(&[("cache-control", "max-age=60"), ("pragma", "No-Cache")]), None);
    }

    #[test]
    fn what_is_for_one_caller_is_not_kept() {
        let kept = |name, value| seconds(&[("cache-control", "max-age=60"), (name, value)]);
        assert_eq!(kept("set-cookie", "a=b"), None);
        assert_eq!(kept("vary", "Origin"), None);
        assert_eq!(kept("vary", "*"), None);
        assert_eq!(kept("vary", "Accept-Encoding, Cookie"), None);
        assert_eq!(kept("vary", "accept-encoding"), Some(60));
        assert_eq!(kept("access-control-allow-origin", "https://h"), None);
        assert_eq!(kept("access-control-allow-origin", "*"), Some(60));
    }

    #[test]
    fn only_whole_successes_are_kept() {
        let headers = HeaderMap::from_iter([(header::CACHE_CONTROL, http::HeaderValue::from_static("max-age=60"))]);
        for (status, kept) in [(200, true), (206, false), (301, false), (304, false), (404, false), (500, false)] {
            assert_eq!(lifetime(StatusCode::from_u16(status).unwrap(), &headers).is_some(), kept, "{status}");
        }
    }
}
