//! Dates of messages, by hand: a format string interpreted for every message costs more than the rest of its headers.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc};

/// `2026-01-15T08:30:45.000Z`, as requests have it.
pub(super) fn date_text(at: DateTime<Utc>) -> String {
    let (date, time) = (at.date_naive(), at.time());
    let millis = time.nanosecond() / 1_000_000;
    let year = match u32::try_from(date.year()) {
        // The second 60 and years of other lengths are left to who knows them.
        Ok(year) if year <= 9999 && millis < 1000 => year,
        _ => return at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
    };
    let mut text = String::with_capacity(24);
    for (value, digits, end) in [
        (year, 4, '-'),
        (date.month(), 2, '-'),
        (date.day(), 2, 'T'),
        (time.hour(), 2, ':'),
        (time.minute(), 2, ':'),
        (time.second(), 2, '.'),
        (millis, 3, 'Z'),
    ] {
        let mut place = 10_u32.pow(digits - 1);
        while place > 0 {
            text.push(char::from_digit(value / place % 10, 10).unwrap_or('0'));
            place /= 10;
        }
        text.push(end);
    }
    text
}

/// Reads `2026-01-15T08:30:45.000Z` with any number of decimals, or none.
pub(crate) fn parse_date(text: &str) -> Option<DateTime<Utc>> {
    by_hand(text.as_bytes())
        .or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.fZ").ok())
        .map(|date| date.and_utc())
}

/// The form that the service sends; anything else is left to the general reader.
fn by_hand(text: &[u8]) -> Option<NaiveDateTime> {
    let (head, decimals) = text.split_first_chunk::<19>()?;
    let number = |from: usize, to: usize| {
        head.get(from..to)?
            .iter()
            .try_fold(0_u32, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if !marks.iter().all(|(at, mark)| head.get(*at) == Some(mark)) {
        return None;
    }
    let decimals = match decimals {
        b"Z" => &[][..],
        [b'.', decimals @ .., b'Z'] if (1..=9).contains(&decimals.len()) => decimals,
        _ => return None,
    };
    let mut nanos = 0;
    for at in 0..9 {
        let digit = decimals.get(at).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        nanos = nanos * 10 + u32::from(digit - b'0');
    }
    NaiveDate::from_ymd_opt(i32::try_from(number(0, 4)?).ok()?, number(5, 7)?, number(8, 10)?)?.and_hms_nano_opt(
        number(11, 13)?,
        number(14, 16)?,
        number(17, 19)?,
        nanos,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_read_with_any_number_of_decimals_and_nothing_else() {
        for good in ["2026-01-15T08:30:45.000000Z", "2026-01-15T08:30:45.000Z", "2026-01-15T08:30:45Z"] {
            assert_eq!(parse_date(good), Some("2026-01-15T08:30:45Z".parse().unwrap()), "{good}");
        }
        for bad in ["", "soon", "2026-01-15 08:30:45", "2026-13-15T08:30:45Z", "2026-01-15T08:30:45+08:00"] {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn dates_are_written_and_read_as_by_the_general_formatter(
            seconds in -80_000_000_000_i64..400_000_000_000,
            nanos in 0..2_000_000_000_u32,
        ) {
            let at = DateTime::from_timestamp(seconds, nanos);
            prop_assume!(at.is_some());
            let at = at.unwrap_or_default();
            prop_assert_eq!(date_text(at), at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
            for text in [at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(), at.format("%Y-%m-%dT%H:%M:%SZ").to_string()] {
                let general = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.fZ").ok();
                prop_assert_eq!(parse_date(&text), general.map(|date| date.and_utc()), "{}", text);
            }
        }

        #[test]
        fn what_the_general_reader_takes_or_refuses_is_taken_or_refused(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,11})?[Z ]?") {
            let general = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.fZ").ok();
            prop_assert_eq!(parse_date(&text), general.map(|date| date.and_utc()));
        }
    }
}
