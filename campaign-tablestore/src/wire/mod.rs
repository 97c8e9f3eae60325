//! Protobuf messages between an operation and the wire.
//!
//! Writing goes in one pass into a buffer of the exact size, rows included. Reading is stricter than proto2 runtimes are by
//! default: a required field that is missing, an enum value nobody knows and a number out of range are errors and never
//! defaults. Unknown fields are skipped, as proto2 asks.

mod check;
mod common;
mod enumeration;
mod error_message;
mod fault;
mod http;
mod message;
mod writer;

pub use self::fault::WireFault;
pub(crate) use self::{
    check::{
        MAX_NAME_BYTES, check_column_name, check_key, check_put, check_table_name, check_update, check_written_key,
        is_column_name,
    },
    common::{Empty, TableNameRequest, TransactionRequest},
    enumeration::enumeration,
    error_message::ErrorMessage,
    fault::{positive, required},
    http::{answered, post, sent, told},
    message::{Field, Fields, Raw, Slot, Wire, bytes_of, enumeration_field, list, messages, put_sized, setters},
    writer::{Writer, message},
};
#[cfg(feature = "server")]
pub(crate) use self::{
    common::each,
    http::{requested, respond, understood},
};
