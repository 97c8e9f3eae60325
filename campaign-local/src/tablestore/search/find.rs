//! Search.

use std::collections::HashSet;

use campaign_tablestore::op::search::Search;
use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::search::{ColumnsToGet, FieldType, ReturnType, SearchHit, SearchPage, Sort, Sorter};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Row, TableStore};

use super::aggregate;
use super::document::Document;
use super::evaluate::{Scope, score};
use super::group;
use super::highlight;
use super::index::{self, SearchIndex};
use super::order::{Hit, Place, sort};
use crate::store::View;
use crate::tablestore::check::invalid;
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row::{size, units};

/// Rows of a page unless the search says otherwise, rows of a page at most if columns come from the table or from the index
/// only, and rows that can be skipped without a token (service document "Search index limits").
const LIMIT: i32 = 10;
const FROM_TABLE: i32 = 100;
const FROM_INDEX: i32 = 1000;
const SKIPPED: i32 = 100_000;

impl Emulate for Search {
    fn about(&self) -> Vec<u8> {
        [self.table_name.as_bytes(), &[0], self.index_name.as_bytes()].concat()
    }

    async fn done(self, at: &Moments) -> Result<(Self, SearchPage), Stop> {
        let (search, now) = (self.clone(), at.now);
        let page = at.read(move |read, service| find(read, service, &search, now)).await?;
        Ok((self, page))
    }
}

pub(super) fn find(view: &impl View, service: &TableStore, search: &Search, now: i64) -> Result<SearchPage, Refusal> {
    let table = index::table_of(view, service, &search.table_name)?;
    let index = index::existing(view, service, &search.table_name, &search.index_name)?;
    let query = &search.search_query;
    let (offset, limit) = (query.offset.unwrap_or(0), query.limit.unwrap_or(LIMIT));
    check_page(offset, limit, search.columns_to_get.as_ref(), &index)?;
    let rows = index.rows(view, &table, now)?;
    let scope = Scope { fields: &index.schema().fields, prefix: "" };
    let mut hits = Vec::new();
    for row in &rows {
        if let Some(score) = score(&query.query, Document::Row(row), scope)? {
            hits.push(Hit { row, score });
        }
    }
    let place = match &query.token {
        Some(token) if !token.is_empty() => {
            if query.sort.is_some() {
                return Err(invalid("[sort] must not be set with [token]"));
            }
            Place::of_token(service, token).ok_or_else(|| invalid("[token] is invalid"))?
        }
        _ => Place { skipped: usize::try_from(offset).unwrap_or(0), sort: query.sort.clone() },
    };
    // Without an order, that of the index; an index with nested fields has none, and its rows come by their scores.
    let kept = place.sort.clone().or_else(|| index.schema().index_sort.clone());
    let order = kept.clone().unwrap_or_else(|| Sort::from_iter([Sorter::score()]));
    sort(&mut hits, &order, &index)?;
    let total = i64::try_from(hits.len()).unwrap_or(i64::MAX);
    let found: Vec<&Row> = hits.iter().map(|hit| hit.row).collect();
    let aggregations = aggregate::all(&query.aggregations, &found, &index)?;
    let group_bys = group::all(&query.group_bys, &found, &index)?;

    if let Some(filter) = &query.filter {
        let mut kept = Vec::new();
        for hit in hits {
            if score(&filter.query, Document::Row(hit.row), scope)?.is_some() {
                kept.push(hit);
            }
        }
        hits = kept;
    }
    if let Some(collapse) = &query.collapse {
        let mut seen = HashSet::new();
        let fields = &index.schema().fields;
        hits.retain(|hit| {
            let value = Document::Row(hit.row).all(fields, &collapse.field);
            seen.insert(value.first().map(super::document::Scalar::key))
        });
    }
    let end = place.skipped.saturating_add(usize::try_from(limit).unwrap_or(0));
    let more = hits.len() > end && limit > 0 && query.collapse.is_none() && kept.is_some();
    let next = Place { skipped: end, sort: place.sort };
    let next_token = more.then(|| next.to_token(service)).flatten();
    let shown = hits.get(place.skipped..end.min(hits.len())).unwrap_or_default();
    let columns: Vec<Row> = shown.iter().map(|hit| wanted(hit.row, search.columns_to_get.as_ref(), &index)).collect();
    let told = shown.iter().map(|hit| {
        let highlight = highlight::fields(query.highlight.as_ref(), &query.query, hit.row, &index)?;
        Ok(SearchHit { score: Some(hit.score), highlight, ..SearchHit::default() })
    });
    let told = told.collect::<Result<Vec<_>, Refusal>>()?;
    let counted = query.get_total_count == Some(true) || query.track_total_count.is_some_and(|most| most > 0);
    let mut page = SearchPage::default().with_rows(&columns);
    page.total_hits = counted.then_some(total);
    page.is_all_succeeded = true;
    page.hits = told;
    page.next_token = next_token;
    (page.aggregations, page.group_bys) = (aggregations, group_bys);
    page.consumed = Some(CapacityUnit::new(units(columns.iter().map(size).sum()), 0));
    Ok(page)
}

fn check_page(offset: i32, limit: i32, columns: Option<&ColumnsToGet>, index: &SearchIndex) -> Result<(), Refusal> {
    let fields = &index.schema().fields;
    let from_table = columns.is_some_and(|columns| match columns.return_type {
        ReturnType::All => true,
        ReturnType::None | ReturnType::AllFromIndex => false,
        ReturnType::Specified => {
            !columns.column_names.iter().all(|name| fields.iter().any(|field| field.name == *name))
        }
    });
    let most = if from_table { FROM_TABLE } else { FROM_INDEX };
    if !(0..=most).contains(&limit) {
        return Err(invalid(format!("[limit] must be in [0, {most}]")));
    }
    if offset < 0 || offset.saturating_add(limit) > SKIPPED {
        return Err(invalid(format!("[offset + limit] must be in [0, {SKIPPED}]")));
    }
    Ok(())
}

/// The row with the columns that are asked for.
pub(super) fn wanted(row: &Row, columns: Option<&ColumnsToGet>, index: &SearchIndex) -> Row {
    let mut row = row.clone();
    let fields = &index.schema().fields;
    row.columns.retain(|column| match columns.map(|columns| (columns.return_type, &columns.column_names)) {
        None | Some((ReturnType::None, _)) => false,
        Some((ReturnType::All, _)) => true,
        Some((ReturnType::Specified, names)) => names.iter().any(|name| *column.name == **name),
        Some((ReturnType::AllFromIndex, _)) => {
            fields.iter().any(|field| *column.name == *field.name && field.field_type != FieldType::Vector)
        }
    });
    row
}
