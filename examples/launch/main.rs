//! The launch program.
fn main() {}
