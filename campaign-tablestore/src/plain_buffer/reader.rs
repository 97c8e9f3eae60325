//! Reading rows without copying them.

use super::cell::{CellOp, CellRef, RowRef};
use super::crc8;
use super::cursor::Cursor;
use super::error::{DecodeError, DecodeFault};
use super::sequence::Sequence;
use super::shape::Shape;
use super::{tag, variant};

/// The longest buffer that is read, in bytes. The service answers with at most 4 MB of rows.
pub const MAX_BUFFER_BYTES: usize = 16 * 1024 * 1024;

/// The most rows of one answer (service document "General limits").
const MAX_ANSWER_ROWS: usize = 5000;

/// Reads the rows of a buffer one after another, each borrowed from the buffer.
///
/// Checksums are verified and the row is checked against the [`Shape`] before it is handed out. One list of cells serves
/// all rows, so reading allocates for the widest row only, and never more than a fixed multiple of the buffer. This is why
/// it is no `Iterator`: a row must be let go before the next is read.
///
/// A buffer of zero bytes has no rows; that is how the service says "no such row". Zero bytes after the last row are
/// ignored, for an official SDK (Node) sends them.
///
/// ```
/// use campaign_tablestore::plain_buffer::{Encode, RowReader, Shape, ValueRef};
/// use campaign_tablestore::{PrimaryKey, Row};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bytes = Row::new(PrimaryKey::new().with("id", "a")).with("age", 37).to_bytes();
///
/// let mut reader = RowReader::new(&bytes, Shape::Answer)?;
/// while let Some(row) = reader.next_row()? {
///     assert_eq!(row.key("id"), Some(ValueRef::String("a")));
///     assert_eq!(row.get("age"), Some(ValueRef::Integer(37)));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RowReader<'a> {
    cursor: Cursor<'a>,
    cells: Vec<CellRef<'a>>,
    /// The names of the rows before, by their place in a row: most rows of an answer have the same columns, and a name that
    /// is known need be neither summed nor checked again.
    names: Vec<KnownName<'a>>,
    shape: Shape,
    rows: usize,
}

/// A name that has been read, with its checksum.
#[derive(Clone, Copy, Debug)]
struct KnownName<'a> {
    name: &'a str,
    crc: u8,
}

impl<'a> RowReader<'a> {
    /// Starts reading `buffer`, whose rows stand at the place `shape` in the protocol.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the buffer is too long or does not start with the header.
    pub fn new(buffer: &'a [u8], shape: Shape) -> Result<Self, DecodeError> {
        if buffer.len() > MAX_BUFFER_BYTES {
            return Err(DecodeError::new(DecodeFault::TooLarge, MAX_BUFFER_BYTES));
        }
        let mut cursor = Cursor::new(buffer);
        if !buffer.is_empty() && cursor.u32()? != tag::HEADER {
            return Err(DecodeError::new(DecodeFault::BadHeader, 0));
        }
        if !buffer.is_empty() && cursor.rest().is_empty() {
            return Err(cursor.error(DecodeFault::UnexpectedEnd));
        }
        Ok(Self { cursor, cells: Vec::new(), names: Vec::new(), shape, rows: 0 })
    }

    /// The next row, or `None` after the last.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if what follows is not a row of the shape. There is nothing more to read after an error.
    pub fn next_row(&mut self) -> Result<Option<RowRef<'_, 'a>>, DecodeError> {
        if self.at_end() {
            return Ok(None);
        }
        match self.row() {
            Ok((key_columns, delete_marker, sequence)) => {
                self.rows += 1;
                Ok(Some(RowRef { cells: &self.cells, key_columns, delete_marker, sequence }))
            }
            Err(error) => {
                self.cursor.finish();
                Err(error)
            }
        }
    }

    /// How many rows may follow, judged by those before; at most as many as an answer can have, so that what lies about it
    /// takes little memory.
    pub(crate) fn expected(&self) -> usize {
        let bytes_of_one = self.cursor.offset() / self.rows.max(1);
        (self.cursor.rest().len() / bytes_of_one.max(1)).min(MAX_ANSWER_ROWS)
    }

    /// Where the reader stands, in bytes from the start of the buffer: between calls, where a row begins.
    pub(crate) const fn offset(&self) -> usize {
        self.cursor.offset()
    }

    /// Passes over the rows before `offset`, where one must begin.
    pub(crate) fn skip_to(&mut self, offset: usize) {
        self.cursor.skip_to(offset);
    }

    /// A fault where the reader stands.
    pub(crate) const fn error(&self, fault: DecodeFault) -> DecodeError {
        self.cursor.error(fault)
    }

    /// How many cells the reader has room for.
    #[cfg(test)]
    pub(super) const fn capacity(&self) -> usize {
        self.cells.capacity()
    }

    fn at_end(&mut self) -> bool {
        let rest = self.cursor.rest();
        // A row never starts with zero, so the bytes are looked at only when no row can follow.
        if self.rows > 0 && rest.first() == Some(&0) && rest.iter().all(|byte| *byte == 0) {
            self.cursor.finish();
        }
        self.cursor.rest().is_empty()
    }

    fn row(&mut self) -> Result<(usize, bool, Option<Sequence>), DecodeError> {
        self.cells.clear();
        let mut crc = 0;
        let has_key = self.cursor.take_if(tag::ROW_KEY);
        if has_key {
            crc = self.cells_of_section(crc)?;
            if self.cells.is_empty() {
                return Err(self.cursor.error(DecodeFault::NoPrimaryKey));
            }
        }
        let key_columns = self.cells.len();
        if self.cursor.take_if(tag::ROW_DATA) {
            crc = self.cells_of_section(crc)?;
        } else if !has_key {
            self.cursor.expect(tag::ROW_KEY)?;
        }
        let delete_marker = self.cursor.take_if(tag::DELETE_MARKER);
        let sequence = if self.cursor.take_if(tag::EXTENSION) { self.extension()? } else { None };
        self.cursor.expect(tag::ROW_CHECKSUM)?;
        if self.cursor.u8()? != crc8::push(crc, u8::from(delete_marker)) {
            return Err(self.cursor.error(DecodeFault::RowChecksum));
        }
        let (key, columns) = self.cells.split_at(key_columns);
        self.shape.check(key, columns, delete_marker).map_err(|fault| self.cursor.error(fault))?;
        Ok((key_columns, delete_marker, sequence))
    }

    /// Reads the cells of the primary key or of the attributes; gives the row's checksum so far.
    fn cells_of_section(&mut self, mut crc: u8) -> Result<u8, DecodeError> {
        while self.cursor.take_if(tag::CELL) {
            let place = self.cells.len();
            let known = self.names.get(place).copied();
            let (cell, cell_crc, name) = read_cell(&mut self.cursor, known)?;
            self.cells.push(cell);
            match (name, self.names.get_mut(place)) {
                (None, _) => {}
                (Some(name), Some(known)) => *known = name,
                // Rows are read cell by cell, so that this is the place after the last one.
                (Some(name), None) => self.names.push(name),
            }
            crc = crc8::push(crc, cell_crc);
        }
        Ok(crc)
    }

    /// Reads the extension of a stream's row: parts with a tag and a length. No checksum covers it.
    fn extension(&mut self) -> Result<Option<Sequence>, DecodeError> {
        let extension = self.cursor.sized()?;
        Sequence::read(extension).map_err(|_| self.cursor.error(DecodeFault::BadLength))
    }
}

/// Reads a cell after its tag; gives it with its checksum, and its name if that is not the one that is `known`.
///
/// The checksum is compared before the content is looked at, so that a corrupted text is a wrong checksum and not bad UTF-8.
#[inline]
fn read_cell<'a>(
    cursor: &mut Cursor<'a>,
    known: Option<KnownName<'a>>,
) -> Result<(CellRef<'a>, u8, Option<KnownName<'a>>), DecodeError> {
    cursor.expect(tag::CELL_NAME)?;
    let name = cursor.sized()?;
    let name_end = cursor.offset();
    let known = known.filter(|known| known.name.as_bytes() == name);
    let name_crc = known.map_or_else(|| crc8::extend(0, name), |known| known.crc);
    let mut crc = name_crc;

    let value = if cursor.take_if(tag::CELL_VALUE) { Some(cursor.sized()?) } else { None };
    let value_start = cursor.offset() - value.map_or(0, <[u8]>::len);
    let op = if cursor.take_if(tag::CELL_OP) { Some(cursor.u8()?) } else { None };
    let timestamp = if cursor.take_if(tag::CELL_TIMESTAMP) { Some(cursor.array::<8>()?) } else { None };
    // On the wire the operation stands before the timestamp; the checksum has them the other way round.
    if let Some(value) = value {
        crc = crc8::extend(crc, value);
    }
    if let Some(timestamp) = timestamp {
        crc = crc8::extend(crc, &timestamp);
    }
    if let Some(op) = op {
        crc = crc8::push(crc, op);
    }
    cursor.expect(tag::CELL_CHECKSUM)?;
    if cursor.u8()? != crc {
        return Err(cursor.error(DecodeFault::CellChecksum));
    }

    let text = match known {
        Some(known) => known.name,
        None => read_name(name).map_err(|fault| DecodeError::new(fault, name_end - name.len()))?,
    };
    let cell = CellRef {
        name: text,
        value: value.map(|bytes| variant::read(bytes, value_start)).transpose()?,
        op: match op {
            None => None,
            Some(op) => Some(CellOp::from_tag(op).ok_or_else(|| cursor.error(DecodeFault::BadOperation(op)))?),
        },
        timestamp: timestamp.map(i64::from_le_bytes),
    };
    let new = if known.is_none() { Some(KnownName { name: text, crc: name_crc }) } else { None };
    Ok((cell, crc, new))
}

fn read_name(name: &[u8]) -> Result<&str, DecodeFault> {
    if name.is_empty() {
        return Err(DecodeFault::EmptyName);
    }
    std::str::from_utf8(name).map_err(|_| DecodeFault::NotUtf8)
}
