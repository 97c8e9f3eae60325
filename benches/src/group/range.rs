//! GetRange: reading an answer of 1,000 rows.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

/// What decides is the time on the processor: the goals are times, and instructions do not tell what it costs the peer to take
/// memory for every name and value.
///
/// Both sides begin with the body of the answer in memory, its digest and signature not looked at. Each reading ends with
/// what it made given back.
pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    const TIMES: [u64; 2] = [3, 13];
    let readings = [
        ("range/borrowed", "GetRange of 1,000 rows, borrowed", Some(Goal::AtLeast(5.0))),
        ("range/borrowed-typed", "GetRange of 1,000 rows, as typed rows that borrow", None),
        ("range/typed", "GetRange of 1,000 rows, as owned typed rows", Some(Goal::AtLeast(2.5))),
        ("range/rows", "GetRange of 1,000 rows, as untyped rows", None),
    ];
    #[cfg(feature = "peers")]
    let (peer, peer_ns) = (bench.instructions("range/peer", TIMES)?, bench.processor("range/peer", 100)?);
    for (work, item, goal) in readings {
        let ours = Figure::new(item, "instructions", bench.instructions(work, TIMES)?);
        let time = Figure::new(format!("{item}, processor"), "ns", bench.processor(work, 100)?);
        #[cfg(feature = "peers")]
        {
            const PEER: &str = "aliyun-tablestore-rs 0.1.3";
            print(ours.beside(PEER, peer));
            let time = time.beside(PEER, peer_ns);
            print(match goal {
                Some(goal) => time.goal(goal),
                None => time,
            });
        }
        #[cfg(not(feature = "peers"))]
        {
            let _ = goal;
            print(ours);
            print(time);
        }
    }
    Ok(())
}
