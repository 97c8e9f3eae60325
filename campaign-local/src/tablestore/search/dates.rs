//! Dates of a DATE field: by its formats, in UTC unless they have a zone, to milliseconds since 1970 (service document "Date
//! data type", whose nanoseconds are cut off).

use chrono::NaiveDate;

/// A piece of a format: what stands there and how many letters it takes.
enum Piece<'a> {
    Number(char, usize),
    /// A zone: hours, with two letters or more also minutes, with three with a colon before them; whether `Z` is one.
    Zone(usize, bool),
    Literal(&'a str),
}

/// The pieces of a format such as `yyyy-MM-dd'T'HH:mm:ss.SSS`; none for one that is not emulated.
fn pieces(format: &str) -> Option<Vec<Piece<'_>>> {
    let (mut pieces, mut rest) = (Vec::new(), format);
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '\'' => {
                let (literal, after) = rest.get(1..)?.split_once('\'')?;
                pieces.push(Piece::Literal(literal));
                rest = after;
                continue;
            }
            'y' | 'M' | 'd' | 'H' | 'm' | 's' | 'S' => {
                let end = rest.find(|letter| letter != first).unwrap_or(rest.len());
                let fits = match first {
                    'y' => end == 4,
                    'S' => end <= 9,
                    _ => end == 2,
                };
                if !fits {
                    return None;
                }
                pieces.push(Piece::Number(first, end));
                end
            }
            'X' | 'x' => {
                let end = rest.find(|letter| letter != first).unwrap_or(rest.len());
                if end > 3 {
                    return None;
                }
                pieces.push(Piece::Zone(end, first == 'X'));
                end
            }
            letter if letter.is_alphabetic() => return None,
            other => {
                let (literal, _) = rest.split_at(other.len_utf8());
                pieces.push(Piece::Literal(literal));
                literal.len()
            }
        };
        rest = rest.get(end..)?;
    }
    Some(pieces)
}

/// Whether a format is emulated.
pub(super) fn is_known(format: &str) -> bool {
    matches!(format, "epoch_second" | "epoch_millis" | "epoch_micros" | "epoch_nanos") || pieces(format).is_some()
}

/// The time of a text by the first format that fits it exactly.
pub(super) fn parse(formats: &[String], text: &str) -> Option<i64> {
    formats.iter().find_map(|format| match format.as_str() {
        "epoch_millis" => text.parse().ok(),
        "epoch_second" => text.parse::<i64>().ok()?.checked_mul(1000),
        "epoch_micros" => Some(text.parse::<i64>().ok()?.div_euclid(1000)),
        "epoch_nanos" => Some(text.parse::<i64>().ok()?.div_euclid(1_000_000)),
        format => by_pieces(&pieces(format)?, text),
    })
}

fn by_pieces(pieces: &[Piece<'_>], mut text: &str) -> Option<i64> {
    let (mut year, mut month, mut day, mut clock, mut millis, mut ahead) = (1970, 1, 1, [0_u32; 3], 0, 0);
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text = text.strip_prefix(literal)?,
            Piece::Zone(letters, named) => (ahead, text) = zone(*letters, *named, text)?,
            Piece::Number(kind, length) => {
                let digits = text.get(..*length).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
                text = text.get(*length..)?;
                let number: u32 = digits.parse().ok()?;
                match kind {
                    'y' => year = i32::try_from(number).ok()?,
                    'M' => month = number,
                    'd' => day = number,
                    'H' => clock[0] = number,
                    'm' => clock[1] = number,
                    's' => clock[2] = number,
                    _ => millis = format!("{digits:0<3}").get(..3)?.parse().ok()?,
                }
            }
        }
    }
    let [hour, minute, second] = clock;
    let time = NaiveDate::from_ymd_opt(year, month, day)?.and_hms_milli_opt(hour, minute, second, millis)?;
    text.is_empty().then(|| time.and_utc().timestamp_millis() - ahead)
}

/// Milliseconds that a zone at the beginning of a text is ahead of UTC, and the text behind it.
fn zone(letters: usize, named: bool, text: &str) -> Option<(i64, &str)> {
    if let Some(rest) = text.strip_prefix('Z').filter(|_| named) {
        return Some((0, rest));
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let two = |text: &str| {
        let digits = text.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse::<i64>().ok()
    };
    let (hours, mut rest) = (two(text.get(1..)?)?, text.get(3..)?);
    let mut minutes = 0;
    // One letter is hours, with minutes if there are any.
    if letters > 1 || two(rest).is_some() {
        rest = if letters == 3 { rest.strip_prefix(':')? } else { rest };
        minutes = two(rest)?;
        rest = rest.get(2..)?;
    }
    (hours < 24 && minutes < 60).then_some((sign * (hours * 60 + minutes) * 60_000, rest))
}
