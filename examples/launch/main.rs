//! A campaign on this machine, from the form to the table.

mod driver;

/// The campaign of the example.
const CAMPAIGN: &str = include_str!("../double11.toml");

fn main() {}
