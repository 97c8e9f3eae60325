//! The write of one row in a call of many: BatchWriteRow, BulkImport.

use campaign_client::{Class, Result};
#[cfg(feature = "server")]
use {bytes::Bytes, prost::Message};

use crate::{
    CellChange, Condition, PrimaryKey, ReturnContent, Row, RowUpdate,
    condition::WireCondition,
    plain_buffer::{DeletedRow, Encode, Place},
    wire::{self, Writer, enumeration},
    write::{class_of, condition_to_wire},
};
#[cfg(feature = "server")]
use crate::{
    WireFault,
    plain_buffer::{decode_delete, decode_put, decode_update},
    wire::required,
    write::WireReturnContent,
};

/// What happens to one row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowChange {
    /// It is written whole, in place of the one that was there.
    Put(Row),
    /// Columns of it are changed.
    Update(RowUpdate),
    /// It goes, if it is there.
    Delete(PrimaryKey),
}

impl RowChange {
    /// The row's key.
    #[must_use]
    pub const fn primary_key(&self) -> &PrimaryKey {
        match self {
            Self::Put(row) => &row.primary_key,
            Self::Update(row) => &row.primary_key,
            Self::Delete(key) => key,
        }
    }

    /// What a repetition does, were it alone and under `condition`.
    pub(crate) fn class(&self, condition: &Condition) -> Class {
        class_of(self.primary_key(), self.cell_changes(), condition)
    }

    fn cell_changes(&self) -> &[CellChange] {
        if let Self::Update(row) = self { &row.changes } else { &[] }
    }

    /// Refuses what no table takes.
    pub(crate) fn check(&self) -> Result<()> {
        wire::check_written_key(self.primary_key())?;
        match self {
            Self::Put(row) => wire::check_put(row),
            Self::Update(row) => wire::check_update(row),
            Self::Delete(_) => Ok(()),
        }
    }

    /// The fields of `RowInBatchWriteRowRequest` that `RowInBulkImportRequest` has too.
    pub(crate) fn write_fields(&self, w: &mut Writer) {
        w.int(1, self.kind().number().into());
        w.row(2, self);
    }

    const fn kind(&self) -> OperationType {
        match self {
            Self::Put(_) => OperationType::Put,
            Self::Update(_) => OperationType::Update,
            Self::Delete(_) => OperationType::Delete,
        }
    }
}

impl Encode for RowChange {
    fn encoded_len(&self) -> usize {
        match self {
            Self::Put(row) => row.encoded_len(),
            Self::Update(row) => row.encoded_len(),
            Self::Delete(key) => DeletedRow(key).encoded_len(),
        }
    }

    fn write(&self, place: Place<'_>) {
        match self {
            Self::Put(row) => Encode::write(row, place),
            Self::Update(row) => Encode::write(row, place),
            Self::Delete(key) => DeletedRow(key).write(place),
        }
    }
}

impl From<Row> for RowChange {
    fn from(row: Row) -> Self {
        Self::Put(row)
    }
}

impl From<RowUpdate> for RowChange {
    fn from(row: RowUpdate) -> Self {
        Self::Update(row)
    }
}

enumeration! {
    /// `OperationType`.
    pub(crate) enum OperationType {
        /// PutRow.
        Put = 1,
        /// UpdateRow.
        Update = 2,
        /// DeleteRow.
        Delete = 3,
    }
}

/// The write of one row of a batch: what [`PutRow`](crate::PutRow), [`UpdateRow`](crate::UpdateRow) and
/// [`DeleteRow`](crate::DeleteRow) are without their table.
///
/// ```
/// use campaign_tablestore::{Condition, PrimaryKey, Row, RowUpdate, RowWrite};
///
/// let key = |id: &str| PrimaryKey::new().with("id", id);
/// let writes = [
///     RowWrite::put(Row::new(key("a")).with("size", "M")).condition(Condition::expect_not_exist()),
///     RowWrite::update(RowUpdate::new(key("b")).put("size", "L")),
///     RowWrite::delete(key("c")),
/// ];
/// # let _ = writes;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RowWrite {
    /// What happens to the row.
    pub change: RowChange,
    /// What must hold for it to be written.
    pub condition: Condition,
    /// What is returned.
    pub return_content: Option<ReturnContent>,
}

impl RowWrite {
    /// Puts `row`, whatever was there.
    #[must_use]
    pub fn put(row: Row) -> Self {
        RowChange::Put(row).into()
    }

    /// Makes the changes of `row`, whatever was there.
    #[must_use]
    pub fn update(row: RowUpdate) -> Self {
        RowChange::Update(row).into()
    }

    /// Deletes the row of this key, if there is one.
    #[must_use]
    pub fn delete(key: PrimaryKey) -> Self {
        RowChange::Delete(key).into()
    }

    /// The same under a condition.
    #[must_use]
    pub fn condition(mut self, condition: Condition) -> Self {
        self.condition = condition;
        self
    }

    /// The same returning `content`.
    #[must_use]
    pub fn return_content(mut self, content: ReturnContent) -> Self {
        self.return_content = Some(content);
        self
    }

    /// The row's key.
    #[must_use]
    pub const fn primary_key(&self) -> &PrimaryKey {
        self.change.primary_key()
    }

    /// What a repetition does, were it alone.
    #[must_use]
    pub fn class(&self) -> Class {
        self.change.class(&self.condition)
    }

    /// Checks the row; gives the message of its condition.
    pub(crate) fn check(&self) -> Result<WireCondition> {
        self.change.check()?;
        condition_to_wire(&self.condition)
    }

    /// The fields of `RowInBatchWriteRowRequest`.
    pub(crate) fn write(&self, condition: &WireCondition, w: &mut Writer) {
        self.change.write_fields(w);
        w.message(3, condition);
        w.optional_message(4, self.return_content.as_ref().map(ReturnContent::to_wire).as_ref());
    }
}

impl From<RowChange> for RowWrite {
    fn from(change: RowChange) -> Self {
        Self { change, condition: Condition::ignore(), return_content: None }
    }
}

/// `RowInBatchWriteRowRequest`, and `RowInBulkImportRequest`, which has its first two fields.
#[cfg(feature = "server")]
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireRowWrite {
    #[prost(int32, optional, tag = "1")]
    kind: Option<i32>,
    #[prost(bytes = "bytes", optional, tag = "2")]
    row_change: Option<Bytes>,
    #[prost(message, optional, tag = "3")]
    condition: Option<WireCondition>,
    #[prost(message, optional, tag = "4")]
    return_content: Option<WireReturnContent>,
}

#[cfg(feature = "server")]
impl WireRowWrite {
    /// The row of BulkImport.
    pub(crate) fn change(&self) -> Result<RowChange, WireFault> {
        let row = self.row_change.as_deref().ok_or(WireFault::Missing("row_change"))?;
        Ok(match OperationType::from_number(required(self.kind, "type")?, "type")? {
            OperationType::Put => RowChange::Put(decode_put(row)?),
            OperationType::Update => RowChange::Update(decode_update(row)?),
            OperationType::Delete => RowChange::Delete(decode_delete(row)?),
        })
    }

    /// The row of BatchWriteRow.
    pub(crate) fn read(self) -> Result<RowWrite, WireFault> {
        Ok(RowWrite {
            change: self.change()?,
            condition: Condition::from_wire(required(self.condition, "condition")?)?,
            return_content: match self.return_content {
                Some(content) => ReturnContent::from_wire(content)?,
                None => None,
            },
        })
    }
}
