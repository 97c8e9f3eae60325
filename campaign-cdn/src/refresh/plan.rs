//! Which calls refresh a list of addresses.

use std::collections::BTreeSet;

use campaign_client::Result;

use crate::{ObjectType, RefreshObjectCaches, address, op::refresh_object_caches::MAX_DOMAINS};

/// The calls, and what they cost.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) calls: Vec<RefreshObjectCaches>,
    pub(super) files: usize,
    pub(super) directories: usize,
}

impl Plan {
    /// Checks every address, and takes each once.
    pub(super) fn new(files: &[String], directories: &[String]) -> Result<Self> {
        let (files, directories) = (each(files, ObjectType::File)?, each(directories, ObjectType::Directory)?);
        let mut plan = Self { calls: Vec::new(), files: files.len(), directories: directories.len() };
        plan.add(files, ObjectType::File);
        plan.add(directories, ObjectType::Directory);
        Ok(plan)
    }

    pub(super) const fn addresses(&self) -> usize {
        self.files + self.directories
    }

    /// Sorted addresses of a domain stand together, so that few calls are cut short by their domains.
    fn add(&mut self, addresses: BTreeSet<String>, kind: ObjectType) {
        let (mut call, mut domains) = (Vec::new(), BTreeSet::new());
        for address in addresses {
            let domain = address::host(&address).to_owned();
            if call.len() == kind.most() || (domains.len() == MAX_DOMAINS && !domains.contains(&domain)) {
                self.calls.push(RefreshObjectCaches::new(std::mem::take(&mut call), kind));
                domains.clear();
            }
            domains.insert(domain);
            call.push(address);
        }
        if !call.is_empty() {
            self.calls.push(RefreshObjectCaches::new(call, kind));
        }
    }
}

fn each(addresses: &[String], kind: ObjectType) -> Result<BTreeSet<String>> {
    addresses.iter().map(|address| Ok(address::encode(address, kind)?.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use campaign_client::Operation;
    use proptest::prelude::*;

    use super::*;
    use crate::Cdn;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn every_address_is_in_one_call_and_every_call_can_be_sent(
            files in prop::collection::vec((0..40_u8, 0..4000_u16), 0..3000),
            directories in prop::collection::vec((0..40_u8, 0..300_u16), 0..300),
        ) {
            let address = |end: &'static str| move |(host, path): (u8, u16)| format!("https://h{host}.example.com/{path}{end}");
            let files: Vec<String> = files.into_iter().map(address("")).collect();
            let directories: Vec<String> = directories.into_iter().map(address("/")).collect();
            let plan = Plan::new(&files, &directories).unwrap();
            let service = Cdn::new(Cdn::ENDPOINT).unwrap();
            let mut sent = Vec::new();
            for call in &plan.calls {
                prop_assert!(call.request(&service).is_ok());
                sent.extend(call.object_path.clone());
            }
            prop_assert_eq!(sent.len(), plan.addresses());
            sent.sort();
            let all: BTreeSet<String> = files.into_iter().chain(directories).collect();
            prop_assert_eq!(sent, all.into_iter().collect::<Vec<_>>());
        }
    }
}
