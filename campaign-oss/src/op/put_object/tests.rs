//! The law, the class, and what is refused before it is sent.

use campaign_client::{ErrorKind, body::Replayable};

use super::*;
use crate::testing::{law, service};

fn full() -> PutObject {
    PutObject::new("campaign-site", "活动/a b+c.html", "<p>hi</p>")
        .content_type("text/html")
        .cache_control("max-age=60")
        .content_disposition("attachment; filename=\"报名.html\"")
        .content_encoding("gzip")
        .expires("Mon, 06 May 2024 07:08:09 GMT")
        .content_md5("XrY7u+Ae7tCTyyK7j1rNww==")
        .metadata("Build", "7")
        .metadata("author", "张三")
        .tag("k1", "v 1")
        .tag("k&2", "")
        .acl(ObjectAcl::PublicRead)
        .storage_class(StorageClass::Ia)
        .forbid_overwrite()
}

#[test]
fn the_law_holds() {
    let stored = Stored { etag: ETag::new("5EB63BBBE01EEED093CB22BB8F5ACDC3"), crc64: None, version_id: None };
    law(&PutObject::new("campaign-site", "k", ""), &stored);
    law(&full(), &Stored { crc64: Some(u64::MAX), version_id: Some("CAEQ".to_owned()), ..stored });
}

#[test]
fn only_a_put_that_forbids_overwriting_is_conditional() {
    assert_eq!(PutObject::new("b", "k", "").class(), Class::Idempotent);
    assert_eq!(full().class(), Class::Conditional);
}

#[test]
fn what_cannot_be_an_object_is_not_sent() {
    let put = || PutObject::new("campaign-site", "k", "");
    let many = (0..11).fold(put(), |put, n| put.tag(n.to_string(), ""));
    let huge = Replayable::new(MAX_BYTES + 1, || Box::pin(futures_util::stream::empty()));
    for bad in [
        PutObject::new("Site", "k", ""),
        PutObject::new("campaign-site", "/k", ""),
        PutObject { body: Body::Replayable(huge), ..put() },
        put().content_type("a\r\nb"),
        put().cache_control("a\0"),
        put().content_disposition("attachment; filename=\"a\r\nSet-Cookie: s=1\""),
        put().content_encoding(" gzip"),
        put().expires("\n"),
        put().content_md5("\u{7f}"),
        put().metadata("a:b", "c"),
        put().metadata("", "c"),
        put().metadata("a", "b\nc"),
        put().metadata("a", "b").metadata("A", "c"),
        put().metadata("a", "b".repeat(8 << 10)),
        put().tag("", "v"),
        put().tag("k".repeat(129), "v"),
        put().tag("k", "v".repeat(257)),
        many,
    ] {
        assert_eq!(bad.request(&service()).unwrap_err().kind(), ErrorKind::Invalid, "{bad:?}");
    }
}
