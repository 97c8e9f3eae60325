//! CreateSearchIndex, DescribeSearchIndex, ListSearchIndex, UpdateSearchIndex, DeleteSearchIndex.

use campaign_tablestore::TableStore;
use campaign_tablestore::op::create_search_index::CreateSearchIndex;
use campaign_tablestore::op::delete_search_index::DeleteSearchIndex;
use campaign_tablestore::op::describe_search_index::{
    DescribeSearchIndex, IndexStatus, SearchIndexDescription, SyncStat,
};
use campaign_tablestore::op::list_search_index::{IndexInfo, ListSearchIndex};
use campaign_tablestore::op::update_search_index::UpdateSearchIndex;
use campaign_tablestore::search::{
    FieldSchema, FieldType, IndexSchema, IndexState, Sort, SortOrder, Sorter, SyncPhase,
};
use campaign_tablestore::server::Refusal;

use super::dates;
use super::evaluate::Scope;
use super::index::{self, SearchIndex, place};
use super::order::Ranking;
use crate::store::View;
use crate::tablestore::check::{self, invalid, unsupported};
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::table::Table;

/// Fields of an index, levels of nested fields, and seconds of the shortest life (service document "Search index limits").
const FIELDS: usize = 1000;
const LEVELS: usize = 5;
const SHORTEST_LIFE: i32 = 86_400;

/// Numbers of a vector (service document "Search index limits").
const DIMENSION: i32 = 4096;

fn about(table: &str, index: &str) -> Vec<u8> {
    [table.as_bytes(), &[0], index.as_bytes()].concat()
}

impl Emulate for CreateSearchIndex {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.index_name)
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        check::table_name(&self.table_name)?;
        check::table_name(&self.index_name)?;
        let (request, created) = (self.clone(), at.now);
        let made = at.write(move |write, service| {
            let table = index::table_of(write, service, &request.table_name)?;
            if index::find(write, service, &request.table_name, &request.index_name)?.is_some() {
                return Err(invalid(format!("search index [{}] already exists", request.index_name)));
            }
            if let Some(source) = &request.source_index_name {
                check_rebuilt(write, service, &request, source)?;
            }
            let request = complete(request, &table)?;
            let key = place(&request.table_name, &request.index_name);
            let bytes = SearchIndex { created, request }.save(service)?;
            write.put(key, bytes);
            Ok(())
        });
        made.await?;
        Ok((self, ()))
    }
}

/// What the name of an index ends with that is to take another's place (service document "Dynamically modify a schema").
const REBUILT: &str = "_reindex";

/// Refuses an index that cannot take the place of `source`.
fn check_rebuilt(
    view: &impl View,
    service: &TableStore,
    request: &CreateSearchIndex,
    source: &str,
) -> Result<(), Refusal> {
    let of = index::existing(view, service, &request.table_name, source)?;
    if !request.index_name.ends_with(REBUILT) {
        return Err(invalid(format!("the name of a rebuilt search index must end with {REBUILT}")));
    }
    if of.request.source_index_name.is_some() || brother(view, service, &of)?.is_some() {
        return Err(invalid(format!("search index [{source}] is being rebuilt already")));
    }
    Ok(())
}

/// The index that one is to take the place of, or that is to take its place.
fn brother(view: &impl View, service: &TableStore, of: &SearchIndex) -> Result<Option<String>, Refusal> {
    let (table, name) = (&of.request.table_name, &of.request.index_name);
    if let Some(source) = &of.request.source_index_name {
        return Ok(index::find(view, service, table, source)?.map(|_| source.clone()));
    }
    for (_, other) in index::names(view, Some(table))? {
        let found = index::find(view, service, table, &other)?;
        if found.is_some_and(|found| found.request.source_index_name.as_ref() == Some(name)) {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// Refuses what the service does not take, and sets its defaults.
fn complete(mut request: CreateSearchIndex, table: &Table) -> Result<CreateSearchIndex, Refusal> {
    check_life(request.time_to_live)?;
    complete_schema(&mut request.schema, table)?;
    Ok(request)
}

fn complete_schema(schema: &mut IndexSchema, table: &Table) -> Result<(), Refusal> {
    if schema.fields.is_empty() || schema.fields.len() > FIELDS {
        return Err(invalid(format!("the number of fields must be in [1, {FIELDS}]")));
    }
    check_fields(&mut schema.fields, 0)?;
    let nested = schema.fields.iter().any(|field| field.field_type == FieldType::Nested);
    if nested && schema.index_sort.is_some() {
        return Err(invalid("index sort is not supported with nested field"));
    }
    if schema.index_sort.is_none() && !nested {
        schema.index_sort = Some(Sort::from_iter([Sorter::primary_key(SortOrder::Asc)]));
    }
    if let Some(sort) = &schema.index_sort {
        let by_order = |sorter: &Sorter| sorter.field.is_some() || sorter.primary_key.is_some();
        if !sort.sorters.iter().all(by_order) {
            return Err(invalid("index sort supports only field sort and primary key sort"));
        }
        Ranking::new(sort, Scope::of(&schema.fields, 0))?;
    }
    let routing = schema.index_setting.iter().flat_map(|setting| &setting.routing_fields);
    for field in routing {
        if !table.key_schema().iter().any(|column| column.name == *field) {
            return Err(invalid(format!("routing field [{field}] must be a primary key column")));
        }
    }
    Ok(())
}

fn check_life(seconds: Option<i32>) -> Result<(), Refusal> {
    match seconds {
        Some(seconds) if seconds != -1 && seconds < SHORTEST_LIFE => {
            Err(invalid(format!("[time_to_live] must be -1 or at least {SHORTEST_LIFE}")))
        }
        _ => Ok(()),
    }
}

fn check_fields(fields: &mut [FieldSchema], level: usize) -> Result<(), Refusal> {
    if level > LEVELS {
        return Err(invalid(format!("nested fields may be nested {LEVELS} deep at most")));
    }
    let mut names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    names.sort_unstable();
    if names.iter().any(|name| name.is_empty()) || names.windows(2).any(|pair| pair.first() == pair.get(1)) {
        return Err(invalid("field names must be given and must not repeat"));
    }
    for field in fields {
        match field.field_type {
            FieldType::Json | FieldType::Flattened => {
                return Err(unsupported("fields of the types JSON and FLATTENED"));
            }
            FieldType::Vector => check_vector(field, level)?,
            FieldType::Nested => check_fields(&mut field.fields, level + 1)?,
            FieldType::Text => {
                field.analyzer.get_or_insert_with(|| "single_word".to_owned());
                field
                    .analyzer_of()
                    .map_err(|_| invalid(format!("the analyzer of field [{}] is invalid", field.name)))?;
            }
            FieldType::Date => {
                if let Some(format) = field.date_formats.iter().find(|format| !dates::is_known(format)) {
                    return Err(unsupported(&format!("the date format {}", crate::log::printable(format))));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_vector(field: &FieldSchema, level: usize) -> Result<(), Refusal> {
    if level > 0 || field.is_array == Some(true) {
        return Err(unsupported("vectors inside nested fields or arrays"));
    }
    let dimension = field.vector_options.and_then(|options| options.dimension);
    if dimension.is_some_and(|dimension| (1..=DIMENSION).contains(&dimension)) {
        return Ok(());
    }
    Err(invalid(format!("the dimension of the vector field [{}] must be in [1, {DIMENSION}]", field.name)))
}

impl Emulate for DescribeSearchIndex {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.index_name)
    }

    async fn done(self, at: &Moments) -> Result<(Self, SearchIndexDescription), Stop> {
        let (describe, now) = (self.clone(), at.now);
        let described = at.read(move |read, service| {
            index::table_of(read, service, &describe.table_name)?;
            let index = index::existing(read, service, &describe.table_name, &describe.index_name)?;
            // Nothing is ever behind: an index is its table's rows at the moment of the query.
            let stat = SyncStat { sync_phase: SyncPhase::Incremental, current_sync_timestamp: Some(now) };
            let brother_index_name = brother(read, service, &index)?;
            Ok(SearchIndexDescription {
                brother_index_name,
                // Clients older than the field (Go, Node) are told it.
                sync_stat: describe.include_sync_stat.unwrap_or(true).then_some(stat),
                create_time: Some(index.created),
                time_to_live: Some(index.request.time_to_live.unwrap_or(-1)),
                index_status: Some(IndexStatus { status: IndexState::Running, description: None }),
                ..SearchIndexDescription::new(index.request.schema)
            })
        });
        let described = described.await?;
        Ok((self, described))
    }
}

impl Emulate for ListSearchIndex {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().unwrap_or_default().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, Vec<IndexInfo>), Stop> {
        let one = self.table_name.clone().filter(|name| !name.is_empty());
        let listed = at.read(move |read, service| {
            if let Some(name) = &one {
                index::table_of(read, service, name)?;
            }
            let names = index::names(read, one.as_deref())?;
            Ok(names.into_iter().map(|(table_name, index_name)| IndexInfo { table_name, index_name }).collect())
        });
        let listed = listed.await?;
        Ok((self, listed))
    }
}

impl Emulate for UpdateSearchIndex {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.index_name)
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        if !self.query_flow_weight.is_empty() {
            return Err(unsupported("shares of searches that a rebuilt search index gets").into());
        }
        check_life(self.time_to_live)?;
        let update = self.clone();
        let updated = at.write(move |write, service| {
            let table = index::table_of(write, service, &update.table_name)?;
            let mut index = index::existing(write, service, &update.table_name, &update.index_name)?;
            index.request.time_to_live = update.time_to_live.or(index.request.time_to_live);
            if !update.added_fields.is_empty() {
                // Nothing is kept besides the definition, so all rows have them at once.
                index.request.schema.fields.extend(update.added_fields);
                complete_schema(&mut index.request.schema, &table)?;
            }
            if let Some(rebuilt) = &update.switch_index_name {
                let mut other = index::existing(write, service, &update.table_name, rebuilt)?;
                if other.request.source_index_name.as_ref() != Some(&update.index_name) {
                    return Err(invalid(format!("search index [{rebuilt}] is not rebuilt from this one")));
                }
                std::mem::swap(&mut index.request.schema, &mut other.request.schema);
                write.put(place(&update.table_name, rebuilt), other.save(service)?);
            }
            write.put(place(&update.table_name, &update.index_name), index.save(service)?);
            Ok(())
        });
        updated.await?;
        Ok((self, ()))
    }
}

impl Emulate for DeleteSearchIndex {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.index_name)
    }

    async fn done(self, at: &Moments) -> Result<(Self, ()), Stop> {
        let (table, name) = (self.table_name.clone(), self.index_name.clone());
        let deleted = at.write(move |write, service| {
            index::table_of(write, service, &table)?;
            index::existing(write, service, &table, &name)?;
            write.delete(place(&table, &name));
            Ok(())
        });
        deleted.await?;
        Ok((self, ()))
    }
}
