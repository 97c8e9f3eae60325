//! Reading a matrix.

use super::{ABSENT, MAGIC, TAG_CHECKSUM, TAG_ENTIRE_KEY, TAG_ROW, TAG_ROW_COUNT};
use crate::{
    Column, KeyColumn, MAX_KEY_COLUMNS, Name, Row,
    plain_buffer::{Cursor, DecodeError, DecodeFault, MAX_BUFFER_BYTES, ValueRef, checksum, read_value},
};

/// The most fields of a matrix: those of a key and the attribute columns of one row.
const MAX_FIELDS: usize = MAX_KEY_COLUMNS + 1024;

/// The bytes of a name of one letter, with its length.
const SHORTEST_NAME: usize = 3;

/// The bytes of the footer.
const FOOTER: usize = 2;

/// Reads the rows of a matrix one after another, borrowed from its bytes.
///
/// The checksum is verified before the first row; reading allocates for one row's fields.
#[derive(Clone, Debug)]
pub struct RowMatrix<'a> {
    names: Vec<&'a str>,
    key_count: usize,
    rows: Cursor<'a>,
    left: usize,
    fields: Vec<Option<ValueRef<'a>>>,
}

/// A row of a matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatrixRow<'r, 'a> {
    names: &'r [&'a str],
    fields: &'r [Option<ValueRef<'a>>],
}

impl<'a> RowMatrix<'a> {
    /// Starts reading `block`. A block of zero bytes has no rows.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if it is too long, its checksum is wrong, or it is no matrix.
    pub fn new(block: &'a [u8]) -> Result<Self, DecodeError> {
        if block.len() > MAX_BUFFER_BYTES {
            return Err(DecodeError::new(DecodeFault::TooLarge, MAX_BUFFER_BYTES));
        }
        if block.is_empty() {
            let rows = Cursor::new(block);
            return Ok(Self { names: Vec::new(), key_count: 0, rows, left: 0, fields: Vec::new() });
        }
        let at_end = |fault| DecodeError::new(fault, block.len());
        let Some((body, &[tag, crc])) = block.split_last_chunk::<FOOTER>() else {
            return Err(at_end(DecodeFault::UnexpectedEnd));
        };
        let mut cursor = Cursor::new(body);
        if cursor.u32()? != MAGIC {
            return Err(DecodeError::new(DecodeFault::BadHeader, 0));
        }
        if tag != TAG_CHECKSUM {
            return Err(at_end(DecodeFault::UnexpectedTag(tag)));
        }
        if checksum(block.get(..block.len() - 1).unwrap_or_default()) != crc {
            return Err(at_end(DecodeFault::RowChecksum));
        }
        let mut number = || cursor.u32().map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        let (data, options, key_count, attributes) = (number()?, number()?, number()?, number()?);
        let count = key_count.saturating_add(attributes);
        if key_count > MAX_KEY_COLUMNS {
            return Err(cursor.error(DecodeFault::TooManyKeyColumns));
        }
        if count > MAX_FIELDS {
            return Err(cursor.error(DecodeFault::BadLength));
        }
        let mut names = Vec::with_capacity(count.min(block.len() / SHORTEST_NAME));
        for _ in 0..count {
            let length = usize::from(u16::from_le_bytes(cursor.array()?));
            let at = cursor.offset();
            let name = std::str::from_utf8(cursor.take(length)?);
            let name = name.map_err(|_| DecodeError::new(DecodeFault::NotUtf8, at))?;
            if name.is_empty() {
                return Err(DecodeError::new(DecodeFault::EmptyName, at));
            }
            names.push(name);
        }
        let mut sorted = names.clone();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err(cursor.error(DecodeFault::RepeatedColumn));
        }
        let mut cursor = Cursor::at(body, options)?;
        cursor.expect(TAG_ENTIRE_KEY)?;
        cursor.u8()?;
        cursor.expect(TAG_ROW_COUNT)?;
        let left = usize::try_from(cursor.u32()?).unwrap_or(usize::MAX);
        let rows = Cursor::at(body, data)?;
        Ok(Self { names, key_count, rows, left, fields: Vec::with_capacity(count) })
    }

    /// The names of the key's columns that the matrix has.
    #[must_use]
    pub fn key_names(&self) -> &[&'a str] {
        self.names.get(..self.key_count).unwrap_or_default()
    }

    /// The names of the attribute columns.
    #[must_use]
    pub fn column_names(&self) -> &[&'a str] {
        self.names.get(self.key_count..).unwrap_or_default()
    }

    /// The next row, or `None` after the last.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if what follows is no row. There is nothing more to read after an error.
    pub fn next_row(&mut self) -> Result<Option<MatrixRow<'_, 'a>>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        // An error is the end.
        let left = std::mem::take(&mut self.left);
        self.rows.expect(TAG_ROW)?;
        self.fields.clear();
        for at in 0..self.names.len() {
            let value = if self.rows.take_if(ABSENT) { None } else { Some(read_value(&mut self.rows)?) };
            let fits = match value {
                None => at >= self.key_count,
                Some(ValueRef::Integer(_) | ValueRef::String(_) | ValueRef::Binary(_)) => true,
                Some(ValueRef::Double(_) | ValueRef::Boolean(_)) => at >= self.key_count,
                Some(ValueRef::InfMin | ValueRef::InfMax | ValueRef::AutoIncrement) => false,
            };
            if !fits {
                return Err(self.rows.error(DecodeFault::ValueMismatch));
            }
            self.fields.push(value);
        }
        self.left = left - 1;
        Ok(Some(MatrixRow { names: &self.names, fields: &self.fields }))
    }

    /// The rows that are left, each with values of its own. Columns have no timestamps.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if one of them cannot be read.
    pub fn into_rows(mut self) -> Result<Vec<Row>, DecodeError> {
        let names: Vec<Name> = self.names.iter().map(|name| Name::from(*name)).collect();
        let key_count = self.key_count;
        let mut rows = Vec::new();
        while let Some(row) = self.next_row()? {
            let mut owned = Row::default();
            let key = row.fields.iter().zip(&names).take(key_count).filter_map(|(value, name)| {
                Some(KeyColumn { value: value.as_ref()?.to_key_value()?, name: name.clone() })
            });
            owned.primary_key = key.collect();
            let columns = row.fields.iter().zip(&names).skip(key_count).filter_map(|(value, name)| {
                Some(Column { name: name.clone(), value: value.as_ref()?.to_value()?, timestamp: None })
            });
            owned.columns.extend(columns);
            rows.push(owned);
        }
        Ok(rows)
    }
}

impl<'a> MatrixRow<'_, 'a> {
    /// The fields in the order of the matrix's names: those of the key first. `None` is a column the row has not.
    #[must_use]
    pub const fn fields(&self) -> &[Option<ValueRef<'a>>] {
        self.fields
    }

    /// The value of the field of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<ValueRef<'a>> {
        let at = self.names.iter().position(|other| *other == name)?;
        *self.fields.get(at)?
    }
}
