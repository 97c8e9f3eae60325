//! Streams over a table in memory, and over pages as they are told.

mod bulk;
mod rows;
mod scans;
mod wide;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use campaign_client::{Body, Credentials, Download, Retry, Serve, Transport, TransportError};

use crate::{Client, Direction, GetRange, PrimaryKey, RangePage, Row, TableStore, schema::CapacityUnit};

/// Answers GetRange from its rows, or, as long as there are some, with the pages it was told. Other calls are refused.
#[derive(Clone, Debug, Default)]
struct Store(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    rows: Vec<Row>,
    page: usize,
    told: VecDeque<RangePage>,
    asked: Vec<GetRange>,
    /// From this request on there is no answer.
    silent_from: Option<usize>,
    given_up: usize,
}

impl Store {
    fn of(rows: Vec<Row>, page: usize) -> Self {
        Self(Arc::new(Mutex::new(State { rows, page, ..State::default() })))
    }

    fn telling(pages: impl IntoIterator<Item = RangePage>) -> Self {
        Self(Arc::new(Mutex::new(State { told: pages.into_iter().collect(), ..State::default() })))
    }

    fn client(&self) -> Client {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap().without_answer_checks();
        let builder = Client::builder(service).transport(self.clone()).credentials(Credentials::new("k", "s"));
        builder.retry(Retry::never()).build().unwrap()
    }

    fn asked(&self) -> Vec<GetRange> {
        self.0.lock().unwrap().asked.clone()
    }

    fn page(&self, range: &GetRange) -> Option<RangePage> {
        let mut state = self.0.lock().unwrap();
        state.asked.push(range.clone());
        if state.silent_from.is_some_and(|from| state.asked.len() > from) {
            return None;
        }
        if let Some(told) = state.told.pop_front() {
            return Some(told);
        }
        let (start, end) = (&range.inclusive_start_primary_key, &range.exclusive_end_primary_key);
        let mut rows: Vec<_> = state
            .rows
            .iter()
            .filter(|row| !range.is_before(&row.primary_key, start) && range.is_before(&row.primary_key, end))
            .cloned()
            .collect();
        if range.direction == Direction::Backward {
            rows.reverse();
        }
        let page = range.limit.map_or(state.page, |limit| limit.try_into().unwrap()).min(rows.len());
        let next = rows.get(page).map(|row| row.primary_key.clone());
        Some(RangePage::new(CapacityUnit::new(1, 0), &rows[..page], next))
    }
}

/// Counts what is given up.
struct Guard(Store);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().given_up += 1;
    }
}

#[async_trait]
impl Transport for Store {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let (parts, body) = request.into_parts();
        let body = body.bytes().cloned().unwrap_or_default();
        let range = GetRange::read_request(&service, &parts, body).unwrap();
        let Some(page) = self.page(&range) else {
            let _guard = Guard(self.clone());
            std::future::pending::<()>().await;
            unreachable!();
        };
        Ok(range.write_response(&page).unwrap().map(Download::from))
    }
}

fn key(n: i64) -> PrimaryKey {
    PrimaryKey::new().with("n", n)
}

fn row(n: i64) -> Row {
    Row::new(key(n)).with_version("v", n * 2, 1)
}

fn all() -> GetRange {
    GetRange::all("t", ["n"])
}

/// A page that goes on at `next`, in the middle of that row if there is a token.
fn page(rows: &[Row], next: Option<i64>, token: Option<&'static str>) -> RangePage {
    let page = RangePage::new(CapacityUnit::new(1, 0), rows, next.map(key));
    RangePage { next_token: token.map(Into::into), ..page }
}
