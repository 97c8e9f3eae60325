//! CreateIndex: makes a secondary index over a table.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result, Settle, Settled};
use http::response;
use prost::Message;

use super::describe_table::DescribeTable;
#[cfg(feature = "server")]
use crate::wire::required;
use crate::{
    Code, MAX_KEY_COLUMNS, TableStore,
    schema::{IndexMeta, proto},
    wire::{self, Empty},
};

/// Makes a secondary index over a table (service document "CreateIndex"). It is read by its own name with
/// [`GetRow`](crate::GetRow) and [`GetRange`](crate::GetRange); its key is the columns of the index and then the table's key
/// columns that are not among them. A row that lacks one of the index's columns is not in it.
///
/// Until an index that takes the rows that were there before has them all, reading it answers OTSParameterInvalid "Disallow
/// read index table in building base state" (official SDK tests).
///
/// [`Class::Conditional`]: if its answer was lost and there is such an index when it is sent again, the call succeeded if
/// the table has the index that was asked for.
///
/// ```
/// use campaign_tablestore::{Client, CreateIndex, schema::{IndexMeta, IndexType}};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let by_city = IndexMeta::new("orders_by_city", IndexType::Global, ["city"]).defined_column("total");
/// client.send(&CreateIndex::new("orders", by_city).include_base_data(true)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateIndex {
    /// The table.
    pub table_name: String,
    /// The index.
    pub index: IndexMeta,
    /// Whether the index takes the rows that are there already; left to the service if absent.
    pub include_base_data: Option<bool>,
}

impl CreateIndex {
    /// Makes `index` over the table of this name.
    pub fn new(table_name: impl Into<String>, index: IndexMeta) -> Self {
        Self { table_name: table_name.into(), index, include_base_data: None }
    }

    /// The same with the rows that are there already, or without them.
    #[must_use]
    pub const fn include_base_data(mut self, include: bool) -> Self {
        self.include_base_data = Some(include);
        self
    }
}

#[derive(Clone, PartialEq, Message)]
struct CreateIndexRequest {
    #[prost(string, optional, tag = "1")]
    main_table_name: Option<String>,
    #[prost(message, optional, tag = "2")]
    index_meta: Option<proto::IndexMeta>,
    #[prost(bool, optional, tag = "3")]
    include_base_data: Option<bool>,
}

impl Operation for CreateIndex {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "CreateIndex";

    fn class(&self) -> Class {
        Class::Conditional
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        wire::check_table_name(&self.index.name)?;
        if !(1..=MAX_KEY_COLUMNS).contains(&self.index.primary_key.len()) {
            return Err(Error::invalid("an index has one to four key columns"));
        }
        self.index
            .primary_key
            .iter()
            .chain(&self.index.defined_columns)
            .try_for_each(|c| wire::check_column_name(c))?;
        let message = CreateIndexRequest {
            main_table_name: Some(self.table_name.clone()),
            index_meta: Some(self.index.to_wire()),
            include_base_data: self.include_base_data,
        };
        wire::post::<Self>(service, message.encode_to_vec().into())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |Empty {}| Ok(()))
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        if Code::of(conflict) != Some(Code::ObjectAlreadyExist) {
            return None;
        }
        let wanted = self.index.clone();
        Some(Settle::by(DescribeTable::new(self.table_name.clone()), move |found| {
            // How far it has caught up is only in answers.
            let same = |index: &IndexMeta| IndexMeta { index_sync_phase: None, ..index.clone() } == wanted;
            let ours = found?.index_metas.iter().any(same);
            Ok(if ours { Settled::Ours(()) } else { Settled::Theirs })
        }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for CreateIndex {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: CreateIndexRequest| {
            Ok(Self {
                table_name: required(message.main_table_name, "main_table_name")?,
                index: IndexMeta::from_wire(required(message.index_meta, "index_meta")?)?,
                include_base_data: message.include_base_data,
            })
        })
    }

    fn write_response(&self, (): &()) -> Result<http::Response<Bytes>> {
        wire::respond(Bytes::new())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{schema::IndexType, testing::law};

    fn index() -> IndexMeta {
        IndexMeta::new("by_total", IndexType::Global, ["total", "id"]).defined_column("city")
    }

    #[test]
    fn the_law_holds() {
        law(&CreateIndex::new("orders", IndexMeta::new("i", IndexType::Local, ["id"])), &());
        law(&CreateIndex::new("orders", index()).include_base_data(true), &());
        law(&CreateIndex::new("orders", index()).include_base_data(false), &());
    }

    #[test]
    fn an_index_without_a_key_or_a_name_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [
            CreateIndex::new("", index()),
            CreateIndex::new("t", IndexMeta { name: String::new(), ..index() }),
            CreateIndex::new("t", IndexMeta { primary_key: Vec::new(), ..index() }),
            CreateIndex::new("t", IndexMeta::new("i", IndexType::Global, ["a", "b", "c", "d", "e"])),
            CreateIndex::new("t", index().defined_column("")),
        ] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
