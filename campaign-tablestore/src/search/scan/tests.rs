//! Scans of an index over pages as they are told: what is asked for, and where a stream ends.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{Body, Credentials, Download, ErrorKind, Retry, Serve, Transport, TransportError};

use super::*;
use crate::server::Refusal;
use crate::{Code, PrimaryKey, ScanSession, TableStore, Token};

/// Opens one session after the other, each of one part, and answers ParallelScan with what it was told.
#[derive(Clone, Debug)]
struct Index(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    told: VecDeque<std::result::Result<ScanPage, Code>>,
    opened: usize,
    asked: Vec<ParallelScan>,
}

impl Index {
    fn telling(told: impl IntoIterator<Item = std::result::Result<ScanPage, Code>>) -> Self {
        let told = told.into_iter().collect();
        Self(Arc::new(Mutex::new(State { told, opened: 0, asked: Vec::new() })))
    }

    fn client(&self) -> Client {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap().without_answer_checks();
        let builder = Client::builder(service).transport(self.clone()).credentials(Credentials::new("k", "s"));
        builder.retry(Retry::default()).build().unwrap()
    }

    /// The session and the token of each request for a page.
    fn asked(&self) -> Vec<(String, Option<String>)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let state = self.0.lock().unwrap();
        let asked = state.asked.iter();
        asked
            .map(|scan| (text(scan.session_id.as_ref().unwrap()), scan.scan_query.token.as_deref().map(text)))
            .collect()
    }
}

#[async_trait]
impl Transport for Index {
    async fn send(
        &self,
        request: http::Request<Body>,
    ) -> std::result::Result<http::Response<Download>, TransportError> {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let (parts, body) = request.into_parts();
        let body = body.bytes().cloned().unwrap_or_default();
        let mut state = self.0.lock().unwrap();
        let answer = if let Ok(compute) = ComputeSplits::read_request(&service, &parts, body.clone()) {
            state.opened += 1;
            let session_id = format!("session {}", state.opened).into();
            compute.write_response(&ScanSession { session_id, splits_size: 1 }).unwrap()
        } else {
            let scan = ParallelScan::read_request(&service, &parts, body).unwrap();
            state.asked.push(scan.clone());
            match state.told.pop_front().expect("no page is asked for after the last") {
                Ok(page) => scan.write_response(&page).unwrap(),
                Err(code) => Refusal::new(code, "told").response(),
            }
        };
        Ok(answer.map(Download::from))
    }
}

fn page(ids: &[i64], token: Option<&'static str>) -> ScanPage {
    let rows: Vec<Row> = ids.iter().map(|id| Row::new(PrimaryKey::new().with("id", *id))).collect();
    let next_token = token.map(Token::from);
    ScanPage { next_token, ..ScanPage::default() }.with_rows(&rows)
}

fn part() -> ParallelScan {
    ParallelScan::new("t", "i", Query::all()).session_id("session")
}

/// The ids of the rows up to the end of the stream, and what it ended with.
async fn read(rows: impl Stream<Item = Result<Row>> + Unpin) -> (Vec<i64>, Option<Error>) {
    let mut rows = rows;
    let mut ids = Vec::new();
    let ended = loop {
        match rows.next().await {
            Some(Ok(row)) => ids.push(row.key("id").and_then(|id| id.as_i64()).unwrap()),
            Some(Err(error)) => break Some(error),
            None => break None,
        }
    };
    assert!(rows.next().await.is_none(), "a stream that has ended has ended");
    (ids, ended)
}

fn of_session(session: &str, tokens: &[Option<&str>]) -> Vec<(String, Option<String>)> {
    tokens.iter().map(|token| (session.to_owned(), token.map(str::to_owned))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_part_goes_on_over_pages_without_rows_until_a_page_has_no_token() {
    let index = Index::telling([
        Ok(page(&[], Some("a"))),
        Ok(page(&[1, 2], Some("b"))),
        Ok(page(&[], Some("c"))),
        Ok(page(&[3], None)),
    ]);
    let (ids, ended) = read(part().alive_time(7).limit(2).part(3, 5).rows(&index.client())).await;
    assert!(ended.is_none(), "{ended:?}");
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(index.asked(), of_session("session", &[None, Some("a"), Some("b"), Some("c")]));
    // Each page is asked for in the same part, and keeps the session for as long.
    for scan in &index.0.lock().unwrap().asked {
        let query = &scan.scan_query;
        let part = (query.current_parallel_id, query.max_parallel);
        assert_eq!((part, query.alive_time, query.limit), ((Some(3), Some(5)), Some(7), Some(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_token_is_the_last_and_a_token_that_leads_to_itself_is_an_error() {
    let last = Index::telling([Ok(page(&[1], Some("")))]);
    let (ids, ended) = read(part().rows(&last.client())).await;
    assert_eq!((ids, ended.is_none(), last.asked().len()), (vec![1], true, 1));

    let circle = Index::telling([Ok(page(&[1], Some("a"))), Ok(page(&[2], Some("a")))]);
    let (ids, ended) = read(part().rows(&circle.client())).await;
    assert_eq!((ids, ended.unwrap().kind()), (vec![1], ErrorKind::Unreadable));
    assert_eq!(circle.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_middle_comes_after_the_rows_before_it_and_the_token_goes_on() {
    let index = Index::telling([
        Ok(page(&[1, 2], Some("a"))),
        Err(Code::ObjectNotExist),
        Ok(page(&[3], Some("b"))),
        Ok(page(&[], None)),
    ]);
    let client = index.client();
    let (ids, ended) = read(part().rows(&client)).await;
    assert_eq!((ids, Code::of(&ended.unwrap())), (vec![1, 2], Some(Code::ObjectNotExist)));
    // The service forgets nothing by an error: the same part goes on with the token that was asked with.
    let (ids, ended) = read(part().token("a").rows(&client)).await;
    assert_eq!((ids, ended.is_none()), (vec![3], true));
    assert_eq!(index.asked(), of_session("session", &[None, Some("a"), Some("a"), Some("b")]));
}

#[tokio::test(start_paused = true)]
async fn a_busy_service_is_asked_for_the_same_page_again() {
    let index = Index::telling([Ok(page(&[1], Some("a"))), Err(Code::ServerBusy), Ok(page(&[2], None))]);
    let (ids, ended) = read(part().rows(&index.client())).await;
    assert_eq!((ids, ended.is_none()), (vec![1, 2], true));
    assert_eq!(index.asked(), of_session("session", &[None, Some("a"), Some("a")]));
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_read_ends_the_part() {
    let damaged = ScanPage { rows: vec![Bytes::from_static(b"?")], next_token: Some("b".into()) };
    let index = Index::telling([Ok(page(&[1], Some("a"))), Ok(damaged)]);
    let (ids, ended) = read(part().rows(&index.client())).await;
    assert_eq!((ids, ended.unwrap().kind(), index.asked().len()), (vec![1], ErrorKind::Unreadable, 2));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ended_is_not_asked_again_and_a_scan_that_is_begun_again_gives_all_rows() {
    let index = Index::telling([
        Ok(page(&[1, 2], Some("a"))),
        Err(Code::SessionExpired),
        Ok(page(&[1, 2], Some("c"))),
        Ok(page(&[3], None)),
    ]);
    let (client, scan) = (index.client(), IndexScan::new("t", "i", Query::all()));
    let (ids, ended) = read(scan.clone().rows(&client).await.unwrap()).await;
    let ended = ended.unwrap();
    assert_eq!((ids, Code::of(&ended)), (vec![1, 2], Some(Code::SessionExpired)));
    assert!(!ended.outcome_unknown());
    assert_eq!(index.asked(), of_session("session 1", &[None, Some("a")]));

    let (ids, ended) = read(scan.rows(&client).await.unwrap()).await;
    assert_eq!((ids, ended.is_none()), (vec![1, 2, 3], true));
    assert_eq!(index.asked()[2..], of_session("session 2", &[None, Some("c")]));
    assert_eq!(index.0.lock().unwrap().opened, 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_is_asked_for_when_its_first_row_is() {
    let index = Index::telling([Ok(page(&[1, 2], Some("a"))), Ok(page(&[3], None))]);
    let client = index.client();
    let mut rows = part().rows(&client);
    assert_eq!(index.asked().len(), 0);
    for expected in [1, 1, 2] {
        rows.next().await.unwrap().unwrap();
        assert_eq!(index.asked().len(), expected);
    }
}
