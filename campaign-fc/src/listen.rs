//! Where the runtime listens, and what can keep it from running.

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The port if the environment names none ("Custom runtimes", listening port).
pub const DEFAULT_PORT: u16 = 9000;

/// First the variable of Function Compute and its local images, then that of its documents.
const PORTS: [&str; 2] = ["FC_SERVER_PORT", "FC_CUSTOM_LISTEN_PORT"];
/// Ours: on a laptop a function should be reachable from this computer only.
const HOST: &str = "FC_LISTEN_HOST";

/// Why the runtime did not start or had to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// A variable of the environment does not hold what it should.
    #[error("{variable} is not {expected}")]
    Environment {
        /// Name of the variable.
        variable: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The signals that end the program cannot be listened for.
    #[error("cannot listen for SIGTERM and SIGINT")]
    Signals(#[source] io::Error),
}

/// The address to listen on. Function Compute's health check comes from outside the container, so
/// the host is 0.0.0.0 unless one is given; an empty variable counts as absent.
pub(crate) fn address(var: impl Fn(&str) -> Option<OsString>) -> Result<SocketAddr, RunError> {
    let text = |name| var(name).filter(|value| !value.is_empty());
    let mut port = DEFAULT_PORT;
    if let Some((variable, value)) = PORTS.iter().find_map(|name| Some((*name, text(name)?))) {
        port = value
            .to_str()
            .and_then(|text| text.parse().ok())
            .filter(|port| *port != 0)
            .ok_or(RunError::Environment { variable, expected: "a port from 1 to 65535" })?;
    }
    let mut host = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    if let Some(value) = text(HOST) {
        host = value
            .to_str()
            .and_then(|text| text.parse().ok())
            .ok_or(RunError::Environment { variable: HOST, expected: "an IP address" })?;
    }
    Ok(SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address_with(variables: &[(&str, &str)]) -> Result<SocketAddr, RunError> {
        address(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn without_variables_the_documented_port_on_all_addresses() {
        assert_eq!(address_with(&[]).unwrap().to_string(), "0.0.0.0:9000");
    }

    #[test]
    fn the_server_port_comes_before_the_custom_listen_port() {
        let both = [("FC_CUSTOM_LISTEN_PORT", "8001"), ("FC_SERVER_PORT", "8000")];
        assert_eq!(address_with(&both).unwrap().port(), 8000);
        assert_eq!(address_with(&both[..1]).unwrap().port(), 8001);
    }

    #[test]
    fn a_given_host_is_the_only_one_listened_on() {
        let address = address_with(&[("FC_LISTEN_HOST", "127.0.0.1")]).unwrap();
        assert!(address.ip().is_loopback());
    }

    #[test]
    fn a_port_that_is_none_is_named_with_its_variable() {
        for port in ["0", "65536", "http", "-1", " 80"] {
            let error = address_with(&[("FC_SERVER_PORT", port)]).unwrap_err();
            assert_eq!(error.to_string(), "FC_SERVER_PORT is not a port from 1 to 65535", "{port}");
        }
    }
}
