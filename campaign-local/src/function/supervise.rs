//! The supervisor: stands between us and a function's program, so that the program dies with us.
//!
//! It is this executable, started with [`SUPERVISE`] and the program's command line. It holds the
//! reading end of a pipe. A byte on the pipe asks the program to end (SIGTERM), the pipe's end kills
//! it (SIGKILL), and the system ends the pipe when we are gone, for whatever reason. The program
//! gets the supervisor's environment and outputs, and neither the pipe nor its input.
//!
//! The supervisor and the program have process groups of their own, so that a Ctrl-C in a terminal
//! reaches us alone, who then end the functions in order; and so that what the program started
//! itself ends with it.
//!
//! Who kills by name (`killall -9 campaign-local`) kills the supervisor too. On Linux the program then gets a
//! SIGKILL from the system, which [`EXECUTE`] asks for.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write as _};
use std::process::{ExitStatus, Stdio};

use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// The hidden first argument.
pub(super) const SUPERVISE: &str = "__supervise";
/// The hidden first argument of the step between supervisor and program.
#[cfg(target_os = "linux")]
const EXECUTE: &str = "__execute";
/// What is written to ask the program to end.
pub(super) const TERMINATE: &[u8] = b"t";

/// Exit codes as a shell has them.
const NOT_STARTED: i32 = 127;
const KILLED: i32 = 137;

/// Becomes a supervisor if this process was started as one, and then does not return. To be called
/// first in the `main` of every program that uses [`Functions`](super::Functions) with processes,
/// before an async runtime is started.
pub fn supervise_if_asked() {
    let mut args = std::env::args_os().skip(1);
    let asked = args.next();
    #[cfg(target_os = "linux")]
    if asked.as_deref() == Some(OsStr::new(EXECUTE)) {
        std::process::exit(execute(args));
    }
    if asked.as_deref() != Some(OsStr::new(SUPERVISE)) {
        return;
    }
    let code = match args.next() {
        Some(command) => supervise(&command, args.collect()),
        None => complain("no command to supervise"),
    };
    std::process::exit(code);
}

fn supervise(command: &OsStr, args: Vec<OsString>) -> i32 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("cannot supervise: {error}")),
    };
    runtime.block_on(async {
        #[cfg(target_os = "linux")]
        let mut command = {
            // This file, also when it has been replaced since.
            let mut step = Command::new("/proc/self/exe");
            step.arg(EXECUTE).arg(std::process::id().to_string()).arg(command);
            step
        };
        #[cfg(not(target_os = "linux"))]
        let mut command = Command::new(command);
        command.args(args).stdin(Stdio::null());
        #[cfg(unix)]
        command.process_group(0);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return complain(&format!("cannot start the function's command: {error}")),
        };
        let group = child.id();
        let mut orders = orders();
        let code = loop {
            tokio::select! {
                status = child.wait() => break status.map_or(KILLED, code),
                order = orders.recv() => match order {
                    Some(()) => signal(&mut child, group, Signal::Terminate),
                    None => {
                        signal(&mut child, group, Signal::Kill);
                        let _ = child.wait().await;
                        break KILLED;
                    }
                },
            }
        };
        // What the program left behind in its group.
        signal(&mut child, group, Signal::Kill);
        code
    })
}

/// Becomes the program, which dies with its supervisor: what is asked for here outlasts `exec` (prctl(2),
/// "PR_SET_PDEATHSIG"). Does not return if that worked.
#[cfg(target_os = "linux")]
fn execute(mut args: impl Iterator<Item = OsString>) -> i32 {
    use std::os::unix::process::CommandExt as _;
    let (Some(supervisor), Some(command)) = (args.next(), args.next()) else {
        return complain("no command to execute");
    };
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL)) {
        return complain(&format!("cannot be tied to the supervisor: {error}"));
    }
    // It may have gone before it was asked for.
    let parent = rustix::process::getppid().map(|id| id.as_raw_nonzero().to_string());
    if parent.is_none_or(|parent| supervisor != *parent) {
        return KILLED;
    }
    let error = std::process::Command::new(command).args(args).exec();
    complain(&format!("cannot start the function's command: {error}"))
}

/// The bytes from the pipe; ends with it. A plain thread, for the pipe is a blocking one.
fn orders() -> mpsc::Receiver<()> {
    let (send, receive) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut byte = [0];
        while matches!(std::io::stdin().read(&mut byte), Ok(1)) {
            if send.blocking_send(()).is_err() {
                return;
            }
        }
    });
    receive
}

#[derive(Clone, Copy)]
enum Signal {
    Terminate,
    Kill,
}

/// Signals to a program that has already gone fail, and that is as good.
#[cfg(unix)]
fn signal(child: &mut Child, group: Option<u32>, signal: Signal) {
    let which = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    };
    let group = group.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        let _ = rustix::process::kill_process_group(group, which);
    }
    if matches!(signal, Signal::Kill) {
        let _ = child.start_kill();
    }
}

#[cfg(not(unix))]
fn signal(child: &mut Child, _: Option<u32>, signal: Signal) {
    // There is no polite signal here: `/pre-stop` came before.
    let (Signal::Terminate | Signal::Kill) = signal;
    let _ = child.start_kill();
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(KILLED)
}

fn complain(text: &str) -> i32 {
    let _ = writeln!(std::io::stderr(), "{text}");
    NOT_STARTED
}
