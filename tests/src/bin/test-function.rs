//! A function's program for the tests of the function host, and a host that a test can kill.
//!
//! Without arguments it is a custom runtime; the path of a request says what to do. `host` starts
//! this program as a function and waits to be killed; `stubborn` listens and ignores SIGTERM.

use std::convert::Infallible;
use std::io::Write as _;
use std::time::Duration;

use bytes::Bytes;
use campaign_fc::{Context, Runtime, handler};
use campaign_local::function::{FunctionSpec, Functions, HostOptions, Process, supervise_if_asked};
use http::{Request, Response};

fn main() {
    supervise_if_asked();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        match std::env::args().nth(1).as_deref() {
            Some("host") => host().await,
            #[cfg(unix)]
            Some("stubborn") => stubborn().await,
            _ => function().await,
        }
    });
}

async fn function() {
    let runtime = Runtime::new(handler(answer)).on_initialize(async |context: Context| {
        match std::env::var("INITIALIZE").as_deref() {
            Ok("fail") => Err(std::io::Error::other("as told")),
            _ => {
                eprintln!("initialized {}", context.function_name());
                Ok(())
            }
        }
    });
    runtime.run().await.expect("the runtime runs");
}

async fn answer(request: Request<Bytes>) -> Result<Response<String>, Infallible> {
    let text = match request.uri().path() {
        "/pid" => std::process::id().to_string(),
        "/exit" => std::process::exit(3),
        "/exit-later" => {
            std::thread::spawn(|| {
                std::thread::sleep(Duration::from_millis(500));
                std::process::exit(3)
            });
            std::process::id().to_string()
        }
        "/sleep" => {
            let time = request.uri().query().and_then(|query| query.parse().ok()).expect("milliseconds");
            tokio::time::sleep(Duration::from_millis(time)).await;
            String::new()
        }
        "/panic" => panic!("{}", String::from_utf8_lossy(request.body())),
        "/print" => {
            println!("{}", String::from_utf8_lossy(request.body()));
            String::new()
        }
        "/env" => {
            let mut lines: Vec<String> = std::env::vars().map(|(name, value)| format!("{name}={value}")).collect();
            lines.sort();
            lines.join("\n")
        }
        "/child" => {
            let child = tokio::process::Command::new("sleep").arg("600").spawn().expect("sleep starts");
            child.id().expect("it runs").to_string()
        }
        _ => {
            let context: &Context = request.extensions().get().expect("run puts it there");
            let keys = context.credentials().map(|keys| keys.access_key_id().to_owned());
            format!("{context:?}\n{keys:?}\n{request:?}")
        }
    };
    Ok(Response::new(text))
}

async fn host() {
    let itself = std::env::current_exe().expect("a path");
    let functions = Functions::new(HostOptions::default());
    functions.set(FunctionSpec::process("f", Process::new(itself))).await.expect("a good function");
    let strange = Bytes::from("a\u{1b}[2J\rb\u{2028}c");
    for (path, body) in [("/pid", Bytes::new()), ("/child", Bytes::new()), ("/print", strange)] {
        let request = Request::builder().method("POST").uri(path).body(body).expect("a request");
        let pid = functions.http("f", request).await.expect("an answer").into_body();
        println!("{}", String::from_utf8_lossy(&pid));
    }
    std::io::stdout().flush().expect("a reader");
    std::future::pending().await
}

#[cfg(unix)]
async fn stubborn() {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).expect("a signal");
    let port: u16 = std::env::var("FC_SERVER_PORT").expect("a port").parse().expect("a number");
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
    let mut connections = Vec::new();
    loop {
        tokio::select! {
            _ = terminate.recv() => eprintln!("asked to end"),
            accepted = listener.accept() => connections.push(accepted),
        }
    }
}
