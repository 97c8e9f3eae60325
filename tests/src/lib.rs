//! What the conformance suites share.

pub mod oss;
pub mod socket;
pub mod tablestore;

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

/// The bad inputs of one category: cases with `id`, `surface`, `input` and `expect`.
///
/// # Panics
/// If the file is not what it should be.
#[must_use]
pub fn bad_inputs(category: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../vectors/bad-inputs.json")).expect("the file is JSON");
    let entries = file["entries"].as_array().expect("the file has entries");
    entries.iter().filter(|case| case["category"] == category).cloned().collect()
}

/// A writer for logs that keeps what was written.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// What was written.
    #[must_use]
    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The pages of the guide, whose code is compiled and run with the tests.
#[cfg(doctest)]
mod guide {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/campaign.md")]
    struct Campaign;
    #[doc = include_str!("../../docs/client.md")]
    struct EveryClient;
    #[doc = include_str!("../../docs/local.md")]
    struct Local;
    #[doc = include_str!("../../docs/oss.md")]
    struct Oss;
    #[doc = include_str!("../../docs/search.md")]
    struct Search;
    #[doc = include_str!("../../docs/tablestore.md")]
    struct TableStore;
    #[doc = include_str!("../../docs/tablestore-tables.md")]
    struct TableStoreTables;
    #[doc = include_str!("../../docs/tablestore-types.md")]
    struct TableStoreTypes;
    #[doc = include_str!("../../docs/tablestore-reading.md")]
    struct TableStoreReading;
    #[doc = include_str!("../../docs/publish.md")]
    struct Publish;
    #[doc = include_str!("../../docs/cdn.md")]
    struct Cdn;
    #[doc = include_str!("../../docs/gateway.md")]
    struct Gateway;
    #[doc = include_str!("../../docs/function.md")]
    struct Function;
}
