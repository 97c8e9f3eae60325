//! The socket layer: HTTP/1.1 on a loopback port in front of a [`tower`] service of this crate.
//!
//! It is strict where servers in a chain may disagree: what is not one plain HTTP/1.1 request is
//! answered with 400 and the connection is closed. It is bounded in connections, head, body and time.
//! It checks `Host`, so that a web page cannot reach it by pointing a name of its own at 127.0.0.1.
//! Each request is handled in a task of its own: a client that goes away loses the answer, and the
//! work is finished all the same. A response that carries [`Dropped`] is not sent: the connection is
//! dropped, as the network does it.
//!
//! | file | what |
//! |---|---|
//! | `bind` | [`Server::bind`], [`Limits`], running and ending |
//! | `connection` | one connection: requests, bodies, answers |
//! | `stream` | the bytes of a connection, one request head at a time, with the time limits |
//! | `head` | what a request head must look like |
//! | `paced` | a body that is handed over as it comes, with its time limit |
//! | `spawned` | [`Spawned`]: a task for each request |

mod bind;
mod connection;
mod head;
mod paced;
mod spawned;
mod stream;

pub use bind::{BindError, Dress, Limits, Server};
pub use campaign_client::transport::Dropped;
pub use connection::Unframed;
pub use spawned::Spawned;
