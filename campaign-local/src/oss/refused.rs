//! What the service has and this emulator has not, by the parameters and headers that ask for it.

use campaign_oss::server::Refusal;

use super::operations::{Asked, parameters};
use super::stop::not_emulated;

/// Parameters of calls that are not emulated (service document "List of operations by function", and the official clients).
pub(super) const PARAMETERS: &[&str] = &[
    "accessPoint",
    "accessPointPolicy",
    "accessmonitor",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "callback",
    "callback-var",
    "cleanRestoredObject",
    "cloudboxes",
    "cname",
    "comp",
    "cors",
    "encryption",
    "endTime",
    "httpsConfig",
    "inventory",
    "inventoryId",
    "lifecycle",
    "link",
    "live",
    "logging",
    "metaQuery",
    "objectInfo",
    "partNumber",
    "policy",
    "policyStatus",
    "position",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "redundancyTransition",
    "referer",
    "regionList",
    "regions",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "restore",
    "seal",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "worm",
    "wormExtend",
    "wormId",
    "x-oss-async-process",
    "x-oss-process",
    "x-oss-traffic-limit",
    "x-oss-write-get-object-response",
];

/// Headers that ask for what is not emulated.
const HEADERS: &[&str] = &[
    "x-oss-callback",
    "x-oss-callback-var",
    "x-oss-copy-source",
    "x-oss-object-worm-legal-hold",
    "x-oss-object-worm-mode",
    "x-oss-object-worm-retain-until-date",
    "x-oss-process",
    "x-oss-server-side-data-encryption",
    "x-oss-server-side-encryption",
    "x-oss-server-side-encryption-key-id",
    "x-oss-symlink-target",
    "x-oss-tagging",
    "x-oss-traffic-limit",
];

/// Refuses what is not emulated.
pub(super) fn check(asked: &Asked) -> Result<(), Refusal> {
    if let Some((name, _)) = parameters(&asked.parts).find(|(name, _)| PARAMETERS.contains(&name.as_str())) {
        return Err(not_emulated(&name));
    }
    match HEADERS.iter().find(|name| asked.parts.headers.contains_key(**name)) {
        Some(name) => Err(not_emulated(name)),
        None => Ok(()),
    }
}
