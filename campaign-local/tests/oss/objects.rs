//! PutObject, GetObject, HeadObject.

use bytes::Bytes;
use campaign_client::body::Replayable;
use campaign_client::{Body, Operation, Retry, Service};
use campaign_oss::{
    BucketAcl, ByteRange, Client, Code, ETag, GetObject, HeadObject, ObjectAcl, Oss, PutBucket, PutObject,
    StorageClass, crc64,
};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{BUCKET, bed, get, put};

/// Bytes that repeat nowhere, so that pieces in a wrong order show.
fn content(length: usize) -> Bytes {
    (0..length.div_ceil(4)).flat_map(|n| u32::try_from(n).unwrap().to_le_bytes()).take(length).collect()
}

#[tokio::test]
async fn what_is_put_is_got_with_its_headers() {
    let bed = bed().await;
    let object = put("活动/a+b c.html", "<h1>hello</h1>")
        .content_type("text/html; charset=utf-8")
        .cache_control("no-cache")
        .content_disposition("inline")
        .content_encoding("identity")
        .expires("Wed, 11 Nov 2026 00:00:00 GMT")
        .metadata("build", "7")
        .metadata("name", "张三")
        .storage_class(StorageClass::Ia);
    let stored = bed.client.send(&object).await.unwrap();
    assert_eq!(stored.etag, ETag::new("a01618fc9b714c0e530f525e1bd6b123"), "the MD5");
    let got = bed.client.send(&get("活动/a+b c.html")).await.unwrap();
    assert_eq!(got.body, "<h1>hello</h1>");
    let head = bed.client.send(&HeadObject::new(BUCKET, "活动/a+b c.html")).await.unwrap();
    for meta in [got.meta, head] {
        assert_eq!(meta.content_length, Some(14));
        assert_eq!(meta.crc64, Some(crc64::checksum(b"<h1>hello</h1>")));
        assert_eq!(meta.content_type, object.content_type);
        assert_eq!(meta.cache_control, object.cache_control);
        assert_eq!(meta.content_disposition, object.content_disposition);
        assert_eq!(meta.content_encoding, object.content_encoding);
        assert_eq!(meta.expires, object.expires);
        assert_eq!(meta.metadata, object.metadata);
        assert_eq!(meta.storage_class, Some(StorageClass::Ia));
        assert_eq!(meta.last_modified.unwrap().timestamp_millis(), crate::START);
        assert_eq!(meta.object_type.as_deref(), Some("Normal"));
    }
}

#[tokio::test]
async fn a_large_object_comes_and_goes_in_pieces() {
    let bed = bed().await;
    let whole = content(5_000_000);
    let chunks = whole.clone();
    let open = move || {
        let chunks = chunks.clone();
        stream::iter(
            (0..chunks.len()).step_by(70_001).map(move |at| Ok(chunks.slice(at..chunks.len().min(at + 70_001)))),
        )
        .boxed()
    };
    let body = Body::Replayable(Replayable::new(whole.len() as u64, open));
    let stored = bed.client.send(&PutObject::new(BUCKET, "big", body)).await.unwrap();
    assert_eq!(stored.crc64, Some(crc64::checksum(&whole)));

    let (_, chunks) = bed.client.stream(&get("big")).await.unwrap().into_parts();
    let chunks: Vec<Bytes> = chunks.try_collect().await.unwrap();
    assert!(chunks.len() > 4, "it came in {} pieces", chunks.len());
    assert_eq!(chunks.concat(), whole);
    let piece = (1 << 20) - 4096;
    for (first, last) in [(0, 0), (piece - 1, piece), (piece, 2 * piece - 1), (10, 4_999_999), (4_999_999, 4_999_999)] {
        let part = bed.client.send(&get("big").range(ByteRange::Between(first, last))).await.unwrap();
        let (first, last) = (usize::try_from(first).unwrap(), usize::try_from(last).unwrap());
        assert!(part.body == whole.slice(first..=last), "{first}-{last}");
    }
    // What fits into its pieces exactly.
    for length in [usize::try_from(piece).unwrap(), 2 * usize::try_from(piece).unwrap(), 1, 0] {
        bed.client.send(&put("fits", content(length))).await.unwrap();
        assert!(bed.read("fits").await == content(length), "{length}");
    }
}

#[tokio::test]
async fn who_reads_an_object_keeps_the_one_it_began_with() {
    let bed = bed().await;
    let (old, new) = (content(3_000_000), Bytes::from_static(b"new"));
    bed.client.send(&put("k", old.clone())).await.unwrap();
    let (_, mut chunks) = bed.client.stream(&get("k")).await.unwrap().into_parts();
    let mut read = chunks.next().await.unwrap().unwrap().to_vec();
    bed.client.send(&put("k", new.clone())).await.unwrap();
    assert_eq!(bed.read("k").await, new);
    while let Some(chunk) = chunks.next().await {
        read.extend_from_slice(&chunk.unwrap());
    }
    assert!(read == old, "the reader got something else");
}

#[tokio::test]
async fn contents_that_belong_to_no_object_are_removed() {
    let bed = bed().await;
    let kept = async || {
        let count = bed.cloud.store().read(|read| {
            let mut keys = Vec::new();
            campaign_local::store::View::scan(
                read,
                b"c"..b"m",
                campaign_local::store::Order::Forward,
                &mut |key, _| {
                    keys.push(key[0]);
                    std::ops::ControlFlow::Continue(())
                },
            )?;
            Ok::<_, campaign_local::store::StoreError>(keys.len())
        });
        count.await.unwrap()
    };
    for length in [3_000_000, 10, 2_500_000] {
        bed.client.send(&put("k", content(length))).await.unwrap();
    }
    assert_eq!(kept().await, 3, "the pieces of the last one");
    // Cut off half way, and with another digest.
    let chunks = || stream::iter([Ok(content(2_000_000)), Err(std::io::Error::other("cut"))]).boxed();
    let request = PutObject::new(BUCKET, "half", Body::empty()).request(bed.client.service()).unwrap();
    let (mut parts, _) = request.into_parts();
    let mut signed = http::Request::from_parts(parts.clone(), Body::empty());
    let now = campaign_client::Clock::fixed(chrono::DateTime::from_timestamp_millis(crate::START).unwrap());
    let credentials = bed.cloud.credentials();
    let signing = campaign_client::Signing {
        credentials: &credentials,
        now: now.now(),
        nonce: "",
        place: campaign_client::Place::Header,
    };
    bed.client.service().sign(&mut signed, &signing).unwrap();
    parts.headers = signed.headers().clone();
    let request = http::Request::from_parts(parts, axum::body::Body::from_stream(chunks()));
    let response = tower::ServiceExt::oneshot(bed.cloud.oss(), request).await.unwrap();
    assert_eq!(response.status(), 400, "the rest of the body never came");
    let wrong = put("wrong", content(2_000_000)).content_md5("1B2M2Y8AsgTpgAmY7PhCfg==");
    assert_eq!(bed.refused(wrong).await, Code::InvalidDigest);
    assert_eq!(kept().await, 3);
    for key in ["half", "wrong"] {
        assert_eq!(bed.refused(get(key)).await, Code::NoSuchKey);
    }
}

#[tokio::test]
async fn an_object_that_must_not_be_overwritten_is_not() {
    let bed = bed().await;
    let puts = (0..16).map(|n| {
        let client = bed.client.without_settling();
        async move { client.send(&put("once", n.to_string()).forbid_overwrite()).await }
    });
    let results = futures_util::future::join_all(puts).await;
    let winners: Vec<usize> = (0..16).filter(|n| results[*n].is_ok()).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(bed.read("once").await, winners[0].to_string().into_bytes());
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        assert_eq!(Code::of(error), Some(Code::FileAlreadyExists));
    }
}

#[tokio::test]
async fn names_and_headers_that_cannot_be_are_refused() {
    let bed = bed().await;
    assert_eq!(bed.refused(GetObject::new("nowhere", "k")).await, Code::NoSuchBucket);
    assert_eq!(bed.refused(PutObject::new("nowhere", "k", "x")).await, Code::NoSuchBucket);
    assert_eq!(bed.refused(get("none")).await, Code::NoSuchKey);
    assert_eq!(bed.refused(HeadObject::new(BUCKET, "none")).await, Code::NoSuchKey);
    assert_eq!(bed.refused(put("k", "x").storage_class(StorageClass::Archive)).await, Code::NotImplemented);
    assert_eq!(bed.refused(put("k", "x").tag("a", "b")).await, Code::NotImplemented);
    assert_eq!(bed.refused(get("k").version_id("v")).await, Code::NotImplemented);
    let other = PutBucket::new(BUCKET).storage_class(StorageClass::Ia);
    assert_eq!(bed.refused(other).await, Code::BucketAlreadyExists);
    assert_eq!(bed.refused(PutBucket::new("other").data_redundancy_type("RAID")).await, Code::InvalidArgument);
    for (path, code) in [
        ("//k", "InvalidObjectName"),
        ("/%5Ck", "InvalidObjectName"),
        ("/a%ff", "InvalidObjectName"),
        ("/a%00b", "InvalidObjectName"),
        ("/%2e%2e", "InvalidObjectName"),
        ("/a%zz", "InvalidObjectName"),
    ] {
        let answer = bed.ask("GET", path, &[]).await;
        assert_eq!((answer.status, answer.body.contains(code)), (400, true), "{path}: {}", answer.body);
    }
    let long = format!("/{}", "x".repeat(1024));
    assert!(bed.ask("GET", &long, &[]).await.body.contains("InvalidObjectName"));
    let longest = put(&"x".repeat(1023), "x");
    assert!(bed.client.send(&longest).await.is_ok());
    let answer = bed.ask("GET", "/", &[("host", "Site_.localhost")]).await;
    assert!(answer.body.contains("InvalidBucketName"), "{}", answer.body);
}

#[tokio::test]
async fn conditions_and_ranges_are_kept() {
    let bed = bed().await;
    let stored = bed.client.send(&put("k", "0123456789")).await.unwrap();
    let at = chrono::DateTime::from_timestamp_millis(crate::START).unwrap();
    let hour = chrono::TimeDelta::hours(1);
    let other = ETag::new("0");
    for (read, code) in [
        (get("k").if_match(stored.etag.clone()), None),
        (get("k").if_match(other.clone()), Some(Code::PreconditionFailed)),
        (get("k").if_none_match(other), None),
        (get("k").if_none_match(stored.etag.clone()), Some(Code::NotModified)),
        (get("k").if_modified_since(at), Some(Code::NotModified)),
        (get("k").if_modified_since(at - hour), None),
        (get("k").if_unmodified_since(at), None),
        (get("k").if_unmodified_since(at - hour), Some(Code::PreconditionFailed)),
        (get("k").range(ByteRange::From(10)), Some(Code::InvalidRange)),
    ] {
        let result = bed.client.send(&read).await;
        assert_eq!(result.as_ref().err().and_then(Code::of), code, "{read:?}: {result:?}");
    }
    let last = bed.client.send(&get("k").range(ByteRange::Last(3))).await.unwrap();
    assert_eq!((last.body.as_ref(), last.meta.content_length), (b"789".as_ref(), Some(10)));
    let typed = get("k").response_content_type("text/x").response_content_disposition("inline");
    let typed = bed.client.send(&typed).await.unwrap().meta;
    assert_eq!((typed.content_type.as_deref(), typed.content_disposition.as_deref()), (Some("text/x"), Some("inline")));
}

#[tokio::test]
async fn everybody_reads_what_is_public_and_nothing_else() {
    let bed = bed().await;
    bed.client.send(&put("k", "x")).await.unwrap();
    bed.client.send(&put("open", "x").acl(ObjectAcl::PublicRead)).await.unwrap();
    bed.client.send(&put("closed", "x").acl(ObjectAcl::Private)).await.unwrap();
    for (acl, readable) in [(BucketAcl::Private, &["/open"][..]), (BucketAcl::PublicRead, &["/open", "/k"])] {
        bed.client.send(&PutBucket::new(BUCKET).acl(acl)).await.unwrap();
        for path in ["/k", "/open", "/closed", "/none"] {
            let expected = match path {
                path if readable.contains(&path) => 200,
                "/none" if acl == BucketAcl::PublicRead => 404,
                _ => 403,
            };
            assert_eq!(bed.ask("GET", path, &[]).await.status, expected, "{acl:?} {path}");
            let head = bed.ask("HEAD", path, &[]).await;
            assert_eq!((head.status, head.body.as_str()), (expected, ""), "{acl:?} HEAD {path}");
            assert_eq!(head.header("x-oss-err").is_empty(), expected == 200);
        }
        assert_eq!(bed.ask("PUT", "/k", &[]).await.status, 403);
        assert_eq!(bed.ask("GET", "/open?response-content-type=text%2Fx", &[]).await.status, 400);
        let answer = bed.ask("GET", "/open", &[]).await;
        assert_eq!(answer.header("server"), "AliyunOSS");
        assert_eq!(answer.header("x-oss-request-id").len(), 24);
        assert!(!answer.header("date").is_empty() && !answer.header("x-oss-server-time").is_empty());
    }
    assert_eq!(bed.read("closed").await, b"x", "the owner reads it");
}

#[tokio::test]
async fn both_signatures_and_all_ways_to_name_a_bucket_are_taken() {
    let bed = bed().await;
    bed.client.send(&put("a b+c/%2F", "x")).await.unwrap();
    let oss = |endpoint| Oss::new(endpoint, "cn-hangzhou").unwrap();
    for service in [
        oss("http://127.0.0.1:1"),
        oss("http://localhost:1"),
        oss("http://localhost:1").virtual_host().unwrap(),
        oss("https://oss-cn-hangzhou.aliyuncs.com"),
        oss("http://127.0.0.1:1").v1(),
        oss("https://oss-cn-hangzhou.aliyuncs.com").v1(),
    ] {
        let client = Client::builder(service.clone())
            .credentials(bed.cloud.credentials())
            .transport(bed.cloud.oss_transport())
            .clock(campaign_client::Clock::fixed(chrono::DateTime::from_timestamp_millis(crate::START).unwrap()))
            .retry(Retry::never())
            .build()
            .unwrap();
        assert_eq!(client.send(&get("a b+c/%2F")).await.unwrap().body, "x", "{service:?}");
    }
}
