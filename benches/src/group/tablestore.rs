//! PutRow.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

const FLOOR: &str = "floor: plain reqwest POST of the same bytes";

pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    let floor = bench.instructions("tablestore/floor", [200, 600])?;
    let put = bench.instructions("tablestore/put", [200, 600])?;
    print(Figure::new("PutRow, whole client", "instructions", put).beside(FLOOR, floor).goal(Goal::AtMost(1.15)));
    let v4 = bench.instructions("tablestore/put-v4", [200, 600])?;
    print(Figure::new("PutRow, whole client, signed with V4", "instructions", v4).beside(FLOOR, floor));
    let (put, floor) = (bench.processor("tablestore/put-16", 4000)?, bench.processor("tablestore/floor-16", 4000)?);
    print(Figure::new("PutRow, whole client, 16 at once, processor", "ns", put).beside(FLOOR, floor));

    let encode = bench.instructions("tablestore/encode", [200, 2200])?;
    let encode_ns = bench.nanoseconds("tablestore/encode", 20_000)?;
    #[cfg(feature = "peers")]
    {
        const PEER: &str = "aliyun-tablestore-rs 0.1.3";
        let whole = bench.instructions("tablestore/peer-put", [200, 600])?;
        let ours = bench.instructions("tablestore/put", [200, 600])?;
        print(Figure::new("PutRow, whole client", "instructions", ours).beside(PEER, whole));
        let clone = bench.instructions("tablestore/peer-clone", [200, 2200])?;
        let peer = bench.instructions("tablestore/peer-clone-encode", [200, 2200])? - clone;
        let net = format!("{PEER}, net of cloning");
        print(Figure::new("PutRow, encode", "instructions", encode).beside(&net, peer).goal(Goal::AtLeast(2.5)));
        let clone = bench.nanoseconds("tablestore/peer-clone", 20_000)?;
        let peer = bench.nanoseconds("tablestore/peer-clone-encode", 20_000)? - clone;
        print(Figure::new("PutRow, encode", "ns", encode_ns).beside(net, peer));
    }
    #[cfg(not(feature = "peers"))]
    {
        print(Figure::new("PutRow, encode", "instructions", encode));
        print(Figure::new("PutRow, encode", "ns", encode_ns));
    }
    Ok(())
}
