//! Values and keys as fields of messages.

use crate::plain_buffer::{Encode, decode_key, decode_value, encode_value};
use crate::wire::{Field, Raw, bytes_of, put_sized};
use crate::{PrimaryKey, Value, WireFault};

impl Field for Value {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        put_sized(tag, out, |out| out.extend(encode_value(self)));
    }

    fn take(raw: &Raw, _: usize, name: &'static str) -> Result<Self, WireFault> {
        Ok(decode_value(&bytes_of(raw, name)?)?)
    }
}

impl Field for PrimaryKey {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        put_sized(tag, out, |out| self.encode(out));
    }

    fn take(raw: &Raw, _: usize, name: &'static str) -> Result<Self, WireFault> {
        Ok(decode_key(&bytes_of(raw, name)?)?)
    }
}
