//! What the tests of this crate share.

use std::fmt::Debug;

use campaign_client::{Serve, law};

use crate::Cdn;

/// The two halves of `operation` agree.
pub(crate) fn law<O>(operation: &O, output: &O::Output)
where
    O: Serve<Service = Cdn> + PartialEq + Debug,
    O::Output: PartialEq + Debug,
{
    let service = Cdn::new("http://127.0.0.1:8092").expect("the endpoint is one");
    if let Err(broken) = law::holds(&service, operation, output) {
        panic!("{broken}");
    }
}
