//! A table as it is kept: its number, when it was made, and the request that made it.

pub(super) mod calls;
pub(super) mod rules;
pub(super) mod throughput;
pub(super) mod update;

use bytes::Bytes;
use campaign_client::{Operation, Serve};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, TableStore, op::create_table::CreateTable, schema::PrimaryKeySchema};

use crate::store::{View, Write, space};

/// Versions of a column unless the table says otherwise.
const MAX_VERSIONS: i32 = 1;
/// Seconds that a written version may differ from the clock unless the table says otherwise.
const DEVIATION: i64 = 86_400;
/// `time_to_live` of a table that keeps its versions for ever.
const FOREVER: i32 = -1;

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Its rows' keys begin with it; never given to a second table.
    pub(crate) number: u64,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    /// What was asked for, every option set.
    pub(crate) request: CreateTable,
    /// It is an index, made to look like a table for reading.
    pub(crate) is_index: bool,
}

impl Table {
    /// What `request` makes, with the service's defaults where it says nothing.
    pub(crate) fn new(number: u64, created: i64, mut request: CreateTable) -> Self {
        let options = &mut request.table_options;
        options.time_to_live.get_or_insert(FOREVER);
        options.max_versions.get_or_insert(MAX_VERSIONS);
        options.deviation_cell_version_in_sec.get_or_insert(DEVIATION);
        options.allow_update.get_or_insert(true);
        Self { number, created, request, is_index: false }
    }

    pub(crate) fn has_stream(&self) -> bool {
        self.request.stream_spec.as_ref().is_some_and(|spec| spec.enable_stream)
    }

    pub(crate) fn key_schema(&self) -> &[PrimaryKeySchema] {
        &self.request.table_meta.primary_key
    }

    pub(crate) fn max_versions(&self) -> usize {
        usize::try_from(self.request.table_options.max_versions.unwrap_or(MAX_VERSIONS)).unwrap_or(1).max(1)
    }

    /// In milliseconds; none if versions are kept for ever.
    pub(crate) fn time_to_live(&self) -> Option<i64> {
        let seconds = self.request.table_options.time_to_live.filter(|seconds| *seconds != FOREVER)?;
        Some(i64::from(seconds) * 1000)
    }

    /// In milliseconds.
    pub(crate) fn deviation(&self) -> i64 {
        self.request.table_options.deviation_cell_version_in_sec.unwrap_or(DEVIATION).saturating_mul(1000)
    }

    /// The bytes to keep.
    pub(crate) fn save(&self, service: &TableStore) -> Result<Vec<u8>, Refusal> {
        let request = self.request.request(service).map_err(|_| unreadable())?;
        let body = request.into_body();
        let body = body.bytes().ok_or_else(unreadable)?;
        Ok([&self.number.to_be_bytes(), &self.created.to_be_bytes(), body.as_ref()].concat())
    }

    fn load(service: &TableStore, bytes: &[u8]) -> Result<Self, Refusal> {
        let (number, rest) = bytes.split_first_chunk().ok_or_else(unreadable)?;
        let (created, body) = rest.split_first_chunk().ok_or_else(unreadable)?;
        let uri = http::Uri::from_static("/CreateTable");
        let (parts, ()) = http::Request::post(uri).body(()).map_err(|_| unreadable())?.into_parts();
        let request = CreateTable::read_request(service, &parts, Bytes::copy_from_slice(body));
        Ok(Self {
            number: u64::from_be_bytes(*number),
            created: i64::from_be_bytes(*created),
            request: request.map_err(|_| unreadable())?,
            is_index: false,
        })
    }
}

/// The table of this name.
pub(crate) fn find(view: &impl View, service: &TableStore, name: &str) -> Result<Option<Table>, Refusal> {
    view.get(&table_key(name))?.map(|bytes| Table::load(service, &bytes)).transpose()
}

/// The same, and refused if there is none.
pub(crate) fn existing(view: &impl View, service: &TableStore, name: &str) -> Result<Table, Refusal> {
    find(view, service, name)?.ok_or_else(no_such_table)
}

pub(crate) fn no_such_table() -> Refusal {
    Refusal::new(Code::ObjectNotExist, "Requested table does not exist.")
}

/// A number that no table and no index has had.
pub(crate) fn next_number(write: &mut Write<'_>) -> Result<u64, Refusal> {
    let number = number_at(write, LAST_NUMBER)? + 1;
    write.put(LAST_NUMBER, number.to_be_bytes());
    Ok(number)
}

/// Where a table is kept.
pub(crate) fn table_key(name: &str) -> Vec<u8> {
    [&[space::TABLES, NAMED], name.as_bytes()].concat()
}

/// Where the last given number is kept.
const LAST_NUMBER: &[u8] = &[space::TABLES, b'#'];

/// Where the numbers of tables are kept whose rows are being removed.
pub(crate) const REMOVING: &[u8] = &[space::TABLES, b'-'];

/// Where the last number given to an AUTO_INCREMENT column of a table is kept.
pub(crate) fn sequence_key(number: u64) -> Vec<u8> {
    [&[space::TABLES, b'+'], number.to_be_bytes().as_slice()].concat()
}

const NAMED: u8 = b'n';

/// What the keys of all tables begin with.
pub(crate) const ALL: &[u8] = &[space::TABLES, NAMED];

/// A number kept at `key`, 0 if there is none.
pub(crate) fn number_at(view: &impl View, key: &[u8]) -> Result<u64, Refusal> {
    let Some(bytes) = view.get(key)? else { return Ok(0) };
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| unreadable())
}

/// The store's checksums hold, so this would be a mistake of ours.
pub(crate) fn unreadable() -> Refusal {
    Refusal::new(Code::InternalServerError, "A kept table cannot be read.")
}
