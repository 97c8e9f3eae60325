//! What a browser sees.

use http::Method;

use super::*;

#[tokio::test]
async fn the_second_view_is_a_hit_with_its_age_until_its_time_is_over() {
    let bed = bed();
    assert_eq!(bed.get("/").await.told(), (200, "MISS", "old"));
    bed.shows("max-age=60", "new");
    bed.advance(7);
    let hit = bed.get("/").await;
    assert_eq!(hit.told(), (200, "HIT", "old"));
    assert_eq!((hit.header("age"), hit.header("content-length"), hit.header("content-type")), ("7", "3", "text/html"));
    assert_eq!(hit.header("cache-control"), "max-age=60");
    assert!(!hit.header("via").is_empty());
    bed.advance(53);
    assert_eq!(bed.get("/").await.told(), (200, "MISS", "new"));
    assert_eq!(bed.asked(), 2);
}

#[tokio::test]
async fn without_a_time_in_cache_control_every_view_goes_to_the_origin() {
    let bed = bed();
    for cache_control in ["", "no-cache", "no-store", "private, max-age=60", "max-age=0", "public"] {
        bed.shows(cache_control, "page");
        let before = bed.asked();
        for _ in 0..2 {
            assert_eq!(bed.get("/").await.told(), (200, "MISS", "page"), "{cache_control}");
        }
        assert_eq!(bed.asked() - before, 2, "{cache_control}");
    }
}

#[tokio::test]
async fn the_origin_is_asked_anonymously_as_the_bucket_and_for_what_is_stored() {
    let bed = bed();
    let headers = [
        ("accept-encoding", "gzip, br"),
        ("authorization", "OSS id:signature"),
        ("cookie", "a=b"),
        ("x-oss-security-token", "token"),
        ("if-none-match", "\"x\""),
        ("user-agent", "browser"),
        ("cache-control", "no-cache"),
    ];
    bed.ask(Method::GET, "/a%2Fb?c=d", &headers).await;
    let last = bed.last();
    assert_eq!(
        (last.uri.to_string().as_str(), last.headers["host"].to_str().unwrap()),
        ("/a%2Fb?c=d", "site.oss-cn-hangzhou.aliyuncs.com")
    );
    let names: Vec<_> = last.headers.keys().map(|name| name.as_str()).collect();
    assert_eq!(names, ["host", "user-agent"]);
    assert_eq!(
        bed.ask(Method::GET, "/a/b?c=d", &headers[6..]).await.told(),
        (200, "HIT", "old"),
        "a caller cannot empty it"
    );
}

#[tokio::test]
async fn a_query_is_part_of_the_name_unless_the_domain_ignores_it() {
    let bed = bed();
    for target in ["/", "/?a=1", "/?a=2", "/other"] {
        assert_eq!(bed.get(target).await.header("x-cache"), "MISS", "{target}");
    }
    bed.domains.set("any", Domain::new("*", "site").ignore_parameters(true)).unwrap();
    assert_eq!(bed.get("/?utm_source=x").await.header("x-cache"), "HIT");
    bed.get("/third?utm_source=x").await;
    assert_eq!(bed.last().uri, "/third");
    assert_eq!(bed.get("/third").await.header("x-cache"), "HIT");
}

#[tokio::test]
async fn a_range_is_cut_from_what_is_kept_and_passed_on_otherwise() {
    let bed = bed();
    let range = [("range", "bytes=1-")];
    bed.origin(|asked| {
        assert_eq!(asked.headers["range"], "bytes=1-");
        Box::pin(async {
            let mut part = page("max-age=60", "ld");
            *part.status_mut() = http::StatusCode::PARTIAL_CONTENT;
            part
        })
    });
    for _ in 0..2 {
        assert_eq!(bed.ask(Method::GET, "/", &range).await.told(), (206, "MISS", "ld"));
    }
    bed.shows("max-age=60", "old");
    assert_eq!(bed.get("/").await.told(), (200, "MISS", "old"), "the part was not kept");
    let asked = bed.asked();
    let part = bed.ask(Method::GET, "/", &range).await;
    assert_eq!((part.told(), part.header("content-range")), ((206, "HIT", "ld"), "bytes 1-2/3"));
    let head = bed.ask(Method::HEAD, "/", &range).await;
    assert_eq!((head.told(), head.header("content-length")), ((200, "HIT", ""), "3"), "only GET has ranges");
    assert_eq!(bed.asked(), asked);
}

#[tokio::test]
async fn head_is_answered_from_a_get_that_is_kept() {
    let bed = bed();
    for from in ["MISS", "HIT"] {
        let head = bed.ask(Method::HEAD, "/", &[]).await;
        assert_eq!((head.told(), head.header("content-length")), ((200, from, ""), "3"));
    }
    assert_eq!((bed.last().method, bed.asked()), (Method::GET, 1));
    assert_eq!(bed.get("/").await.told(), (200, "HIT", "old"));
    bed.shows("no-store", "page");
    let head = bed.ask(Method::HEAD, "/other", &[]).await;
    assert_eq!(head.told(), (200, "MISS", ""));
}

#[tokio::test]
async fn who_has_it_is_told_so_whether_it_is_kept_or_not() {
    let bed = bed();
    let has = [("if-none-match", "\"old\"")];
    assert_eq!(bed.ask(Method::GET, "/", &has).await.told(), (304, "MISS", ""));
    assert_eq!(bed.ask(Method::GET, "/", &has).await.told(), (304, "HIT", ""));
    assert_eq!(bed.ask(Method::GET, "/", &[("if-none-match", "\"x\"")]).await.told(), (200, "HIT", "old"));
    bed.shows("no-store", "old");
    assert_eq!(bed.ask(Method::GET, "/other", &has).await.told(), (304, "MISS", ""));
}

#[tokio::test]
async fn only_whole_answers_for_everybody_are_kept() {
    let bed = bed();
    for (status, name, value) in
        [(404, "", ""), (301, "location", "/x"), (500, "", ""), (200, "set-cookie", "a=b"), (200, "vary", "origin")]
    {
        bed.origin(move |_| {
            let mut response = page("max-age=60", "page");
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
            if !name.is_empty() {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            Box::pin(async { response })
        });
        for _ in 0..2 {
            let answer = bed.get("/").await;
            assert_eq!((answer.told(), answer.header(name)), ((status, "MISS", "page"), value));
        }
    }
}

#[tokio::test]
async fn preflights_are_passed_on_and_writes_are_refused() {
    let bed = bed();
    let preflight = [("origin", "https://h"), ("access-control-request-method", "GET")];
    assert_eq!(bed.ask(Method::OPTIONS, "/", &preflight).await.status, 200);
    assert_eq!(bed.last().headers["access-control-request-method"], "GET");
    for method in [Method::PUT, Method::POST, Method::DELETE, Method::PATCH] {
        let answer = bed.ask(method, "/", &[]).await;
        assert_eq!((answer.status, answer.header("allow")), (405, "GET, HEAD, OPTIONS"));
    }
    assert_eq!(bed.asked(), 1);
}

#[tokio::test]
async fn a_host_of_no_domain_is_refused_and_one_that_changes_its_bucket_shows_the_new_one() {
    let bed = bed();
    bed.get("/").await;
    bed.domains.set("any", Domain::new("*", "other")).unwrap();
    assert_eq!(bed.get("/").await.header("x-cache"), "MISS");
    assert_eq!(bed.last().headers["host"], "other.oss-cn-hangzhou.aliyuncs.com");
    bed.domains.set("any", Domain::new("www.example.com", "site")).unwrap();
    let answer = bed.get("/").await;
    assert_eq!((answer.status, answer.header("x-tengine-error")), (403, "non-existent domain"));
    assert_eq!(bed.ask(Method::GET, "/", &[("host", "WWW.example.com")]).await.status, 200);
}
