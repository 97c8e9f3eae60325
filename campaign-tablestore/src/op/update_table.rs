//! UpdateTable: changes what is reserved for a table, how it keeps versions, and its stream.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::response;
use prost::Message;

use crate::{
    TableStore,
    schema::{
        CapacityUnit, ReservedThroughputDetails, StreamDetails, StreamSpecification, TableOptions, proto,
        throughput::number,
    },
    wire::{self, required},
};
#[cfg(feature = "server")]
use crate::{WireFault, wire::positive};

/// Changes a table (service document "UpdateTable"). What is not named stays as it is.
///
/// [`Class::Once`]: reserved throughput may be changed once in two minutes, so an attempt whose answer was lost is not
/// repeated; the error says `outcome_unknown`, and [`DescribeTable`](crate::DescribeTable) tells what became of it.
///
/// ```
/// use std::time::Duration;
/// use campaign_tablestore::{Client, UpdateTable, schema::TableOptions};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let year = TableOptions::unset().time_to_live(Duration::from_secs(365 * 86_400));
/// let updated = client.send(&UpdateTable::new("entries").table_options(year)).await?;
/// assert_eq!(updated.table_options.time_to_live, Some(31_536_000));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateTable {
    /// The table.
    pub table_name: String,
    /// Capacity units to be reserved for reading, 0 to 100,000.
    pub reserved_read: Option<u32>,
    /// Capacity units to be reserved for writing, 0 to 100,000.
    pub reserved_write: Option<u32>,
    /// How versions are to be kept.
    pub table_options: TableOptions,
    /// Whether changes are to be kept as a stream.
    pub stream_spec: Option<StreamSpecification>,
}

impl UpdateTable {
    /// Changes nothing of the table of this name; the setters say what else.
    pub fn new(table_name: impl Into<String>) -> Self {
        Self {
            table_name: table_name.into(),
            reserved_read: None,
            reserved_write: None,
            table_options: TableOptions::unset(),
            stream_spec: None,
        }
    }

    /// The same reserving these units.
    #[must_use]
    pub const fn reserved_throughput(mut self, units: CapacityUnit) -> Self {
        self.reserved_read = Some(units.read);
        self.reserved_write = Some(units.write);
        self
    }

    /// The same keeping versions so; begin with [`TableOptions::unset`] to leave the other options as they are.
    #[must_use]
    pub const fn table_options(mut self, options: TableOptions) -> Self {
        self.table_options = options;
        self
    }

    /// The same with a stream of changes or without.
    #[must_use]
    pub fn stream_spec(mut self, spec: StreamSpecification) -> Self {
        self.stream_spec = Some(spec);
        self
    }
}

/// The table after the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatedTable {
    /// What is reserved for it.
    pub reserved_throughput_details: ReservedThroughputDetails,
    /// How it keeps versions.
    pub table_options: TableOptions,
    /// Its stream.
    pub stream_details: Option<StreamDetails>,
}

#[derive(Clone, PartialEq, Message)]
struct UpdateTableRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(message, optional, tag = "2")]
    reserved_throughput: Option<proto::Capacity>,
    #[prost(message, optional, tag = "3")]
    table_options: Option<proto::TableOptions>,
    #[prost(message, optional, tag = "4")]
    stream_spec: Option<proto::StreamSpecification>,
}

#[derive(Clone, PartialEq, Message)]
struct UpdateTableResponse {
    #[prost(message, optional, tag = "1")]
    reserved_throughput_details: Option<proto::ReservedThroughputDetails>,
    #[prost(message, optional, tag = "2")]
    table_options: Option<proto::TableOptions>,
    #[prost(message, optional, tag = "3")]
    stream_details: Option<proto::StreamDetails>,
}

impl Operation for UpdateTable {
    type Service = TableStore;
    type Output = UpdatedTable;
    const NAME: &'static str = "UpdateTable";

    fn class(&self) -> Class {
        Class::Once
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        let unit = proto::CapacityUnit { read: self.reserved_read.map(number), write: self.reserved_write.map(number) };
        let message = UpdateTableRequest {
            table_name: Some(self.table_name.clone()),
            reserved_throughput: (unit != proto::CapacityUnit::default())
                .then_some(proto::Capacity { capacity_unit: Some(unit) }),
            table_options: (self.table_options != TableOptions::unset()).then(|| self.table_options.to_wire()),
            stream_spec: self.stream_spec.as_ref().map(StreamSpecification::to_wire),
        };
        let changes = (&message.reserved_throughput, &message.table_options, &message.stream_spec);
        if changes == (&None, &None, &None) {
            return Err(Error::invalid("UpdateTable names throughput, options or a stream to change"));
        }
        wire::post::<Self>(service, message.encode_to_vec().into())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<UpdatedTable> {
        wire::answered(body, |answer: UpdateTableResponse| {
            let details = required(answer.reserved_throughput_details, "reserved_throughput_details")?;
            Ok(UpdatedTable {
                reserved_throughput_details: ReservedThroughputDetails::from_wire(details)?,
                table_options: TableOptions::from_wire(&required(answer.table_options, "table_options")?)?,
                stream_details: answer.stream_details.map(StreamDetails::from_wire).transpose()?,
            })
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for UpdateTable {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        let units = |value: Option<i32>, field| value.map(|units| positive(units, field)).transpose();
        wire::understood(request, body, |message: UpdateTableRequest| {
            let unit = message.reserved_throughput.map(|units| required(units.capacity_unit, "capacity_unit"));
            let unit = unit.transpose()?.unwrap_or_default();
            Ok::<_, WireFault>(Self {
                table_name: required(message.table_name, "table_name")?,
                reserved_read: units(unit.read, "capacity_unit.read")?,
                reserved_write: units(unit.write, "capacity_unit.write")?,
                table_options: match &message.table_options {
                    Some(options) => TableOptions::from_wire(options)?,
                    None => TableOptions::unset(),
                },
                stream_spec: message.stream_spec.map(StreamSpecification::from_wire).transpose()?,
            })
        })
    }

    fn write_response(&self, table: &UpdatedTable) -> Result<http::Response<Bytes>> {
        let message = UpdateTableResponse {
            reserved_throughput_details: Some(table.reserved_throughput_details.to_wire()),
            table_options: Some(table.table_options.to_wire()),
            stream_details: table.stream_details.as_ref().map(StreamDetails::to_wire),
        };
        wire::respond(message.encode_to_vec())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        let plain = UpdatedTable {
            reserved_throughput_details: ReservedThroughputDetails {
                capacity_unit: CapacityUnit::new(5, 7),
                last_increase_time: "2026-01-15T08:30:45Z".parse().unwrap(),
                last_decrease_time: None,
            },
            table_options: TableOptions::default(),
            stream_details: None,
        };
        let stream = StreamSpecification {
            enable_stream: true,
            expiration_hours: Some(24),
            columns_to_get: vec!["total".to_owned()],
        };
        let details = StreamDetails {
            enable_stream: true,
            stream_id: Some("s".to_owned()),
            expiration_hours: Some(24),
            last_enable_time: Some(1),
            columns_to_get: vec!["total".to_owned()],
        };
        law(&UpdateTable::new("t").table_options(TableOptions::default()), &plain);
        law(&UpdateTable { reserved_read: Some(0), ..UpdateTable::new("t") }, &plain);
        let full = UpdateTable::new("t")
            .reserved_throughput(CapacityUnit::new(5, 7))
            .table_options(TableOptions::unset().allow_update(false))
            .stream_spec(stream);
        law(&full, &UpdatedTable { stream_details: Some(details), ..plain });
    }

    #[test]
    fn a_change_of_nothing_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [UpdateTable::new("t"), UpdateTable::new("").table_options(TableOptions::default())] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
