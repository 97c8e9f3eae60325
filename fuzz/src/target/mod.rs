//! What is fuzzed.

mod deflate;
mod messages;
mod operations;
mod rows;

pub use deflate::Deflate;
pub use messages::Messages;
pub use operations::operation;
pub use rows::Rows;

use fastrand::Rng;

use crate::{
    input::Input,
    probe::{Broken, Probe},
};

/// Readers of one kind of input, and where their inputs come from.
pub trait Target {
    /// The next input.
    fn next(&self, rng: &mut Rng) -> Input;

    /// Gives the input to its readers and looks at what they do.
    ///
    /// # Errors
    /// [`Broken`] if a property does not hold.
    fn check(&self, input: &Input, probe: &mut Probe) -> Result<(), Broken>;

    /// Takes note of what became of an input.
    fn learn(&mut self, input: &Input, probe: &Probe);

    /// How many different ways inputs took.
    fn ways(&self) -> usize;

    /// The readers that have accepted no input yet.
    fn unreached(&self) -> Vec<String>;
}
