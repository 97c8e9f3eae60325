//! What is measured and what it must be.

pub(crate) mod apigw;
pub(crate) mod batch;
pub(crate) mod bulk;
pub(crate) mod form;
pub(crate) mod launch;
pub(crate) mod oss;
pub(crate) mod range;
pub(crate) mod tablestore;

use crate::{instrument, server::Server, work};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What the figures are made with.
#[derive(Debug)]
pub(crate) struct Bench {
    server: Server,
}

impl Bench {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self { server: Server::start()? })
    }

    /// Instructions per repetition of `work`, counted between two run lengths.
    fn instructions(&self, work: &str, lengths: [u64; 2]) -> Result<f64> {
        instrument::instructions(work, Some(self.server.address), lengths)
    }

    /// Instructions per repetition of `block` of `work` that follow `before` uncounted ones.
    fn marginal(&self, work: &str, before: u64, block: u64) -> Result<f64> {
        instrument::marginal(work, Some(self.server.address), before, block)
    }

    /// The most memory held, in KiB, after each of `blocks` blocks of `block` repetitions of `work`.
    fn peaks(&self, work: &str, block: u64, blocks: u64) -> Result<Vec<f64>> {
        instrument::peaks(work, self.server.address, block, blocks)
    }

    fn work(&self, name: &str) -> Result<work::Run> {
        work::find(name, Some(self.server.address)).ok_or_else(|| format!("there is no work called {name}").into())
    }

    /// Nanoseconds per repetition of `work`.
    fn nanoseconds(&self, work: &str, times: u64) -> Result<f64> {
        Ok(instrument::nanoseconds(self.work(work)?, times))
    }

    /// Nanoseconds of processor per repetition of `work`, kernel included.
    fn processor(&self, work: &str, times: u64) -> Result<f64> {
        instrument::processor(self.work(work)?, times)
    }
}
