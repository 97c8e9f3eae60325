//! Messages declared once: the struct and both directions of its codec from one list.
//!
//! The search index family has some eighty messages, nested in each other as bytes. `messages!` makes of one list the
//! public struct, what writes it and what reads it, so that the two cannot differ. Fields are listed, and so written, in the
//! order of their numbers. Of the two other ways that the crate writes messages, [`Writer`](super::writer::Writer) is for
//! those with rows in them and prost's derive for the small ones.
//!
//! Reading is bounded: messages are nested 32 deep at most, and what is read is no larger than the bytes it is read from,
//! times a constant.

use bytes::{Buf, Bytes};
use prost::encoding::{self, DecodeContext, WireType};

use super::WireFault;

/// Messages inside messages, at most.
const MAX_DEPTH: usize = 32;

/// One field as it stands on the wire.
pub(crate) enum Raw {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    Bytes(Bytes),
}

/// The fields of one message.
pub(crate) struct Fields {
    fields: Vec<(u32, Raw)>,
    depth: usize,
}

impl Fields {
    /// Splits a message; nothing is copied.
    pub(crate) fn of(body: Bytes) -> Result<Self, WireFault> {
        Self::at(body, 0)
    }

    fn at(mut body: Bytes, depth: usize) -> Result<Self, WireFault> {
        if depth > MAX_DEPTH {
            return Err(WireFault::TooDeep);
        }
        let mut fields = Vec::new();
        while body.has_remaining() {
            let (tag, kind) = encoding::decode_key(&mut body).map_err(WireFault::Malformed)?;
            if let Some(raw) = raw(tag, kind, &mut body).map_err(WireFault::Malformed)? {
                fields.push((tag, raw));
            }
        }
        Ok(Self { fields, depth })
    }

    /// The message in a field; an empty one if there is none.
    pub(crate) fn message(&self, tag: u32, name: &'static str) -> Result<Self, WireFault> {
        let body = self.last(tag).map(|raw| bytes_of(raw, name)).transpose()?;
        Self::at(body.unwrap_or_default(), self.depth + 1)
    }

    /// The messages in a repeated field.
    pub(crate) fn messages(&self, tag: u32, name: &'static str) -> Result<Vec<Self>, WireFault> {
        self.all(tag).map(|raw| Self::at(bytes_of(raw, name)?, self.depth + 1)).collect()
    }

    fn all(&self, tag: u32) -> impl DoubleEndedIterator<Item = &Raw> {
        self.fields.iter().filter(move |(found, _)| *found == tag).map(|(_, raw)| raw)
    }

    /// The one value of a field that is not repeated: the last, as protobuf has it.
    fn last(&self, tag: u32) -> Option<&Raw> {
        self.all(tag).next_back()
    }
}

fn raw(tag: u32, kind: WireType, body: &mut Bytes) -> Result<Option<Raw>, prost::DecodeError> {
    let context = DecodeContext::default();
    Ok(Some(match kind {
        WireType::Varint => Raw::Varint(encoding::decode_varint(body)?),
        WireType::SixtyFourBit => {
            let mut value = 0;
            encoding::fixed64::merge(kind, &mut value, body, context)?;
            Raw::Fixed64(value)
        }
        WireType::ThirtyTwoBit => {
            let mut value = 0;
            encoding::fixed32::merge(kind, &mut value, body, context)?;
            Raw::Fixed32(value)
        }
        WireType::LengthDelimited => {
            let mut value = Bytes::new();
            encoding::bytes::merge(kind, &mut value, body, context)?;
            Raw::Bytes(value)
        }
        WireType::StartGroup | WireType::EndGroup => {
            encoding::skip_field(kind, tag, body, context)?;
            return Ok(None);
        }
    }))
}

/// A message: its fields to and from the wire.
pub(crate) trait Wire: Sized {
    /// Appends the fields, in the order of their numbers.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes the fields it knows.
    fn read(fields: &Fields) -> Result<Self, WireFault>;

    /// The bytes of the message.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    /// Reads the message from all of `body`.
    fn from_bytes(body: Bytes) -> Result<Self, WireFault> {
        Self::read(&Fields::of(body)?)
    }
}

/// What one occurrence of a field holds.
pub(crate) trait Field: Sized {
    /// Appends the field with its number.
    fn put(&self, tag: u32, out: &mut Vec<u8>);

    /// Reads one occurrence. `depth` is that of the message it stands in.
    fn take(raw: &Raw, depth: usize, name: &'static str) -> Result<Self, WireFault>;

    /// Reads one occurrence of a repeated field, which for numbers may hold several.
    fn take_all(raw: &Raw, depth: usize, name: &'static str, into: &mut Vec<Self>) -> Result<(), WireFault> {
        into.push(Self::take(raw, depth, name)?);
        Ok(())
    }
}

/// What a field of a struct is: required, optional or repeated.
pub(crate) trait Slot: Sized {
    /// Appends it as often as it is there.
    fn put_slot(&self, tag: u32, out: &mut Vec<u8>);

    /// Reads it; a required one that is missing is a fault.
    fn take_slot(fields: &Fields, tag: u32, name: &'static str) -> Result<Self, WireFault>;
}

impl<T: Field> Slot for T {
    fn put_slot(&self, tag: u32, out: &mut Vec<u8>) {
        self.put(tag, out);
    }

    fn take_slot(fields: &Fields, tag: u32, name: &'static str) -> Result<Self, WireFault> {
        T::take(fields.last(tag).ok_or(WireFault::Missing(name))?, fields.depth, name)
    }
}

impl<T: Field> Slot for Option<T> {
    fn put_slot(&self, tag: u32, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.put(tag, out);
        }
    }

    fn take_slot(fields: &Fields, tag: u32, name: &'static str) -> Result<Self, WireFault> {
        fields.last(tag).map(|raw| T::take(raw, fields.depth, name)).transpose()
    }
}

impl<T: Field> Slot for Vec<T> {
    fn put_slot(&self, tag: u32, out: &mut Vec<u8>) {
        for value in self {
            value.put(tag, out);
        }
    }

    fn take_slot(fields: &Fields, tag: u32, name: &'static str) -> Result<Self, WireFault> {
        let mut values = Self::new();
        for raw in fields.all(tag) {
            T::take_all(raw, fields.depth, name, &mut values)?;
        }
        Ok(values)
    }
}

impl<T: Wire> Field for T {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        put_sized(tag, out, |out| self.write(out));
    }

    fn take(raw: &Raw, depth: usize, name: &'static str) -> Result<Self, WireFault> {
        T::read(&Fields::at(bytes_of(raw, name)?, depth + 1)?)
    }
}

/// A repeated field that stands alone in a message of its own, which is left out when there is none: field 1 of it.
pub(crate) mod list {
    use super::{Field, Fields, Slot, WireFault, bytes_of, put_sized};

    pub(crate) fn put<T: Field>(values: &Vec<T>, tag: u32, out: &mut Vec<u8>) {
        if !values.is_empty() {
            put_sized(tag, out, |out| values.put_slot(1, out));
        }
    }

    pub(crate) fn take<T: Field>(fields: &Fields, tag: u32, name: &'static str) -> Result<Vec<T>, WireFault> {
        let Some(raw) = fields.last(tag) else { return Ok(Vec::new()) };
        Vec::take_slot(&Fields::at(bytes_of(raw, name)?, fields.depth + 1)?, 1, name)
    }
}

/// Writes what `write` appends, with its number and length before it.
pub(crate) fn put_sized(tag: u32, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    encoding::encode_key(tag, WireType::LengthDelimited, out);
    let start = out.len();
    write(out);
    let len = (out.len() - start) as u64;
    let mut prefix = [0_u8; 10];
    let mut rest = prefix.as_mut_slice();
    encoding::encode_varint(len, &mut rest);
    let unused = rest.len();
    let used = prefix.len() - unused;
    out.splice(start..start, prefix.into_iter().take(used));
}

pub(crate) fn bytes_of(raw: &Raw, name: &'static str) -> Result<Bytes, WireFault> {
    match raw {
        Raw::Bytes(bytes) => Ok(bytes.clone()),
        _ => Err(WireFault::WrongKind(name)),
    }
}

impl Field for Bytes {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        encoding::bytes::encode(tag, self, out);
    }

    fn take(raw: &Raw, _: usize, name: &'static str) -> Result<Self, WireFault> {
        bytes_of(raw, name)
    }
}

impl Field for String {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        encoding::string::encode(tag, self, out);
    }

    fn take(raw: &Raw, _: usize, name: &'static str) -> Result<Self, WireFault> {
        Self::from_utf8(bytes_of(raw, name)?.into()).map_err(|_| WireFault::NotUtf8(name))
    }
}

impl Field for i64 {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        encoding::int64::encode(tag, self, out);
    }

    fn take(raw: &Raw, _: usize, name: &'static str) -> Result<Self, WireFault> {
        match raw {
            Raw::Varint(bits) => Ok(bits.cast_signed()),
            _ => Err(WireFault::WrongKind(name)),
        }
    }
}

/// Numbers that travel as a 64-bit one.
macro_rules! narrow {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn put(&self, tag: u32, out: &mut Vec<u8>) {
                i64::from(*self).put(tag, out);
            }

            fn take(raw: &Raw, depth: usize, name: &'static str) -> Result<Self, WireFault> {
                let value = i64::take(raw, depth, name)?;
                Self::try_from(value).map_err(|_| WireFault::OutOfRange { field: name, value })
            }
        }
    )*};
}
narrow!(i32, u32);

impl Field for bool {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        encoding::bool::encode(tag, self, out);
    }

    fn take(raw: &Raw, depth: usize, name: &'static str) -> Result<Self, WireFault> {
        Ok(i64::take(raw, depth, name)? != 0)
    }

    fn take_all(raw: &Raw, depth: usize, name: &'static str, into: &mut Vec<Self>) -> Result<(), WireFault> {
        let Raw::Bytes(packed) = raw else {
            into.push(Self::take(raw, depth, name)?);
            return Ok(());
        };
        let mut packed = packed.clone();
        while packed.has_remaining() {
            into.push(encoding::decode_varint(&mut packed).map_err(WireFault::Malformed)? != 0);
        }
        Ok(())
    }
}

/// Numbers of a fixed size. Repeated, they may stand packed in one field.
macro_rules! fixed {
    ($($type:ty = $raw:ident, $codec:ident;)*) => {$(
        impl Field for $type {
            fn put(&self, tag: u32, out: &mut Vec<u8>) {
                encoding::$codec::encode(tag, self, out);
            }

            fn take(raw: &Raw, _: usize, name: &'static str) -> Result<Self, WireFault> {
                match raw {
                    Raw::$raw(bits) => Ok(Self::from_bits(*bits)),
                    _ => Err(WireFault::WrongKind(name)),
                }
            }

            fn take_all(raw: &Raw, depth: usize, name: &'static str, into: &mut Vec<Self>) -> Result<(), WireFault> {
                let Raw::Bytes(packed) = raw else {
                    into.push(Self::take(raw, depth, name)?);
                    return Ok(());
                };
                let (values, rest) = packed.as_chunks();
                if !rest.is_empty() {
                    return Err(WireFault::WrongKind(name));
                }
                into.extend(values.iter().map(|bytes| Self::from_le_bytes(*bytes)));
                Ok(())
            }
        }
    )*};
}
fixed! { f64 = Fixed64, double; f32 = Fixed32, float; }

/// Makes a struct and its [`Wire`] from one list of fields with their numbers. `list N` is a repeated field in a message of
/// its own.
macro_rules! messages {
    ($($(#[$doc:meta])* $vis:vis struct $name:ident {
        $($(#[$of:meta])* $field_vis:vis $field:ident: $type:ty = $($mode:ident)? $tag:literal,)*
    })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        $vis struct $name {
            $($(#[$of])* $field_vis $field: $type,)*
        }

        impl $crate::wire::Wire for $name {
            fn write(&self, out: &mut Vec<u8>) {
                $($crate::wire::messages!(@put $($mode)? self.$field, $tag, out);)*
                let _ = out;
            }

            fn read(fields: &$crate::wire::Fields) -> Result<Self, $crate::WireFault> {
                let _ = fields;
                Ok(Self { $($field: $crate::wire::messages!(@take $($mode)? fields, $tag, stringify!($field)),)* })
            }
        }
    )+};
    (@put list $value:expr, $tag:literal, $out:ident) => { $crate::wire::list::put(&$value, $tag, $out) };
    (@put $value:expr, $tag:literal, $out:ident) => { $crate::wire::Slot::put_slot(&$value, $tag, $out) };
    (@take list $fields:ident, $tag:literal, $name:expr) => { $crate::wire::list::take($fields, $tag, $name)? };
    (@take $fields:ident, $tag:literal, $name:expr) => { $crate::wire::Slot::take_slot($fields, $tag, $name)? };
}

/// Makes an enumeration a field.
macro_rules! enumeration_field {
    ($($name:ident),+) => {$(
        impl $crate::wire::Field for $name {
            fn put(&self, tag: u32, out: &mut Vec<u8>) {
                self.number().put(tag, out);
            }

            fn take(raw: &$crate::wire::Raw, depth: usize, name: &'static str) -> Result<Self, $crate::WireFault> {
                Self::from_number(i32::take(raw, depth, name)?, name)
            }
        }
    )+};
}

/// Makes setters of optional fields, named after them.
macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)+) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$type>) -> Self {
            self.$field = Some($field.into());
            self
        }
    )+};
}

pub(crate) use {enumeration_field, messages, setters};

#[cfg(test)]
mod tests {
    use super::*;

    messages! {
        /// A message in itself.
        struct Node {
            name: String = 1,
            weight: Option<f32> = 2,
            points: Vec<f64> = 3,
            small: Option<u32> = 4,
            inner: Vec<Node> = list 5,
            flag: Option<bool> = 6,
        }
    }

    fn node(name: &str, inner: Vec<Node>) -> Node {
        Node {
            name: name.to_owned(),
            weight: Some(1.5),
            points: vec![-0.0, 2.5],
            small: Some(300),
            inner,
            flag: Some(true),
        }
    }

    #[test]
    fn what_is_written_is_read_back_also_when_its_length_takes_two_bytes() {
        let long = "x".repeat(300);
        let tree = node("root", vec![node(&long, vec![]), node("", vec![node("leaf", vec![])])]);
        assert_eq!(Node::from_bytes(tree.to_bytes().into()).unwrap(), tree);
    }

    #[test]
    fn unknown_fields_are_skipped_and_the_last_of_several_counts() {
        let mut bytes = vec![0x5a, 2, 9, 9, 0x60, 1];
        bytes.extend(node("first", vec![]).to_bytes());
        bytes.extend([0x0a, 1, b'z']);
        assert_eq!(Node::from_bytes(bytes.into()).unwrap().name, "z");
    }

    #[test]
    fn packed_numbers_are_read_and_half_a_number_is_refused() {
        let packed: Vec<u8> = [1.0_f64, -2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let message = |packed: &[u8]| {
            let mut bytes = vec![0x0a, 1, b'n', 0x1a, u8::try_from(packed.len()).unwrap()];
            bytes.extend(packed);
            Node::from_bytes(bytes.into())
        };
        assert_eq!(message(&packed).unwrap().points, [1.0, -2.0]);
        assert!(matches!(message(&packed[1..]), Err(WireFault::WrongKind("points"))));
    }

    #[test]
    fn what_is_no_such_message_is_a_typed_fault() {
        let fault = |bytes: &[u8]| Node::from_bytes(Bytes::copy_from_slice(bytes)).unwrap_err();
        assert!(matches!(fault(b""), WireFault::Missing("name")));
        assert!(matches!(fault(&[0x0a, 5, b'x']), WireFault::Malformed(_)));
        assert!(matches!(fault(&[0x08, 1]), WireFault::WrongKind("name")));
        assert!(matches!(fault(&[0x0a, 1, 0xff]), WireFault::NotUtf8("name")));
        assert!(matches!(fault(&[0x0a, 1, b'x', 0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), WireFault::OutOfRange { .. }));
        assert!(matches!(fault(&[0x0a, 1, b'x', 0x0c]), WireFault::Malformed(_)));
    }

    #[test]
    fn messages_nested_too_deep_are_refused() {
        let nested = |depth: usize| (0..depth).fold(node("leaf", vec![]), |inner, _| node("n", vec![inner]));
        assert!(Node::from_bytes(nested(15).to_bytes().into()).is_ok());
        assert!(matches!(Node::from_bytes(nested(17).to_bytes().into()), Err(WireFault::TooDeep)));
    }
}
