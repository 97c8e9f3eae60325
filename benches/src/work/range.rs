//! GetRange: reading an answer of 1,000 rows, this project's client and a peer.

use std::rc::Rc;

use bytes::Bytes;
use campaign_client::{Operation, Serve};
use campaign_tablestore::{GetRange, PrimaryKey, RangePage, Row, schema::CapacityUnit};
use http::response;
use serde::Deserialize;

use super::{Run, repeat};

/// The rows of the answer.
pub(crate) const ROWS: usize = 1000;

pub(super) fn find(name: &str) -> Option<Run> {
    let read = Rc::new(Read::new());
    Some(match name {
        "borrowed" => repeat(move || {
            let page = read.page();
            let mut reader = page.reader().expect("it is a PlainBuffer");
            let mut length = 0;
            while let Some(row) = reader.next_row().expect("it is a row") {
                length += row.columns().len();
            }
            assert_eq!(length, ROWS * 12);
        }),
        "borrowed-typed" => repeat(move || {
            let page = read.page();
            let entries: Vec<EntryRef<'_>> = page.rows_as().expect("they are entries");
            assert_eq!(std::hint::black_box(entries).len(), ROWS);
        }),
        "typed" => repeat(move || {
            let entries: Vec<Entry> = read.page().rows_as().expect("they are entries");
            assert_eq!(entries.len(), ROWS);
            entries
        }),
        "rows" => repeat(move || {
            let rows = read.page().rows().expect("they are rows");
            assert_eq!(rows.len(), ROWS);
            rows
        }),
        #[cfg(feature = "peers")]
        "peer" => peer::run(read.body.clone()),
        _ => return None,
    })
}

/// What every row holds: as an entry of the PutRow figures, as the service answers it, with versions.
macro_rules! entry {
    ($(#[$attribute:meta])* $name:ident<$($life:lifetime)?>, $text:ty) => {
        $(#[$attribute])*
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "it is made and not looked at")]
        struct $name<$($life)?> {
            campaign_id: $text,
            day_bucket: $text,
            entry_id: $text,
            name: $text,
            email: $text,
            phone: $text,
            city: $text,
            locale: $text,
            source: $text,
            user_agent: $text,
            referrer: $text,
            created_ms: i64,
            terms_version: i64,
            consent: bool,
            score: f64,
        }
    };
}
entry!(
    /// With texts of its own.
    Entry<>, String);
entry!(
    /// With texts borrowed from the answer.
    EntryRef<'a>, &'a str);

const VERSION: i64 = 1_794_355_200_123;

fn row(n: usize) -> Row {
    let key = PrimaryKey::new()
        .with("campaign_id", "double11-2026")
        .with("day_bucket", "2026-11-11#07")
        .with("entry_id", format!("01K9RQ7V5ZC4T8N2M6P3{n:06}"));
    let texts = [
        ("city", "Hangzhou"),
        ("email", "person.one@example.com"),
        ("locale", "zh-CN"),
        ("name", "Example Person"),
        ("phone", "+8613800000000"),
        ("referrer", "https://campaign.example.com/double11"),
        ("source", "poster-station-0003"),
        ("user_agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"),
    ];
    let row = texts.iter().fold(Row::new(key), |row, (name, value)| row.with_version(*name, *value, VERSION));
    let mut row = row
        .with_version("consent", true, VERSION)
        .with_version("created_ms", VERSION, VERSION)
        .with_version("score", 0.8125, VERSION)
        .with_version("terms_version", 7_i64, VERSION);
    row.columns.sort_by(|a, b| a.name.cmp(&b.name));
    row
}

/// A call and the body of its answer.
struct Read {
    call: GetRange,
    head: response::Parts,
    body: Bytes,
}

impl Read {
    fn new() -> Self {
        let call = GetRange::all("campaign_entries", ["campaign_id", "day_bucket", "entry_id"]);
        let rows: Vec<_> = (0..ROWS).map(row).collect();
        let answer = call.write_response(&RangePage::new(CapacityUnit::new(160, 0), &rows, None));
        let (head, body) = answer.expect("it can be answered").into_parts();
        Self { call, head, body }
    }

    /// The page of the answer, its rows not yet read.
    fn page(&self) -> RangePage {
        self.call.response(&self.head, self.body.clone()).expect("it is the answer")
    }
}

#[cfg(feature = "peers")]
mod peer {
    //! aliyun-tablestore-rs.

    use aliyun_tablestore_rs::{data::GetRangeResponse, protos};
    use bytes::Bytes;
    use prost::Message;

    use super::{ROWS, Run, repeat};

    pub(super) fn run(body: Bytes) -> Run {
        repeat(move || {
            let message = protos::GetRangeResponse::decode(&body[..]).expect("it is the message");
            let answer = GetRangeResponse::try_from(message).expect("it is the answer");
            assert_eq!(answer.rows.len(), ROWS);
            answer
        })
    }
}
