#![doc = include_str!("../README.md")]
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod address;
mod code;
pub mod op;
mod refresh;
#[cfg(feature = "server")]
pub mod server;
mod service;
mod task;
#[cfg(all(test, feature = "server"))]
mod testing;
mod wire;

pub use code::Code;
pub use op::{
    describe_refresh_quota::{Allowance, DescribeRefreshQuota, RefreshQuota},
    describe_refresh_tasks::{DescribeRefreshTasks, RefreshTasks},
    refresh_object_caches::{ObjectType, RefreshObjectCaches, Submitted},
};
pub use refresh::{Progress, Refresh, RefreshError, Refreshed};
pub use service::Cdn;
pub use task::{RefreshTask, TaskStatus, TaskType};

/// What every client is made of: credentials, retries, transports, errors. One dependency is enough.
pub use campaign_client as client;

/// A client of the CDN's management calls; see [`campaign_client::Client`].
pub type Client = campaign_client::Client<Cdn>;
