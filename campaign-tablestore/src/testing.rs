//! What the tests of this crate share.

use std::fmt::Debug;

use campaign_client::{Serve, law};

use crate::TableStore;

/// The two halves of `operation` agree.
pub(crate) fn law<O>(operation: &O, output: &O::Output)
where
    O: Serve<Service = TableStore> + PartialEq + Debug,
    O::Output: PartialEq + Debug,
{
    let service = TableStore::new("http://127.0.0.1:8087", "campaign").expect("the service is legal");
    if let Err(broken) = law::holds(&service, operation, output) {
        panic!("{broken}");
    }
}
