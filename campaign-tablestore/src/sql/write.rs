//! A FlatBuffer of columns, for a server and for tests.
//!
//! Everything is written behind what points at it: an offset is set when its place is known. A table's list of fields stands
//! right before it.

use super::{BINARY, BOOLEAN, DOUBLE, LONG, STRING, answer::SqlRows};
use crate::Value;

/// The buffer of these rows. A column takes the type of its first value that is not NULL; what has another type is NULL.
pub(crate) fn write(rows: &SqlRows) -> Vec<u8> {
    let mut out = Writer(vec![0; 4]);
    // A vector of columns, and a number that takes eight bytes.
    let root = out.table(&[4, 8]);
    out.point(0, root.at);
    out.put(root.field(1), &(rows.len() as u64).to_le_bytes());
    let columns = out.vector(rows.columns.len(), 4);
    out.point(root.field(0), columns - 4);
    for (index, column) in rows.columns.iter().enumerate() {
        let table = out.table(&[4, 1, 4]);
        out.point(columns + 4 * index, table.at);
        let name = out.bytes(column.name.as_bytes());
        out.point(table.field(0), name);
        let kind = column.values.iter().flatten().map(kind).next().unwrap_or(LONG);
        out.put(table.field(1), &[kind]);
        let values = out.table(&[4; 6]);
        out.point(table.field(2), values.at);
        out.values(&column.values, kind, &values);
    }
    out.0
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Integer(_) => LONG,
        Value::Boolean(_) => BOOLEAN,
        Value::Double(_) => DOUBLE,
        Value::String(_) => STRING,
        Value::Binary(_) => BINARY,
    }
}

struct Writer(Vec<u8>);

/// A table that has been begun: where it is, and where its fields are.
struct Begun {
    at: usize,
    fields: Vec<usize>,
}

impl Begun {
    fn field(&self, index: usize) -> usize {
        self.fields.get(index).copied().unwrap_or(self.at)
    }
}

impl Writer {
    fn align(&mut self, to: usize) {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.0.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Makes the offset at `at` point to `to`, which is behind it.
    fn point(&mut self, at: usize, to: usize) {
        self.put(at, &u32::try_from(to - at).unwrap_or(u32::MAX).to_le_bytes());
    }

    /// A table whose fields take so many bytes each, all of them there.
    fn table(&mut self, sizes: &[usize]) -> Begun {
        let mut places = Vec::with_capacity(sizes.len());
        let mut length = 4_usize;
        for size in sizes {
            length = length.next_multiple_of(*size);
            places.push(length);
            length += size;
        }
        let list = 4 + 2 * sizes.len();
        // The table begins at a multiple of eight, its list right before it.
        let at = (self.0.len() + list).next_multiple_of(8);
        self.0.resize(at - list, 0);
        for number in [list, length].into_iter().chain(places.iter().copied()) {
            self.0.extend_from_slice(&u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes());
        }
        self.0.extend_from_slice(&u32::try_from(list).unwrap_or(u32::MAX).to_le_bytes());
        self.0.resize(at + length, 0);
        Begun { at, fields: places.into_iter().map(|place| at + place).collect() }
    }

    /// A vector of zeros; gives where its elements begin. Its length stands right before them.
    fn vector(&mut self, len: usize, element: usize) -> usize {
        let begin = (self.0.len() + 4).next_multiple_of(element.max(4));
        self.0.resize(begin - 4, 0);
        self.0.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
        self.0.resize(begin + len * element, 0);
        begin
    }

    /// A string, or a vector of bytes; gives where its length stands.
    fn bytes(&mut self, bytes: &[u8]) -> usize {
        let begin = self.vector(bytes.len(), 1);
        self.put(begin, bytes);
        // Strings end with a zero, which is not counted.
        self.0.push(0);
        self.align(4);
        begin - 4
    }

    fn values(&mut self, values: &[Option<Value>], kind: u8, table: &Begun) {
        let nulls = self.vector(values.len(), 1);
        self.point(table.field(0), nulls - 4);
        let element = match kind {
            LONG | DOUBLE => 8,
            BOOLEAN => 1,
            _ => 4,
        };
        let list = self.vector(values.len(), element);
        self.point(table.field(kind.into()), list - 4);
        for (index, value) in values.iter().enumerate() {
            let at = list + element * index;
            match value {
                Some(Value::Integer(value)) if kind == LONG => self.put(at, &value.to_le_bytes()),
                Some(Value::Double(value)) if kind == DOUBLE => self.put(at, &value.to_le_bytes()),
                Some(Value::Boolean(value)) if kind == BOOLEAN => self.put(at, &[u8::from(*value)]),
                Some(Value::String(text)) if kind == STRING => {
                    let text = self.bytes(text.as_bytes());
                    self.point(at, text);
                }
                Some(Value::Binary(bytes)) if kind == BINARY => {
                    let holder = self.table(&[4]);
                    self.point(at, holder.at);
                    let bytes = self.bytes(bytes);
                    self.point(holder.field(0), bytes);
                }
                _ => {
                    self.put(nulls + index, &[1]);
                    // What a reader that does not look at NULLs first would follow.
                    if kind == STRING {
                        let text = self.bytes(b"");
                        self.point(at, text);
                    } else if kind == BINARY {
                        let holder = self.table(&[]);
                        self.point(at, holder.at);
                    }
                }
            }
        }
    }
}
