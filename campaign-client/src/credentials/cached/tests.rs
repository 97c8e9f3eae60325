//! What many callers of one cache see.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const START: &str = "2026-11-11T00:00:00Z";

/// A clock that a test moves on.
#[derive(Clone)]
struct Hands(Arc<Mutex<DateTime<Utc>>>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(START.parse().unwrap())))
    }

    fn clock(&self) -> Clock {
        let hands = self.clone();
        Clock::new(move || *hands.0.lock().unwrap())
    }

    fn forward(&self, minutes: i64) {
        *self.0.lock().unwrap() += chrono::TimeDelta::minutes(minutes);
    }
}

/// Gives a new key that lives an hour on each call, after what `before` does.
struct Source {
    hands: Hands,
    calls: AtomicUsize,
    before: Box<dyn Fn(usize) -> BoxFuture<'static, Result<(), CredentialsError>> + Send + Sync>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

#[async_trait]
impl ProvideCredentials for Source {
    async fn credentials(&self, _refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        (self.before)(call).await?;
        let end = *self.hands.0.lock().unwrap() + chrono::TimeDelta::hours(1);
        Ok(Credentials::temporary(format!("key-{call}"), "secret", "token", Some(end)))
    }
}

fn cached(
    hands: &Hands,
    before: impl Fn(usize) -> BoxFuture<'static, Result<(), CredentialsError>> + Send + Sync + 'static,
) -> Cached<Source> {
    let source = Source { hands: hands.clone(), calls: AtomicUsize::new(0), before: Box::new(before) };
    Cached::with_clock(source, hands.clock())
}

fn calls(cache: &Cached<Source>) -> usize {
    cache.provider.calls.load(Ordering::SeqCst)
}

fn at_once(_: usize) -> BoxFuture<'static, Result<(), CredentialsError>> {
    async { Ok(()) }.boxed()
}

async fn id(cache: &Cached<Source>) -> String {
    cache.credentials(None).await.unwrap().access_key_id().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_of_an_empty_cache_make_one_fetch() {
    let hands = Hands::new();
    let cache = cached(&hands, |_| {
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(())
        }
        .boxed()
    });
    let all = futures_util::future::join_all((0..100).map(|_| id(&cache))).await;
    assert!(all.iter().all(|id| id == "key-0"));
    assert_eq!(calls(&cache), 1);
}

#[tokio::test(start_paused = true)]
async fn near_the_end_the_old_key_serves_while_one_fetch_runs() {
    let hands = Hands::new();
    let cache = cached(&hands, |_| {
        async {
            tokio::time::sleep(Duration::from_secs(4)).await;
            Ok(())
        }
        .boxed()
    });
    assert_eq!(id(&cache).await, "key-0");
    hands.forward(56);
    let begun = tokio::time::Instant::now();
    for _ in 0..100 {
        assert_eq!(id(&cache).await, "key-0");
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "nobody waits");
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(id(&cache).await, "key-1");
    assert_eq!(calls(&cache), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_refresh_keeps_the_old_key_until_its_end_and_then_fails() {
    let hands = Hands::new();
    let cache = cached(&hands, |call| {
        async move { if call == 0 { Ok(()) } else { Err(CredentialsError::new("source", "down")) } }.boxed()
    });
    assert_eq!(id(&cache).await, "key-0");
    hands.forward(58);
    assert_eq!(id(&cache).await, "key-0");
    tokio::task::yield_now().await;
    assert_eq!(id(&cache).await, "key-0");
    hands.forward(3);
    let error = cache.credentials(None).await.unwrap_err();
    assert_eq!(error.to_string(), "credentials from source: down");
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_never_given_again() {
    let hands = Hands::new();
    let cache = cached(&hands, at_once);
    let first = cache.credentials(None).await.unwrap();
    let second = cache.credentials(Some(&first)).await.unwrap();
    assert_ne!(first.access_key_id(), second.access_key_id());
    // A late refusal of the first does not throw the second away.
    assert_eq!(cache.credentials(Some(&first)).await.unwrap().access_key_id(), "key-1");
    assert_eq!(calls(&cache), 2);
}

#[tokio::test(start_paused = true)]
async fn waiters_of_a_provider_that_panics_or_hangs_get_an_error() {
    let hands = Hands::new();
    let cache = cached(&hands, |call| {
        async move {
            if call == 0 {
                panic!("planted");
            }
            std::future::pending::<()>().await;
            Ok(())
        }
        .boxed()
    });
    let error = cache.credentials(None).await.unwrap_err();
    assert!(error.to_string().contains("panicked"), "{error}");
    let error = cache.credentials(None).await.unwrap_err();
    assert!(error.to_string().contains("longer than 5 s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_leaves_does_not_cancel_the_fetch_of_the_others() {
    let hands = Hands::new();
    let cache = cached(&hands, |_| {
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(())
        }
        .boxed()
    });
    let left = tokio::time::timeout(Duration::from_millis(10), cache.credentials(None)).await;
    assert!(left.is_err());
    assert_eq!(id(&cache).await, "key-0");
    assert_eq!(calls(&cache), 1);
}

/// Gives keys that end so many minutes after the start, one after the other.
#[derive(Debug)]
struct Ends(Mutex<Vec<i64>>, AtomicUsize);

#[async_trait]
impl ProvideCredentials for Ends {
    async fn credentials(&self, _refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        let call = self.1.fetch_add(1, Ordering::SeqCst);
        let minutes = self.0.lock().unwrap()[call];
        let end = START.parse::<DateTime<Utc>>().unwrap() + chrono::TimeDelta::minutes(minutes);
        Ok(Credentials::temporary(format!("key-{call}"), "secret", "token", Some(end)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_replaced_by_one_that_ends_sooner() {
    let cache = Cached::with_clock(Ends(Mutex::new(vec![60, 30]), AtomicUsize::new(0)), Hands::new().clock());
    let first = cache.credentials(None).await.unwrap();
    assert_eq!(cache.credentials(Some(&first)).await.unwrap().access_key_id(), "key-1");
    assert_eq!(cache.credentials(None).await.unwrap().access_key_id(), "key-1");
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_has_nothing_newer_is_not_asked_on_every_call() {
    let hands = Hands::new();
    let cache = Cached::with_clock(Ends(Mutex::new(vec![60, 59, 59, 59]), AtomicUsize::new(0)), hands.clock());
    cache.credentials(None).await.unwrap();
    hands.forward(56);
    for _ in 0..100 {
        assert_eq!(cache.credentials(None).await.unwrap().access_key_id(), "key-0");
        tokio::task::yield_now().await;
    }
    assert_eq!(cache.provider.1.load(Ordering::SeqCst), 2);
}

#[test]
fn a_fetch_that_ended_with_its_runtime_does_not_stay() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let cache = cached(&Hands::new(), |call| {
        async move {
            if call == 0 {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
        .boxed()
    });
    runtime().block_on(async {
        assert!(tokio::time::timeout(Duration::from_millis(10), cache.credentials(None)).await.is_err());
    });
    runtime().block_on(async {
        let error = cache.credentials(None).await.unwrap_err();
        assert!(error.to_string().contains("cancelled"), "{error}");
        assert_eq!(id(&cache).await, "key-1");
    });
}

/// Gives the old key until it is told that the old key is refused, a second after it was asked.
#[derive(Debug)]
struct Slow(DateTime<Utc>);

#[async_trait]
impl ProvideCredentials for Slow {
    async fn credentials(&self, refused: Option<&Credentials>) -> Result<Credentials, CredentialsError> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let id = if refused.is_some() { "new" } else { "old" };
        Ok(Credentials::temporary(id, "secret", "token", Some(self.0)))
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_began_before_the_refusal_does_not_bring_the_refused_key_back() {
    let hands = Hands::new();
    let end = START.parse::<DateTime<Utc>>().unwrap() + chrono::TimeDelta::hours(1);
    let cache = Cached::with_clock(Slow(end), hands.clock());
    let old = cache.credentials(None).await.unwrap();
    hands.forward(57);
    // Begins the refresh in the background, which will bring the old key.
    assert_eq!(cache.credentials(None).await.unwrap().access_key_id(), "old");
    assert_eq!(cache.credentials(Some(&old)).await.unwrap().access_key_id(), "new");
}
