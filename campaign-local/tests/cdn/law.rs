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

/// Readers ask without pause while a publisher changes pages and refreshes them. Each seed is another order of events: who
/// sleeps how long is drawn, and the clock of the runtime is paused, so that a sleep is only an order.
async fn run(seed: u64) -> (u64, u64) {
    const PAGES: [&str; 3] = ["/", "/a/1", "/a/2"];
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
    let readers: Vec<_> = readers.collect();

    let mut chance = !seed;
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(draw(&mut chance, 12))).await;
        let directory = draw(&mut chance, 2) == 0;
        let changed: Vec<usize> =
            if directory { vec![1, 2] } else { vec![usize::try_from(draw(&mut chance, 3)).unwrap()] };
        let new: Vec<u64> = changed.iter().map(|page| versions[*page].fetch_add(1, Ordering::SeqCst) + 1).collect();
        let call = if directory {
            RefreshObjectCaches::directories(["http://127.0.0.1:8091/a/"])
        } else {
            RefreshObjectCaches::files([format!("http://127.0.0.1:8091{}", PAGES[changed[0]])])
        };
        let id = bed.client.send(&call).await.unwrap().refresh_task_id.remove(0);
        let tasks = bed.client.send(&DescribeRefreshTasks::task(id)).await.unwrap().tasks;
        assert!(tasks.iter().all(|task| task.status == TaskStatus::Complete));
        for (page, new) in changed.into_iter().zip(new) {
            complete[page].store(new, Ordering::SeqCst);
        }
    }
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
        let (hit, ask) = run(seed).await;
        (hits, asked) = (hits + hit, asked + ask);
    }
    assert!(hits > 500 && asked > 500, "the cache was not used, or never emptied: {hits} hits, {asked} requests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_request_sees_it_on_several_threads_either() {
    for seed in 1000..1003 {
        run(seed).await;
    }
}
