//! Where to go on in a range, as text that can be kept.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use campaign_client::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    Direction, KeyValue, PrimaryKey,
    plain_buffer::{Encode, decode_key},
};

/// The form that is written; another one is refused.
const FORM: u8 = 1;

/// The longest text that is read: four key columns of 1,024 bytes with names of 255, and the name of the table.
const MAX_TEXT: usize = 8 << 10;

/// A place in a range: the next row that a stream of [`Rows`](crate::Rows) would have handed out.
///
/// As text ([`Display`](fmt::Display), serde) it can be kept and be gone on with by [`GetRange::resume`](crate::GetRange::resume)
/// in another process. The text holds the key of a row; `Debug` does not show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeCursor {
    pub(crate) table_name: String,
    pub(crate) direction: Direction,
    pub(crate) key: PrimaryKey,
}

impl fmt::Display for RangeCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.table_name.as_bytes();
        // A legal name has at most 255 bytes, and a range with another has never been read.
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        let mut bytes = vec![FORM, u8::from(self.direction == Direction::Backward), length];
        bytes.extend_from_slice(name.get(..length.into()).unwrap_or(name));
        self.key.encode(&mut bytes);
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for RangeCursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        read(text).ok_or_else(|| Error::invalid("the text is no cursor of a range"))
    }
}

fn read(text: &str) -> Option<RangeCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(Some(text).filter(|text| text.len() <= MAX_TEXT)?).ok()?;
    let (&[FORM, direction, length], rest) = bytes.split_first_chunk::<3>()? else { return None };
    let direction = match direction {
        0 => Direction::Forward,
        1 => Direction::Backward,
        _ => return None,
    };
    let (name, key) = rest.split_at_checked(length.into())?;
    let key = decode_key(key).ok()?;
    // It is not a row's key only before the first row: a bound, which INF_MIN and INF_MAX may be.
    let auto = key.columns().iter().any(|column| column.value == KeyValue::AutoIncrement);
    Some(RangeCursor { table_name: str::from_utf8(name).ok()?.to_owned(), direction, key }).filter(|_| !auto)
}

impl Serialize for RangeCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RangeCursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = RangeCursor;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a cursor of a range")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<RangeCursor, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}
