//! BulkExport.

use campaign_tablestore::op::get_range::Direction;
use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::{BulkExport, DataBlockType, ExportPage, Name, Row};

use super::key::row_key;
use super::range::{Bounds, read_range};
use super::units;
use super::wanted::Wanted;
use crate::tablestore::check;
use crate::tablestore::index;
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::table::Table;

impl Emulate for BulkExport {
    fn about(&self) -> Vec<u8> {
        [self.table_name.as_bytes(), &[0], &row_key(0, &self.inclusive_start_primary_key)].concat()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ExportPage), Stop> {
        let (export, at_once) = (self.clone(), at.at(None)?);
        at.admit(&self.table_name, &self.inclusive_start_primary_key).await?;
        let page = at.read(move |read, service| {
            check::table_name(&export.table_name)?;
            let table = index::readable(read, service, &export.table_name)?;
            let bounds = Bounds {
                direction: Direction::Forward,
                start: &export.inclusive_start_primary_key,
                end: &export.exclusive_end_primary_key,
                limit: None,
            };
            let wanted = Wanted {
                columns: export.columns_to_get,
                time_range: None,
                max_versions: Some(1),
                start: None,
                end: None,
                filter: export.filter,
                token: None,
                // An export has no tokens.
                bytes: usize::MAX,
            };
            let page = read_range(read, &table, &bounds, &wanted, &at_once)?;
            let consumed = CapacityUnit::new(units(page.bytes), 0);
            Ok(match export.data_block_type_hint {
                Some(DataBlockType::SimpleRowMatrix) => {
                    let (key, columns) = fields(&table, wanted.columns, &page.rows);
                    ExportPage::matrix(consumed, &key, &columns, &page.rows, page.next)
                }
                Some(DataBlockType::PlainBuffer) | None => ExportPage::plain_buffer(consumed, &page.rows, page.next),
            })
        });
        let page = page.await?;
        Ok((self, page))
    }
}

/// The columns of a matrix: the whole key, and what was asked for or, without that, what the rows have.
fn fields(table: &Table, asked: Vec<Name>, rows: &[Row]) -> (Vec<Name>, Vec<Name>) {
    let key: Vec<Name> = table.key_schema().iter().map(|column| Name::from(column.name.as_str())).collect();
    let mut columns = asked;
    if columns.is_empty() {
        columns = rows.iter().flat_map(|row| row.columns.iter().map(|column| column.name.clone())).collect();
        columns.sort();
        columns.dedup();
    }
    let mut seen = Vec::with_capacity(columns.len());
    for name in columns {
        if !key.contains(&name) && !seen.contains(&name) {
            seen.push(name);
        }
    }
    (key, seen)
}
