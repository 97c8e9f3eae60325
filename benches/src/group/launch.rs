//! The main job.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

/// Entries of one run: the fewest and the most are compared.
const SIZES: [u64; 3] = [1_000, 10_000, 100_000];
const FLAT: f64 = 0.05;

pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    let mut first = [None; 3];
    for size in SIZES {
        let per_entry = |work: &str| bench.instructions(work, [0, size]);
        let (client, function) = (per_entry("launch/client")?, per_entry("launch/function")?);
        // What is left: the gateway, Table Store and the store under it.
        let emulator = per_entry("launch/all")? - function;
        for (first, (name, count)) in
            first.iter_mut().zip([("client", client), ("function", function), ("emulator", emulator)])
        {
            let figure = Figure::new(format!("main job, {size} entries, {name} per entry"), "instructions", count);
            print(match *first {
                Some(few) => figure
                    .beside(format!("the same with {} entries", SIZES[0]), few)
                    .goal(Goal::Within(few * (1.0 + FLAT))),
                None => figure,
            });
            first.get_or_insert(count);
        }
    }
    Ok(())
}
