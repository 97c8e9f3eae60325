//! A site is published: only what differs is sent, in an order that never breaks a page, and after any interruption the next
//! publish completes it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cloud;
mod differences;
mod interruption;
mod pages;
mod random;
