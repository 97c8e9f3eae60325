//! The law: after a refresh was told complete, no request that begins later sees what was there before.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use campaign_cdn::{DescribeRefreshTasks, RefreshObjectCaches, TaskStatus};

use super::*;

/// A number that changes with each call, the same for the same seed.
fn draw(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

const AT: &str = "http://127.0.0.1:8091";
const PAGES: [&str; 3] = ["/", "/a/1", "/a/2"];

/// Learns from the tasks alone which version of each page is complete: a page has a task for each, its own or its folder's.
async fn learn(bed: &Bed, complete: &[AtomicU64; 3]) {
    let all = bed.client.send(&DescribeRefreshTasks::all().page_size(100)).await.unwrap().tasks;
    for (page, complete) in PAGES.into_iter().zip(complete) {
        let concerns = |address: &str| {
            let path = address.strip_prefix(AT).unwrap();
            path == page || (path == "/a/" && page.starts_with(path))
        };
        let done = all.iter().filter(|task| task.status == TaskStatus::Complete && concerns(&task.object_path));
        complete.fetch_max(done.count() as u64, Ordering::SeqCst);
    }
}

/// Readers ask without pause while a publisher changes pages and refreshes them. Each seed is another order of events: who
/// sleeps how long is drawn, and the clock of the runtime is paused, so that a sleep is only an order.
async fn run(seed: u64, onlooked: bool) -> (u64, u64) {
    let bed = Arc::new(bed());
    let versions: Arc<[AtomicU64; 3]> = Arc::default();
    let complete: Arc<[AtomicU64; 3]> = Arc::default();
    let (shown, mut chance) = (Arc::clone(&versions), seed);
    bed.origin(move |asked| {
        let page_number = PAGES.iter().position(|page| *page == asked.uri.path()).unwrap();
        let (before, after) = (draw(&mut chance, 8), draw(&mut chance, 8));
        // Now and then it may not be kept, and those who wait go for themselves.
        let cache_control = if draw(&mut chance, 8) == 0 { "no-store" } else { "max-age=60" };
        let shown = Arc::clone(&shown);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(before)).await;
            let version = shown[page_number].load(Ordering::SeqCst).to_string();
            tokio::time::sleep(Duration::from_millis(after)).await;
            page(cache_control, &version)
        })
    });

    let over = Arc::new(AtomicBool::new(false));
    let hits = Arc::new(AtomicU64::new(0));
    let readers = (0..6_u64).map(|reader| {
        let (bed, complete, over, hits) =
            (Arc::clone(&bed), Arc::clone(&complete), Arc::clone(&over), Arc::clone(&hits));
        let mut chance = seed ^ (reader + 1);
        tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let page_number = usize::try_from(draw(&mut chance, 3)).unwrap();
                let least = complete[page_number].load(Ordering::SeqCst);
                let answer = bed.get(PAGES[page_number]).await;
                let seen: u64 = answer.body.parse().unwrap();
                assert!(seen >= least, "seed {seed}: {} shows {seen} after {least} was complete", PAGES[page_number]);
                hits.fetch_add(u64::from(answer.header("x-cache") == "HIT"), Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(draw(&mut chance, 4))).await;
            }
        })
    });
    let mut readers: Vec<_> = readers.collect();
    // Who looks on may see a task before whoever submitted it is told; with several threads even while it is being made.
    let (onlooker, seen, end) = (Arc::clone(&bed), Arc::clone(&complete), Arc::clone(&over));
    readers.push(tokio::spawn(async move {
        while onlooked && !end.load(Ordering::SeqCst) {
            learn(&onlooker, &seen).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }));

    let mut chance = !seed;
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(draw(&mut chance, 12))).await;
        let directory = draw(&mut chance, 2) == 0;
        let changed: Vec<usize> =
            if directory { vec![1, 2] } else { vec![usize::try_from(draw(&mut chance, 3)).unwrap()] };
        for page in &changed {
            versions[*page].fetch_add(1, Ordering::SeqCst);
        }
        let call = if directory {
            RefreshObjectCaches::directories([format!("{AT}/a/")])
        } else {
            RefreshObjectCaches::files([format!("{AT}{}", PAGES[changed[0]])])
        };
        bed.client.send(&call).await.unwrap();
        learn(&bed, &complete).await;
    }
    let learned = complete.each_ref().map(|version| version.load(Ordering::SeqCst));
    assert_eq!(learned, versions.each_ref().map(|version| version.load(Ordering::SeqCst)), "all is complete");
    over.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
    (hits.load(Ordering::SeqCst), bed.asked() as u64)
}

#[tokio::test(start_paused = true)]
async fn no_request_sees_what_was_there_before_a_refresh_that_was_complete() {
    let (mut hits, mut asked) = (0, 0);
    for seed in 0..50 {
        let (hit, ask) = run(seed, false).await;
        (hits, asked) = (hits + hit, asked + ask);
    }
    assert!(hits > 500 && asked > 500, "the cache was not used, or never emptied: {hits} hits, {asked} requests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_sees_it_on_several_threads_either() {
    for seed in 1000..1003 {
        run(seed, true).await;
    }
}
