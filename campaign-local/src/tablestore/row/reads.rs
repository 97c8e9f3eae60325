//! GetRow, GetRange.

use campaign_tablestore::op::get_range::{GetRange, RangePage};
use campaign_tablestore::op::get_row::{GetRow, GetRowOutput};
use campaign_tablestore::schema::CapacityUnit;

use super::key::row_key;
use super::range::{Bounds, read_range};
use super::wanted::{Piece, read_row, wanted};
use crate::tablestore::check;
use crate::tablestore::index;
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row::{self, units};

impl Emulate for GetRow {
    fn about(&self) -> Vec<u8> {
        [self.table_name.as_bytes(), &[0], &row_key(0, &self.primary_key)].concat()
    }

    async fn done(self, at: &Moments) -> Result<(Self, GetRowOutput), Stop> {
        let (get, moment) = (self.clone(), at.at(self.transaction_id.as_deref())?);
        let bytes = at.cloud.options.row_piece_bytes;
        at.admit(&self.table_name, &self.primary_key).await?;
        let then = moment.clone();
        let output = at.look(&moment, move |view, service| {
            check::table_name(&get.table_name)?;
            let table = index::readable(&view, service, &get.table_name)?;
            let wanted = wanted!(get, get.token, bytes);
            let Piece { row, next } = read_row(&view, &table, &get.primary_key, &wanted, &then)?;
            let consumed = CapacityUnit::new(units(row.as_ref().map_or(0, row::size)), 0);
            Ok(GetRowOutput { consumed, row, next_token: next })
        });
        let output = output.await?;
        Ok((self, output))
    }
}

impl Emulate for GetRange {
    fn about(&self) -> Vec<u8> {
        [self.table_name.as_bytes(), &[0], &row_key(0, &self.inclusive_start_primary_key)].concat()
    }

    async fn done(self, at: &Moments) -> Result<(Self, RangePage), Stop> {
        let (get, moment) = (self.clone(), at.at(self.transaction_id.as_deref())?);
        let bytes = at.cloud.options.row_piece_bytes;
        at.admit(&self.table_name, &self.inclusive_start_primary_key).await?;
        let then = moment.clone();
        let page = at.look(&moment, move |view, service| {
            check::table_name(&get.table_name)?;
            let table = index::readable(&view, service, &get.table_name)?;
            let bounds = Bounds {
                direction: get.direction,
                start: &get.inclusive_start_primary_key,
                end: &get.exclusive_end_primary_key,
                limit: get.limit,
            };
            let wanted = wanted!(get, get.token, bytes);
            let page = read_range(&view, &table, &bounds, &wanted, &then)?;
            let mut answer = RangePage::new(CapacityUnit::new(units(page.bytes), 0), &page.rows, page.next);
            answer.next_token = page.token;
            Ok(answer)
        });
        let page = page.await?;
        Ok((self, page))
    }
}
