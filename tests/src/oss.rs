//! OSS for tests without an emulator: a client with a fixed clock.

use campaign_client::{Client, Clock, Credentials, Retry, Transport};
use campaign_oss::Oss;

use crate::tablestore::now;

/// The bucket.
pub const BUCKET: &str = "campaign-site";

/// A client of OSS at `endpoint` over `transport` that repeats calls as `retry` says.
///
/// # Panics
/// If the endpoint or `retry` cannot work.
#[must_use]
pub fn client(endpoint: &str, transport: impl Transport, retry: Retry) -> Client<Oss> {
    let service = Oss::new(endpoint, "cn-hangzhou").expect("an endpoint");
    let builder = Client::builder(service).transport(transport).credentials(Credentials::new("key", "secret"));
    builder.clock(Clock::fixed(now())).retry(retry).build().expect("settings that work")
}
