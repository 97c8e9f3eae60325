//! The list of operations, and what each must provide.
//!
//! One that is not listed is refused: "Unsupported operation".

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use campaign_client::Serve;
use campaign_tablestore::TableStore;
use campaign_tablestore::op::{
    abort_transaction::AbortTransaction, add_defined_column::AddDefinedColumn, batch_get_row::BatchGetRow,
    batch_write_row::BatchWriteRow, bulk_export::BulkExport, bulk_import::BulkImport,
    commit_transaction::CommitTransaction, compute_split_points_by_size::ComputeSplitPointsBySize,
    compute_splits::ComputeSplits, create_index::CreateIndex, create_search_index::CreateSearchIndex,
    create_table::CreateTable, delete_defined_column::DeleteDefinedColumn, delete_row::DeleteRow,
    delete_search_index::DeleteSearchIndex, delete_table::DeleteTable, describe_search_index::DescribeSearchIndex,
    describe_stream::DescribeStream, describe_table::DescribeTable, drop_index::DropIndex, get_range::GetRange,
    get_row::GetRow, get_shard_iterator::GetShardIterator, get_stream_record::GetStreamRecord,
    list_search_index::ListSearchIndex, list_stream::ListStream, list_table::ListTable, parallel_scan::ParallelScan,
    put_row::PutRow, search::Search, start_local_transaction::StartLocalTransaction, update_row::UpdateRow,
    update_search_index::UpdateSearchIndex, update_table::UpdateTable,
};
use campaign_tablestore::server::Refusal;
use http::{Response, request};

use crate::fault::{Faults, Hop};
use crate::stop::Fate;
use crate::store::{Read, Store, StoreError, Write};
use crate::tablestore::check::unreadable;
use crate::tablestore::options::TableStoreOptions;
use crate::tablestore::partition::Partitions;
use crate::tablestore::row::conflict::Writing;
use crate::tablestore::transaction::Transactions;

/// The operation of this name: what reads its request, does it, and writes its answer.
pub(crate) fn find(name: &str) -> Option<Run> {
    Some(match name {
        "CreateTable" => run::<CreateTable>,
        "ListTable" => run::<ListTable>,
        "DescribeTable" => run::<DescribeTable>,
        "DeleteTable" => run::<DeleteTable>,
        "UpdateTable" => run::<UpdateTable>,
        "AddDefinedColumn" => run::<AddDefinedColumn>,
        "DeleteDefinedColumn" => run::<DeleteDefinedColumn>,
        "ComputeSplitPointsBySize" => run::<ComputeSplitPointsBySize>,
        "CreateIndex" => run::<CreateIndex>,
        "DropIndex" => run::<DropIndex>,
        "PutRow" => run::<PutRow>,
        "GetRow" => run::<GetRow>,
        "GetRange" => run::<GetRange>,
        "BatchGetRow" => run::<BatchGetRow>,
        "BatchWriteRow" => run::<BatchWriteRow>,
        "BulkExport" => run::<BulkExport>,
        "BulkImport" => run::<BulkImport>,
        "ListStream" => run::<ListStream>,
        "DescribeStream" => run::<DescribeStream>,
        "GetShardIterator" => run::<GetShardIterator>,
        "GetStreamRecord" => run::<GetStreamRecord>,
        "UpdateRow" => run::<UpdateRow>,
        "DeleteRow" => run::<DeleteRow>,
        "StartLocalTransaction" => run::<StartLocalTransaction>,
        "CommitTransaction" => run::<CommitTransaction>,
        "AbortTransaction" => run::<AbortTransaction>,
        "ComputeSplits" => run::<ComputeSplits>,
        "CreateSearchIndex" => run::<CreateSearchIndex>,
        "DeleteSearchIndex" => run::<DeleteSearchIndex>,
        "DescribeSearchIndex" => run::<DescribeSearchIndex>,
        "ListSearchIndex" => run::<ListSearchIndex>,
        "ParallelScan" => run::<ParallelScan>,
        "Search" => run::<Search>,
        "UpdateSearchIndex" => run::<UpdateSearchIndex>,
        _ => return None,
    })
}

/// Runs one request of one operation.
pub(crate) type Run = fn(Arc<Cloud>, request::Parts, Bytes) -> Running;
type Running = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Stop>> + Send>>;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) service: Arc<TableStore>,
    pub(crate) store: Store,
    pub(crate) faults: Faults,
    pub(crate) clock: campaign_client::Clock,
    pub(crate) options: TableStoreOptions,
    pub(crate) transactions: Arc<Transactions>,
    pub(crate) partitions: Partitions,
    pub(crate) writing: Arc<Writing>,
}

/// Why a request has no answer of its operation.
pub(crate) type Stop = crate::stop::Stop<Refusal>;

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// An operation that is emulated.
pub(crate) trait Emulate: Serve<Service = TableStore> + 'static {
    /// What the request is about: the table, and the row's key if it is about one row. A repeated
    /// request has the same.
    fn about(&self) -> Vec<u8>;

    /// Does it.
    fn done(self, at: &Moments) -> impl Future<Output = Result<(Self, Self::Output), Stop>> + Send;
}

/// One request's view of the cloud: its time, and the fault that is to hurt it at its commit.
#[derive(Debug)]
pub(crate) struct Moments {
    pub(crate) cloud: Arc<Cloud>,
    /// Milliseconds since 1970: one moment for all that the request does.
    pub(crate) now: i64,
    pub(crate) fate: Fate,
}

impl Moments {
    /// Runs `work` inside a commit; kept if it is `Ok` and no fault strikes before the commit.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Write<'_>, &TableStore) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Stop> {
        let (service, fate) = (Arc::clone(&self.cloud.service), self.fate);
        let write = self.cloud.store.write(move |write| {
            let value = work(write, &service)?;
            fate.at_commit().map(|()| value)
        });
        write.await
    }

    /// Runs `work` over the committed state.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Read, &TableStore) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Stop> {
        let service = Arc::clone(&self.cloud.service);
        self.cloud.store.read(move |read| Ok(work(read, &service)?)).await
    }
}

fn run<O: Emulate + Send>(cloud: Arc<Cloud>, parts: request::Parts, body: Bytes) -> Running
where
    O::Output: Send,
{
    Box::pin(async move {
        let operation = O::read_request(&cloud.service, &parts, body).map_err(|error| unreadable(O::NAME, &error))?;
        // Once for each request, and by what it is about: the timing of threads cannot change it.
        let fault = cloud.faults.decide(Hop::TableStore, O::NAME, &operation.about());
        let fate = Fate::meet(fault).await?;
        let now = cloud.clock.now().timestamp_millis();
        let (operation, output) = operation.done(&Moments { cloud, now, fate }).await?;
        fate.at_answer()?;
        let response = operation.write_response(&output);
        response.map_err(|error| Refusal::new(campaign_tablestore::Code::InternalServerError, error.to_string()).into())
    })
}
