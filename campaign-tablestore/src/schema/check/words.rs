//! What the name of a column says of its values.

use super::finding::Growth;
use crate::schema::ColumnType;

/// Words that say that the values are spread, whatever the others say.
const SPREAD: &[&str] = &[
    "bucket", "checksum", "crc", "digest", "hash", "hashed", "hex", "hmac", "md5", "prefix", "random", "rand",
    "reversed", "salt", "sha", "sha1", "sha256", "shard", "token", "uuid4",
];

const TIME: &[&str] = &[
    "at",
    "created",
    "date",
    "datetime",
    "day",
    "epoch",
    "hour",
    "minute",
    "modified",
    "month",
    "second",
    "time",
    "timestamp",
    "ts",
    "updated",
    "week",
    "year",
    "ymd",
];

const TIME_ORDERED_ID: &[&str] = &["ksuid", "objectid", "snowflake", "ulid", "uuid7", "uuidv7"];

/// For integers only.
const SEQUENCE: &[&str] = &[
    "autoincrement",
    "count",
    "counter",
    "id",
    "index",
    "no",
    "num",
    "number",
    "offset",
    "position",
    "seq",
    "sequence",
    "serial",
];

const FEW_VALUES: &[&str] = &[
    "campaign", "category", "channel", "country", "domain", "gender", "kind", "lang", "language", "level", "locale",
    "platform", "province", "region", "sex", "source", "state", "status", "topic", "type",
];

/// How the values of a column of this name come, if the name tells.
pub(super) fn growth(name: &str, kind: Option<ColumnType>) -> Option<Growth> {
    let words = words(name);
    let last = words.last().map(String::as_str).unwrap_or_default();
    let any = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if any(SPREAD) {
        return None;
    }
    if any(TIME_ORDERED_ID) {
        return Some(Growth::TimeOrderedId);
    }
    // `at` is a time at the end only (`created_at`); `time zone`, `month count` and the like are rare enough to be asked about.
    if words.iter().any(|word| word != "at" && TIME.contains(&word.as_str())) || last == "at" {
        return Some(Growth::Time);
    }
    // The last word says what it is: `order_id` is an id, `id_type` a type. An id of a campaign is one of few.
    if kind == Some(ColumnType::Integer) && SEQUENCE.contains(&last) {
        return Some(Growth::Sequence);
    }
    let noun = words.iter().rev().find(|word| !matches!(word.as_str(), "id" | "code" | "name"));
    noun.filter(|word| FEW_VALUES.contains(&word.as_str())).map(|_| Growth::FewValues)
}

/// The words of a name, in lower case: divided at `_`, `-`, `.` and before capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let divides = matches!(c, '_' | '-' | '.');
        if divides || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| !divides) {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}
