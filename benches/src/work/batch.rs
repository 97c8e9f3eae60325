//! BatchWriteRow of 200 rows: this project's client and a peer.

use std::{
    collections::HashMap,
    net::SocketAddr,
    rc::Rc,
    sync::Mutex,
    time::{Duration, Instant},
};

use bytes::Bytes;
use campaign_client::{Operation, Serve};
use campaign_tablestore::{BatchWriteRow, PrimaryKey, RowResults, RowWrite, Written, schema::CapacityUnit};
use http::Response;

use super::{
    Run, repeat, repeat_async,
    tablestore::{CAMPAIGN, TABLE, client, row, service, signed_v2},
};

/// The most rows of one call.
pub(super) const ROWS: u64 = 200;

pub(super) fn find(name: &str, server: Option<SocketAddr>) -> Option<Run> {
    let at = server.map(|at| format!("http://{at}"));
    Some(match name {
        // The body is made together with its HTTP request and URI: some 500 instructions of a million.
        "request" => {
            let (call, service) = (call(), service("http://127.0.0.1:1", false));
            repeat(move || call.request(&service).expect("the rows can be sent"))
        }
        "send" => {
            let (client, call) = (client(&at?, false), Rc::new(call()));
            repeat_async(1, move || {
                let (client, call) = (client.clone(), Rc::clone(&call));
                async move {
                    let results = client.send(&*call).await.expect("the rows are written");
                    assert!(results.is_ok());
                }
            })
        }
        #[cfg(feature = "peers")]
        name => return peer::find(name, at.as_deref()),
        #[cfg(not(feature = "peers"))]
        _ => return None,
    })
}

fn call() -> BatchWriteRow {
    BatchWriteRow::new(TABLE, (0..ROWS).map(|n| RowWrite::put(row(CAMPAIGN, &id(n)))))
}

/// The `n`th row's own part of the key.
pub(super) fn id(n: u64) -> String {
    format!("01K9RQ7V5ZC4T8N2M6P{n:07}")
}

const PATH: &str = "/BatchWriteRow";

/// The answer of the server to a request: each of its rows was written.
pub(crate) fn answer(request: &http::request::Parts, body: &[u8]) -> Option<Response<Bytes>> {
    /// When they were signed, by their numbers of rows.
    type Answers = HashMap<usize, (Instant, Response<Bytes>)>;
    static ANSWERS: Mutex<Option<Answers>> = Mutex::new(None);
    // Signatures are good for 15 minutes.
    const GOOD: Duration = Duration::from_secs(600);
    if request.uri.path() != PATH {
        return None;
    }
    let count = rows_of(body)?;
    let mut answers = ANSWERS.lock().expect("nothing panics while it is held");
    let answers = answers.get_or_insert_default();
    if answers.get(&count).is_none_or(|(made, _)| made.elapsed() > GOOD) {
        let written = Written { consumed: CapacityUnit::new(0, 1), row: None };
        let results = RowResults { tables: vec![vec![Ok(written); count]] };
        // What is written of a request is its table.
        let call = BatchWriteRow::new(TABLE, [RowWrite::delete(PrimaryKey::new())]);
        let body = call.write_response(&results).expect("it can be answered").into_body();
        answers.insert(count, (Instant::now(), signed_v2(PATH, body)));
    }
    answers.get(&count).map(|(_, answer)| answer.clone())
}

/// How many rows a request of one table has.
fn rows_of(mut body: &[u8]) -> Option<usize> {
    /// A varint.
    fn number(bytes: &mut &[u8]) -> Option<usize> {
        let mut number = 0;
        for shift in (0..28).step_by(7) {
            let (byte, rest) = bytes.split_first()?;
            *bytes = rest;
            number |= usize::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
    /// The number of a field and its bytes.
    fn field<'a>(bytes: &mut &'a [u8]) -> Option<(usize, &'a [u8])> {
        let (tag, len) = (number(bytes)?, number(bytes)?);
        let (content, rest) = bytes.split_at_checked(len)?;
        *bytes = rest;
        (tag & 7 == 2).then_some((tag >> 3, content))
    }
    let (1, mut table) = field(&mut body)? else { return None };
    let mut rows = 0;
    while !table.is_empty() {
        rows += usize::from(field(&mut table)?.0 == 2);
    }
    Some(rows)
}

#[cfg(feature = "peers")]
mod peer {
    //! aliyun-tablestore-rs.

    use aliyun_tablestore_rs::{
        data::{BatchWriteRowRequest, RowInBatchWriteRowRequest, TableInBatchWriteRowRequest},
        protos,
    };
    use prost::Message;

    use super::{CAMPAIGN, ROWS, Run, TABLE, id, repeat, repeat_async};
    use crate::work::tablestore::peer::{client, row};

    pub(super) fn find(name: &str, endpoint: Option<&str>) -> Option<Run> {
        let call = call();
        Some(match name {
            "peer-clone" => repeat(move || call.clone()),
            // Its request is used up by being encoded, so that it has to be cloned first.
            "peer-clone-encode" => repeat(move || protos::BatchWriteRowRequest::from(call.clone()).encode_to_vec()),
            "peer-clone-send" => {
                let client = client(endpoint?);
                repeat_async(1, move || {
                    let (client, call) = (client.clone(), call.clone());
                    async move {
                        let written = client.batch_write_row(call).send().await.expect("the rows are written");
                        assert!(written.tables.iter().flat_map(|table| &table.rows).all(|row| row.is_ok));
                    }
                })
            }
            _ => return None,
        })
    }

    fn call() -> BatchWriteRowRequest {
        let rows = (0..ROWS).map(|n| RowInBatchWriteRowRequest::put_row(row(CAMPAIGN, &id(n))));
        BatchWriteRowRequest::new().table(TableInBatchWriteRowRequest::new(TABLE).rows(rows))
    }

    /// The bytes are the same, or it would be another work.
    #[cfg(test)]
    #[test]
    fn the_peer_writes_the_same_bytes() {
        use campaign_client::Operation;
        let ours = super::call().request(&super::service("http://127.0.0.1:1", false)).unwrap();
        let ours = ours.body().bytes().unwrap();
        assert_eq!(ours, &protos::BatchWriteRowRequest::from(call()).encode_to_vec());
        assert_eq!(super::rows_of(ours), Some(200));
    }
}
