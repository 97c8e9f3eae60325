//! One change of a stream.

use bytes::Bytes;
use prost::Message;

#[cfg(feature = "server")]
use crate::plain_buffer::{DeletedRow, Encode};
use crate::{
    Column, RowUpdate, WireFault,
    plain_buffer::{Sequence, decode_columns, decode_record},
    wire::{enumeration, required},
};

enumeration! {
    /// What was done to a row.
    pub enum StreamAction {
        /// It was put: what was there before is gone.
        PutRow = 1,
        /// Columns of it were changed.
        UpdateRow = 2,
        /// It was deleted.
        DeleteRow = 3,
    }
}

/// A change of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRecord {
    /// What was done.
    pub action: StreamAction,
    /// The row's key and what was done to its columns, versions included. Of a row that was put these are all its columns; of
    /// one that was deleted, none.
    pub row: RowUpdate,
    /// The change's place among the changes of its shard.
    pub sequence: Option<Sequence>,
    /// What was there before, of the columns that the stream was made to show
    /// ([`StreamSpecification::columns_to_get`](crate::schema::StreamSpecification::columns_to_get)). `None` if the stream
    /// shows none or there was no row.
    pub origin: Option<Vec<Column>>,
}

/// `StreamRecord` of the protocol.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireRecord {
    #[prost(int32, optional, tag = "1")]
    action_type: Option<i32>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    record: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    origin_record: Option<Bytes>,
}

impl StreamRecord {
    pub(crate) fn from_wire(message: WireRecord) -> Result<Self, WireFault> {
        let (row, sequence) = decode_record(&required(message.record, "record")?)?;
        if row.primary_key.is_empty() {
            return Err(WireFault::Contradiction("the record of a change has no primary key"));
        }
        Ok(Self {
            action: StreamAction::from_number(required(message.action_type, "action_type")?, "action_type")?,
            row,
            sequence,
            origin: message.origin_record.map(|origin| decode_columns(&origin)).transpose()?,
        })
    }

    #[cfg(feature = "server")]
    pub(crate) fn to_wire(&self) -> WireRecord {
        let mut record = match self.action {
            StreamAction::DeleteRow => DeletedRow(&self.row.primary_key).to_bytes(),
            StreamAction::PutRow | StreamAction::UpdateRow => self.row.to_bytes(),
        };
        if let Some(sequence) = self.sequence {
            sequence.put_into(&mut record);
        }
        let origin = self.origin.as_ref().map(|columns| {
            // Without a primary key, and without columns nothing at all.
            let changes = columns.iter().cloned().map(crate::CellChange::Put).collect::<Vec<_>>();
            let row = RowUpdate { changes, ..RowUpdate::default() };
            if columns.is_empty() { Bytes::new() } else { row.to_bytes().into() }
        });
        WireRecord { action_type: Some(self.action.number()), record: Some(record.into()), origin_record: origin }
    }
}
