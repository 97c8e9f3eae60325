//! Dates as the protocol writes them, made digit by digit: one is written for each attempt of each call.

#[cfg(any(test, feature = "server"))]
use chrono::NaiveDateTime;
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

const DAYS: [&[u8; 3]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];
const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// `YYYYMMDDTHHMMSSZ`.
pub(crate) fn compact(at: DateTime<Utc>) -> [u8; 16] {
    let mut text = *b"00000000T000000Z";
    write(&mut text[..4], at.year().unsigned_abs());
    write(&mut text[4..6], at.month());
    write(&mut text[6..8], at.day());
    write(&mut text[9..11], at.hour());
    write(&mut text[11..13], at.minute());
    write(&mut text[13..15], at.second());
    text
}

/// The day of [`compact`], `YYYYMMDD`.
pub(crate) fn day(at: DateTime<Utc>) -> String {
    compact(at)[..8].iter().map(|b| char::from(*b)).collect()
}

/// The preferred form of an HTTP date, `Mon, 06 May 2024 07:08:09 GMT` (RFC 9110 §5.6.7).
pub(crate) fn http(at: DateTime<Utc>) -> [u8; 29] {
    let mut text = *b"Mon, 00 Jan 0000 00:00:00 GMT";
    text[..3].copy_from_slice(DAYS[at.weekday().num_days_from_monday() as usize]);
    write(&mut text[5..7], at.day());
    text[8..11].copy_from_slice(MONTHS[at.month0() as usize]);
    write(&mut text[12..16], at.year().unsigned_abs());
    write(&mut text[17..19], at.hour());
    write(&mut text[20..22], at.minute());
    write(&mut text[23..25], at.second());
    text
}

/// The text of a date.
pub(crate) fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).expect("dates are ASCII")
}

/// Reads [`compact`].
#[cfg(any(test, feature = "server"))]
pub(crate) fn parse_compact(text: &str) -> Option<DateTime<Utc>> {
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok().map(|at| at.and_utc())
}

/// Reads an HTTP date.
pub(crate) fn parse_http(text: &str) -> Option<DateTime<Utc>> {
    // Nearly every date is in the preferred form, whose reading costs a tenth.
    parse_preferred(text.as_bytes()).or_else(|| {
        text.ends_with(" GMT").then(|| DateTime::parse_from_rfc2822(text).ok()).flatten().map(|at| at.to_utc())
    })
}

/// Reads [`http`].
fn parse_preferred(text: &[u8]) -> Option<DateTime<Utc>> {
    let text: &[u8; 29] = text.try_into().ok()?;
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
    };
    let month = (1_u32..).zip(MONTHS).find(|(_, name)| name.as_slice() == &text[8..11])?.0;
    let year = i32::try_from(number(&text[12..16])?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, month, number(&text[5..7])?)?;
    let time = date.and_hms_opt(number(&text[17..19])?, number(&text[20..22])?, number(&text[23..25])?)?.and_utc();
    // The rest, day of the week and separators, is as it would be written.
    (http(time) == *text).then_some(time)
}

/// The last digits of `number`, as many as there is room for.
fn write(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_date_is_written_as_the_specification_shows_it() {
        let at: DateTime<Utc> = "2024-05-06T07:08:09Z".parse().unwrap();
        assert_eq!(&compact(at), b"20240506T070809Z");
        assert_eq!(&http(at), b"Mon, 06 May 2024 07:08:09 GMT");
        assert_eq!(day(at), "20240506");
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for bad in ["", "20240506T070809", "20241306T070809Z", "2024-05-06T07:08:09Z", "20240506 070809Z", "２０２４Z"]
        {
            assert_eq!(parse_compact(bad), None, "{bad}");
        }
        for bad in [
            "",
            "soon",
            "Mon, 06 May 2024 07:08:09 +0800",
            "Tue, 06 May 2024 07:08:09 GMT",
            "Mon, 06 May 2024 24:08:09 GMT",
            "Mon, 31 Feb 2024 07:08:09 GMT",
            "Mon, +6 May 2024 07:08:09 GMT",
            "Mon, 06-May-2024 07:08:09 UTC",
            "2024-05-06T07:08:09Z",
        ] {
            assert_eq!(parse_http(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_date_is_read_back(seconds in 0_i64..253_402_300_800) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            let (compact, http) = (compact(at), http(at));
            prop_assert_eq!(parse_compact(text(&compact)), Some(at));
            prop_assert_eq!((parse_preferred(&http), parse_http(text(&http))), (Some(at), Some(at)));
        }
    }
}
