//! What PutRow, UpdateRow and DeleteRow have in common.

use bytes::Bytes;
use campaign_client::{Class, Error, ErrorKind, Result};
use prost::Message;

use crate::{
    CellChange, Code, Condition, Name, PrimaryKey, Row,
    condition::WireCondition,
    plain_buffer::{Encode, decode_row},
    schema::{CapacityUnit, proto},
    wire,
};
#[cfg(feature = "server")]
use crate::{WireFault, wire::required};

/// What a write returns besides what it consumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReturnContent {
    /// The primary key, with the number that the service chose (`RT_PK`).
    PrimaryKey,
    /// The incremented columns of these names, as they are now (`RT_AFTER_MODIFY`).
    AfterModify(Vec<Name>),
}

/// The output of a write.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// What the write consumed. Zero if its answer was lost and its effect was found by reading back.
    pub consumed: CapacityUnit,
    /// What [`ReturnContent`] asked for.
    pub row: Option<Row>,
}

/// `PutRowRequest`, `UpdateRowRequest` and `DeleteRowRequest`: they differ in the shape of the row only.
#[cfg(feature = "server")]
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WriteRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    row: Option<Bytes>,
    #[prost(message, optional, tag = "3")]
    condition: Option<WireCondition>,
    #[prost(message, optional, tag = "4")]
    return_content: Option<WireReturnContent>,
    #[prost(string, optional, tag = "5")]
    transaction_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireReturnContent {
    #[prost(int32, optional, tag = "1")]
    return_type: Option<i32>,
    #[prost(string, repeated, tag = "2")]
    return_column_names: Vec<String>,
}

/// `PutRowResponse`, `UpdateRowResponse` and `DeleteRowResponse`.
#[derive(Clone, PartialEq, Message)]
struct WriteResponse {
    #[prost(message, optional, tag = "1")]
    consumed: Option<proto::Capacity>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    row: Option<Bytes>,
}

/// The fields of a write around its row, as the operation holds them.
pub(crate) struct WriteParts<'a> {
    pub(crate) table_name: &'a str,
    pub(crate) condition: &'a Condition,
    pub(crate) return_content: Option<&'a ReturnContent>,
    pub(crate) transaction_id: Option<&'a str>,
}

impl WriteParts<'_> {
    /// The body of the request that writes `row`.
    pub(crate) fn body<R: Encode>(&self, key: &PrimaryKey, row: &R) -> Result<Bytes> {
        wire::check_table_name(self.table_name)?;
        wire::check_written_key(key)?;
        let condition = condition_to_wire(self.condition)?;
        let return_content = self.return_content.map(ReturnContent::to_wire);
        wire::message(|w| {
            w.string(1, self.table_name);
            w.row(2, row);
            w.message(3, &condition);
            if let Some(content) = &return_content {
                w.message(4, content);
            }
            w.optional_string(5, self.transaction_id);
        })
    }

    /// True if `conflict` may be this write's own effect and can be settled by reading the row; inside a transaction the
    /// row is read inside it.
    pub(crate) fn settles(&self, conflict: &Error) -> bool {
        Code::of(conflict) == Some(Code::ConditionCheckFail)
    }
}

/// What a repetition of a write of the row of `key` does.
pub(crate) fn class_of(key: &PrimaryKey, changes: &[CellChange], condition: &Condition) -> Class {
    let adds = changes.iter().any(|change| matches!(change, CellChange::Increment { .. }));
    if adds || key.has_auto_increment() {
        Class::Once
    } else if *condition == Condition::ignore() {
        Class::Idempotent
    } else {
        Class::Conditional
    }
}

/// The message of a condition in a request.
pub(crate) fn condition_to_wire(condition: &Condition) -> Result<WireCondition> {
    condition.to_wire().map_err(|e| Error::invalid("the condition cannot be sent").with_source(e))
}

/// The setters that PutRow, UpdateRow and DeleteRow share, and their view as [`WriteParts`].
macro_rules! write_setters {
    () => {
        /// The same under a condition.
        #[must_use]
        pub fn condition(mut self, condition: $crate::Condition) -> Self {
            self.condition = condition;
            self
        }

        /// The same returning `content`.
        #[must_use]
        pub fn return_content(mut self, content: $crate::ReturnContent) -> Self {
            self.return_content = Some(content);
            self
        }

        /// The same inside a transaction.
        #[must_use]
        pub fn transaction_id(mut self, id: impl Into<String>) -> Self {
            self.transaction_id = Some(id.into());
            self
        }

        fn parts(&self) -> $crate::write::WriteParts<'_> {
            $crate::write::WriteParts {
                table_name: &self.table_name,
                condition: &self.condition,
                return_content: self.return_content.as_ref(),
                transaction_id: self.transaction_id.as_deref(),
            }
        }
    };
}

pub(crate) use write_setters;

/// The error that a settlement ends with when the row is not as the write leaves it: it was never written, or it was and
/// another writer has changed it since.
pub(crate) fn nobody_knows() -> Error {
    Error::new(ErrorKind::Conflict)
        .with_message("the row holds something else now, and may have held what was written before")
}

/// A request as a server reads it: the fields around the row, and the row's bytes.
#[cfg(feature = "server")]
pub(crate) struct ReadWrite {
    pub(crate) table_name: String,
    pub(crate) row: Bytes,
    pub(crate) condition: Condition,
    pub(crate) return_content: Option<ReturnContent>,
    pub(crate) transaction_id: Option<String>,
}

#[cfg(feature = "server")]
impl WriteRequest {
    /// The fields; `row` is the name of the second one.
    pub(crate) fn read(self, row: &'static str) -> Result<ReadWrite, WireFault> {
        Ok(ReadWrite {
            table_name: required(self.table_name, "table_name")?,
            row: required(self.row, row)?,
            condition: Condition::from_wire(required(self.condition, "condition")?)?,
            return_content: match self.return_content {
                Some(content) => ReturnContent::from_wire(content)?,
                None => None,
            },
            transaction_id: self.transaction_id,
        })
    }
}

#[cfg(feature = "server")]
const NOTHING: i32 = 0;
/// `ReturnType`.
const PRIMARY_KEY: i32 = 1;
const AFTER_MODIFY: i32 = 2;

impl ReturnContent {
    /// The incremented columns of these names, as they are now.
    ///
    /// ```
    /// use campaign_tablestore::{Client, PrimaryKey, ReturnContent, RowUpdate, UpdateRow, Value};
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// let update = RowUpdate::new(PrimaryKey::new().with("id", "totals")).increment("entries", 1);
    /// let count = UpdateRow::new("counters", update).return_content(ReturnContent::after_modify(["entries"]));
    /// let written = client.send(&count).await?;
    /// println!("{:?}", written.row.and_then(|row| row.get("entries").and_then(Value::as_i64)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn after_modify<I>(names: I) -> Self
    where
        I: IntoIterator<Item: Into<Name>>,
    {
        Self::AfterModify(names.into_iter().map(Into::into).collect())
    }

    pub(crate) fn to_wire(&self) -> WireReturnContent {
        match self {
            Self::PrimaryKey => WireReturnContent { return_type: Some(PRIMARY_KEY), return_column_names: Vec::new() },
            Self::AfterModify(names) => WireReturnContent {
                return_type: Some(AFTER_MODIFY),
                return_column_names: names.iter().map(ToString::to_string).collect(),
            },
        }
    }

    #[cfg(feature = "server")]
    pub(crate) fn from_wire(message: WireReturnContent) -> Result<Option<Self>, WireFault> {
        match message.return_type {
            None | Some(NOTHING) => Ok(None),
            Some(PRIMARY_KEY) => Ok(Some(Self::PrimaryKey)),
            Some(AFTER_MODIFY) => {
                Ok(Some(Self::AfterModify(message.return_column_names.into_iter().map(Name::from).collect())))
            }
            Some(value) => Err(WireFault::OutOfRange { field: "return_type", value: value.into() }),
        }
    }
}

impl Written {
    /// Reads the answer of a write.
    pub(crate) fn read(body: Bytes) -> Result<Self> {
        wire::answered(body, |answer: WriteResponse| {
            let row = match answer.row {
                Some(bytes) => decode_row(&bytes)?,
                None => None,
            };
            Ok(Self { consumed: CapacityUnit::from_capacity(answer.consumed, "consumed")?, row })
        })
    }

    /// Writes the answer of a write.
    #[cfg(feature = "server")]
    pub(crate) fn write(&self) -> Result<http::Response<Bytes>> {
        wire::respond(wire::message(|w| {
            w.message(1, &self.consumed.to_capacity());
            if let Some(row) = &self.row {
                w.row(2, row);
            }
        })?)
    }
}
