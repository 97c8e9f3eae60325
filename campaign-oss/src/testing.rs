//! What the tests of this crate share.

use std::fmt::Debug;

use campaign_client::{Endpoint, Serve, law};

use crate::Oss;

/// OSS with the bucket before the host.
pub(crate) fn service() -> Oss {
    Oss::new("https://oss-cn-hangzhou.aliyuncs.com", "cn-hangzhou").expect("the service is legal")
}

/// The two halves of `operation`, which is about no bucket, agree.
pub(crate) fn law_of_the_service<O>(operation: &O, output: &O::Output)
where
    O: Serve<Service = Oss> + PartialEq + Debug,
    O::Output: PartialEq + Debug,
{
    for service in [service(), service().path_style()] {
        if let Err(broken) = law::holds(&service, operation, output) {
            panic!("{broken}");
        }
    }
}

/// The two halves of `operation` agree, however buckets are addressed. Its bucket is `campaign-site`.
pub(crate) fn law<O>(operation: &O, output: &O::Output)
where
    O: Serve<Service = Oss> + PartialEq + Debug,
    O::Output: PartialEq + Debug,
{
    let custom = Endpoint::new("https://static.example.com").expect("an endpoint");
    let custom = Oss::at(custom, "cn-hangzhou").and_then(|oss| oss.cname("campaign-site")).expect("a custom domain");
    let path = Oss::new("http://127.0.0.1:9000", "cn-hangzhou").expect("an address");
    for service in [service(), path, custom] {
        if let Err(broken) = law::holds(&service, operation, output) {
            panic!("{broken}");
        }
    }
}
