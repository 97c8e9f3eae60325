//! The cloud on a laptop: Table Store, API Gateway and Function Compute over one embedded store.
//!
//! In a test or a program of your own, [`Local`] is the whole cloud in the process, in memory or in a
//! [data folder](data). On the command line it is the program `campaign-local`:
//!
//! ```sh
//! campaign-local --data ./cloud
//! ```
//!
//! It answers with the services' own codes and texts, verifies every signature, and is durable: what
//! was acknowledged is on the disk. With [faults](fault) it hurts like the cloud. What it does not
//! emulate it refuses, and never pretends; each module says what that is.
//!
//! | module | what |
//! |---|---|
//! | [`Local`] | all of it, put together |
//! | [`tablestore`] | Table Store |
//! | [`gateway`] | API Gateway |
//! | [`function`] | Function Compute |
//! | [`fault`] | faults, by plan or by script |
//! | [`admin`] | the management calls |
//! | [`serve`] | the socket layer |
//! | [`store`] | the embedded store |
//! | [`data`] | the data folder |
//! | [`program`] | the program |
//! | [`log`] | one event, one line |

pub mod admin;
pub mod data;
pub mod fault;
pub mod function;
pub mod gateway;
mod local;
pub mod log;
pub mod program;
pub mod serve;
pub mod store;
pub mod tablestore;

pub use local::{Local, LocalBuilder, LocalError};
