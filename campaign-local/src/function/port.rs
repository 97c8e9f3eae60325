//! Free ports for programs.
//!
//! A port is found free and given to a program that listens on it a little later. Between the two
//! nobody else should take it, so it is none of those the system gives to whoever connects
//! somewhere (32768 and above on Linux, 49152 and above elsewhere). Of those, a health check that
//! comes before the program could even be connected to itself.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, Ordering};

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A loopback address that nobody listens on and that was not given out lately.
pub(super) fn free_address() -> io::Result<SocketAddr> {
    // Each process begins somewhere else and goes on from there.
    static NEXT: OnceLock<AtomicU16> = OnceLock::new();
    let next = NEXT.get_or_init(|| {
        let mut random = [0; 2];
        getrandom::fill(&mut random).expect("the system has random bytes");
        AtomicU16::new(u16::from_be_bytes(random))
    });
    for _ in 0..COUNT {
        let port = FIRST + next.fetch_add(1, Ordering::Relaxed) % COUNT;
        // Free again when the listener is dropped.
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener.local_addr();
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "all ports for functions are in use"))
}
