//! Search: the rows are looked at one after the other.
//!
//! What is held: of the rows up to the end of the page twice their keys and what they are sorted by, at most; the rows of the
//! page; what `aggregate` and `group` hold.

use std::ops::ControlFlow;

use campaign_tablestore::op::search::{Search, SearchQuery};
use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::search::{ColumnsToGet, FieldType, ReturnType, SearchHit, SearchPage, Sort, Sorter};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, Row, TableStore};

use super::aggregate::Aggregations;
use super::best::Best;
use super::document::Document;
use super::evaluate::{Scope, score};
use super::group::{self, GroupBys};
use super::index::{self, SearchIndex};
use super::order::{Ranked, Ranking};
use super::token::Place;
use super::vectors::Near;
use super::{highlight, nested, validate};
use crate::store::View;
use crate::tablestore::check::invalid;
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row::{size, units};
use crate::tablestore::table::Table;

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
    let place = place(service, search)?;
    let (seed, after) = match &place {
        Some(place) => (place.seed, Some(&place.after)),
        None => (random()?, None),
    };
    let scope = Scope::of(&index.schema().fields, seed);
    // Without an order, that of the index; an index with nested fields has none, and its rows come by their scores.
    let kept = place.as_ref().map(|place| &place.sort).or(query.sort.as_ref()).or(index.schema().index_sort.as_ref());
    let by_score = Sort::from_iter([Sorter::score()]);
    let ranking = Ranking::new(kept.unwrap_or(&by_score), scope)?;
    check(search, scope)?;
    let mut aggregations = Aggregations::new(&query.aggregations, scope)?;
    let mut group_bys = GroupBys::new(&query.group_bys, scope, &group::budget())?;

    let at = (&table, now);
    let near = nearest(view, at, &index, query, scope)?;
    let scope = Scope { near: &near, ..scope };
    // A token stands for the rows before it; one more than the page tells whether there is another page.
    let skipped = if after.is_some() { 0 } else { usize::try_from(offset).unwrap_or(0) };
    let limit = usize::try_from(limit).unwrap_or(0);
    let mut best = Best::new(ranking, if limit == 0 { 0 } else { skipped + limit + 1 });
    let mut total = 0;
    index.each(view, at, None, &mut |row| {
        let document = Document::Row(&row);
        let Some(score) = score(&query.query, document, scope) else { return Ok(ControlFlow::Continue(())) };
        total += 1;
        aggregations.add(&row, score);
        group_bys.add(&row, score)?;
        let told = query.filter.as_ref().is_none_or(|filter| self::score(&filter.query, document, scope).is_some());
        if told {
            let group = query.collapse.as_ref().map(|collapse| {
                let values = nested::values(document, scope, &collapse.field, None);
                // Rows without a value are a group as well; the mark keeps it apart from all values.
                values.first().map_or_else(String::new, |value| format!("={}", value.key()))
            });
            let ranked = Ranked { keys: ranking.keys(document, score), at: row.primary_key };
            if after.is_none_or(|after| ranking.compare(&ranked, after).is_gt()) {
                best.add(ranked, group);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;

    let mut found = best.sorted();
    let more = limit > 0 && found.len() > skipped + limit && query.collapse.is_none();
    found.truncate(skipped + limit);
    found.drain(..skipped.min(found.len()));
    let next_token = match (found.last(), kept) {
        (Some(last), Some(sort)) if more => Place { sort: sort.clone(), after: last.clone(), seed }.to_token(service),
        _ => None,
    };
    let (mut rows, mut hits) = (Vec::new(), Vec::new());
    for ranked in found {
        // The rows of the page only are held; they are read again.
        let Some(row) = index.row(view, at, &ranked.at)? else { continue };
        let document = Document::Row(&row);
        hits.push(SearchHit {
            score: score(&query.query, document, scope),
            highlight: highlight::fields(query.highlight.as_ref(), &query.query, document, scope),
            inner_hits: nested::hits(&query.query, document, scope)?,
            nested_doc_offset: None,
        });
        rows.push(wanted(row, search.columns_to_get.as_ref(), &index));
    }
    let counted = query.get_total_count == Some(true) || query.track_total_count.is_some_and(|most| most > 0);
    let mut page = SearchPage::default().with_rows(&rows);
    page.total_hits = counted.then_some(total);
    page.is_all_succeeded = true;
    page.hits = hits;
    page.next_token = next_token;
    (page.aggregations, page.group_bys) = (aggregations.done(), group_bys.done()?);
    page.consumed = Some(CapacityUnit::new(units(rows.iter().map(size).sum()), 0));
    Ok(page)
}

/// Where the token says that the page begins.
fn place(service: &TableStore, search: &Search) -> Result<Option<Place>, Refusal> {
    let query = &search.search_query;
    let Some(token) = query.token.as_ref().filter(|token| !token.is_empty()) else { return Ok(None) };
    if query.sort.is_some() {
        return Err(invalid("[sort] must not be set with [token]"));
    }
    if query.collapse.is_some() {
        return Err(invalid("[collapse] must not be set with [token]"));
    }
    Place::of_token(service, token).map(Some).ok_or_else(|| invalid("[token] is invalid"))
}

/// Refuses what cannot be searched, before a row is looked at.
fn check(search: &Search, scope: Scope<'_>) -> Result<(), Refusal> {
    let query = &search.search_query;
    validate::number(query.filter.iter().map(|filter| &filter.query).chain([&query.query]))?;
    validate::query(&query.query, scope, validate::Place::Search)?;
    if let Some(filter) = &query.filter {
        validate::query(&filter.query, scope, validate::Place::Inside)?;
    }
    if let Some(collapse) = &query.collapse {
        let numbers_and_keywords = [FieldType::Long, FieldType::Double, FieldType::Keyword];
        let field = scope.field(&collapse.field).filter(|field| field.sort_and_agg != Some(false));
        if !field.is_some_and(|field| numbers_and_keywords.contains(&field.field_type)) {
            let name = crate::log::printable(&collapse.field);
            return Err(invalid(format!("collapse is not supported for field[{name}]")));
        }
    }
    highlight::number(query)?;
    highlight::check(query.highlight.as_ref(), scope)
}

/// The rows that the vector queries find, for which all rows are looked at once more.
fn nearest<'a>(
    view: &impl View,
    at: (&Table, i64),
    index: &SearchIndex,
    query: &'a SearchQuery,
    scope: Scope<'_>,
) -> Result<Vec<Near<'a>>, Refusal> {
    let mut near = Near::all(&query.query, query.limit.unwrap_or(LIMIT));
    if !near.is_empty() {
        index.each(view, at, None, &mut |row| {
            near.iter_mut().for_each(|near| near.add(&row, scope));
            Ok(ControlFlow::Continue(()))
        })?;
        near.iter_mut().for_each(Near::finish);
    }
    Ok(near)
}

fn random() -> Result<u64, Refusal> {
    getrandom::u64().map_err(|_| Refusal::new(Code::InternalServerError, "The emulator has no random numbers."))
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
pub(super) fn wanted(mut row: Row, columns: Option<&ColumnsToGet>, index: &SearchIndex) -> Row {
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
