//! Rows by their keys.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use campaign_client::{
    Body, Credentials, Download, ErrorKind, Operation, Retry, Serve, ServiceError, Transport, TransportError, Verdict,
};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use serde::Deserialize;

use super::{key, row};
use crate::{
    BatchGetRow, BulkReader, Client, GetRow, GetRowOutput, PrimaryKey, RowResults, TableReads, TableStore,
    schema::CapacityUnit,
};

/// Rows `0..900` of a table; every tenth is not there. Row 5 goes on behind its first column, row 7 is refused, row 8 is busy
/// the first time.
#[derive(Clone, Debug, Default)]
struct Rows(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    calls: Vec<usize>,
    under_way: usize,
    most: usize,
    busy: usize,
}

impl Rows {
    fn client(&self) -> Client {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap().without_answer_checks();
        let builder = Client::builder(service).transport(self.clone()).credentials(Credentials::new("k", "s"));
        builder.retry(Retry::default()).build().unwrap()
    }

    fn result(&self, key: &PrimaryKey) -> Result<GetRowOutput, ServiceError> {
        let n = key.get("n").unwrap().as_i64().unwrap();
        let found = |row| GetRowOutput { consumed: CapacityUnit::new(1, 0), row, next_token: None };
        match n {
            5 => Ok(GetRowOutput { next_token: Some("rest".into()), ..found(Some(row(5))) }),
            7 => Err(ServiceError::new(StatusCode::OK, "OTSNoPermissionAccess", "No.")
                .with_meaning(ErrorKind::Denied, Verdict::Final)),
            8 if std::mem::replace(&mut self.0.lock().unwrap().busy, 1) == 0 => {
                Err(ServiceError::new(StatusCode::OK, "OTSServerBusy", "Busy.")
                    .with_meaning(ErrorKind::Unavailable, Verdict::UNEXECUTED))
            }
            n if n % 10 == 0 => Ok(found(None)),
            n => Ok(found(Some(row(n)))),
        }
    }
}

#[async_trait]
impl Transport for Rows {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let (parts, body) = request.into_parts();
        let body = body.bytes().cloned().unwrap_or_default();
        if parts.uri.path().strip_prefix('/') == Some(GetRow::NAME) {
            let call = GetRow::read_request(&service, &parts, body).unwrap();
            assert_eq!((call.token.as_deref(), call.columns_to_get.len()), (Some(&b"rest"[..]), 2));
            let rest = crate::Row::new(call.primary_key.clone()).with_version("w", 1, 1);
            let output = GetRowOutput { consumed: CapacityUnit::new(1, 0), row: Some(rest), next_token: None };
            return Ok(call.write_response(&output).unwrap().map(Download::from));
        }
        let call = BatchGetRow::read_request(&service, &parts, body).unwrap();
        {
            let mut seen = self.0.lock().unwrap();
            seen.calls.push(call.tables[0].primary_keys.len());
            seen.under_way += 1;
            seen.most = seen.most.max(seen.under_way);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.0.lock().unwrap().under_way -= 1;
        let results = call.tables[0].primary_keys.iter().map(|key| self.result(key)).collect();
        Ok(call.write_response(&RowResults { tables: vec![results] }).unwrap().map(Download::from))
    }
}

fn reads() -> TableReads {
    TableReads::new("t", []).columns(["v", "w"])
}

#[tokio::test(start_paused = true)]
async fn each_key_has_its_result_in_the_order_of_the_keys() {
    let rows = Rows::default();
    let reader = BulkReader::new(&rows.client(), reads()).in_flight(3);
    let keys: Vec<_> = (0..900).rev().chain([1, 1, 2]).map(key).collect();
    let found: Vec<_> = reader.rows(keys.clone()).collect().await;
    assert_eq!(found.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(), keys);
    for (key, found) in found {
        match key.get("n").unwrap().as_i64().unwrap() {
            5 => assert_eq!(found.unwrap(), Some(row(5).with_version("w", 1, 1)), "it goes on behind its first column"),
            7 => assert_eq!(found.unwrap_err().kind(), ErrorKind::Denied),
            n if n % 10 == 0 => assert_eq!(found.unwrap(), None),
            n => assert_eq!(found.unwrap(), Some(row(n))),
        }
    }
    let seen = rows.0.lock().unwrap();
    assert_eq!(seen.most, 3);
    // Nine calls of 100; the last three keys, of which one is there twice; the row that was busy.
    let mut calls = seen.calls.clone();
    calls.sort_unstable();
    assert_eq!(calls, [1, 1, 2, 100, 100, 100, 100, 100, 100, 100, 100, 100]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_asked_for_is_not_read() {
    let rows = Rows::default();
    let reader = BulkReader::new(&rows.client(), reads()).in_flight(2);
    let mut found = reader.rows((100..1_000_000).map(key));
    for n in 100..110 {
        assert_eq!(found.next().await.unwrap().0, key(n));
    }
    assert!(rows.0.lock().unwrap().calls.len() <= 3);
}

#[tokio::test(start_paused = true)]
async fn rows_come_as_a_type_and_one_that_does_not_fit_fails_alone() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair {
        n: i64,
        v: i64,
        w: Option<i64>,
    }
    #[derive(Debug, Deserialize)]
    struct Strict {
        #[expect(dead_code, reason = "row 5 alone has it")]
        w: i64,
    }
    let reader = BulkReader::new(&Rows::default().client(), reads());
    let found: Vec<_> =
        reader.rows_as::<Pair, _>([key(5), key(10), key(6)]).map(|(_, row)| row.unwrap()).collect().await;
    assert_eq!(found, [Some(Pair { n: 5, v: 10, w: Some(1) }), None, Some(Pair { n: 6, v: 12, w: None })]);
    let strict: Vec<_> =
        reader.rows_as::<Strict, _>([key(5), key(6), key(10)]).map(|(_, row)| row.is_ok()).collect().await;
    assert_eq!(strict, [true, false, true]);
}

#[tokio::test(start_paused = true)]
async fn keys_that_come_one_by_one_are_not_waited_for() {
    let rows = Rows::default();
    let keys = stream::iter(1..4).then(|n| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        key(n)
    });
    let mut found = BulkReader::new(&rows.client(), reads()).rows_of(keys);
    let begun = tokio::time::Instant::now();
    assert_eq!(found.next().await.unwrap().1.unwrap(), Some(row(1)));
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(found.count().await, 2);
    assert_eq!(rows.0.lock().unwrap().calls, [1, 1, 1]);
}
