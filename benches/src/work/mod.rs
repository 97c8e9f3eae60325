//! The pieces of work that are measured, each under a name, so that this program can run one of them under an instrument.

mod apigw;
pub(crate) mod batch;
mod bulk;
mod form;
pub(crate) mod launch;
pub(crate) mod oss;
mod range;
pub(crate) mod tablestore;

use std::net::SocketAddr;

/// Runs a piece of work that often.
pub(crate) type Run = Box<dyn FnMut(u64)>;

/// The work called `name`, set up and ready to be repeated. What needs a server has it at `server`.
pub(crate) fn find(name: &str, server: Option<SocketAddr>) -> Option<Run> {
    let (group, name) = name.split_once('/')?;
    match group {
        "apigw" => apigw::find(name),
        "batch" => batch::find(name, server),
        "bulk" => bulk::find(name, server),
        "form" => form::find(name),
        "launch" => launch::find(name, server),
        "oss" => oss::find(name, server),
        "range" => range::find(name),
        "tablestore" => tablestore::find(name, server),
        _ => None,
    }
}

/// Repeats `work`, whose result nothing may leave out.
pub(crate) fn repeat<T>(mut work: impl FnMut() -> T + 'static) -> Run {
    Box::new(move |times| {
        for _ in 0..times {
            std::hint::black_box(work());
        }
    })
}

/// A runtime of one thread.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("one thread can be had")
}

/// Repeats `work` in a runtime of one thread, `at_once` of it under way at a time.
pub(crate) fn repeat_async<F: Future<Output = ()>>(at_once: usize, work: impl Fn() -> F + 'static) -> Run {
    let runtime = runtime();
    Box::new(move |times| {
        runtime.block_on(async {
            let left = std::cell::Cell::new(times);
            let lane = || async {
                while left.get() > 0 {
                    left.set(left.get() - 1);
                    work().await;
                }
            };
            if at_once == 1 {
                lane().await;
            } else {
                futures_util::future::join_all((0..at_once).map(|_| lane())).await;
            }
        });
    })
}
