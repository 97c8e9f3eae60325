//! What the transports over a network have in common: limits, and what their errors mean.

use std::{error::Error as StdError, io, time::Duration};

use super::{TransportError, TransportErrorKind};

/// To a connection, its name and its TLS included.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Shorter than the services keep a connection open, so that few requests meet a closing one.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
pub(super) const IDLE_PER_HOST: usize = 64;
pub(super) const KEEPALIVE: Duration = Duration::from_secs(30);

/// Sorts an error by how far the request got. `connecting`: there was no connection yet. `error` must not show the URL:
/// its query may be a signature.
pub(super) fn broken(error: impl StdError + Send + Sync + 'static, connecting: bool) -> TransportError {
    let (kind, message) = if connecting && is_tls(&error) {
        (TransportErrorKind::Insecure, "the TLS connection could not be made")
    } else if connecting {
        (TransportErrorKind::Unsent, "no connection could be made")
    } else {
        (TransportErrorKind::Lost, "the connection broke before the answer was whole")
    };
    TransportError::new(kind, message).with_source(error)
}

/// A failed handshake (a certificate, most often) is a connect error too, but would fail again. The
/// TLS library gives it as an I/O error of the kind `InvalidData`, inside others.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let inner = match error.downcast_ref::<io::Error>() {
        Some(error) if error.kind() == io::ErrorKind::InvalidData => return true,
        // An I/O error's `source` is that of the error inside it, which is passed over so.
        Some(error) => error.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
        None => error.source(),
    };
    inner.is_some_and(is_tls)
}
