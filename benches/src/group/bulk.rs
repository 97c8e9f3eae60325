//! The bulk writer: what a row costs, and that memory stays what it was.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

/// Rows of a batch whose time is taken.
const ROWS: u64 = 100_000;

/// Memory is looked at after so many rows, as often.
const BLOCK: u64 = 500_000;
const BLOCKS: u64 = 10;
/// How much of the first peak the last may be: flat, but for some MiB that the allocator keeps.
const FLAT: f64 = 1.25;

/// Both sides make the same rows one by one and write them in calls of 200, eight at once, in one thread. What decides is the
/// time of the processor, the kernel's included; the making of the rows is a part of it, and is shown alone as well.
pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    const TIMES: [u64; 2] = [4_000, 14_000];
    for (work, peer, item, goal) in [
        ("bulk/writer", "bulk/peer-loop", "BulkWriter, a row made and written", Some(Goal::AtLeast(2.0))),
        ("bulk/rows", "bulk/peer-rows", "the same, making the row alone", None),
    ] {
        let ours = Figure::new(item, "instructions", bench.instructions(work, TIMES)?);
        let time = Figure::new(format!("{item}, processor"), "ns", bench.processor(work, ROWS)?);
        #[cfg(feature = "peers")]
        {
            const PEER: &str = "aliyun-tablestore-rs 0.1.3, BatchWriteRow in a loop";
            print(ours.beside(PEER, bench.instructions(peer, TIMES)?));
            let time = time.beside(PEER, bench.processor(peer, ROWS)?);
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
    let per_second = |work: &str| bench.nanoseconds(work, ROWS).map(|ns| 1e9 / ns);
    let ours = Figure::new("BulkWriter, throughput", "rows/s", per_second("bulk/writer")?);
    #[cfg(feature = "peers")]
    let ours = ours.beside("aliyun-tablestore-rs 0.1.3, BatchWriteRow in a loop", per_second("bulk/peer-loop")?);
    print(ours);

    // With the room of 64 MiB that is the default, the peak would say how far the server ever fell behind.
    let peaks = bench.peaks("bulk/writer-4-mib", BLOCK, BLOCKS)?;
    let (Some(first), Some(last)) = (peaks.first(), peaks.last()) else { return Err("no memory was measured".into()) };
    let item = format!("BulkWriter with room for 4 MiB, most memory held up to {} rows", BLOCK * BLOCKS);
    let figure = Figure::new(item, "KiB", *last).beside(format!("the same up to {BLOCK} rows"), *first);
    print(figure.goal(Goal::AtMost(FLAT)));
    Ok(())
}
