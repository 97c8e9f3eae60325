//! How long to wait before the next attempt.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, header::RETRY_AFTER};

use super::{LONGEST, Pace, Retry};

/// A wait asked for by a server is believed up to this much beyond our own.
const BEYOND: Duration = Duration::from_secs(5);

impl Retry {
    /// The wait before attempt `failed + 1`, with `draw` from zero to one and the wait that the
    /// server asks for: full jitter, but never none when throttled; a server's wish lengthens the
    /// wait by at most five seconds.
    pub(crate) fn delay(&self, failed: u32, pace: Pace, draw: f64, asked: Option<Duration>) -> Duration {
        let base = match pace {
            Pace::Transient => self.base,
            Pace::Moving => self.moving_base,
            Pace::Throttled => self.throttled_base,
        };
        let top = base.saturating_mul(1_u32 << (failed.saturating_sub(1)).min(20)).min(self.cap).min(LONGEST);
        let draw = if draw.is_finite() { draw.clamp(0.0, 1.0) } else { 1.0 };
        let own = match pace {
            Pace::Throttled => (top / 2).saturating_add((top / 2).mul_f64(draw)),
            Pace::Transient | Pace::Moving => top.mul_f64(draw),
        };
        match asked {
            Some(wait) if !wait.is_zero() => wait.clamp(own, own.saturating_add(BEYOND)),
            _ => own,
        }
    }
}

/// Reads a `Retry-After` header, in seconds or as a date (RFC 9110 §10.2.3). Anything else, and a
/// date in the past, is `None`.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let at = DateTime::<Utc>::from(httpdate::parse_http_date(text).ok()?);
    (at - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn the_wait_doubles_up_to_the_cap() {
        let retry = Retry::default();
        assert_eq!(retry.delay(1, Pace::Transient, 1.0, None), Duration::from_millis(50));
        assert_eq!(retry.delay(3, Pace::Transient, 1.0, None), Duration::from_millis(200));
        assert_eq!(retry.delay(60, Pace::Transient, 1.0, None), seconds(20));
        assert_eq!(retry.delay(1, Pace::Transient, 0.0, None), Duration::ZERO);
    }

    #[test]
    fn the_longest_settings_are_still_a_wait() {
        let retry = Retry::default().base(Duration::MAX).cap(Duration::MAX);
        assert_eq!(retry.delay(9, Pace::Transient, 1.0, Some(Duration::MAX)), LONGEST + seconds(5));
    }

    #[test]
    fn a_throttled_caller_never_draws_zero() {
        assert_eq!(Retry::default().delay(1, Pace::Throttled, 0.0, None), Duration::from_millis(250));
    }

    #[test]
    fn a_server_lengthens_the_wait_by_five_seconds_at_most() {
        let retry = Retry::default();
        assert_eq!(retry.delay(1, Pace::Transient, 0.0, Some(seconds(2))), seconds(2));
        assert_eq!(retry.delay(1, Pace::Transient, 0.0, Some(seconds(3600))), seconds(5));
        assert_eq!(retry.delay(1, Pace::Transient, 1.0, Some(Duration::from_millis(1))), Duration::from_millis(50));
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let now = "2026-11-11T00:00:00Z".parse().unwrap();
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(read("3"), Some(seconds(3)));
        assert_eq!(read("Wed, 11 Nov 2026 00:00:07 GMT"), Some(seconds(7)));
        assert_eq!(read("Tue, 10 Nov 2026 00:00:07 GMT"), None);
        assert_eq!(read("-1"), None);
        assert_eq!(read("soon"), None);
    }
}
