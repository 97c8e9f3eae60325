//! The function host: runs functions as Function Compute does.
//!
//! A function is the user's real custom-runtime program, started when it is first needed on a free
//! loopback port, or a service in this process. Both are given the same requests: `/initialize`
//! once, then HTTP requests as they are or events on `/invoke`, with the headers and the
//! environment that Function Compute documents ("Principles of custom runtimes").
//!
//! No program outlives this process, not even when this process is killed with SIGKILL: each one
//! runs under a supervisor that holds a pipe from us and kills the program when the pipe ends. The
//! supervisor is this executable, called with a hidden first argument; its `main` must call
//! [`supervise_if_asked`] before anything else.
//!
//! | file | what |
//! |---|---|
//! | `spec` | [`FunctionSpec`]: what is configured |
//! | `options` | [`HostOptions`]: what is the same for all |
//! | `registry` | [`Functions`]: the functions, and calling them |
//! | `instance` | one started function |
//! | `process` | the started program of a function |
//! | `port` | the port it listens on |
//! | `environment` | its environment |
//! | `call` | the headers of a call, and what may come back |
//! | `request_id` | ids of calls |
//! | `supervise` | the supervisor |
//! | `log` | what the program writes |

mod call;
mod environment;
mod instance;
mod log;
mod options;
mod port;
mod process;
mod registry;
mod request_id;
mod spec;
mod supervise;

pub use call::InvokeError;
pub use options::HostOptions;
pub use registry::Functions;
pub use spec::{Backend, BadFunction, EnvValue, FunctionSpec, InProcess, Process};
pub use supervise::supervise_if_asked;
