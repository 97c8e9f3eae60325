//! GetRange: reading an answer of 1,000 rows.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

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
    let (peer, peer_ns) = (bench.instructions("range/peer", TIMES)?, bench.nanoseconds("range/peer", 100)?);
    for (work, item, goal) in readings {
        let ours = Figure::new(item, "instructions", bench.instructions(work, TIMES)?);
        let ours_ns = Figure::new(item, "ns", bench.nanoseconds(work, 100)?);
        #[cfg(feature = "peers")]
        {
            const PEER: &str = "aliyun-tablestore-rs 0.1.3";
            let ours = ours.beside(PEER, peer);
            print(match goal {
                Some(goal) => ours.goal(goal),
                None => ours,
            });
            print(ours_ns.beside(PEER, peer_ns));
        }
        #[cfg(not(feature = "peers"))]
        {
            let _ = goal;
            print(ours);
            print(ours_ns);
        }
    }
    Ok(())
}
