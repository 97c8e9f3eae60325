//! The whole way: an object is put into a bucket, seen through the CDN, replaced, refreshed and seen again; and the domains
//! are there after a restart.

use campaign_cdn::Refresh;
use campaign_local::Local;
use campaign_local::data::Settings;
use campaign_local::store::Store;
use campaign_oss::{BucketAcl, Oss, PutBucket, PutObject};
use tower::ServiceExt;

use super::*;

async fn get(cloud: &Local, target: &str) -> Answer {
    read(cloud.cdn().oneshot(request(Method::GET, target, &[])).await.unwrap()).await
}

async fn admin(cloud: &Local, method: Method, path: &str, body: &'static str) -> Answer {
    use secrecy::ExposeSecret as _;
    let token = format!("Bearer {}", cloud.settings().admin_token.expose_secret());
    let mut request = request(method, path, &[("authorization", &token)]);
    *request.body_mut() = Body::from(body);
    read(cloud.admin().oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn an_object_is_seen_through_the_cdn_and_after_a_refresh_the_new_one() {
    let (store, settings) = (Store::in_memory().unwrap(), Settings::generate().unwrap());
    let start = || Local::builder().store(store.clone()).settings(settings.clone()).start();
    let cloud = start().await.unwrap();
    let region = cloud.settings().region.as_str();
    let oss = campaign_oss::Client::builder(Oss::new("http://127.0.0.1", region).unwrap())
        .credentials(cloud.credentials())
        .transport(cloud.oss_transport())
        .build()
        .unwrap();
    let cdn = campaign_cdn::Client::builder(campaign_cdn::Cdn::new("http://127.0.0.1").unwrap())
        .credentials(cloud.credentials())
        .transport(cloud.openapi_transport())
        .build()
        .unwrap();
    assert_eq!(get(&cloud, "/index.html").await.status, 403, "no domain yet");
    let set = admin(&cloud, Method::PUT, "/domains/page", r#"{"host":"*","bucket":"page"}"#).await;
    assert_eq!(set.status, 200, "{set:?}");
    assert_eq!(admin(&cloud, Method::PUT, "/domains/bad", r#"{"host":"*","bucket":"other"}"#).await.status, 400);

    oss.send(&PutBucket::new("page").acl(BucketAcl::PublicRead)).await.unwrap();
    let page = |text: &'static str| {
        PutObject::new("page", "index.html", text.to_owned()).content_type("text/html").cache_control("max-age=60")
    };
    oss.send(&page("old")).await.unwrap();
    let first = get(&cloud, "/index.html").await;
    assert_eq!((first.told(), first.header("content-type")), ((200, "MISS", "old"), "text/html"));
    oss.send(&page("new")).await.unwrap();
    let second = get(&cloud, "/index.html").await;
    assert_eq!((second.told(), second.header("etag")), ((200, "HIT", "old"), first.header("etag")));
    let has = [("if-none-match", first.header("etag"))];
    let third = read(cloud.cdn().oneshot(request(Method::GET, "/index.html", &has)).await.unwrap()).await;
    assert_eq!(third.told(), (304, "HIT", ""));

    Refresh::new().file("http://127.0.0.1:8091/index.html").send(&cdn, |_| {}).await.unwrap();
    assert_eq!(get(&cloud, "/index.html").await.told(), (200, "MISS", "new"));
    assert_eq!(get(&cloud, "/index.html").await.told(), (200, "HIT", "new"));
    let missing = get(&cloud, "/missing.html").await;
    assert_eq!((missing.status, missing.header("x-cache")), (404, "MISS"));

    let again = start().await.unwrap();
    assert_eq!(get(&again, "/index.html").await.told(), (200, "MISS", "new"), "the domain was kept");
    assert_eq!(admin(&again, Method::DELETE, "/domains/page", "").await.status, 204);
    assert_eq!(get(&again, "/index.html").await.status, 403);
}
