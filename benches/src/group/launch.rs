//! The main job: whether an entry costs as much after 100,000 entries as after 1,000.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

/// Entries that are there before those that are counted; the others are compared with the first.
const BEFORE: [u64; 3] = [1_000, 10_000, 100_000];
/// Entries that are counted.
const BLOCK: u64 = 500;
/// How far off is flat.
const FLAT: f64 = 0.05;

pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    let mut first = [None; 3];
    for before in BEFORE {
        let per_entry = |work: &str| bench.marginal(work, before, BLOCK);
        let (client, function) = (per_entry("launch/client")?, per_entry("launch/function")?);
        // What is left: the gateway, Table Store and the store under it.
        let emulator = per_entry("launch/all")? - function;
        for (first, (name, count)) in
            first.iter_mut().zip([("client", client), ("function", function), ("emulator", emulator)])
        {
            let figure =
                Figure::new(format!("main job after {before} entries, {name} per entry"), "instructions", count);
            print(match *first {
                Some(few) => figure.beside(format!("the same after {} entries", BEFORE[0]), few).goal(Goal::Near(FLAT)),
                None => figure,
            });
            first.get_or_insert(count);
        }
    }
    Ok(())
}
