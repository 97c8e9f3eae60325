//! Dates of a DATE field: by its formats, in UTC, to milliseconds since 1970.

use chrono::NaiveDate;

/// A piece of a format: what stands there and how many letters it takes.
enum Piece<'a> {
    Number(char, usize),
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
    matches!(format, "epoch_millis" | "epoch_second") || pieces(format).is_some()
}

/// The time of a text by the first format that fits it exactly.
pub(super) fn parse(formats: &[String], text: &str) -> Option<i64> {
    formats.iter().find_map(|format| match format.as_str() {
        "epoch_millis" => text.parse().ok(),
        "epoch_second" => text.parse::<i64>().ok()?.checked_mul(1000),
        format => by_pieces(&pieces(format)?, text),
    })
}

fn by_pieces(pieces: &[Piece<'_>], mut text: &str) -> Option<i64> {
    let (mut year, mut month, mut day, mut clock, mut millis) = (1970, 1, 1, [0_u32; 3], 0);
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => text = text.strip_prefix(literal)?,
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
    text.is_empty().then(|| time.and_utc().timestamp_millis())
}
