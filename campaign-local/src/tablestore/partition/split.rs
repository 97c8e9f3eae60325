//! Splitting partitions, and counting what leads to it.

use std::ops::ControlFlow;

use campaign_tablestore::plain_buffer::decode_row;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, KeyColumn, KeyValue, Name, PrimaryKey};

use super::Due;
use crate::store::{Order, View, space};
use crate::tablestore::index;
use crate::tablestore::operations::{Moments, Stop};
use crate::tablestore::row;
use crate::tablestore::row::key::{row_key, table_prefix};
use crate::tablestore::table::{self, Table, table_key, unreadable};

impl Moments {
    /// Refused if the partition of `key` takes no request at this moment.
    pub(crate) async fn admit(&self, table: &str, key: &PrimaryKey) -> Result<(), Stop> {
        let Some(first) = key.columns().first() else { return Ok(()) };
        let partitions = &self.cloud.partitions;
        if !partitions.knows(table) {
            let name = table.to_owned();
            // An index is one partition.
            let found = self.read(move |read, service| match table::find(read, service, &name)? {
                Some(table) => Ok(Some(table.request.split_points)),
                None => Ok(index::find(read, &name)?.map(|_| Vec::new())),
            });
            if let Some(points) = found.await? {
                partitions.found(table, &points);
            }
        }
        Ok(partitions.admit(table, &first.value, self.now)?)
    }

    /// Counts a write of so many bytes that was done, and splits its partition if that is due.
    pub(crate) async fn wrote(&self, table: &str, first: &KeyValue, bytes: usize) {
        let bytes_wide = u64::try_from(bytes).unwrap_or(u64::MAX);
        let further = row::units(bytes).saturating_sub(1);
        let Some(due) = self.cloud.partitions.wrote(table, first, bytes_wide, further, self.now) else { return };
        // The write is done whatever becomes of the split.
        if let Err(refusal) = self.split(table, due).await {
            tracing::warn!(%refusal, "a partition could not be split");
        }
    }

    async fn split(&self, name: &str, due: Due) -> Result<(), Refusal> {
        let store = &self.cloud.store;
        let value = match due {
            Due::Split(value) => Some(value),
            Due::Measure(begin, end) => {
                let (name, service, most) =
                    (name.to_owned(), self.cloud.service.clone(), self.cloud.partitions.split_bytes());
                let middle = store.read(move |read| {
                    let table = table::find(read, &service, &name)?;
                    table.map_or(Ok(None), |table| middle(read, &table, &begin, end.as_ref(), most))
                });
                middle.await?
            }
        };
        let Some(value) = value else { return Ok(()) };
        let (table_name, point, service) = (name.to_owned(), value.clone(), self.cloud.service.clone());
        let kept = store.write(move |write| {
            let Some(mut table) = table::find(write, &service, &table_name)? else { return Ok(false) };
            let points = &mut table.request.split_points;
            if let Err(at) = points.binary_search(&point) {
                points.insert(at, point);
                write.put(table_key(&table_name), table.save(&service)?);
            }
            Ok::<_, Refusal>(true)
        });
        if kept.await? {
            self.cloud.partitions.split(name, value, self.now);
        }
        Ok(())
    }
}

/// The value of the partition key at which the rows from `begin` to `end` are halved; none if they have fewer than `most`
/// bytes or one value.
fn middle(
    view: &impl View,
    table: &Table,
    begin: &KeyValue,
    end: Option<&KeyValue>,
    most: u64,
) -> Result<Option<KeyValue>, Refusal> {
    let lower = match begin {
        KeyValue::InfMin => table_prefix(table.number),
        begin => bound(table, begin),
    };
    let upper = end.map_or_else(|| space::end_of(&table_prefix(table.number)), |end| bound(table, end));
    let mut size = 0_u64;
    view.scan(lower.as_slice()..upper.as_slice(), Order::Forward, &mut |_, bytes| {
        size += bytes.len() as u64;
        ControlFlow::Continue(())
    })?;
    if size < most {
        return Ok(None);
    }
    let (mut passed, mut first, mut found) = (0, None, Ok(None));
    view.scan(lower.as_slice()..upper.as_slice(), Order::Forward, &mut |_, bytes| {
        passed += bytes.len() as u64;
        if first.is_some() && passed * 2 < size {
            return ControlFlow::Continue(());
        }
        match partition_key(bytes) {
            Ok(value) if first.as_ref().is_some_and(|first| *first != value) => {
                found = Ok(Some(value));
                ControlFlow::Break(())
            }
            Ok(value) => {
                first.get_or_insert(value);
                ControlFlow::Continue(())
            }
            Err(refusal) => {
                found = Err(refusal);
                ControlFlow::Break(())
            }
        }
    })?;
    found
}

fn bound(table: &Table, value: &KeyValue) -> Vec<u8> {
    let name = Name::from_static("first");
    row_key(table.number, &PrimaryKey::from_iter([KeyColumn { value: value.clone(), name }]))
}

fn partition_key(kept: &[u8]) -> Result<KeyValue, Refusal> {
    let row = decode_row(kept).ok().flatten().ok_or_else(unreadable)?;
    let first = row.primary_key.into_columns().into_iter().next();
    first.map(|column| column.value).ok_or_else(|| Refusal::new(Code::InternalServerError, "A kept row has no key."))
}
