//! Every reader of PlainBuffer, matrices, values and filters.

use std::collections::BTreeSet;

use campaign_client::Serve;
use campaign_tablestore::{
    BulkExport, Column, ExportPage, Filter, Name, PrimaryKey, Row, RowUpdate,
    plain_buffer::{
        CellRef, DecodeError, DeletedRow, Encode, RowReader, Shape, ValueRef, decode_columns, decode_delete,
        decode_key, decode_put, decode_record, decode_row, decode_rows, decode_update, decode_value, encode_value,
    },
    row_matrix::RowMatrix,
    schema::CapacityUnit,
};
use fastrand::Rng;

use super::Target;
use crate::{
    corpus::{Corpus, Vectors},
    input::{Input, Side},
    mutate::{any, plain_buffer, protobuf},
    probe::{Broken, Probe},
};

/// The target `rows`.
#[derive(Debug)]
pub struct Rows {
    corpus: Corpus,
    reached: BTreeSet<&'static str>,
}

/// The readers, by the names of their steps.
const READERS: [&str; 15] = [
    "decode_rows",
    "decode_row",
    "decode_put",
    "decode_update",
    "decode_key",
    "decode_delete",
    "decode_record",
    "decode_columns",
    "decode_value",
    "Filter::decode",
    "RowMatrix",
    "RowReader of an answer",
    "RowReader of a put",
    "RowReader of an update",
    "RowReader of a record",
];

impl Rows {
    /// Begins with the rows, values and filters of the vectors, and one matrix.
    pub fn new(vectors: &Vectors) -> Self {
        let (key, columns) = (["id", "n"].map(Name::from), ["x", "y"].map(Name::from));
        let row = |id: &str| Row::new(PrimaryKey::new().with("id", id).with("n", 7)).with("x", 1);
        let matrix = matrix(&key, &columns, &[row("a").with("y", "é"), row("b").with("y", true), row("c")]);
        let corpus = Corpus::new(vectors.pieces.iter().cloned().chain([matrix]));
        Self { corpus, reached: BTreeSet::new() }
    }
}

impl Target for Rows {
    fn next(&self, rng: &mut Rng) -> Input {
        let bytes = any(self.corpus.choose(rng), self.corpus.choose(rng), rng);
        Input { side: Side::Rows, operation: "", request: Vec::new(), bytes }
    }

    fn check(&self, input: &Input, probe: &mut Probe) -> Result<(), Broken> {
        let bytes = input.bytes.as_slice();
        owned(bytes, probe)?;
        borrowed(bytes, probe)?;
        read_matrix(bytes, probe)?;
        read_filter(bytes, probe)
    }

    fn learn(&mut self, input: &Input, probe: &Probe) {
        self.corpus.learn(probe.way(), &input.bytes);
        self.reached.extend(&probe.accepted_by);
    }

    fn ways(&self) -> usize {
        self.corpus.ways()
    }

    fn unreached(&self) -> Vec<String> {
        READERS.iter().filter(|reader| !self.reached.contains(*reader)).map(|reader| (*reader).to_owned()).collect()
    }
}

/// The readers of owned values: what they read, written and read again, is the same.
fn owned(bytes: &[u8], probe: &mut Probe) -> Result<(), Broken> {
    stable(probe, "decode_rows", bytes, decode_rows, |rows: &Vec<Row>| rows.to_bytes())?;
    stable(probe, "decode_row", bytes, decode_row, |row: &Option<Row>| {
        row.as_ref().map(Encode::to_bytes).unwrap_or_default()
    })?;
    stable(probe, "decode_put", bytes, decode_put, Row::to_bytes)?;
    stable(probe, "decode_update", bytes, decode_update, RowUpdate::to_bytes)?;
    stable(probe, "decode_key", bytes, decode_key, PrimaryKey::to_bytes)?;
    stable(probe, "decode_delete", bytes, decode_delete, |key| DeletedRow(key).to_bytes())?;
    stable(probe, "decode_value", bytes, decode_value, encode_value)?;
    // No writer of the crate's users makes these: their changes and columns are those of other rows.
    if let Some((update, _)) = probe.read("decode_record", || decode_record(bytes))?
        && (!update.primary_key.is_empty() || !update.changes.is_empty())
    {
        let again = again(probe, decode_record(&update.to_bytes()))?.0;
        probe.same("the change", &update, &again)?;
    }
    if let Some(columns) = probe.read("decode_columns", || decode_columns(bytes))? {
        let row = Row { primary_key: PrimaryKey::new(), columns };
        if !row.columns.is_empty() {
            let again: Vec<Column> = again(probe, decode_columns(&row.to_bytes()))?;
            probe.same("the columns", &row.columns, &again)?;
        }
    }
    Ok(())
}

/// What `decode` reads, `encode` writes so that the same is read.
fn stable<T: PartialEq>(
    probe: &mut Probe,
    step: &'static str,
    bytes: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    encode: impl Fn(&T) -> Vec<u8>,
) -> Result<(), Broken> {
    let Some(value) = probe.read(step, || decode(bytes))? else { return Ok(()) };
    let written = encode(&value);
    let read = again(probe, decode(&written))?;
    probe.same("what was read", &value, &read)?;
    if encode(&read) != written {
        return Err(probe.broken("the bytes written are not those written again"));
    }
    Ok(())
}

fn again<T>(probe: &Probe, result: Result<T, impl std::error::Error>) -> Result<T, Broken> {
    result.map_err(|error| probe.broken(format!("what was accepted is refused when it is written: {error}")))
}

/// The borrowing reader at each place: what it accepts has the right checksums, and it reads what the owning one reads.
fn borrowed(bytes: &[u8], probe: &mut Probe) -> Result<(), Broken> {
    let places = [
        (Shape::Answer, "RowReader of an answer"),
        (Shape::Put, "RowReader of a put"),
        (Shape::Update, "RowReader of an update"),
        (Shape::Record, "RowReader of a record"),
    ];
    for (shape, step) in places {
        let mut seen = (0_usize, 0_u32);
        let read = probe.read(step, || {
            let mut reader = RowReader::new(bytes, shape)?;
            while let Some(row) = reader.next_row()? {
                seen.0 += 1;
                for cell in row.primary_key().iter().chain(row.columns()) {
                    seen.1 |= 1 << kind(cell);
                }
            }
            Ok::<_, DecodeError>(())
        })?;
        if read.is_none() || bytes.is_empty() {
            continue;
        }
        probe.note(&(seen.0.ilog2_or_zero(), seen.1));
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        let sealed = plain_buffer::seal(bytes).ok_or_else(|| probe.broken("it accepted what is no buffer"))?;
        // A checksum may be zero, as what follows the last row.
        if sealed.len() < end || !bytes.starts_with(&sealed) {
            return Err(probe.broken("it accepted a buffer whose checksums are wrong"));
        }
        if shape == Shape::Answer {
            same_rows(bytes, probe)?;
        }
    }
    Ok(())
}

trait Log2 {
    fn ilog2_or_zero(self) -> u32;
}

impl Log2 for usize {
    fn ilog2_or_zero(self) -> u32 {
        self.checked_ilog2().unwrap_or_default()
    }
}

/// Which kind of cell this is.
fn kind(cell: &CellRef<'_>) -> u32 {
    let value = match cell.value {
        None => 0,
        Some(ValueRef::Integer(_)) => 1,
        Some(ValueRef::Double(_)) => 2,
        Some(ValueRef::Boolean(_)) => 3,
        Some(ValueRef::String(_)) => 4,
        Some(ValueRef::Binary(_)) => 5,
        Some(ValueRef::InfMin | ValueRef::InfMax | ValueRef::AutoIncrement) => 6,
    };
    if cell.op.is_some() {
        16 + value
    } else if cell.timestamp.is_some() {
        8 + value
    } else {
        value
    }
}

fn same_rows(bytes: &[u8], probe: &Probe) -> Result<(), Broken> {
    let rows = again(probe, decode_rows(bytes))?;
    let mut reader = again(probe, RowReader::new(bytes, Shape::Answer))?;
    let mut read = Vec::with_capacity(rows.len());
    while let Some(row) = again(probe, reader.next_row())? {
        let column = |cell: &CellRef<'_>| {
            Some(Column { name: cell.name.into(), value: cell.value?.to_value()?, timestamp: cell.timestamp })
        };
        let key = row
            .primary_key()
            .iter()
            .try_fold(PrimaryKey::new(), |key, cell| Some(key.with(cell.name, cell.value?.to_key_value()?)));
        let columns = row.columns().iter().map(column).collect::<Option<_>>();
        let (Some(primary_key), Some(columns)) = (key, columns) else {
            return Err(probe.broken("the borrowing reader accepts a cell that is no column"));
        };
        read.push(Row { primary_key, columns });
    }
    probe.same("what the borrowing reader reads", &read, &rows)
}

/// The reader of matrices: rows borrowed one by one are those that are owned at once, and come back as they were.
fn read_matrix(bytes: &[u8], probe: &mut Probe) -> Result<(), Broken> {
    let Some(rows) = probe.read("RowMatrix", || RowMatrix::new(bytes).and_then(RowMatrix::into_rows))? else {
        return Ok(());
    };
    let mut borrowed = again(probe, RowMatrix::new(bytes))?;
    let names = |names: &[&str]| names.iter().map(|name| Name::from(*name)).collect::<Vec<_>>();
    let (key, columns) = (names(borrowed.key_names()), names(borrowed.column_names()));
    let mut count = 0;
    while again(probe, borrowed.next_row())?.is_some() {
        count += 1;
    }
    if count != rows.len() {
        return Err(probe.broken("rows one by one are not as many as rows at once"));
    }
    let written = matrix(&key, &columns, &rows);
    let read = again(probe, RowMatrix::new(&written).and_then(RowMatrix::into_rows))?;
    probe.same("the rows", &rows, &read)?;
    if matrix(&key, &columns, &read) != written {
        return Err(probe.broken("the bytes written are not those written again"));
    }
    Ok(())
}

/// The bytes of a matrix, as BulkExport answers with one.
fn matrix(key: &[Name], columns: &[Name], rows: &[Row]) -> Vec<u8> {
    let page = ExportPage::matrix(CapacityUnit::default(), key, columns, rows, None);
    let answer = BulkExport::all("t", ["id"]).write_response(&page).expect("a page of few bytes is written");
    let message = protobuf::parse(answer.body()).expect("an answer is a message");
    protobuf::bytes_of(&message, ROWS_OF_EXPORT).expect("a page has rows").to_vec()
}

/// The field `rows` of `BulkExportResponse`.
const ROWS_OF_EXPORT: u64 = 2;

/// The reader of filters; what it accepts is also evaluated.
fn read_filter(bytes: &[u8], probe: &mut Probe) -> Result<(), Broken> {
    let Some(filter) = probe.read("Filter::decode", || Filter::decode(bytes))? else { return Ok(()) };
    let written = again(probe, filter.encode())?;
    let read = again(probe, Filter::decode(&written))?;
    probe.same("the filter", &filter, &read)?;
    if again(probe, read.encode())? != written {
        return Err(probe.broken("the bytes written are not those written again"));
    }
    let mut row = Row::new(PrimaryKey::new().with("id", "a")).with("c", 1).with("a", "text").with("b", 0.5);
    // A filter that cannot be evaluated says so.
    let _ = filter.matches(&row);
    let _ = filter.apply(&mut row);
    Ok(())
}
