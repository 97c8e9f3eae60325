//! The date rule: a real day, written exactly `YYYY-MM-DD`.

use chrono::NaiveDate;

/// The day, from year 1 on as in HTML's `type=date`, or `None` if the text is not one.
pub(crate) fn parse(text: &str) -> Option<NaiveDate> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let year = number(&[y1, y2, y3, y4]).filter(|year| *year > 0)?;
    NaiveDate::from_ymd_opt(year.into(), number(&[m1, m2])?.into(), number(&[d1, d2])?.into())
}

/// The number of at most four digits.
fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0, |number, b| b.is_ascii_digit().then(|| number * 10 + u16::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_days_are_read() {
        for day in ["2028-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(parse(day).unwrap().format("%Y-%m-%d").to_string(), day);
        }
    }

    #[test]
    fn other_texts_are_not_days() {
        for text in [
            "",
            "2026-02-30",
            "2001-02-29",
            "1900-02-29",
            "1999-13-01",
            "1999-00-01",
            "1999-01-00",
            "0000-01-01",
            "99999-01-01",
            "1990-1-1",
            "01.02.1990",
            "yesterday",
            "2026-01-01T00:00:00+99:99",
            "2026/01/01",
            "+026-01-01",
            "-026-01-01",
            "20260101",
            "\u{661}\u{669}\u{669}\u{660}-\u{660}\u{661}-\u{660}\u{661}",
            "199\u{660}-01-01",
            "2026-01-0",
            "2026-01-011",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
