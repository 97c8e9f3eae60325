//! The thirty faults, each as the ways in which it can happen.

use std::time::Duration;

use campaign_client::TransportErrorKind::{Insecure, Lost, Unsent};
use campaign_local::fault::Moment;
use chrono::TimeDelta;

use super::{
    now,
    subject::{Subject, Word},
    wire::{Answer, Damage, Step},
};

/// One way in which a fault happens to a call.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    /// What is particular about it.
    pub(crate) label: &'static str,
    /// What happens to the call's requests.
    pub(crate) steps: Vec<Step>,
    /// How many steps are not reached.
    pub(crate) left: usize,
    /// True if the effect took place although the client was not told.
    pub(crate) done: bool,
    /// True if the client cannot know whether it took place.
    pub(crate) ambiguous: bool,
    /// The client differs from the usual.
    pub(crate) client: Client,
    /// The file's expectation has a condition, and this is the other case: so many requests, then an error.
    pub(crate) refused_after: Option<usize>,
}

/// What is particular about the client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Client {
    /// How far its clock is behind the service's.
    pub(crate) behind: TimeDelta,
    /// Its endpoint is plain http and not on this machine.
    pub(crate) foreign: bool,
    /// Its keys.
    pub(crate) keys: Keys,
    /// How long a call may take, if not as usual.
    pub(crate) deadline: Option<Duration>,
    /// When the caller stops waiting.
    pub(crate) cancelled: Option<Duration>,
}

/// Which keys the client has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Keys {
    /// One that lasts.
    #[default]
    Lasting,
    /// One that has expired, then a fresh one.
    Refreshed,
    /// One that has expired, and no other.
    Expired,
    /// One that has expired, then another that has too.
    ExpiredTwice,
}

impl Variant {
    /// False if the service has no such error, or the answer nothing that could be damaged so.
    fn is_possible<S: Subject>(&self, subject: S) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Answer { answer, .. } => answer.is_said_by::<S>(),
            Step::Damage(damage) => subject.notices(*damage).is_some(),
            _ => true,
        })
    }

    /// True if nothing of the answer that is damaged is read.
    pub(crate) fn is_unnoticed<S: Subject>(&self, subject: S) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Damage(damage) if subject.notices(*damage) == Some(false)))
    }
}

/// The ways in which the fault of this id can happen to a call.
pub(crate) fn variants<S: Subject>(subject: S, id: &str) -> Vec<Variant> {
    let mut variants = all(id);
    variants.retain(|variant| variant.is_possible(subject));
    variants
}

/// The fault as the file names it.
fn all(id: &str) -> Vec<Variant> {
    let never = |kind, after| vec![usual("", vec![Step::Never { kind, after }])];
    let at_once = Duration::ZERO;
    let undone_or_done = |answer: &Answer| {
        let step = |done| vec![Step::Answer { done, answer: answer.clone() }];
        vec![ambiguous("undone", step(false)), done("done", step(true))]
    };
    match id {
        "F01" | "F02" | "F05" => never(Unsent, at_once),
        "F03" => never(Unsent, Duration::from_secs(3)),
        "F04" => never(Insecure, at_once),
        "F06" => vec![ambiguous("", vec![lost()])],
        "F07" => vec![
            ambiguous("before handling", vec![Step::Cut(Moment::BeforeHandling)]),
            ambiguous("before the commit", vec![Step::Cut(Moment::BeforeCommit)]),
        ],
        "F08" => vec![done("", vec![Step::Cut(Moment::AfterCommit)])],
        "F09" => vec![ambiguous("unread", vec![lost()]), done("read", vec![Step::Cut(Moment::AfterCommit)])],
        "F10" => vec![done("", vec![Step::Silence { done: true }])],
        "F11" => {
            vec![done("short", vec![Step::Damage(Damage::Short)]), done("broken", vec![Step::Damage(Damage::Broken)])]
        }
        "F12" => vec![done("", vec![Step::Damage(Damage::Stalled)])],
        "F13" => vec![
            done("body", vec![Step::Damage(Damage::Body)]),
            done("signature", vec![Step::Damage(Damage::Signature)]),
            done("checksum", vec![Step::Damage(Damage::Checksum)]),
        ],
        "F14" => undone_or_done(&Answer::word(Word::Internal)),
        "F15" => undone_or_done(&Answer::page(502, "<html>502 Bad Gateway</html>")),
        "F16" => vec![usual("", vec![busy()])],
        "F17" => undone_or_done(&Answer::page(504, "")),
        "F18" => vec![
            usual("plain", vec![answer(Answer::page(429, "slow down").retry_after(1))]),
            usual("the service's own", vec![answer(Answer::word(Word::Flow))]),
        ],
        "F19" => undone_or_done(&Answer::word(Word::Timeout)),
        "F20" => vec![usual("", vec![bad_parameter()])],
        "F21" => vec![usual("", vec![answer(Answer::word(Word::BadSignature))])],
        "F22" => skews(),
        "F23" => expiries(),
        "F24" => vec![usual("", vec![answer(Answer::word(Word::Missing))])],
        "F25" => undone_or_done(&Answer::word(Word::Internal).status(200)),
        "F26" => {
            vec![ambiguous("undone", vec![busy(), lost()]), done("done", vec![busy(), Step::Cut(Moment::AfterCommit)])]
        }
        "F27" => vec![usual("", vec![busy(), bad_parameter()])],
        "F28" => exhaustions(),
        "F29" => deadlines(),
        "F30" => cancellations(),
        other => panic!("no fault {other}"),
    }
}

fn usual(label: &'static str, steps: Vec<Step>) -> Variant {
    let client = Client::default();
    Variant { label, steps, left: 0, done: false, ambiguous: false, client, refused_after: None }
}

fn ambiguous(label: &'static str, steps: Vec<Step>) -> Variant {
    Variant { ambiguous: true, ..usual(label, steps) }
}

fn done(label: &'static str, steps: Vec<Step>) -> Variant {
    Variant { done: true, ..ambiguous(label, steps) }
}

fn answer(answer: Answer) -> Step {
    Step::Answer { done: false, answer }
}

fn busy() -> Step {
    answer(Answer::word(Word::Busy))
}

fn bad_parameter() -> Step {
    answer(Answer::word(Word::BadParameter))
}

/// The emulator's clock is another, so that it refuses the request by itself.
fn skews() -> Vec<Variant> {
    let refused = || Step::Refused(Word::Skewed);
    let behind = |label, hours| {
        let client = Client { behind: TimeDelta::hours(hours), ..Client::default() };
        Variant { client, ..usual(label, vec![refused()]) }
    };
    let foreign = behind("plain http to another machine", 1);
    let still = Answer::word(Word::Skewed);
    let twice = vec![refused(), answer(still.sent_at(now() + TimeDelta::hours(2)))];
    vec![
        behind("an hour behind", 1),
        behind("an hour ahead", -1),
        Variant { refused_after: Some(1), ..behind("farther than a day", 25) },
        Variant { refused_after: Some(1), client: Client { foreign: true, ..foreign.client.clone() }, ..foreign },
        Variant { steps: twice, refused_after: Some(2), ..behind("skewed again", 1) },
    ]
}

/// The emulator knows when the keys end, so that it refuses the request by itself.
fn expiries() -> Vec<Variant> {
    let refused = |times| vec![Step::Refused(Word::Expired); times];
    let with = |label, keys, times| {
        let client = Client { keys, ..Client::default() };
        Variant { client, ..usual(label, refused(times)) }
    };
    vec![
        with("there is a fresh one", Keys::Refreshed, 1),
        Variant { refused_after: Some(1), ..with("there is no other", Keys::Expired, 1) },
        Variant { refused_after: Some(2), ..with("the other has expired too", Keys::ExpiredTwice, 2) },
    ]
}

fn exhaustions() -> Vec<Variant> {
    let moving = answer(Answer::word(Word::Moving));
    vec![
        Variant { left: 1, ..usual("throttled", vec![busy(); 4]) },
        Variant { left: 1, ..usual("moving", vec![moving; 7]) },
        Variant { left: 1, ..ambiguous("lost", vec![lost(); 4]) },
        Variant { left: 1, ..ambiguous("lost, then throttled", vec![lost(), busy(), busy(), busy()]) },
    ]
}

fn lost() -> Step {
    Step::Never { kind: Lost, after: Duration::ZERO }
}

fn deadlines() -> Vec<Variant> {
    let within = |label, step: Step| {
        let client = Client { deadline: Some(Duration::from_secs(2)), ..Client::default() };
        Variant { client, ..usual(label, vec![step]) }
    };
    let asked = Answer::word(Word::Busy).retry_after(5);
    vec![
        within("in the wait", answer(asked)),
        Variant { ambiguous: true, ..within("in the attempt", Step::Silence { done: false }) },
        Variant { ambiguous: true, done: true, ..within("after the commit", Step::Silence { done: true }) },
    ]
}

fn cancellations() -> Vec<Variant> {
    let after = |label, step, time| {
        let client = Client { cancelled: Some(time), ..Client::default() };
        Variant { client, ..usual(label, vec![step]) }
    };
    let second = Duration::from_secs(1);
    vec![
        after("in the attempt", Step::Silence { done: false }, second),
        Variant { done: true, ..after("after the commit", Step::Silence { done: true }, second) },
        // The wait after throttling is 250 ms at least.
        after("in the wait", busy(), Duration::from_millis(100)),
    ]
}
