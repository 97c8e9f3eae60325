//! The order of the rows, and the token that goes on in it.

use std::cmp::Ordering;

use bytes::Bytes;
use campaign_client::{Operation, Serve};
use campaign_tablestore::search::{FieldSort, FieldType, Query, Sort, SortMode, SortOrder, Sorter};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Row, Search, TableStore, Value};

use super::document::{Document, Scalar, asked};
use super::evaluate::count;
use super::geo;
use super::index::{SearchIndex, field};
use crate::tablestore::check::{invalid, unsupported};

/// A row that fits.
#[derive(Debug)]
pub(super) struct Hit<'a> {
    pub(super) row: &'a Row,
    pub(super) score: f64,
}

/// What a row is sorted by, for one sorter; none where it has no value.
type Key = Option<Scalar>;

/// Sorts the hits.
pub(super) fn sort(hits: &mut Vec<Hit<'_>>, sort: &Sort, index: &SearchIndex) -> Result<(), Refusal> {
    let mut keyed = Vec::with_capacity(hits.len());
    for hit in hits.drain(..) {
        let keys = sort.sorters.iter().map(|sorter| key(sorter, &hit, index)).collect::<Result<Vec<Key>, _>>()?;
        keyed.push((keys, hit));
    }
    keyed.sort_by(|(a, left), (b, right)| {
        let pairs = a.iter().zip(b).zip(&sort.sorters);
        let by_sorters = pairs.map(|((a, b), sorter)| compare(a.as_ref(), b.as_ref(), left, right, sorter));
        // Rows that are equal stand in the order of their keys.
        by_sorters.fold(Ordering::Equal, Ordering::then).then_with(|| left.row.primary_key.cmp(&right.row.primary_key))
    });
    hits.extend(keyed.into_iter().map(|(_, hit)| hit));
    Ok(())
}

fn key(sorter: &Sorter, hit: &Hit<'_>, index: &SearchIndex) -> Result<Key, Refusal> {
    if let Some(sort) = &sorter.field {
        return by_field(sort, hit, index);
    }
    if let Some(sort) = &sorter.geo_distance {
        if sort.nested_filter.is_some() {
            return Err(unsupported("sorting by a nested filter"));
        }
        let places = Document::Row(hit.row).all(&index.schema().fields, &sort.field);
        let distances = places.iter().flat_map(|place| match place {
            Scalar::Place(place) => sort.points.iter().map(|point| geo::distance(*place, *point)).collect(),
            _ => Vec::new(),
        });
        return Ok(one(distances.map(Scalar::Double).collect(), sort.mode, sort.order));
    }
    if sorter.score.is_some() {
        return Ok(Some(Scalar::Double(hit.score)));
    }
    if sorter.primary_key.is_some() || sorter.doc.is_some() {
        return Ok(None);
    }
    Err(invalid("a sorter must be given"))
}

fn by_field(sort: &FieldSort, hit: &Hit<'_>, index: &SearchIndex) -> Result<Key, Refusal> {
    if sort.nested_filter.is_some() || sort.missing_field.is_some() {
        return Err(unsupported("sorting by a nested filter or a second field"));
    }
    let fields = &index.schema().fields;
    let schema = field(fields, &sort.field).filter(|field| field.sort_and_agg != Some(false));
    // Of a text only its words are kept.
    let Some(schema) = schema.filter(|field| field.field_type != FieldType::Text) else {
        return Err(invalid(format!("sort is not supported for field[{}]", crate::log::printable(&sort.field))));
    };
    let found = one(Document::Row(hit.row).all(fields, &sort.field), sort.mode, sort.order);
    let missing = sort.missing_value.as_ref().filter(|value| !is_place(value));
    Ok(found.or_else(|| missing.and_then(|value| asked(schema, value))))
}

fn is_place(value: &Value) -> bool {
    matches!(value.as_str(), Some("_first" | "_last"))
}

/// The one of several values that counts: upwards the least, downwards the greatest, unless the sorter says otherwise.
fn one(values: Vec<Scalar>, mode: Option<SortMode>, order: Option<SortOrder>) -> Key {
    let down = order == Some(SortOrder::Desc);
    match mode.unwrap_or(if down { SortMode::Max } else { SortMode::Min }) {
        SortMode::Min => values.into_iter().min_by(Scalar::order),
        SortMode::Max => values.into_iter().max_by(Scalar::order),
        SortMode::Avg => {
            let numbers: Vec<f64> = values.iter().filter_map(Scalar::number).collect();
            (!numbers.is_empty()).then(|| Scalar::Double(numbers.iter().sum::<f64>() / count(numbers.len())))
        }
    }
}

fn compare(a: Option<&Scalar>, b: Option<&Scalar>, left: &Hit<'_>, right: &Hit<'_>, sorter: &Sorter) -> Ordering {
    let (order, first) = match sorter {
        Sorter { field: Some(sort), .. } => {
            (sort.order, sort.missing_value.as_ref().and_then(Value::as_str) == Some("_first"))
        }
        Sorter { geo_distance: Some(sort), .. } => (sort.order, false),
        Sorter { score: Some(sort), .. } => (Some(sort.order.unwrap_or(SortOrder::Desc)), false),
        Sorter { primary_key: Some(sort), .. } | Sorter { doc: Some(sort), .. } => {
            let up = left.row.primary_key.cmp(&right.row.primary_key);
            return if sort.order == Some(SortOrder::Desc) { up.reverse() } else { up };
        }
        _ => (None, false),
    };
    match (a, b) {
        (Some(a), Some(b)) if order == Some(SortOrder::Desc) => b.order(a),
        (Some(a), Some(b)) => a.order(b),
        (None, None) => Ordering::Equal,
        // Rows without a value stand last whichever way it goes, unless they are to stand first.
        (None, Some(_)) => {
            if first {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (Some(_), None) => {
            if first {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
    }
}

/// Where a page begins, and the order it is in.
#[derive(Debug)]
pub(super) struct Place {
    /// Rows before it.
    pub(super) skipped: usize,
    pub(super) sort: Option<Sort>,
}

impl Place {
    /// As callers have it: the number of rows, then a search that holds nothing but the order.
    pub(super) fn to_token(&self, service: &TableStore) -> Option<Bytes> {
        let mut search = Search::new("t", "i", Query::all());
        search.search_query.sort.clone_from(&self.sort);
        let body = search.request(service).ok()?.into_body();
        Some([&(self.skipped as u64).to_be_bytes(), body.bytes()?.as_ref()].concat().into())
    }

    pub(super) fn of_token(service: &TableStore, token: &Bytes) -> Option<Self> {
        let (skipped, body) = token.split_first_chunk()?;
        let uri = http::Uri::from_static("/Search");
        let (parts, ()) = http::Request::post(uri).body(()).ok()?.into_parts();
        let search = Search::read_request(service, &parts, Bytes::copy_from_slice(body)).ok()?;
        Some(Self { skipped: usize::try_from(u64::from_be_bytes(*skipped)).ok()?, sort: search.search_query.sort })
    }
}
