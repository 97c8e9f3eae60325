//! Faults at the service.

use campaign_local::fault::{Fault, Moment};
use campaign_oss::Code;

use crate::{bed, get, put};

#[tokio::test]
async fn a_cut_is_before_the_handling_before_the_commit_or_after_it() {
    let bed = bed().await;
    let cases = [(Moment::BeforeHandling, false), (Moment::BeforeCommit, false), (Moment::AfterCommit, true)];
    // One that is a single piece, one that is several.
    for length in [10, 3_000_000] {
        for (moment, is_there) in cases {
            let key = format!("cut-{length}-{moment:?}");
            bed.script("PutObject", Fault::Cut(moment));
            let error = bed.client.send(&put(&key, vec![7; length])).await.unwrap_err();
            assert!(error.outcome_unknown(), "{moment:?}: {error}");
            assert!(bed.cloud.faults().settings().script.is_empty(), "{moment:?} was not used");
            match bed.client.send(&get(&key)).await {
                Ok(found) => assert!(is_there && found.body == vec![7; length], "{moment:?}"),
                Err(error) => assert!(!is_there && Code::of(&error) == Some(Code::NoSuchKey), "{moment:?}: {error}"),
            }
        }
    }
}

#[tokio::test]
async fn a_busy_service_says_when_to_come_again() {
    let bed = bed().await;
    bed.script("GetObject", Fault::Busy { retry_after: 3 });
    let error = bed.client.send(&get("k")).await.unwrap_err();
    assert_eq!((Code::of(&error), error.is_throttled()), (Some(Code::SlowDown), true));
    let answer = error.service_error().unwrap();
    assert_eq!(answer.retry_after.map(|wait| wait.as_secs()), Some(3));
}
