//! The bulk writer: what a row costs, and that memory stays what it was.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

/// Rows of a batch whose time is taken.
const ROWS: u64 = 100_000;

/// Memory is looked at after so many rows, as often.
const BLOCK: u64 = 500_000;
const BLOCKS: u64 = 10;
/// How much of the first peak the last may be: flat, but for what the allocator keeps.
const FLAT: f64 = 1.1;

/// Both sides make the same rows one by one and write them in calls of 200, eight at once, in one thread. What decides is the
/// time of the processor, the kernel's included; the making of the rows is a part of it, and is shown alone as well.
pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    const TIMES: [u64; 2] = [4_000, 14_000];
    const PEER: &str = "aliyun-tablestore-rs 0.1.3, BatchWriteRow in a loop";
    let mut times = Vec::new();
    for (work, peer, item, goal) in [
        ("bulk/writer", "bulk/peer-loop", "BulkWriter, a row made and written", Some(Goal::AtLeast(2.0))),
        ("bulk/rows", "bulk/peer-rows", "the same, making the row alone", None),
    ] {
        let count = Figure::new(item, "instructions", bench.instructions(work, TIMES)?);
        let ours = bench.processor(work, ROWS)?;
        let time = Figure::new(format!("{item}, processor"), "ns", ours);
        if cfg!(feature = "peers") {
            let theirs = bench.processor(peer, ROWS)?;
            times.push((ours, theirs));
            print(count.beside(PEER, bench.instructions(peer, TIMES)?));
            let time = time.beside(PEER, theirs);
            print(match goal {
                Some(goal) => time.goal(goal),
                None => time,
            });
        } else {
            print(count);
            print(time);
        }
    }
    if let [(ours, theirs), (our_row, their_row)] = times[..] {
        let time = Figure::new("BulkWriter, a row written, net of making it, processor", "ns", ours - our_row);
        print(time.beside(PEER, theirs - their_row));
    }
    let per_second = |work: &str| bench.nanoseconds(work, ROWS).map(|ns| 1e9 / ns);
    let ours = Figure::new("BulkWriter, throughput", "rows/s", per_second("bulk/writer")?);
    print(if cfg!(feature = "peers") { ours.beside(PEER, per_second("bulk/peer-loop")?) } else { ours });

    let peaks = bench.peaks("bulk/writer", BLOCK, BLOCKS)?;
    let (Some(first), Some(last)) = (peaks.first(), peaks.last()) else { return Err("no memory was measured".into()) };
    let item = format!("BulkWriter, most memory held up to {} rows", BLOCK * BLOCKS);
    let figure = Figure::new(item, "KiB", *last).beside(format!("the same up to {BLOCK} rows"), *first);
    print(figure.goal(Goal::AtMost(FLAT)));
    Ok(())
}
