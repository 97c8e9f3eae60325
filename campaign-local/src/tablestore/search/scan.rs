//! ComputeSplits, ParallelScan.
//!
//! There is one split. A session is text with the time when it was opened; a page's token holds the last key and the time
//! until which the session lives, so that nothing is kept.

use std::ops::ControlFlow;

use bytes::Bytes;
use campaign_tablestore::op::compute_splits::{ComputeSplits, ScanSession};
use campaign_tablestore::op::parallel_scan::ParallelScan;
use campaign_tablestore::plain_buffer::{Encode, decode_key};
use campaign_tablestore::search::{ReturnType, ScanPage};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, PrimaryKey, Row, TableStore, Token};

use super::document::Document;
use super::evaluate::{Scope, score};
use super::find::wanted;
use super::{index, validate};
use crate::store::View;
use crate::tablestore::check::invalid;
use crate::tablestore::operations::{Emulate, Moments, Stop};

/// Rows of a page, at most and unless the scan says otherwise; milliseconds that a session lives before its first page
/// (service document "Search index limits").
const LIMIT: i32 = 2000;
const FIRST_PAGE: i64 = 60_000;

impl Emulate for ComputeSplits {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ScanSession), Stop> {
        let (compute, now) = (self.clone(), at.now);
        let session = at.read(move |read, service| {
            index::table_of(read, service, &compute.table_name)?;
            let name = compute.search_index_splits_options.and_then(|options| options.index_name);
            let name = name.ok_or_else(|| invalid("[search index splits options] must not be null"))?;
            index::existing(read, service, &compute.table_name, &name)?;
            Ok(ScanSession { session_id: format!("session-{now}").into(), splits_size: 1 })
        });
        let session = session.await?;
        Ok((self, session))
    }
}

impl Emulate for ParallelScan {
    fn about(&self) -> Vec<u8> {
        [self.table_name.as_bytes(), &[0], self.index_name.as_bytes()].concat()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ScanPage), Stop> {
        let (scan, now) = (self.clone(), at.now);
        let page = at.read(move |read, service| page(read, service, &scan, now)).await?;
        Ok((self, page))
    }
}

fn page(view: &impl View, service: &TableStore, scan: &ParallelScan, now: i64) -> Result<ScanPage, Refusal> {
    let table = index::table_of(view, service, &scan.table_name)?;
    let index = index::existing(view, service, &scan.table_name, &scan.index_name)?;
    let query = &scan.scan_query;
    check_part(query.current_parallel_id.unwrap_or(0), query.max_parallel.unwrap_or(1))?;
    let limit = query.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT).contains(&limit) {
        return Err(invalid(format!("[parallel_scan.limit] must be in [1, {LIMIT}]")));
    }
    if scan.columns_to_get.as_ref().is_some_and(|columns| columns.return_type == ReturnType::All) {
        return Err(invalid("ParallelScan returns only columns of the search index"));
    }
    let (ends, after) = match query.token.as_ref().filter(|token| !token.is_empty()) {
        Some(token) => of_token(token).ok_or_else(|| invalid("[parallel_scan.token] is invalid"))?,
        None => (opened(scan.session_id.as_ref(), now)?.saturating_add(FIRST_PAGE), None),
    };
    if now > ends {
        let text = "ScanQuery'session is expired, please retry ComputeSplitsRequest and ScanQuery.";
        return Err(Refusal::new(Code::SessionExpired, text));
    }
    let scope = Scope::of(&index.schema().fields, 0);
    validate::query(&query.query, scope, validate::Place::Inside)?;
    let limit = usize::try_from(limit).unwrap_or(0);
    let mut rows: Vec<Row> = Vec::new();
    index.each(view, (&table, now), after.as_ref(), &mut |row| {
        if score(&query.query, Document::Row(&row), scope).is_some() {
            rows.push(wanted(row, scan.columns_to_get.as_ref(), &index));
        }
        Ok(if rows.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    // Only a page without rows says that there are no more (official SDK tests).
    let ends = now.saturating_add(i64::from(query.alive_time.unwrap_or(60)) * 1000);
    let mut page = ScanPage::default().with_rows(&rows);
    page.next_token = rows.last().map(|row| token(ends, &row.primary_key));
    Ok(page)
}

fn check_part(id: i32, parts: i32) -> Result<(), Refusal> {
    if parts != 1 {
        let text = format!("[parallel_scan.max_parallel_id] must in (0 ,1], current max_parallel_id is {parts}");
        return Err(invalid(text));
    }
    if id == 0 {
        return Ok(());
    }
    Err(invalid(format!(
        "[parallel_scan.current_parallel_id] must in [0, max_parallel), current max_parallel is {parts}, \
         current_parallel_id is {id}"
    )))
}

/// When a session was opened; a scan without one is in its own.
fn opened(session: Option<&Bytes>, now: i64) -> Result<i64, Refusal> {
    let Some(session) = session.filter(|session| !session.is_empty()) else { return Ok(now) };
    let text = std::str::from_utf8(session).ok().and_then(|text| text.strip_prefix("session-"));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| invalid("[parallel_scan.session_id] is invalid"))
}

fn token(ends: i64, last: &PrimaryKey) -> Token {
    [&ends.to_be_bytes(), last.to_bytes().as_slice()].concat().into()
}

fn of_token(token: &[u8]) -> Option<(i64, Option<PrimaryKey>)> {
    let (ends, key) = token.split_first_chunk()?;
    Some((i64::from_be_bytes(*ends), Some(decode_key(key).ok()?)))
}
