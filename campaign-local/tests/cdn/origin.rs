//! Origins that are slow, large, broken or gone, and callers that are many.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use axum::response::IntoResponse;
use bytes::Bytes;
use campaign_client::transport::Dropped;
use campaign_local::fault::{Fault, FaultSettings, Hop, Moment, Scripted};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use http::StatusCode;
use tokio::time::{Instant, sleep, timeout};

use super::*;

fn small() -> CdnOptions {
    let mut options = CdnOptions::default();
    (options.total, options.object, options.fetches) = (100_000, 1000, 4);
    options
}

/// A page with these pieces for its body.
fn pieces(
    length: Option<usize>,
    pieces: impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
) -> Response {
    let mut response = page("max-age=60", "");
    if let Some(length) = length {
        response.headers_mut().insert("content-length", length.into());
    }
    *response.body_mut() = Body::from_stream(pieces);
    response
}

#[tokio::test(start_paused = true)]
async fn many_who_miss_the_same_thing_make_one_request() {
    let bed = bed();
    bed.origin(|_| {
        Box::pin(async {
            sleep(Duration::from_secs(5)).await;
            page("max-age=60", "page")
        })
    });
    let answers = join_all((0..50).map(|_| bed.get("/"))).await;
    let misses = answers.iter().filter(|answer| answer.header("x-cache") == "MISS").count();
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.body == "page"));
    assert_eq!((bed.asked(), misses), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_takes_it_from_nobody() {
    let bed = bed();
    bed.origin(|_| {
        Box::pin(async {
            sleep(Duration::from_secs(5)).await;
            page("max-age=60", "page")
        })
    });
    assert!(timeout(Duration::from_secs(1), bed.get("/")).await.is_err());
    assert_eq!(bed.get("/").await.told(), (200, "HIT", "page"));
    assert_eq!(bed.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_holds_nobody() {
    let bed = bed();
    let slow = bed.cdn.handle(request(Method::GET, "/", &[])).await;
    assert_eq!(bed.get("/").await.told(), (200, "HIT", "old"), "while nobody reads the first answer");
    assert_eq!(read(slow).await.body, "old");
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_what_is_not_kept_ask_for_themselves() {
    let bed = bed();
    bed.origin(|_| {
        Box::pin(async {
            sleep(Duration::from_secs(5)).await;
            page("no-store", "page")
        })
    });
    let begun = Instant::now();
    let answers = join_all((0..10).map(|_| bed.get("/"))).await;
    assert!(answers.iter().all(|answer| answer.told() == (200, "MISS", "page")));
    assert_eq!((bed.asked(), begun.elapsed()), (10, Duration::from_secs(10)), "all at once after the first");
}

#[tokio::test]
async fn what_is_too_large_is_passed_on_and_not_kept_whether_its_length_is_told_or_not() {
    let bed = bed_with(small(), RefreshOptions::default());
    for told in [true, false] {
        bed.origin(move |_| {
            let parts = (0..3).map(|_| Ok(Bytes::from_static(&[b'x'; 500])));
            Box::pin(async move { pieces(told.then_some(1500), stream::iter(parts)) })
        });
        for _ in 0..2 {
            let answer = bed.get("/large").await;
            assert_eq!((answer.status, answer.header("x-cache"), answer.body.len()), (200, "MISS", 1500));
        }
    }
    assert_eq!(bed.asked(), 4);
    bed.origin(|_| Box::pin(async { pieces(None, stream::iter([Ok(Bytes::from_static(&[b'x'; 1000]))])) }));
    bed.get("/fits").await;
    assert_eq!(bed.get("/fits").await.header("x-cache"), "HIT");
}

#[tokio::test(start_paused = true)]
async fn only_so_many_things_are_fetched_at_once_and_the_rest_is_passed_on() {
    let bed = bed_with(small(), RefreshOptions::default());
    let open = Arc::new(AtomicUsize::new(0));
    bed.origin(move |_| {
        let open = Arc::clone(&open);
        Box::pin(async move {
            open.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_secs(5)).await;
            page("max-age=60", "page")
        })
    });
    let targets: Vec<String> = (0..10).map(|n| format!("/{n}")).collect();
    join_all(targets.iter().map(|target| bed.get(target))).await;
    let again = join_all(targets.iter().map(|target| bed.get(target))).await;
    assert_eq!(again.iter().filter(|answer| answer.header("x-cache") == "HIT").count(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_is_gone_slow_or_broken_is_told_in_the_cdns_words_and_nothing_is_kept() {
    let bed = bed();
    type Broken = fn() -> futures_util::future::BoxFuture<'static, Response>;
    let broken: [(u16, Broken); 6] = [
        (502, || {
            Box::pin(async {
                let mut response = ().into_response();
                response.extensions_mut().insert(Dropped);
                response
            })
        }),
        (504, || Box::pin(std::future::pending())),
        (502, || Box::pin(async { panic!("the origin panics") })),
        (502, || {
            Box::pin(async {
                pieces(None, stream::iter([Ok(Bytes::from_static(b"ha")), Err(std::io::Error::other("lost"))]))
            })
        }),
        (502, || Box::pin(async { pieces(Some(4), stream::iter([Ok(Bytes::from_static(b"ha"))])) })),
        (504, || {
            Box::pin(async { pieces(None, stream::iter([Ok(Bytes::from_static(b"ha"))]).chain(stream::pending())) })
        }),
    ];
    for (status, play) in broken {
        bed.origin(move |_| play());
        let answer = bed.get("/").await;
        assert_eq!(
            (answer.status, answer.header("x-cache"), answer.header("cache-control")),
            (status, "MISS", "no-store")
        );
        assert!(answer.body.contains("Tengine"));
        bed.shows("no-store", "well");
        assert_eq!(bed.get("/").await.told(), (200, "MISS", "well"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_not_given_when_the_origin_is_gone() {
    let bed = bed();
    bed.get("/").await;
    bed.origin(|_| Box::pin(async { StatusCode::SERVICE_UNAVAILABLE.into_response() }));
    assert_eq!(bed.get("/").await.status, 200);
    bed.advance(60);
    assert_eq!(bed.get("/").await.status, 503);
}

#[tokio::test(start_paused = true)]
async fn the_cdn_hurts_as_it_is_told() {
    let bed = bed();
    let faults = [
        Fault::Cut(Moment::BeforeHandling),
        Fault::Cut(Moment::AfterCommit),
        Fault::Busy { retry_after: 2 },
        Fault::Stall(Duration::from_secs(3)),
    ];
    let script = faults.map(|fault| Scripted {
        hop: Hop::Cdn,
        operation: Some("GET".to_owned()),
        key: Some("/a".to_owned()),
        fault,
    });
    bed.faults.set(FaultSettings { plan: None, script: script.to_vec() }).unwrap();
    assert_eq!(bed.get("/other").await.status, 200);
    for asked in [1, 2] {
        let response = bed.cdn.handle(request(Method::GET, "/a", &[])).await;
        assert!(response.extensions().get::<Dropped>().is_some());
        assert_eq!(bed.asked(), asked);
    }
    let busy = bed.get("/a").await;
    assert_eq!((busy.status, busy.header("retry-after")), (503, "2"));
    let begun = Instant::now();
    assert_eq!(bed.get("/a").await.told(), (200, "HIT", "old"));
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
    assert!(bed.faults.settings().script.is_empty());
}
