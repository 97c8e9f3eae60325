//! ComputeSplitPointsBySize: where the rows of a table have so many bytes more.
//!
//! The service looks at its files and answers about what was written some time ago; here all rows are looked at.

use std::ops::ControlFlow;

use campaign_tablestore::PrimaryKey;
use campaign_tablestore::op::compute_split_points_by_size::{
    ComputeSplitPointsBySize, DEFAULT_UNIT_BYTES, MIN_UNIT_BYTES, SplitLocation, SplitPoints,
};
use campaign_tablestore::plain_buffer::decode_row;
use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::server::Refusal;

use crate::store::{Order, View, space};
use crate::tablestore::check::{self, SPLIT_SIZE, invalid};
use crate::tablestore::index;
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row::key::table_prefix;
use crate::tablestore::table::{Table, unreadable};

/// Where all parts lie.
const LOCATION: &str = "local";

impl Emulate for ComputeSplitPointsBySize {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, SplitPoints), Stop> {
        check::table_name(&self.table_name)?;
        if self.split_size == 0 {
            return Err(invalid(SPLIT_SIZE).into());
        }
        if self.unit_bytes.is_some_and(|unit| unit < MIN_UNIT_BYTES) {
            let text = format!("The split_size_unit_in_byte should be greater equal than: {MIN_UNIT_BYTES}");
            return Err(invalid(text).into());
        }
        if self.limit == Some(0) {
            return Err(invalid("The value of SplitPointLimit must be greater than 0.").into());
        }
        let call = self.clone();
        let points = at.read(move |read, service| {
            let table = index::readable(read, service, &call.table_name)?;
            let size = call.split_size.saturating_mul(call.unit_bytes.unwrap_or(DEFAULT_UNIT_BYTES));
            let points = thinned(split_points(read, &table, size)?, call.limit);
            let parts = u64::try_from(points.len()).unwrap_or(u64::MAX).saturating_add(1);
            Ok(SplitPoints {
                consumed: CapacityUnit::new(1, 0),
                schema: table.request.table_meta.primary_key,
                split_points: points,
                locations: vec![SplitLocation { location: LOCATION.to_owned(), repeat: parts }],
            })
        });
        let points = points.await?;
        Ok((self, points))
    }
}

/// The keys at which parts of `size` bytes begin. A part that begins with a value of the partition key is told by that alone.
fn split_points(view: &impl View, table: &Table, size: u64) -> Result<Vec<PrimaryKey>, Refusal> {
    let prefix = table_prefix(table.number);
    let (mut points, mut part, mut broken) = (Vec::new(), 0_u64, false);
    let mut last: Option<Vec<u8>> = None;
    view.scan(prefix.as_slice()..space::end_of(&prefix).as_slice(), Order::Forward, &mut |_, bytes| {
        // Looked at only where a part ends: one row is read twice there, and all others not at all.
        if part >= size {
            let before = last.take().and_then(|bytes| decode_row(&bytes).ok().flatten());
            let (Some(before), Some(row)) = (before, decode_row(bytes).ok().flatten()) else {
                broken = true;
                return ControlFlow::Break(());
            };
            let same = before.primary_key.columns().first() == row.primary_key.columns().first();
            let columns = row.primary_key.into_columns().into_iter();
            points.push(if same { columns.collect() } else { columns.take(1).collect() });
            part = 0;
        }
        part = part.saturating_add(bytes.len() as u64);
        if part >= size {
            last = Some(bytes.to_vec());
        }
        ControlFlow::Continue(())
    })?;
    if broken { Err(unreadable()) } else { Ok(points) }
}

/// At most `limit` of the points, as evenly as they go.
fn thinned(points: Vec<PrimaryKey>, limit: Option<u32>) -> Vec<PrimaryKey> {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let (all, parts) = (points.len() + 1, points.len().min(limit) + 1);
    let kept = |at: usize| at * parts / all != (at - 1) * parts / all;
    points.into_iter().zip(1..).filter(|(_, at)| kept(*at)).map(|(point, _)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_thinned_evenly() {
        let points = |numbers: &[i32]| numbers.iter().map(|n| PrimaryKey::new().with("n", *n)).collect::<Vec<_>>();
        let all = points(&[1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(thinned(all.clone(), None), all);
        assert_eq!(thinned(all.clone(), Some(7)), all);
        assert_eq!(thinned(all.clone(), Some(3)), points(&[2, 4, 6]));
        assert_eq!(thinned(all.clone(), Some(1)), points(&[4]));
        assert!(all.iter().zip(1..).all(|(_, limit)| thinned(all.clone(), Some(limit)).len() == limit as usize));
        assert!(thinned(Vec::new(), Some(3)).is_empty());
    }
}
