//! The campaign-local program.
fn main() {}
