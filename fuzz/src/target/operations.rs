//! The operations, one line each, and what is asked of both halves of their codecs.

use std::fmt::Debug;

use bytes::Bytes;
use campaign_client::{Body, Serve, Service};
use campaign_tablestore::{TableStore, op};
use http::{request, response};

use crate::probe::{Broken, Probe};

/// What was read, written again; `None` if it was refused.
pub type Written = Result<Option<Bytes>, Broken>;

/// An operation, whatever its type.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// Reads a request; the request written again if a client may send it.
    pub request: fn(&Side<'_>, Bytes, &mut Probe) -> Written,
    /// Reads an answer to a request; the answer written again.
    pub answer: fn(&Side<'_>, Bytes, Bytes, &mut Probe) -> Written,
}

/// What surrounds a message.
#[derive(Debug)]
pub struct Side<'a> {
    pub service: &'a TableStore,
    pub request: &'a request::Parts,
    pub response: &'a response::Parts,
}

/// Makes the list.
macro_rules! calls {
    ($($module:ident::$name:ident),* $(,)?) => {
        /// All operations.
        pub const CALLS: &[Call] = &[$(call::<op::$module::$name>()),*];

        /// Their modules.
        #[cfg(test)]
        const MODULES: &[&str] = &[$(stringify!($module)),*];
    };
}

calls![
    abort_transaction::AbortTransaction,
    add_defined_column::AddDefinedColumn,
    batch_get_row::BatchGetRow,
    batch_write_row::BatchWriteRow,
    bulk_export::BulkExport,
    bulk_import::BulkImport,
    commit_transaction::CommitTransaction,
    compute_split_points_by_size::ComputeSplitPointsBySize,
    compute_splits::ComputeSplits,
    create_index::CreateIndex,
    create_search_index::CreateSearchIndex,
    create_table::CreateTable,
    delete_defined_column::DeleteDefinedColumn,
    delete_row::DeleteRow,
    delete_search_index::DeleteSearchIndex,
    delete_table::DeleteTable,
    describe_search_index::DescribeSearchIndex,
    describe_stream::DescribeStream,
    describe_table::DescribeTable,
    drop_index::DropIndex,
    get_range::GetRange,
    get_row::GetRow,
    get_shard_iterator::GetShardIterator,
    get_stream_record::GetStreamRecord,
    list_search_index::ListSearchIndex,
    list_stream::ListStream,
    list_table::ListTable,
    parallel_scan::ParallelScan,
    put_row::PutRow,
    search::Search,
    sql_query::SqlQuery,
    start_local_transaction::StartLocalTransaction,
    update_row::UpdateRow,
    update_search_index::UpdateSearchIndex,
    update_table::UpdateTable,
];

/// The name of an operation, if there is one of that name.
pub fn operation(name: &str) -> Option<&'static str> {
    CALLS.iter().map(|call| call.name).find(|other| *other == name)
}

const fn call<O>() -> Call
where
    O: Serve<Service = TableStore> + PartialEq + Debug,
    O::Output: PartialEq + Debug,
{
    Call { name: O::NAME, request: request::<O>, answer: answer::<O> }
}

/// A request that is accepted, and that a client may send, is sent as it was read.
fn request<O>(side: &Side<'_>, body: Bytes, probe: &mut Probe) -> Written
where
    O: Serve<Service = TableStore> + PartialEq + Debug,
{
    let read = |body: Bytes| O::read_request(side.service, side.request, body);
    let Some(operation) = probe.read("read_request", || read(body))? else { return Ok(None) };
    probe.step = "class and Debug";
    let _ = (operation.class(), format!("{operation:?}"));
    probe.step = "request";
    // A server reads more than a client sends: what no table takes is refused by its own codes.
    let sent = match operation.request(side.service) {
        Ok(sent) => whole(sent.into_body(), probe)?,
        Err(error) => {
            probe.note_error(&error);
            return Ok(None);
        }
    };
    let again = read(sent.clone()).map_err(|error| refused(probe, &error))?;
    probe.same("the request", &operation, &again)?;
    let bytes = again.request(side.service).map_err(|error| refused(probe, &error))?;
    if whole(bytes.into_body(), probe)? != sent {
        return Err(probe.broken("the bytes sent are not those sent again"));
    }
    Ok(Some(sent))
}

/// An answer that is accepted is written as it was read; and any bytes may be an error's.
fn answer<O>(side: &Side<'_>, request: Bytes, body: Bytes, probe: &mut Probe) -> Written
where
    O: Serve<Service = TableStore> + PartialEq + Debug,
    O::Output: PartialEq + Debug,
{
    probe.step = "read_request";
    let operation = O::read_request(side.service, side.request, request).map_err(|error| refused(probe, &error))?;
    probe.step = "read_error";
    let _ = (side.service.is_error(side.response, &body), side.service.read_error(side.response, &body));
    let read = |body: Bytes| operation.response(side.response, body);
    let Some(output) = probe.read("response", || read(body))? else { return Ok(None) };
    probe.step = "Debug";
    let _ = format!("{output:?}");
    probe.step = "write_response";
    let written = operation.write_response(&output).map_err(|error| refused(probe, &error))?.into_body();
    let again = read(written.clone()).map_err(|error| refused(probe, &error))?;
    probe.same("the answer", &output, &again)?;
    let bytes = operation.write_response(&again).map_err(|error| refused(probe, &error))?.into_body();
    if bytes != written {
        return Err(probe.broken("the bytes written are not those written again"));
    }
    Ok(Some(written))
}

fn refused(probe: &Probe, error: &dyn std::error::Error) -> Broken {
    let mut text = format!("what was accepted is refused when it is written: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    probe.broken(text)
}

fn whole(body: Body, probe: &Probe) -> Result<Bytes, Broken> {
    match body {
        Body::Bytes(bytes) => Ok(bytes),
        _ => Err(probe.broken("the body is not in one piece")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_crate_is_listed() {
        let source = include_str!("../../../campaign-tablestore/src/op/mod.rs");
        let modules: Vec<&str> =
            source.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
        assert!(modules.len() > 20);
        assert_eq!(modules, MODULES, "add the operation's line to the list");
    }
}
