//! The API Gateway: from a route table to functions.
//!
//! [`Gateway`] is a [`tower::Service`] over `http` messages: the socket layer serves it, and a
//! program can call it without a socket. What it answers itself it answers as the gateway's
//! serverless instances do, with `X-Ca-Error-Code`, `X-Ca-Error-Message` and an empty body; every
//! answer carries `X-Ca-Request-Id`.
//!
//! Routes are anonymous or for apps that sign ([`Apps`]). A page of another origin can read every
//! refusal, unless its origin is not among those that the route allows. A model is checked with draft-04 JSON Schema; what a body
//! that fails it is answered by the real gateway was not seen, so both codes of that family are
//! used by their meaning: `I400BD` for a body that is no JSON, `I400IP` for one that is not like
//! the model.
//!
//! | file | what |
//! |---|---|
//! | `route` | [`Route`]: what is configured |
//! | `bad_route` | [`BadRoute`]: what cannot be configured |
//! | `routes` | [`Routes`]: the table, changed while it is used |
//! | `template` | paths with `{parameters}` |
//! | `model` | the body's check |
//! | `apps` | [`Apps`]: who may sign |
//! | `cors` | [`Cors`]: which pages may call |
//! | `breaker` | [`BreakerOptions`]: functions that time out are left alone |
//! | `handle` | [`Gateway`]: one request from arrival to answer |
//! | `forward` | what is passed to the function and back |
//! | `refusal` | the gateway's own answers |

mod apps;
mod bad_route;
mod breaker;
mod cors;
mod forward;
mod handle;
mod model;
mod refusal;
mod route;
mod routes;
mod template;

pub use apps::Apps;
pub use bad_route::BadRoute;
pub use breaker::BreakerOptions;
pub use cors::Cors;
pub use handle::{Gateway, GatewayOptions};
pub(crate) use refusal::dress;
pub use route::{Auth, Mode, Model, ModelCheck, Route};
pub use routes::Routes;
