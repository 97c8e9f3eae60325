//! A secondary index as it is kept: under its own name, with a number of its own, so that its rows are those of a table.

pub(super) mod calls;
pub(super) mod follow;

use std::ops::ControlFlow;

use campaign_tablestore::TableStore;
use campaign_tablestore::op::create_table::CreateTable;
use campaign_tablestore::schema::{IndexMeta, IndexSyncPhase, TableMeta};
use campaign_tablestore::server::Refusal;

use crate::store::{Order, View, Write, space};
use crate::tablestore::check::invalid;
use crate::tablestore::table::rules::{already_exists, index_key};
use crate::tablestore::table::{self, REMOVING, Table, no_such_table, unreadable};

/// An index.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    /// Its rows' keys begin with it; never given to a second table or index.
    pub(crate) number: u64,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    /// The table that it follows.
    pub(crate) table_name: String,
    /// Where in the table it goes on taking the rows that were there before; none if it has them all.
    pub(crate) fill: Option<Vec<u8>>,
}

impl Index {
    /// The bytes to keep.
    fn save(&self) -> Vec<u8> {
        let name = self.table_name.as_bytes();
        // A name has at most 255 bytes.
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        let mut bytes = [&self.number.to_be_bytes()[..], &self.created.to_be_bytes(), &[length], name].concat();
        if let Some(place) = &self.fill {
            bytes.push(1);
            bytes.extend_from_slice(place);
        }
        bytes
    }

    fn load(bytes: &[u8]) -> Option<Self> {
        let (number, rest) = bytes.split_first_chunk()?;
        let (created, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first()?;
        let (name, fill) = rest.split_at_checked(usize::from(*length))?;
        Some(Self {
            number: u64::from_be_bytes(*number),
            created: i64::from_be_bytes(*created),
            table_name: std::str::from_utf8(name).ok()?.to_owned(),
            fill: fill.split_first().map(|(_, place)| place.to_vec()),
        })
    }

    /// How far it has caught up.
    pub(crate) const fn phase(&self) -> IndexSyncPhase {
        if self.fill.is_some() { IndexSyncPhase::Full } else { IndexSyncPhase::Incremental }
    }
}

const INDEXED: u8 = b'i';

/// What the keys of all indexes begin with.
pub(crate) const ALL: &[u8] = &[space::TABLES, INDEXED];

fn index_place(name: &str) -> Vec<u8> {
    [ALL, name.as_bytes()].concat()
}

/// The index of this name.
pub(crate) fn find(view: &impl View, name: &str) -> Result<Option<Index>, Refusal> {
    let Some(bytes) = view.get(&index_place(name))? else { return Ok(None) };
    Index::load(&bytes).map(Some).ok_or_else(unreadable)
}

/// How many indexes there are.
pub(crate) fn count(view: &impl View) -> Result<usize, Refusal> {
    let mut count = 0;
    view.scan(ALL..space::end_of(ALL).as_slice(), Order::Forward, &mut |_, _| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

/// An index that has not yet all the rows that were there before it, and its name.
pub(crate) fn unfinished(view: &impl View) -> Result<Option<(String, Index)>, Refusal> {
    let mut found = None;
    view.scan(ALL..space::end_of(ALL).as_slice(), Order::Forward, &mut |key, bytes| match Index::load(bytes)
        .filter(|index| index.fill.is_some())
    {
        Some(index) => {
            found = Some((String::from_utf8_lossy(&key[ALL.len()..]).into_owned(), index));
            ControlFlow::Break(())
        }
        None => ControlFlow::Continue(()),
    })?;
    Ok(found)
}

/// Keeps an index under its name.
pub(crate) fn keep(write: &mut Write<'_>, name: &str, index: &Index) {
    write.put(index_place(name), index.save());
}

/// Makes an index of `table_name`; with `fill` it is to take the rows that are there.
pub(crate) fn make(
    write: &mut Write<'_>,
    service: &TableStore,
    name: &str,
    table_name: &str,
    fill: bool,
    now: i64,
) -> Result<(), Refusal> {
    if table::find(write, service, name)?.is_some() || find(write, name)?.is_some() {
        return Err(already_exists());
    }
    let number = table::next_number(write)?;
    let index = Index { number, created: now, table_name: table_name.to_owned(), fill: fill.then(Vec::new) };
    keep(write, name, &index);
    Ok(())
}

/// Removes an index; its rows, which nobody can reach any more, are marked to follow.
pub(crate) fn remove(write: &mut Write<'_>, name: &str) -> Result<(), Refusal> {
    let index = find(write, name)?.ok_or_else(no_such_table)?;
    write.delete(index_place(name));
    write.put([REMOVING, &index.number.to_be_bytes()].concat(), []);
    Ok(())
}

/// The table of this name, or the index of this name as a table to be read.
pub(crate) fn readable(view: &impl View, service: &TableStore, name: &str) -> Result<Table, Refusal> {
    if let Some(table) = table::find(view, service, name)? {
        return Ok(table);
    }
    let index = find(view, name)?.ok_or_else(no_such_table)?;
    if index.fill.is_some() {
        // The official SDKs' functional tests wait while they get this.
        return Err(invalid("Disallow read index table in building base state"));
    }
    described(view, service, name, &index)
}

/// The index `name` as a table.
pub(crate) fn described(view: &impl View, service: &TableStore, name: &str, index: &Index) -> Result<Table, Refusal> {
    let main = table::existing(view, service, &index.table_name)?;
    let meta = main.request.index_metas.iter().find(|meta| meta.name == name).ok_or_else(unreadable)?;
    as_table(&main, meta, index)
}

fn as_table(main: &Table, meta: &IndexMeta, index: &Index) -> Result<Table, Refusal> {
    let columns = main.request.table_meta.defined_columns.iter();
    let table_meta = TableMeta {
        table_name: meta.name.clone(),
        primary_key: index_key(&main.request.table_meta, meta)?,
        defined_columns: columns.filter(|column| meta.defined_columns.contains(&column.name)).cloned().collect(),
    };
    let request = CreateTable::new(table_meta).table_options(main.request.table_options.clone());
    Ok(Table { number: index.number, created: index.created, request, is_index: true })
}
