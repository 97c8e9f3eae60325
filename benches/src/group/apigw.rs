//! API Gateway. Its goals are times, beside an interpreter and beside a clock.

use std::process::Command;

use super::{Bench, Result};
use crate::{
    figure::{Figure, Goal},
    instrument::Missing,
};

/// Where the official Node client is, and what it is asked.
const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node");

pub(crate) fn figures(bench: &Bench, print: &mut dyn FnMut(Figure)) -> Result<()> {
    let (name, peer) = node()?;
    let sign = bench.nanoseconds("apigw/sign", 20_000)?;
    print(Figure::new("APP sign, POST of 600 bytes", "ns", sign).beside(name, peer).goal(Goal::AtLeast(5.0)));
    let md5 = bench.nanoseconds("apigw/md5", 20_000)?;
    let verify = bench.nanoseconds("apigw/verify", 20_000)?;
    print(Figure::new("APP verify, net of the MD5 of 600 bytes", "ns", verify - md5).goal(Goal::Within(500.0)));
    for work in ["sign", "verify", "md5"] {
        let count = bench.instructions(&format!("apigw/{work}"), [200, 1200])?;
        print(Figure::new(format!("APP {work}, 600 bytes"), "instructions", count));
    }
    Ok(())
}

/// The official client's name and how many nanoseconds it takes.
fn node() -> Result<(String, f64)> {
    let missing =
        || Missing("the official Node client is missing: install Node, then run `npm ci --prefix benches/node`");
    let output = Command::new("node").arg("sign.js").current_dir(NODE).output().map_err(|_| missing())?;
    if !output.status.success() {
        return Err(missing().into());
    }
    let line: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let (name, ns) = (line["name"].as_str(), line["ns"].as_f64());
    Ok((name.ok_or("no name")?.to_owned(), ns.ok_or("no time")?))
}
