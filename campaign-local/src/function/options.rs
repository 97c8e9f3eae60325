//! What is configured of the host.

use std::path::PathBuf;
use std::time::Duration;

use campaign_fc::Credentials;

/// What is the same for all functions.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HostOptions {
    /// Region told to the functions; `cn-hangzhou` unless set.
    pub region: String,
    /// Account id told to the functions.
    pub account_id: String,
    /// Keys of the functions' role; without them functions run without a role.
    pub credentials: Option<Credentials>,
    /// How long a program may take until it listens: 120 s as in the service.
    pub health_timeout: Duration,
    /// How long `/pre-stop`, and then the program's end, may each take: 5 s.
    pub stop_timeout: Duration,
    /// The program that supervises: one whose `main` calls
    /// [`supervise_if_asked`](super::supervise_if_asked). This executable unless set.
    pub supervisor: Option<PathBuf>,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            region: "cn-hangzhou".to_owned(),
            account_id: "1000000000000000".to_owned(),
            credentials: None,
            health_timeout: Duration::from_secs(120),
            stop_timeout: Duration::from_secs(5),
            supervisor: None,
        }
    }
}
