//! OSS.

use super::{Bench, Result};
use crate::figure::{Figure, Goal};

pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    let sign = bench.instructions("oss/sign", [200, 1200])?;
    let sign_ns = bench.nanoseconds("oss/sign", 20_000)?;
    #[cfg(feature = "peers")]
    {
        const ALI: &str = "ali-oss-rs 0.3.1, net of making the request";
        const PEER: &str = "reqsign-aliyun-oss 3.2, net of cloning the head";
        let clone = bench.instructions("oss/reqsign-clone", [200, 1200])?;
        let peer = bench.instructions("oss/reqsign-clone-sign", [200, 1200])? - clone;
        print(
            Figure::new("OSS V4 sign, key of the day kept", "instructions", sign)
                .beside(PEER, peer)
                .goal(Goal::AtLeast(4.0)),
        );
        let clone = bench.nanoseconds("oss/reqsign-clone", 20_000)?;
        let peer = bench.nanoseconds("oss/reqsign-clone-sign", 20_000)? - clone;
        print(Figure::new("OSS V4 sign, key of the day kept", "ns", sign_ns).beside(PEER, peer));
        let make = bench.instructions("oss/ali-make", [200, 1200])?;
        let peer = bench.instructions("oss/ali-make-sign", [200, 1200])? - make;
        print(Figure::new("OSS V4 sign, key of the day kept", "instructions", sign).beside(ALI, peer));
        let make = bench.nanoseconds("oss/ali-make", 20_000)?;
        let peer = bench.nanoseconds("oss/ali-make-sign", 20_000)? - make;
        print(Figure::new("OSS V4 sign, key of the day kept", "ns", sign_ns).beside(ALI, peer));
    }
    #[cfg(not(feature = "peers"))]
    {
        print(Figure::new("OSS V4 sign, key of the day kept", "instructions", sign));
        print(Figure::new("OSS V4 sign, key of the day kept", "ns", sign_ns));
    }
    for (verb, method) in [("put", "PUT"), ("get", "GET")] {
        let ours = bench.instructions(&format!("oss/{verb}"), [200, 600])?;
        let floor = bench.instructions(&format!("oss/floor-{verb}"), [200, 600])?;
        let item = format!("OSS {method} 1 KiB");
        let name = format!("floor: plain reqwest {method} of the same bytes");
        print(Figure::new(&item, "instructions", ours).beside(name, floor).goal(Goal::AtMost(1.5)));
        #[cfg(feature = "peers")]
        {
            let peer = bench.instructions(&format!("oss/ali-{verb}"), [200, 600])?;
            print(Figure::new(&item, "instructions", ours).beside("ali-oss-rs 0.3.1", peer));
            let peer = bench.instructions(&format!("oss/opendal-{verb}"), [200, 600])?;
            print(Figure::new(&item, "instructions", ours).beside("opendal 0.57, signed with V1", peer));
        }
    }
    Ok(())
}
