//! The form.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

const PEER: &str = "jsonschema 0.61 on the strict schema";

/// Ours always gives the entry; what the peer stops at is said.
pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    for (item, ours, peer, goal) in [
        ("form check, from the body to the entry", "form/entry", "form/peer-entry", Some(Goal::AtLeast(3.0))),
        ("form check, from the body, the peer to its verdict", "form/entry", "form/peer-verdict", None),
        ("form check alone, the body read before, the peer to its verdict", "form/check", "form/peer", None),
    ] {
        let counts = (bench.instructions(ours, [200, 2200])?, bench.instructions(peer, [200, 2200])?);
        let count = Figure::new(item, "instructions", counts.0).beside(PEER, counts.1);
        print(if let Some(goal) = goal { count.goal(goal) } else { count });
        let times = (bench.nanoseconds(ours, 20_000)?, bench.nanoseconds(peer, 20_000)?);
        print(Figure::new(item, "ns", times.0).beside(PEER, times.1));
    }
    Ok(())
}
