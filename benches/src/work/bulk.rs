//! Rows that come one by one: the bulk writer, and a loop of a peer's BatchWriteRow. A repetition is a row.

use std::{cell::Cell, net::SocketAddr};

use campaign_tablestore::{BulkOptions, BulkWriter, Row, RowWrite};

use super::{
    Run, batch, repeat, runtime,
    tablestore::{TABLE, client, row},
};

/// Calls under way at once, on both sides.
const AT_ONCE: usize = 8;

pub(super) fn find(name: &str, server: Option<SocketAddr>) -> Option<Run> {
    let at = server.map(|at| format!("http://{at}"));
    Some(match name {
        "rows" => {
            let made = Cell::new(0);
            repeat(move || nth_row(next(&made)))
        }
        "writer" => writer(&at?),
        #[cfg(feature = "peers")]
        name => return peer::find(name, at.as_deref()),
        #[cfg(not(feature = "peers"))]
        _ => return None,
    })
}

/// Counts up.
fn next(count: &Cell<u64>) -> u64 {
    count.set(count.get() + 1);
    count.get()
}

/// The `n`th row: no two are the same, and they come from a thousand partitions in no order.
fn nth_row(n: u64) -> Row {
    row(&partition(n), &batch::id(n))
}

fn partition(n: u64) -> String {
    format!("double11-{:04}", n * 7919 % 1000)
}

fn writer(endpoint: &str) -> Run {
    let (runtime, written) = (runtime(), Cell::new(0));
    let writer = runtime.block_on(async {
        BulkWriter::new(&client(endpoint, false), TABLE, BulkOptions::default().in_flight(AT_ONCE))
    });
    let writer = writer.expect("the options can work");
    Box::new(move |times| {
        runtime.block_on(async {
            for _ in 0..times {
                let n = next(&written);
                let then = move |result| {
                    if let Err(error) = result {
                        eprintln!("{n}: {error}");
                    }
                };
                writer.write_then(RowWrite::put(nth_row(n)), then).await.expect("the writer is open");
            }
            writer.flush().await;
        });
        assert_eq!(writer.stats().failed, 0);
    })
}

#[cfg(feature = "peers")]
mod peer {
    //! aliyun-tablestore-rs.

    use std::{cell::Cell, rc::Rc};

    use aliyun_tablestore_rs::{
        data::{BatchWriteRowRequest, RowInBatchWriteRowRequest, TableInBatchWriteRowRequest},
        model::Row,
    };

    use super::{AT_ONCE, Run, TABLE, batch, next, partition, repeat, runtime};
    use crate::work::tablestore::peer::{client, row};

    pub(super) fn find(name: &str, endpoint: Option<&str>) -> Option<Run> {
        let made = Rc::new(Cell::new(0));
        Some(match name {
            "peer-rows" => repeat(move || nth_row(next(&made))),
            "peer-loop" => {
                let (runtime, client) = (runtime(), client(endpoint?));
                Box::new(move |times| {
                    let left = Cell::new(times);
                    let lane = || async {
                        while left.get() > 0 {
                            let count = left.get().min(batch::ROWS);
                            left.set(left.get() - count);
                            let rows = (0..count).map(|_| RowInBatchWriteRowRequest::put_row(nth_row(next(&made))));
                            let table = TableInBatchWriteRowRequest::new(TABLE).rows(rows);
                            let sent = client.batch_write_row(BatchWriteRowRequest::new().table(table)).send();
                            let written = sent.await.expect("the rows are written");
                            assert!(written.tables.iter().flat_map(|table| &table.rows).all(|row| row.is_ok));
                        }
                    };
                    runtime.block_on(futures_util::future::join_all((0..AT_ONCE).map(|_| lane())));
                })
            }
            _ => return None,
        })
    }

    fn nth_row(n: u64) -> Row {
        row(&partition(n), &batch::id(n))
    }
}
