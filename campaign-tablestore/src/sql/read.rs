//! The columns of a FlatBuffer.

use super::{
    BINARY, BOOLEAN, DOUBLE, LONG, STRING, STRING_RLE,
    answer::{SqlColumn, SqlRows},
    flat::{Broken, Buffer, Table, Vector},
};
use crate::{Name, Value};

/// The most bytes of text that are made of an answer: repeated texts are sent once and come to their own here.
const MAX_TEXT_BYTES: usize = 64 << 20;

/// How much may still be made of a buffer. Columns and texts that are used again and again by their offsets would else become
/// far more than was sent.
struct Budget {
    values: usize,
    bytes: usize,
}

impl Budget {
    fn value(&mut self) -> Result<(), Broken> {
        self.values = self.values.checked_sub(1).ok_or(Broken)?;
        Ok(())
    }

    fn bytes(&mut self, bytes: usize) -> Result<(), Broken> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(Broken)?;
        Ok(())
    }
}

/// The rows that a buffer holds; zero bytes hold none.
pub(crate) fn read(buffer: &[u8]) -> Option<SqlRows> {
    if buffer.is_empty() {
        return Some(SqlRows::default());
    }
    // A value takes a byte of its own, and another that says whether it is one.
    let mut budget = Budget { values: buffer.len() / 2, bytes: MAX_TEXT_BYTES };
    read_root(buffer, &mut budget).ok()
}

fn read_root(buffer: &[u8], budget: &mut Budget) -> Result<SqlRows, Broken> {
    let root = Buffer(buffer).root()?;
    let rows = root.long(1)?.unwrap_or(0);
    let rows = usize::try_from(rows).map_err(|_| Broken)?;
    let mut columns = Vec::new();
    if let Some(list) = root.vector(0, 4)? {
        for index in 0..list.len {
            // Also a column without rows is not there for nothing.
            budget.value()?;
            columns.push(column(list.table(index)?, rows, budget)?);
        }
    }
    if columns.is_empty() && rows != 0 {
        return Err(Broken);
    }
    Ok(SqlRows { columns })
}

fn column(column: Table<'_>, rows: usize, budget: &mut Budget) -> Result<SqlColumn, Broken> {
    let name = Name::from(column.text(0)?.ok_or(Broken)?);
    budget.bytes(name.len())?;
    let kind = column.byte(1)?.unwrap_or(0);
    let Some(values) = column.table(2)?.filter(|_| rows != 0) else {
        return if rows == 0 { Ok(SqlColumn { name, values: Vec::new() }) } else { Err(Broken) };
    };
    let nulls = values.vector(0, 1)?.filter(|nulls| nulls.len == rows).ok_or(Broken)?;
    let read = Reader::new(values, kind, rows)?;
    let mut made = Vec::new();
    for index in 0..rows {
        budget.value()?;
        made.push(if nulls.byte(index)? == 0 { Some(read.value(index, budget)?) } else { None });
    }
    Ok(SqlColumn { name, values: made })
}

/// Where the values of a column stand.
enum Reader<'a> {
    Long(Vector<'a>),
    Boolean(Vector<'a>),
    Double(Vector<'a>),
    Text(Vector<'a>),
    Binary(Vector<'a>),
    Repeated { texts: Vector<'a>, places: Vector<'a> },
}

impl<'a> Reader<'a> {
    fn new(values: Table<'a>, kind: u8, rows: usize) -> Result<Self, Broken> {
        let list = |field, element| values.vector(field, element)?.filter(|list| list.len == rows).ok_or(Broken);
        Ok(match kind {
            LONG => Self::Long(list(1, 8)?),
            BOOLEAN => Self::Boolean(list(2, 1)?),
            DOUBLE => Self::Double(list(3, 8)?),
            STRING => Self::Text(list(4, 4)?),
            BINARY => Self::Binary(list(5, 4)?),
            STRING_RLE => {
                let repeated = values.table(6)?.ok_or(Broken)?;
                Self::Repeated {
                    texts: repeated.vector(0, 4)?.ok_or(Broken)?,
                    places: repeated.vector(1, 4)?.filter(|list| list.len == rows).ok_or(Broken)?,
                }
            }
            _ => return Err(Broken),
        })
    }

    fn value(&self, index: usize, budget: &mut Budget) -> Result<Value, Broken> {
        let mut text = |text: &str| {
            budget.bytes(text.len())?;
            Ok(Value::String(text.to_owned()))
        };
        match self {
            Self::Long(list) => Ok(Value::Integer(list.long(index)?)),
            Self::Boolean(list) => Ok(Value::Boolean(list.byte(index)? != 0)),
            Self::Double(list) => Ok(Value::Double(f64::from_bits(list.long(index)?.cast_unsigned()))),
            Self::Text(list) => text(list.text(index)?),
            Self::Repeated { texts, places } => {
                let place = places.index(index)?;
                if place >= texts.len { Err(Broken) } else { text(texts.text(place)?) }
            }
            Self::Binary(list) => {
                let bytes = list.table(index)?.bytes(0)?.unwrap_or_default();
                budget.bytes(bytes.len())?;
                Ok(Value::Binary(bytes.to_vec()))
            }
        }
    }
}
