//! PutRow.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

const FLOOR: &str = "floor: plain reqwest POST of the same bytes";
const ENCODE: &str = "PutRow, encode, net of an HTTP request";

pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    let floor = bench.instructions("tablestore/floor", [200, 600])?;
    let put = bench.instructions("tablestore/put", [200, 600])?;
    print(Figure::new("PutRow, whole client", "instructions", put).beside(FLOOR, floor).goal(Goal::AtMost(1.15)));
    let v4 = bench.instructions("tablestore/put-v4", [200, 600])?;
    print(Figure::new("PutRow, whole client, signed with V4", "instructions", v4).beside(FLOOR, floor));
    let (put, floor) = (bench.processor("tablestore/put-16", 4000)?, bench.processor("tablestore/floor-16", 4000)?);
    print(Figure::new("PutRow, whole client, 16 at once, processor", "ns", put).beside(FLOOR, floor));

    // What is compared is the same work on both sides: from a row in memory to the 636 bytes of the body, which a test
    // compares. Ours is what a PutRow takes more than a call without fields, for both make their HTTP request and URI and
    // the peer makes those elsewhere. Ours still counts the checks of names and lengths, which the peer also makes elsewhere;
    // of a column's name they are made with the name, as a part of its checksum is. The peer's row is used up by being
    // encoded, so that it is cloned first; cloning and freeing a row alone is subtracted.
    let request = bench.instructions("tablestore/request", [200, 2200])?;
    let encode = request - bench.instructions("tablestore/request-empty", [200, 2200])?;
    let request_ns = bench.nanoseconds("tablestore/request", 20_000)?;
    let encode_ns = request_ns - bench.nanoseconds("tablestore/request-empty", 20_000)?;
    #[cfg(feature = "peers")]
    {
        const REQUEST: &str = "PutRow, encode, HTTP request included";
        const PEER: &str = "aliyun-tablestore-rs 0.1.3";
        let whole = bench.instructions("tablestore/peer-put", [200, 600])?;
        let ours = bench.instructions("tablestore/put", [200, 600])?;
        print(Figure::new("PutRow, whole client", "instructions", ours).beside(PEER, whole));
        let clone = bench.instructions("tablestore/peer-clone", [200, 2200])?;
        let peer = bench.instructions("tablestore/peer-clone-encode", [200, 2200])? - clone;
        let net = format!("{PEER}, net of cloning");
        print(Figure::new(ENCODE, "instructions", encode).beside(&net, peer).goal(Goal::AtLeast(2.5)));
        print(Figure::new(REQUEST, "instructions", request).beside(&net, peer));
        let clone = bench.nanoseconds("tablestore/peer-clone", 20_000)?;
        let peer = bench.nanoseconds("tablestore/peer-clone-encode", 20_000)? - clone;
        print(Figure::new(ENCODE, "ns", encode_ns).beside(&net, peer));
        print(Figure::new(REQUEST, "ns", request_ns).beside(net, peer));
    }
    #[cfg(not(feature = "peers"))]
    {
        print(Figure::new(ENCODE, "instructions", encode));
        print(Figure::new(ENCODE, "ns", encode_ns));
    }
    Ok(())
}
