//! CreateSearchIndex, DescribeSearchIndex, ListSearchIndex, UpdateSearchIndex, DeleteSearchIndex.

use campaign_tablestore::op::create_search_index::CreateSearchIndex;
use campaign_tablestore::op::delete_search_index::DeleteSearchIndex;
use campaign_tablestore::op::describe_search_index::{
    DescribeSearchIndex, IndexStatus, SearchIndexDescription, SyncStat,
};
use campaign_tablestore::op::list_search_index::{IndexInfo, ListSearchIndex};
use campaign_tablestore::op::update_search_index::UpdateSearchIndex;
use campaign_tablestore::search::{FieldSchema, FieldType, IndexState, Sort, SortOrder, Sorter, SyncPhase};
use campaign_tablestore::server::Refusal;

use super::dates;
use super::index::{self, SearchIndex, place};
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
        if self.source_index_name.is_some() {
            return Err(unsupported("rebuilding a search index").into());
        }
        let (request, created) = (self.clone(), at.now);
        let made = at.write(move |write, service| {
            let table = index::table_of(write, service, &request.table_name)?;
            if index::find(write, service, &request.table_name, &request.index_name)?.is_some() {
                return Err(invalid(format!("search index [{}] already exists", request.index_name)));
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

/// Refuses what the service does not take, and sets its defaults.
fn complete(mut request: CreateSearchIndex, table: &Table) -> Result<CreateSearchIndex, Refusal> {
    check_life(request.time_to_live)?;
    let schema = &mut request.schema;
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
    let routing = schema.index_setting.iter().flat_map(|setting| &setting.routing_fields);
    for field in routing {
        if !table.key_schema().iter().any(|column| column.name == *field) {
            return Err(invalid(format!("routing field [{field}] must be a primary key column")));
        }
    }
    Ok(request)
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
            Ok(SearchIndexDescription {
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
        if self.switch_index_name.is_some() || !self.query_flow_weight.is_empty() || !self.added_fields.is_empty() {
            return Err(unsupported("UpdateSearchIndex of anything but time_to_live").into());
        }
        check_life(self.time_to_live)?;
        let update = self.clone();
        let updated = at.write(move |write, service| {
            index::table_of(write, service, &update.table_name)?;
            let mut index = index::existing(write, service, &update.table_name, &update.index_name)?;
            index.request.time_to_live = update.time_to_live.or(index.request.time_to_live);
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
