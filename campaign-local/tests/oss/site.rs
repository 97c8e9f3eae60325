//! Buckets, listings, deletions, and a bucket as a website.

use campaign_oss::{
    BucketAcl, Code, DeleteBucket, DeleteBucketWebsite, DeleteMultipleObjects, DeleteObject, ErrorDocument,
    GetBucketAcl, GetBucketInfo, GetBucketWebsite, IndexDocument, ListBuckets, ListObjectsV2, PutBucket, PutBucketAcl,
    PutBucketWebsite, Website,
};
use futures_util::TryStreamExt;

use crate::{BUCKET, Bed, bed, put};

async fn site() -> Bed {
    let bed = bed().await;
    for (key, body) in [
        ("index.html", "index"),
        ("404.html", "gone"),
        ("docs/index.html", "docs"),
        ("docs/a.html", "a"),
        ("活 动/index.html", "sub"),
    ] {
        bed.client.send(&put(key, body).content_type("text/html")).await.unwrap();
    }
    let mut error = ErrorDocument::new("404.html");
    error.http_status = Some(404);
    let website = Website {
        index: Some(IndexDocument::new("index.html").in_folders()),
        error: Some(error),
        ..Website::default()
    };
    bed.client.send(&PutBucketWebsite::new(BUCKET, website)).await.unwrap();
    bed.client.send(&PutBucketAcl::new(BUCKET, BucketAcl::PublicRead)).await.unwrap();
    bed
}

#[tokio::test]
async fn a_browser_sees_pages_and_a_signed_request_the_bucket() {
    let bed = site().await;
    for (path, status, body) in [
        ("/", 200, "index"),
        ("/?utm_source=a+b", 200, "index"),
        ("/index.html", 200, "index"),
        ("/docs/", 200, "docs"),
        ("/docs/a.html", 200, "a"),
        ("/%E6%B4%BB%20%E5%8A%A8/", 200, "sub"),
        ("/none", 404, "gone"),
        ("/none/", 404, "gone"),
    ] {
        let answer = bed.ask("GET", path, &[]).await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{path}");
        assert_eq!(answer.header("content-type"), "text/html", "{path}");
        let head = bed.ask("HEAD", path, &[]).await;
        let length = body.len().to_string();
        assert_eq!((head.status, head.body.as_str(), head.header("content-length")), (status, "", length.as_str()));
    }
    for (path, location) in [("/docs", "/docs/"), ("/%E6%B4%BB%20%E5%8A%A8?a=b", "/%E6%B4%BB%20%E5%8A%A8/?a=b")] {
        let answer = bed.ask("GET", path, &[]).await;
        assert_eq!((answer.status, answer.header("location")), (302, location));
    }
    let by_path = bed.ask("GET", "/campaign-site/docs", &[("host", "127.0.0.1:1")]).await;
    assert_eq!((by_path.status, by_path.header("location")), (302, "/campaign-site/docs/"));
    let tag = bed.ask("GET", "/", &[]).await.header("etag").to_owned();
    assert_eq!(bed.ask("GET", "/", &[("if-none-match", &tag)]).await.status, 304);
    assert_eq!(bed.ask("GET", "/none", &[("range", "bytes=0-1")]).await.body, "gone", "an error page is whole");
    assert_eq!(bed.ask("HEAD", "/", &[("range", "bytes=0-1")]).await.status, 200, "a HEAD has no parts");
    assert_eq!(bed.ask("GET", "/?response-content-type=text%2Fx", &[]).await.status, 400);
    let acl = bed.ask("GET", "/?acl", &[]).await;
    assert_eq!((acl.status, acl.body.contains("AccessDenied")), (403, true), "a call is no page");

    assert_eq!(bed.client.send(&ListObjectsV2::new(BUCKET)).await.unwrap().contents.len(), 5);
    assert_eq!(bed.refused(crate::get("none")).await, Code::NoSuchKey);
    bed.client.send(&PutBucketAcl::new(BUCKET, BucketAcl::Private)).await.unwrap();
    for path in ["/", "/none", "/docs"] {
        assert_eq!(bed.ask("GET", path, &[]).await.status, 403, "{path} of a private bucket");
    }
}

#[tokio::test]
async fn settings_of_a_bucket_are_read_as_they_were_written() {
    let bed = site().await;
    let website = bed.client.send(&GetBucketWebsite::new(BUCKET)).await.unwrap();
    assert_eq!(website.index, Some(IndexDocument::new("index.html").in_folders()));
    assert_eq!(bed.client.send(&GetBucketAcl::new(BUCKET)).await.unwrap().acl, BucketAcl::PublicRead);
    let info = bed.client.send(&GetBucketInfo::new(BUCKET)).await.unwrap();
    assert_eq!((info.name.as_str(), info.acl), (BUCKET, BucketAcl::PublicRead));
    assert_eq!((info.location.as_str(), info.creation_date.timestamp_millis()), ("oss-cn-hangzhou", crate::START));
    bed.client.send(&DeleteBucketWebsite::new(BUCKET)).await.unwrap();
    assert_eq!(bed.refused(GetBucketWebsite::new(BUCKET)).await, Code::NoSuchWebsiteConfiguration);
    assert_eq!(bed.ask("GET", "/none", &[]).await.status, 404);
    let list = bed.ask("GET", "/", &[]).await;
    assert!(list.body.contains("<ListBucketResult>"), "everybody may list a public bucket: {}", list.body);
    for operation in ["nowhere"] {
        assert_eq!(bed.refused(GetBucketInfo::new(operation)).await, Code::NoSuchBucket);
        assert_eq!(bed.refused(PutBucketAcl::new(operation, BucketAcl::Private)).await, Code::NoSuchBucket);
    }
}

#[tokio::test]
async fn a_bucket_goes_when_it_is_empty() {
    let bed = bed().await;
    bed.client.send(&PutBucket::new("another")).await.unwrap();
    let names = async || {
        let pages: Vec<_> = bed.client.pages(ListBuckets::new().max_keys(1)).try_collect().await.unwrap();
        pages.into_iter().flat_map(|page| page.buckets).map(|bucket| bucket.name).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["another", BUCKET]);
    bed.client.send(&put("a", "x")).await.unwrap();
    assert_eq!(bed.refused(DeleteBucket::new(BUCKET)).await, Code::BucketNotEmpty);
    bed.client.send(&DeleteObject::new(BUCKET, "a")).await.unwrap();
    bed.client.send(&DeleteObject::new(BUCKET, "a")).await.unwrap();
    bed.client.send(&DeleteBucket::new(BUCKET)).await.unwrap();
    assert_eq!(names().await, ["another"]);
    assert_eq!(bed.refused(ListObjectsV2::new(BUCKET)).await, Code::NoSuchBucket);
}

#[tokio::test]
async fn there_are_as_many_buckets_as_an_account_may_have() {
    let bed = bed().await;
    for n in 1..100 {
        bed.client.send(&PutBucket::new(format!("bucket-{n}"))).await.unwrap();
    }
    assert_eq!(bed.refused(PutBucket::new("one-more")).await, Code::TooManyBuckets);
    bed.client.send(&PutBucket::new("bucket-7")).await.unwrap();
    bed.client.send(&DeleteBucket::new("bucket-7")).await.unwrap();
    bed.client.send(&PutBucket::new("one-more")).await.unwrap();
}

#[tokio::test]
async fn pages_of_a_listing_are_the_whole_once() {
    let bed = bed().await;
    let keys = ["a", "b/1", "b/2", "c d", "活", "~"];
    for key in keys {
        bed.client.send(&put(key, key.to_owned())).await.unwrap();
    }
    let list = ListObjectsV2::new(BUCKET).max_keys(2).fetch_owner();
    let pages: Vec<_> = bed.client.pages(list.clone()).try_collect().await.unwrap();
    let listed: Vec<_> = pages.iter().flat_map(|page| &page.contents).map(|object| object.key.as_str()).collect();
    assert_eq!(listed, ["a", "b/1", "b/2", "c d", "~", "活"]);
    assert_eq!(pages.len(), 3);
    let first = &pages[0].contents[0];
    assert_eq!((first.size, first.last_modified.timestamp_millis()), (1, crate::START));
    assert!(first.owner.is_some());
    let grouped = bed.client.send(&ListObjectsV2::new(BUCKET).delimiter("/").prefix("b")).await.unwrap();
    assert_eq!((grouped.common_prefixes.as_slice(), grouped.contents.len()), (["b/".to_owned()].as_slice(), 0));
    for bad in [list.clone().continuation_token("?"), list.clone().continuation_token("_w")] {
        assert_eq!(bed.refused(bad).await, Code::InvalidArgument);
    }
    let deleted = bed.client.send(&DeleteMultipleObjects::new(BUCKET, keys)).await.unwrap();
    assert_eq!(deleted.iter().map(|object| object.key.as_str()).collect::<Vec<_>>(), keys);
    assert!(bed.client.send(&ListObjectsV2::new(BUCKET)).await.unwrap().contents.is_empty());
}

#[tokio::test]
async fn what_is_not_emulated_is_refused() {
    let bed = site().await;
    for (method, path, code) in [
        ("POST", "/k?uploads", "NotImplemented"),
        ("PUT", "/k?partNumber=1&uploadId=u", "NotImplemented"),
        ("POST", "/k?append&position=0", "NotImplemented"),
        ("GET", "/?versions", "NotImplemented"),
        ("GET", "/?lifecycle", "NotImplemented"),
        ("GET", "/?cors=", "NotImplemented"),
        ("GET", "/docs/a.html?x-oss-process=image%2Fresize", "NotImplemented"),
        ("PUT", "/k?acl", "NotImplemented"),
        ("POST", "/", "NotImplemented"),
        ("OPTIONS", "/docs/a.html", "AccessForbidden"),
        ("POST", "/k", "MethodNotAllowed"),
        ("PATCH", "/k", "MethodNotAllowed"),
    ] {
        let answer = bed.ask(method, path, &[]).await;
        assert!(answer.body.contains(&format!("<Code>{code}</Code>")), "{method} {path}: {}", answer.body);
    }
    for header in ["x-oss-copy-source", "x-oss-callback", "x-oss-server-side-encryption", "x-oss-tagging"] {
        let answer = bed.ask("PUT", "/k", &[(header, "x")]).await;
        assert!(answer.body.contains("NotImplemented"), "{header}: {}", answer.body);
    }
}
