//! Reading a FlatBuffer: every offset and length is checked against the buffer before it is followed.
//!
//! Source: the document "FlatBuffers internals". Offsets are unsigned and point forward, so that nothing can be followed in a
//! circle, save that of a table to the list of its fields, which is followed once.

/// The buffer is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

type Result<T> = std::result::Result<T, Broken>;

/// A buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buffer<'a>(pub(super) &'a [u8]);

/// A table in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    buffer: Buffer<'a>,
    at: usize,
    /// Where the offsets of its fields begin, and how many there are.
    fields: usize,
    count: usize,
}

/// A vector in it: where its elements begin, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vector<'a> {
    buffer: Buffer<'a>,
    at: usize,
    pub(super) len: usize,
}

impl<'a> Buffer<'a> {
    fn array<const N: usize>(self, at: usize) -> Result<[u8; N]> {
        let bytes = self.0.get(at..).and_then(<[u8]>::first_chunk::<N>);
        bytes.copied().ok_or(Broken)
    }

    fn u16(self, at: usize) -> Result<usize> {
        Ok(u16::from_le_bytes(self.array(at)?).into())
    }

    fn u32(self, at: usize) -> Result<usize> {
        usize::try_from(u32::from_le_bytes(self.array(at)?)).map_err(|_| Broken)
    }

    /// Where the offset that stands at `at` points.
    fn follow(self, at: usize) -> Result<usize> {
        at.checked_add(self.u32(at)?).ok_or(Broken)
    }

    /// The table that the buffer is.
    pub(super) fn root(self) -> Result<Table<'a>> {
        self.table(self.follow(0)?)
    }

    fn table(self, at: usize) -> Result<Table<'a>> {
        let back = i64::from(i32::from_le_bytes(self.array(at)?));
        let here = i64::try_from(at).map_err(|_| Broken)?;
        let list = here.checked_sub(back).and_then(|list| usize::try_from(list).ok()).ok_or(Broken)?;
        // Its own length and that of the table, two bytes each, come before the offsets.
        let count = (self.u16(list)?.checked_sub(4).ok_or(Broken)?) / 2;
        Ok(Table { buffer: self, at, fields: list + 4, count })
    }

    fn vector(self, at: usize, element: usize) -> Result<Vector<'a>> {
        let len = self.u32(at)?;
        let begin = at + 4;
        let fits =
            len.checked_mul(element).and_then(|bytes| begin.checked_add(bytes)).is_some_and(|end| end <= self.0.len());
        if fits { Ok(Vector { buffer: self, at: begin, len }) } else { Err(Broken) }
    }

    fn bytes(self, at: usize) -> Result<&'a [u8]> {
        let bytes = self.vector(at, 1)?;
        self.0.get(bytes.at..bytes.at + bytes.len).ok_or(Broken)
    }

    fn text(self, at: usize) -> Result<&'a str> {
        std::str::from_utf8(self.bytes(at)?).map_err(|_| Broken)
    }
}

impl<'a> Table<'a> {
    /// Where a field stands, if it is there.
    fn field(self, field: usize) -> Result<Option<usize>> {
        if field >= self.count {
            return Ok(None);
        }
        let offset = self.buffer.u16(self.fields + 2 * field)?;
        Ok((offset != 0).then_some(self.at + offset))
    }

    pub(super) fn byte(self, field: usize) -> Result<Option<u8>> {
        self.field(field)?.map(|at| Ok(u8::from_le_bytes(self.buffer.array(at)?))).transpose()
    }

    pub(super) fn long(self, field: usize) -> Result<Option<i64>> {
        self.field(field)?.map(|at| Ok(i64::from_le_bytes(self.buffer.array(at)?))).transpose()
    }

    pub(super) fn text(self, field: usize) -> Result<Option<&'a str>> {
        self.field(field)?.map(|at| self.buffer.text(self.buffer.follow(at)?)).transpose()
    }

    pub(super) fn bytes(self, field: usize) -> Result<Option<&'a [u8]>> {
        self.field(field)?.map(|at| self.buffer.bytes(self.buffer.follow(at)?)).transpose()
    }

    pub(super) fn table(self, field: usize) -> Result<Option<Self>> {
        self.field(field)?.map(|at| self.buffer.table(self.buffer.follow(at)?)).transpose()
    }

    /// A vector whose elements take `element` bytes each.
    pub(super) fn vector(self, field: usize, element: usize) -> Result<Option<Vector<'a>>> {
        self.field(field)?.map(|at| self.buffer.vector(self.buffer.follow(at)?, element)).transpose()
    }
}

impl<'a> Vector<'a> {
    /// An element of one byte.
    pub(super) fn byte(self, index: usize) -> Result<u8> {
        Ok(u8::from_le_bytes(self.buffer.array(self.at + index)?))
    }

    /// An element of eight bytes.
    pub(super) fn long(self, index: usize) -> Result<i64> {
        Ok(i64::from_le_bytes(self.buffer.array(self.at + 8 * index)?))
    }

    /// An element of four bytes that is a place in another vector.
    pub(super) fn index(self, index: usize) -> Result<usize> {
        self.buffer.u32(self.at + 4 * index)
    }

    /// A string, to which an element of four bytes points.
    pub(super) fn text(self, index: usize) -> Result<&'a str> {
        self.buffer.text(self.buffer.follow(self.at + 4 * index)?)
    }

    /// A table, to which an element of four bytes points.
    pub(super) fn table(self, index: usize) -> Result<Table<'a>> {
        self.buffer.table(self.buffer.follow(self.at + 4 * index)?)
    }
}
