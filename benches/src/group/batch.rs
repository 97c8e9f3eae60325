//! BatchWriteRow of 200 rows.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

/// What decides is the time on the processor: the goal is a time.
///
/// What is compared is the same work on both sides: from rows in memory to the same bytes of the body, which a test compares.
/// The peer's request is used up by being encoded, so that it is cloned first; cloning and freeing it alone is subtracted.
/// Ours makes its HTTP request and URI in the same step, and checks names, lengths and that no key is there twice.
pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    const TIMES: [u64; 2] = [3, 23];
    let works = [
        (
            "batch/request",
            "batch/peer-clone-encode",
            "BatchWriteRow of 200 rows, encode",
            Some(Goal::AtLeast(4.0)),
            400,
        ),
        ("batch/send", "batch/peer-clone-send", "BatchWriteRow of 200 rows, whole client", None, 200),
    ];
    #[cfg(feature = "peers")]
    let (clone, clone_ns) = (bench.instructions("batch/peer-clone", TIMES)?, bench.processor("batch/peer-clone", 200)?);
    for (work, peer, item, goal, times) in works {
        let ours = Figure::new(item, "instructions", bench.instructions(work, TIMES)?);
        let time = Figure::new(format!("{item}, processor"), "ns", bench.processor(work, times)?);
        #[cfg(feature = "peers")]
        {
            const PEER: &str = "aliyun-tablestore-rs 0.1.3, net of cloning";
            print(ours.beside(PEER, bench.instructions(peer, TIMES)? - clone));
            let time = time.beside(PEER, bench.processor(peer, times)? - clone_ns);
            print(match goal {
                Some(goal) => time.goal(goal),
                None => time,
            });
        }
        #[cfg(not(feature = "peers"))]
        {
            let _ = (peer, goal);
            print(ours);
            print(time);
        }
    }
    Ok(())
}
