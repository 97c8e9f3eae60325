//! The form.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

const PEER: &str = "jsonschema 0.61 on the strict schema";

pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    let goal = Goal::AtLeast(3.0);
    let (ours, peer) = (bench.instructions("form/check", [200, 2200])?, bench.instructions("form/peer", [200, 2200])?);
    print(Figure::new("form check", "instructions", ours).beside(PEER, peer).goal(goal));
    let (ours, peer) = (bench.nanoseconds("form/check", 20_000)?, bench.nanoseconds("form/peer", 20_000)?);
    print(Figure::new("form check", "ns", ours).beside(PEER, peer));
    let (ours, peer) =
        (bench.instructions("form/read-check", [200, 2200])?, bench.instructions("form/peer-read", [200, 2200])?);
    print(Figure::new("form check, JSON read too", "instructions", ours).beside(PEER, peer));
    let (ours, peer) = (bench.nanoseconds("form/read-check", 20_000)?, bench.nanoseconds("form/peer-read", 20_000)?);
    print(Figure::new("form check, JSON read too", "ns", ours).beside(PEER, peer));
    Ok(())
}
