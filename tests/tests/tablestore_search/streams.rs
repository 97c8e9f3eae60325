//! Rows over many pages and parts: each once, no more pages than needed, none after the stream is dropped.

use std::collections::BTreeMap;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{Body, Download, ErrorKind, Retry, Serve, Transport, TransportError};
use campaign_tablestore::search::{ColumnsToGet, IndexScan, Query, ReturnType, ScanPage, SearchPage, Sorter};
use campaign_tablestore::{Client, Code, ComputeSplits, DeleteRow, ParallelScan, PutRow, Row, ScanSession};
use campaign_tests::tablestore::{Script, client, service, signed};
use futures_util::{Stream, StreamExt, TryStreamExt};

use crate::bed::{Bed, INDEX, TABLE, id, ids, key, search};

const ROWS: i64 = 53;
const ENDPOINT: &str = "http://127.0.0.1:1";

fn numbered(from: i64, to: i64) -> String {
    (from..to).map(|n| format!("{n:05}")).collect::<Vec<_>>().join(" ")
}

fn scan() -> IndexScan {
    IndexScan::new(TABLE, INDEX, Query::all()).limit(10)
}

fn sorted(rows: &[Row]) -> String {
    let mut ids: Vec<&str> = rows.iter().map(id).collect();
    ids.sort_unstable();
    ids.join(" ")
}

#[tokio::test]
async fn a_search_gives_every_row_once_in_its_order_with_one_request_a_page() {
    let bed = Bed::numbered(ROWS).await;
    let rows: Vec<Row> = search(Query::all()).limit(10).rows(&bed.client).try_collect().await.unwrap();
    assert_eq!(ids(&rows), numbered(0, ROWS));
    assert_eq!(bed.sent("Search"), 6);
    let down = search(Query::all()).sort_by([Sorter::descending("pages")]).limit(7);
    let rows: Vec<Row> = down.rows(&bed.client).try_collect().await.unwrap();
    assert!(rows.iter().rev().map(id).eq(numbered(0, ROWS).split(' ')), "{}", ids(&rows));
    let every_third: Vec<Row> =
        search(Query::term("state", "x")).limit(5).rows(&bed.client).try_collect().await.unwrap();
    assert_eq!(every_third.len(), 18);
}

#[tokio::test]
async fn a_search_goes_on_in_another_process_with_the_token_of_a_page() {
    let bed = Bed::numbered(ROWS).await;
    let by_pages = search(Query::all()).sort_by([Sorter::ascending("pages")]).limit(10);
    let mut pages = bed.client.pages(by_pages);
    pages.try_next().await.unwrap();
    let kept: Vec<u8> = pages.try_next().await.unwrap().unwrap().next_token.unwrap().to_vec();
    let rest = search(Query::all()).limit(10).token(kept).rows(&bed.client);
    assert_eq!(ids(&rest.try_collect::<Vec<_>>().await.unwrap()), numbered(20, ROWS));
}

#[tokio::test]
async fn a_scan_gives_every_row_once() {
    let bed = Bed::numbered(ROWS).await;
    let rows: Vec<Row> = scan().rows(&bed.client).await.unwrap().try_collect().await.unwrap();
    assert_eq!(sorted(&rows), numbered(0, ROWS));
    assert!(rows.iter().all(|row| row.get("pages").is_some()), "with all columns of the index");
    assert_eq!(bed.sent("ComputeSplits"), 1);
    assert!((6..=7).contains(&bed.sent("ParallelScan")), "{}", bed.sent("ParallelScan"));
    let keys = scan().columns_to_get(ColumnsToGet::of(ReturnType::None)).rows(&bed.client).await.unwrap();
    assert!(keys.try_collect::<Vec<_>>().await.unwrap().iter().all(|row| row.columns.is_empty()));
    let none = IndexScan::new(TABLE, INDEX, Query::term("state", "z")).rows(&bed.client).await.unwrap();
    assert_eq!(none.count().await, 0);
}

/// Rows that are there all the while come once, whatever is put and deleted around them between two pages.
async fn meanwhile(bed: &Bed, mut rows: impl Stream<Item = campaign_client::Result<Row>> + Unpin) {
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await.unwrap() {
        let n: i64 = id(&row).parse().unwrap();
        found.push(n);
        // Rows that came already go, or more come before the place.
        if found.len() % 20 == 10 {
            for gone in &found[found.len() - 3..] {
                bed.client.send(&DeleteRow::new(TABLE, key(&format!("{gone:05}")))).await.unwrap();
            }
        } else if found.len() % 20 == 0 {
            for early in 1..8 {
                let early = -n * 10 - early;
                let row = Row::new(key(&format!("{early:05}"))).with("pages", early);
                bed.client.send(&PutRow::new(TABLE, row)).await.unwrap();
            }
        }
    }
    assert_eq!(found, (0..ROWS).collect::<Vec<_>>());
}

#[tokio::test]
async fn writes_between_two_pages_lose_and_repeat_no_row() {
    let bed = Bed::numbered(ROWS).await;
    meanwhile(&bed, scan().rows(&bed.client).await.unwrap()).await;
    let bed = Bed::numbered(ROWS).await;
    let by_pages = search(Query::all()).sort_by([Sorter::ascending("pages")]).limit(10);
    meanwhile(&bed, by_pages.rows(&bed.client)).await;
}

#[tokio::test(start_paused = true)]
async fn a_page_is_asked_for_when_its_rows_are_and_a_dropped_stream_asks_for_no_more() {
    let bed = Bed::numbered(ROWS).await;
    let later = async || tokio::time::sleep(Duration::from_secs(600)).await;
    {
        let mut rows = search(Query::all()).limit(10).rows(&bed.client);
        later().await;
        assert_eq!(bed.sent("Search"), 0, "nobody asked for a row");
        for _ in 0..10 {
            rows.try_next().await.unwrap().unwrap();
        }
        later().await;
        assert_eq!(bed.sent("Search"), 1, "the rows at hand were not all taken");
        rows.try_next().await.unwrap().unwrap();
        assert_eq!(bed.sent("Search"), 2);
    }
    {
        let mut rows = scan().rows(&bed.client).await.unwrap();
        rows.try_next().await.unwrap().unwrap();
        later().await;
        assert_eq!(bed.sent("ParallelScan"), 1);
    }
    // Also one that is dropped while it waits for an answer.
    let given_up = tokio::time::timeout(Duration::ZERO, search(Query::all()).limit(10).rows(&bed.client).count()).await;
    let sent = bed.sent("Search");
    later().await;
    assert!(given_up.is_err() && sent <= 3);
    assert_eq!((bed.sent("Search"), bed.sent("ParallelScan")), (sent, 1));
}

#[tokio::test]
async fn a_session_that_ended_is_told_and_the_scan_is_begun_again() {
    let bed = Bed::numbered(ROWS).await;
    let begin = async || scan().alive_time(60).rows(&bed.client).await.unwrap();
    // Slow, and yet within the time of each page.
    let mut rows = begin().await;
    let mut found = Vec::new();
    while let Some(row) = rows.try_next().await.unwrap() {
        found.push(row);
        bed.wait(Duration::from_secs(5));
    }
    assert_eq!(sorted(&found), numbered(0, ROWS));
    let mut rows = begin().await;
    for _ in 0..10 {
        rows.try_next().await.unwrap().unwrap();
    }
    bed.wait(Duration::from_secs(61));
    bed.forget();
    let error = rows.try_next().await.unwrap_err();
    assert_eq!(Code::of(&error), Some(Code::SessionExpired), "{error}");
    assert!(error.is_not_found() && !error.outcome_unknown() && error.request_id().is_some());
    assert_eq!(bed.sent("ParallelScan"), 1, "a session that is gone does not come back");
    assert!(rows.try_next().await.unwrap().is_none(), "the stream has ended");
    assert_eq!(sorted(&begin().await.try_collect::<Vec<_>>().await.unwrap()), numbered(0, ROWS));
}

/// A page that was given with the rows of some parts only (service document "Search") would look like all of them.
#[tokio::test]
async fn a_page_that_lacks_rows_ends_the_stream() {
    let page = |whole: bool| {
        let mut page = SearchPage::default().with_rows(&[Row::new(key("a"))]);
        (page.is_all_succeeded, page.next_token) = (whole, Some(whole.to_string().into()));
        let body = search(Query::all()).write_response(&page).unwrap().into_body();
        signed("/Search", 200, body)
    };
    let script = Script::new([page(true), page(false), page(true)]);
    let client = client(ENDPOINT, script.clone(), Retry::never());
    let mut rows = search(Query::all()).rows(&client);
    assert_eq!(id(&rows.try_next().await.unwrap().unwrap()), "a");
    assert_eq!(rows.try_next().await.unwrap_err().kind(), ErrorKind::Unreadable);
    assert!(rows.try_next().await.unwrap().is_none());
    assert_eq!(script.left(), 1, "it asked on");
}

/// A service that offers several parts, as the local cloud does not. It keeps how many requests it had at once.
#[derive(Debug)]
struct Parts {
    rows: Vec<Vec<&'static str>>,
    /// This part answers with an error after its first page.
    broken: Option<usize>,
    inside: AtomicUsize,
    most: AtomicUsize,
    asked: Mutex<BTreeMap<i32, usize>>,
}

impl Parts {
    fn new(rows: &[&'static str], broken: Option<usize>) -> Arc<Self> {
        let rows = rows.iter().map(|part| part.split_whitespace().collect()).collect();
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Arc::new(Self { rows, broken, inside, most, asked: Mutex::default() })
    }

    /// Two rows of a part, and the place of the next ones.
    fn page(&self, scan: &ParallelScan) -> ScanPage {
        let query = &scan.scan_query;
        assert_eq!(
            (scan.session_id.as_deref(), query.max_parallel),
            (Some(b"session".as_slice()), Some(self.rows.len() as i32))
        );
        let part = query.current_parallel_id.unwrap();
        *self.asked.lock().unwrap().entry(part).or_default() += 1;
        let from = query.token.as_ref().map_or(0, |token| usize::from(token[0]));
        let rows = &self.rows[usize::try_from(part).unwrap()];
        let to = rows.len().min(from + 2);
        let page: Vec<Row> = rows[from..to].iter().map(|id| Row::new(key(id))).collect();
        let next = (to < rows.len()).then(|| vec![to as u8].into());
        let mut page = ScanPage::default().with_rows(&page);
        page.next_token = next;
        page
    }
}

#[async_trait]
impl Transport for Parts {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        let (parts, body) = request.into_parts();
        let (service, body) = (service(ENDPOINT), body.bytes().unwrap().clone());
        let path = parts.uri.path().to_owned();
        let answer = if let Ok(compute) = ComputeSplits::read_request(&service, &parts, body.clone()) {
            let splits_size = self.rows.len() as i32;
            compute.write_response(&ScanSession { session_id: Bytes::from_static(b"session"), splits_size })
        } else {
            let scan = ParallelScan::read_request(&service, &parts, body).unwrap();
            let part = scan.scan_query.current_parallel_id.map(|part| usize::try_from(part).unwrap());
            if part == self.broken && scan.scan_query.token.is_some() {
                return Ok(signed(&path, 200, &b"\xff"[..]).map(Into::into));
            }
            let page = self.page(&scan);
            scan.write_response(&page)
        };
        Ok(signed(&path, 200, answer.unwrap().into_body()).map(Into::into))
    }
}

fn over(parts: &Arc<Parts>) -> Client {
    client(ENDPOINT, Arc::clone(parts), Retry::never())
}

#[tokio::test(start_paused = true)]
async fn all_parts_are_read_side_by_side_and_no_more_at_once_than_asked() {
    let rows = ["a b c d e", "f", "", "g h i", "j k"];
    for (at_once, most) in [(1, 1), (2, 2), (16, 5)] {
        let parts = Parts::new(&rows, None);
        let found: Vec<Row> = scan().at_once(at_once).rows(&over(&parts)).await.unwrap().try_collect().await.unwrap();
        assert_eq!(sorted(&found), "a b c d e f g h i j k");
        assert_eq!(parts.most.load(Ordering::SeqCst), most, "{at_once} at once");
        let asked: Vec<_> = parts.asked.lock().unwrap().values().copied().collect();
        assert_eq!(asked, [3, 1, 1, 2, 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_part_that_fails_ends_the_scan_and_no_part_of_many_is_no_scan() {
    let parts = Parts::new(&["a b c d", "e f g h i j"], Some(0));
    let mut rows = scan().rows(&over(&parts)).await.unwrap();
    let error = loop {
        match rows.next().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("half of the rows are not all of them"),
        }
    };
    assert_eq!(error.kind(), ErrorKind::Unreadable);
    assert!(rows.next().await.is_none());
    let nothing = scan().rows(&over(&Parts::new(&[], None))).await.map(|_| ()).unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Unreadable, "an index without parts would look empty");
}
