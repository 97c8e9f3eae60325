//! XML as OSS writes and reads it: elements and text, nothing else.
//!
//! The reader is driven by events and bounded: no document type, no entities but the five of XML, no processing instructions,
//! at most [`MAX_DEPTH`] elements inside each other. Names are compared without their namespace, since old servers send one.

mod element;
mod fault;
mod reader;
mod writer;

pub use element::Element;
pub use fault::XmlFault;
pub(crate) use fault::{required, unreadable};
pub(crate) use reader::Reader;
pub(crate) use writer::Writer;

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 32;
/// The longest document that is read, in bytes. A full page of the longest keys, percent-encoded, takes about 4 MB.
const MAX_BYTES: usize = 16 << 20;
/// The longest run of attributes of one element that is skipped, in bytes. OSS writes a namespace at most.
const MAX_ATTRIBUTES: usize = 1024;
