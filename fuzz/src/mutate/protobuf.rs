//! Messages taken apart and put together again with lengths that are right, so that what was changed inside is looked at.
//!
//! Nothing in a message says whether a field with a length is a message, text or bytes: what can be read as a message is
//! taken for one.

use fastrand::Rng;

use super::{
    bytes::{self, interesting},
    plain_buffer,
};

/// A message in its fields.
pub type Message = Vec<Field>;

/// A field with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    number: u64,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Bytes(Vec<u8>),
    Message(Message),
}

/// Messages inside messages, at most; what is deeper is taken for bytes.
const MAX_DEPTH: usize = 12;

/// Takes a message apart, if it is one.
pub fn parse(bytes: &[u8]) -> Option<Message> {
    parse_at(bytes, 0)
}

fn parse_at(mut rest: &[u8], depth: usize) -> Option<Message> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        let number = key >> 3;
        // None of the service's messages has greater numbers; text seldom looks like this.
        (1..=256).contains(&number).then_some(())?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut rest)?),
            1 => Value::Fixed64(chunk(&mut rest)?),
            2 => {
                let length = usize::try_from(varint(&mut rest)?).ok()?;
                let (content, after) = rest.split_at_checked(length)?;
                rest = after;
                parse_content(content, depth)
            }
            5 => Value::Fixed32(chunk(&mut rest)?),
            _ => return None,
        };
        fields.push(Field { number, value });
    }
    Some(fields)
}

fn parse_content(content: &[u8], depth: usize) -> Value {
    let is_message = depth < MAX_DEPTH && !content.is_empty() && !plain_buffer::is_buffer(content);
    let message = if is_message { parse_at(content, depth + 1) } else { None };
    message.map_or_else(|| Value::Bytes(content.to_vec()), Value::Message)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn chunk<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*chunk)
}

/// The bytes of the message.
pub fn write(message: &[Field]) -> Vec<u8> {
    let mut out = Vec::new();
    for Field { number, value } in message {
        let key = |kind: u64| (number << 3) | kind;
        match value {
            Value::Varint(value) => {
                write_varint(key(0), &mut out);
                write_varint(*value, &mut out);
            }
            Value::Fixed64(value) => {
                write_varint(key(1), &mut out);
                out.extend_from_slice(value);
            }
            Value::Fixed32(value) => {
                write_varint(key(5), &mut out);
                out.extend_from_slice(value);
            }
            Value::Bytes(content) => write_sized(key(2), content, &mut out),
            Value::Message(fields) => write_sized(key(2), &write(fields), &mut out),
        }
    }
    out
}

fn write_sized(key: u64, content: &[u8], out: &mut Vec<u8>) {
    write_varint(key, out);
    write_varint(u64::try_from(content.len()).unwrap_or(u64::MAX), out);
    out.extend_from_slice(content);
}

fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// The content of the first field of this number, if it is bytes.
pub fn bytes_of(message: &[Field], number: u64) -> Option<&[u8]> {
    message.iter().filter(|field| field.number == number).find_map(|field| match &field.value {
        Value::Bytes(content) => Some(content.as_slice()),
        _ => None,
    })
}

/// Which fields the message has, at every depth: the way to each by numbers, each once.
pub fn outline(message: &[Field]) -> Vec<u64> {
    fn walk(fields: &[Field], above: u64, out: &mut Vec<u64>) {
        for field in fields {
            let way = above.wrapping_mul(0x0100_0000_01b3) ^ field.number;
            out.push(way);
            if let Value::Message(inner) = &field.value {
                walk(inner, way, out);
            }
        }
    }
    let mut out = Vec::new();
    walk(message, 0xcbf2_9ce4, &mut out);
    out.sort_unstable();
    out.dedup();
    out
}

/// Changes the message in one place; `other` is a message to take parts of.
pub fn edit(message: &mut Message, other: &[Field], rng: &mut Rng) {
    let fields = descend(message, rng);
    if fields.is_empty() || rng.u8(..6) == 0 {
        insert(fields, other, rng);
        return;
    }
    let at = rng.usize(..fields.len());
    match rng.u8(..16) {
        0 | 1 => drop(fields.remove(at)),
        2 => fields.insert(at, fields[at].clone()),
        3 => {
            let with = rng.usize(..fields.len());
            fields.swap(at, with);
        }
        4 => fields[at].number = number(rng),
        5 => fields[at].value = any_value(rng),
        6 => nest(fields, at, rng),
        7 => repeat(fields, at, rng),
        8 => {
            let piece = piece_of(other, rng);
            fields[at].value = piece.map_or(Value::Message(Vec::new()), |piece| piece.value);
        }
        _ => edit_value(&mut fields[at].value, other, rng),
    }
}

/// The fields of the message or of one inside it.
fn descend<'a>(message: &'a mut Message, rng: &mut Rng) -> &'a mut Message {
    let inner: Vec<usize> = (0..message.len()).filter(|at| matches!(message[*at].value, Value::Message(_))).collect();
    let Some(at) = rng.choice(&inner).filter(|_| rng.u8(..4) != 0).copied() else { return message };
    match &mut message[at].value {
        Value::Message(inner) => descend(inner, rng),
        _ => unreachable!("only messages were chosen from"),
    }
}

/// A piece of another message, with its number or any, or something new.
fn insert(fields: &mut Message, other: &[Field], rng: &mut Rng) {
    let piece = if rng.u8(..3) == 0 { None } else { piece_of(other, rng) };
    let mut field = piece.unwrap_or_else(|| Field { number: number(rng), value: any_value(rng) });
    if rng.bool() {
        field.number = number(rng);
    }
    let at = rng.usize(..=fields.len());
    fields.insert(at, field);
}

fn piece_of(message: &[Field], rng: &mut Rng) -> Option<Field> {
    let field = rng.choice(message)?;
    match &field.value {
        Value::Message(inner) if rng.u8(..3) != 0 => piece_of(inner, rng).or_else(|| Some(field.clone())),
        _ => Some(field.clone()),
    }
}

/// A number of a field: most messages have few.
fn number(rng: &mut Rng) -> u64 {
    match rng.u8(..32) {
        0 => interesting(rng) >> 3,
        1 => rng.u64(16..200),
        2..8 => rng.u64(1..16),
        _ => rng.u64(1..6),
    }
}

/// A key of one column, as a buffer.
const KEY: &[u8] = b"\x75\0\0\0\x01\x03\x04\x01\0\0\0a\x05\x06\0\0\0\x03\x01\0\0\0x\x0a\x4d\x09\xb2";

fn any_value(rng: &mut Rng) -> Value {
    match rng.u8(..12) {
        0 => Value::Fixed64(interesting(rng).to_le_bytes()),
        1 => Value::Fixed32(rng.u32(..).to_le_bytes()),
        2..5 => Value::Varint(if rng.bool() { rng.u64(..8) } else { interesting(rng) }),
        5 => Value::Bytes(bytes::random(rng, 16)),
        6 => Value::Bytes(Vec::new()),
        8 | 9 => Value::Bytes(KEY.to_vec()),
        7 => Value::Message(vec![Field { number: number(rng), value: Value::Varint(rng.u64(..4)) }]),
        _ => Value::Bytes(vec![rng.u8(b'a'..=b'f'); rng.usize(1..5)]),
    }
}

fn edit_value(value: &mut Value, other: &[Field], rng: &mut Rng) {
    match value {
        Value::Varint(number) => {
            *number = match rng.u8(..5) {
                0 => number.wrapping_add(1),
                1 => number.wrapping_sub(1),
                2 => *number ^ (1 << rng.u8(..64)),
                3 => rng.u64(..12),
                _ => interesting(rng),
            }
        }
        Value::Fixed64(bytes) => *bytes = rng.u64(..).to_le_bytes(),
        Value::Fixed32(bytes) => *bytes = rng.u32(..).to_le_bytes(),
        Value::Bytes(content) if plain_buffer::is_buffer(content) => {
            let others = match piece_of(other, rng).map(|piece| piece.value) {
                Some(Value::Bytes(bytes)) => plain_buffer::parse(&bytes).unwrap_or_default(),
                _ => Vec::new(),
            };
            super::edit_buffer(content, &others, rng);
        }
        Value::Bytes(content) => bytes::edit(content, b"name", rng),
        Value::Message(fields) => {
            let mut content = write(fields);
            bytes::edit(&mut content, b"\x08\x01\x12\x00", rng);
            *value = Value::Bytes(content);
        }
    }
}

/// Puts the fields into themselves, some times.
fn nest(fields: &mut Message, at: usize, rng: &mut Rng) {
    let times = if rng.u8(..16) == 0 { rng.usize(..130) } else { rng.usize(..4) };
    let number = fields[at].number;
    for _ in 0..times {
        let inner = std::mem::take(fields);
        let before = inner.iter().find(|field| field.number != number).cloned();
        fields.extend(before);
        fields.push(Field { number, value: Value::Message(inner) });
    }
}

/// Repeats a field, now and then so often that lists of it grow long.
fn repeat(fields: &mut Message, at: usize, rng: &mut Rng) {
    let times = if rng.u8(..64) == 0 { rng.usize(..3_000) } else { rng.usize(..6) };
    let mut field = fields[at].clone();
    if rng.bool() && !matches!(field.value, Value::Varint(_)) {
        field.value = Value::Bytes(Vec::new());
    }
    fields.extend(std::iter::repeat_n(field, times));
}
