//! The stored entries as NDJSON: one line a row, in the order of the row keys.

use std::io::Write;

use campaign_core::{
    Campaign, RowKey,
    form::Kind,
    store::{Entry, EntryStore, Fields, Stored},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::{BoxError, cloud::Cloud, provision};

/// Rows read at a time.
const PAGE: usize = 1000;

/// A line; the format is described in `interop/README.md`.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    submission: &'a str,
    received: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<&'a str>,
    fields: &'a Fields,
}

/// Writes all live entries of the campaign to `out`. Tombstones hold nothing to write.
pub(crate) async fn run(campaign: &Campaign, cloud: &Cloud, mut out: impl Write + Send) -> Result<(), BoxError> {
    let table = provision::table(campaign, cloud)?;
    let terms = campaign.form().fields().iter().find(|field| matches!(field.kind(), Kind::Consent { .. }));
    let terms = terms.map(|field| field.name());
    let mut after = None;
    loop {
        let page = table.page(after.as_ref(), PAGE).await?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (key, stored) in &page {
            if let Stored::Entry(entry) = stored {
                serde_json::to_writer(&mut out, &line(key, entry, terms))?;
                out.write_all(b"\n")?;
            }
        }
    }
    Ok(out.flush()?)
}

fn line<'a>(key: &'a RowKey, entry: &'a Entry, terms: Option<&str>) -> Line<'a> {
    Line {
        key: key.as_str(),
        submission: entry.id.as_str(),
        received: written(entry.received_at),
        terms: terms.and_then(|terms| entry.fields.get(terms)),
        fields: &entry.fields,
    }
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
