//! Finds tables whose load will fall on one partition, before they are made.

mod finding;
mod rules;
mod words;

pub use finding::{Finding, Growth};
pub use rules::check;

#[cfg(test)]
mod tests;
