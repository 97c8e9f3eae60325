//! A table with its index in memory, without a service around it.

use std::collections::BTreeMap;
use std::ops::Range;

use campaign_tablestore::op::create_search_index::CreateSearchIndex;
use campaign_tablestore::op::create_table::CreateTable;
use campaign_tablestore::schema::{KeyType, TableMeta};
use campaign_tablestore::search::{FieldSchema, IndexSchema, Query, SearchPage};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{PrimaryKey, Row, Search, TableStore};

use super::super::find::find;
use super::super::index::{SearchIndex, place};
use crate::store::{Order, StoreError, View, Visit};
use crate::tablestore::row::{key::row_key, save};
use crate::tablestore::table::{Table, table_key};

const NUMBER: u64 = 1;

pub(super) struct Cloud {
    kept: BTreeMap<Vec<u8>, Vec<u8>>,
    service: TableStore,
}

impl View for Cloud {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.kept.get(key).cloned())
    }

    fn scan(&self, range: Range<&[u8]>, order: Order, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        assert_eq!(order, Order::Forward);
        let range = range.start.to_vec()..range.end.to_vec();
        for (key, value) in self.kept.range(range) {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Cloud {
    /// Table `t` with the key column `id` and index `i` with these fields.
    pub(super) fn new(fields: impl IntoIterator<Item = FieldSchema>) -> Self {
        let service = TableStore::new("http://127.0.0.1", "search").unwrap();
        let request = CreateTable::new(TableMeta::new("t").key("id", KeyType::Integer));
        let table = Table::new(NUMBER, 0, request).save(&service).unwrap();
        let index = CreateSearchIndex::new("t", "i", IndexSchema::from_iter(fields));
        let index = SearchIndex { created: 0, request: index }.save(&service).unwrap();
        let kept = BTreeMap::from([(table_key("t"), table), (place("t", "i"), index)]);
        Self { kept, service }
    }

    pub(super) fn with(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        rows.into_iter().for_each(|row| self.put(&row));
        self
    }

    pub(super) fn put(&mut self, row: &Row) {
        self.kept.insert(row_key(NUMBER, &row.primary_key), save(row));
    }

    pub(super) fn delete(&mut self, id: i64) {
        self.kept.remove(&row_key(NUMBER, &key(id)));
    }

    pub(super) fn find(&self, search: &Search) -> Result<SearchPage, Refusal> {
        find(self, &self.service, search, 1)
    }

    /// The ids that a query finds, in the order of the keys.
    pub(super) fn ids(&self, query: impl Into<Query>) -> Vec<i64> {
        let order = campaign_tablestore::search::Sorter::primary_key(campaign_tablestore::search::SortOrder::Asc);
        ids(&self.find(&search(query).sort_by([order])).unwrap())
    }
}

/// A search of all rows at once.
pub(super) fn search(query: impl Into<Query>) -> Search {
    Search::new("t", "i", query).limit(1000).count_hits()
}

pub(super) fn key(id: i64) -> PrimaryKey {
    PrimaryKey::new().with("id", id)
}

pub(super) fn row(id: i64) -> Row {
    Row::new(key(id))
}

pub(super) fn ids(page: &SearchPage) -> Vec<i64> {
    page.rows().unwrap().iter().map(|row| row.key("id").unwrap().as_i64().unwrap()).collect()
}
