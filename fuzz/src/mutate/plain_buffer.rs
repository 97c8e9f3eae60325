//! Rows taken apart and put together again with lengths and checksums that are right, so that what was changed is looked at.
//!
//! This reader and writer know the grammar of the service document "PlainBuffer" and share no code with the crate: a buffer
//! that the crate accepts must be one that they write the same.

use fastrand::Rng;

use super::bytes::{self, interesting};

const HEADER: [u8; 4] = [0x75, 0, 0, 0];

/// Whether these bytes begin as a buffer does.
pub fn is_buffer(bytes: &[u8]) -> bool {
    bytes.starts_with(&HEADER)
}

/// A row in its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    key: Option<Vec<Cell>>,
    columns: Option<Vec<Cell>>,
    delete_marker: bool,
    extension: Option<Vec<u8>>,
}

/// A cell in its parts; the value has its type and, for texts, its own length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Cell {
    name: Vec<u8>,
    value: Option<Vec<u8>>,
    op: Option<u8>,
    timestamp: Option<[u8; 8]>,
}

/// The checksum, bit by bit.
pub fn crc8(mut crc: u8, bytes: &[u8]) -> u8 {
    for byte in bytes {
        crc ^= byte;
        for _ in 0..8 {
            crc = if crc & 0x80 == 0 { crc << 1 } else { (crc << 1) ^ 0x07 };
        }
    }
    crc
}

impl Row {
    /// Whether it has a delete marker.
    #[cfg(test)]
    pub fn is_deleted(&self) -> bool {
        self.delete_marker
    }
}

/// Takes the rows of a buffer apart, whatever its checksums; zeros after the last row are passed over.
pub fn parse(buffer: &[u8]) -> Option<Vec<Row>> {
    let mut rest = buffer.strip_prefix(&HEADER)?;
    let mut rows = Vec::new();
    while !rest.is_empty() && (rows.is_empty() || rest.iter().any(|byte| *byte != 0)) {
        rows.push(parse_row(&mut rest)?);
    }
    Some(rows)
}

fn parse_row(rest: &mut &[u8]) -> Option<Row> {
    let key = if take_if(rest, 0x01) { Some(parse_cells(rest)?) } else { None };
    let columns = if take_if(rest, 0x02) { Some(parse_cells(rest)?) } else { None };
    let delete_marker = take_if(rest, 0x08);
    let extension = if take_if(rest, 0x0B) { Some(sized(rest)?) } else { None };
    take_if(rest, 0x09).then_some(())?;
    take::<1>(rest)?;
    Some(Row { key, columns, delete_marker, extension })
}

fn parse_cells(rest: &mut &[u8]) -> Option<Vec<Cell>> {
    let mut cells = Vec::new();
    while take_if(rest, 0x03) {
        take_if(rest, 0x04).then_some(())?;
        let name = sized(rest)?;
        let value = if take_if(rest, 0x05) { Some(sized(rest)?) } else { None };
        let op = if take_if(rest, 0x06) { Some(take::<1>(rest)?[0]) } else { None };
        let timestamp = if take_if(rest, 0x07) { Some(take::<8>(rest)?) } else { None };
        take_if(rest, 0x0A).then_some(())?;
        take::<1>(rest)?;
        cells.push(Cell { name, value, op, timestamp });
    }
    Some(cells)
}

fn take_if(rest: &mut &[u8], tag: u8) -> bool {
    let Some((first, after)) = rest.split_first().filter(|(first, _)| **first == tag) else { return false };
    let _ = first;
    *rest = after;
    true
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*bytes)
}

fn sized(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(u32::from_le_bytes(take(rest)?)).ok()?;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(bytes.to_vec())
}

/// The buffer of the rows, lengths and checksums right.
pub fn write(rows: &[Row]) -> Vec<u8> {
    let mut out = HEADER.to_vec();
    for row in rows {
        let mut crc = 0;
        for (tag, cells) in [(0x01, &row.key), (0x02, &row.columns)] {
            let Some(cells) = cells else { continue };
            out.push(tag);
            for cell in cells {
                crc = crc8(crc, &[write_cell(cell, &mut out)]);
            }
        }
        if row.delete_marker {
            out.push(0x08);
        }
        if let Some(extension) = &row.extension {
            out.push(0x0B);
            write_sized(extension, &mut out);
        }
        out.extend_from_slice(&[0x09, crc8(crc, &[u8::from(row.delete_marker)])]);
    }
    out
}

fn write_cell(cell: &Cell, out: &mut Vec<u8>) -> u8 {
    out.extend_from_slice(&[0x03, 0x04]);
    write_sized(&cell.name, out);
    let mut crc = crc8(0, &cell.name);
    if let Some(value) = &cell.value {
        out.push(0x05);
        write_sized(value, out);
        crc = crc8(crc, value);
    }
    if let Some(op) = cell.op {
        out.extend_from_slice(&[0x06, op]);
    }
    if let Some(timestamp) = cell.timestamp {
        out.push(0x07);
        out.extend_from_slice(&timestamp);
        crc = crc8(crc, &timestamp);
    }
    if let Some(op) = cell.op {
        crc = crc8(crc, &[op]);
    }
    out.extend_from_slice(&[0x0A, crc]);
    crc
}

fn write_sized(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// The buffer with its checksums put right, if it is one but for them.
pub fn seal(buffer: &[u8]) -> Option<Vec<u8>> {
    parse(buffer).map(|rows| write(&rows))
}

/// Changes the rows in one place; `others` are rows to take parts of.
pub fn edit(rows: &mut Vec<Row>, others: &[Row], rng: &mut Rng) {
    let other = rng.choice(others).cloned().unwrap_or_default();
    if rows.is_empty() || rng.u8(..16) == 0 {
        rows.push(other);
        return;
    }
    let at = rng.usize(..rows.len());
    match rng.u8(..24) {
        0 => drop(rows.remove(at)),
        1 => rows.insert(at, rows[at].clone()),
        2 => rows[at].delete_marker ^= true,
        3 => rows[at].extension = extension(rng),
        4 => rows[at].key = other.key,
        5 => rows[at].columns = other.columns,
        6 => {
            let Row { key, columns, .. } = &mut rows[at];
            std::mem::swap(key, columns);
        }
        _ => edit_row(&mut rows[at], &other, rng),
    }
}

fn edit_row(row: &mut Row, other: &Row, rng: &mut Rng) {
    let (section, other) = if rng.bool() { (&mut row.key, &other.key) } else { (&mut row.columns, &other.columns) };
    let cells = section.get_or_insert_default();
    if cells.is_empty() || rng.u8(..8) == 0 {
        cells.extend(other.as_deref().and_then(|cells| rng.choice(cells)).cloned());
        return;
    }
    let at = rng.usize(..cells.len());
    match rng.u8(..12) {
        0 => drop(cells.remove(at)),
        1 => cells.insert(at, cells[at].clone()),
        2 => {
            let with = rng.usize(..cells.len());
            cells.swap(at, with);
        }
        3 => {
            // A wide row.
            let times = if rng.u8(..64) == 0 { rng.usize(..1_000) } else { rng.usize(..8) };
            let copies = vec![cells[at].clone(); times];
            cells.extend(copies);
        }
        _ => edit_cell(&mut cells[at], rng),
    }
}

fn edit_cell(cell: &mut Cell, rng: &mut Rng) {
    match rng.u8(..8) {
        0 => cell.name = name(rng),
        1 => bytes::edit(&mut cell.name, b"id", rng),
        2 => cell.op = if rng.bool() { None } else { Some(rng.u8(..6)) },
        3 => cell.timestamp = if rng.bool() { None } else { Some(interesting(rng).to_le_bytes()) },
        4 => cell.timestamp = Some(rng.u64(..).to_le_bytes()),
        5 => bytes::edit(cell.value.get_or_insert_default(), b"\x03\x01\0\0\0a", rng),
        6 => cell.value = None,
        _ => cell.value = Some(value(rng)),
    }
}

fn name(rng: &mut Rng) -> Vec<u8> {
    match rng.u8(..4) {
        0 => bytes::random(rng, 12),
        1 => vec![b'x'; rng.usize(..300)],
        _ => vec![rng.u8(b'a'..=b'f'); rng.usize(1..4)],
    }
}

/// A value whose length fits its type more often than not.
fn value(rng: &mut Rng) -> Vec<u8> {
    let kind = if rng.u8(..8) == 0 { rng.u8(..) } else { [0, 1, 2, 3, 7, 9, 0x0A, 0x0B][rng.usize(..8)] };
    let mut out = vec![kind];
    match kind {
        0 if rng.bool() => out.extend_from_slice(&interesting(rng).to_le_bytes()),
        0 | 1 => out.extend_from_slice(&rng.u64(..).to_le_bytes()),
        2 => out.push(rng.u8(..3)),
        3 => write_sized(if rng.bool() { "李 text".as_bytes() } else { b"\xff\xfe" }, &mut out),
        7 => write_sized(&bytes::random(rng, 24), &mut out),
        _ => {}
    }
    if rng.u8(..16) == 0 {
        out.push(0);
    }
    out
}

/// The extension of a stream's row, mostly a right one.
fn extension(rng: &mut Rng) -> Option<Vec<u8>> {
    if rng.u8(..4) == 0 {
        return None;
    }
    let mut part = vec![0x0D];
    part.extend_from_slice(&rng.u32(..).to_le_bytes());
    part.push(0x0E);
    part.extend_from_slice(&rng.u64(..).to_le_bytes());
    part.push(0x0F);
    part.extend_from_slice(&rng.u32(..).to_le_bytes());
    let mut out = vec![if rng.u8(..8) == 0 { rng.u8(..) } else { 0x0C }];
    write_sized(&part, &mut out);
    if rng.u8(..4) == 0 {
        bytes::edit(&mut out, &part, rng);
    }
    Some(out)
}
